"""C of linear networks with a model in their loss, exact for every alpha: one layer in closed form,
two layers by exact quadrature.
"""

import itertools

import numpy as np
import pytest
import torch

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.architecture import Architecture
from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.model_constrained.deconvolution import Deconvolution, blur_matrix
from eigenscape.model_constrained.linear import second_moment
from eigenscape.model_constrained.losses import mc_dnn
from eigenscape.model_constrained.problems import case_named
from eigenscape.networks.activations import LINEAR
from eigenscape.networks.draws import draws_of
from eigenscape.networks.functional import gradients_and_losses, network_output
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.priors import prior_named
from eigenscape.networks.torch_loss import TorchLoss

SAMPLES = 20_000


def data(n=6, m=3, q=4, seed=0):
    generator = np.random.default_rng(seed)
    forward = generator.standard_normal((q, m))
    u = generator.standard_normal((n, m)) + 0.5
    return forward, u, u @ forward.T + 0.1 * generator.standard_normal((n, q))


def covariance(size, seed):
    root = np.random.default_rng(seed).standard_normal((size, size))
    return root @ root.T / size + np.eye(size)


def sampled(loss, prior="standard_normal"):
    """15 parameters from the generator of all cells: those of a network 2-2-3, whose loss is
    another one.
    """
    network = Architecture(1, 2, 2, 3)
    draws = draws_of(prior_named(prior), network, key=5)
    sampler = GradientSampler(network, draws, TorchLoss(lambda like: loss))
    return sum_of_samples(sampler, range(SAMPLES)).triangle.matrix(1 / SAMPLES)


def five_standard_errors(exact):
    """Gradients are Gaussian: Var(g_i g_j) <= 3 C_ii C_jj, whatever their mean."""
    return 5 * np.sqrt(3 * np.outer(np.diag(exact), np.diag(exact)) / SAMPLES)


@pytest.mark.parametrize("alpha", [0.0, 0.7, 30.0])
@pytest.mark.parametrize("kind", ["mcdnn", "tnet"])
def test_sampled_second_moment_of_one_layer_is_the_closed_form(alpha, kind):
    forward, u, y = data()
    w_u, w_y = covariance(3, 1), covariance(4, 2)
    tensors = [torch.from_numpy(array) for array in (u, y, w_u, w_y)]
    u_0 = torch.from_numpy(u.mean(axis=0))

    def loss(theta):
        network = lambda x: x @ theta[:12].reshape(4, 3) + theta[12:]  # noqa: E731
        wanted = tensors[0] if kind == "mcdnn" else u_0
        return mc_dnn(network, wanted, tensors[1], Deconvolution(forward), alpha, *tensors[2:])

    target = u if kind == "mcdnn" else np.tile(u.mean(axis=0), (len(u), 1))
    exact = second_moment(target, y, forward, alpha, np.ones(15), w_u, w_y)
    assert np.all(np.abs(sampled(loss) - exact) < five_standard_errors(exact))
    # A part of alpha that is lost or counted twice would be far outside.
    if alpha:
        other = second_moment(target, y, forward, 1.2 * alpha, np.ones(15), w_u, w_y)
        assert np.any(np.abs(other - exact) > 2 * five_standard_errors(exact))


@pytest.mark.parametrize("name", ["deconvolution-mcdnn", "deconvolution-tnet"])
def test_gradient_of_a_case_is_the_affine_one(name):
    """The cases as they are, with their scales and shifts, without sampling: C from exact
    derivatives of the loss at zero.
    """
    settings = {"pairs": 7, "deconvolution": {"points": 5, "observed": 3, "blur": 0.1}}
    section = ModelConstrainedSection.model_validate(settings)
    case = case_named(name, section, seed=3)
    q, m, alpha = 3, 5, 12.0

    def loss(theta):
        tensors = {key: torch.from_numpy(array) for key, array in case.arrays.items()}
        return case.loss(
            lambda x: x @ theta[: q * m].reshape(q, m) + theta[q * m :], alpha, tensors
        )

    zero = torch.zeros((q + 1) * m, dtype=torch.float64)
    slope, at_zero = (
        torch.func.jacrev(torch.func.grad(loss))(zero).numpy(),
        torch.func.grad(loss)(zero).numpy(),
    )
    variances = np.linspace(0.2, 2.0, len(zero))
    expected = (slope * variances) @ slope + np.outer(at_zero, at_zero)
    # The case observes (G u - shift) / scale and has relative errors in its loss: the same from the
    # text of the documentation.
    u, y, matrix = case.problem.targets, case.problem.inputs, blur_matrix(m, q, 0.1)
    mean, shift = u.mean(axis=0), (u @ matrix.T).mean(axis=0)
    scale = np.sqrt(np.mean((u @ matrix.T - shift) ** 2))
    target = u if name.endswith("mcdnn") else np.tile(mean, (len(u), 1))
    precisions = 1.0 / (m * np.mean((u - mean) ** 2)), 1.0 / q
    found = second_moment(
        target, y, matrix / scale, alpha, variances, *precisions, constant=-shift / scale
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("alpha", [0.0, 5.0])
def test_sampled_second_moment_of_two_layers_is_that_of_exact_quadrature(alpha):
    """The network is affine in every single parameter, so products of four gradients have at most
    degree 8 in each.

    Five Gauss-Hermite nodes a parameter integrate degree 9: C, and the fourth moments of its
    standard errors, are exact.
    """
    architecture, forward = Architecture(1, 1, 2, 2), np.array([[1.0, 0.3], [-0.4, 0.8]])
    _, u, y = data(5, 2, 2, seed=4)
    tu, ty = torch.from_numpy(u), torch.from_numpy(y)

    def loss(theta):
        return mc_dnn(
            lambda x: network_output(theta, x, architecture, LINEAR),
            tu,
            ty,
            Deconvolution(forward),
            alpha,
        )

    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    size = architecture.parameters
    grid = torch.from_numpy(np.array(list(itertools.product(nodes, repeat=size))))
    masses = np.prod(
        np.array(list(itertools.product(weights / weights.sum(), repeat=size))), axis=1
    )
    gradients = gradients_and_losses(grid, loss, 4096)[0].numpy()
    exact = gradients.T @ (masses[:, None] * gradients)
    fourth = (gradients**2).T @ (masses[:, None] * gradients**2)

    draws = draws_of(prior_named("standard_normal"), architecture, key=5)
    sampler = GradientSampler(architecture, draws, TorchLoss(lambda like: loss))
    found = sum_of_samples(sampler, range(SAMPLES)).triangle.matrix(1 / SAMPLES)
    assert size == 7
    assert np.all(np.abs(found - exact) < 6 * np.sqrt(fourth / SAMPLES))
