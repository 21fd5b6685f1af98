"""The neural tangent kernel at one theta, K = J J^T with J_i = grad f(x_i), and its spectrum.

Jacot, Gabriel, Hongler 2018, arXiv 1806.07572. Its non-zero eigenvalues are those of n G, G the
Gauss-Newton matrix at the same theta (`other_moments`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eigenscape.active_subspace.other_moments import output_jacobians
from eigenscape.active_subspace.spectrum import Spectrum, SpectrumStatus
from eigenscape.errors import NotFiniteGradient
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.network_loss import NetworkLoss


def jacobian_at(sampler: GradientSampler[NetworkLoss], sample: int) -> np.ndarray:
    """Return J, (n, P) in float64, at one sample of the prior.

    Raises:
        BadInput: several outputs.
        NotFiniteGradient: a gradient holds an infinity or NaN, whether samples are excluded or not.
    """
    found = output_jacobians(sampler, sample, 1)
    if not len(found):
        raise NotFiniteGradient(
            f"sample {sample} of {sampler.architecture.label}: expected a finite Jacobian, found"
            " infinity or NaN; take another sample, or float64"
        )
    return np.asarray(found[0], np.float64)


def ntk_gram(sampler: GradientSampler[NetworkLoss], sample: int) -> np.ndarray:
    """Compute K = J J^T, (n, n), at one sample of the prior; its non-zero eigenvalues are those of
    n G there.

    Raises:
        BadInput: several outputs.
        NotFiniteGradient: a gradient holds an infinity or NaN.
    """
    jacobian = jacobian_at(sampler, sample)
    return _symmetric(jacobian @ jacobian.T)


def ntk_spectrum(gauss_newton: Spectrum, jacobian: np.ndarray) -> Spectrum:
    """Return the spectrum of K = J J^T, (n,), given that of G = (1/n) J^T J at the same theta: both
    have the rank of J, and the eigenvalues of K are n times those of G.

    Computed from the two matrices, ranks would be judged by n and by P roundings, and differ.

    Args:
        gauss_newton: the spectrum of G, such as `few_samples.spectrum_of_gradients` gives.
        jacobian: J, (n, P).

    Example:
        >>> from eigenscape.active_subspace.few_samples import spectrum_of_gradients
        >>> from eigenscape.architecture import FlatLayout
        >>> jacobian = np.array([[3.0, 0.0, 4.0], [0.0, 2.0, 0.0]])
        >>> of_g = spectrum_of_gradients(jacobian, FlatLayout(3), 1e-15)
        >>> ntk_spectrum(of_g, jacobian).eigenvalues
        array([25.,  4.])
    """
    points = len(jacobian)
    values = np.zeros(points)
    values[: gauss_newton.rank] = points * gauss_newton.eigenvalues[: gauss_newton.rank]
    resolved = SpectrumStatus.FINITE if gauss_newton.resolved else SpectrumStatus.BELOW_FLOOR
    return replace(
        gauss_newton,
        eigenvalues=values,
        eigenvectors=None,
        diagonal=np.einsum("np,np->n", jacobian, jacobian),
        floor=points * gauss_newton.floor,
        status=SpectrumStatus.RANK_DEFICIENT if gauss_newton.rank < points else resolved,
    )


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    """Mirror the lower triangle of a matrix that is symmetric up to rounding."""
    return np.asarray(np.tril(matrix) + np.tril(matrix, -1).T)
