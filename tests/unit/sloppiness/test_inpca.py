"""InPCA: every distance reproduced, imaginary directions kept, PCA where outputs are Gaussian,
points placed where they belong.
"""

from __future__ import annotations

import numpy as np
import pytest
from unit.sloppiness.test_distances import models

from eigenscape.errors import BadInput
from eigenscape.sloppiness.distances import (
    bhattacharyya_distances,
    cross_distances,
    gaussian_distances,
)
from eigenscape.sloppiness.inpca import EmbeddingKind, centred, embed, minkowski_distances


def curved() -> np.ndarray:
    """Distances of forty models, with imaginary directions."""
    return bhattacharyya_distances(models(40, 12, 5))


def test_coordinates_reproduce_every_distance_and_imaginary_directions_are_kept() -> None:
    d = curved()
    found = embed(d)
    assert found.kind is EmbeddingKind.MINKOWSKI
    assert found.imaginary.sum() > 3
    np.testing.assert_array_equal(found.signs < 0, found.imaginary)
    assert (np.diff(np.abs(found.eigenvalues)) <= 0).all()
    # errors of an eigendecomposition are M eps |W|
    np.testing.assert_allclose(found.distances(), d, atol=40 * 40 * np.finfo(float).eps * d.max())
    real_only = found.distances() + minkowski_distances(
        found.coordinates * found.imaginary, np.ones(len(found.signs))
    )
    assert np.abs(real_only - d).max() > 0.01  # without them distances are too long


def test_explained_stress_and_distance_are_their_definitions() -> None:
    d = curved()
    w, found = centred(d), embed(d)
    for k in (1, 2, 3, 10, len(found.eigenvalues)):
        x = found.coordinates[:, :k]
        w_k = (x * found.signs[:k]) @ x.T
        assert found.explained_stress[k - 1] == pytest.approx(
            1 - np.linalg.norm(w - w_k) / np.linalg.norm(w), abs=1e-7
        )
        d_k = found.distances(k)
        assert found.explained_distance()[k - 1] == pytest.approx(
            1 - np.linalg.norm(d - d_k) / np.linalg.norm(d), abs=1e-6
        )
    assert found.explained_stress[-1] == 1.0
    assert (np.diff(found.explained_stress) > 0).all()


def test_the_leading_directions_by_lanczos_are_those_of_the_whole() -> None:
    d = curved()
    whole, leading = embed(d), embed(d.copy(), leading=6, overwrite=True)
    np.testing.assert_allclose(leading.eigenvalues, whole.eigenvalues[:6], rtol=1e-10)
    np.testing.assert_allclose(leading.coordinates, whole.coordinates[:, :6], atol=1e-8)
    np.testing.assert_allclose(leading.explained_stress, whole.explained_stress[:6], atol=1e-10)
    np.testing.assert_allclose(
        leading.explained_distance(), whole.explained_distance()[:6], atol=1e-10
    )
    np.testing.assert_allclose(leading.place(d[:3]), whole.coordinates[:3, :6], atol=1e-8)


def test_gaussian_outputs_give_principal_component_analysis() -> None:
    """Against the singular values of the centred outputs."""
    deviation = 0.5
    outputs = np.random.default_rng(0).normal(size=(30, 7)) * 2.0 ** -np.arange(7)
    found = embed(gaussian_distances(outputs, deviation))
    assert found.kind is EmbeddingKind.EUCLIDEAN
    left, sizes, _ = np.linalg.svd(outputs - outputs.mean(axis=0), full_matrices=False)
    scale = 8 * deviation**2 * 7
    np.testing.assert_allclose(found.eigenvalues, sizes**2 / scale, rtol=1e-9)
    np.testing.assert_allclose(
        np.abs(found.coordinates), np.abs(left * sizes) / np.sqrt(scale), atol=1e-9
    )
    assert centred(gaussian_distances(outputs, deviation)) == pytest.approx(
        (outputs - outputs.mean(axis=0)) @ (outputs - outputs.mean(axis=0)).T / scale, abs=1e-12
    )


def test_duplicates_coincide_and_training_points_are_placed_where_they_are() -> None:
    logs = models(25, 12, 5)
    logs[7] = logs[3]
    found = embed(bhattacharyya_distances(logs))
    # directions of size |e| turn by M eps |e_1| / |e|: compared where that is small
    clear = np.abs(found.eigenvalues) > 1e-6 * np.abs(found.eigenvalues[0])
    np.testing.assert_allclose(found.coordinates[7, clear], found.coordinates[3, clear], atol=1e-9)
    placed = found.place(cross_distances(logs, logs))
    np.testing.assert_allclose(placed[:, clear], found.coordinates[:, clear], atol=1e-8)


def test_a_new_point_of_a_euclidean_cloud_is_projected_on_its_plane() -> None:
    """Classical scaling, closed form: the point (0, 0, 5) above a plane lands on its foot."""
    plane = np.random.default_rng(1).normal(size=(12, 2))
    points = np.column_stack([plane, np.zeros(12)])
    new = np.array([[0.4, -0.3, 5.0]])
    squared = ((points[:, None] - points) ** 2).sum(axis=2)
    found = embed(squared)
    placed = found.place(((new[:, None] - points) ** 2).sum(axis=2))
    foot = new[0, :2] - plane.mean(axis=0)
    axes = np.linalg.lstsq(plane - plane.mean(axis=0), found.coordinates, rcond=None)[0]
    np.testing.assert_allclose(placed[0], foot @ axes, atol=1e-9)


def test_whole_weights_are_repetitions() -> None:
    logs = models(15, 9, 4)
    counts = 1 + np.arange(15) % 3
    weighted = embed(bhattacharyya_distances(logs), counts)
    repeated = embed(bhattacharyya_distances(np.repeat(logs, counts, axis=0)))
    clear = np.abs(repeated.eigenvalues) > 1e-9 * np.abs(repeated.eigenvalues[0])
    # eigenvalues grow with the number of points: weights of mean 1 stand for 15 of them,
    # repetitions for sum(counts)
    np.testing.assert_allclose(
        weighted.eigenvalues[clear] * counts.mean(), repeated.eigenvalues[clear], rtol=1e-9
    )
    first = np.cumsum(counts) - counts
    np.testing.assert_allclose(
        weighted.coordinates[:, :5], repeated.coordinates[first, :5], atol=1e-9
    )
    np.testing.assert_allclose(weighted.distances(), bhattacharyya_distances(logs), atol=1e-12)
    placed = weighted.place(bhattacharyya_distances(logs))
    np.testing.assert_allclose(placed[:, :5], weighted.coordinates[:, :5], atol=1e-9)
    with pytest.raises(BadInput, match="explained_stress"):
        weighted.explained_distance()


@pytest.mark.parametrize(
    ("distances", "weights", "words"),
    [
        (np.ones((2, 3)), None, "square"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), None, "symmetric"),
        (np.array([[0.0, np.inf], [np.inf, 0.0]]), None, "finite"),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.0]), "positive"),
    ],
)
def test_what_cannot_be_embedded_is_refused(
    distances: np.ndarray, weights: np.ndarray | None, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        embed(distances, weights)
    with pytest.raises(BadInput, match="every embedded model"):
        embed(np.array([[0.0, 1.0], [1.0, 0.0]])).place(np.ones((1, 3)))
