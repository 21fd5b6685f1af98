"""How each result of a study is made again: the rule, the command, and what to ask Snakemake for.

Told from the place of a result alone, so it holds for results whose receipts are lost, and before
anything is computed. A test holds it against the workflow: Snakemake knows every target that is
named here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from eigenscape.catalogue import drawing as draw
from eigenscape.config.study import Study
from eigenscape.planning import batches as planning

RANKS = 2
"""Of the rules that start MPI ranks, as `workflow/rules` has it; the bits do not depend on it."""


@dataclass(frozen=True)
class Recipe:
    """How a result is made.

    Attributes:
        rule: of the workflow; "" for what is made on request alone.
        arguments: of `eigenscape`, without the study.
        target: relative to the study's folder: what Snakemake is asked for; "" where it knows none.
        ranks: MPI ranks that the rule starts; 1 for a plain command.
        kept: whether the command passes over a result that a receipt confirms.
    """

    rule: str
    arguments: tuple[str, ...]
    target: str
    ranks: int = 1
    kept: bool = True

    def command(self, study_file: str) -> str:
        """The command line.

        Example:
            >>> Recipe(
            ...     "figures_of_headline", ("figure", "eigenvalues"), "figures/eigenvalues.pdf"
            ... ).command("results/sine/study.json")
            'eigenscape figure eigenvalues --study results/sine/study.json'
        """
        words = " ".join(self.arguments)
        if self.ranks == 1:
            return f"eigenscape {words} --study {study_file}"
        return (
            f"mpiexec -n {self.ranks} python -m mpi4py -m eigenscape {words} --ranks {self.ranks}"
            f" --study {study_file}"
        )


def recipe_of(study: Study, name: str) -> Recipe | None:
    """The recipe of a result, by its path relative to the study's folder; None for what is no
    result.

    Example:
        >>> recipe_of(Study(), "tables/criticality.csv").arguments
        ('criticality',)
        >>> recipe_of(Study(), "cells/d01-w005/spectrum.zarr").target
        'ledger/cells/w005-d01to10.json'
        >>> recipe_of(Study(), "logs/criticality.log") is None
        True
    """
    path = PurePosixPath(name)
    first, stem = path.parts[0], path.name.partition(".")[0]
    if first in ("cells", "headline", "model_constrained") and len(path.parts) > 2:
        return _of_cell(study, "/".join(path.parts[:2]), stem)
    if first == "tables":
        return _of_table(stem, path.name)
    if first == "figures":
        family = next(
            (family for family, drawn in draw.FAMILIES.items() if stem in drawn.figures), ""
        )
        # maps of other columns are drawn on request, by no rule
        target = f"figures/{stem}.pdf" if family else ""
        return Recipe(
            f"figures_of_{family}" if family else "", ("figure", stem), target, kept=False
        )
    if first == "projection":
        found = re.fullmatch(r"d\d+-w(\d+)", stem)
        return (
            Recipe(
                "projection",
                ("projection", "--width", f"{int(found[1])}"),
                f"ledger/projection/w{int(found[1])}.json",
            )
            if found
            else None
        )
    if first == "large" and len(path.parts) > 2:
        network = path.parts[1].rpartition("-n")[0]
        return Recipe("large", ("large", network), f"ledger/large/{network}.json", RANKS)
    if first == "sloppiness" and len(path.parts) > 1:
        return _of_trajectories(study, path)
    if first in _BY_NAME and len(path.parts) > 1:
        rule = _BY_NAME[first]
        return Recipe(rule, (rule, stem), f"ledger/{first}/{stem}.json")
    if first in ("training", "criticality.json"):
        return Recipe(
            stem if len(path.parts) == 1 else first,
            (path.parts[0].partition(".")[0],),
            f"ledger/{first.partition('.')[0]}.json",
        )
    if first == "sensitivity":
        return Recipe("sensitivity", ("sensitivity",), "tables/sensitivity.csv")
    if name == "report.html":
        return Recipe("report", ("report",), name, kept=False)
    if name == "paper.pdf":
        return Recipe("", ("paper",), "", kept=False)
    return None


_BY_NAME = {
    "expressivity": "expressivity",
    "clustering": "clustering",
    "sloppiness_theory": "sloppiness-theory",
    "model_constrained": "model-constrained",
}
"""Documents whose command takes the name of the document."""

_TABLES = {
    "condition_number": "condition-number-table",
    "layers": "condition-number-table",
    "importance": "importance",
    "headline": "importance",
    "criticality": "criticality",
    "training": "training",
    "sensitivity": "sensitivity",
    "second_moment_kinds": "second-moment-kinds",
    "findings": "findings",
}
"""The command that writes a table."""

_THEORY = re.compile(r"sloppiness_(phase_map|kernel|sgd)_")
_NOTED = ("importance", "criticality", "training")
"""Commands whose tables Snakemake knows by their note."""


def _of_table(stem: str, name: str) -> Recipe | None:
    if stem in _TABLES:
        command = _TABLES[stem]
        noted = command in _NOTED and stem != "training"
        return Recipe(
            command.replace("-", "_"),
            (command,),
            f"ledger/{command}.json" if noted else f"tables/{name}",
            kept=False,
        )
    if stem.startswith("expressivity_"):
        experiment = stem.split("_")[1]
        return Recipe(
            "expressivity",
            ("expressivity", experiment),
            f"ledger/expressivity/{experiment}.json",
            kept=False,
        )
    if stem == "sloppiness_phase_map":
        return Recipe(
            "sloppiness_theory_table", ("sloppiness-theory-table",), f"tables/{name}", kept=False
        )
    if match := _THEORY.match(stem):
        return Recipe(
            "sloppiness_theory",
            ("sloppiness-theory", match[1]),
            f"ledger/sloppiness_theory/{match[1]}.json",
            kept=False,
        )
    for prefix, command in (
        ("clustering", "clustering-table"),
        ("model_constrained", "model-constrained-table"),
        ("sloppiness", "inpca"),
    ):
        if stem.startswith(prefix):
            return Recipe(command.replace("-", "_"), (command,), f"tables/{name}", kept=False)
    return None


def _of_cell(study: Study, cell: str, stem: str) -> Recipe | None:
    if stem == "importance":
        return Recipe("importance", ("importance",), "ledger/importance.json")
    if stem not in ("second_moment", "spectrum"):
        return None
    for batch, cells in planning.batches(study).items():
        if any(other.folder == cell for other in cells):
            return Recipe("cells", ("cells", batch), f"ledger/cells/{batch}.json")
    for case in study.model_constrained.computed:
        if any(other.folder == cell for other in study.model_constrained_cells(case)):
            if not any(other.folder == cell for other in planning.large_weights(study, case)):
                return Recipe(
                    "model_constrained",
                    ("model-constrained", case),
                    f"ledger/model_constrained/{case}.json",
                )
            break
    if stem == "second_moment":
        return Recipe(
            "second_moment", ("second-moment", cell), f"ledger/second_moment/{cell}.json", RANKS
        )
    vectors = ("--vectors",) if not cell.startswith("cells/") else ()
    return Recipe("spectrum", ("spectrum", cell, *vectors), f"ledger/spectrum/{cell}.json")


def _of_trajectories(study: Study, path: PurePosixPath) -> Recipe | None:
    if path.parts[1] != "trajectories":
        return Recipe("inpca", ("inpca",), "tables/sloppiness.nc")
    network = path.name.removesuffix(".npz").removesuffix(".receipt.json")
    for group, networks in study.sloppiness.ensemble.network_groups().items():
        if network in networks:
            return Recipe(
                "trajectories", ("trajectories", group), f"ledger/trajectories/{group}.json"
            )
    return None
