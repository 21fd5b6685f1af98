"""The stage `condition-number-table`: the spectra of all cells as one labelled table.

One row per network of the grid, computed or not, as csv for people and as NetCDF over (depth, width)
for programs. No condition number stands alone: beside it are its status, P/N, and the value that
sampling noise alone would give at that P/N (the Marchenko-Pastur null).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.architecture import Architecture
from eigenscape.stages.spectrum import read_verified_spectrum
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.study import CellStatus, Study

DESCRIPTIONS = {
    "parameters": "P, number of parameters",
    "samples": "N, parameter vectors drawn; 0 where the cell is not computed",
    "parameters_per_sample": "P/N, the sampling ratio",
    "status": "finite, rank_deficient, below_floor, or why there is no number",
    "log10_cond": "log10(lambda_1/lambda_P) of the sample second moment, in decades; this project's reading of MTED",
    "log10_cond_null": "log10 condition number of isotropic noise at the same P/N (Marchenko and Pastur 1967), in decades",
    "rank": "directions that carry gradient",
    "log10_gap_at_width": "log10(lambda_w/lambda_{w+1}), in decades",
    "log10_floor": "log10 of the eigenvalue below which nothing is told from rounding",
    "route": "eigh, or graded (pivoted Cholesky and singular values)",
    "raw_parameter_limit": "cells with more parameters are not computed in this study",
}
"""Columns after depth and width, with what they mean."""


def condition_number_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """The table, one row per network, width by width.

    Raises:
        DamagedResult: a spectrum is missing or damaged.
    """
    return pd.DataFrame([_row(study, architecture, folder) for architecture in study.grid_architectures()])


def _row(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    status = study.status(architecture)
    row: dict[str, Any] = {
        "depth": architecture.depth,
        "width": architecture.width,
        "parameters": architecture.parameters,
        "samples": 0,
        "parameters_per_sample": math.nan,
        "status": str(status),
        "log10_cond": math.nan,
        "log10_cond_null": math.nan,
        "rank": 0,
        "log10_gap_at_width": math.nan,
        "log10_floor": math.nan,
        "route": "",
        "raw_parameter_limit": study.sampling.raw_parameter_limit,
    }
    if status is not CellStatus.COMPUTED:
        return row
    cell = study.grid_cell(architecture)
    spectrum = read_verified_spectrum(cell, folder)
    return row | {
        "samples": cell.samples,
        "parameters_per_sample": architecture.parameters / cell.samples,
        "status": str(spectrum.status),
        "log10_cond": spectrum.log10_condition,
        "log10_cond_null": log10_condition_null(architecture.parameters, cell.samples),
        "rank": spectrum.rank,
        "log10_gap_at_width": spectrum.log10_gap(architecture.width),
        "log10_floor": math.log10(spectrum.floor) if spectrum.floor > 0 else -math.inf,
        "route": str(spectrum.route),
    }


def write_table(table: pd.DataFrame, csv: Path, study: Study) -> None:
    """Write the table as csv, and as NetCDF beside it with dimensions (depth, width)."""
    write_atomically(csv, table.to_csv(index=False, float_format="%.17g").encode())
    dataset: xr.Dataset = table.set_index(["depth", "width"]).to_xarray()
    for name, description in DESCRIPTIONS.items():
        dataset[name].attrs["long_name"] = description
    dataset.attrs = {f"study_{key}": repr(value) for key, value in study.facts.items()} | {"study": study.study}
    write_atomically(csv.with_suffix(".nc"), bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))


def read_table(csv: Path) -> pd.DataFrame:
    """The table as `write_table` wrote it."""
    return pd.read_csv(csv, keep_default_na=True, dtype={"status": str, "route": str}, na_filter=True).replace({"route": {np.nan: ""}})
