"""Growth in wide networks against mean field; bootstrap intervals; the published bases."""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.growth import (
    bootstrap_mean,
    ensemble,
    growth_per_layer,
    mean_field_growth,
    published_base,
)


@pytest.mark.parametrize(
    ("activation", "sigma_w", "sigma_b"),
    [("relu", 1.0, 0.0), ("relu", 2.0, 0.5), ("hard_tanh", 0.8, 0.0), ("hard_tanh", 1.5, 0.0)],
)
def test_wide_networks_grow_by_the_root_of_chi_1(
    activation: str, sigma_w: float, sigma_b: float
) -> None:
    """At k = 256 corrections are O(1/k) and the means of 6 networks scatter by about 1/sqrt(6 k) a
    layer: 4 % holds both.
    """
    found = growth_per_layer(
        ensemble(4, 256, sigma_w, sigma_b, activation, networks=6, seed=3).lengths, seed=0
    )
    assert float(found.value) == pytest.approx(
        mean_field_growth(activation, sigma_w, sigma_b), rel=0.04
    )


def test_relu_grows_by_sigma_w_over_root_2_whatever_the_biases() -> None:
    assert [mean_field_growth("relu", 3.0, sigma_b) for sigma_b in (0.0, 2.0)] == pytest.approx(
        [3 / 2**0.5] * 2
    )


def test_hard_tanh_is_ordered_below_and_chaotic_above_one_without_biases() -> None:
    """For sigma_w <= 1 the fixed point is q* = 0, where every unit is linear: chi_1 = sigma_w^2."""
    assert mean_field_growth("hard_tanh", 0.7, 0.0) == pytest.approx(0.7)
    assert mean_field_growth("hard_tanh", 1.2, 0.0) > 1


def test_the_mean_field_of_hard_tanh_agrees_with_simulation() -> None:
    """chi_1 / sigma_w^2 is the share of units in their linear part at the fixed point of q; a
    million draws leave 1e-3.
    """
    draws = np.random.default_rng(0).standard_normal(1_000_000)
    sigma_w, sigma_b, q = 2.0, 0.5, 1.0
    for _ in range(60):
        q = sigma_w**2 * float((np.clip(np.sqrt(q) * draws, -1, 1) ** 2).mean()) + sigma_b**2
    chi_1 = sigma_w**2 * float((np.abs(np.sqrt(q) * draws) < 1).mean())
    assert mean_field_growth("hard_tanh", sigma_w, sigma_b) ** 2 == pytest.approx(chi_1, rel=5e-3)


def test_the_published_base_exceeds_the_growth_of_wide_relu_networks_by_root_2() -> None:
    assert published_base("relu", 10**6, 1.7, 0.0) / mean_field_growth(
        "relu", 1.7, 0.0
    ) == pytest.approx(2**0.5, rel=1e-5)
    # sigma_b = 0: sqrt(sigma_w k / (sigma_w + k))
    assert published_base("hard_tanh", 9, 4.0, 0.0) == pytest.approx((4 * 9 / 13) ** 0.5)
    with pytest.raises(BadInput, match="relu or hard_tanh"):
        published_base("tanh", 4, 1.0, 0.0)


def test_networks_do_not_depend_on_how_many_are_drawn() -> None:
    few, many = (ensemble(2, 5, 1.5, 0.1, "relu", networks, seed=1) for networks in (2, 5))
    assert np.array_equal(few.lengths, many.lengths[:2])
    assert np.array_equal(few.transitions, many.transitions[:2])


def test_intervals_hold_the_mean_and_identical_networks_have_none() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=(30, 3))
    found = bootstrap_mean(values, seed=0)
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()
    same = bootstrap_mean(np.ones((10, 2)), seed=0)
    np.testing.assert_allclose([same.low, same.high], 1.0, rtol=1e-15)


def test_growth_needs_two_hidden_layers() -> None:
    with pytest.raises(BadInput, match="two hidden layers"):
        growth_per_layer(np.ones((2, 2)), seed=0)
