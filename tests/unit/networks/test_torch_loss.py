"""Gradients of any torch loss: second moments with closed forms, the kernel's own gradients, and
the network's symmetry.
"""

import numpy as np
import pytest
import torch

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import NotFiniteGradient
from eigenscape.networks import functional
from eigenscape.networks.activations import TANH
from eigenscape.networks.draws import draws_of
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.network_loss import fully_connected
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import sine_regression
from eigenscape.networks.rounding import rounding_growth
from eigenscape.networks.sampler import Device
from eigenscape.networks.torch_loss import TorchLoss

STANDARD_NORMAL = prior_named("standard_normal")


def of_loss(loss, architecture=Architecture(1, 2), **options):
    draws = draws_of(STANDARD_NORMAL, architecture, key=7)
    return GradientSampler(architecture, draws, TorchLoss(lambda like: loss), **options)


def quadratic(size):
    generator = np.random.default_rng(0)
    root = generator.standard_normal((size, size))
    return root + root.T, generator.standard_normal(size)


def test_second_moment_of_a_quadratic():
    """Oracle 1: f = theta^T A theta / 2 + b^T theta has C = A^2 + b b^T; each entry within 5 of its
    standard errors.
    """
    architecture, samples = Architecture(1, 2), 20_000
    a, b = quadratic(architecture.parameters)
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)
    sampler = of_loss(lambda theta: theta @ ta @ theta / 2 + tb @ theta)
    found = sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)
    expected = a @ a + np.outer(b, b)
    # Gaussian g ~ N(b, A^2): Var(g_i g_j) <= E g_i^2 g_j^2 <= 3 C_ii C_jj.
    bound = 5 * np.sqrt(3 * np.outer(np.diag(expected), np.diag(expected)) / samples)
    assert np.all(np.abs(found - expected) < bound)
    gradients, losses = sampler.block(100, 3)
    theta = sampler.parameters(100, 3)
    np.testing.assert_allclose(gradients, theta @ a + b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        losses, np.einsum("ni,ij,nj->n", theta, a, theta) / 2 + theta @ b, rtol=1e-12, atol=1e-12
    )


def test_rank_one_second_moment_of_a_ridge():
    """Oracle 2: f = sin(a^T theta) has C of rank 1 with eigenvalue |a|^2 (1 + e^{-2 |a|^2}) / 2."""
    a = torch.linspace(0.1, 0.5, 7, dtype=torch.float64)
    samples = 20_000
    found = spectrum_of(
        sum_of_samples(of_loss(lambda theta: torch.sin(a @ theta)), range(samples)).triangle.matrix(
            1 / samples
        )
    )
    square = float(a @ a)
    expected = square * (1 + np.exp(-2 * square)) / 2
    # Var cos^2 <= 1/4: standard error |a|^2 / (2 sqrt N).
    assert found.eigenvalues[0] == pytest.approx(expected, abs=5 * square / 2 / np.sqrt(samples))
    assert found.eigenvalues[1] < 1e-14


def test_the_sines_loss_has_the_kernels_gradients():
    architecture, problem = Architecture(2, 4), sine_regression(points=9)

    def beside(like):
        x, y = (
            torch.as_tensor(array, dtype=like.dtype) for array in (problem.inputs, problem.targets)
        )
        return functional.mean_squared_residual(x, y, architecture, TANH)

    draws, loss = draws_of(STANDARD_NORMAL, architecture, key=3), TorchLoss(beside, terms=9)
    by_torch = GradientSampler(architecture, draws, loss)
    by_kernel = fully_connected(architecture, TANH, STANDARD_NORMAL, problem, key=3)
    on_device = GradientSampler(architecture, draws, loss, device=Device.TORCH)
    gradients, losses = by_kernel.block(5, 100)
    allowed = rounding_growth(by_kernel, samples=100, first=5).row_tolerance
    for other in (by_torch, on_device):
        mine, my_losses = other.block(5, 100)
        errors = np.linalg.norm(mine - gradients, axis=1) / np.linalg.norm(gradients, axis=1)
        assert (errors <= allowed).all()
        np.testing.assert_allclose(my_losses, losses, rtol=allowed.max())


def test_samples_without_a_finite_gradient():
    broken = lambda theta: torch.sqrt(theta[0])  # noqa: E731 - NaN where theta_0 < 0
    with pytest.raises(NotFiniteGradient, match="finite gradient"):
        of_loss(broken).block(0, 20)
    gradients, losses = of_loss(broken, non_finite=NonFinite.EXCLUDE).block(0, 20)
    negative = of_loss(broken).parameters(0, 20)[:, 0] < 0
    assert np.array_equal(np.isnan(losses), negative)
    assert not gradients[negative].any()
