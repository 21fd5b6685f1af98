"""Files of the user's own: what they may be written like, and that the text that is there is what
runs.
"""

import os
from pathlib import Path

import numpy as np

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.model_constrained.user_case import user_case

FILE = """
from __future__ import annotations

import dataclasses

from eigenscape.model_constrained.case import HELD_OUT, inverse_problem, standard_normal


@dataclasses.dataclass(frozen=True)
class Times:
    factor: float

    def __call__(self, u):
        return self.factor * u[..., :2]


def case(name, section, seed):
    return inverse_problem(name, section, seed, Times(1.0), \
DRAWN * standard_normal(seed, name, section.pairs + HELD_OUT, 3))
"""


def test_a_dataclass_with_late_annotations_and_an_edit_within_the_second(
    tmp_path: Path, monkeypatch
) -> None:
    """Bytecode that Python keeps beside a file is told by its size and the second of its change,
    which both versions share here.
    """
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    file, drawn = tmp_path / "mine.py", []
    for factor in (2, 6):
        file.write_text(FILE.replace("DRAWN", str(factor)))
        os.utime(file, (1e9, 1e9))
        section = ModelConstrainedSection(
            own={"mine": {"file": str(file), "points": 3, "observed": 2}}, cases=["mine-tnet"]
        )
        drawn.append(user_case("mine-tnet", section, 0).problem.targets)
    np.testing.assert_allclose(drawn[1], 3 * drawn[0], rtol=1e-15)
