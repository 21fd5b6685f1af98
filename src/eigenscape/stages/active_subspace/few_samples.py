"""The spectrum of a cell with fewer samples than parameters: from its gradients, computed once
more, instead of from C.

What C's receipt confirms is verified all the same, chunk by chunk, and diag C is read, so nothing
of size P x P is held unless the eigenvectors are asked for.
"""

from __future__ import annotations

import numpy as np

from eigenscape.active_subspace.few_samples import few_samples_spectrum
from eigenscape.active_subspace.spectrum import Spectrum, rounding_variance
from eigenscape.active_subspace.triangle import band_count
from eigenscape.config.study import Cell
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import DamagedResult
from eigenscape.networks.sampler import Sampler
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import LowerTriangle


def spectrum_from_gradients(
    cell: Cell, folder: StudyFolder, digest: str, sampler: Sampler, *, vectors: bool
) -> Spectrum:
    """The spectrum of a cell whose N is less than P.

    Args:
        cell: whose second moment is there.
        folder: of the study's results.
        digest: of the second moment, from its receipt.
        sampler: of the cell.
        vectors: also all P eigenvectors.

    Raises:
        DamagedResult: the second moment is not what its receipt confirms.
        EigensolverFailure: LAPACK reports a failure.
    """
    store = folder.second_moment(cell)
    damage = second_moments.verify(store, digest, cell, OneRank())
    if damage:
        raise DamagedResult(f"{store}: {damage}; delete {store.parent} and run again")
    chunks = LowerTriangle(store, digest)
    diagonal = np.concatenate(
        [np.diagonal(chunks.diagonal_chunk(band)) for band in range(band_count(chunks.parameters))]
    )
    dust = rounding_variance(diagonal, cell.architecture, sampler.relative_noise)
    return few_samples_spectrum(sampler, cell.samples, diagonal, dust, vectors=vectors)
