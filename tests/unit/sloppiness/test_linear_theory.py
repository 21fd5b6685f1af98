"""Closed forms of gradient descent against running it, against exact fractions, and against their
known limits.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from builders import orthogonal
from scipy.linalg import toeplitz

from eigenscape.errors import BadInput
from eigenscape.sloppiness.covariance import (
    cloud_covariance,
    cloud_eigenvalues,
    gramian,
    logarithmic_times,
    task_covariance,
    time_averages,
    time_averages_at,
)
from eigenscape.sloppiness.linear import Dynamics, GradientDescent, GradientFlow
from eigenscape.sloppiness.regimes import (
    ribbon_index,
    truth_boundary,
    truth_slope,
)
from eigenscape.sloppiness.sgd import StochasticDescent
from eigenscape.sloppiness.simulate import data_with_spectrum, descend, simulated_eigenvalues


def predictions(
    dynamics: Dynamics, targets: np.ndarray, starts: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """f_i(t) = f_i(0) + (1 - a_i^t)(y_i - f_i(0)) in the eigenbasis of K, (s, ..., m)."""
    starts = np.asarray(starts, dtype=np.float64)
    gone = dynamics.progress(np.asarray(times))
    gone = gone.reshape(len(gone), *[1] * (starts.ndim - 1), -1)
    return np.asarray(starts + gone * (targets - starts))


def weights(
    inputs: np.ndarray, targets: np.ndarray, start: np.ndarray, step: float, times: np.ndarray
) -> np.ndarray:
    """w_t of gradient descent on |Xw - y|^2 / 2n from w_0, by the singular vectors of X; (s, d).

    w_t = w_0 + V [(1 - a^t) (S^-1 U^T y - V^T w_0)], and directions that the data do not see stay
    where they are.
    """
    left, singular, right = np.linalg.svd(inputs, full_matrices=False)
    seen = singular > singular.max(initial=0.0) * max(inputs.shape) * np.finfo(np.float64).eps
    left, singular, right = left[:, seen], singular[seen], right[seen]
    gone = GradientDescent(step * singular**2 / len(inputs)).progress(times)
    return np.asarray(start + (gone * (left.T @ targets / singular - right @ start)) @ right)


def sech_toeplitz(decay: float, size: int) -> np.ndarray:
    """sech(c (i - j) / 2) / 2, (N, N): the truth's part among converged components, in units of
    sigma_*^2 n / alpha T.
    """
    return np.asarray(toeplitz(0.5 / np.cosh(decay * np.arange(size) / 2)))


def sech_symbol(theta: np.ndarray, decay: float) -> np.ndarray:
    """(pi/c) sum_m sech(pi (theta + 2 pi m) / c): what the eigenvalues of `sech_toeplitz` sample as
    N grows, by Poisson summation.
    """
    # terms fall as e^{-2 pi^2 m / c}: for c up to 30 below 1e-16 at m = 60
    repeats = 2 * np.pi * np.arange(-60, 61)
    size = np.abs(np.asarray(theta)[..., None] + repeats) * np.pi / decay
    falling = np.exp(-size)
    return np.asarray((np.pi / decay) * (2 * falling / (1 + falling**2)).sum(axis=-1))


def regression(
    seed: int = 0, count: int = 9, size: int = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X (n, d), y (n,) not in the range of X, w_0 (d,)."""
    draw = np.random.default_rng(seed)
    return (
        draw.standard_normal((count, size)),
        draw.standard_normal(count),
        draw.standard_normal(size),
    )


def by_steps(
    inputs: np.ndarray, targets: np.ndarray, start: np.ndarray, step: float, steps: int
) -> np.ndarray:
    """Weights (T, d) of gradient descent, one step after the other."""
    run = descend(inputs, targets, start[None], StochasticDescent(step, None))
    return np.array([w[0] for _, w in zip(range(steps), run, strict=False)])


@pytest.mark.parametrize("share", [0.3, 1.0, 1.9])
def test_closed_form_is_the_loop(share: float) -> None:
    """200 steps of a contraction add at most so many roundings of numbers of size ~1: 200 * 1e-16 <
    1e-12.
    """
    inputs, targets, start = regression()
    largest = np.linalg.norm(inputs, 2) ** 2 / len(inputs)
    step = share / largest
    loop = by_steps(inputs, targets, start, step, 200)
    np.testing.assert_allclose(
        weights(inputs, targets, start, step, np.arange(200)), loop, atol=1e-12
    )
    # The same in the space of predictions, by the eigenvectors of K; y has a part outside the range
    # of X, which stays.
    values, vectors = np.linalg.eigh(inputs @ inputs.T / len(inputs))
    values = np.maximum(values, 0)
    at = predictions(
        GradientDescent(step * values),
        vectors.T @ targets,
        vectors.T @ inputs @ start,
        np.arange(200),
    )
    # Rank 5 of 9: along null vectors K moves nothing, while an eigenvalue of 1e-16 leaves 200 *
    # 1e-16.
    np.testing.assert_allclose(at @ vectors.T, loop @ inputs.T, atol=1e-12)


def test_a_step_of_one_over_lambda_ends_a_component_at_once() -> None:
    inputs, targets, start = regression()
    largest = np.linalg.norm(inputs, 2) ** 2 / len(inputs)
    residual = inputs @ by_steps(inputs, targets, start, 1 / largest, 2)[1] - targets
    leading = np.linalg.svd(inputs)[0][:, 0]
    assert abs(leading @ residual) < 1e-14
    remaining = GradientDescent(np.array([1.0])).remaining(np.arange(3))
    assert remaining.ravel().tolist() == [1.0, 0.0, 0.0]


def test_the_end_is_the_least_squares_solution_of_smallest_norm() -> None:
    draw = np.random.default_rng(1)
    # more weights than data
    inputs, targets = (
        draw.standard_normal((4, 7)),
        draw.standard_normal(4),
    )
    step = len(inputs) / np.linalg.norm(inputs, 2) ** 2
    end = weights(inputs, targets, np.zeros(7), step, np.array([10**6]))[0]
    np.testing.assert_allclose(end, np.linalg.pinv(inputs) @ targets, rtol=1e-12)


def test_progress_keeps_its_digits_where_little_has_happened() -> None:
    rates = np.array([1e-18, 1e-9, 0.1])
    exact = [float(1 - (1 - Fraction(float(x))) ** 1000) for x in rates]
    np.testing.assert_allclose(
        GradientDescent(rates).progress(np.array([1000]))[0], exact, rtol=1e-14
    )
    np.testing.assert_allclose(
        GradientFlow(rates).progress(np.array([1000.0]))[0, :2],
        -np.expm1(-1000 * rates[:2]),
        rtol=1e-15,
    )


@pytest.mark.parametrize("rates", [[2.0], [-0.1], [np.nan]])
def test_steps_that_diverge_are_refused(rates: list[float]) -> None:
    with pytest.raises(BadInput, match="step below 2 / lambda_1"):
        GradientDescent(np.array(rates))


def exact_averages(rates: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """G, g and G - g g^T by sums of fractions."""
    a = [1 - Fraction(float(x)) for x in rates]
    powers = [[one**t for t in range(steps)] for one in a]
    mean = [sum(p) / steps for p in powers]
    second = [
        [sum(u * v for u, v in zip(p, q, strict=True)) / steps for q in powers] for p in powers
    ]
    covariance = [[second[i][j] - mean[i] * mean[j] for j in range(len(a))] for i in range(len(a))]
    return tuple(
        np.array([[float(v) for v in np.atleast_1d(row)] for row in m])
        for m in (second, mean, covariance)
    )  # type: ignore[return-value]


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 37, 64])
def test_time_averages_to_the_last_digits(steps: int) -> None:
    """Rates from 1e-12, whose covariance of 1e-24 would be lost in G - g g^T, to 1; log2(64) levels
    of a few roundings each.
    """
    rates = np.array([0.0, 1e-12, 1e-5, 0.02, 0.5, 1.0])
    second, mean, covariance = exact_averages(rates, steps)
    found = time_averages(rates, steps)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-13, atol=0)
    np.testing.assert_allclose(found.mean, mean[:, 0], rtol=1e-14)
    np.testing.assert_allclose(gramian(rates, steps), second, rtol=1e-14)
    np.testing.assert_allclose(found.second, second, rtol=1e-13)
    at = time_averages_at(GradientDescent(rates), np.arange(steps))
    np.testing.assert_allclose(at.covariance, covariance, rtol=1e-12, atol=0)


def test_rates_beyond_one_alternate() -> None:
    rates = np.array([0.3, 1.4, 1.9])
    second, mean, covariance = exact_averages(rates, 25)
    found = time_averages(rates, 25)
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-15)
    np.testing.assert_allclose(found.mean, mean[:, 0], rtol=1e-14)
    np.testing.assert_allclose(gramian(rates, 25), second, rtol=1e-13)


def test_the_gramian_solves_its_stein_equation() -> None:
    """T (S - A S A) = b b^T - A^T b b^T A^T with b of ones: rank two, the low displacement rank
    behind the fast decay.
    """
    rates, steps = np.array([0.01, 0.1, 0.4, 0.7]), 50
    a, s = 1 - rates, gramian(rates, steps)
    left = steps * (s - np.outer(a, a) * s)
    np.testing.assert_allclose(left, 1 - np.outer(a**steps, a**steps), rtol=1e-13)


def test_covariance_is_that_of_simulated_clouds() -> None:
    """The cloud of R starts has the expected covariance of the formula with R; so the mean over
    many clouds approaches it as 1/sqrt.
    """
    draw = np.random.default_rng(3)
    size, steps, starts, clouds = 4, 12, 3, 1500
    values = np.array([1.0, 0.5, 0.2, 0.05])
    inputs, right = data_with_spectrum(values, 6, draw)
    truth = draw.standard_normal(size)
    targets = inputs @ truth
    left = inputs @ right / np.sqrt(6 * values)
    step, deviation = 0.7, 0.8
    run = descend(
        inputs,
        targets,
        deviation * draw.standard_normal((clouds * starts, size)),
        StochasticDescent(step, None),
    )
    path = np.array([w for _, w in zip(range(steps), run, strict=False)]) @ inputs.T @ left
    path = path.reshape(steps, clouds, starts, size).transpose(1, 0, 2, 3).reshape(clouds, -1, size)
    path = path - path.mean(axis=1, keepdims=True)
    found = np.einsum("kti,ktj->kij", path, path) / path.shape[1]
    expected = cloud_covariance(
        time_averages(step * values, steps), left.T @ targets, deviation**2 * 6 * values, starts
    )
    error = found.std(axis=0) / np.sqrt(clouds)
    assert (np.abs(found.mean(axis=0) - expected) < 4.5 * error + 1e-14).all()
    infinite = cloud_covariance(
        time_averages(step * values, steps), left.T @ targets, deviation**2 * 6 * values
    )
    assert (np.diagonal(infinite) > np.diagonal(expected)).all()


def test_a_single_start_is_exact_in_eigenvalues() -> None:
    """Without spread of the starts the simulated cloud has the spectrum of the formula, to
    rounding.
    """
    draw = np.random.default_rng(4)
    values = np.array([1.0, 0.4, 0.1, 0.01])
    inputs, right = data_with_spectrum(values, 7, draw)
    truth = draw.standard_normal(4)
    run = descend(inputs, inputs @ truth, np.zeros((1, 4)), StochasticDescent(0.9, None))
    simulated = simulated_eigenvalues(run, inputs, 40)
    targets = np.sqrt(7 * values) * (right.T @ truth)
    expected = cloud_eigenvalues(time_averages(0.9 * values, 40), targets, np.zeros(4))
    np.testing.assert_allclose(simulated[:4], expected, atol=1e-13 * expected[0])


def test_limits_of_the_covariance() -> None:
    averages = time_averages(np.array([0.5, 0.5, 0.1, 0.02]), 30)
    targets, variances = np.array([1.0, -2.0, 3.0, 0.5]), np.array([1.0, 2.0, 3.0, 4.0])
    without_starts = np.linalg.eigvalsh(cloud_covariance(averages, targets, 0 * variances))[::-1]
    assert without_starts[3] < 1e-15 * without_starts[0] < without_starts[2]  # three distinct a_i
    without_truth = cloud_covariance(averages, 0 * targets, variances)
    np.testing.assert_array_equal(without_truth, np.diag(np.diagonal(without_truth)))
    signs = np.array([1, 1, -1, -1])
    np.testing.assert_allclose(
        cloud_eigenvalues(averages, signs * targets, variances),
        cloud_eigenvalues(averages, targets, variances),
        rtol=1e-13,
    )


def test_several_outputs_are_one_output_and_copies_of_the_starts() -> None:
    """The covariance of all n K predictions written out, with independent starts, against the
    reduction.
    """
    draw = np.random.default_rng(5)
    averages, targets, variances = (
        time_averages(np.array([0.6, 0.2, 0.05]), 20),
        draw.standard_normal((3, 4)),
        np.array([0.3, 0.2, 0.1]),
    )
    flat = targets.T.ravel()
    whole = np.outer(flat, flat) * np.tile(averages.covariance, (4, 4)) + np.diag(
        np.tile(variances * averages.square, 4)
    )
    np.testing.assert_allclose(
        cloud_eigenvalues(averages, targets, variances), np.linalg.eigvalsh(whole)[::-1], rtol=1e-12
    )


def test_several_tasks_are_the_covariance_of_their_points() -> None:
    draw = np.random.default_rng(6)
    rates, targets = np.array([0.7, 0.3, 0.05]), draw.standard_normal((3, 5))
    # (times, tasks, 1, m)
    paths = predictions(
        GradientDescent(rates), targets.T[:, None], np.zeros((5, 1, 3)), np.arange(11)
    )
    points = paths.reshape(-1, 3)
    found = task_covariance(time_averages(rates, 11), targets, np.zeros(3))
    np.testing.assert_allclose(found.total, np.cov(points.T, bias=True), atol=1e-14)
    own = sum(np.cov(paths[:, task, 0].T, bias=True) for task in range(5)) / 5
    np.testing.assert_allclose(found.within, own, atol=1e-14)


def test_logarithmic_checkpoints_start_and_end_where_linear_ones_do() -> None:
    times = logarithmic_times(500, 30)
    assert times[0] == 0
    assert times[-1] == 499
    assert (np.diff(times) > 0).all()


def test_the_symbol_of_the_sech_matrix() -> None:
    """The largest eigenvalue of the N x N section rises to the symbol's maximum (pi/c)(1 + 2 sech(2
    pi^2 / c) + ...), as 1/N^2.
    """
    for decay in (0.5, 2.0, 6.0):
        top = (np.pi / decay) * (
            1 + sum(2 / np.cosh(2 * np.pi**2 * m / decay) for m in range(1, 12))
        )
        np.testing.assert_allclose(sech_symbol(np.zeros(1), decay)[0], top, rtol=1e-10)
        gaps = [top - np.linalg.eigvalsh(sech_toeplitz(decay, size))[-1] for size in (100, 200)]
        assert 0 < gaps[1] < gaps[0] < 0.05 * top
        assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.25)


def test_converged_components_are_the_sech_matrix() -> None:
    """alpha T C / (sigma_*^2 n) of the truth's part is sech / 2 up to terms of relative size x_i
    (small steps) for converged components.
    """
    decay, steps = 0.5, 10**7
    rates = 1e-3 * np.exp(-decay * np.arange(6))
    sizes = np.sqrt(rates / 1e-3)
    scaled = 1e-3 * steps * np.outer(sizes, sizes) * gramian(rates, steps)
    np.testing.assert_allclose(scaled, sech_toeplitz(decay, 6), rtol=1.1e-3)


def test_slopes_of_one_trajectory_follow_the_reach_alone() -> None:
    """Leading eigenvalues of the truth's part fall by pi^2 / ln(4 kappa) within a fifth, at several
    c: the accuracy of the asymptotics.
    """
    for decay in (0.1, 0.3):
        for reach in (1e3, 1e5):
            rates = np.exp(-decay * np.arange(int((np.log(reach) + 20) / decay)))
            values = cloud_eigenvalues(
                time_averages(rates, int(reach)), np.sqrt(rates), np.zeros(len(rates))
            )
            slope = -np.diff(np.log(values[:8])).mean()
            assert slope == pytest.approx(float(truth_slope(reach)), rel=0.2)


def test_boundaries_invert_the_index() -> None:
    for decay in (0.1, 2.0):
        for k in (1, 2, 5):
            ratio = truth_boundary(1e4, decay, k)
            assert float(ribbon_index(1e4, decay, ratio)) == pytest.approx(k, rel=1e-12)
    # At the boundary the truth's eigenvalue of index k, (2 pi / c) e^{-pi^2 k / ln kappa}, is the
    # floor in the same units.
    ratio = float(truth_boundary(1e4, 0.1, 3))
    assert 2 * np.pi / 0.1 * np.exp(-(np.pi**2) * 3 / np.log(1e4)) * ratio**2 == pytest.approx(0.5)


def test_eigenvalues_do_not_depend_on_the_basis() -> None:
    """The same cloud in a turned data space: predictions turn with it."""
    draw = np.random.default_rng(8)
    inputs, targets, start = regression(8)
    turn = orthogonal(len(inputs), 2)
    step = 0.5 * len(inputs) / np.linalg.norm(inputs, 2) ** 2
    both = [
        simulated_eigenvalues(
            descend(x, y, start[None], StochasticDescent(step, None), draw), x, 30
        )
        for x, y in ((inputs, targets), (turn @ inputs, turn @ targets))
    ]
    np.testing.assert_allclose(both[0], both[1], atol=1e-13 * both[0][0])
