"""Experiments that a science keeps as one document each: what decides them, and the tables that
they give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel

from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.store.documents import cached, read_document

Rows = list[dict[str, Any]]
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Experiment:
    """One experiment of a science.

    Attributes:
        kind: of its document, part of the identity.
        settings: the section of the configuration that defines it.
        compute: the rows of its tables.
        tables: their names.
    """

    kind: str
    settings: Callable[[Study], BaseModel]
    compute: Callable[[Study], dict[str, Rows]]
    tables: tuple[str, ...]

    def run(self, study: Study, document: Path) -> Tables:
        """Give the tables, which are computed where no document holds them yet.

        Raises:
            DamagedResult: the document is damaged.
            DifferentWork: it holds other work.
        """
        content = cached(document, self._identity(study), partial(self.compute, study))
        return tables_of(content, self.tables)

    def read(self, study: Study, document: Path) -> Tables:
        """Read the tables from their document.

        Raises:
            DamagedResult: it is missing or damaged.
            DifferentWork: it holds other work.
        """
        return tables_of(read_document(document, self._identity(study)), self.tables)

    def _identity(self, study: Study) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "science_schema": SCIENCE_SCHEMA,
            "seed": study.sampling.seed,
            **self.settings(study).model_dump(),
        }


def experiment_named(experiments: Mapping[str, Experiment], name: str) -> Experiment:
    """Choose an experiment by its name.

    Raises:
        BadInput: there is none of that name.
    """
    if name not in experiments:
        raise BadInput.field(
            "experiment", f"one of {', '.join(experiments)}", name, "choose one of them"
        )
    return experiments[name]


def tables_of(content: Mapping[str, Rows], names: Iterable[str]) -> Tables:
    """Make tables of the rows that a document holds.

    Example:
        >>> tables_of({"layers": [{"layer": 1}], "notes": []}, ["layers"])["layers"].shape
        (1, 1)
    """
    return {name: pd.DataFrame(content[name]) for name in names}
