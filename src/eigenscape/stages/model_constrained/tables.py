"""The stage `model-constrained-table`: all cases in tables."""

from __future__ import annotations

from eigenscape.config.study import Study
from eigenscape.stages.common.tables import write_csv, write_netcdf
from eigenscape.stages.model_constrained.cases import (
    DESCRIPTIONS,
    model_constrained_layers,
    model_constrained_table,
    read_model_constrained,
)
from eigenscape.store.layout import StudyFolder

_TEXTS = ("status", "status_sym", "leading_block")


def write_model_constrained_tables(study: Study, folder: StudyFolder) -> None:
    """Write ``tables/model_constrained.csv`` and ``.nc``, and ``model_constrained_layers.csv``.

    Raises:
        DamagedResult: a case is missing or damaged.
    """
    rows, tables_folder = read_model_constrained(study, folder), folder.root / "tables"
    table = model_constrained_table(rows)
    write_csv(table, tables_folder / "model_constrained.csv")
    write_csv(model_constrained_layers(rows), tables_folder / "model_constrained_layers.csv")
    write_netcdf(
        table.set_index(["case", "alpha"]).drop(columns=list(_TEXTS)).astype(float).to_xarray(),
        tables_folder / "model_constrained.nc",
        DESCRIPTIONS,
        study=study.study,
        settings=repr(study.model_constrained.model_dump()),
        seed=str(study.sampling.seed),
    )
