"""Gradients of functions that are no networks: P numbers in, one number out, and no layers.

A gradient in numpy at samples that are drawn as parameters of networks are, or gradients that
somebody has computed already. Both are a `GradientSampler`, so that whatever reduces gradients
serves them too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eigenscape.architecture import Architecture, LayerBlock
from eigenscape.errors import BadInput
from eigenscape.networks.activations import LINEAR
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.priors import Prior, StandardDraw
from eigenscape.networks.problems import Problem

ONE_TERM = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
"""The data of a function that is no sum over data: its gradient is taken to be rounded once."""


class Coordinates(Architecture):
    """P numbers without layers: where an architecture is asked for, one block that holds them all.

    Raises:
        BadInput: P below 1.

    Example:
        >>> Coordinates(3).parameters, [layer.whole for layer in Coordinates(3).layers]
        (3, [slice(0, 3, None)])
        >>> Coordinates(3)
        Coordinates(3)
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise BadInput.field(
                "parameters",
                "a whole number of at least 1",
                str(count),
                "give how many numbers the function takes",
            )
        super().__init__(depth=1, width=count)

    def __repr__(self) -> str:
        return f"Coordinates({self.width})"

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number P alone, by which random streams are named."""
        return (self.width,)

    @property
    def layers(self) -> tuple[LayerBlock, ...]:
        """One block of P numbers: a linear unit of P - 1 inputs has as many."""
        return (
            LayerBlock(
                self.width - 1, 1, slice(0, self.width - 1), slice(self.width - 1, self.width)
            ),
        )

    @property
    def parameters(self) -> int:
        """P."""
        return self.width

    @property
    def label(self) -> str:
        """Such as ``3 parameters``."""
        return f"{self.width} parameters"


def plain_prior(draw: StandardDraw, scale: float) -> Prior:
    """Independent N(0, scale^2) or U(-scale, scale) on every number, of a function that need have
    no symmetry.

    Raises:
        BadInput: a scale that is not a positive number.

    Example:
        >>> plain_prior(StandardDraw.UNIFORM, 2.0).scales(Coordinates(2))
        array([2., 2.])
    """
    if not 0 < scale < np.inf:
        raise BadInput.field("scale", "a positive number", str(scale), "write 1.0")
    what = f"N(0, {scale:g}^2)" if draw is StandardDraw.NORMAL else f"U(-{scale:g}, {scale:g})"
    return Prior(
        f"{what} on every parameter",
        draw,
        lambda _: scale,
        lambda _: scale,
        "given by the caller",
        symmetric=False,
    )


class FunctionSampler(GradientSampler):
    """g_n = grad f(x_n) of a function of P numbers, its gradient given in numpy.

    Args:
        gradient: from x (B, P) to grad f (B, P), row by row; B is at most 256.
        count: P.
        prior: of x.
        key: random stream.

    Example:
        >>> prior = plain_prior(StandardDraw.NORMAL, 1.0)
        >>> sampler = FunctionSampler(lambda x: 2 * x, 3, prior, key=0)
        >>> gradients, _ = sampler.block(0, 2)
        >>> bool(np.array_equal(gradients, 2 * sampler.parameters(0, 2)))
        True
    """

    def __init__(
        self, gradient: Callable[[np.ndarray], np.ndarray], count: int, prior: Prior, key: int
    ) -> None:
        super().__init__(Coordinates(count), LINEAR, prior, ONE_TERM, key)
        self._gradient = gradient

    def _fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        found = np.asarray(self._gradient(parameters.copy()))
        if found.shape != gradients.shape or found.dtype.kind not in "fiu":
            expected = (
                f"real numbers of shape {gradients.shape} for points of that shape, a row for each"
            )
            fix = "let the function take many points at once, or loop over its rows inside"
            raise BadInput.field("gradient", expected, f"{found.dtype} of shape {found.shape}", fix)
        gradients[:] = found
        losses[:] = 0.0


class GivenGradients(GradientSampler):
    """Gradients that are there already: sample n is row n.

    Args:
        gradients: (N, P), finite real numbers; not copied where they are float64 in C order.
        architecture: of the network whose gradients they are, ordered as there; no layers by
            default.

    Raises:
        BadInput: not two-dimensional, empty, not finite, or not of this architecture.

    Example:
        >>> GivenGradients(np.eye(3)).block(1, 2)[0]
        array([[0., 1., 0.],
               [0., 0., 1.]])
    """

    def __init__(self, gradients: np.ndarray, architecture: Architecture | None = None) -> None:
        try:
            rows = np.asarray(gradients)
        except ValueError:
            fix = "give as many numbers for each sample"
            raise BadInput.field(
                "gradients", "rows of one length", "rows of different lengths", fix
            ) from None
        if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind not in "fiu":
            expected = (
                "real numbers of shape (N, P), a row for each sample and a column for each"
                " parameter"
            )
            fix = (
                "give one gradient as gradient[None, :]"
                if rows.ndim == 1
                else "stack the gradients as rows"
            )
            raise BadInput.field("gradients", expected, f"{rows.dtype} of shape {rows.shape}", fix)
        if architecture is not None and rows.shape[1] != architecture.parameters:
            expected = (
                f"{architecture.parameters} columns, one for each parameter of {architecture.label}"
            )
            fix = "give the architecture of this network, weights then bias layer by layer"
            raise BadInput.field("gradients", expected, f"shape {rows.shape}", fix)
        rows = np.ascontiguousarray(rows, np.float64)
        if not np.isfinite(rows).all():
            first = int(np.argmin(np.isfinite(rows).all(axis=1)))
            raise BadInput.field(
                "gradients",
                "finite numbers",
                f"infinity or NaN in row {first}",
                "leave such samples out, and say so",
            )
        shape = Coordinates(rows.shape[1]) if architecture is None else architecture
        super().__init__(shape, LINEAR, plain_prior(StandardDraw.NORMAL, 1.0), ONE_TERM, key=0)
        self._rows = rows

    @property
    def count(self) -> int:
        """N, how many there are."""
        return len(self._rows)

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Not known.

        Raises:
            BadInput: always.
        """
        raise BadInput.field(
            "parameters",
            "a sampler that draws them",
            "gradients alone",
            "use network_sampler, function_sampler or loss_sampler",
        )

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows ``first`` ... ``first + count - 1`` and zeros in the place of losses.

        Raises:
            BadInput: there are not so many.
        """
        if first + count > self.count:
            raise BadInput.field(
                "samples",
                f"at most {self.count}, the rows of the array",
                str(first + count),
                "ask for fewer",
            )
        return self._rows[first : first + count], np.zeros(count)
