"""The bootstrap of spectra over trajectories: whole trajectories are drawn with replacement.

Checkpoints of one trajectory are not independent of each other, so they stay together. A trajectory
drawn twice is one of weight two: the weighted InPCA of `inpca.embed`, of which only the eigenvalues
are computed.
"""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput


def bootstrap_eigenvalues(
    distances: np.ndarray, trajectories: np.ndarray, replicates: int, key: int
) -> np.ndarray:
    """Compute the spectra of resampled trajectories.

    Args:
        distances: D (M, M).
        trajectories: number of the trajectory of each model (M,).
        replicates: R.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.

    Returns:
        (R, M), signed, by descending |e|; zeros where a replicate has fewer points.

    Raises:
        BadInput: there are fewer than two trajectories, or numbers do not match.

    Example:
        >>> distances = np.ones((4, 4)) - np.eye(4)
        >>> bootstrap_eigenvalues(distances, np.array([0, 0, 1, 1]), 3, key=1).shape
        (3, 4)
    """
    names, codes = np.unique(trajectories, return_inverse=True)
    if len(names) < 2 or codes.shape != (len(distances),):
        found = f"{len(names)} of {codes.shape} models"
        raise BadInput.field(
            "trajectories", f"two or more of {len(distances)} models", found, "train more networks"
        )
    draw = np.random.Generator(np.random.Philox(key=key))
    counts = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates)
    spectra = np.zeros((replicates, len(distances)))
    for row, count in zip(spectra, counts, strict=True):
        weights = count[codes]
        drawn = np.flatnonzero(weights)
        values = weighted_eigenvalues(distances[np.ix_(drawn, drawn)], weights[drawn])
        row[: len(values)] = values
    return spectra


def weighted_eigenvalues(distances: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the eigenvalues (M,) of the weighted W, by descending |e|; D is overwritten.

    Example:
        >>> distances = np.array([[0.0, 4.0], [4.0, 0.0]])
        >>> weighted_eigenvalues(distances, np.array([1, 1])).round(12).tolist()
        [2.0, 0.0]
    """
    from scipy.linalg import eigh  # noqa: PLC0415 - its BLAS is loaded where it is used

    w = weights / weights.mean()
    means = distances @ w / len(w)
    distances -= means
    distances -= means[:, None]
    distances += means @ w / len(w)
    roots = np.sqrt(w)
    distances *= -0.5 * roots
    distances *= roots[:, None]
    values = eigh(distances, eigvals_only=True, driver="evd", overwrite_a=True, check_finite=False)
    return np.asarray(values[np.argsort(-np.abs(values), kind="stable")])
