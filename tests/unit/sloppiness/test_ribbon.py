"""Explained stress and the verdict on spectra whose slope, R^2 and interval are known."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.sloppiness.phase_map import (
    Setting,
    linear_checkpoints,
    spectra_over_ratios,
    truth_spectrum,
)
from eigenscape.sloppiness.ribbon import (
    LEAST_DECADES,
    LEAST_SLOPE,
    STRAIGHT,
    THIN,
    RibbonVerdict,
    ribbon,
)
from eigenscape.sloppiness.stress import explained_stress


def test_explained_stress_is_the_frobenius_norm_of_what_is_left() -> None:
    draw = np.random.default_rng(0)
    w = draw.standard_normal((12, 12))
    w = w + w.T  # indefinite
    values, vectors = np.linalg.eigh(w)
    order = np.argsort(-np.abs(values))
    expected = []
    for k in range(1, 13):
        first = order[:k]
        rest = w - vectors[:, first] @ np.diag(values[first]) @ vectors[:, first].T
        expected.append(1 - np.linalg.norm(rest) / np.linalg.norm(w))
    np.testing.assert_allclose(explained_stress(values), expected, atol=1e-12)
    assert explained_stress(values)[-1] == 1.0
    np.testing.assert_array_equal(explained_stress(np.zeros(3)), 1.0)


def test_a_geometric_spectrum_of_either_sign_is_a_ribbon_of_its_own_slope() -> None:
    e = 3.0 * np.exp(-0.5 * np.arange(40)) * np.where(np.arange(40) % 3 == 0, -1, 1)
    found = ribbon(np.random.default_rng(1).permutation(e))
    assert found.verdict is RibbonVerdict.RIBBON
    assert found.directions == 20
    assert found.slope.value == pytest.approx(0.5, abs=1e-12)
    assert found.slope.low == pytest.approx(0.5, abs=1e-6)  # no residuals, no width
    assert found.r_squared.value == pytest.approx(1.0)
    assert found.decades.value == pytest.approx(0.5 * 19 / np.log(10))
    np.testing.assert_allclose(found.widths.value, np.sqrt(np.abs(e[:20])))
    np.testing.assert_array_equal(found.imaginary, e[:20] < 0)
    # sums of geometric series, of which the tail e^{-20} is cut
    q = np.exp(-0.5)
    assert found.participation_ratio.value == pytest.approx((1 + q) / (1 - q), rel=3 * q**40)
    assert found.chi_2.value == pytest.approx(1 - q**2, abs=q**40)
    assert found.chi_3.value == pytest.approx(1 - q**3, abs=q**40)


def test_flat_bent_and_short_spectra_are_no_ribbons() -> None:
    assert ribbon(np.ones(40)).verdict is RibbonVerdict.THICK
    # forty nearly equal directions over 0.017 decades lie on a perfect line
    even = ribbon(np.exp(-0.001 * np.arange(40)))
    assert even.r_squared.value == pytest.approx(1.0)
    assert even.slope.low > 0
    assert even.verdict is RibbonVerdict.THICK
    # a line through one step: R^2 = 3 / (k + 1) with k = 20; chi_1 is 1 - sqrt(29e-12)
    one_large = ribbon(np.array([1e6, *[1.0] * 29]))
    assert one_large.verdict is RibbonVerdict.LOW_DIMENSIONAL
    assert one_large.r_squared.value == pytest.approx(3 / 21)
    power = ribbon(np.arange(1.0, 31.0) ** -3)  # ln e is concave in ln a only
    assert power.verdict is RibbonVerdict.LOW_DIMENSIONAL
    # the fifth is below m eps
    assert ribbon(np.array([1.0, 0.1, 0.01, 1e-3, 1e-20])).verdict is RibbonVerdict.TOO_FEW
    assert ribbon(np.array([1.0, *[0.0] * 9])).verdict is RibbonVerdict.TOO_FEW
    assert ribbon(np.zeros(6)).verdict is RibbonVerdict.TOO_FEW


def test_a_geometric_spectrum_is_thin_from_the_least_slope_on() -> None:
    """chi_3 of a long geometric spectrum is 1 - e^{-3 s}: thin and steep are one boundary."""
    for slope in (0.05, 0.2, 0.39, 0.41, 0.6, 2.0):
        found = ribbon(np.exp(-slope * np.arange(200)), resolution=0.0)
        assert (found.verdict is RibbonVerdict.RIBBON) == (-np.expm1(-3 * slope) >= THIN)
        assert (slope >= LEAST_SLOPE) == (-np.expm1(-3 * slope) >= THIN)


def test_each_condition_is_asked_for_by_itself() -> None:
    """Spectra that meet all conditions but one."""
    # 1.2 per direction over six directions: 5 * 1.2 / ln 10 = 2.6 decades; over seven 3.1
    short, long = (ribbon(np.exp(-1.2 * np.arange(count))) for count in (6, 7))
    assert short.decades.value == pytest.approx(6 / np.log(10))
    assert short.verdict is RibbonVerdict.LOW_DIMENSIONAL
    assert long.verdict is RibbonVerdict.RIBBON
    # a doubled length: thin, long and even, but the others fall by 0.37 each
    length = np.where(np.arange(40) == 0, 2.0, 1.0)
    gentle = ribbon(length * np.exp(-0.37 * np.arange(40)))
    assert gentle.chi_3.value > THIN
    assert gentle.decades.value > LEAST_DECADES
    assert gentle.r_squared.value > STRAIGHT
    assert gentle.verdict is RibbonVerdict.LOW_DIMENSIONAL
    # a step of e^20 between two slow falls: thin, long and steep, but not even
    step = np.where(np.arange(20) < 3, 0.0, 20.0)
    uneven = ribbon(np.exp(-step - 0.3 * np.arange(20)))
    assert min(uneven.slope.low / LEAST_SLOPE, uneven.decades.value / LEAST_DECADES) > 1
    assert uneven.verdict is RibbonVerdict.LOW_DIMENSIONAL


def spectrum_of(cloud: np.ndarray) -> np.ndarray:
    """Eigenvalues of the Gram matrix of points (M, n) about their mean."""
    return np.asarray(np.linalg.svd(cloud - cloud.mean(axis=0), compute_uv=False) ** 2)


@pytest.mark.parametrize(
    "shape", [(20, 5), (20, 10), (21, 20), (30, 1000), (50, 50), (200, 200), (1000, 20)]
)
def test_isotropic_clouds_are_no_ribbons(shape: tuple[int, int]) -> None:
    """Their sample eigenvalues fall evenly, by Marchenko and Pastur's law, with R^2 up to 0.99."""
    draws = np.random.default_rng(3)
    for _ in range(50 if shape[0] < 100 else 5):
        found = ribbon(spectrum_of(draws.standard_normal(shape)))
        assert found.verdict is not RibbonVerdict.RIBBON


@pytest.mark.parametrize("dimensions", [(6, 5), (7, 6), (8, 7), (10, 9)])
def test_clouds_of_few_points_are_hardly_ever_ribbons_by_chance(
    dimensions: tuple[int, int],
) -> None:
    """At most one of a hundred, with 1,000 clouds and three standard deviations of the count."""
    draws = np.random.default_rng(4)
    count = sum(
        ribbon(spectrum_of(draws.standard_normal(dimensions))).verdict is RibbonVerdict.RIBBON
        for _ in range(1000)
    )
    assert count <= 10 + 3 * 10**0.5


def test_a_random_walk_is_low_dimensional_but_no_ribbon() -> None:
    """Eigenvalues of a long walk in many dimensions fall as 1/k^2 (J. Antognini, J.
    Sohl-Dickstein, arXiv 1806.08805): chi_3 = 1 - (1 - (1 + 1/16 + 1/81) 90 / pi^4)^1/2.
    """
    law = ribbon(np.arange(1.0, 2001.0) ** -2)
    thinness = 1 - (1 - (1 + 1 / 16 + 1 / 81) * 90 / np.pi**4) ** 0.5
    assert law.chi_3.value == pytest.approx(thinness, abs=1e-6)
    assert law.verdict is RibbonVerdict.LOW_DIMENSIONAL
    walk = np.random.default_rng(5).standard_normal((200, 1000)).cumsum(axis=0)
    found = ribbon(spectrum_of(walk))
    assert found.chi_3.value == pytest.approx(thinness, abs=0.03)
    assert found.verdict is RibbonVerdict.LOW_DIMENSIONAL


def test_sums_of_exponentials_are_ribbons() -> None:
    """The sloppy model of the literature: signals sum_p exp(-theta_p t) for all rates. Their
    second moment over a uniform rate is 1 / (t + t'), whose eigenvalues at times log-spaced over a
    ratio r fall by pi^2 / ln(4 r) each (Beckermann, Townsend, arXiv 1609.09494).
    """
    for ratio in (1e2, 1e3, 1e4):
        times = np.geomspace(1.0, ratio, 300)
        weights = np.sqrt(times)  # d t = t d ln t
        found = ribbon(
            np.linalg.eigvalsh(np.outer(weights, weights) / np.add.outer(times, times)),
        )
        assert found.verdict is RibbonVerdict.RIBBON
        assert found.slope.value == pytest.approx(np.pi**2 / np.log(4 * ratio), rel=0.15)
    draws, times = np.random.default_rng(6), np.linspace(0.2, 5.0, 50)
    for parameters in (3, 6, 12):
        rates = np.exp(draws.uniform(np.log(0.1), np.log(10.0), (400, parameters, 1)))
        found = ribbon(spectrum_of(np.exp(-rates * times).mean(axis=1)))
        assert found.verdict is RibbonVerdict.RIBBON


def test_flat_and_floored_settings_of_the_phase_map_have_their_names() -> None:
    """Slow decay: starts alone are thick; a truth far above their floor is thin, and its leading
    directions alone fall evenly; without starts, and few enough of the data's own tail, all do.
    """
    setting = Setting(decay=0.05, steps=1000, step=0.5, limit=256)
    averages = linear_checkpoints(setting)
    flat, floored = spectra_over_ratios(setting, averages, np.array([0.01, 10.0]))
    assert ribbon(flat).verdict is RibbonVerdict.THICK
    assert ribbon(floored).chi_3.value > 0.9
    assert ribbon(floored).verdict is RibbonVerdict.LOW_DIMENSIONAL
    assert ribbon(truth_spectrum(setting, averages)).verdict is RibbonVerdict.RIBBON


def test_the_slope_of_noisy_eigenvalues_has_the_interval_of_least_squares() -> None:
    """Against scipy's regression, an independent route."""
    from scipy.stats import linregress
    from scipy.stats import t as student

    noise = np.random.default_rng(2).normal(scale=0.05, size=15)
    e = np.exp(-0.8 * np.arange(15) + noise)
    line = linregress(np.arange(15), np.log(np.sort(e)[::-1]))
    found = ribbon(e)
    assert found.slope.value == pytest.approx(-line.slope)
    assert found.slope.high - found.slope.value == pytest.approx(
        student.ppf(0.975, 13) * line.stderr
    )
    assert found.r_squared.value == pytest.approx(line.rvalue**2)


def test_intervals_are_the_quantiles_of_replicates_about_the_estimate() -> None:
    slopes = np.linspace(0.3, 0.7, 101)
    replicates = np.exp(-slopes[:, None] * np.arange(12))
    found = ribbon(np.exp(-0.4 * np.arange(12)), replicates)
    # the replicates' median slope is 0.5: a shift of 0.1, taken out; their 95 % is 0.31 to 0.69
    assert found.slope.shift == pytest.approx(0.1)
    assert (found.slope.low, found.slope.high) == pytest.approx((0.4 - 0.19, 0.4 + 0.19))
    assert found.replicates == 101
    # sqrt e_a of the replicates is e^{-s a / 2}, and larger slopes are smaller widths
    np.testing.assert_allclose(found.widths.low, np.exp(-0.59 * np.arange(12) / 2))
    np.testing.assert_allclose(found.widths.high, np.exp(-0.21 * np.arange(12) / 2))
    straddling = np.exp(-np.linspace(-0.5, 0.5, 101)[:, None] * np.arange(12))
    # sorted by size, every replicate decays: none of these slopes is negative
    assert ribbon(np.exp(-0.8 * np.arange(12)), straddling).verdict is RibbonVerdict.RIBBON
    constant = ribbon(
        np.exp(-0.01 * np.arange(12)), np.exp(-np.linspace(0, 0.5, 101)[:, None] * np.arange(12))
    )
    assert constant.slope.low < 0
    assert constant.verdict is RibbonVerdict.THICK
    # thin and long, but resamples leave its slope anywhere from 0 on
    unsure = ribbon(
        np.exp(-0.6 * np.arange(12)), np.exp(-np.linspace(0, 1.2, 101)[:, None] * np.arange(12))
    )
    assert unsure.slope.low < LEAST_SLOPE < unsure.slope.value
    assert unsure.verdict is RibbonVerdict.LOW_DIMENSIONAL


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"eigenvalues": np.array([])}, "finite numbers"),
        ({"eigenvalues": np.array([1.0, np.nan])}, "finite numbers"),
        ({"eigenvalues": np.ones(9), "directions": 3}, "directions"),
        ({"eigenvalues": np.ones(9), "level": 1.0}, "level"),
        ({"eigenvalues": np.ones(9), "replicates": np.ones((1, 9))}, "replicates"),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        ribbon(**arguments)  # type: ignore[arg-type]


def test_an_unknown_explained_stress_is_no_ribbon() -> None:
    found = ribbon(np.exp(-np.arange(12.0)), squares=float("nan"))
    assert found.verdict is not RibbonVerdict.RIBBON
