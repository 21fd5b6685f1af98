"""The number of eigenvalues of C above any value, without C, by stochastic Lanczos quadrature.

For a probe z of random signs, E z^T f(C) z = tr f(C). From m steps of Lanczos, started at z /
sqrt(P), come Ritz values theta_i and weights tau_i^2 (squared first components of the eigenvectors
of the tridiagonal matrix), a Gauss rule of the probe's spectral measure: z^T f(C) z is about P
sum_i tau_i^2 f(theta_i), exactly so for polynomials f up to degree 2 m - 1 (Ubaru, Chen, Saad 2017,
SIAM J. Matrix Anal. Appl. 38:1075). The mean over probes estimates tr f(C), and their spread gives
an interval. With f the indicator of (lambda, infinity) it counts eigenvalues; there the rule itself
is not exact, and the interval does not include its error.

All probes advance together, with one pass over the gradients per step. Lanczos runs without
reorthogonalisation, on three vectors per probe: lost orthogonality leads to copies of Ritz values,
whose weights still sum to the weight of the original (Knizhnerman 1996; Chen, Trogdon, Ubaru 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.linalg
from scipy.special import stdtrit

from eigenscape.active_subspace.matrix_free import Product
from eigenscape.interval import Interval

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass
class LanczosState:
    """The state of the Lanczos iterations of all probes.

    Attributes:
        current: (q, P), the newest Lanczos vector of every probe.
        previous: (q, P), the Lanczos vector before it.
        diagonals: (q, steps), diagonals of the tridiagonal matrices.
        off_diagonals: (q, steps), their off-diagonals; the last entry belongs to the next vector.
    """

    current: np.ndarray
    previous: np.ndarray
    diagonals: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    off_diagonals: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def steps(self) -> int:
        """Number of steps so far."""
        return len(self.diagonals.T)


def random_signs(normals: np.ndarray) -> np.ndarray:
    """Turn standard normals into probes of random signs, in place.

    Example:
        >>> random_signs(np.array([[0.3, -1.2]]))
        array([[ 1., -1.]])
    """
    np.copysign(1.0, normals, out=normals)
    return normals


def init_state(probes: np.ndarray) -> LanczosState:
    """Start from probes (q, P) of random signs, which are taken over, not copied."""
    probes /= np.sqrt(probes.shape[1])
    empty = np.zeros((len(probes), 0))
    return LanczosState(probes, np.zeros_like(probes), empty, empty)


def step(state: LanczosState, product: Product) -> None:
    """Perform one step of every probe, in place; a probe whose Krylov space is exhausted remains as
    it is, with coefficients of zero.
    """
    image = product(state.current)
    before = state.off_diagonals[:, -1] if state.steps else np.zeros(len(image))
    diagonal, beta = np.empty(len(image)), np.empty(len(image))
    for probe in range(len(image)):
        row, current = image[probe], state.current[probe]
        row -= before[probe] * state.previous[probe]
        diagonal[probe] = current @ row
        row -= diagonal[probe] * current
        beta[probe] = np.linalg.norm(row)
        scale = max(np.abs(state.diagonals[probe]).max(initial=0.0), abs(diagonal[probe]))
        if beta[probe] <= len(row) * _EPSILON * scale:
            beta[probe], row[:] = 0.0, 0.0
        else:
            row /= beta[probe]
    state.previous, state.current = state.current, image
    state.diagonals = np.column_stack([state.diagonals, diagonal])
    state.off_diagonals = np.column_stack([state.off_diagonals, beta])


@dataclass(frozen=True)
class SpectralDensity:
    """Gauss rules of some probes.

    Attributes:
        nodes: (q, m), Ritz values, ascending; below 0 only by rounding.
        weights: (q, m), probabilities: each row sums to 1.
        parameters: P.
    """

    nodes: np.ndarray
    weights: np.ndarray
    parameters: int

    def trace_of(self, power: float = 1.0) -> Interval[float]:
        """Estimate tr C^power, with its interval."""
        values = self.nodes**power
        return mean_interval(self.parameters * np.einsum("qm,qm->q", self.weights, values))

    def count_above(self, thresholds: np.ndarray) -> list[Interval[float]]:
        """Estimate the number of eigenvalues above each threshold."""
        return [
            mean_interval(
                self.parameters
                * np.einsum("qm,qm->q", self.weights, (self.nodes > threshold).astype(float))
            )
            for threshold in thresholds
        ]


def mean_interval(values: np.ndarray) -> Interval[float]:
    """Return the mean of independent values with Student's two-sided 95 % interval.

    Example:
        >>> mean_interval(np.array([1.0, 1.0, 1.0]))
        Interval(value=1.0, low=1.0, high=1.0)
    """
    mean, count = float(values.mean()), len(values)
    if count < 2:
        return Interval(mean, float("-inf"), float("inf"))
    half = float(stdtrit(count - 1, 0.975) * values.std(ddof=1) / np.sqrt(count))
    return Interval(mean, mean - half, mean + half)


def density_of(state: LanczosState) -> SpectralDensity:
    """Return the Gauss rules of the steps so far.

    Example:
        >>> state = init_state(random_signs(np.random.default_rng(0).standard_normal((2, 4))))
        >>> for _ in range(2):
        ...     step(state, lambda v: v * np.array([1.0, 1.0, 3.0, 3.0]))
        >>> # two distinct eigenvalues: two steps are exact
        >>> round(density_of(state).trace_of().value, 9)
        8.0
    """
    nodes, weights = np.empty_like(state.diagonals), np.empty_like(state.diagonals)
    for probe in range(len(nodes)):
        values, vectors = scipy.linalg.eigh_tridiagonal(
            state.diagonals[probe], state.off_diagonals[probe, :-1]
        )
        nodes[probe], weights[probe] = values, vectors[0] ** 2
    return SpectralDensity(nodes, weights, state.current.shape[1])
