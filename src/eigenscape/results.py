"""A finished study, opened in a notebook: its table, its spectra and its second moments, each
checked against its receipt.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.active_subspace.estimate import SecondMoment
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.architecture import Architecture
from eigenscape.config.cells import StudyCell
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult
from eigenscape.networks.sampler import PriorSampler
from eigenscape.stages.active_subspace.projection import projected_eigenvalues, require_projection
from eigenscape.stages.common.configure import load_study
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.tables import read_table
from eigenscape.stages.common.verified import (
    read_verified_spectrum,
    samples_drawn,
    stored_second_moment,
)
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

HEADLINE = "headline"
"""The name of the headline's cell, whose folder says more than a notebook wants to type."""


@dataclass(frozen=True)
class StudyResults:
    """The results of a study. Nothing is read before it is asked for, and nothing is written.

    Attributes:
        study: the configuration, every default spelled out.
        folder: where everything lies.
    """

    study: Study
    folder: StudyFolder

    @property
    def cells(self) -> list[str]:
        """Names of the cells whose second moment and spectrum are there: ``headline`` and such as
        ``d05-w035``.
        """
        known: dict[str, StudyCell] = {HEADLINE: self.study.headline_cell}
        known |= {cell.architecture.label: cell for cell in self.study.computed_cells()}
        return [
            name
            for name, cell in known.items()
            if self.folder.receipt(self.folder.spectrum(cell)).exists()
        ]

    @property
    def table(self) -> pd.DataFrame:
        """A row per network of the grid; `dataset` describes the columns.

        Raises:
            BadInput: there is no table yet.
        """
        return read_table(self._table())

    @property
    def dataset(self) -> xr.Dataset:
        """The table of condition numbers over (seed, depth, width), every variable with its meaning
        in ``long_name``.

        Raises:
            BadInput: there is no table yet.
        """
        import xarray as xr  # noqa: PLC0415 - a second; only who asks for it waits

        return xr.load_dataset(self._table().with_suffix(".nc"), engine="scipy")

    def cell(self, name: str = HEADLINE) -> StudyCell:
        """A cell by its name, or by its folder such as ``model_constrained/deconvolution-tnet-a0``.

        Raises:
            BadInput: no such cell, or it is not computed.
        """
        if name == HEADLINE:
            return self.study.headline_cell
        if "/" in name:
            return self.study.cell(name)
        for cell in self.study.computed_cells():
            if cell.architecture.label == name:
                return cell
        known = ", ".join(self.cells[:4]) or "none yet"
        raise BadInput.field(
            "cell",
            f"one of the computed cells, such as {known}",
            str(name),
            "see .cells for all of them",
        )

    def spectrum(self, name: str = HEADLINE) -> Spectrum:
        """The spectrum of a cell, with eigenvectors where the study keeps them (of the headline).

        Raises:
            BadInput: no such cell.
            DamagedResult: it is missing or damaged.
        """
        return read_verified_spectrum(self.cell(name), self.folder)

    def sampler(self, name: str = HEADLINE) -> PriorSampler:
        """The sampler of a cell, whose gradients are those that the study drew."""
        return sampler_of(self.study, self.cell(name))

    def second_moment(self, name: str = HEADLINE) -> SecondMoment:
        """C of a cell, of which `eigenscape.condition_number` computes the numbers of the table
        again.

        Raises:
            BadInput: no such cell.
            DamagedResult: it is missing or damaged.
        """
        cell = self.cell(name)
        stored = stored_second_moment(cell, self.folder)
        receipt = stored.receipt
        return SecondMoment(
            matrix=stored.matrix(),
            gradient_mean=second_moments.read_gradient_mean(stored.path),
            mean_loss=receipt.mean_loss,
            samples=receipt.samples_drawn or cell.samples,
            excluded=receipt.excluded,
            sampler=sampler_of(self.study, cell),
        )

    def samples(self, name: str = HEADLINE) -> int:
        """N of a cell.

        Raises:
            DamagedResult: the cell is not finished.
        """
        return samples_drawn(self.cell(name), self.folder)

    def projected_eigenvalues(self, depth: int, width: int) -> np.ndarray:
        """All P eigenvalues, descending, of the projected C of a network of the grid, or of the
        headline.

        Raises:
            DamagedResult: the study has no such projection.
        """
        return projected_eigenvalues(
            require_projection(self.study, Architecture(depth, width), self.folder)
        )

    def _table(self) -> Path:
        if not self.folder.table.is_file():
            raise BadInput.field(
                str(self.folder.table),
                "the table of a finished study",
                "no such file",
                "run `make figures` for this study",
            )
        return self.folder.table

    def __repr__(self) -> str:
        networks, computed = (
            len(list(self.study.grid_architectures())),
            len(self.study.computed_cells()),
        )
        headline = self.study.headline_cell
        finished = self.cells
        return (
            f"StudyResults: {self.study.study}, in {self.folder.root}\n{networks} networks,"
            f" {computed} with a second moment,"
            f" {len([name for name in finished if name != HEADLINE])} finished\nheadline"
            f" {headline.architecture.label}, N = {headline.samples:,},"
            f" {'finished' if HEADLINE in finished else 'not finished'}"
        )


def open_study(path: str | os.PathLike[str]) -> StudyResults:
    """Open the results of a study.

    Args:
        path: ``results/<study>``, the folder that a run wrote, or the ``study.json`` in it.

    Raises:
        BadInput: no study lies there.
        DamagedResult: its configuration cannot be read.

    Example:
        >>> open_study("results/no-such-study")
        Traceback (most recent call last):
        eigenscape.errors.BadInput: results/no-such-study: expected the folder of a study,
            found no such folder; ...
    """
    given = Path(path)
    folder = StudyFolder(given.parent if given.name == "study.json" else given)
    if not folder.root.is_dir():
        nearby = folder.root.parent
        others = (
            sorted(path.parent.name for path in nearby.glob("*/study.json"))
            if nearby.is_dir()
            else []
        )
        fix = (
            f"in {nearby} there are {', '.join(others[:5])}"
            if others
            else "run `make figures`, or check the path"
        )
        raise BadInput.field(str(folder.root), "the folder of a study", "no such folder", fix)
    try:
        return StudyResults(load_study(folder), folder)
    except OSError as error:
        raise DamagedResult(f"{folder.study}: cannot be read ({error}); run again") from error
