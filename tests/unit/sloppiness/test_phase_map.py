"""Phase maps: the spectra of a setting by both routes, and what only the ratio of scales may
change.
"""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.sloppiness.covariance import cloud_eigenvalues
from eigenscape.sloppiness.phase_map import (
    Setting,
    linear_checkpoints,
    logarithmic_checkpoints,
    simulated_point,
    spectra_over_ratios,
    truth_spectrum,
)
from eigenscape.sloppiness.regimes import (
    Regime,
    data_boundary,
    regime,
    stress_boundary,
    truth_boundary,
    truth_stress,
)
from eigenscape.sloppiness.stress import explained_stress

SETTING = Setting(0.4, 200, 0.5, 100)


def test_simulated_points_are_the_closed_form_of_their_starts() -> None:
    """Every step is run on real data; 200 steps of roundings leave 1e-12 of the largest
    eigenvalue.
    """
    for ratio in (0.1, 3.0):
        point = simulated_point(SETTING, ratio, 7, np.random.default_rng(0))
        np.testing.assert_allclose(
            point.simulated, point.closed_form, atol=1e-12 * point.closed_form[0]
        )


def test_spectra_depend_on_the_ratio_alone() -> None:
    eigenvalues = SETTING.eigenvalues
    averages = linear_checkpoints(SETTING)
    by_ratio = spectra_over_ratios(SETTING, averages, np.array([2.5]))[0]
    scales = cloud_eigenvalues(averages, 5.0 * np.sqrt(eigenvalues), 4.0 * eigenvalues) / 4.0
    np.testing.assert_allclose(by_ratio, scales, rtol=1e-12)
    alone = truth_spectrum(SETTING, averages)
    np.testing.assert_allclose(
        spectra_over_ratios(SETTING, averages, np.array([1e6]))[0][:5] / 1e12, alone[:5], rtol=1e-6
    )


def test_components_left_out_do_not_matter() -> None:
    """Twice as many frozen components change chi_k by less than the share of a frozen component,
    e^-12.
    """
    longer = np.exp(-SETTING.decay * np.arange(2 * len(SETTING.eigenvalues)))
    averages = linear_checkpoints(Setting(SETTING.decay, SETTING.steps, SETTING.step, 10**6))
    assert len(longer) > len(SETTING.eigenvalues) == len(averages.mean)
    from eigenscape.sloppiness.covariance import time_averages

    whole = cloud_eigenvalues(
        time_averages(SETTING.step * longer, SETTING.steps), np.sqrt(longer), longer
    )
    cut = spectra_over_ratios(SETTING, averages, np.array([1.0]))[0]
    np.testing.assert_allclose(explained_stress(cut)[:3], explained_stress(whole)[:3], atol=1e-5)


def test_logarithmic_checkpoints_are_those_of_their_times() -> None:
    few = Setting(0.4, 6, 0.5, 5)
    every = logarithmic_checkpoints(few, 50)  # more than there are steps: each once
    np.testing.assert_allclose(
        every.covariance, linear_checkpoints(few).covariance, rtol=1e-12, atol=1e-300
    )


def test_the_truth_alone_explains_what_the_theory_says() -> None:
    """chi_k of one start within 0.05 of 1 - e^{-k pi^2 / ln 4 kappa}, for kappa of 50 to 50,000:
    the accuracy of the asymptotics.
    """
    for steps in (100, 1000, 10_000, 100_000):
        setting = Setting(0.1, steps, 0.5, 256)
        stress = explained_stress(truth_spectrum(setting, linear_checkpoints(setting)))
        for k in (2, 3):
            assert stress[k - 1] == pytest.approx(float(truth_stress(setting.reach, k)), abs=0.05)


def test_the_boundary_by_squares_is_where_the_level_is_reached() -> None:
    """The exact ratio at which chi_2 = 0.7, by bisection, within a factor of 1.6: half of the map's
    transition from start to truth.
    """
    for decay in (0.05, 0.3, 1.0):
        setting = Setting(decay, 1000, 0.5, 256)
        averages = linear_checkpoints(setting)
        low, high = 1e-2, 1e2
        for _ in range(30):
            middle = (low * high) ** 0.5
            reached = (
                explained_stress(spectra_over_ratios(setting, averages, np.array([middle]))[0])[1]
                >= 0.7
            )
            low, high = (low, middle) if reached else (middle, high)
        predicted = float(stress_boundary(setting.reach, decay, 2, 0.7))
        assert 1 / 1.6 < low / predicted < 1.6


def test_regimes_lie_on_their_side_of_the_boundaries() -> None:
    reach = 1e4
    for k in (2, 3):
        few, edge = float(data_boundary(reach, k)), float(truth_boundary(reach, 0.2, k))
        assert regime(reach, 1.01 * few, 1e-3, k) is Regime.DATA
        assert regime(reach, 0.2, 1.01 * edge, k) is Regime.TRUTH
        assert regime(reach, 0.2, 0.99 * edge, k) is Regime.NONE
    assert truth_boundary(1.0, 0.2, 2) == np.inf
    with pytest.raises(BadInput, match="between 0 and 1"):
        stress_boundary(reach, 0.2, 2, 1.0)
