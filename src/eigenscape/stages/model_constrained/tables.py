"""The stage `model-constrained-table`: all cases in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.stages.common.tables import write_csv
from eigenscape.stages.model_constrained.cases import (
    DESCRIPTIONS,
    model_constrained_layers,
    model_constrained_table,
    read_model_constrained,
)
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically

if TYPE_CHECKING:
    import xarray as xr

_TEXTS = ("status", "status_sym", "leading_block")


def write_model_constrained_tables(study: Study, folder: StudyFolder) -> None:
    """Write ``tables/model_constrained.csv`` and ``.nc``, and ``model_constrained_layers.csv``.

    Raises:
        DamagedResult: a case is missing or damaged.
    """
    rows, place = read_model_constrained(study, folder), folder.root / "tables"
    table = model_constrained_table(rows)
    write_csv(table, place / "model_constrained.csv")
    write_csv(model_constrained_layers(rows), place / "model_constrained_layers.csv")
    dataset: xr.Dataset = (
        table.set_index(["case", "alpha"]).drop(columns=list(_TEXTS)).astype(float).to_xarray()
    )
    for name in dataset.data_vars:
        dataset[name].attrs["long_name"] = DESCRIPTIONS[str(name)]
    dataset.attrs = {
        "study": study.study,
        "settings": repr(study.model_constrained.model_dump()),
        "seed": str(study.sampling.seed),
    }
    write_atomically(
        place / "model_constrained.nc",
        bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")),
    )
