"""The stage `condition-number-table`: what is known of every network, as one labelled table.

One row per network of the grid, computed or not, as csv for people and as NetCDF over (seed, depth,
width) for programs. No condition number stands alone: beside it are its status, P/N, a bracket from the same
samples, the value that sampling noise alone would give, and the symmetry-projected value with its interval.
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from eigenscape.active_subspace.condition import FAMILY, condition_numbers
from eigenscape.active_subspace.importance import layer_shares
from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.architecture import Architecture
from eigenscape.stages.projection import require_projection
from eigenscape.stages.spectrum import read_confidence, read_verified_spectrum, samples_drawn
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.study import CellStatus, Study

_BRACKET = {
    "log10_cond_low": ("low", "lower end of the bracket: the split-half value less 1.96 standard errors, in decades"),
    "log10_cond_high": ("high", "upper end of the bracket: the sample value plus 1.96 standard errors, in decades"),
    "log10_cond_interval_low": ("interval_low", "lower end of the 95 % bootstrap interval: fluctuation alone, blind to the bias"),
    "log10_cond_interval_high": ("interval_high", "upper end of the 95 % bootstrap interval"),
    "log10_cond_at_half": ("at_half", "log10_cond of the first N/2 samples"),
    "log10_cond_at_quarter": ("at_quarter", "log10_cond of the first N/4 samples; empty where they are fewer than P"),
    "log10_cond_extrapolated": ("extrapolated", "log10_cond extrapolated linearly to P/N = 0 from N/4, N/2 and N with P/N <= 1/2: a guide"),
}
"""Column, key in the receipt, meaning."""

DESCRIPTIONS = {
    "parameters": "P, number of parameters",
    "samples": "N, parameter vectors drawn; 0 where no raw condition number is computed",
    "parameters_per_sample": "P/N, the sampling ratio",
    "status": "of the raw numbers: finite, rank_deficient, below_floor, or why there is none",
    **{member.name: f"{member.formula}: {member.meaning}" for member in FAMILY},
    **{column: meaning for column, (_, meaning) in _BRACKET.items()},
    "log10_cond_null": "log10 condition number of isotropic noise at the same P/N (Marchenko and Pastur 1967), in decades",
    "rank": "directions that carry gradient",
    "log10_floor": "log10 of the eigenvalue below which nothing is told from rounding",
    "route": "eigh, or graded (pivoted Cholesky and singular values)",
    "raw_parameter_limit": "networks with more parameters get no raw numbers in this study",
    "log10_cond_sym": "log10 condition number of the symmetry-projected second moment, in decades; no inflation by P/N",
    "log10_cond_sym_low": "lower end of its 95 % bootstrap interval",
    "log10_cond_sym_high": "upper end of its 95 % bootstrap interval",
    "status_sym": "of the projected number",
    "symmetry": "group under which the second moment is averaged",
    "chi_1": "growth of the gradient's second moment per layer towards the input, mean field",
    "q_star": "variance of pre-activations far from the input, mean field",
    "log10_ladder": "(L-1) log10 chi_1, in decades",
}
"""Columns after seed, depth and width, in order, with what they mean."""

_TEXTS = ("status", "route", "status_sym", "symmetry")
_COUNTS = ("parameters", "samples", "rank", "raw_parameter_limit")


def condition_number_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """The table, one row per network, width by width.

    Raises:
        DamagedResult: a result is missing or damaged.
    """
    rows = [_row(study, architecture, folder) for architecture in study.grid_architectures()]
    return pd.DataFrame(rows, columns=["seed", "depth", "width", *DESCRIPTIONS])


def _row(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(DESCRIPTIONS, math.nan)
    row |= dict.fromkeys(_TEXTS, "") | dict.fromkeys(_COUNTS, 0)
    row |= {
        "seed": study.sampling.seed,
        "depth": architecture.depth,
        "width": architecture.width,
        "parameters": architecture.parameters,
        "status": str(study.status(architecture)),
        "raw_parameter_limit": study.sampling.raw_parameter_limit,
    }
    if study.status(architecture) is CellStatus.COMPUTED:
        row |= _raw(study, architecture, folder)
    return row | _projected(study, architecture, folder) if study.projected_architectures() else row


def _raw(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    cell = study.grid_cell(architecture)
    spectrum, confidence = read_verified_spectrum(cell, folder), read_confidence(cell, folder)
    samples = samples_drawn(cell, folder)
    return {
        "samples": samples,
        "parameters_per_sample": architecture.parameters / samples,
        "status": str(spectrum.status),
        **condition_numbers(spectrum, architecture),
        **{column: confidence[key] for column, (key, _) in _BRACKET.items()},
        "log10_cond_null": log10_condition_null(architecture.parameters, samples),
        "rank": spectrum.rank,
        "log10_floor": math.log10(spectrum.floor) if spectrum.floor > 0 else -math.inf,
        "route": str(spectrum.route),
    }


def _projected(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    content = require_projection(study, architecture, folder)
    return {
        "log10_cond_sym": content["log10_cond_sym"],
        "log10_cond_sym_low": content["low"],
        "log10_cond_sym_high": content["high"],
        "status_sym": content["status"],
        "symmetry": content["symmetry"],
        "chi_1": content["chi_1"],
        "q_star": content["q_star"],
        "log10_ladder": content["log10_ladder"],
    }


def layer_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """One row per network and layer: the layer's share of tr C with its interval, and per parameter (1 is the average).

    Where networks are not projected, such as a user's modules: those with a raw second moment, without intervals.

    Raises:
        DamagedResult: a projection or a spectrum is missing or damaged.
    """
    rows = []
    if not study.projected_architectures():
        return _raw_layers(study, folder)
    for architecture in study.grid_architectures():
        content = require_projection(study, architecture, folder)
        for layer, share in zip(architecture.layers, content["layer_shares"], strict=True):
            rows.append(
                {
                    "depth": architecture.depth,
                    "width": architecture.width,
                    "layer": share["layer"],
                    "parameters": layer.parameters,
                    "share": share["share"],
                    "low": share["low"],
                    "high": share["high"],
                    "per_parameter": share["share"] * architecture.parameters / layer.parameters,
                    "chi_1": content["chi_1"],
                }
            )
    return pd.DataFrame(rows)


def _raw_layers(study: Study, folder: StudyFolder) -> pd.DataFrame:
    rows = []
    for cell in study.computed_cells():
        architecture = cell.architecture
        shares = layer_shares(read_verified_spectrum(cell, folder).diagonal, architecture)
        for number, (layer, share) in enumerate(zip(architecture.layers, shares, strict=True), start=1):
            rows.append(
                {
                    "depth": architecture.depth,
                    "width": architecture.width,
                    "layer": layer.name or number,
                    "parameters": layer.parameters,
                    "share": share,
                    "per_parameter": share * architecture.parameters / layer.parameters,
                }
            )
    return pd.DataFrame(rows)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as csv that reads back to the same numbers."""
    text = io.StringIO()
    table.to_csv(text, index=False, float_format="%.17g")
    write_atomically(path, text.getvalue().encode())


def write_table(table: pd.DataFrame, csv: Path, study: Study) -> None:
    """Write the table as csv, and as NetCDF beside it with dimensions (seed, depth, width).

    A study has one seed; tables of studies that differ in their seed alone join along that dimension.
    """
    write_csv(table, csv)
    dataset: xr.Dataset = table.set_index(["seed", "depth", "width"]).to_xarray()
    for name, description in DESCRIPTIONS.items():
        dataset[name].attrs["long_name"] = description
    dataset.attrs = {f"study_{key}": repr(value) for key, value in study.facts.items()} | {"study": study.study}
    write_atomically(csv.with_suffix(".nc"), bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))


def read_table(csv: Path) -> pd.DataFrame:
    """The table as `write_table` wrote it."""
    numbers = dict.fromkeys(DESCRIPTIONS, np.float64) | dict.fromkeys(("seed", "depth", "width", *_COUNTS), np.int64)
    return pd.read_csv(csv, dtype={**numbers, **dict.fromkeys(_TEXTS, str)}).replace({name: {np.nan: ""} for name in _TEXTS})
