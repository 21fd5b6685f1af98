"""Lengths through networks of smooth units, by adaptive quadrature with an error estimate.

Where no closed form exists the speed of every layer along the curve is still exact at any t, by
forward differentiation z' = phi'(h) (z'_{below} W). Clenshaw-Curtis rules of two orders on the same
nodes are compared on every interval; where they differ, or where a unit moves further between two
nodes than a rule can resolve, the interval is halved. |f'| has kinks where f' = 0: these are
located, and the total variation is the sum of |differences of f| between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.networks import Layers

NODES = 17
"""Number of nodes of the finer rule; every second one belongs to the coarser. An interpolating rule
of n nodes is exact to degree n - 1, so a smooth speed converges in a few halvings, and the
difference of the two rules overestimates the error of the finer."""

TOLERANCE = 1e-8
"""Relative tolerance of each length: far below the width of a line in a figure and the six digits
of a page, far above rounding."""

ROUNDING = 1e-14
"""Ratio to the longest length below which a length consists of rounding error, and cannot be
computed to the tolerance."""

FIRST_INTERVALS = 16
"""Number of initial intervals of every piece: 256 nodes around a circle, from which halving
starts."""

LEAST_SHARE = 1e-3
"""Least fraction of the tolerance that an interval may use, however short it is: a thousand such
intervals use all of it."""

LARGEST_STEP = 0.5
"""Largest change of a unit with values in [-1, 1] between neighbouring nodes. Neither rule detects
a unit that saturates there and back between two nodes, and their difference would be no estimate.
Units whose steps are this small in every layer below change a pre-activation by a bounded amount,
so that the steps of the next layer reveal such a unit."""

MOST_HALVINGS = 40
"""Largest number of halvings: an interval then has 1e-12 of its length, and the remainder of a kink
of the speed (a layer of one unit has some) is rounding error."""

EXTREME = {"xatol": 1e-7, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0}
"""Tolerances of an extreme of f, relative to the distance of two nodes: it affects f by its square,
which is rounding error."""

MOST_UNIT_VALUES = 2**26
"""Largest number of nodes times units: some seconds of one core. A curve that needs more has a
feature for every few pixels of any picture."""


def _rule(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Chebyshev points of [-1, 1], ends included, and the weights that integrate every
    polynomial through them.
    """
    points = -np.cos(np.pi * np.arange(nodes) / (nodes - 1))
    degrees = np.arange(nodes)
    integrals = np.where(degrees % 2, 0.0, 2.0 / (1.0 - degrees**2 + (degrees % 2)))
    return points, np.linalg.solve(
        np.polynomial.chebyshev.chebvander(points, nodes - 1).T, integrals
    )


POINTS, FINE = _rule(NODES)
COARSE = _rule(NODES // 2 + 1)[1]


@dataclass(frozen=True)
class Integrated:
    """Lengths of the image of a curve.

    Attributes:
        latent: (L + 1,) lengths of the input and every hidden layer.
        output: total variation of the output.
        lifted: length of (x, f(x)).
        error: sum over intervals of the difference of the two rules, for the least accurate of
            these lengths.
    """

    latent: np.ndarray
    output: float
    lifted: float
    error: float


@dataclass(frozen=True)
class _Followed:
    """The network along the curve at n parameters.

    Attributes:
        speeds: (n, L + 2), |dz/dt| of the input and the hidden layers, then of the lifted curve.
        output: (n, outputs) f.
        rate: (n, outputs) df/dt.
        steps: (n - 1,) the largest change of a unit between neighbours.
    """

    speeds: np.ndarray
    output: np.ndarray
    rate: np.ndarray
    steps: np.ndarray


def _follow(layers: Layers, curve: Curve, t: np.ndarray) -> _Followed:
    state, tangent = curve.at(t), curve.velocity(t)
    norms, steps = [np.linalg.norm(tangent, axis=1)], np.zeros(len(t) - 1)
    for weight, bias in zip(layers.weights[:-1], layers.biases[:-1], strict=True):
        state = layers.unit.function(state @ weight + bias)
        tangent = layers.unit.derivative_from_output(state) * (tangent @ weight)
        norms.append(np.linalg.norm(tangent, axis=1))
        np.maximum(steps, np.abs(np.diff(state, axis=0)).max(axis=1), out=steps)
    rate = tangent @ layers.weights[-1]
    norms.append(np.hypot(norms[0], np.linalg.norm(rate, axis=1)))
    return _Followed(
        np.stack(norms, axis=1), state @ layers.weights[-1] + layers.biases[-1], rate, steps
    )


def integrate(layers: Layers, curve: Curve, tolerance: float = TOLERANCE) -> Integrated:
    """Integrate the lengths of one curve through a network of smooth units with one output.

    Args:
        layers: the network.
        curve: the input.
        tolerance: tolerance of the error estimate, relative to each length.

    Raises:
        BadInput: there is more than one output, or the image has too many folds to be resolved.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> readout = Layers((np.array([[1.0], [0.0]]),), (np.zeros(1),), "tanh")
        >>> found = integrate(readout, circle(1.0))
        >>> round(found.output, 9), found.error < 1e-8
        (4.0, True)
    """
    parts = np.linspace(curve.start, curve.stop, FIRST_INTERVALS + 1)
    left, right = parts[:-1].ravel(), parts[1:].ravel()
    parameter_length = float((right - left).sum())
    # Lengths of the layers, of the lifted curve, and the total variation.
    total, error, scale = np.zeros((3, layers.depth + 3))
    units, spent = sum(weight.shape[1] for weight in layers.weights), 0
    for halving in range(MOST_HALVINGS + 1):
        spent += len(left) * NODES * units
        if spent > MOST_UNIT_VALUES:
            raise too_folded(f"more than {MOST_UNIT_VALUES // units:,} nodes needed")
        fine, difference, step = _intervals(layers, curve, left, right)
        scale = np.maximum(scale, total + fine.sum(axis=0))
        share = np.maximum((right - left) / parameter_length, LEAST_SHARE)[:, None]
        good = (difference <= share * np.maximum(tolerance * scale, ROUNDING * scale.max())).all(
            axis=1
        )
        good = (good & (step <= LARGEST_STEP)) | (halving == MOST_HALVINGS)
        total += fine[good].sum(axis=0)
        error += difference[good].sum(axis=0)
        left, right = left[~good], right[~good]
        if not len(left):
            break
        middle = 0.5 * (left + right)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return Integrated(total[:-2], float(total[-1]), float(total[-2]), float(error.max()))


def _intervals(
    layers: Layers, curve: Curve, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lengths by the finer rule and differences to the coarser, both (n, L + 3), and the
    largest step of a unit (n,).
    """
    half = 0.5 * (right - left)
    t = (0.5 * (left + right))[:, None] + half[:, None] * POINTS
    # Neither end of an interval may fall into the neighbouring piece of the curve, whose velocity
    # is another one.
    t[:, 0], t[:, -1] = left, np.nextafter(right, left)
    followed = _follow(layers, curve, t.ravel())
    shape = (len(left), NODES, -1)
    speeds, rate, output = (
        values.reshape(shape) for values in (followed.speeds, followed.rate, followed.output)
    )
    step = np.append(followed.steps, 0.0).reshape(len(left), NODES)[:, :-1].max(axis=1)
    fine = half[:, None] * np.einsum("inq,n->iq", speeds, FINE)
    coarse = half[:, None] * np.einsum("inq,n->iq", speeds[:, ::2], COARSE)
    # f is known at the ends, so the rule for its derivative is checked by what it should give.
    rises = half[:, None] * np.einsum("inq,n->iq", rate, FINE)
    missed = np.linalg.norm(rises - (output[:, -1] - output[:, 0]), axis=1)
    if layers.outputs == 1:
        variation = _variations(layers, curve, t, output[:, :, 0], rate[:, :, 0])
    else:
        norm = np.linalg.norm(rate, axis=2)
        variation = half * (norm @ FINE)
        missed = np.maximum(missed, np.abs(variation - half * (norm[:, ::2] @ COARSE)))
    return (
        np.column_stack([fine, variation]),
        np.column_stack([np.abs(fine - coarse), missed]),
        step,
    )


def _variations(
    layers: Layers, curve: Curve, t: np.ndarray, output: np.ndarray, rate: np.ndarray
) -> np.ndarray:
    """Return the total variation of f on every interval: differences of f between neighbouring
    nodes, through an extreme where f' changes sign.
    """
    variations = np.abs(np.diff(output, axis=1))
    interval, node = np.nonzero((rate[:, :-1] < 0) != (rate[:, 1:] < 0))
    if len(interval):
        from scipy.optimize import elementwise  # noqa: PLC0415

        first, width = t[interval, node], t[interval, node + 1] - t[interval, node]

        def slope(share: np.ndarray, first: np.ndarray, width: np.ndarray) -> np.ndarray:
            return _follow(layers, curve, first + share * width).rate[:, 0]

        ends = np.zeros(len(interval)), np.ones(len(interval))
        turn = elementwise.find_root(slope, ends, args=(first, width), tolerances=EXTREME).x
        extreme = _follow(layers, curve, first + turn * width).output[:, 0]
        variations[interval, node] = np.abs(extreme - output[interval, node]) + np.abs(
            output[interval, node + 1] - extreme
        )
    return np.asarray(variations.sum(axis=1))


def too_folded(found: str) -> BadInput:
    """Return the error for a curve whose image has more folds than can be followed."""
    return BadInput.field(
        "curve", "an image that can be followed", found, "lower sigma_w, the depth or the width"
    )
