"""Gradients of functions that are no networks: P numbers in, one number out, and no layers.

A gradient in numpy, which `gradients.GradientSampler` takes at samples that are drawn as parameters
of networks are, or gradients that somebody has computed already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.architecture import FlatLayout, Layout
from eigenscape.errors import BadInput, whole_number
from eigenscape.networks.sampler import Device

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class NumpyGradient:
    """A function whose gradient is given in numpy, at points of its own units.

    The parameters are x, and the function is asked at ``p = centre + half_width x``. By the chain
    rule its gradient by x is ``half_width`` times the gradient by p.

    Attributes:
        gradient: from p (B, P) to grad f (B, P), row by row; B is at most 256.
        value: from p (B, P) to f (B,); without it losses are not known, and stand as 0.
        centre: (P,) or a number, in the units of p.
        half_width: (P,) or a number, in the units of p.

    Example:
        >>> gradients, values = np.empty((2, 3)), np.empty(2)
        >>> square = NumpyGradient(lambda p: 2 * p, lambda p: (p**2).sum(axis=1), half_width=10.0)
        >>> square.fill(np.ones((2, 3)), gradients, values)
        >>> gradients[0], values
        (array([200., 200., 200.]), array([300., 300.]))
    """

    gradient: Callable[[np.ndarray], np.ndarray]
    value: Callable[[np.ndarray], np.ndarray] | None = None
    centre: np.ndarray | float = 0.0
    half_width: np.ndarray | float = 1.0

    @property
    def terms(self) -> int:
        """1: a gradient of a function that is no sum over data is taken to be rounded once."""
        return 1

    @property
    def losses_known(self) -> bool:
        """Whether the function's value is given beside its gradient."""
        return self.value is not None

    def fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Gradients (B, P) and values (B,) at parameters (B, P), in place.

        Raises:
            BadInput: a function returns another shape, or no real numbers; a value is not finite
                where the gradient is.
        """
        points = self.centre + self.half_width * parameters
        gradients[:] = self.half_width * _answer(
            "gradient", self.gradient, points.copy(), gradients.shape, "a row for each"
        )
        losses[:] = 0.0
        if self.value is not None:
            losses[:] = _answer("value", self.value, points, losses.shape, "a number for each")
            bad = np.flatnonzero(~np.isfinite(losses) & np.isfinite(gradients).all(axis=1))
            if len(bad):
                found = f"{losses[bad[0]]} at {points[bad[0]].tolist()} beside a finite gradient"
                fix = "choose ranges in which the function is defined"
                raise BadInput.field("value", "finite numbers", found, fix)

    def on_device(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients (B, P) and zeros (B,) as torch tensors, computed on the host and copied."""
        host = parameters.cpu().numpy()
        gradients, losses = np.empty_like(host), np.empty(len(host), host.dtype)
        self.fill(host, gradients, losses)
        return parameters.new_tensor(gradients), parameters.new_tensor(losses)


def _answer(
    name: str,
    function: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    shape: tuple[int, ...],
    each: str,
) -> np.ndarray:
    """What a user's function says of points (B, P).

    Raises:
        BadInput: it returns another shape, or no real numbers.
    """
    found = np.asarray(function(points))
    if found.shape != shape or found.dtype.kind not in "fiu":
        expected = f"real numbers of shape {shape} for points of shape {points.shape}, {each}"
        fix = "let the function take many points at once, or loop over its rows inside"
        raise BadInput.field(name, expected, f"{found.dtype} of shape {found.shape}", fix)
    return found


class GivenGradients:
    """Gradients that are there already: sample n is row n.

    What comes out is float64, and remembers the precision in which it was given: null directions of
    float32 gradients are told by the rounding of float32.

    Args:
        gradients: (N, P), finite real numbers; not copied where they are float64 in C order.
        architecture: of the network whose gradients they are, ordered as there; no layers by
            default.
        points: n, how many terms each gradient sums, such as the data of a loss: rounding reaches n
            eps.

    Raises:
        BadInput: not two-dimensional, empty, not finite, not of this architecture, or no points.

    Example:
        >>> GivenGradients(np.eye(3)).block(1, 2)[0]
        array([[0., 1., 0.],
               [0., 0., 1.]])
        >>> GivenGradients(np.eye(3, dtype=np.float32)).precision
        dtype('float32')
    """

    def __init__(
        self, gradients: np.ndarray, architecture: Layout | None = None, points: int = 1
    ) -> None:
        self._points = whole_number("points", points, 1, "write how many data the loss sums")
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
        coarser = rows.dtype.kind == "f" and rows.dtype.itemsize < 8
        self.precision: np.dtype[np.floating] = rows.dtype if coarser else np.dtype(np.float64)
        rows = np.ascontiguousarray(rows, np.float64)
        if not np.isfinite(rows).all():
            first = int(np.argmin(np.isfinite(rows).all(axis=1)))
            raise BadInput.field(
                "gradients",
                "finite numbers",
                f"infinity or NaN in row {first}",
                "leave such samples out, and say so",
            )
        self.architecture = FlatLayout(rows.shape[1]) if architecture is None else architecture
        self._rows = rows

    device = Device.CPU
    symmetry = None
    losses_known = False

    @property
    def relative_noise(self) -> float:
        """The rounding error n eps of a sum of n terms in the given precision."""
        return self._points * float(np.finfo(self.precision).eps)

    @property
    def count(self) -> int:
        """N, how many there are."""
        return len(self._rows)

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows ``first`` ... ``first + count - 1`` and zeros in the place of losses.

        Raises:
            BadInput: the index is out of range.
        """
        if first + count > self.count:
            raise BadInput.field(
                "samples",
                f"at most {self.count}, the rows of the array",
                str(first + count),
                "ask for fewer",
            )
        return self._rows[first : first + count], np.zeros(count)

    def block_on_device(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The rows and zeros as torch tensors."""
        import torch  # noqa: PLC0415 - who gives arrays need not have it

        gradients, losses = self.block(first, count)
        return torch.from_numpy(gradients), torch.from_numpy(losses)
