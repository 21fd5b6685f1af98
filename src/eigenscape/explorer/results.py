"""A study's results for the second tab: read with their receipts, or a sentence that describes the
problem.

Names come from an address, so they are never used as paths: a study is one of the existing folders,
a cell one of the cells of its configuration, a number one of the columns of its table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from eigenscape.active_subspace.importance import block_masses
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult, EigenscapeError
from eigenscape.stages.common.configure import load_study
from eigenscape.stages.common.tables import DESCRIPTIONS, read_table
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import Receipt, read_receipt

FIRST_NUMBER = "log10_cond_sym"
"""The number that is shown first, the one to cite: see docs/condition_numbers.md."""


def studies(results: Path) -> list[str]:
    """Return the names of the studies in a folder of results.

    Raises:
        BadInput: the folder does not exist, or has no study; the message explains how to make one.
    """
    try:
        names = sorted(path.name for path in results.iterdir() if (path / "study.json").is_file())
    except OSError as error:
        reason = "no such folder" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise BadInput.field(
            f"results folder {results}",
            "a folder with studies",
            reason,
            "run `make figures`, or give --results",
        ) from None
    if not names:
        raise BadInput.field(
            f"results folder {results}",
            "a study with a study.json",
            "none",
            "run `make figures`, or give --results",
        )
    return names


@dataclass(frozen=True)
class OpenStudy:
    """A study and its table.

    Attributes:
        name: the name of its folder.
        study: the configuration.
        folder: the paths of its results.
        table: a row per network of the grid.
    """

    name: str
    study: Study
    folder: StudyFolder
    table: pd.DataFrame

    @property
    def numbers(self) -> list[str]:
        """Columns with at least one number, in the order of the table."""
        numeric = self.table.select_dtypes("number")
        return [
            str(name)
            for name in numeric.columns
            if name not in ("seed", "depth", "width") and numeric[name].notna().any()
        ]

    @property
    def cells(self) -> list[Cell]:
        """Cells with a computed spectrum, the headline first."""
        return [self.study.headline_cell, *self.study.computed_cells()]

    def number(self, name: str) -> str:
        """Return the name if it is a column of the table.

        Raises:
            BadInput: the table has no such column.
        """
        if name not in self.numbers:
            raise BadInput.field(
                "number",
                f"one of {', '.join(self.numbers[:6])}, ...",
                name or "nothing",
                "choose another number",
            )
        return name

    def meaning(self, number: str) -> str:
        """Return the description of a column."""
        return DESCRIPTIONS.get(number, number)


def open_results(results: Path, name: str) -> OpenStudy:
    """Read a study.

    Raises:
        BadInput: there is no such study, or it has no table.
        DamagedResult: a file cannot be read.
    """
    known = studies(results)
    if name not in known:
        raise BadInput.field(
            "study", f"one of {', '.join(known[:6])}", name or "nothing", "choose another study"
        )
    folder = StudyFolder(results / name)
    study = load_study(folder)
    if not folder.table.is_file():
        raise BadInput.field(
            str(folder.table),
            "the table of a finished study",
            "no such file",
            "run `make figures` for this study",
        )
    try:
        table = read_table(folder.table)
        columns = {"depth", "width"} <= set(table.columns) and len(table)
    except (OSError, ValueError, KeyError) as error:
        raise DamagedResult(
            f"{folder.table}: cannot be read ({_one_line(error)}); delete the file and run again"
        ) from None
    if not columns:
        raise DamagedResult(
            f"{folder.table}: expected rows with depth and width, found none; delete the file and"
            " run again"
        )
    return OpenStudy(name, study, folder, table)


@dataclass(frozen=True)
class OpenEmbedding:
    """The embedding of a study's training trajectories.

    Attributes:
        points: a row per checkpoint.
        geodesic: (points, directions), from ignorance to truth.
        eigenvalues: signed eigenvalues of all directions.
    """

    points: pd.DataFrame
    geodesic: np.ndarray
    eigenvalues: np.ndarray


def open_embedding(study: OpenStudy) -> OpenEmbedding | None:
    """Read the joint embedding of a study's trajectories; the result is None if there is none with
    three directions.

    Raises:
        DamagedResult: it does not verify, or its trajectories are gone.
        DifferentWork: it was made by different work.
    """
    from eigenscape.stages.sloppiness.inpca import read_inpca  # noqa: PLC0415
    from eigenscape.stages.sloppiness.inpca_tables import points_table  # noqa: PLC0415

    if not study.folder.embedding.exists():
        return None
    _, arrays = read_inpca(study.study, study.folder)
    if arrays["coordinates"].shape[1] < 3:
        return None
    return OpenEmbedding(points_table(arrays), arrays["geodesic"], arrays["eigenvalues"])


@dataclass(frozen=True)
class OpenCell:
    """One cell's spectrum with its provenance.

    Attributes:
        cell: the cell.
        spectrum: the spectrum without eigenvectors, which are large; `masses` summarises them.
        masses: (L + 1, columns) of eigenvectors on layers, over blocks of neighbouring
            eigenvectors; None where the study kept none.
        provenance: name and text of all facts that determine the result, from its receipt.
    """

    cell: Cell
    spectrum: Spectrum
    masses: np.ndarray | None
    provenance: list[tuple[str, str]]


def open_cell(study: OpenStudy, name: str) -> OpenCell:
    """Read the verified spectrum of a cell.

    Raises:
        BadInput: the name is not a computed cell of the study.
        DamagedResult: its spectrum is missing, or its numbers are not those of its receipt.
        DifferentWork: it was made by different work.
    """
    from eigenscape.figures.active_subspace.eigenvectors import (  # noqa: PLC0415
        MOST_PIXELS,
        block_mean,
    )

    cell = study.study.cell(name)
    spectrum = read_verified_spectrum(cell, study.folder)
    masses = None
    if spectrum.eigenvectors is not None:
        masses = block_mean(block_masses(spectrum.eigenvectors, cell.architecture), MOST_PIXELS)
    receipt = read_receipt(study.folder.receipt(study.folder.spectrum(cell)))
    plain = replace(spectrum, eigenvectors=None)
    return OpenCell(cell, plain, masses, [] if receipt is None else _provenance(receipt))


def _provenance(receipt: Receipt) -> list[tuple[str, str]]:
    """Return all facts of a receipt, one line per fact."""
    facts = {
        **receipt.identity,
        **dict(sorted({"digest": receipt.digest, **receipt.facts}.items())),
    }
    return [
        (key.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for key, value in facts.items()
    ]


def explain(error: EigenscapeError) -> str:
    """Return the line that the page shows for an error."""
    return _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:600]
