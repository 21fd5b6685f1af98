"""The leading subspace of C, and its distance from another one.

For a sample, the subspace is the span of its k leading eigenvectors, compared by principal angles
(Bjorck and Golub, Math. Comp. 27, 1973). Noise alone rotates it, above all where eigenvalues lie
close, so an angle is meaningful only in comparison with that between two halves of the same
samples.

For the projected C, the leading plateau is the eigenvector v of one block, once per unit that
shares the block. Two such subspaces of the same block have one angle, arccos |v . v'|, in all their
directions; subspaces of different blocks are orthogonal. Without the splitting within plateaus
little noise remains, and bootstrap resamples give an interval. This is this project's derivation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, subspace_angles

from eigenscape.active_subspace.symmetry import ProjectedSamples
from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Leading:
    """The leading eigenvector of the projected C, in R versions.

    Attributes:
        blocks: (R,), the number of the block that it belongs to.
        vectors: R unit vectors, each of its block's size.
    """

    blocks: np.ndarray
    vectors: list[np.ndarray]

    def degrees_from(self, other: Leading) -> np.ndarray:
        """Return the angles (R,) between corresponding versions, from 0 to 90 degrees."""
        angles = np.full(len(self.blocks), 90.0)
        for version, (block, vector) in enumerate(zip(self.blocks, self.vectors, strict=True)):
            if block == other.blocks[version]:
                # Of two near-parallel unit vectors the sine is accurate, the cosine is not.
                cosine = float(vector @ other.vectors[version])
                sine = float(np.linalg.norm(vector - cosine * other.vectors[version]))
                angles[version] = np.degrees(np.arctan2(sine, abs(cosine)))
        return angles


def leading_directions(samples: ProjectedSamples, weights: np.ndarray | None = None) -> Leading:
    """Compute the leading eigenvector of the projected C, or of R weighted versions of it.

    Args:
        samples: contributions of N parameter vectors.
        weights: (R, N), such as bootstrap counts; one version with equal weights by default.

    Example:
        >>> from eigenscape.active_subspace.symmetry import project
        >>> from eigenscape.networks.symmetry import Symmetry
        >>> from eigenscape.architecture import Architecture
        >>> gradients = np.diag([3.0, 3.0, 1.0, 1.0, 0.0, 0.0, 1.0])
        >>> found = leading_directions(
        ...     project(gradients, Architecture(1, 2), Symmetry.PERMUTATIONS_AND_SIGNS)
        ... )
        >>> int(found.blocks[0]), np.abs(found.vectors[0])
        (0, array([1., 0., 0.]))
    """
    means = samples.means(weights)
    solved = [np.linalg.eigh((mean + mean.transpose(0, 2, 1)) / 2) for mean in means]
    largest = np.stack([values[:, -1] for values, _ in solved], axis=1)
    blocks = largest.argmax(axis=1)
    return Leading(
        blocks, [solved[block][1][version][:, -1] for version, block in enumerate(blocks)]
    )


def leading_vectors(second_moment: np.ndarray, count: int) -> np.ndarray:
    """Compute the ``count`` leading eigenvectors of C, (P, count), leading first.

    Example:
        >>> np.abs(leading_vectors(np.diag([1.0, 3.0, 2.0]), 2)).argmax(axis=0)
        array([1, 2])
    """
    size = len(second_moment)
    if not 1 <= count <= size:
        raise BadInput.field(
            "count", f"a whole number from 1 to {size}", str(count), "ask for fewer directions"
        )
    return np.asarray(eigh(second_moment, subset_by_index=(size - count, size - 1))[1][:, ::-1])


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean squared cosine of the k principal angles between two subspaces: 1 for equal
    ones, k/P on average for random ones.

    Args:
        first: orthonormal columns, (P, k).
        second: orthonormal columns, (P, k).

    Example:
        >>> round(overlap(np.eye(4)[:, :2], np.eye(4)[:, 1:3]), 12)
        0.5
    """
    return float(np.mean(np.cos(subspace_angles(first, second)) ** 2))
