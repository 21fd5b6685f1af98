"""A cell is killed while its N grows.

Injection: SIGKILL to `cells`, over and over, each time as it comes to its 40th block. Promise: no
receipt before the last of them; every run goes on at the N that the one before had reached, and the
end has the bits of a run that nothing happened to.
"""

import json
import sys

import pytest
from faults.harness import INJECTORS, Case

from eigenscape.planning.batches import batches

pytestmark = pytest.mark.faults


def grow(runs, case, fault):
    (batch,) = batches(case.study)
    options = ("--checkpoint-seconds", "0", "--stale-seconds", "2")
    study = ("--study", str(case.folder.study))
    run = runs.start(sys.executable, str(INJECTORS), fault, "cells", batch, *study, *options)
    return run.wait()


def test_a_killed_cell_goes_on_growing_to_the_same_bits(runs, tmp_path) -> None:
    sampling = {"until_bracket": 1e-6, "most_samples_per_parameter": 32}
    whole, killed = (Case.at(tmp_path / name, sampling=sampling) for name in ("whole", "killed"))
    (cell,) = whole.study.computed_cells()
    assert grow(runs, whole, "none") == 0

    kills = 0
    while grow(runs, killed, "kill@block:*:40") != 0:
        kills += 1
        assert not killed.folder.receipt(killed.folder.spectrum(cell)).exists()
        assert kills < 8
    assert kills >= 2

    for store in ("second_moment", "spectrum"):
        one, other = (
            json.loads((of.folder.root / cell.folder / f"{store}.receipt.json").read_bytes())
            for of in (whole, killed)
        )
        assert {key for key in one if one[key] != other[key]} <= {"made", "seconds"}
