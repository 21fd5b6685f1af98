"""The cells of a study: what has a second moment, and the identity of its work, the facts that
decide every bit of its result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

from eigenscape.architecture import Architecture
from eigenscape.config.model_constrained import CaseName
from eigenscape.config.sizes import BLOCK, SLOTS

SCIENCE_SCHEMA = 6
"""Raised whenever a change of the code would change a number; results of another schema are
refused."""


class CellStatus(StrEnum):
    """Whether a cell's raw condition number is computed in this study."""

    COMPUTED = "computed"
    OVER_LIMIT = "over_raw_parameter_limit"


@dataclass(frozen=True)
class Growth:
    """How a cell's N may grow: doubled until the bracket is narrow enough or the next doubling
    would pass ``most_samples``.
    """

    until_bracket: float
    most_samples: int


@dataclass(frozen=True)
class Cell:
    """One network with its number of samples, and all that defines the work on it.

    What a study has spectra of are the kinds of `StudyCell`; other steps that keep results of one
    network, such as training, use it as it is.

    Attributes:
        architecture: the network.
        samples: N.
        folder: relative to the study's results.
        facts: the study's part of the identity.
    """

    architecture: Architecture
    samples: int
    folder: str
    facts: Mapping[str, Any]

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that decides the bits of the result, as plain JSON values."""
        return {
            "science_schema": SCIENCE_SCHEMA,
            "sizes": list(self.architecture.sizes),
            "samples": self.samples,
            **self._facts_of_its_kind(),
            "slots": SLOTS,
            "block": BLOCK,
        }

    @property
    def fingerprint(self) -> str:
        """A short digest of the identity, for workflow parameters and receipts."""
        return hashlib.blake2b(
            json.dumps(self.identity, sort_keys=True).encode(), digest_size=8
        ).hexdigest()

    def _facts_of_its_kind(self) -> Mapping[str, Any]:
        return self.facts


@dataclass(frozen=True)
class HeadlineCell(Cell):
    """The headline network, with its own N."""

    vectors: ClassVar = True


@dataclass(frozen=True)
class GridCell(Cell):
    """A cell of the map.

    Attributes:
        growth: how its N may grow; then ``samples`` is the N that it starts from, and its receipts
            say where it ended.
    """

    growth: Growth | None = None
    vectors: ClassVar = False

    def _facts_of_its_kind(self) -> Mapping[str, Any]:
        growth = {} if self.growth is None else {"growth": asdict(self.growth)}
        return {**growth, **self.facts}


@dataclass(frozen=True, kw_only=True)
class ModelConstrainedCell(Cell):
    """A case with a model's equations in its loss, at one weight of the model.

    Attributes:
        case: forward map and loss.
        alpha: the weight.
    """

    case: CaseName
    alpha: float
    vectors: ClassVar = True

    @property
    def forward_map(self) -> str:
        """What is inverted, or learned: the first word of the case.

        Example:
            >>> from eigenscape.config.study import Study
            >>> cell = Study().model_constrained_cells("heat-taen")[0]
            >>> cell.forward_map, cell.loss
            ('heat', 'taen')
        """
        return self.case.partition("-")[0]

    @property
    def loss(self) -> str:
        """How the network meets the model: the last word of the case."""
        return self.case.rpartition("-")[2]

    def _facts_of_its_kind(self) -> Mapping[str, Any]:
        case = {"kind": "model_constrained", "case": self.case}
        return {**case, **self.facts, "alpha": self.alpha}


StudyCell = HeadlineCell | GridCell | ModelConstrainedCell
"""What has a second moment and a spectrum in a study. Of each kind, ``vectors`` says whether
something reads the eigenvectors."""
