"""Second moments and spectra of cells as they are stored, checked against their receipts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.config.cells import StudyCell
from eigenscape.errors import DamagedResult
from eigenscape.store import receipts, second_moments, spectra
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import Receipt
from eigenscape.store.second_moments import LowerTriangle


@dataclass(frozen=True)
class StoredSecondMoment:
    """C of a cell as it is stored.

    Attributes:
        path: the store.
        receipt: that confirms it.
    """

    path: Path
    receipt: Receipt

    def matrix(self) -> np.ndarray:
        """C, (P, P).

        Raises:
            DamagedResult: it is missing, or is not what the receipt confirms.
        """
        matrix = second_moments.read_second_moment(self.path)
        mean = second_moments.read_gradient_mean(self.path)
        if second_moments.digest_of_matrix(matrix, mean) != self.receipt.digest:
            raise DamagedResult(
                f"{self.path}: the numbers are not those that the receipt confirms; delete"
                f" {self.path.parent} and run again"
            )
        return matrix

    def chunks(self) -> LowerTriangle:
        """C by chunks, for those who do not hold it whole.

        Raises:
            DamagedResult: it is missing.
        """
        return LowerTriangle(self.path, self.receipt.digest)


def stored_second_moment(cell: StudyCell, folder: StudyFolder) -> StoredSecondMoment:
    """A finished C, of which the receipt is read.

    Raises:
        DamagedResult: there is no receipt.
        DifferentWork: it was made by other work.
    """
    path, note = folder.second_moment(cell), folder.ledger("second_moment", cell.folder)
    missing = f"so {path.name} is not complete; run the stage second-moment for this cell first"
    return StoredSecondMoment(path, _receipt(folder.receipt(path), cell.identity, note, missing))


def spectrum_receipt(cell: StudyCell, folder: StudyFolder) -> Receipt:
    """The receipt of a finished spectrum.

    Raises:
        DamagedResult: there is no receipt.
        DifferentWork: it was made by other work.
    """
    store, note = folder.spectrum(cell), folder.ledger("spectrum", cell.folder)
    missing = f"so {store.name} is not complete; run `snakemake --cores 2` again"
    return _receipt(folder.receipt(store), cell.identity, note, missing)


def _receipt(path: Path, identity: Mapping[str, Any], note: Path, missing: str) -> Receipt:
    receipt = receipts.promised_receipt(path, note)
    if receipt is None:
        raise DamagedResult(f"{path}: no receipt, {missing}")
    receipts.require_same_work(receipt, identity, path)
    return receipt


def read_verified_spectrum(cell: StudyCell, folder: StudyFolder) -> Spectrum:
    """The spectrum of a cell, checked against its receipt.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it was made by other work.
    """
    return spectra.read_spectrum(folder.spectrum(cell), spectrum_receipt(cell, folder).digest)


def read_confidence(cell: StudyCell, folder: StudyFolder) -> dict[str, float]:
    """The bracket of a cell's raw condition number, by the names of the receipt; NaN where an end
    is not known.

    Raises:
        DamagedResult: the receipt is missing or has none.
        DifferentWork: it was made by other work.
    """
    receipt = spectrum_receipt(cell, folder)
    try:
        return {
            name: math.nan if value is None else float(value)
            for name, value in receipt.facts["confidence"].items()
        }
    except (KeyError, AttributeError, TypeError, ValueError):
        path = folder.receipt(folder.spectrum(cell))
        raise DamagedResult(
            f"{path}: expected the bracket of a condition number, found none; delete the file and"
            " run again"
        ) from None


def samples_drawn(cell: StudyCell, folder: StudyFolder) -> int:
    """N of a finished spectrum: the cell's own, unless it has grown."""
    return spectrum_receipt(cell, folder).samples_drawn or cell.samples
