"""Draws and gradients together: sample number in, gradient out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from eigenscape.architecture import Layout
from eigenscape.errors import DoesNotFit, NotFiniteGradient
from eigenscape.networks.draws import Draws
from eigenscape.networks.sampler import Device
from eigenscape.networks.symmetry import Symmetry

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class NonFinite(StrEnum):
    """What becomes of a sample whose gradient holds an infinity or NaN."""

    FAIL = "fail"
    """The run stops and names the sample."""
    EXCLUDE = "exclude"
    """The sample is excluded from all means, with gradient zero and loss NaN; the receipt records
    how many are."""


class Differentiable(Protocol):
    """A loss, and whoever computes its gradient at given parameter vectors."""

    @property
    def terms(self) -> int:
        """n, how many terms it sums, which decides how far rounding reaches."""
        ...

    @property
    def losses_known(self) -> bool:
        """Whether `fill` tells losses, and not zeros in their place."""
        ...

    def fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Gradients (B, P) and losses (B,) at parameter vectors (B, P), in place, on the CPU."""
        ...

    def on_device(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients (B, P) and losses (B,) in the precision and on the device of ``parameters``."""
        ...


LossT_co = TypeVar("LossT_co", bound=Differentiable, covariant=True)


class GradientSampler(Generic[LossT_co]):
    """Gradients of a loss at samples of a prior.

    g_n = grad L(theta_n), with theta_n a function of n alone. Buffers are reused: the arrays that
    `block` returns hold until its next call. Where memory runs out, blocks are worked through in
    halves, quarters, ...: every gradient is computed by itself, so its bits are the same (on the
    CPU; not on a GPU).

    Args:
        architecture: where the parameters lie.
        draws: of the parameter vectors.
        loss: that is differentiated.
        symmetry: what leaves the loss and the prior as they are, where it is known.
        precision: of draws and gradients.
        device: where gradients are computed.
        non_finite: what becomes of samples without a finite gradient.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> from eigenscape.networks.draws import ScaledDraws
        >>> from eigenscape.networks.functions import NumpyGradient
        >>> from eigenscape.networks.priors import StandardDraw
        >>> draws = ScaledDraws(StandardDraw.NORMAL, np.ones(7), key=0)
        >>> sampler = GradientSampler(Architecture(1, 2), draws, NumpyGradient(lambda x: 2 * x))
        >>> gradients, _ = sampler.block(0, 3)
        >>> bool(np.array_equal(gradients, 2 * sampler.parameters(0, 3)))
        True
    """

    def __init__(
        self,
        architecture: Layout,
        draws: Draws,
        loss: LossT_co,
        *,
        symmetry: Symmetry | None = None,
        precision: type[np.floating] = np.float64,
        device: Device = Device.CPU,
        non_finite: NonFinite = NonFinite.FAIL,
    ) -> None:
        self.architecture, self.draws, self.loss = architecture, draws, loss
        self.symmetry, self.device, self.non_finite = symmetry, device, non_finite
        self.precision: np.dtype[np.floating] = np.dtype(precision)
        self._parameters = self._gradients = np.empty((0, architecture.parameters), precision)
        self._losses = np.empty(0, precision)
        self._at_once: int | None = None

    @property
    def relative_noise(self) -> float:
        """The relative rounding error n eps of a gradient, a sum over n points of terms that may
        cancel.
        """
        return self.loss.terms * float(np.finfo(self.precision).eps)

    @property
    def losses_known(self) -> bool:
        """Whether `block` tells losses, and not zeros in their place."""
        return self.loss.losses_known

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Parameter vectors ``first`` ... ``first + count - 1``, (count, P)."""
        if len(self._parameters) < count:
            self._parameters = np.empty((count, self.architecture.parameters), self.precision)
        drawn = self._parameters[:count]
        self.draws.fill(drawn, first)
        return drawn

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (count, P) and losses (count,) of samples ``first`` ... on the host.

        Raises:
            NotFiniteGradient: naming the first sample whose gradient holds an infinity or NaN.
            DoesNotFit: memory does not hold the block, or not one parameter vector beside it.
        """
        if self.device is not Device.CPU:
            on_device = self.block_on_device(first, count)
            return on_device[0].cpu().numpy(), on_device[1].cpu().numpy()
        if len(self._gradients) < count:
            try:
                self._gradients = np.empty((count, self.architecture.parameters), self.precision)
            except MemoryError as error:
                expected = (
                    f"memory for {count} gradients of {self.architecture.parameters:,} parameters"
                )
                raise DoesNotFit.field(
                    "memory", expected, str(error), "use fewer ranks a node, or more memory"
                ) from error
            self._losses = np.empty(count, self.precision)
        gradients, losses = self._gradients[:count], self._losses[:count]

        def fill(start: int, stop: int) -> None:
            self.loss.fill(
                self.parameters(first + start, stop - start),
                gradients[start:stop],
                losses[start:stop],
            )

        self._in_parts(fill, count)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(gradients.sum(axis=1))
        if not finite.all():
            bad = self._not_finite(gradients, first)
            gradients[bad], losses[bad] = 0.0, np.nan
        return gradients, losses

    def block_on_device(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients and losses of the same samples on the device, as torch tensors."""
        import torch  # noqa: PLC0415 - the CPU route does not need it

        def part(start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
            parameters = torch.from_numpy(self.parameters(first + start, stop - start))
            return self.loss.on_device(parameters.to(self.device.of_torch))

        parts = self._in_parts(part, count)
        gradients, losses = (
            parts[0]
            if len(parts) == 1
            else (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        )
        if not bool(torch.isfinite(gradients).all()):
            bad = self._not_finite(gradients.cpu().numpy(), first)
            gradients[bad], losses[bad] = 0.0, torch.nan
        return gradients, losses

    def _in_parts(self, work: Callable[[int, int], Result], count: int) -> list[Result]:
        """Work through samples 0 ... count - 1 of a block, at once where memory allows it.

        Raises:
            DoesNotFit: memory does not hold a single sample.
        """
        done: list[Result] = []
        start = 0
        while start < count:
            size = min(self._at_once or count, count - start)
            try:
                done.append(work(start, start + size))
            except (MemoryError, RuntimeError) as error:
                if not _memory_exhausted(error):
                    raise
                if size == 1:
                    expected = (
                        f"memory for one gradient of {self.architecture.parameters:,} parameters"
                    )
                    raise DoesNotFit.field(
                        "memory", expected, str(error), "use fewer ranks a node, or more memory"
                    ) from error
                self._at_once = size // 2
                self._parameters = np.empty((0, self.architecture.parameters), self.precision)
                log.warning(
                    "%s: memory is exhausted; gradients are computed %d at a time",
                    self.architecture.label,
                    self._at_once,
                )
                continue
            start += size
        return done

    def _not_finite(self, gradients: np.ndarray, first: int) -> np.ndarray:
        """Rows that hold an infinity or NaN; a row whose sum overflows may still be finite, so each
        entry is looked at.

        Raises:
            NotFiniteGradient: there is such a row, and the study says that this is a failure.
        """
        bad = np.flatnonzero(~np.isfinite(gradients).all(axis=1))
        if len(bad) == 0:
            return bad
        names = ", ".join(str(first + int(row)) for row in bad[:8]) + (
            ", ..." if len(bad) > 8 else ""
        )
        who = f"{'sample' if len(bad) == 1 else 'samples'} {names} of {self.architecture.label}"
        what = f"{who}: expected a finite gradient, found infinity or NaN in {self.precision}"
        if self.non_finite is NonFinite.FAIL:
            raise NotFiniteGradient(
                f"{what}; choose a prior with smaller weights, sampling: {{precision: float64}}, or"
                " leave such samples out and count them with sampling: {non_finite: exclude}"
            )
        log.warning("%s; excluded", what)
        return bad


def _memory_exhausted(error: Exception) -> bool:
    """Whether numpy or torch (on the CPU a plain RuntimeError) could not have the memory that it
    asked for.
    """
    return (
        isinstance(error, MemoryError)
        or "out of memory" in str(error)
        or "can't allocate memory" in str(error)
    )
