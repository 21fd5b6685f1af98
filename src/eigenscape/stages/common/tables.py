"""Tables as files: csv for people, NetCDF for programs, and the columns of the table of all
networks.

Apart from `condition_numbers`, which makes that table, so that who only reads or writes one loads
no solver.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eigenscape.active_subspace.condition import FAMILY
from eigenscape.store.io_log import note_read
from eigenscape.store.receipts import write_atomically

if TYPE_CHECKING:
    import xarray as xr

BRACKET = {
    "log10_cond_low": (
        "low",
        "lower end of the bracket: the split-half value less 1.96 standard errors, in decades",
    ),
    "log10_cond_high": (
        "high",
        "upper end of the bracket: the sample value plus 1.96 standard errors, in decades",
    ),
    "log10_cond_interval_low": (
        "interval_low",
        "lower end of the 95 % bootstrap interval: fluctuation alone, blind to the bias",
    ),
    "log10_cond_interval_high": ("interval_high", "upper end of the 95 % bootstrap interval"),
    "log10_cond_at_half": ("at_half", "log10_cond of the first N/2 samples"),
    "log10_cond_at_quarter": (
        "at_quarter",
        "log10_cond of the first N/4 samples; empty where they are fewer than P",
    ),
    "log10_cond_extrapolated": (
        "extrapolated",
        "log10_cond extrapolated linearly to P/N = 0 from N/4, N/2 and N with P/N <= 1/2: a guide",
    ),
}
"""Column, key in the receipt, meaning."""

DESCRIPTIONS = {
    "parameters": "P, number of parameters",
    "samples": "N, parameter vectors drawn; 0 where no raw condition number is computed",
    "parameters_per_sample": "P/N, the sampling ratio",
    "status": "of the raw numbers: finite, rank_deficient, below_floor, or why there is none",
    **{member.name: f"{member.formula}: {member.meaning}" for member in FAMILY},
    **{column: meaning for column, (_, meaning) in BRACKET.items()},
    "log10_cond_null": (
        "log10 condition number of isotropic noise at the same P/N (Marchenko and Pastur 1967), in"
        " decades"
    ),
    "rank": "directions that carry gradient",
    "log10_floor": "log10 of the largest eigenvalue indistinguishable from rounding error",
    "route": "eigh, or graded (pivoted Cholesky and singular values)",
    "raw_parameter_limit": "networks with more parameters get no raw numbers in this study",
    "log10_cond_sym": (
        "log10 condition number of the symmetry-projected second moment, in decades; no inflation"
        " by P/N"
    ),
    "log10_cond_sym_low": "lower end of its 95 % bootstrap interval",
    "log10_cond_sym_high": "upper end of its 95 % bootstrap interval",
    "log10_cond_sym_effective_samples": (
        "effective N (Kish 1965) of the squared gradient that the fewest samples carry"
    ),
    "log10_cond_sym_largest_share": "largest part of a mean squared gradient from one sample",
    "tail_index_sym": (
        "largest tail index of the squared gradients: a mean exists below 1, a variance below 1/2"
    ),
    "samples_sym": "N, parameter vectors drawn for the projected number",
    "status_sym": "of the projected number: finite, heavy_tailed, rank_deficient or below_floor",
    "symmetry": "group under which the second moment is averaged",
    "chi_1": "growth of the gradient's second moment per layer towards the input, mean field",
    "q_star": "variance of pre-activations far from the input, mean field",
    "log10_ladder": "(L-1) log10 chi_1, in decades",
    "rounding_growth": (
        "median growth of rounding errors in a gradient, in units of the last place of the"
        " parameters"
    ),
    "gradient_error": (
        "median relative error of a gradient in the study's precision; above 0.01 that does not"
        " suffice"
    ),
}
"""Columns after seed, depth and width, in order, with what they mean."""

TEXTS = ("status", "route", "status_sym", "symmetry")
COUNTS = ("parameters", "samples", "rank", "raw_parameter_limit", "samples_sym")
"""Which of them are words and which are whole numbers."""


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as csv that reads back to the same numbers."""
    text = io.StringIO()
    table.to_csv(text, index=False, float_format="%.17g")
    write_atomically(path, text.getvalue().encode())


def write_netcdf(
    dataset: xr.Dataset, path: Path, descriptions: Mapping[str, str], **attributes: object
) -> None:
    """Write labelled arrays as NetCDF 3, which every program reads.

    Args:
        dataset: the arrays.
        path: ending in .nc.
        descriptions: what the arrays mean, by their names: the attribute ``long_name``.
        attributes: of the file, such as the study that it is of.
    """
    for name in dataset.data_vars:
        if name in descriptions:
            dataset[name].attrs["long_name"] = descriptions[str(name)]
    dataset.attrs = attributes
    write_atomically(path, bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))


def read_table(csv: Path) -> pd.DataFrame:
    """The table of all networks, as `condition_numbers.write_table` wrote it."""
    numbers = dict.fromkeys(DESCRIPTIONS, np.float64) | dict.fromkeys(
        ("seed", "depth", "width", *COUNTS), np.int64
    )
    note_read(csv)
    return pd.read_csv(csv, dtype={**numbers, **dict.fromkeys(TEXTS, str)}).replace(
        {name: {np.nan: ""} for name in TEXTS}
    )
