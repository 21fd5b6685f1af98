"""Stochastic Lanczos quadrature against exact traces and counts."""

from __future__ import annotations

import numpy as np
import pytest
from builders import with_spectrum

from eigenscape.active_subspace import spectral_density
from eigenscape.active_subspace.spectral_density import SpectralDensity


def density(matrix: np.ndarray, probes: int, steps: int, seed: int = 0) -> SpectralDensity:
    normals = np.random.default_rng(seed).standard_normal((probes, len(matrix)))
    state = spectral_density.init_state(spectral_density.random_signs(normals))
    for _ in range(steps):
        spectral_density.step(state, lambda v: v @ matrix)
    return spectral_density.density_of(state)


def test_moments_up_to_the_degree_of_the_rule_are_those_of_the_probes() -> None:
    """m steps are exact for x^j, j < 2 m: z^T C^j z for the very probes that were drawn."""
    matrix = with_spectrum(np.linspace(1, 3, 30))
    probes = spectral_density.random_signs(np.random.default_rng(0).standard_normal((3, 30)))
    rule = density(matrix, 3, 4)
    for power in range(8):
        exact = np.einsum("qi,ij,qj->q", probes, np.linalg.matrix_power(matrix, power), probes)
        np.testing.assert_allclose(
            30 * np.einsum("qm,qm->q", rule.weights, rule.nodes**power), exact, rtol=1e-11
        )


def test_counts_are_within_their_intervals() -> None:
    """Three clusters far apart: after a few steps the rule has them, and only the probes' noise is
    left, which the interval knows.
    """
    values = np.concatenate([np.full(30, 100.0), np.full(100, 10.0), np.full(270, 0.1)]) * (
        1 + 0.01 * np.linspace(-1, 1, 400)
    )
    rule = density(with_spectrum(values), 12, 20)
    for threshold, exact in ((50.0, 30), (3.0, 130), (0.01, 400)):
        (count,) = rule.count_above(np.array([threshold]))
        assert count.low - 1e-9 <= exact <= count.high + 1e-9
    (count,) = rule.count_above(np.array([50.0]))
    # A probe of signs has variance 2 (tr Pi - sum Pi_ii^2) < 2 * 30 for the count of 30; so the
    # half width is below 3 sqrt(60 / 12).
    assert count.high - count.low < 2 * 3 * np.sqrt(60 / 12)


def test_intervals_hold_as_often_as_they_say() -> None:
    """95 % of 100 independent intervals: binomial, so at least 88 in all but 0.4 % of draws; the
    seed is fixed.
    """
    values = np.linspace(0, 1, 60)
    matrix = with_spectrum(values)
    held = 0
    for seed in range(100):
        found = density(matrix, 6, 2, seed).trace_of()
        held += found.low <= values.sum() <= found.high
    assert held >= 88


def test_an_exhausted_space_is_left_as_it_is() -> None:
    rule = density(np.diag([2.0, 2.0, 5.0, 5.0]), 2, 6)
    assert np.isfinite(rule.nodes).all()
    assert rule.trace_of().value == pytest.approx(14, rel=1e-12)
    assert rule.trace_of(power=2.0).value == pytest.approx(58, rel=1e-12)
