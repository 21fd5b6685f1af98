"""The geodesic from ignorance to truth against its closed forms, and progress against scipy's
minimiser.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from unit.sloppiness.test_distances import models

from eigenscape.errors import BadInput
from eigenscape.sloppiness.distances import bhattacharyya_distances, cross_distances
from eigenscape.sloppiness.geodesic import (
    at_progress,
    geodesic,
    ignorance,
    progress,
    riemann_length,
    truth,
)

CLASSES, SAMPLES = 10, 20
ENDS = ignorance(SAMPLES, CLASSES), truth(np.arange(SAMPLES) % CLASSES, CLASSES)
ANGLE = np.arccos(1 / np.sqrt(CLASSES))


def test_distances_along_the_geodesic_are_minus_log_cosines() -> None:
    positions = np.linspace(0, 1, 11)
    path = geodesic(*ENDS, positions)
    expected = -np.log(np.cos((positions[:, None] - positions) * ANGLE))
    np.testing.assert_allclose(bhattacharyya_distances(path), expected, atol=1e-14)
    np.testing.assert_allclose(np.exp(path[[0, -1]]), np.exp(np.stack(ENDS)), atol=1e-15)


def test_progress_of_a_point_of_the_geodesic_is_its_place() -> None:
    positions = np.array([0.0, 1e-6, 0.3, 0.77, 1.0])
    # the minimum is quadratic, but its derivative is evaluated: eps over the angle and the
    # curvature, some 1e-15
    np.testing.assert_allclose(progress(geodesic(*ENDS, positions), *ENDS), positions, atol=1e-13)


def test_progress_is_the_nearest_point_that_scipy_finds() -> None:
    logs = models(6, SAMPLES, CLASSES)
    logs[0] += 3.0 * (ENDS[1] == 0)  # one that has learnt something
    logs[0] -= np.log(np.exp(logs[0]).sum(axis=1, keepdims=True))
    found = progress(logs, *ENDS)
    assert found[0] > 0.3
    for model, position in zip(logs, found, strict=True):
        nearest = minimize_scalar(
            lambda t, model=model: float(
                cross_distances(model[None], geodesic(*ENDS, np.array([t])))[0, 0]
            ),
            bounds=(0, 1),
            method="bounded",
            options={"xatol": 1e-9},
        )
        # a minimiser that compares values knows x to sqrt eps
        assert position == pytest.approx(nearest.x, abs=1e-6)


def test_progress_does_not_leave_the_ends() -> None:
    wrong = geodesic(ENDS[0], truth((np.arange(SAMPLES) + 1) % CLASSES, CLASSES), np.array([0.5]))
    assert progress(wrong, *ENDS)[0] == 0.0


def test_between_general_ends_and_where_they_agree() -> None:
    ends = models(2, SAMPLES, CLASSES)
    ends[1, :5] = ends[0, :5]
    positions = np.array([0.2, 0.6])
    path = geodesic(*ends, positions)
    np.testing.assert_allclose(path[:, :5], ends[:, :5], atol=1e-12)
    np.testing.assert_allclose(progress(path, *ends), positions, atol=1e-12)


def test_a_trajectory_is_re_indexed_at_its_first_crossing() -> None:
    positions = np.array([0.1, 0.5, 0.3, 0.9])  # it goes back once
    path = geodesic(*ENDS, positions)
    wanted = np.array([0.05, 0.1, 0.4, 0.7, 0.95])
    found = at_progress(path, positions, wanted)
    assert np.isnan(found[[0, 4]]).all()  # before its start, and never reached
    np.testing.assert_allclose(found[1:4], geodesic(*ENDS, wanted[1:4]), atol=1e-9)


def test_the_length_of_the_geodesic_is_that_of_the_great_circle() -> None:
    """2 sqrt(-log cos h) = sqrt 2 h (1 + h^2 / 12 + ...) for a step h."""
    steps = 200
    d = bhattacharyya_distances(geodesic(*ENDS, np.linspace(0, 1, steps + 1)))
    h = ANGLE / steps
    assert riemann_length(np.diag(d, 1)) == pytest.approx(
        np.sqrt(2) * ANGLE * (1 + h**2 / 12), rel=1e-9
    )


def test_ends_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput, match="samples of the geodesic"):
        progress(models(2, SAMPLES + 1, CLASSES), *ENDS)
    with pytest.raises(BadInput, match="classes from 0"):
        truth(np.array([3]), 3)
