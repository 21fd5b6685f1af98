"""The triangle against G^T G, its bits against the number of threads, and closed forms of second
moments.
"""

import numpy as np
import pytest
import torch
from builders import EPSILON, draws, gram, matrix_of, orthogonal

from eigenscape.active_subspace.triangle import (
    BAND,
    DeviceTriangle,
    Triangle,
    band_columns,
    band_count,
)

SIZES = [1, 2, 511, 512, 513, 1024, 1025, 1600]


def sums_of_products(gradients: np.ndarray) -> np.ndarray:
    """sum_n |g_ni g_nj|, the scale of the rounding errors of a Gram matrix."""
    return np.abs(gradients).T @ np.abs(gradients)


@pytest.mark.parametrize("parameters", SIZES)
def test_the_assembled_matrix_is_the_gram_matrix_and_symmetric(parameters: int) -> None:
    gradients = draws(37, parameters)

    matrix = gram(gradients)

    assert np.array_equal(matrix, matrix.T)
    # Two sums of 37 products in two orders: each entry within 2 * 37 roundings of the sum of
    # magnitudes.
    assert np.all(
        np.abs(matrix - gradients.T @ gradients) <= 2 * 37 * EPSILON * sums_of_products(gradients)
    )


@pytest.mark.parametrize("parameters", [5, 600, 1600])
def test_sums_accumulate_and_add(parameters: int) -> None:
    first, second = draws(8, parameters), draws(5, parameters, first=8)
    one, other = Triangle(parameters), Triangle(parameters)
    one.add_gram(first)
    one.add_gram(second)
    other.add_gram(second)
    begun = Triangle(parameters)
    begun.add_gram(first)
    begun.add(other)

    both = np.vstack([first, second])
    bound = 2 * 13 * EPSILON * sums_of_products(both)
    assert np.all(np.abs(matrix_of(one) - both.T @ both) <= bound)
    assert np.all(np.abs(matrix_of(begun) - both.T @ both) <= bound)


@pytest.mark.parametrize("parameters", SIZES)
def test_the_device_triangle_agrees(parameters: int) -> None:
    gradients = draws(19, parameters)
    on_device = DeviceTriangle(parameters, torch.device("cpu"))
    on_device.add_gram(torch.from_numpy(gradients[:12]))
    on_device.add_gram(torch.from_numpy(gradients[12:]))

    assert np.all(
        np.abs(matrix_of(on_device.to_host()) - gram(gradients))
        <= 2 * 19 * EPSILON * sums_of_products(gradients)
    )


def test_the_device_triangle_sums_single_precision_gradients_in_double() -> None:
    gradients = draws(19, 5).astype(np.float32)
    on_device = DeviceTriangle(5, torch.device("cpu"))
    on_device.add_gram(torch.from_numpy(gradients))

    wide = gradients.astype(np.float64)
    assert np.all(
        np.abs(matrix_of(on_device.to_host()) - wide.T @ wide)
        <= 2 * 19 * EPSILON * sums_of_products(wide)
    )


@pytest.mark.parametrize("parameters", SIZES)
def test_half_of_the_matrix_is_stored(parameters: int) -> None:
    strips = Triangle(parameters).strips

    stored = sum(strip.size for strip in strips)
    # The lower triangle with its diagonal, and at most half of a 512-wide square a strip above it.
    assert stored <= parameters * (parameters + 1) / 2 + len(strips) * 512 * 511 / 2
    assert all(strip.flags.f_contiguous for strip in strips)


@pytest.mark.parametrize("parameters", SIZES)
def test_columns_of_a_band_are_those_of_the_matrix_from_the_diagonal_down(parameters: int) -> None:
    triangle = Triangle(parameters)
    triangle.add_gram(draws(3, parameters))
    matrix = matrix_of(triangle, 0.25)

    for band in range(band_count(parameters)):
        start = band * BAND
        assert np.array_equal(
            band_columns(triangle.band(band), 0.25), matrix[start:, start : start + BAND]
        )
    assert band_count(parameters) * BAND >= parameters > (band_count(parameters) - 1) * BAND


def assert_monte_carlo(gradients: np.ndarray, expected: np.ndarray) -> None:
    """The estimate of E[g g^T] within five standard errors, entry by entry, that the samples
    themselves give.
    """
    count = len(gradients)
    products = gradients[:, :, None] * gradients[:, None, :]
    errors = products.std(axis=0) / np.sqrt(count)
    # One part in 1e12 for entries whose products do not vary.
    assert np.all(
        np.abs(gram(gradients) / count - expected) <= 5 * errors + 1e-12 * np.abs(expected).max()
    )


def test_a_quadratic_has_second_moment_a_squared_plus_b_b() -> None:
    q = orthogonal(6, seed=3)
    a, b = (q * [3.0, 2.0, 1.0, 0.5, -1.0, -2.0]) @ q.T, np.arange(6.0)
    theta = draws(50_000, 6)

    # f = theta^T A theta / 2 + b^T theta, theta ~ N(0, I): grad f = A theta + b.
    assert_monte_carlo(theta @ a + b, a @ a + np.outer(b, b))


def test_a_quadratic_under_a_shifted_correlated_prior() -> None:
    q, factor = orthogonal(5, seed=4), np.tril(draws(5, 5, key=9))
    a, b, mean = (q * [2.0, 1.0, 1.0, -1.0, 0.3]) @ q.T, np.ones(5), np.arange(5.0) / 4
    theta = mean + draws(50_000, 5) @ factor.T

    # theta ~ N(mu, S): C = A S A + (A mu + b)(A mu + b)^T.
    drift = a @ mean + b
    assert_monte_carlo(theta @ a + b, a @ factor @ factor.T @ a + np.outer(drift, drift))


def test_a_sine_ridge_has_one_direction_and_its_closed_form() -> None:
    direction = np.array([0.6, -0.3, 0.2, 0.1])
    squared = direction @ direction
    gradients = np.cos(draws(50_000, 4) @ direction)[:, None] * direction

    expected = (1 + np.exp(-2 * squared)) / 2 * np.outer(direction, direction)
    assert_monte_carlo(gradients, expected)
    values = np.linalg.eigvalsh(gram(gradients) / len(gradients))
    assert np.all(np.abs(values[:-1]) <= 4 * EPSILON * values[-1])


def test_an_exponential_ridge_has_one_direction_and_its_closed_form() -> None:
    direction = np.array([0.3, -0.2, 0.1])
    squared = direction @ direction
    gradients = np.exp(draws(50_000, 3) @ direction)[:, None] * direction

    assert_monte_carlo(gradients, np.exp(2 * squared) * np.outer(direction, direction))
