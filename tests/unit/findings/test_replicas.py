"""Tests over replicas: exact p-values, the smallest of them, and false alarms."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import scipy

from eigenscape.findings.replicas import EXACT, rank_trends, sign_flip_p, smallest_p


@pytest.mark.parametrize("replicas", [1, 3, 7])
def test_the_p_value_is_the_share_of_sign_patterns(replicas: int) -> None:
    values = np.random.default_rng(replicas).normal(0.5, 1.0, replicas)
    sums = [np.dot(signs, values) for signs in product((1, -1), repeat=replicas)]
    expected = np.mean(np.array(sums) >= values.sum() - 1e-12)
    assert sign_flip_p(values) == pytest.approx(expected)
    assert sign_flip_p(np.abs(values)) == smallest_p(replicas) == 2.0**-replicas
    assert sign_flip_p(np.zeros(replicas)) == 1.0


def test_many_replicas_are_tested_by_patterns_that_are_drawn() -> None:
    """Against the normal limit of the sum of signs times values; never 0."""
    values = np.random.default_rng(0).normal(0.4, 1.0, 40)
    assert len(values) > EXACT
    limit = scipy.stats.norm.sf(values.sum() / np.sqrt(np.square(values).sum()))
    assert sign_flip_p(values) == pytest.approx(limit, rel=0.2)
    assert sign_flip_p(np.ones(40)) == 1 / (2**EXACT + 1)


def test_correlated_layers_without_a_trend_are_significant_as_often_as_promised() -> None:
    """Random walks over eight layers: neighbours are alike, nothing rises. Of 400 studies of eight
    replicas one of twenty has p < 0.05, with three standard deviations; Page's test, which takes
    layers as exchangeable, more than twice as many as it should.
    """
    draws = np.random.default_rng(1)
    walks = draws.standard_normal((400, 8, 8)).cumsum(axis=2)
    rejected = sum(sign_flip_p(rank_trends(walk)) < 0.05 for walk in walks)
    assert rejected <= 20 + 3 * (400 * 0.05 * 0.95) ** 0.5
    by_page = sum(scipy.stats.page_trend_test(walk).pvalue < 0.05 for walk in walks)
    assert by_page > 2 * 400 * 0.05
