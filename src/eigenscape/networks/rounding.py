"""How far rounding errors grow on their way through a network and back, measured on a few samples.

In a chaotic network a change of the last digit grows from layer to layer, so its gradient keeps few
digits, and none in float32. The growth of a sample is

    Gamma_n = |g(theta_n + delta) - g(theta_n)| / (eps |g(theta_n)|),

in float64, where delta moves every parameter by one unit in the last place, up or down at random.
It is a condition number of the gradient (Higham, Accuracy and Stability of Numerical Algorithms,
SIAM 2002, section 1.6), seen from one direction: rounding inside the computation perturbs it
likewise. Over 640 rows of ten networks of depth 1 to 30 and width 5 to 50 the difference between
the compiled kernel and torch, over Gamma eps, was 0.3 to 0.8 in the median of each network and 35
at most; the error of a float32 gradient, over Gamma eps of float32, 0.3 to 0.6 and 14, as far as
it stayed below 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eigenscape.errors import BadInput, whole_number
from eigenscape.networks.gradients import Differentiable
from eigenscape.networks.sampler import PriorSampler

MEASURED_SAMPLES = 8
"""Number of samples on which growth is measured: 16 to 24 gradients more than the thousand of a
projected network."""

LARGEST_GRADIENT_ERROR = 0.01
"""Largest median relative error of a gradient beyond which a precision is warned of: such errors
exceed the sampling error 1/sqrt(N) of an average over N = 10,000 samples, the most that the default
study draws of a network."""

ROW_FACTOR = 100.0
"""Between two routes to a gradient, in units of its own Gamma eps: three times the most that was
seen, 35."""

MOMENT_FACTOR = 20.0
"""Between two routes to C, in every entry, in units of the largest measured Gamma eps tr C: three
times the most that was seen in 20 second moments of ten networks, 6.2 (rows have twice the error of
gradients; samples that were not measured may grow more, but errors of samples average out)."""

NUMBERS_AT_ONCE = 2**17
"""Number of gradient entries that are computed together (1 MB, of which some eight are held), at
least one gradient: what is measured beside a result must not decide its memory."""

_EPSILON = float(np.finfo(np.float64).eps)


class LossSampler(PriorSampler, Protocol):
    """A sampler whose loss can be differentiated at other parameters than its own draws."""

    @property
    def loss(self) -> Differentiable:
        """The loss."""
        ...


@dataclass(frozen=True, eq=False)
class RoundingGrowth:
    """The growth of rounding errors in a few gradients, and what it makes of a precision.

    Attributes:
        growth: (k,), Gamma of each measured sample that has a finite gradient other than 0.
        errors: (k,), relative error |g - g_64| / |g_64| of their gradients in the sampler's
            precision, at the same parameters; of float64 Gamma eps, an estimate.
        precision: the sampler's.
    """

    growth: np.ndarray
    errors: np.ndarray
    precision: np.dtype[np.floating]

    @property
    def median(self) -> float:
        """Gamma of the middle sample; NaN where no gradient could be measured."""
        return float(np.median(self.growth)) if len(self.growth) else float("nan")

    @property
    def largest(self) -> float:
        """The largest Gamma; NaN where no gradient could be measured."""
        return float(self.growth.max()) if len(self.growth) else float("nan")

    @property
    def gradient_error(self) -> float:
        """The median relative error of a gradient in the sampler's precision."""
        return float(np.median(self.errors)) if len(self.errors) else float("nan")

    @property
    def is_too_large(self) -> bool:
        """Whether that exceeds `LARGEST_GRADIENT_ERROR`."""
        return self.gradient_error > LARGEST_GRADIENT_ERROR

    @property
    def row_tolerance(self) -> np.ndarray:
        """Promised between two routes to each measured gradient, relative to its norm, (k,)."""
        return np.asarray(ROW_FACTOR * np.maximum(self.growth, 1.0) * self._epsilon)

    @property
    def moment_tolerance(self) -> float:
        """Promised between two routes to C, in every entry, relative to tr C."""
        return MOMENT_FACTOR * max(self.largest, 1.0) * self._epsilon

    @property
    def facts(self) -> dict[str, float | None]:
        """What is kept beside a result; None for NaN and infinity, which JSON has no word for."""
        numbers = {
            "rounding_growth": self.median,
            "rounding_growth_largest": self.largest,
            "gradient_error": self.gradient_error,
        }
        return {name: value if np.isfinite(value) else None for name, value in numbers.items()}

    @property
    def warning(self) -> str:
        """What to say of a precision whose errors are too large."""
        if np.isinf(self.gradient_error):
            return f"most gradients are beyond the range of {self.precision}; use float64"
        return (
            f"gradients in {self.precision} have a relative error of {self.gradient_error:.2g} in"
            f" the median, since rounding errors grow {self.median:.2g}-fold; expected at most"
            f" {LARGEST_GRADIENT_ERROR}" + ("" if self.precision == np.float64 else "; use float64")
        )

    @property
    def _epsilon(self) -> float:
        return float(np.finfo(self.precision).eps)


def rounding_growth(
    sampler: LossSampler, samples: int = MEASURED_SAMPLES, first: int = 0
) -> RoundingGrowth:
    """Measure how far rounding errors grow in the gradients of a sampler, on the CPU.

    Args:
        sampler: a network on its data, or any loss.
        samples: k, how many gradients are measured, each computed two or three times.
        first: number of the first of them.

    Raises:
        BadInput: the gradients are an array's, of which nothing can be computed again.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> shallow, deep = (rounding_growth(network_sampler(depth, 20)) for depth in (2, 20))
        >>> shallow.median < 10, deep.median > 1e4, deep.is_too_large
        (True, True, False)
    """
    if not hasattr(sampler, "loss"):
        fix = "give the sampler that the gradients are of"
        expected = "one that computes its gradients, such as a network_sampler"
        raise BadInput.field("sampler", expected, type(sampler).__name__, fix)
    samples = whole_number("samples", samples, 1, f"write {MEASURED_SAMPLES}")
    first = whole_number("first", first, 0, "leave it out")
    size = sampler.architecture.parameters
    batch = max(1, NUMBERS_AT_ONCE // size)
    growth, errors = [], []
    for start in range(first, first + samples, batch):
        count = min(batch, first + samples - start)
        parameters = sampler.parameters(start, count).copy()
        wide = parameters.astype(np.float64)
        signs = [
            np.random.default_rng(start + row).choice([-1.0, 1.0], size) for row in range(count)
        ]
        moved = np.nextafter(wide, np.inf * np.array(signs))
        exact = _gradients(sampler, wide)
        change = _relative_change(_gradients(sampler, moved), exact)
        growth.append(change / _EPSILON)
        errors.append(
            change
            if parameters.dtype == np.float64
            else _relative_change(_gradients(sampler, parameters), exact)
        )
    found = np.concatenate(growth), np.concatenate(errors)
    # Where float64 has a gradient and the sampler's precision has none, nothing of it is right.
    lost = np.isfinite(found[0]) & ~np.isfinite(found[1])
    found[1][lost] = np.inf
    finite = np.isfinite(found[0])
    return RoundingGrowth(found[0][finite], found[1][finite], sampler.precision)


def _gradients(sampler: LossSampler, parameters: np.ndarray) -> np.ndarray:
    """Gradients (B, P) at parameter vectors (B, P), in their precision, as float64."""
    gradients, losses = np.empty_like(parameters), np.empty(len(parameters), parameters.dtype)
    with np.errstate(all="ignore"):
        sampler.loss.fill(parameters, gradients, losses)
    return gradients.astype(np.float64)


def _relative_change(gradients: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """|g - g'| / |g'| for each row; NaN where the gradient is 0 or not finite."""
    with np.errstate(all="ignore"):
        change = np.linalg.norm(gradients - exact, axis=1) / np.linalg.norm(exact, axis=1)
    return np.asarray(change)
