"""Oracle 29: optima of linear networks are Tikhonov solutions, by three routes: gradient zero,
closed form, least squares.
"""

import numpy as np
import pytest
import torch

from eigenscape.model_constrained.deconvolution import (
    Deconvolution,
    blur_matrix,
    smooth_prior_factor,
)
from eigenscape.model_constrained.linear import LinearNetwork, mc_dnn_optimum
from eigenscape.model_constrained.losses import half_mean_square, mc_dnn, mc_tangent

M, Q = 7, 5


def pairs(n, seed=0, noise=0.1):
    generator = np.random.default_rng(seed)
    forward = generator.standard_normal((Q, M)) / np.sqrt(M)
    u = generator.standard_normal((n, M)) + 1.0
    return forward, u, u @ forward.T + noise * generator.standard_normal((n, Q))


def covariance(size, seed):
    root = np.random.default_rng(seed).standard_normal((size, size))
    return root @ root.T / size + np.eye(size)


def tnet_optimum(u_0, y, forward, alpha) -> LinearNetwork:
    """The optimum of mcDNN with u_0 (m,) in the place of every u."""
    return mc_dnn_optimum(np.tile(u_0, (len(y), 1)), y, forward, alpha)


def tikhonov(y, u_0, forward, alpha, gamma=None, noise=None):
    """The u of least |y - G u|^2_{Lambda^-1} + |u - u_0|^2_{Gamma^-1} / alpha, for y (..., q) and
    u_0 (..., m).

    Solved as one least-squares problem in the factors of the weights, and not by the normal
    equations that the optima are made of.
    """
    m, q = forward.shape[1], forward.shape[0]
    root_gamma = np.linalg.inv(np.linalg.cholesky(np.eye(m) if gamma is None else gamma)) / np.sqrt(
        alpha
    )
    root_noise = np.linalg.inv(np.linalg.cholesky(np.eye(q) if noise is None else noise))
    right = np.concatenate(
        [
            np.atleast_2d(y) @ root_noise.T,
            np.broadcast_to(np.atleast_2d(u_0) @ root_gamma.T, (len(np.atleast_2d(y)), m)),
        ],
        axis=1,
    )
    found = np.linalg.lstsq(
        np.concatenate([root_noise @ forward, root_gamma]), right.T, rcond=None
    )[0].T
    return np.asarray(found.reshape(*y.shape[:-1], m))


def gradient_at(optimum, loss):
    weight, bias = torch.from_numpy(optimum.weight), torch.from_numpy(optimum.bias)
    return torch.func.grad(lambda w, b: loss(lambda y: y @ w.T + b), argnums=(0, 1))(weight, bias)


@pytest.mark.parametrize("n", [20, 3], ids=["full_rank", "fewer_pairs_than_observations"])
@pytest.mark.parametrize("alpha", [0.3, 40.0])
def test_mc_dnn_optimum_is_tikhonovs_and_its_gradient_vanishes(n, alpha):
    forward, u, y = pairs(n)
    gamma, noise = covariance(M, 1), covariance(Q, 2)
    optimum = mc_dnn_optimum(u, y, forward, alpha, gamma, noise)
    tensors = [torch.from_numpy(a) for a in (u, y, np.linalg.inv(gamma), np.linalg.inv(noise))]
    loss = lambda network: mc_dnn(  # noqa: E731
        network, tensors[0], tensors[1], Deconvolution(forward), alpha, tensors[2], tensors[3]
    )
    for part in gradient_at(optimum, loss):
        # Sums over n of products with weights up to alpha |G|^2: 1e-16 of some hundred.
        assert float(part.abs().max()) < 1e-11 * (1 + alpha)

    new = np.random.default_rng(5).standard_normal((4, Q)) * 2
    centred = (y - y.mean(axis=0)).T
    seen = centred @ np.linalg.pinv(centred)
    u_0 = (
        u.mean(axis=0)
        + (new - y.mean(axis=0)) @ ((u - u.mean(axis=0)).T @ np.linalg.pinv(centred)).T
    )
    u_0 -= (
        alpha
        * (new - y.mean(axis=0))
        @ (gamma @ forward.T @ np.linalg.inv(noise) @ (np.eye(Q) - seen)).T
    )
    np.testing.assert_allclose(
        optimum(new), tikhonov(new, u_0, forward, alpha, gamma, noise), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("n", [20, 3], ids=["full_rank", "fewer_pairs_than_observations"])
def test_tnet_optimum_is_tikhonovs(n):
    forward, u, y = pairs(n)
    u_0, alpha = u.mean(axis=0), 3.0
    optimum = tnet_optimum(u_0, y, forward, alpha)
    loss = lambda network: mc_dnn(  # noqa: E731
        network, torch.from_numpy(u_0), torch.from_numpy(y), Deconvolution(forward), alpha
    )
    assert max(float(part.abs().max()) for part in gradient_at(optimum, loss)) < 1e-11
    new = np.random.default_rng(5).standard_normal((4, Q))
    centred = (y - y.mean(axis=0)).T
    replaced = y.mean(axis=0) + (new - y.mean(axis=0)) @ (centred @ np.linalg.pinv(centred)).T
    system = np.eye(M) + alpha * forward.T @ forward
    expected = np.linalg.solve(system, (u_0 + alpha * replaced @ forward).T).T
    np.testing.assert_allclose(optimum(new), expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(
        tikhonov(replaced, u_0, forward, alpha), expected, rtol=1e-10, atol=1e-10
    )


def test_minimising_the_loss_itself_arrives_at_the_closed_form():
    """Not only a stationary point: minimising the torch loss itself leads there."""
    forward, u, y = pairs(30)
    optimum = mc_dnn_optimum(u, y, forward, 2.0)
    data = [torch.from_numpy(a) for a in (u, y)]
    theta = torch.zeros(M, Q + 1, dtype=torch.float64)
    loss = lambda t: mc_dnn(lambda x: x @ t[:, :Q].T + t[:, Q], *data, Deconvolution(forward), 2.0)  # noqa: E731
    hessian = torch.func.jacrev(torch.func.grad(loss))(theta).reshape(theta.numel(), theta.numel())
    # the loss is quadratic: one Newton step
    step = torch.linalg.solve(hessian, torch.func.grad(loss)(theta).reshape(-1))
    found = theta - step.reshape(theta.shape)
    np.testing.assert_allclose(found[:, :Q].numpy(), optimum.weight, atol=1e-10)
    np.testing.assert_allclose(found[:, Q].numpy(), optimum.bias, atol=1e-10)


def test_identity_forward_map_blends_prior_and_data():
    y = np.random.default_rng(0).standard_normal((30, M))
    u_0, alpha = np.arange(M) * 1.0, 4.0
    found = tnet_optimum(u_0, y, np.eye(M), alpha)(y[:3])
    np.testing.assert_allclose(found, (u_0 + alpha * y[:3]) / (1 + alpha), rtol=1e-11, atol=1e-11)


def test_tnet_does_no_worse_than_its_prior_on_data_without_noise():
    """|u - u_true| <= |u_0 - u_true|: the error is (I + alpha G^T G)^-1 (u_0 - u_true), whose norm
    is no larger.
    """
    m, q = 30, 12
    forward = blur_matrix(m, q, 0.05)
    u = np.random.default_rng(1).standard_normal((60, m)) @ smooth_prior_factor(m).T
    u_0 = np.full(m, 0.3)
    for alpha in (0.1, 10.0, 1e4):
        found = tnet_optimum(u_0, u @ forward.T, forward, alpha)(u @ forward.T)
        before, after = (np.linalg.norm(guess - u, axis=1) for guess in (u_0, found))
        assert np.all(after <= before * (1 + 1e-10))
        assert np.all(after < 0.999 * before)  # and the data do say something


def test_losses_by_their_sums():
    forward, u, y = pairs(6)
    weight = torch.from_numpy(np.random.default_rng(4).standard_normal((M, Q)))
    network, model = (lambda x: torch.tanh(x @ weight.T)), Deconvolution(forward)
    tu, ty = torch.from_numpy(u), torch.from_numpy(y)
    found = np.tanh(y @ weight.numpy().T)
    data = np.sum((found - u) ** 2) / 12
    physics = np.sum((found @ forward.T - y) ** 2) / 12
    assert float(half_mean_square(network(ty) - tu)) == pytest.approx(data, rel=1e-13)
    assert float(mc_dnn(network, tu, ty, model, 0.0)) == pytest.approx(data, rel=1e-13)
    assert float(mc_dnn(network, tu, ty, model, 2.5)) == pytest.approx(
        data + 2.5 * physics, rel=1e-13
    )
    u_0 = np.linspace(0, 1, M)
    prior = np.sum((found - u_0) ** 2) / 12
    assert float(mc_dnn(network, torch.from_numpy(u_0), ty, model, 2.5)) == pytest.approx(
        prior + 2.5 * physics, rel=1e-13
    )
    decoder = lambda x: x @ weight  # noqa: E731
    decoded = np.sum((found @ weight.numpy() - found @ forward.T) ** 2) / 12
    value = float(half_mean_square(decoder(network(ty)) - model(network(ty))))
    assert value == pytest.approx(decoded, rel=1e-13)


def test_mc_tangent_by_its_sums():
    """S = 2 steps with data, R = 3 with the model, the third from the network's own state."""
    generator = np.random.default_rng(0)
    states, dt = generator.standard_normal((4, 3, M)), 0.1
    noise = 0.01 * generator.standard_normal((4, M))
    network, step = torch.sin, (lambda v: 0.9 * v)
    v = [states[:, 0] + noise]
    for _ in range(3):
        v.append(v[-1] + dt * np.sin(v[-1]))
    data = sum(np.sum((v[s] - states[:, s]) ** 2) for s in (1, 2)) / 8
    model = sum(np.sum((v[s + 1] - 0.9 * v[s]) ** 2) for s in (0, 1, 2)) / 8
    found = mc_tangent(
        network, torch.from_numpy(states), step, dt, 5.0, 3, noise=torch.from_numpy(noise)
    )
    assert float(found) == pytest.approx(data + 5 * model, rel=1e-13)
    assert float(
        mc_tangent(
            network, torch.from_numpy(states), step, dt, 0.0, 3, noise=torch.from_numpy(noise)
        )
    ) == pytest.approx(data, rel=1e-13)


def test_exact_tangent_has_no_loss():
    """A network that knows the equation's tangent has loss 0 in both parts."""
    from eigenscape.model_constrained.burgers import Burgers

    equation = Burgers(points=12, viscosity=0.02, step=0.03)
    states = equation.trajectory(
        torch.from_numpy(np.random.default_rng(0).standard_normal((5, 12))) / 3, 2
    )
    assert float(
        mc_tangent(equation.tangent, states, equation, equation.step, 100.0, 3)
    ) == pytest.approx(0, abs=1e-26)
