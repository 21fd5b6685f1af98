"""ATHENA's spectrum: the thin SVD of the gradients, scaled by sqrt(1/N), with the right singular
vectors.

This is the `numpy.linalg.svd(X, full_matrices=False)` that
`athena.subspaces.Subspaces._build_decompose_cov_matrix` calls (athena-mathlab 0.1.2, method
"exact"; Constantine's library does the same), without ATHENA: its package does not import where its
dependencies GPyOpt and scikit-learn-extra meet numpy 2, and its `fit` always goes on to bootstrap
replicates, each one more SVD and P norms of matrices. ATHENA takes gradients as given: they are
eigenscape's here, and not timed.
"""

from __future__ import annotations

import numpy as np
from peers.by_eigenscape import gradients, warm_up

__all__ = ["DISTRIBUTIONS", "eigenvalues_of_gradients", "gradients_untimed", "warm_up"]

DISTRIBUTIONS = ["numpy"]
gradients_untimed = gradients


def eigenvalues_of_gradients(found: np.ndarray) -> np.ndarray:
    """min(N, P) eigenvalues of C, from the singular values; the vectors come with them."""
    scaled = found * np.sqrt(1.0 / len(found))
    singular_values, _vectors = np.linalg.svd(scaled, full_matrices=False)[1:]
    return singular_values**2
