"""Graphs and what is read from them, against direct sums, closed forms and invariances."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from eigenscape.clustering.blocks import block_excess, layer_blocks
from eigenscape.clustering.gram import Columns
from eigenscape.clustering.graphs import (
    Normalisation,
    affinity_graph,
    matched_accuracy,
    spectral_clustering,
)
from eigenscape.clustering.modularity import ModularityStatus, label_purity, modularity
from eigenscape.clustering.similarity import (
    SimilarityStatus,
    cka,
    cosine,
    hsic_1,
    linear_cka,
    unbiased_cka,
)
from eigenscape.clustering.spectral import least_squares_cka, without_directions
from eigenscape.errors import BadInput


def random_graph(count: int, seed: int = 0) -> np.ndarray:
    weights = np.random.default_rng(seed).exponential(size=(count, count)) * (
        np.random.default_rng(seed + 1).random((count, count)) < 0.4
    )
    np.fill_diagonal(weights, 0.0)
    return weights + weights.T


def test_graphs_are_pruned_normalised_and_taken_apart() -> None:
    c = np.array(
        [[9.0, 4.0, 0.0, 0.0], [-3.0, 9.0, 0.0, 0.0], [1.0, -2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    )
    graph = affinity_graph(c, strongest=1)
    # each column's largest is 1; the diagonal is no affinity
    np.testing.assert_array_equal(graph.weights[:2, :2], [[0, 1], [1, 0]])
    assert graph.components == 3
    assert graph.isolated.tolist() == [False, False, True, True]
    two = affinity_graph(c, Normalisation.TWO)
    assert two.weights[0, 2] == pytest.approx(0.5 / np.sqrt(10))
    assert affinity_graph(c, Normalisation.NONE, mass=0.7).weights[2, 0] == 0  # 3 of 4 carry 75 %
    with pytest.raises(BadInput, match="share"):
        affinity_graph(c, mass=1.5)


def test_spectral_clustering_finds_disjoint_blocks_and_survives_isolated_nodes() -> None:
    weights = np.kron(np.eye(3), np.ones((5, 5)))
    labels = np.repeat([7, 3, 5], 5)
    found = spectral_clustering(weights, labels, 0)
    assert found.accuracy == 1.0
    assert found.mutual_information == pytest.approx(1.0)
    weights[0] = weights[:, 0] = 0
    assert spectral_clustering(weights, labels, 0).accuracy >= 14 / 15


def test_matched_accuracy_is_the_best_over_all_names() -> None:
    draw = np.random.default_rng(0)
    clusters, labels = draw.integers(0, 4, 30), draw.integers(0, 4, 30)
    best = max(np.mean(np.array(names)[clusters] == labels) for names in permutations(range(4)))
    assert matched_accuracy(clusters, labels) == pytest.approx(best)


def test_modularity_is_its_double_sum() -> None:
    weights, labels = random_graph(15), np.arange(15) % 4
    degrees, total = weights.sum(axis=1), weights.sum()
    for resolution in (1.0, 2.5):
        direct = sum(
            weights[i, j] - resolution * degrees[i] * degrees[j] / total
            for i in range(15)
            for j in range(15)
            if labels[i] == labels[j]
        )
        found = modularity(weights, labels, resolution=resolution)
        assert found.value == pytest.approx(direct / total, abs=1e-14)
        assert modularity(17.0 * weights, labels, resolution=resolution).value == pytest.approx(
            found.value, abs=1e-14
        )


@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_equal_disjoint_blocks_reach_one_minus_one_over_k(blocks: int) -> None:
    found = modularity(
        np.kron(np.eye(blocks), np.ones((4, 4))), np.repeat(np.arange(blocks), 4), permutations=50
    )
    assert found.value == pytest.approx(1 - 1 / blocks, abs=1e-14)
    assert found.same_class_mass == pytest.approx(1.0)
    assert found.relative == (pytest.approx(1.0) if blocks > 1 else 0.0)
    assert (found.null <= found.value + 1e-14).all()
    # singletons: - sum (k_i / 2m)^2 + sum W_ii / 2m
    assert modularity(
        np.kron(np.eye(blocks), np.ones((4, 4))), np.arange(4 * blocks)
    ).value == pytest.approx(-1 / (4 * blocks) + 1 / 4, abs=1e-14)


def test_the_null_of_modularity_has_the_mean_of_all_relabellings() -> None:
    """Of a permutation, a pair of nodes is of one class with the share of pairs that are."""
    weights, labels = random_graph(12), np.repeat([0, 1, 2], 4)
    degrees, total = weights.sum(axis=1), weights.sum()
    share = 3 / 11  # of ordered pairs of different nodes: (4 - 1) / (12 - 1)
    off = share * (1 - (total**2 - np.sum(degrees**2)) / total**2)
    expected = off - np.sum(degrees**2) / total**2
    found = modularity(weights, labels, permutations=4000)
    error = found.null.std() / np.sqrt(4000)
    assert abs(found.null.mean() - expected) < 5 * error  # five standard errors
    assert 0 < found.p_value <= 1


def test_graphs_without_edges_have_a_status() -> None:
    found = modularity(np.zeros((4, 4)), np.array([0, 0, 1, 1]), permutations=5)
    assert found.status is ModularityStatus.NO_EDGES
    assert found.value == 0
    assert label_purity(np.zeros((4, 4)), np.zeros(4)).connected.tolist() == [False] * 4
    with pytest.raises(BadInput, match="non-negative"):
        modularity(-np.ones((2, 2)), np.array([0, 1]))


def test_alignment_has_its_invariances() -> None:
    draw = np.random.default_rng(0)
    k, other = random_graph(10, 3), random_graph(10, 9)
    c, order = draw.standard_normal(10), draw.permutation(10)
    for similarity in (cka, unbiased_cka):
        value = similarity(k, other).value
        assert similarity(k, k).value == pytest.approx(1)
        assert similarity(other, k).value == pytest.approx(value)
        assert similarity(4 * k, 0.1 * other).value == pytest.approx(value)
        assert similarity(
            k[np.ix_(order, order)], other[np.ix_(order, order)]
        ).value == pytest.approx(value)
    assert cka(k + c[:, None] + c, other).value == pytest.approx(cka(k, other).value)
    direct = np.eye(10) - 0.1
    a, b = direct @ k @ direct, direct @ other @ direct
    assert cka(k, other).value == pytest.approx(
        np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)
    )
    assert cosine(k, 3 * k).value == pytest.approx(1)


def test_linear_alignment_sees_rotations_and_scales_only() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.standard_normal((12, 4)), draw.standard_normal((12, 3))
    rotation = np.linalg.qr(draw.standard_normal((4, 4)))[0]
    assert linear_cka(3 * x @ rotation + 2, y).value == pytest.approx(linear_cka(x, y).value)
    assert abs(linear_cka(x @ np.diag([10.0, 1, 1, 1]), y).value - linear_cka(x, y).value) > 1e-3
    orthogonal = np.linalg.qr(np.hstack([np.ones((12, 1)), x]))[0]
    assert linear_cka(orthogonal[:, 1:3], orthogonal[:, 3:5]).value == pytest.approx(0, abs=1e-12)


def test_unbiased_dependence_is_the_mean_over_quadruples() -> None:
    """HSIC_1 is a U-statistic: the mean of K_ij (L_ij + L_qr - 2 L_iq) over ordered quadruples of
    different inputs (Song et al.).
    """
    k, other = random_graph(6, 1), random_graph(6, 5)
    terms = [
        k[i, j] * (other[i, j] + other[q, r] - 2 * other[i, q])
        for i, j, q, r in permutations(range(6), 4)
    ]
    assert hsic_1(k, other) == pytest.approx(np.mean(terms), abs=1e-12)


def test_degenerate_alignments_are_a_status_never_nan() -> None:
    constant = np.ones((6, 6)) * 0.3
    for found in (
        cka(constant, random_graph(6)),
        unbiased_cka(constant, random_graph(6)),
        cosine(np.zeros((6, 6)), constant),
    ):
        assert found.status is SimilarityStatus.DEGENERATE
        assert found.value is None
    assert (
        linear_cka(np.ones((6, 2)), np.arange(6.0)[:, None]).status is SimilarityStatus.DEGENERATE
    )


def least_squares(columns: Columns, penalty: float) -> np.ndarray:
    """Argmin |X - X C|_F^2 + lambda |C|_F^2, diagonal and all."""
    return np.linalg.solve(columns.gram + penalty * np.eye(columns.count), columns.gram)


def test_the_filter_is_the_alignment_of_regression_matrices_and_has_its_two_limits() -> None:
    draw = np.random.default_rng(2)
    x = draw.standard_normal((14, 5)) * [8, 4, 2, 1, 0.5]
    y = x + draw.standard_normal((14, 5))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    a, b = Columns.of(x.T), Columns.of(y.T)
    for penalty in (1e-2, 1.0):
        graphs = [
            least_squares(columns, penalty * columns.singular_values[0] ** 2) for columns in (a, b)
        ]
        assert least_squares_cka(a, b, penalty).value == pytest.approx(
            cka(*graphs).value, abs=1e-10
        )
    # f = s^2 / lambda (1 - s^2 / lambda + ..): off by 1e-8 at lambda = 1e8
    assert least_squares_cka(a, b, 1e8).value == pytest.approx(linear_cka(x, y).value, abs=1e-7)
    spans = np.linalg.qr(x)[0].T @ np.linalg.qr(y)[0]
    assert least_squares_cka(a, b, 1e-12).value == pytest.approx(np.sum(spans**2) / 5, abs=1e-7)


def test_singular_directions_are_compared_where_there_are_any() -> None:
    x = Columns.of(np.array([[1.0, -1.0, 0.0], [0.1, 0.1, -0.2]]))
    none = Columns.of(np.zeros((2, 3)))
    assert least_squares_cka(x, none, 0.1).status is SimilarityStatus.DEGENERATE
    with pytest.raises(BadInput, match=r"^inputs: expected 3, found 2; give the same inputs"):
        least_squares_cka(x, Columns.of(np.array([[1.0, -1.0]])), 0.1)
    for penalty in (0.0, -1.0, np.nan):
        with pytest.raises(BadInput, match=r"^penalty: expected a number above 0"):
            least_squares_cka(x, x, penalty)


def test_removing_directions_leaves_the_others() -> None:
    x = np.random.default_rng(3).standard_normal((9, 4))
    values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(
        np.linalg.svd(without_directions(x, 1, 3), compute_uv=False)[:2], values[[0, 3]]
    )


def test_blocks_are_the_best_of_all_partitions() -> None:
    draw = np.random.default_rng(4)
    for _ in range(5):
        s = draw.random((6, 6))
        s = s + s.T
        upper = np.triu(np.ones((6, 6), bool), 1)

        def gain(edges: tuple[int, ...], s: np.ndarray = s, upper: np.ndarray = upper) -> float:
            block = np.searchsorted(np.array(edges[1:]), np.arange(6), side="right")
            same = upper & (block[:, None] == block)
            return float((s[same] - s[upper].mean()).sum())

        every = [(0, *cuts, 6) for size in range(6) for cuts in combinations(range(1, 6), size)]
        found = layer_blocks(s)
        assert gain(found.edges) == pytest.approx(max(gain(edges) for edges in every))
    assert layer_blocks(np.ones((3, 3))).score is None


def test_a_band_of_similar_neighbours_scores_as_its_means_by_distance() -> None:
    """A matrix that depends on the distance alone is its own band; true blocks exceed theirs."""
    band = 1 - 0.1 * np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    found = layer_blocks(band)
    assert found.banded == found.score
    blocks = layer_blocks(np.kron(np.eye(2), np.ones((3, 3))))
    # The diagonals' means are 1, 4/5, 1/2, 0, 0, 0; no partition of that matrix reaches 1.
    assert blocks.score == 1.0
    assert blocks.banded is not None
    assert blocks.banded < 0.6


def replicas_of(mean: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Symmetric matrices (count, L, L) about a mean, with independent noise and ones on the
    diagonal.
    """
    noise = 0.05 * np.random.default_rng(seed).standard_normal((count, *mean.shape))
    found = mean + noise + noise.transpose(0, 2, 1)
    found[:, np.arange(len(mean)), np.arange(len(mean))] = 1.0
    return found


def test_blocks_of_other_replicas_exceed_a_band_only_where_there_are_blocks() -> None:
    """Similarity by distance alone: an excess of mean 0 over many studies of three replicas,
    though blocks that are found and scored in one matrix always exceed its band. True blocks: the
    excess of the noise-free matrix.
    """
    band = 1 - 0.1 * np.abs(np.subtract.outer(np.arange(8.0), np.arange(8.0)))
    means = np.array([block_excess(replicas_of(band, 3, seed)).mean() for seed in range(400)])
    assert abs(means.mean()) < 4 * means.std() / 400**0.5
    fitted = [layer_blocks(replicas_of(band, 1, seed)[0]) for seed in range(50)]
    assert np.mean([one.score - one.banded for one in fitted]) > 4 * abs(means.mean())
    blocks = np.kron(np.eye(2), np.ones((4, 4)))
    found = layer_blocks(blocks)
    # the edges of the true blocks, scored on the matrix of the means by distance
    means_by_distance = np.array([1, 6 / 7, 4 / 6, 2 / 5, 0, 0, 0, 0])
    distance = np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    upper = np.triu(np.ones((8, 8), bool), 1)
    within = means_by_distance[distance[upper & (blocks == 1)]].mean()
    across = means_by_distance[distance[upper & (blocks == 0)]].mean()
    assert found.edges == (0, 4, 8)
    np.testing.assert_allclose(
        block_excess(np.stack([blocks] * 3)), 1 - (within - across), rtol=1e-12
    )


def test_a_missing_similarity_or_one_replica_has_no_excess() -> None:
    blocks = np.kron(np.eye(2), np.ones((2, 2)))
    assert np.isnan(block_excess(blocks[None])).all()
    gap = np.stack([blocks, np.where(np.eye(4) == 1, np.nan, blocks)])
    assert np.isnan(block_excess(gap)).all()
    assert np.isnan(block_excess(np.ones((2, 3, 3)))).all()  # one block, nothing across
