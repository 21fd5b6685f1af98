"""K against C: the same nonzero spectrum by another matrix, and the same bits however many tiles
are held.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from builders import EPSILON, orthogonal, sampler, second_moment

from eigenscape.active_subspace import dual
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.architecture import Architecture
from eigenscape.config.large import PART, TILE
from eigenscape.errors import BadInput

NETWORK = Architecture(3, 12)
"""P = 349."""


def gram_of(tiles: Tiles, held: int = 2) -> np.ndarray:
    rows = {}
    for block in dual.blocks_of_tiles(range(tiles.count), held):
        rows |= dual.gram_rows(tiles, block)
    return dual.gram_matrix(rows)


def gradients_of(count: int) -> np.ndarray:
    return sampler(NETWORK).block(0, count)[0].copy()


@pytest.mark.parametrize("samples", [1, 64, 65, 200])
def test_eigenvalues_are_those_of_the_primal(samples: int) -> None:
    """Both are backward stable: errors of P eps lambda_1 or so, here held to 3e-14 lambda_1 as
    measured at P = 5,146.
    """
    found = dual.dual_spectrum(gram_of(Tiles.of_sampler(sampler(NETWORK), samples)), leading=5)

    primal = np.linalg.eigvalsh(second_moment(gradients_of(samples)))[::-1]
    np.testing.assert_allclose(
        found.eigenvalues[: found.rank], primal[: found.rank], rtol=0, atol=3e-14 * primal[0]
    )
    assert found.rank == samples


def test_leading_vectors_are_eigenvectors_of_c() -> None:
    gradients = gradients_of(100)
    found = dual.dual_spectrum(gram_of(Tiles.of_gradients(gradients)), leading=6)

    vectors = found.combinations @ gradients
    residual = vectors @ second_moment(gradients) - found.eigenvalues[:6, None] * vectors
    assert np.abs(residual).max() < 1e-12 * found.eigenvalues[0]
    # u has errors of N eps; v = G^T u / sqrt(N lambda) magnifies them by sqrt(lambda_1 / lambda),
    # here less than 4.
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(6), atol=100 * EPSILON * 16)


def test_ridge_has_one_eigenvalue() -> None:
    """f = exp(a . theta): every gradient is along a, C = E[f^2] a a^T (oracle F2)."""
    direction = np.arange(1.0, 8.0)
    slopes = np.exp(np.linspace(-1, 1, 30))
    found = dual.dual_spectrum(gram_of(Tiles.of_gradients(slopes[:, None] * direction)), leading=3)

    assert found.rank == 1
    assert found.eigenvalues[0] == pytest.approx(
        np.mean(slopes**2) * direction @ direction, rel=1e-13
    )
    np.testing.assert_array_equal(found.eigenvalues[1:], 0)
    assert len(found.combinations) == 1


def test_quadratic_form_has_the_spectrum_of_its_square() -> None:
    """f = theta^T A theta / 2 on 2 P points +- sqrt(P) e_i Q: C = A^2 exactly (oracle F1), since
    the mean of theta theta^T is 1.
    """
    values = np.array([4.0, 3.0, 2.0, 1.0, 0.5])
    axes = orthogonal(5, seed=3)
    matrix = (axes * values) @ axes.T
    points = np.sqrt(5.0) * np.concatenate([orthogonal(5, seed=4), -orthogonal(5, seed=4)])
    found = dual.dual_spectrum(gram_of(Tiles.of_gradients(points @ matrix)), leading=2)

    np.testing.assert_allclose(found.eigenvalues[:5], values**2, rtol=0, atol=1e-13 * 16)
    assert found.rank == 5
    np.testing.assert_allclose(
        np.abs(found.combinations @ points @ matrix), np.abs(axes[:, :2].T), atol=1e-12
    )


def test_bits_depend_neither_on_what_is_held_nor_on_what_is_kept() -> None:
    reference = gram_of(Tiles.of_sampler(sampler(NETWORK), 300), held=1)
    for held, room in ((2, 0), (5, 0), (2, 10**8), (3, 8 * 64 * NETWORK.parameters)):
        tiles = Tiles.of_sampler(sampler(NETWORK), 300, room)
        assert gram_of(tiles, held).tobytes() == reference.tobytes()


def test_excluded_samples_do_not_count() -> None:
    gradients = gradients_of(80)
    losses = np.zeros(80)
    gradients[[3, 70]], losses[[3, 70]] = 0.0, np.nan
    tiles = Tiles(
        NETWORK.parameters,
        80,
        lambda first, count: (gradients[first : first + count], losses[first : first + count]),
    )

    kept = np.delete(gradients, [3, 70], axis=0)
    np.testing.assert_allclose(np.trace(gram_of(tiles)), np.sum(kept**2) / 78, rtol=1e-13)


def test_memory_is_that_of_two_tiles_and_the_matrix() -> None:
    """Held to the bound of the plan: two tiles, the parts that fill one, and the rows and the
    matrix; never N x P, let alone P x P.
    """
    network, samples = Architecture(2, 80), 1024  # P = 6,801
    draws = sampler(network)
    draws.block(0, PART)  # compiles, and makes the parts
    tracemalloc.start()
    gram_of(Tiles.of_sampler(draws, samples), held=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    bound = 8 * (network.parameters * (2 * TILE + 2 * PART) + 2 * samples**2) + 10**6
    assert peak < bound < 0.5 * 8 * samples * network.parameters


def test_no_samples_are_refused() -> None:
    with pytest.raises(BadInput, match="at least 1"):
        Tiles.of_gradients(np.zeros((0, 3)))


def test_stopping_gives_nothing_half_made() -> None:
    assert (
        dual.gram_rows(Tiles.of_gradients(np.ones((200, 3))), range(1, 3), stop=lambda: True) == {}
    )
