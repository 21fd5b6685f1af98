"""The stage `model-constrained-table`: all cases in tables, and what they say of the question, judged by stated rules.

The published pages end with the question, not with a claim; the three claims that are judged here are this project's wording of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eigenscape.stages.model_constrained import DESCRIPTIONS, model_constrained_layers, model_constrained_table, read_model_constrained
from eigenscape.stages.tables import write_csv
from eigenscape.stages.verdicts import Finding, Verdict
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.study import Study

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
    dataset: xr.Dataset = table.set_index(["case", "alpha"]).drop(columns=list(_TEXTS)).astype(float).to_xarray()
    for name in dataset.data_vars:
        dataset[name].attrs["long_name"] = DESCRIPTIONS[str(name)]
    dataset.attrs = {"study": study.study, "settings": repr(study.model_constrained.model_dump()), "seed": str(study.sampling.seed)}
    write_atomically(place / "model_constrained.nc", bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))


def model_constrained_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The question of the pages, judged on the cases.

    Raises:
        DamagedResult: a case is missing or damaged.
    """
    return judged(model_constrained_table(read_model_constrained(study, folder)))


def judged(table: pd.DataFrame) -> list[Finding]:
    """The question in two claims, judged between the least and the largest alpha of every case.

    The least is 0, but for TNet the least above it: without its model TNet sees no data.
    """
    ends = []
    for name, own in table.groupby("case", sort=False):
        rows = own.sort_values("alpha")
        ends.append((str(name), rows.iloc[1 if str(name).endswith("-tnet") else 0], rows.iloc[-1]))
    return [_condition(ends), _training(ends)]


_Ends = list[tuple[str, pd.Series, pd.Series]]


def _direction(first: pd.Series, last: pd.Series) -> int:
    """+1 where the 95 % interval of the paired change of the projected condition number lies above the other's, -1 below, else 0."""
    return int(last["change_low"] > first["change_high"]) - int(last["change_high"] < first["change_low"])


def _condition(ends: _Ends) -> Finding:
    """Holds where the number rises in every case; does not where it falls in every case."""
    directions = [_direction(first, last) for _, first, last in ends]
    verdict = Verdict.NOT_SHOWN
    if all(d > 0 for d in directions):
        verdict = Verdict.HOLDS
    elif all(d < 0 for d in directions):
        verdict = Verdict.DOES_NOT
    elif any(d > 0 for d in directions):
        verdict = Verdict.CONDITION
    words = "; ".join(
        f"{name}: {first['log10_cond_sym']:.2f} [{first['log10_cond_sym_low']:.2f}, {first['log10_cond_sym_high']:.2f}] decades at "
        f"alpha = {first['alpha']:g}, {last['log10_cond_sym']:.2f} [{last['log10_cond_sym_low']:.2f}, "
        f"{last['log10_cond_sym_high']:.2f}] at {last['alpha']:g}, whose leading subspace overlaps that at 0 by {last['overlap']:.2f} "
        f"(halves of the samples by {last['overlap_halves']:.2f})"
        for name, first, last in ends
    )
    return Finding(
        "a model's equations in the loss raise the condition number",
        verdict,
        words,
        "it depends on the loss and on the equations" if verdict is Verdict.CONDITION else "",
    )


def _training(ends: _Ends) -> Finding:
    """Holds where, in every case with a change of the condition number, the quartiles of the loss after training move the same way.

    They move where those at both ends have nothing in common; at least one case must show it.
    """
    agreements, words = [], []
    for name, first, last in ends:
        worse = int(last["log10_loss_low"] > first["log10_loss_high"]) - int(last["log10_loss_high"] < first["log10_loss_low"])
        agreements.append(_direction(first, last) * worse)
        words.append(f"{name}: {first['log10_loss']:.2f} at alpha = {first['alpha']:g}, {last['log10_loss']:.2f} at {last['alpha']:g}")
    verdict = Verdict.NOT_SHOWN
    if any(agreements):
        verdict = Verdict.HOLDS if min(agreements) >= 0 else Verdict.DOES_NOT if max(agreements) <= 0 else Verdict.CONDITION
    return Finding(
        "with a model in the loss, training follows the condition number",
        verdict,
        "log10 of the loss after training over that before: " + "; ".join(words),
        "losses with other weights have other minima, so their ratios are compared with care",
    )
