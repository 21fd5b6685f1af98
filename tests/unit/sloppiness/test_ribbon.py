"""Explained stress and the verdict on spectra whose slope, R^2 and interval are known."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.sloppiness.ribbon import RibbonVerdict, ribbon
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
    e = 3.0 * np.exp(-0.4 * np.arange(40)) * np.where(np.arange(40) % 3 == 0, -1, 1)
    found = ribbon(np.random.default_rng(1).permutation(e))
    assert found.verdict is RibbonVerdict.RIBBON
    assert found.directions == 20
    assert found.slope.value == pytest.approx(0.4, abs=1e-12)
    assert found.slope.low == pytest.approx(0.4, abs=1e-6)  # no residuals, no width
    assert found.r_squared.value == pytest.approx(1.0)
    assert found.decades.value == pytest.approx(0.4 * 19 / np.log(10))
    np.testing.assert_allclose(found.widths.value, np.sqrt(np.abs(e[:20])))
    np.testing.assert_array_equal(found.imaginary, e[:20] < 0)
    # sums of geometric series, of which the tail e^{-16} is cut
    q = np.exp(-0.4)
    assert found.participation_ratio.value == pytest.approx((1 + q) / (1 - q), rel=3 * q**40)
    assert found.chi_2.value == pytest.approx(1 - q**2, abs=q**40)
    assert found.chi_3.value == pytest.approx(1 - q**3, abs=q**40)


def test_flat_bent_and_short_spectra_are_no_ribbons() -> None:
    assert ribbon(np.ones(30)).verdict is RibbonVerdict.FLAT
    # a line through one step: R^2 = 3 / (k + 1) with k = 20
    one_large = ribbon(np.array([1e6, *[1.0] * 29]))
    assert one_large.verdict is not RibbonVerdict.RIBBON
    assert one_large.r_squared.value == pytest.approx(3 / 21)
    power = ribbon(np.arange(1.0, 31.0) ** -3)  # ln e is concave in ln a only
    assert power.verdict is RibbonVerdict.NOT_GEOMETRIC
    # the fifth is below m eps
    assert ribbon(np.array([1.0, 0.1, 0.01, 1e-3, 1e-20])).verdict is RibbonVerdict.TOO_FEW
    assert ribbon(np.zeros(6)).verdict is RibbonVerdict.TOO_FEW


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
    assert ribbon(np.exp(-0.4 * np.arange(12)), straddling).verdict is RibbonVerdict.RIBBON
    constant = ribbon(
        np.exp(-0.01 * np.arange(12)), np.exp(-np.linspace(0, 0.5, 101)[:, None] * np.arange(12))
    )
    assert constant.slope.low < 0
    assert constant.verdict is RibbonVerdict.FLAT


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
