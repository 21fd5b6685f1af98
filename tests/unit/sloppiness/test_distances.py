"""Streamed distances against the definition evaluated directly, at every edge of tiles and blocks;
and their memory.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import logsumexp

from eigenscape.errors import BadInput
from eigenscape.sloppiness import distances as module
from eigenscape.sloppiness.distances import (
    GROUP,
    TILE,
    bhattacharyya_distances,
    block_distances,
    blocks_of,
    cross_distances,
    enter,
    gaussian_distances,
    scratch_bytes,
)
from eigenscape.sloppiness.geodesic import ignorance, truth


def models(count: int, samples: int, classes: int, scale: float = 2.0, seed: int = 0) -> np.ndarray:
    """log-softmax of Gaussian logits (M, n, C)."""
    logits = np.random.default_rng(seed).normal(scale=scale, size=(count, samples, classes))
    return logits - logsumexp(logits, axis=2, keepdims=True)


def defined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """d_B by its definition in the log domain, pair by pair."""
    return np.array([[-np.mean(logsumexp((p + q) / 2, axis=1)) for q in second] for p in first])


# A mean of n logarithms of sums of C products, each within a few eps relative: errors of d_B are
# below (C + GROUP) eps.
ROUNDING = 64 * np.finfo(float).eps


@pytest.mark.parametrize(
    ("count", "samples", "classes"),
    [(2, 1, 2), (5, GROUP, 3), (TILE + 3, GROUP + 1, 10), (9, 3 * GROUP - 1, 1)],
)
def test_distances_are_their_definition(count: int, samples: int, classes: int) -> None:
    logs = models(count, samples, classes)
    found = bhattacharyya_distances(logs)
    few = slice(max(count - 9, 0), count)  # the last rows stand in the last, narrow tile
    np.testing.assert_allclose(found[few], defined(logs[few], logs), atol=ROUNDING)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 0.0)
    np.testing.assert_allclose(cross_distances(logs[few], logs), found[few], atol=ROUNDING)


def test_bits_do_not_depend_on_the_size_of_blocks() -> None:
    logs = models(3 * TILE + 40, 20, 4).astype(np.float32)
    whole = bhattacharyya_distances(logs)
    small = np.full_like(whole, np.nan)
    blocks = blocks_of(len(logs), least=10)
    assert len(blocks) == 10
    for block in reversed(blocks):
        enter(small, block, block_distances(logs, block))
    assert small.tobytes() == whole.tobytes()


@pytest.mark.parametrize("scale", [30.0, 400.0, 3000.0])
def test_products_and_overlaps_that_underflow_are_done_in_the_log_domain(scale: float) -> None:
    """At the largest scale single overlaps lie below the smallest float64."""
    logs = models(6, 40, 3, scale=scale)
    expected = defined(logs, logs)
    assert scale < 3000 or (logs / 2).max(axis=2).min() > -1e-12  # every model is certain
    np.testing.assert_allclose(
        bhattacharyya_distances(logs), expected, rtol=1e-14, atol=ROUNDING * scale
    )


def test_closed_forms_and_the_floor() -> None:
    classes, samples = 10, 30
    labels = np.arange(samples) % classes
    ends = np.stack([ignorance(samples, classes), truth(labels, classes)])
    assert bhattacharyya_distances(ends)[0, 1] == pytest.approx(np.log(classes) / 2, abs=ROUNDING)
    # from the truth, d_B is half the cross entropy
    logs = models(4, samples, classes)
    entropy = -logs[:, np.arange(samples), labels].mean(axis=1)
    np.testing.assert_allclose(cross_distances(logs, ends[1:])[:, 0], entropy / 2, atol=ROUNDING)
    # one of thirty is another class
    wrong = truth((labels + (np.arange(samples) == 0)) % classes, classes)
    with pytest.raises(BadInput, match="exclude each other"):
        bhattacharyya_distances(np.stack([ends[1], wrong]))
    # the second lets products of a group underflow only with others; both are -log(floor) / n
    for floor in (
        1e-9,
        1e-200,
    ):
        found = bhattacharyya_distances(np.stack([ends[1], wrong]), floor=floor)
        assert found[0, 1] == pytest.approx(-np.log(floor) / samples, rel=1e-13)


def test_single_precision_models_have_no_distance_from_themselves() -> None:
    logs = np.repeat(models(1, 200, 10), 3, axis=0).astype(np.float32)
    assert bhattacharyya_distances(logs).max() < ROUNDING


def test_gaussian_outputs_have_their_closed_form() -> None:
    """-log of the integral of sqrt(N(f, s^2) N(g, s^2)), by quadrature."""
    from scipy.integrate import quad
    from scipy.stats import norm

    f, g, deviation = 0.3, 1.9, 0.7
    overlap = quad(
        lambda x: np.sqrt(norm.pdf(x, f, deviation) * norm.pdf(x, g, deviation)), -10, 12
    )[0]
    outputs = np.array([[f, 5.0], [g, 5.0]])  # the second sample agrees
    assert gaussian_distances(outputs, deviation)[0, 1] == pytest.approx(
        -np.log(overlap) / 2, rel=1e-9
    )


def test_memory_is_the_distances_and_a_bound_that_knows_neither_models_nor_samples() -> None:
    classes = 10
    few, many = (
        models(2 * TILE, 40, classes),
        models(module.BLOCK + 200, 40, classes).astype(np.float32),
    )
    bhattacharyya_distances(few)  # imports and caches of numpy
    for logs in (few, many, np.tile(many, (1, 3, 1))):
        tracemalloc.start()
        found = bhattacharyya_distances(logs)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # the check of the input looks at TILE models, all samples: three float64 copies of theirs
        checked = 3 * 8 * TILE * logs.shape[1] * classes
        assert peak < found.nbytes + max(scratch_bytes(classes), checked)
    assert found.nbytes * logs.shape[1] > 5 * peak  # what one matrix per sample would take


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((3, 4)), "models, samples, classes"),
        (np.zeros((3, 4, 2), dtype=int), "floating-point"),
        (np.zeros((3, 4, 2)), "sum to 1"),
        (np.full((3, 4, 2), np.nan), "sum to 1"),
    ],
)
def test_what_are_no_log_probabilities_is_refused(values: np.ndarray, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        bhattacharyya_distances(values)
    with pytest.raises(BadInput, match="floor"):
        bhattacharyya_distances(models(2, 2, 2), floor=1.0)
