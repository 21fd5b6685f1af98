"""The Marchenko-Pastur law against its known edges and moments, numerical quadrature, and a
simulation.
"""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from eigenscape.active_subspace.sampling_noise import (
    log10_condition_null,
    marchenko_pastur_quantiles,
)
from eigenscape.errors import BadInput

RATIOS = [1e-6, 0.1, 0.25, 0.9, 1.0, 2.5]


def density(x: float, ratio: float) -> float:
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    return math.sqrt(max(0.0, (high - x) * (x - low))) / (2 * math.pi * ratio * x)


@pytest.mark.parametrize("ratio", RATIOS)
def test_quantiles_fill_the_interval_between_the_edges(ratio: float) -> None:
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2

    quantiles = marchenko_pastur_quantiles(20_000, ratio)
    positive = quantiles[quantiles > 0]

    assert np.all(np.diff(quantiles) <= 0)
    # The law vanishes like a square root at its edges: the outermost of n quantiles is n^(-2/3) of
    # the width away.
    assert high - 0.003 * (high - low) < positive[0] <= high * (1 + 1e-12)
    assert low * (1 - 1e-12) <= positive[-1] < low + 0.003 * (high - low)
    assert len(positive) == round(20_000 * min(1.0, 1 / ratio))


@pytest.mark.parametrize("ratio", RATIOS)
def test_mean_is_one_and_variance_is_the_ratio(ratio: float) -> None:
    quantiles = marchenko_pastur_quantiles(20_000, ratio)

    assert quantiles.mean() == pytest.approx(1.0, abs=2e-4 * math.sqrt(ratio))
    assert quantiles.var() == pytest.approx(ratio, rel=2e-3)


@pytest.mark.parametrize("ratio", [0.1, 0.9, 2.5])
def test_quantiles_agree_with_the_integrated_density(ratio: float) -> None:
    quantiles = marchenko_pastur_quantiles(10, ratio)
    high = (1 + math.sqrt(ratio)) ** 2

    for position, quantile in enumerate(quantiles[quantiles > 0]):
        above, _ = quad(density, quantile, high, args=(ratio,), limit=200)
        assert above == pytest.approx((position + 0.5) / 10, abs=1e-6)


@pytest.mark.parametrize(("parameters", "samples"), [(300, 1200), (300, 150)])
def test_quantiles_are_the_spectrum_of_isotropic_noise(parameters: int, samples: int) -> None:
    gradients = np.random.default_rng(5).standard_normal((samples, parameters))
    simulated = np.linalg.eigvalsh(gradients.T @ gradients / samples)[::-1]

    quantiles = marchenko_pastur_quantiles(parameters, parameters / samples)

    # Single eigenvalues fluctuate by about a spacing, width/P, in the bulk, and by width P^(-2/3)
    # at the edge.
    width = 4 * math.sqrt(parameters / samples)
    np.testing.assert_allclose(simulated, quantiles, atol=width * parameters ** (-2 / 3))


@pytest.mark.parametrize(
    ("ratio", "decades"), [(0.1, 0.57), (0.25, 0.95), (0.5, 1.53), (0.9, 3.16)]
)
def test_condition_number_of_noise(ratio: float, decades: float) -> None:
    assert log10_condition_null(round(1000 * ratio), 1000) == pytest.approx(decades, abs=0.005)


def test_condition_number_of_noise_is_the_ratio_of_the_outer_quantiles() -> None:
    quantiles = marchenko_pastur_quantiles(1_000_000, 0.25)

    assert np.log10(quantiles[0] / quantiles[-1]) == pytest.approx(
        log10_condition_null(25, 100), abs=1e-3
    )


def test_condition_number_of_noise_is_infinite_without_more_samples_than_parameters() -> None:
    assert log10_condition_null(100, 100) == math.inf
    assert log10_condition_null(101, 100) == math.inf
    assert math.isfinite(log10_condition_null(99, 100))


@pytest.mark.parametrize(
    ("count", "ratio"), [(0, 0.5), (5, 0.0), (5, -1.0), (5, math.nan), (5, math.inf)]
)
def test_quantiles_refuse_what_has_none(count: int, ratio: float) -> None:
    with pytest.raises(BadInput, match="expected"):
        marchenko_pastur_quantiles(count, ratio)


def test_condition_number_refuses_no_samples() -> None:
    with pytest.raises(BadInput, match="parameters, samples"):
        log10_condition_null(5, 0)
