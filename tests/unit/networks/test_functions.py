"""Functions of P numbers: values, units and ranges of each parameter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.layer_statistics import active_variables
from eigenscape.errors import BadInput
from eigenscape.networks.samplers import function_sampler

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
RANGES = np.array([[0.0, 10.0], [-3.0, -1.0], [100.0, 101.0]])


def quadratic(points: np.ndarray) -> np.ndarray:
    """f(p) = p^T A p / 2."""
    return np.einsum("bi,ij,bj->b", points, A, points) / 2


def test_a_scale_for_each_parameter() -> None:
    """f = |x|^2/2 has the gradient x, so diag C is the variances s_i^2 or s_i^2/3.

    The estimate of a variance has the relative standard deviation sqrt((kurtosis - 1)/N), which is
    sqrt(2/N) for the normal and less for the uniform.
    """
    scales, samples = np.array([1.0, 10.0, 0.01]), 5_000
    for draw, variance in (("normal", 1.0), ("uniform", 1 / 3)):
        found = second_moment(function_sampler(lambda x: x, 3, draw=draw, scale=scales), samples)
        np.testing.assert_allclose(
            found.diagonal, variance * scales**2, rtol=4 * np.sqrt(2 / samples)
        )


def test_one_scale_is_that_of_every_parameter() -> None:
    one, each = (function_sampler(lambda x: x, 3, scale=s).block(0, 9)[0] for s in (2, [2, 2, 2]))
    np.testing.assert_array_equal(one, each)


def test_ranges_are_units_and_the_gradient_is_by_what_is_drawn() -> None:
    """The function is asked inside of its ranges; gradients by x are by the chain rule those of
    f(p(x)), as differences of the sampler's own values show.
    """
    asked = []

    def gradient(points: np.ndarray) -> np.ndarray:
        asked.append(points)
        return points @ A

    sampler = function_sampler(gradient, 3, value=quadratic, ranges=RANGES)
    found, values = (array.copy() for array in sampler.block(0, 200))
    drawn = sampler.parameters(0, 200).copy()
    assert np.abs(drawn).max() <= 1
    assert np.abs(drawn).max() > 0.98  # 600 draws that reach both ends: chance 1e-5 of less
    points = np.concatenate(asked)
    assert ((RANGES[:, 0] <= points) & (points <= RANGES[:, 1])).all()
    np.testing.assert_allclose(
        points, RANGES.mean(axis=1) + np.diff(RANGES, axis=1)[:, 0] / 2 * drawn, rtol=1e-14
    )
    np.testing.assert_allclose(values, quadratic(points), rtol=1e-14)
    step = 1e-3
    for each in range(3):  # central differences of a quadratic are exact but for rounding
        p = points.copy()
        p[:, each] += step * (RANGES[each, 1] - RANGES[each, 0]) / 2
        q = 2 * points - p
        # values up to 5e3, so eps 5e3 / step = 1e-9
        np.testing.assert_allclose(
            (quadratic(p) - quadratic(q)) / (2 * step), found[:, each], rtol=1e-9, atol=1e-8
        )


def test_c_does_not_depend_on_the_units_of_the_ranges() -> None:
    """The same function in millimetres and in metres."""
    units = np.array([1e3, 1e-6, 7.0])
    metres = function_sampler(lambda p: p @ A, 3, ranges=RANGES)
    millimetres = function_sampler(
        lambda p: (p / units) @ A / units, 3, ranges=RANGES * units[:, None]
    )
    one, other = (second_moment(sampler, 500).matrix for sampler in (metres, millimetres))
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12 * one.max())


def test_active_variables_of_a_function_have_its_values() -> None:
    sampler = function_sampler(lambda p: p @ A, 3, value=quadratic, ranges=RANGES)
    direction = np.array([0.6, 0.0, 0.8])
    found = active_variables(sampler, range(2, 300), direction)
    drawn = sampler.parameters(2, 298)
    points = RANGES.mean(axis=1) + np.diff(RANGES, axis=1)[:, 0] / 2 * drawn
    np.testing.assert_allclose(found.losses, quadratic(points), rtol=1e-13)
    np.testing.assert_allclose(found.coordinates[:, 0], drawn @ direction, rtol=1e-13, atol=1e-15)


def test_what_is_not_known_is_not_zero() -> None:
    """Of a gradient alone there is no loss to show, and none to average."""
    assert np.isnan(second_moment(function_sampler(lambda x: x, 3), 5).mean_loss)
    assert np.isnan(second_moment(np.eye(3)).mean_loss)
    known = function_sampler(lambda x: x, 3, value=lambda x: np.full(len(x), 4.0))
    assert second_moment(known, 5).mean_loss == 4.0


ROWS = second_moment(np.eye(3)).sampler
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "scales of another number": (
        lambda: function_sampler(lambda x: x, 3, scale=np.ones(2)),
        r"^scale: expected a positive number, or 3 of them, found float64 of shape \(2,\)",
    ),
    "a scale of zero": (
        lambda: function_sampler(lambda x: x, 2, scale=[1.0, 0.0]),
        r"^scale: expected a positive number, .* found numbers from 0\.0 to 1\.0",
    ),
    "words": (
        lambda: function_sampler(lambda x: x, 1, scale="wide"),
        "^scale: .* found <U4",
    ),
    "ranges of another shape": (
        lambda: function_sampler(lambda x: x, 3, ranges=RANGES.T),
        r"^ranges: expected low and high of 3 parameters, .* found float64 of shape \(2, 3\)",
    ),
    "a range upside down": (
        lambda: function_sampler(lambda x: x, 2, ranges=[[0, 1], [1, 0]]),
        r"^ranges: expected finite numbers, low below high, found \[1, 0\] for parameter 1",
    ),
    "an infinite range": (
        lambda: function_sampler(lambda x: x, 1, ranges=[[0, np.inf]]),
        r"found \[0\.0, inf\] for parameter 0",
    ),
    "ranges of normal draws": (
        lambda: function_sampler(lambda x: x, 3, draw="normal", ranges=RANGES),
        "^ranges: expected uniform draws of scale 1, found normal, scale 1.0",
    ),
    "ranges and scales": (
        lambda: function_sampler(lambda x: x, 3, scale=2.0, ranges=RANGES),
        "^ranges: expected uniform draws of scale 1, found uniform, scale 2.0",
    ),
    "a gradient that broadcasting would have mended": (
        lambda: function_sampler(lambda x: x[:, :1], 3, ranges=RANGES).block(0, 4),
        r"^gradient: expected real numbers of shape \(4, 3\)",
    ),
    "a value for all points": (
        lambda: function_sampler(lambda x: x, 3, value=lambda x: 1.0).block(0, 4),
        r"^value: expected real numbers of shape \(4,\) for points of shape \(4, 3\)",
    ),
    "a value that is not finite": (
        lambda: function_sampler(lambda x: x, 1, value=lambda x: x[:, 0] / 0.0).block(0, 4),
        "^value: expected finite numbers, found -?inf at",
    ),
    "losses of a gradient alone": (
        lambda: active_variables(function_sampler(lambda x: x, 3), range(4), np.eye(3)),
        r"^sampler: expected a function whose values are known, .* value=f",
    ),
    "parameters of an array": (
        lambda: active_variables(ROWS, range(3), np.eye(3)),
        "^sampler: expected one that draws parameters, found an array of gradients alone",
    ),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_cannot_be_used_is_refused(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words):
        call()
