"""The tables of an embedded ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eigenscape.config.study import Study
from eigenscape.stages.common.tables import write_csv, write_netcdf
from eigenscape.stages.sloppiness.inpca import TABLES, read_inpca
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import xarray as xr


KEYS = (
    "set",
    "direction",
    "family",
    "axes",
    "directions",
    "network",
    "optimiser",
    "replica",
    "differ_in",
)
"""What rows are of: the first columns of every table."""

ATTRIBUTES = {
    "coordinates": "InPCA coordinates of the joint embedding",
    "eigenvalue": "eigenvalues of W; a negative one is an imaginary direction",
    "progress": "along the geodesic from ignorance to truth",
    "distance_to_truth": "Bhattacharyya distance, half the cross entropy",
    "accuracy": "at the compared inputs",
}


def write_inpca_tables(study: Study, folder: StudyFolder) -> None:
    """Write every table as csv, and the joint embedding as csv and NetCDF."""
    tables, arrays = read_inpca(study, folder)
    tables_folder = folder.root / "tables"
    for name in TABLES:
        keys = [key for key in KEYS if key in tables[name]]
        write_csv(
            tables[name][[*keys, *tables[name].columns.drop(keys)]],
            tables_folder / f"sloppiness_{name}.csv",
        )
    points = points_table(arrays)
    write_csv(points, tables_folder / "sloppiness_points.csv")
    ensemble = study.sloppiness.ensemble
    write_netcdf(
        _dataset(arrays),
        tables_folder / "sloppiness.nc",
        ATTRIBUTES,
        study=study.study,
        data=ensemble.data,
        measured=ensemble.measured,
    )


def points_table(arrays: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row per point of the joint embedding, its coordinates x1, x2, ..."""
    names = (
        "network",
        "family",
        "optimiser",
        "replica",
        "trajectory",
        "step",
        "progress",
        "distance_to_truth",
        "accuracy",
    )
    coordinates = {f"x{k + 1}": column for k, column in enumerate(arrays["coordinates"].T)}
    return pd.DataFrame({name: arrays[name] for name in names} | coordinates)


def _dataset(arrays: dict[str, np.ndarray]) -> xr.Dataset:
    import xarray as xr  # noqa: PLC0415 - figures read the points without it

    kept = arrays["coordinates"].shape[1]
    return xr.Dataset(
        {
            "coordinates": (("point", "direction"), arrays["coordinates"]),
            "geodesic": (("place", "direction"), arrays["geodesic"]),
            "eigenvalue": (("index",), arrays["eigenvalues"]),
            **{
                name: (("point",), arrays[name])
                for name in ("progress", "distance_to_truth", "accuracy")
            },
        },
        coords={
            "direction": np.arange(1, kept + 1),
            "place": np.linspace(0, 1, len(arrays["geodesic"])),
            **{name: (("point",), arrays[name]) for name in ("network", "family", "optimiser")},
            **{
                name: (("point",), arrays[name].astype(np.int32))
                for name in ("replica", "trajectory", "step")
            },
        },
    )
