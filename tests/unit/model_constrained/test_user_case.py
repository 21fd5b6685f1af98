"""Files of the user's own: what they may be written like, and that the text that is there is what
runs.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.errors import BadInput
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


WRONG = {
    "import nothing_of_this_name": r"own\.mine: expected a Python file that runs, found Module",
    "x = 1": r"own\.mine: expected a Python file that defines case\(name, section, seed\)",
    "def case(name, section, seed): return 7": r"own\.mine: expected a Case .*, found int",
    FILE.replace("DRAWN", "1").replace("[..., :2]", "[..., :1]"): (
        r"own\.mine: expected a network from 2 to 3 numbers, found \(1, 3\)"
    ),
}
"""Files of the user's own that make no case, and what is said of them."""


def section_of(file: Path) -> ModelConstrainedSection:
    return ModelConstrainedSection(
        own={"mine": {"file": str(file), "points": 3, "observed": 2}}, cases=["mine-tnet"]
    )


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=range(len(WRONG)))
def test_a_file_that_makes_no_case_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    section = section_of(tmp_path / "mine.py")
    with pytest.raises(BadInput, match=message):
        user_case("mine-tnet", section, 0)


def test_a_file_that_is_another_or_gone_since_the_study_was_configured_is_refused(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(FILE.replace("DRAWN", "1"))
    section = section_of(file)
    assert user_case("mine-tnet", section, 0).name == "mine-tnet"
    file.write_text(FILE.replace("DRAWN", "2"))
    with pytest.raises(BadInput, match="the file that the study was configured with"):
        user_case("mine-tnet", section, 0)
    file.unlink()
    with pytest.raises(BadInput, match=r"a Python file that can be read, found .*No such file"):
        user_case("mine-tnet", section, 0)
