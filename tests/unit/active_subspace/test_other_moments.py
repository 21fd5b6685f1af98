"""Every other second moment against torch.func, against the identities that join them, and against
the Hessian.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders import EPSILON, draws, sampler, second_moment

from eigenscape.active_subspace import other_moments
from eigenscape.active_subspace.other_moments import (
    centred,
    descend,
    full_batch_moments,
    gauss_newton,
    local_prior_moment,
    output_jacobians,
    per_datum_gradients,
    per_datum_moments,
)
from eigenscape.active_subspace.tangent_kernel import ntk_gram
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput, NotFiniteGradient
from eigenscape.networks import functional
from eigenscape.networks.activations import ACTIVATIONS, TANH
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.network_loss import NetworkLoss, fully_connected
from eigenscape.networks.priors import scaled_normal
from eigenscape.networks.problems import Problem, sine_regression

NETWORK = Architecture(2, 3)
RELATIVE = 1e3 * EPSILON
"""Of two routes to the same gradient: a few hundred operations with conditioning of order 1, each
off by eps."""


def close(found: np.ndarray, expected: np.ndarray, relative: float = RELATIVE) -> None:
    """Equal to ``relative`` times the largest entry."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=relative * np.abs(expected).max())


def outputs_of(source: GradientSampler[NetworkLoss], theta: torch.Tensor) -> torch.Tensor:
    """f at all inputs, (n, outputs)."""
    return functional.network_output(
        theta,
        torch.as_tensor(source.loss.problem.inputs),
        source.architecture,
        source.loss.activation,
    )


def torch_jacobians(
    source: GradientSampler[NetworkLoss], count: int, *, of_loss: bool
) -> np.ndarray:
    """(count, n, P) by vmap(jacrev): of l_i, or of the output."""
    targets = torch.as_tensor(source.loss.problem.targets)

    def function(theta: torch.Tensor) -> torch.Tensor:
        outputs = outputs_of(source, theta)
        return ((outputs - targets) ** 2).mean(dim=1) if of_loss else outputs[:, 0]

    return torch.func.vmap(torch.func.jacrev(function))(
        torch.from_numpy(source.parameters(0, count).copy())
    ).numpy()


def hessian_of(source: GradientSampler[NetworkLoss], theta: np.ndarray) -> np.ndarray:
    """Of the loss at theta, (P, P)."""
    x, y = (
        torch.as_tensor(array)
        for array in (source.loss.problem.inputs, source.loss.problem.targets)
    )
    loss = functional.mean_squared_residual(x, y, source.architecture, source.loss.activation)
    # reverse over reverse: torch.func.hessian goes forward, for which torch compiles decompositions
    # by its deprecated torch.jit.script
    return torch.func.jacrev(torch.func.grad(loss))(torch.as_tensor(theta)).numpy()


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda activation: activation.name)
@pytest.mark.parametrize("outputs", [1, 2])
def test_per_datum_gradients_are_those_of_torch(activation, outputs: int) -> None:
    x = np.linspace(-0.7, 1.0, 7)[:, None]
    problem = Problem(x, np.hstack([np.sin(3 * x), np.cos(x)])[:, :outputs])
    source = sampler(Architecture(2, 3, outputs=outputs), activation=activation, problem=problem)
    close(
        per_datum_gradients(source, 0, 4).reshape(4, 7, -1),
        torch_jacobians(source, 4, of_loss=True),
    )


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda activation: activation.name)
def test_output_jacobians_are_those_of_torch(activation) -> None:
    source = sampler(NETWORK, activation=activation)
    close(output_jacobians(source, 0, 4), torch_jacobians(source, 4, of_loss=False))


@pytest.mark.parametrize(
    ("precision", "relative"), [(np.float64, RELATIVE), (np.float32, 1e3 * 2.0**-23)]
)
def test_output_jacobians_are_right_where_the_residual_is_zero(precision, relative: float) -> None:
    """Without biases an odd network gives exactly 0 at x = 0, which is the target there."""
    problem = sine_regression(points=5)
    source = sampler(NETWORK, prior="glorot_uniform", problem=problem, precision=precision)
    assert not per_datum_gradients(source, 0, 4).reshape(4, 5, -1)[:, 2].any()

    jacobians = output_jacobians(source, 0, 4)
    close(
        jacobians,
        torch_jacobians(
            sampler(NETWORK, prior="glorot_uniform", problem=problem), 4, of_loss=False
        ),
        relative,
    )
    assert jacobians.dtype == precision


def test_only_the_samples_whose_residual_is_zero_are_recomputed() -> None:
    """The target is the output of sample 1: its residuals vanish and those of its neighbours do
    not.
    """
    source = sampler(NETWORK)
    expected = torch_jacobians(source, 3, of_loss=False)
    theta = torch.from_numpy(source.parameters(1, 1)[0].copy())
    near = sampler(
        NETWORK, problem=Problem(source.loss.problem.inputs, outputs_of(source, theta).numpy())
    )
    residuals = per_datum_gradients(near, 0, 3).reshape(3, 10, -1)[..., -1]
    assert (residuals[1] == 0).any()
    assert (residuals[[0, 2]] != 0).all()
    close(output_jacobians(near, 0, 3), expected)


def test_several_outputs_are_refused_with_the_reason() -> None:
    x = np.ones((2, 1))
    source = sampler(Architecture(1, 2, outputs=2), problem=Problem(x, np.ones((2, 2))))
    with pytest.raises(
        BadInput, match=r"outputs: expected one, since .* cannot be separated .*, found 2"
    ):
        output_jacobians(source, 0, 1)


def test_the_loss_gradient_is_the_mean_of_the_per_datum_gradients() -> None:
    source = sampler(NETWORK)
    rows = per_datum_gradients(source, 3, 5).reshape(5, 10, -1)
    close(rows.mean(axis=1), source.block(3, 5)[0])
    moments, full = per_datum_moments(source, range(3, 8)), full_batch_moments(source, range(3, 8))
    close(moments.gradient_mean, full.gradient_mean)
    assert (moments.rows, full.rows) == (50, 5)


def test_per_datum_moment_exceeds_the_active_subspace_matrix_by_the_covariance_over_the_data() -> (
    None
):
    source = sampler(NETWORK)
    rows = per_datum_gradients(source, 0, 6).reshape(6, 10, -1)
    covariance = sum(np.cov(of_sample, rowvar=False, bias=True) for of_sample in rows) / 6
    difference = (
        per_datum_moments(source, range(6)).second_moment
        - full_batch_moments(source, range(6)).second_moment
    )
    close(difference, covariance)
    assert np.trace(difference) > 0


def test_active_subspace_matrix_is_the_jacobians_weighted_by_residuals() -> None:
    """C = (4/n^2) E[J^T r r^T J], with J and r from torch."""
    source = sampler(NETWORK)
    jacobians = torch_jacobians(source, 6, of_loss=False)
    thetas = torch.from_numpy(source.parameters(0, 6).copy())
    residuals = np.stack(
        [
            (outputs_of(source, theta).numpy() - source.loss.problem.targets)[:, 0]
            for theta in thetas
        ]
    )
    expected = (
        4 / 10**2 * np.einsum("sip,si,sj,sjq->pq", jacobians, residuals, residuals, jacobians) / 6
    )
    close(full_batch_moments(source, range(6)).second_moment, expected)


def test_gauss_newton_is_the_mean_over_samples_and_data() -> None:
    source = sampler(NETWORK)
    jacobians = torch_jacobians(source, 6, of_loss=False)
    close(gauss_newton(source, range(6)), np.einsum("sip,siq->pq", jacobians, jacobians) / 60)


def test_gauss_newton_and_ntk_have_the_same_spectrum_and_trace() -> None:
    """At one theta: n eigenvalues of K against the n largest of n G; n = 5 < P = 22, so the rest
    vanish.
    """
    source = sampler(NETWORK, problem=sine_regression(points=5))
    of_data = np.linalg.eigvalsh(ntk_gram(source, 2))
    of_parameters = np.linalg.eigvalsh(5 * gauss_newton(source, range(2, 3)))
    # eigvalsh errs by P eps lambda_1, and so do the products
    close(of_parameters[-5:], of_data, 22 * 10 * EPSILON)
    assert np.abs(of_parameters[:-5]).max() < 22 * 10 * EPSILON * of_data[-1]

    traces = [np.trace(ntk_gram(source, sample)) for sample in range(4)]
    assert np.trace(gauss_newton(source, range(4))) == pytest.approx(
        np.mean(traces) / 5, rel=RELATIVE
    )


def test_centred_is_the_covariance_and_positive() -> None:
    source = sampler(NETWORK)
    gradients = source.block(0, 40)[0].copy()
    moments = full_batch_moments(source, range(40))
    covariance = centred(moments.second_moment, moments.gradient_mean)
    close(covariance, np.cov(gradients, rowvar=False, bias=True))
    assert np.array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance)[0] > -22 * 10 * EPSILON * np.linalg.norm(covariance, 2)
    assert not np.allclose(covariance, moments.second_moment)
    with pytest.raises(BadInput, match=r"gradient_mean: expected shape \(22,\)"):
        centred(moments.second_moment, moments.gradient_mean[1:])


@pytest.mark.parametrize("moments_of", [full_batch_moments, per_datum_moments, gauss_newton])
def test_batches_change_nothing_but_the_order_of_sums(
    moments_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = moments_of(sampler(NETWORK), range(2, 9))
    monkeypatch.setattr(other_moments, "NUMBERS_PER_BATCH", 500)
    parts = moments_of(sampler(NETWORK), range(2, 9))
    for found, expected in (
        [(parts, whole)]
        if moments_of is gauss_newton
        else [(parts.second_moment, whole.second_moment)]
    ):
        close(found, expected)
        assert np.array_equal(found, found.T)
    with pytest.raises(BadInput, match="samples: expected at least one"):
        moments_of(sampler(NETWORK), range(0))


def test_descent_takes_the_gradient_step_and_takes_back_what_does_not_help() -> None:
    source = sampler(NETWORK)
    start, gradient = source.parameters(1, 1)[0].copy(), source.block(1, 1)[0][0].copy()
    np.testing.assert_array_equal(
        descend(source, 1, 1, first_step=1e-3).parameters, start - 1e-3 * gradient
    )
    np.testing.assert_array_equal(descend(source, 1, 1, first_step=1e6).parameters, start)

    trained = descend(source, 1, 300)
    again, losses = np.empty((1, 22)), np.empty(1)
    other_moments.kernel.fill_gradients(
        trained.parameters[None], again, losses, NETWORK, TANH, source.loss.problem
    )
    assert trained.loss == losses[0] < 0.5 * source.block(1, 1)[1][0]
    assert trained.gradient_norm == np.linalg.norm(again)


def test_local_prior_draws_about_the_centre() -> None:
    """Against torch gradients at centre + tau z, with z the documented draws."""
    source = sampler(NETWORK)
    centre = source.parameters(0, 1)[0].copy()
    thetas = centre + 0.3 * draws(50, 22, key=9)
    x, y = (
        torch.as_tensor(array)
        for array in (source.loss.problem.inputs, source.loss.problem.targets)
    )
    loss = functional.mean_squared_residual(x, y, NETWORK, TANH)
    gradients = functional.gradients_and_losses(torch.from_numpy(thetas), loss)[0].numpy()
    moments = local_prior_moment(source, centre, 0.3, 50, key=9)
    close(moments.second_moment, second_moment(gradients))
    close(moments.gradient_mean, gradients.mean(axis=0))
    assert moments.rows == 50


def test_local_prior_at_a_minimum_tends_to_the_squared_hessian() -> None:
    """The targets are a network's own outputs, so it is a minimum with loss 0.

    Given the draws, grad L = tau H z + O(tau^2), so C/tau^2 - H S H, S = (1/N) sum z z^T, falls at
    least as tau: by 10 or more when tau falls by 10, 5 allowing for the next order. And S
    fluctuates about I by E |H (S - I) H|_F^2 = ((tr H^2)^2 + tr H^4)/N for normal z, of which three
    roots are allowed.
    """
    source = sampler(Architecture(1, 2))
    centre = source.parameters(0, 1)[0].copy()
    targets = outputs_of(source, torch.from_numpy(centre)).numpy()
    taught = sampler(Architecture(1, 2), problem=Problem(source.loss.problem.inputs, targets))
    hessian, samples = hessian_of(taught, centre), 4000
    squared = hessian @ hessian
    normals = draws(samples, 7, key=3)
    given_draws = hessian @ (normals.T @ normals / samples) @ hessian

    scaled = {
        tau: local_prior_moment(taught, centre, tau, samples, key=3).second_moment / tau**2
        for tau in (1e-2, 1e-3)
    }
    errors = {
        tau: np.linalg.norm(matrix - given_draws) / np.linalg.norm(given_draws)
        for tau, matrix in scaled.items()
    }
    assert errors[1e-3] < errors[1e-2] / 5 < 0.1
    fluctuation = np.sqrt((np.trace(squared) ** 2 + np.trace(squared @ squared)) / samples)
    assert np.linalg.norm(scaled[1e-3] - squared) < 3 * fluctuation + errors[1e-3] * np.linalg.norm(
        squared
    )
    assert 3 * fluctuation < np.linalg.norm(squared)


def test_local_prior_of_a_trained_network_tends_to_the_squared_hessian() -> None:
    """As above, at what gradient descent finds: what is left of the gradient adds g g^T, 100 times
    below tau^2 H^2.
    """
    source = sampler(Architecture(1, 2), problem=sine_regression((0.0, 0.6), 6))
    trained = descend(source, 0, 20_000)
    hessian, samples, tau = hessian_of(source, trained.parameters), 4000, 1e-3
    normals = draws(samples, 7, key=3)
    given_draws = tau**2 * hessian @ (normals.T @ normals / samples) @ hessian
    assert trained.gradient_norm**2 < 1e-2 * np.linalg.norm(given_draws)
    found = local_prior_moment(source, trained.parameters, tau, samples, key=3)
    # grad L = g + tau H z + O(tau^2): g g^T gives 1 %, the cross term 2 |g| |tau H z| / sqrt(N)
    # below 1 %, the next order 2 % (test above)
    assert np.linalg.norm(found.second_moment - given_draws) < 0.05 * np.linalg.norm(given_draws)


def test_what_cannot_be_used_is_refused() -> None:
    source = sampler(NETWORK)
    with pytest.raises(BadInput, match=r"centre: expected shape \(22,\), found \(7,\)"):
        local_prior_moment(source, np.zeros(7), 0.1, 5, key=0)
    for spread in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(BadInput, match="spread: expected a positive number"):
            local_prior_moment(source, np.zeros(22), spread, 5, key=0)


def test_gradients_that_overflow_are_named() -> None:
    huge = fully_connected(
        NETWORK,
        ACTIVATIONS["linear"],
        scaled_normal(1e200, 1e200),
        sine_regression(points=3),
        key=1,
    )
    with pytest.raises(NotFiniteGradient, match="sample 4 of d02-w003"):
        per_datum_gradients(huge, 4, 2)
    with pytest.raises(NotFiniteGradient, match="sample 4 of d02-w003"):
        descend(huge, 4, 2)
