"""Forward maps against closed forms, dense assembly, finite differences and the adjoint identity
v^T (J w) = (J^T v)^T w.
"""

import numpy as np
import pytest
import torch

from eigenscape.errors import BadInput
from eigenscape.model_constrained.burgers import Burgers, random_waves
from eigenscape.model_constrained.deconvolution import (
    Deconvolution,
    blur_matrix,
    smooth_prior_factor,
)
from eigenscape.model_constrained.heat import (
    LENGTHS,
    SOURCE,
    Heat,
    conduct,
    solve_in_blocks,
    solve_one_by_one,
)

MAPS = {
    "deconvolution": Deconvolution(blur_matrix(17, 6, 0.08)),
    "heat": Heat(elements=5, modes=6, observed=4),
    "burgers": Burgers(points=12, viscosity=0.02, step=0.03),
    "advection": Burgers(points=12, viscosity=0.02, step=0.03, advection=True),
}


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


# torch itself compiles with torch.jit.script when forward mode is used first, and calls that
# deprecated.
@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("forward", MAPS.values(), ids=MAPS)
def test_forward_and_reverse_derivatives_are_adjoint(forward):
    u, w, v = (
        drawn(forward.unknowns),
        drawn(forward.unknowns, seed=1),
        drawn(forward.observations, seed=2),
    )
    along = torch.func.jvp(forward, (u,), (w,))[1] @ v
    back = torch.func.vjp(forward, u)[1](v)[0] @ w
    # Both are sums of about 10^3 products of numbers of order 1 to 10.
    assert float(along) == pytest.approx(float(back), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("forward", MAPS.values(), ids=MAPS)
def test_gradients_agree_with_central_differences(forward):
    u, v, h = drawn(forward.unknowns), drawn(forward.observations, seed=2), 1e-5
    gradient = torch.func.grad(lambda x: (forward(x) * v).sum())(u)
    shifts = h * torch.eye(forward.unknowns, dtype=u.dtype)
    differences = ((forward(u + shifts) - forward(u - shifts)) @ v) / (2 * h)
    # h^2 times third derivatives, and eps / h: 1e-10 of values of order 10, 1e-8 with their
    # factors.
    torch.testing.assert_close(gradient, differences, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("forward", MAPS.values(), ids=MAPS)
def test_batched_gradients_are_those_of_one_at_a_time(forward):
    u, v = drawn(3, 2, forward.unknowns), drawn(forward.observations, seed=2)
    loss = lambda x: (forward(x) @ v).square().sum()  # noqa: E731
    batched = torch.func.vmap(torch.func.grad(loss))(u)
    single = torch.stack([torch.func.grad(loss)(row) for row in u])
    torch.testing.assert_close(batched, single, rtol=1e-11, atol=1e-11)
    assert forward(u).shape == (3, 2, forward.observations)


def test_second_derivatives_of_the_plate():
    plate, v, h = MAPS["heat"], drawn(4, seed=2), 1e-5
    u = drawn(6)
    gradient = torch.func.grad(lambda x: (plate(x) * v).sum())
    hessian = torch.func.jacrev(gradient)(u)
    differences = torch.stack(
        [(gradient(u + e) - gradient(u - e)) / (2 * h) for e in h * torch.eye(6, dtype=u.dtype)]
    )
    torch.testing.assert_close(hessian, differences, rtol=1e-6, atol=1e-6)


def test_plate_of_layers_is_solved_exactly_at_its_nodes():
    """No flux sideways: q(y) = 20 (1 - y), T(y) = int_0^y q / c, and linear elements with this load
    are exact at the nodes.
    """
    e = 6
    c = torch.from_numpy(np.exp(np.random.default_rng(3).standard_normal(e)))
    plate = Heat(e, 1, 1)
    found = conduct(c[:, None].expand(e, e), torch.from_numpy(plate.load))
    edges = torch.arange(e + 1, dtype=torch.float64) / e
    heat = SOURCE * (edges - edges**2 / 2)
    expected = torch.cumsum((heat[1:] - heat[:-1]) / c, dim=0)
    torch.testing.assert_close(found, expected[:, None].expand(e, e + 1), rtol=1e-12, atol=1e-12)


def test_solution_agrees_with_dense_assembly_element_by_element():
    e, plate = 4, Heat(4, 5, 3)
    z = drawn(5)
    conductivity = plate.conductivity(z).numpy()
    # The stiffness of a bilinear square by 2-point Gauss quadrature, which is exact for it.
    gauss_points = np.array([-1.0, 1.0]) / np.sqrt(3)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    local = np.zeros((4, 4))
    for x in gauss_points:
        for y in gauss_points:
            gradients = (
                np.stack(
                    [
                        corners[:, 0] * (1 + corners[:, 1] * y),
                        corners[:, 1] * (1 + corners[:, 0] * x),
                    ]
                )
                / 4
            )
            local += gradients.T @ gradients
    nodes = (e + 1) ** 2
    stiffness, load = np.zeros((nodes, nodes)), np.zeros(nodes)
    for row in range(e):
        for column in range(e):
            first = row * (e + 1) + column
            own = [first, first + 1, first + e + 2, first + e + 1]
            stiffness[np.ix_(own, own)] += conductivity[row, column] * local
            load[own] += SOURCE / (4 * e**2)
    free = slice(e + 1, nodes)
    expected = np.linalg.solve(stiffness[free, free], load[free])
    np.testing.assert_allclose(plate.temperature(z).numpy().ravel(), expected, rtol=1e-11)


@pytest.mark.parametrize("elements", [1, 2, 7])
def test_compiled_band_solver_agrees_with_batched_blocks(elements):
    """Two routes to K^-1 f; conductivities over 4 decades, so that rounding is below 1e4 eps times
    the number of nodes.
    """
    generator = torch.Generator().manual_seed(elements)
    conductivity = 10 ** (
        4 * torch.rand(5, elements, elements, dtype=torch.float64, generator=generator) - 2
    )
    load = torch.randn(5, elements, elements + 1, dtype=torch.float64, generator=generator)
    one_by_one, in_blocks = (
        solve_one_by_one(conductivity, load),
        solve_in_blocks(conductivity, load),
    )
    assert float((one_by_one - in_blocks).abs().max() / in_blocks.abs().max()) < 1e-10
    # bits do not depend on the others
    assert torch.equal(solve_one_by_one(conductivity[2:3], load[2:3])[0], one_by_one[2])
    assert solve_one_by_one(conductivity.float(), load.float()).dtype == torch.float32
    assert torch.isnan(solve_one_by_one(-conductivity[:1], load[:1])).any()


def test_field_of_the_plate_has_its_covariance():
    """All modes together give the covariance back: sum_j l_j phi_j(x) phi_j(x') = exp(-|dx|/l_x -
    |dy|/l_y).
    """
    e = 5
    field = Heat(e, e * e, 1).field.reshape(e * e, -1)
    centres = (np.arange(e) + 0.5) / e
    y, x = (axis.ravel() for axis in np.meshgrid(centres, centres, indexing="ij"))
    expected = np.exp(-np.abs(x[:, None] - x) / LENGTHS[0] - np.abs(y[:, None] - y) / LENGTHS[1])
    np.testing.assert_allclose(field.T @ field, expected, atol=1e-13)


def test_observations_interpolate_linearly():
    plate = Heat(4, 2, 7)
    rows = np.arange(1, 5) / 4
    heights = plate.observation @ np.repeat(rows, 5)
    from scipy.stats import qmc

    np.testing.assert_allclose(heights, qmc.Halton(2, scramble=False).random(8)[1:, 1], atol=1e-14)


def test_blur_of_a_gaussian_is_a_wider_gaussian():
    """Variances add under convolution; the midpoint rule is accurate to machine precision for
    smooth decaying functions.
    """
    m, b, s = 200, 0.05, 0.06
    t = (np.arange(m) + 0.5) / m
    matrix = blur_matrix(m, m, b)
    bump = lambda width: np.exp(-((t - 0.5) ** 2) / (2 * width**2)) / np.sqrt(2 * np.pi * width**2)  # noqa: E731
    # Beyond the ends lie exp(-0.5^2 / 2 s^2) of the mass.
    np.testing.assert_allclose(matrix @ bump(s), bump(np.hypot(b, s)), atol=1e-8)


def test_prior_of_the_deconvolution_is_that_of_its_precision():
    m, correlation = 12, 0.3
    factor = smooth_prior_factor(m, correlation)
    laplacian = m**2 * (
        np.diag(-2 * np.ones(m)) + np.diag(np.ones(m - 1), 1) + np.diag(np.ones(m - 1), -1)
    )
    laplacian[0, 0] = laplacian[-1, -1] = -(m**2)
    identity = factor @ (np.eye(m) / correlation**2 - laplacian)
    np.testing.assert_allclose(identity / identity[0, 0], np.eye(m), atol=1e-12)


def test_burgers_conserves_mass_and_is_consistent():
    step = Burgers(points=64, viscosity=0.01, step=1e-3)
    x = torch.arange(64, dtype=torch.float64) / 64
    u = torch.sin(2 * torch.pi * x)
    assert float((step(u) - u).sum()) == pytest.approx(0, abs=1e-13)
    exact = -u * 2 * torch.pi * torch.cos(2 * torch.pi * x) - 0.01 * (2 * torch.pi) ** 2 * u
    # Central differences: (4 pi dx)^2 / 6 of the flux' slope pi, the largest error.
    bound = torch.pi * (4 * torch.pi / 64) ** 2 / 6 * 1.1
    assert float((step.tangent(u) - exact).abs().max()) < bound


def test_states_of_a_trajectory_follow_each_other():
    step = MAPS["burgers"]
    states = step.trajectory(drawn(4, 12) / 4, 3)
    torch.testing.assert_close(states[:, 2], step(step(states[:, 0])), rtol=0, atol=0)


def test_waves_have_the_mean_square_that_is_promised():
    coefficients = np.eye(6) * np.sqrt(6)  # as many draws with mean square 1
    assert np.mean(random_waves(coefficients, 32) ** 2) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    "made",
    [lambda: blur_matrix(4, 5, 0.1), lambda: Heat(2, 5, 1), lambda: Burgers(64, 0.02, 0.02)],
    ids=["deconvolution", "heat", "burgers"],
)
def test_settings_that_cannot_be_used_are_refused(made):
    with pytest.raises(BadInput, match="expected"):
        made()
