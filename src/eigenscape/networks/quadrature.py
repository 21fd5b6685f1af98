"""Gradients at the nodes of a quadrature rule, for functions of few parameters.

A product of Gauss rules integrates polynomials exactly: C of a smooth function is then known to
many digits from some thousand gradients, where as many random ones give two. It needs ``q^P``
nodes, so it ends at about eight parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from eigenscape.architecture import FlatLayout
from eigenscape.errors import BadInput
from eigenscape.networks.functions import NumpyGradient
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.samplers import function_and_law

MOST_NODES = 10_000_000
"""Nodes of a rule at most, whose weights are 80 MB: with more of them in as many parameters a
random sample has the smaller error."""

MOST_POINTS = 100
"""Nodes along one parameter at most: numpy's rules are tested up to this number."""


@dataclass(frozen=True, eq=False)
class TensorRule:
    """The product of one-dimensional rules; node n is numbered row by row, the last parameter
    fastest.

    Attributes:
        nodes: P arrays (q_i,), the nodes along each parameter.
        factors: P arrays (q_i,), their weights, each of sum 1.

    Example:
        >>> rule = TensorRule((np.array([-1.0, 1.0]),) * 2, (np.array([0.5, 0.5]),) * 2)
        >>> points = np.empty((3, 2))
        >>> rule.fill(points, 1)
        >>> points.tolist(), rule.weights.tolist()
        ([[-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], [0.25, 0.25, 0.25, 0.25])
    """

    nodes: tuple[np.ndarray, ...]
    factors: tuple[np.ndarray, ...]

    @property
    def count(self) -> int:
        """The number of nodes, prod_i q_i."""
        return math.prod(len(along) for along in self.nodes)

    @property
    def weights(self) -> np.ndarray:
        """The weight of every node, (prod_i q_i,), of sum 1."""
        product = np.ones(1)
        for factor in self.factors:
            product = np.multiply.outer(product, factor).ravel()
        return product

    def fill(self, parameters: np.ndarray, first: int) -> None:
        """Write nodes ``first``, ``first + 1``, ... into the rows of ``parameters`` (B, P)."""
        numbers = np.arange(first, first + len(parameters))
        places = np.unravel_index(numbers, [len(along) for along in self.nodes])
        for column, (along, place) in enumerate(zip(self.nodes, places, strict=True)):
            parameters[:, column] = along[place]


class QuadratureSampler(GradientSampler[NumpyGradient]):
    """Gradients at the nodes of a rule; sample n is node n.

    Args:
        rule: the nodes and weights.
        function: whose gradients they are.
    """

    def __init__(self, rule: TensorRule, function: NumpyGradient) -> None:
        super().__init__(FlatLayout(len(rule.nodes)), rule, function)
        self.rule = rule

    @property
    def count(self) -> int:
        """The number of nodes."""
        return self.rule.count

    @property
    def weights(self) -> np.ndarray:
        """The weight of every node, (N,), of sum 1."""
        return self.rule.weights

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Nodes ``first`` ... ``first + count - 1``, (count, P).

        Raises:
            BadInput: there are not as many.
        """
        if first + count > self.count:
            expected = f"at most {self.count}, the nodes of the rule"
            raise BadInput.field("samples", expected, str(first + count), "ask for fewer")
        return super().parameters(first, count)


def quadrature_sampler(
    gradient: Callable[[np.ndarray], np.ndarray],
    parameters: int,
    *,
    points: int | ArrayLike = 5,
    value: Callable[[np.ndarray], np.ndarray] | None = None,
    draw: str | None = None,
    scale: ArrayLike = 1.0,
    ranges: ArrayLike | None = None,
) -> QuadratureSampler:
    """Gradients of a function of few numbers at the nodes of a product of Gauss rules.

    ``C = sum_n weight_n g_n g_n^T`` is exact where the entries of ``g g^T`` are polynomials of
    degree at most ``2 q_i - 1`` in x_i: by Gauss and Legendre for uniform parameters, by Gauss and
    Hermite for normal ones. For smooth functions the error falls geometrically in q. There is no
    sampling error, so no bootstrap: compare two numbers of points instead.

    Args:
        gradient: from points (B, P) to gradients (B, P), row by row.
        parameters: P.
        points: q, nodes along every parameter, or (P,) for each; the nodes are their product.
        value: from points (B, P) to f (B,), if losses are asked for.
        draw: the law of the parameters, as in `function_sampler`.
        scale: as there.
        ranges: as there.

    Raises:
        BadInput: as `function_sampler`; or points below 1 or beyond 100, or more than ten million
            nodes.

    Source: Golub and Welsch, Calculation of Gauss quadrature rules, Math. Comp. 23, 1969; the nodes
    are numpy's.

    Example:
        >>> sampler = quadrature_sampler(lambda x: x**2, 2, points=3)
        >>> sampler.count, float((sampler.weights * sampler.block(0, 9)[0][:, 0] ** 2).sum())
        (9, 3.0000000000...)
    """
    layout = FlatLayout(parameters)
    law, scales, function = function_and_law(gradient, value, layout, draw, scale, ranges)
    counts = np.asarray(points)
    if (
        counts.shape not in ((), (parameters,))
        or counts.dtype.kind not in "iu"
        or not np.all((counts >= 1) & (counts <= MOST_POINTS))
    ):
        expected = f"a whole number from 1 to {MOST_POINTS}, or {parameters} of them"
        raise BadInput.field("points", expected, f"{points!r}", "write points=5")
    counts = np.broadcast_to(counts, (parameters,))
    total = math.prod(int(count) for count in counts)
    if total > MOST_NODES:
        expected = f"at most {MOST_NODES:,} nodes"
        fix = "give fewer points where the function is nearly linear, or use function_sampler"
        raise BadInput.field("points", expected, f"{total:,}", fix)
    rules = [_rule(law, int(count)) for count in counts]
    nodes = tuple(scale * along for scale, (along, _) in zip(scales, rules, strict=True))
    return QuadratureSampler(TensorRule(nodes, tuple(factor for _, factor in rules)), function)


def _rule(law: StandardDraw, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (q,) of a standard draw's Gauss rule."""
    if law is StandardDraw.UNIFORM:
        nodes, weights = np.polynomial.legendre.leggauss(points)
    else:
        nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    return nodes, weights / weights.sum()
