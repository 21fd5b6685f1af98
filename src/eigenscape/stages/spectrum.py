"""The stage `spectrum`: the eigenvalues of one cell, and its eigenvectors where a figure wants them."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from eigenscape import __version__
from eigenscape.active_subspace.spectrum import Spectrum, spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import DamagedResult
from eigenscape.networks.gradients import GradientSampler
from eigenscape.store import receipts, second_moments, spectra
from eigenscape.store.layout import StudyFolder
from eigenscape.study import Cell, Study

log = logging.getLogger(__name__)


def compute_spectrum(study: Study, cell: Cell, folder: StudyFolder, *, vectors: bool) -> Path:
    """Compute the spectrum of a cell's C unless a receipt shows that it is there.

    Args:
        study: the configuration.
        cell: one of its cells, whose second moment is there.
        folder: of the study's results.
        vectors: whether a figure wants the eigenvectors.

    Returns:
        The receipt.

    Raises:
        DamagedResult: the second moment is missing or is not what its receipt confirms.
        DifferentWork: a result of other work is there.
        EigensolverFailure: C has no trustworthy spectrum.
    """
    store = folder.spectrum(cell)
    receipt_path = folder.receipt(store)
    receipt = receipts.read_receipt(receipt_path)
    if receipt is not None:
        receipts.require_same_work(receipt, cell, receipt_path)
        if receipt.get("vectors") or not vectors:
            log.info("%s: done before", cell.folder)
            return receipt_path

    started = time.monotonic()
    second_moment = _verified_second_moment(cell, folder)
    dust = dust_of(np.diagonal(second_moment), cell.architecture, GradientSampler.of_study(study, cell.architecture).relative_noise)
    spectrum = spectrum_of(second_moment, vectors=vectors, samples=cell.samples, dust=dust)
    solved = time.monotonic()
    digest = spectra.write_spectrum(store, spectrum, {**cell.identity, "eigenscape": __version__})
    receipts.write_receipt(
        receipt_path,
        cell,
        digest,
        vectors=vectors,
        status=str(spectrum.status),
        seconds={"eigensolve": round(solved - started, 3), "writing": round(time.monotonic() - solved, 3)},
    )
    return receipt_path


def dust_of(diagonal: np.ndarray, architecture: Architecture, relative_noise: float) -> np.ndarray:
    """Per parameter, the variance that rounding alone may leave where a gradient vanishes identically.

    A bias gradient that is zero by symmetry is computed as a sum that cancels, of terms as large as
    those of its layer's weights; so the dust is (n eps)^2 times the layer's largest ``diag C``.

    Example:
        >>> dust_of(np.array([4.0, 1e-30, 1.0, 1.0]), Architecture(1, 1), 1e-14)
        array([4.e-28, 4.e-28, 1.e-28, 1.e-28])
    """
    dust = np.empty(len(diagonal))
    for layer in architecture.layers:
        dust[layer.whole] = relative_noise**2 * diagonal[layer.whole].max()
    return dust


def _verified_second_moment(cell: Cell, folder: StudyFolder) -> np.ndarray:
    """C, checked against its receipt."""
    store = folder.second_moment(cell)
    receipt_path = folder.receipt(store)
    receipt = receipts.read_receipt(receipt_path)
    if receipt is None:
        raise DamagedResult(f"{receipt_path}: no receipt, so {store.name} is not complete; run the stage second-moment for this cell first")
    receipts.require_same_work(receipt, cell, receipt_path)
    matrix = second_moments.read_second_moment(store)
    if second_moments.digest_of_matrix(matrix, second_moments.read_gradient_mean(store)) != receipt["digest"]:
        raise DamagedResult(f"{store}: the numbers are not those that the receipt confirms; delete {store.parent} and run again")
    return matrix


def read_verified_spectrum(cell: Cell, folder: StudyFolder) -> Spectrum:
    """The spectrum of a cell, checked against its receipt.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it was made by other work.
    """
    store = folder.spectrum(cell)
    receipt_path = folder.receipt(store)
    receipt = receipts.read_receipt(receipt_path)
    if receipt is None:
        raise DamagedResult(f"{receipt_path}: no receipt, so {store.name} is not complete; run `snakemake --cores 2` again")
    receipts.require_same_work(receipt, cell, receipt_path)
    return spectra.read_spectrum(store, receipt["digest"])
