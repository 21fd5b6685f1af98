"""Block Krylov against dense eigensolvers, through restarts, exhausted spaces and clusters."""

from __future__ import annotations

import numpy as np
import pytest
from builders import orthogonal, sampler, second_moment, with_spectrum

from eigenscape.active_subspace import matrix_free
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.architecture import Architecture


def normals(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns))


def leading_pairs(
    product: matrix_free.Product, start: np.ndarray, leading: int
) -> matrix_free.LeadingPairs:
    """Block Krylov from start to end, without the checkpoints of its stage."""
    state = matrix_free.init_state(start, leading)
    while not state.converged(leading) and state.passes < matrix_free.MOST_PASSES:
        matrix_free.step(state, product, leading)
    return matrix_free.with_residuals(state.ritz_vectors(state.count_found(leading)), product)


def test_leading_pairs_are_those_of_eigh() -> None:
    """Residual r and gap d bound the error of a value by r^2/d: at a tolerance of 1e-8 below the
    rounding of eigh, P eps lambda_1.
    """
    network, samples = Architecture(3, 20), 300
    gradients = sampler(network).block(0, samples)[0].copy()
    tiles = Tiles.of_sampler(sampler(network), samples, cache_bytes=10**8)

    def product(vectors: np.ndarray) -> np.ndarray:
        total = np.zeros_like(vectors)
        matrix_free.add_product(total, tiles, range(tiles.count), vectors)
        return total / samples

    found = leading_pairs(product, normals(8, network.parameters), leading=10)

    values, vectors = np.linalg.eigh(second_moment(gradients))
    np.testing.assert_allclose(found.values, values[::-1][:10], rtol=0, atol=1e-12 * values[-1])
    overlaps = np.abs(np.einsum("kp,pk->k", found.vectors, vectors[:, ::-1][:, :10]))
    np.testing.assert_allclose(overlaps, 1, atol=1e-9)
    assert found.residuals.max() < 1e-7 * values[-1]
    np.testing.assert_allclose(found.vectors @ found.vectors.T, np.eye(10), atol=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_a_space_that_is_exhausted_ends_with_what_there_is(rank: int) -> None:
    values = np.concatenate([np.arange(rank, 0.0, -1.0), np.zeros(40 - rank)])
    matrix = with_spectrum(values)

    found = leading_pairs(lambda v: v @ matrix, normals(4, 40), leading=10)

    np.testing.assert_allclose(found.values, values[:rank], atol=1e-12 * rank)


def test_plateaus_as_wide_as_a_layer_are_found_whole() -> None:
    """C of a random network has eigenvalues in groups of w: more of one value than the block has
    vectors.
    """
    values = np.concatenate([np.full(12, 5.0), np.full(12, 2.0), np.linspace(1, 0, 76)])
    matrix = with_spectrum(values)

    found = leading_pairs(lambda v: v @ matrix, normals(4, 100), leading=20)

    np.testing.assert_allclose(found.values, values[:20], atol=1e-11 * 5)


def test_a_graded_spectrum_through_many_restarts() -> None:
    values = 0.9 ** np.arange(150.0)
    axes = orthogonal(150)
    matrix = (axes * values) @ axes.T
    state = matrix_free.init_state(normals(2, 150), leading=6)
    while not state.converged(6):
        matrix_free.step(state, lambda v: v @ matrix, 6)
        assert state.size <= len(state.basis) == matrix_free.basis_rows(6, 2, 150)

    assert state.passes > matrix_free.KRYLOV_BLOCKS + 2  # or there was no restart
    np.testing.assert_allclose(state.values[:6], values[:6], rtol=1e-12)
    found = matrix_free.with_residuals(state.ritz_vectors(6), lambda v: v @ matrix)
    # the cheap norms say what the true ones do
    assert np.all(found.residuals <= 2 * np.maximum(state.residuals[:6], 1e-14))


def test_residuals_are_those_of_the_vectors_that_are_given() -> None:
    """v = (e_1 cos a + e_2 sin a): Rayleigh quotient 2 cos^2 a + sin^2 a, residual sin a cos a (the
    gap is 1).
    """
    angle = 1e-3
    vector = np.array([[np.cos(angle), np.sin(angle), 0.0]])

    found = matrix_free.with_residuals(vector, lambda v: v * np.array([2.0, 1.0, 0.0]))

    assert found.residuals[0] == pytest.approx(np.sin(angle) * np.cos(angle), rel=1e-9)
    assert 2 - found.values[0] == pytest.approx(np.sin(angle) ** 2, rel=1e-6)


def test_combination_adds_in_place() -> None:
    gradients = normals(130, 7)
    total = np.ones((2, 7))
    coefficients = normals(2, 130, seed=1)
    matrix_free.add_combination(total, Tiles.of_gradients(gradients), range(3), coefficients)
    np.testing.assert_allclose(total, 1 + coefficients @ gradients, rtol=1e-12, atol=1e-12)
