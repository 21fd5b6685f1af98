"""Traces without C, against C."""

from __future__ import annotations

import numpy as np
import pytest
from builders import sampler, second_moment

from eigenscape.active_subspace.dual import squares_by_layer
from eigenscape.active_subspace.traces import pair_products, traces_from_gram, traces_from_pairs
from eigenscape.architecture import Architecture

NETWORK = Architecture(3, 10)


def test_traces_and_layer_masses_are_those_of_c() -> None:
    gradients = sampler(NETWORK).block(0, 90)[0].copy()
    moment, squares = second_moment(gradients), squares_by_layer(gradients, NETWORK)
    found = traces_from_gram(gradients @ gradients.T / 90, squares, np.ones(90, dtype=bool))

    assert found.trace.value == pytest.approx(np.trace(moment), rel=1e-12)
    masses = [np.diagonal(moment)[layer.whole].sum() for layer in NETWORK.layers]
    np.testing.assert_allclose(found.layer_masses, masses, rtol=1e-12)
    assert found.square_trace == pytest.approx(np.sum(moment**2), rel=1e-12)

    paired = traces_from_pairs(squares, pair_products(gradients), np.ones(90, dtype=bool))
    np.testing.assert_allclose(paired.layer_masses, masses, rtol=1e-12)
    expected = np.mean([(gradients[i] @ gradients[i + 1]) ** 2 for i in range(0, 90, 2)])
    assert paired.population_square_trace.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("route", ["gram", "pairs"])
def test_population_values_are_within_their_intervals(route: str) -> None:
    """g ~ N(0, D): tr C^2 = sum d^2, although the samples' own is 5 times that at N = P / 4; 95 %
    intervals, at least 85 of 100 hold.
    """
    variances = np.concatenate([np.full(10, 2.0), np.full(190, 1.0)])
    participation, square = variances.sum() ** 2 / np.sum(variances**2), np.sum(variances**2)
    draw, held = np.random.default_rng(1), np.zeros(2)
    for _ in range(100):
        gradients = draw.standard_normal((50, 200)) * np.sqrt(variances)
        squares, every = squares_by_layer(gradients, None), np.ones(50, dtype=bool)
        if route == "gram":
            found = traces_from_gram(gradients @ gradients.T / 50, squares, every)
            assert found.square_trace is not None
            assert found.square_trace > 3 * square
        else:
            found = traces_from_pairs(squares, pair_products(gradients), every)
        held[0] += found.population_square_trace.low <= square <= found.population_square_trace.high
        held[1] += (
            found.population_participation.low
            <= participation
            <= found.population_participation.high
        )
    assert held.min() >= 85


def test_excluded_samples_do_not_count() -> None:
    gradients = sampler(NETWORK).block(0, 21)[0].copy()
    counted = np.ones(21, dtype=bool)
    counted[[4, 20]] = False
    gradients[~counted] = 0.0
    squares, kept = squares_by_layer(gradients, NETWORK), gradients[counted]

    by_gram = traces_from_gram(gradients @ gradients.T / 19, squares, counted)
    by_pairs = traces_from_pairs(squares, pair_products(gradients), counted)
    assert by_gram.square_trace == pytest.approx(np.sum(second_moment(kept) ** 2), rel=1e-12)
    for found in (by_gram, by_pairs):
        assert found.trace.value == pytest.approx(np.sum(kept**2) / 19, rel=1e-12)


def test_too_few_samples_have_no_interval() -> None:
    found = traces_from_pairs(np.ones((2, 1)), np.array([1.0]), np.ones(2, dtype=bool))
    assert found.population_participation.value == 1.0
    assert found.population_participation.high == float("inf")
