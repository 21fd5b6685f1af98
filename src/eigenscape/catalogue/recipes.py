"""How a result of a study is made again: the rule, the command, and what to ask Snakemake for.

Told from the path of a result alone, so it holds for results whose receipts are lost, and before
anything is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from eigenscape.catalogue.sciences import FIGURES
from eigenscape.catalogue.table import Catalogue
from eigenscape.config.study import Study


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
    if path.parts[0] == "figures":
        return _of_figure(path.stem)
    if name == "paper.pdf":
        return Recipe("", ("paper",), "", kept=False)
    job = Catalogue(study).made_by(name)
    if job is None:
        return None
    return Recipe(
        job.step.name,
        job.words,
        name if name in job.targets else job.targets[0],
        job.ranks,
        kept=path.parts[0] != "tables" and path.suffix != ".html",
    )


def _of_figure(name: str) -> Recipe:
    """Maps of other columns than those of every study are drawn on request, by no rule."""
    row = FIGURES.get(name)
    rule, target = (f"figures_of_{row.family.name}", f"figures/{name}.pdf") if row else ("", "")
    return Recipe(rule, ("figure", name), target, kept=False)
