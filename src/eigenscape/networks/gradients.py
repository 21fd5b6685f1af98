"""Draws and gradients of one cell together: sample number in, gradient out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.errors import DoesNotFit, NotFiniteGradient
from eigenscape.networks.activations import Activation, activation_named
from eigenscape.networks.priors import Prior, prior_named
from eigenscape.networks.problems import Problem, problem_of
from eigenscape.seeding import prior_key

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Device(StrEnum):
    """Where gradients and their second moment are computed."""

    CPU = "cpu"
    """The compiled kernel, one parameter vector at a time in cache."""
    TORCH = "torch"
    """`torch.func` on the CPU: the route of the GPU, for comparison."""
    CUDA = "cuda"
    """`torch.func` on this rank's GPU; parameters are drawn on the host and copied."""


class NonFinite(StrEnum):
    """What becomes of a sample whose gradient holds an infinity or NaN."""

    FAIL = "fail"
    """The run stops and names the sample."""
    EXCLUDE = "exclude"
    """Its gradient is zero, its loss NaN, and it counts for nothing; how many there are stands in
    the receipt."""


class GradientSampler:
    """Gradients of the loss at samples of the prior.

    g_n = grad L(theta_n), with theta_n a function of the key and of n alone. Buffers are reused:
    the arrays that `block` returns hold until its next call. Where memory runs out, blocks are
    worked through in halves, quarters, ...: every gradient is computed by itself, so its bits are
    the same (on the CPU; not on a GPU).

    Args:
        architecture: the network.
        activation: of the hidden units.
        prior: over parameter vectors.
        problem: data of the loss.
        key: random stream, from `seeding.prior_key`.
        precision: of draws and gradients.
        device: where gradients are computed.
        non_finite: what becomes of samples without a finite gradient.
    """

    def __init__(
        self,
        architecture: Architecture,
        activation: Activation,
        prior: Prior,
        problem: Problem,
        key: int,
        precision: type[np.floating] = np.float64,
        device: Device = Device.CPU,
        non_finite: NonFinite = NonFinite.FAIL,
    ) -> None:
        self.architecture, self.activation, self.problem = architecture, activation, problem
        self.prior, self._key, self._scales = prior, key, prior.scales(architecture)
        self._precision = np.dtype(precision)
        self.device, self.non_finite = device, non_finite
        self._parameters = self._gradients = np.empty((0, architecture.parameters), precision)
        self._losses = np.empty(0, precision)
        self._at_once: int | None = None

    @classmethod
    def of_study(
        cls, study: Study, architecture: Architecture, device: Device = Device.CPU
    ) -> GradientSampler:
        """The sampler of one network of a study."""
        return cls(
            architecture,
            activation_named(study.network.activation),
            prior_named(study.prior.kind),
            problem_of(study.problem),
            prior_key(study.sampling.seed, architecture),
            np.float32 if study.sampling.precision == "float32" else np.float64,
            device,
            NonFinite(study.sampling.non_finite),
        )

    @property
    def place(self) -> torch.device:
        """Where torch computes; of no use for `Device.CPU`."""
        import torch  # noqa: PLC0415 - the CPU route does not need it

        return torch.device("cuda" if self.device is Device.CUDA else "cpu")

    @property
    def precision(self) -> np.dtype[np.floating]:
        """Of draws and gradients."""
        return self._precision

    @property
    def relative_noise(self) -> float:
        """The relative rounding error n eps of a gradient, a sum over n points of terms that may
        cancel.
        """
        return self.problem.points * float(np.finfo(self._precision).eps)

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Parameter vectors ``first`` ... ``first + count - 1``, (count, P)."""
        if len(self._parameters) < count:
            self._parameters = np.empty((count, self.architecture.parameters), self._precision)
        drawn = self._parameters[:count]
        from eigenscape.networks import sampling  # noqa: PLC0415

        sampling.fill_parameters(drawn, first, self._key, self._scales, self.prior.draw)
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
                self._gradients = np.empty((count, self.architecture.parameters), self._precision)
            except MemoryError as error:
                expected = (
                    f"memory for {count} gradients of {self.architecture.parameters:,} parameters"
                )
                raise DoesNotFit.field(
                    "memory", expected, str(error), "use fewer ranks a node, or more memory"
                ) from error
            self._losses = np.empty(count, self._precision)
        gradients, losses = self._gradients[:count], self._losses[:count]

        def fill(start: int, stop: int) -> None:
            self._fill(
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
        """The same on the device, as torch tensors."""
        import torch  # noqa: PLC0415 - the CPU route does not need it

        from eigenscape.networks import functional  # noqa: PLC0415

        def part(start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
            parameters = torch.from_numpy(self.parameters(first + start, stop - start)).to(
                self.place
            )
            return functional.gradients_and_losses(parameters, self._loss_beside(parameters))

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

    def _fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Gradients (B, P) and losses (B,) at parameter vectors (B, P), in place, on the CPU."""
        from eigenscape.networks import kernel  # noqa: PLC0415 - compiled code

        kernel.fill_gradients(
            parameters, gradients, losses, self.architecture, self.activation, self.problem
        )

    def _loss_beside(self, parameters: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        """The loss of one parameter vector, with its data in the precision and on the device of
        ``parameters``.
        """
        import torch  # noqa: PLC0415 - the CPU route does not need it

        from eigenscape.networks import functional  # noqa: PLC0415

        x, y = (
            torch.as_tensor(a, dtype=parameters.dtype, device=parameters.device)
            for a in (self.problem.inputs, self.problem.targets)
        )
        return functional.mean_squared_residual(x, y, self.architecture, self.activation)

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
                self._parameters = np.empty((0, self.architecture.parameters), self._precision)
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
        what = f"{who}: expected a finite gradient, found infinity or NaN in {self._precision}"
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
