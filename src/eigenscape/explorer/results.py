"""A study's results as the second tab shows them: read with their receipts, or a sentence that says
what is wrong.

Names come from an address, so they are never made into paths: a study is one of the folders that
are there, a cell one of the cells of its configuration, a number one of the columns of its table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.importance import block_masses
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.config.study import Cell, Study
from eigenscape.errors import BadInput, DamagedResult, EigenscapeError
from eigenscape.stages.active_subspace.spectrum import read_verified_spectrum
from eigenscape.stages.common.configure import load_study
from eigenscape.stages.common.tables import DESCRIPTIONS, read_table
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import read_receipt

FIRST_NUMBER = "log10_cond_sym"
"""The number to cite: see docs/condition_numbers.md."""


def studies(results: Path) -> list[str]:
    """Names of the studies in a folder of results.

    Raises:
        BadInput: no such folder, or no study in it; one line that says how to make one.
    """
    try:
        found = sorted(path.name for path in results.iterdir() if (path / "study.json").is_file())
    except OSError as error:
        what = "no such folder" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise BadInput.field(
            f"results folder {results}",
            "a folder with studies",
            what,
            "run `make figures`, or give --results",
        ) from None
    if not found:
        raise BadInput.field(
            f"results folder {results}",
            "a study with a study.json",
            "none",
            "run `make figures`, or give --results",
        )
    return found


@dataclass(frozen=True)
class OpenStudy:
    """A study and its table.

    Attributes:
        name: of its folder.
        study: the configuration.
        folder: where its results lie.
        table: a row per network of the grid.
    """

    name: str
    study: Study
    folder: StudyFolder
    table: pd.DataFrame

    @property
    def numbers(self) -> list[str]:
        """Columns with a number somewhere, in the order of the table."""
        numeric = self.table.select_dtypes("number")
        return [
            str(name)
            for name in numeric.columns
            if name not in ("seed", "depth", "width") and numeric[name].notna().any()
        ]

    @property
    def cells(self) -> list[Cell]:
        """Cells whose spectrum is computed: the headline first."""
        return [self.study.headline_cell, *self.study.computed_cells()]

    def number(self, name: str) -> str:
        """A column of the table.

        Raises:
            BadInput: it has no such column.
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
        """What a column means."""
        return DESCRIPTIONS.get(number, number)


def open_results(results: Path, name: str) -> OpenStudy:
    """Read a study.

    Raises:
        BadInput: no such study, or no table.
        DamagedResult: a file that cannot be read.
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
    """The training trajectories of a study, embedded.

    Attributes:
        points: a row per checkpoint.
        geodesic: (places, directions), from ignorance to truth.
        eigenvalues: signed, of all directions.
    """

    points: pd.DataFrame
    geodesic: np.ndarray
    eigenvalues: np.ndarray


def open_embedding(study: OpenStudy) -> OpenEmbedding | None:
    """The joint embedding of a study's trajectories, or None where there is none to draw in three
    directions.

    Raises:
        DamagedResult: it does not verify, or its trajectories are gone.
        DifferentWork: other work made it.
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
    """One cell's spectrum and what made it.

    Attributes:
        cell: which.
        spectrum: without eigenvectors; they are large, and `masses` is what is shown of them.
        masses: (L + 1, columns) of eigenvectors on layers, over blocks of neighbouring
            eigenvectors; None where the study kept none.
        provenance: name and text of all that decides the result, from its receipt.
    """

    cell: Cell
    spectrum: Spectrum
    masses: np.ndarray | None
    provenance: list[tuple[str, str]]


def open_cell(study: OpenStudy, name: str) -> OpenCell:
    """Read the verified spectrum of a cell.

    Raises:
        BadInput: not a computed cell of the study.
        DamagedResult: its spectrum is missing, or its numbers are not those of its receipt.
        DifferentWork: other work made it.
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
    receipt = read_receipt(study.folder.receipt(study.folder.spectrum(cell))) or {}
    plain = replace(spectrum, eigenvectors=None)
    return OpenCell(cell, plain, masses, _provenance(receipt))


def _provenance(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    """All that a receipt says, one line a fact."""
    facts = {
        **dict(receipt.get("identity", {})),
        **{key: value for key, value in receipt.items() if key != "identity"},
    }
    return [
        (key.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for key, value in facts.items()
    ]


def explain(error: EigenscapeError) -> str:
    """The one line that the page shows."""
    return _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:600]
