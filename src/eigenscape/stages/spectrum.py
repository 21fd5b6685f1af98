"""The stage `spectrum`: the eigenvalues of one cell, and its eigenvectors where a figure wants them."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape import __version__
from eigenscape.active_subspace.bracket import bracket
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import Spectrum, spectrum_of
from eigenscape.active_subspace.triangle import assemble, band_count
from eigenscape.architecture import Architecture
from eigenscape.errors import DamagedResult
from eigenscape.networks.gradients import GradientSampler
from eigenscape.seeding import stream_key
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
    sampler = GradientSampler.of_study(study, cell.architecture)
    dust = dust_of(np.diagonal(second_moment), cell.architecture, sampler.relative_noise)
    spectrum = spectrum_of(second_moment, vectors=vectors, samples=cell.samples, dust=dust)
    solved = time.monotonic()
    confidence = _confidence(study, cell, sampler, second_moment, spectrum)
    bracketed = time.monotonic()
    digest = spectra.write_spectrum(store, spectrum, {**cell.identity, "eigenscape": __version__})
    seconds = {"eigensolve": solved - started, "bracket": bracketed - solved, "writing": time.monotonic() - bracketed}
    receipts.write_receipt(
        receipt_path,
        cell,
        digest,
        vectors=vectors,
        status=str(spectrum.status),
        confidence=confidence,
        seconds={name: round(value, 3) for name, value in seconds.items()},
    )
    return receipt_path


def _confidence(
    study: Study, cell: Cell, sampler: GradientSampler, second_moment: np.ndarray, spectrum: Spectrum
) -> dict[str, float | None]:
    """The bracket of the raw condition number; None, which JSON has a word for, where an end is not known."""
    sample_value, half = spectrum.log10_condition, cell.samples // 2
    first_half = np.empty((0, 0))
    if math.isfinite(sample_value) and half >= len(second_moment):
        partial = sum_of_samples(sampler, range(half))
        bands = {band: partial.triangle.band(band) for band in range(band_count(len(second_moment)))}
        first_half = assemble(len(second_moment), bands, 1.0 / half)
    key = stream_key(study.sampling.seed, "bracket bootstrap", *cell.architecture.sizes)
    found = bracket(sampler, cell.samples, second_moment, first_half, sample_value, replicates=study.projection.replicates, key=key)
    numbers = {
        "low": found.low,
        "high": found.high,
        "interval_low": found.interval[0],
        "interval_high": found.interval[1],
        "split_half": found.split_half,
        "at_half": found.at_half,
        "extrapolated": found.extrapolated,
    }
    return {name: float(value) if math.isfinite(value) else None for name, value in numbers.items()}


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
    return spectra.read_spectrum(folder.spectrum(cell), str(_receipt_of_spectrum(cell, folder)["digest"]))


def read_confidence(cell: Cell, folder: StudyFolder) -> dict[str, float]:
    """The bracket of a cell's raw condition number, by the names of the receipt; NaN where an end is not known.

    Raises:
        DamagedResult: the receipt is missing or has none.
        DifferentWork: it was made by other work.
    """
    receipt = _receipt_of_spectrum(cell, folder)
    try:
        return {name: math.nan if value is None else float(value) for name, value in receipt["confidence"].items()}
    except (KeyError, AttributeError, TypeError, ValueError):
        path = folder.receipt(folder.spectrum(cell))
        raise DamagedResult(f"{path}: expected the bracket of a condition number, found none; delete the file and run again") from None


def _receipt_of_spectrum(cell: Cell, folder: StudyFolder) -> dict[str, Any]:
    receipt_path = folder.receipt(folder.spectrum(cell))
    receipt = receipts.read_receipt(receipt_path)
    if receipt is None:
        raise DamagedResult(f"{receipt_path}: no receipt, so spectrum.zarr is not complete; run `snakemake --cores 2` again")
    receipts.require_same_work(receipt, cell, receipt_path)
    return receipt
