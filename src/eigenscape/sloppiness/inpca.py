"""Intensive principal component analysis: coordinates that reproduce every distance, some of them
imaginary.

With L = I - 1 w^T / M (weights w of mean 1; ones where none are given), W = -1/2 L D L^T is
decomposed. D is not a squared Euclidean distance, so W has negative eigenvalues too. Directions are
ordered by |e_a|, coordinates are X_ka = v_ka sqrt|e_a|, and

    sum_a sign(e_a) (X_ka - X_la)^2 = D_kl    exactly:

directions with e_a < 0 are imaginary, they shorten distances, and are kept and labelled. If there
are none beyond rounding, D is a squared Euclidean distance and this is ordinary PCA, as
`Embedding.kind` reports.

Source: K. Quinn, C. Clement, F. De Bernardis, M. Niemack, J. Sethna, PNAS 116, 2019, doi
10.1073/pnas.1817218116; details as in github.com/grasp-lyrl/low-dimensional-deepnets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput, EigensolverFailure
from eigenscape.sloppiness.stress import by_size, explained_stress

FULL_LIMIT = 4000
"""Largest number of models for which all eigenvalues are computed: half a minute and four matrices
of memory. Beyond, the leading ones are computed by Lanczos, which needs only products with W."""

LEADING = 50
"""Number of directions of an embedding of many models: this many embed trajectories faithfully (J.
Mao et al., arXiv 2305.01604)."""


class EmbeddingKind(StrEnum):
    """The type of an InPCA embedding."""

    MINKOWSKI = "InPCA with imaginary directions"
    EUCLIDEAN = "no imaginary directions: InPCA is PCA"


@dataclass(frozen=True)
class Embedding:
    """Models as points.

    Attributes:
        eigenvalues: e (m,), signed, by descending |e|, without those that are rounding errors.
        coordinates: X (M, m).
        weights: w (M,), of mean 1.
        column_means: (M,), weighted means of the columns of D, to embed further points.
        grand_mean: the grand mean of D.
        squares: sum of e^2 over all eigenvalues, also those that are not included: |W|_F^2.
        diagonal: the diagonal of W (M,).
        complete: whether all eigenvalues beyond rounding are included.
    """

    eigenvalues: np.ndarray
    coordinates: np.ndarray
    weights: np.ndarray
    column_means: np.ndarray
    grand_mean: float
    squares: float
    diagonal: np.ndarray
    complete: bool

    @property
    def signs(self) -> np.ndarray:
        """+1 of real directions, -1 of imaginary ones (m,)."""
        return np.asarray(np.sign(self.eigenvalues))

    @property
    def imaginary(self) -> np.ndarray:
        """Which directions are imaginary (m,)."""
        return np.asarray(self.eigenvalues < 0)

    @property
    def kind(self) -> EmbeddingKind:
        """Whether the embedding is PCA."""
        return EmbeddingKind.MINKOWSKI if self.imaginary.any() else EmbeddingKind.EUCLIDEAN

    @property
    def explained_stress(self) -> np.ndarray:
        """chi_k for k = 1 ... m, relative to all of W."""
        return (
            explained_stress(self.eigenvalues, None if self.complete else self.squares)
            if len(self.eigenvalues)
            else np.ones(0)
        )

    def distances(self, directions: int | None = None) -> np.ndarray:
        """Return D_k (M, M) from the first ``directions``; from all by default."""
        return minkowski_distances(self.coordinates[:, :directions], self.signs[:directions])

    def explained_distance(self) -> np.ndarray:
        """Return 1 - |D - D_k|_F / |D|_F for k = 1 ... m, of unweighted models.

        With R = W - W_k: |D - D_k|^2 = 2 (tr R)^2 + 2 M |diag R|^2 + 4 |R|_F^2 (all rows of R sum
        to zero), so no M x M matrix is formed.

        Raises:
            BadInput: the models have weights.
        """
        if not np.allclose(self.weights, 1.0):
            raise BadInput.field("weights", "none", "weights that differ", "use explained_stress")
        models = len(self.coordinates)

        def norm(diagonal: np.ndarray, squares: np.ndarray | float) -> np.ndarray:
            traces = diagonal.sum(axis=0)
            return np.asarray(
                np.sqrt(
                    np.maximum(
                        2 * traces**2 + 2 * models * np.square(diagonal).sum(axis=0) + 4 * squares,
                        0.0,
                    )
                )
            )

        parts = np.cumsum(self.signs * np.square(self.coordinates), axis=1)
        left = np.square(1 - self.explained_stress) * self.squares
        return np.asarray(
            1 - norm(self.diagonal[:, None] - parts, left) / norm(self.diagonal, self.squares)
        )

    def place(self, distances: np.ndarray) -> np.ndarray:
        """Compute the coordinates of further points (Q, m) from their distances to the M embedded
        models (Q, M).

        Each point is centred with the means of the embedded ones. A model's own row of D gives its
        own coordinates.

        Raises:
            BadInput: the number of models differs.

        Example:
            >>> d = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]])
            >>> line = embed(d)
            >>> np.allclose(line.place(d), line.coordinates)
            True
        """
        if distances.ndim != 2 or distances.shape[1] != len(self.weights):
            expected = f"(points, {len(self.weights)})"
            raise BadInput.field(
                "distances",
                expected,
                f"{distances.shape}",
                "give the distance to every embedded model",
            )
        row_means = distances @ self.weights / len(self.weights)
        centred = -0.5 * (distances - self.column_means - row_means[:, None] + self.grand_mean)
        return np.asarray((centred * self.weights) @ self.coordinates / self.eigenvalues)


def embed(
    distances: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    leading: int | None = None,
    overwrite: bool = False,
) -> Embedding:
    """Embed M models.

    Args:
        distances: D (M, M), symmetric, zero on the diagonal.
        weights: (M,), positive weights of the models; scaled to mean 1. With whole numbers the
            eigenvalues are those of models repeated that often, up to that scale.
        leading: number of leading directions, by Lanczos; None means all up to `FULL_LIMIT` models,
            `LEADING` beyond.
        overwrite: whether D is centred in place, which saves an M x M matrix and destroys D.

    Raises:
        BadInput: the matrix is not symmetric, numbers are not finite, or weights do not match.
        EigensolverFailure: the solver did not converge.

    Example:
        >>> found = embed(np.array([[0.0, 4.0], [4.0, 0.0]]))
        >>> np.abs(found.coordinates).tolist(), found.kind.value
        ([[1.0], [1.0]], 'no imaginary directions: InPCA is PCA')
    """
    w = _weights(distances, weights)
    matrix = distances if overwrite else distances.astype(np.float64, copy=True)
    models = len(matrix)
    means = matrix @ w / models
    grand = float(means @ w / models)
    matrix -= means
    matrix -= means[:, None]
    matrix += grand
    matrix *= -0.5
    diagonal = np.diag(matrix).copy()
    roots = np.sqrt(w)
    if weights is not None:
        matrix *= roots
        matrix *= roots[:, None]
    squares = float(np.square(np.linalg.norm(matrix)))
    if leading is None and models > FULL_LIMIT:
        leading = LEADING
    if leading is not None and leading >= models - 1:
        leading = None
    values, vectors = _decompose(matrix, leading)
    order = by_size(values)
    values, vectors = values[order], vectors[:, order]
    resolved = (
        np.abs(values) > models * np.finfo(np.float64).eps * np.abs(values[0])
        if len(values)
        else np.zeros(0, dtype=bool)
    )
    values, vectors = values[resolved], vectors[:, resolved]
    if leading is None:
        squares = float(np.square(values).sum())
    # An eigenvector's sign is a solver's accident: the largest entry becomes positive, so that
    # figures do not flip.
    vectors = vectors * np.where(
        vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))] < 0, -1.0, 1.0
    )
    return Embedding(
        values,
        vectors / roots[:, None] * np.sqrt(np.abs(values)),
        w,
        means,
        grand,
        squares,
        diagonal,
        leading is None,
    )


def minkowski_distances(
    coordinates: np.ndarray, signs: np.ndarray, others: np.ndarray | None = None
) -> np.ndarray:
    """Return sum_a s_a (X_ka - Y_la)^2 between points (M, m) and (Q, m), the same points by
    default; the result may be negative.

    Example:
        >>> minkowski_distances(np.array([[0.0, 0.0], [2.0, 1.0]]), np.array([1.0, -1.0])).tolist()
        [[0.0, 3.0], [3.0, 0.0]]
    """
    second = coordinates if others is None else others
    first_squares, second_squares = (np.square(points) @ signs for points in (coordinates, second))
    return np.asarray(
        first_squares[:, None] + second_squares - 2 * (coordinates * signs) @ second.T
    )


def centred(distances: np.ndarray) -> np.ndarray:
    """Return W = -1/2 L D L of unweighted models.

    Example:
        >>> centred(np.array([[0.0, 4.0], [4.0, 0.0]])).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    means = distances.mean(axis=0)
    return np.asarray(-0.5 * (distances - means - means[:, None] + means.mean()))


def _weights(distances: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1] or len(distances) < 2:
        raise BadInput.field(
            "distances",
            "a square matrix of two or more models",
            f"shape {distances.shape}",
            "give D (M, M)",
        )
    largest = max(float(distances.max()), -float(distances.min()))
    if not np.isfinite(largest):
        raise BadInput.field(
            "distances", "finite numbers", "an infinity or NaN", "give overlaps a floor"
        )
    off = max(
        float(np.abs(distances[rows] - distances[:, rows].T).max())
        for rows in _rows(len(distances))
    )
    if off > 1e-12 * largest:
        raise BadInput.field(
            "distances", "a symmetric matrix", f"entries that differ by {off:.3g}", "give D (M, M)"
        )
    if weights is None:
        return np.ones(len(distances))
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (len(distances),) or not (w > 0).all() or not np.isfinite(w).all():
        found = f"shape {w.shape}, least {w.min(initial=np.inf)}"
        raise BadInput.field(
            "weights",
            f"{len(distances)} positive numbers",
            found,
            "leave models of weight zero out",
        )
    return np.asarray(w / w.mean())


def _rows(count: int, side: int = 256) -> list[slice]:
    return [slice(first, first + side) for first in range(0, count, side)]


def _decompose(matrix: np.ndarray, leading: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Compute eigenvalues and eigenvectors, all or the leading ones by size. A full decomposition
    overwrites the matrix.
    """
    if leading is None:
        from scipy.linalg import (  # noqa: PLC0415
            LinAlgError,
            eigh,
        )

        try:
            values, vectors = eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
        except LinAlgError as error:
            raise EigensolverFailure(f"InPCA of {len(matrix)} models: {error}") from None
        return values, vectors
    from scipy.sparse.linalg import ArpackError, eigsh  # noqa: PLC0415

    # A fixed start: the same work gives the same bits. Not constant: that is W's null vector.
    start = np.cos(np.arange(len(matrix)))
    try:
        values, vectors = eigsh(matrix, k=leading, which="LM", v0=start)
    except ArpackError as error:
        raise EigensolverFailure(f"InPCA of {len(matrix)} models: {error}") from None
    return values, vectors
