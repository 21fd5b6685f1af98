"""The stage `condition-number-table`: what is known of every network, as one labelled table.

One row per network of the grid, computed or not, as csv for people and as NetCDF over (seed, depth,
width) for programs. No condition number stands alone: beside it are its status, P/N, a bracket from
the same samples, the value that sampling noise alone would give, and the symmetry-projected value
with its interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.importance import layer_shares
from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.architecture import Architecture
from eigenscape.config.cells import CellStatus
from eigenscape.config.study import Study
from eigenscape.interval import Interval, column_names
from eigenscape.stages.active_subspace.projection import require_projection
from eigenscape.stages.common.rounding import facts_of_rounding
from eigenscape.stages.common.tables import (
    BRACKET,
    COUNTS,
    DESCRIPTIONS,
    TEXTS,
    write_csv,
    write_netcdf,
)
from eigenscape.stages.common.verified import (
    read_confidence,
    read_verified_spectrum,
    samples_drawn,
    spectrum_receipt,
)
from eigenscape.store.layout import StudyFolder


def condition_number_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """The table, one row per network, width by width.

    Raises:
        DamagedResult: a result is missing or damaged.
    """
    rows = [_row(study, architecture, folder) for architecture in study.grid_architectures()]
    return pd.DataFrame(rows, columns=["seed", "depth", "width", *DESCRIPTIONS])


def _row(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(DESCRIPTIONS, math.nan)
    row |= dict.fromkeys(TEXTS, "") | dict.fromkeys(COUNTS, 0)
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
        **{column: confidence[key] for column, (key, _) in BRACKET.items()},
        "log10_cond_null": log10_condition_null(architecture.parameters, samples),
        "rank": spectrum.rank,
        "log10_floor": math.log10(spectrum.floor) if spectrum.floor > 0 else -math.inf,
        "route": str(spectrum.route),
        **_rounding(spectrum_receipt(cell, folder).facts),
    }


def _projected(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    content = require_projection(study, architecture, folder)
    return {
        **Interval.of_columns(content, "log10_cond_sym", ends="").columns("log10_cond_sym"),
        "log10_cond_sym_effective_samples": content["effective_samples"],
        "log10_cond_sym_largest_share": content["largest_share"],
        "tail_index_sym": content["tail_index"],
        "samples_sym": content["samples"],
        "status_sym": content["status"],
        "symmetry": content["symmetry"],
        "chi_1": content["chi_1"],
        "q_star": content["q_star"],
        "log10_ladder": content["log10_ladder"],
        **_rounding(content),
    }


def _rounding(facts: Mapping[str, Any]) -> dict[str, float]:
    """How far rounding grows, where the result says so: those of earlier versions do not."""
    known = facts_of_rounding(facts).items()
    return {name: value for name, value in known if name in DESCRIPTIONS and value is not None}


def layer_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """One row per network and layer: the layer's share of tr C with its interval, and per parameter
    (1 is the average).

    Where networks are not projected, such as a user's modules: those with a raw second moment,
    without intervals.

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
                    **{name: share[name] for name in column_names("share", ends="")},
                    "effective_samples": share["effective_samples"],
                    "largest_share": share["largest_share"],
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
        for number, (layer, share) in enumerate(
            zip(architecture.layers, shares, strict=True), start=1
        ):
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


def write_table(table: pd.DataFrame, csv: Path, study: Study) -> None:
    """Write the table as csv, and as NetCDF beside it with dimensions (seed, depth, width).

    A study has one seed; tables of studies that differ in their seed alone join along that
    dimension.
    """
    write_csv(table, csv)
    write_netcdf(
        table.set_index(["seed", "depth", "width"]).to_xarray(),
        csv.with_suffix(".nc"),
        DESCRIPTIONS,
        **{f"study_{key}": repr(value) for key, value in study.facts.items()},
        study=study.study,
    )
