"""The stage `model-constrained-table`: all cases in tables, and what they say of the question, judged by stated rules.

The published pages end with the question, not with a claim; the three claims that are judged here are this project's wording of it.
"""

from __future__ import annotations

import pandas as pd
import xarray as xr

from eigenscape.stages.condition_numbers import write_csv
from eigenscape.stages.findings import Finding, Verdict
from eigenscape.stages.model_constrained import DESCRIPTIONS, model_constrained_layers, model_constrained_table, read_model_constrained
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.study import Study

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


def judged(table: pd.DataFrame) -> list[Finding]:
    """The question in two claims, judged between alpha = 0 and the largest alpha of every case."""
    ends = [
        (str(name), own.sort_values("alpha").iloc[0], own.sort_values("alpha").iloc[-1]) for name, own in table.groupby("case", sort=False)
    ]
    return [_condition(ends), _training(ends)]


_Ends = list[tuple[str, pd.Series, pd.Series]]


def _direction(last: pd.Series) -> int:
    """+1 where the 95 % interval of the paired change of the projected condition number lies above 0, -1 below, else 0."""
    return int(last["change_low"] > 0) - int(last["change_high"] < 0)


def _condition(ends: _Ends) -> Finding:
    """Holds where the interval of the change lies above 0 in every case; does not where it lies below in every case."""
    directions = [_direction(last) for _, _, last in ends]
    verdict = Verdict.NOT_SHOWN
    if all(d > 0 for d in directions):
        verdict = Verdict.HOLDS
    elif all(d < 0 for d in directions):
        verdict = Verdict.DOES_NOT
    elif any(d > 0 for d in directions):
        verdict = Verdict.CONDITION
    words = "; ".join(
        f"{name}: {last['change']:+.2f} [{last['change_low']:+.2f}, {last['change_high']:+.2f}] of {first['log10_cond_sym']:.1f} decades "
        f"at alpha = {last['alpha']:g}, leading subspaces overlap by {last['overlap']:.2f} "
        f"(halves of the samples by {last['overlap_halves']:.2f})"
        for name, first, last in ends
    )
    return Finding(
        "a model's equations in the loss raise the condition number",
        verdict,
        words,
        "it depends on the loss and on the equations, case by case",
    )


def _training(ends: _Ends) -> Finding:
    """Holds where, in every case with a change of the condition number, the quartiles of the loss after training move the same way.

    They move where those at the largest alpha and at alpha = 0 have nothing in common; at least one case must show it.
    """
    agreements, words = [], []
    for name, first, last in ends:
        worse = int(last["log10_loss_low"] > first["log10_loss_high"]) - int(last["log10_loss_high"] < first["log10_loss_low"])
        agreements.append(_direction(last) * worse)
        words.append(f"{name}: {first['log10_loss']:.2f} at alpha = 0, {last['log10_loss']:.2f} at {last['alpha']:g}")
    verdict = Verdict.NOT_SHOWN
    if any(agreements):
        verdict = Verdict.HOLDS if min(agreements) >= 0 else Verdict.DOES_NOT if max(agreements) <= 0 else Verdict.CONDITION
    return Finding(
        "with a model in the loss, training follows the condition number",
        verdict,
        "log10 of the loss after training over that before: " + "; ".join(words),
        "losses with other weights have other minima, so their ratios are compared with care",
    )
