"""Awkward numbers of samples.

Injection: N that ranks and blocks do not divide; N below the number of ranks; N below P; N = 0.
Promise: the same bits as on one process; N below P gives a status, never a number; N = 0 is bad
input: one line, exit code 2.
"""

import json

import pytest
from faults.harness import Case

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.parametrize(
    ("samples", "share"), [(4801, "samples"), (4801, "bands"), (2, "samples"), (2, "bands")]
)
def test_no_divisibility_is_asked_for(
    runs, tmp_path, undisturbed, samples: int, share: str
) -> None:
    case = Case.at(tmp_path / "results", headline={"depth": 2, "width": 14, "samples": samples})
    run = runs.second_moment(case, 3, "--share", share)
    assert run.wait() == 0, run.output
    assert case.bits() == undisturbed(case)


def test_fewer_samples_than_parameters_give_a_status(runs, tmp_path) -> None:
    case = Case.at(tmp_path / "results", headline={"depth": 2, "width": 14, "samples": 100})
    assert runs.second_moment(case, 2).wait() == 0
    run = runs.stage(case, "spectrum", case.cell)
    assert run.wait() == 0, run.output
    cell = case.study.headline_cell
    receipt = json.loads(case.folder.receipt(case.folder.spectrum(cell)).read_text())
    assert receipt["status"] == "rank_deficient"
    assert {
        name: receipt["confidence"][name] for name in ("low", "high", "extrapolated")
    } == dict.fromkeys(("low", "high", "extrapolated"))


def test_no_samples_are_bad_input(runs, case, tmp_path) -> None:
    config = tmp_path / "none.yaml"
    config.write_text("headline: {samples: 0}\n")
    study = json.loads(case.folder.study.read_text())
    study["headline"]["samples"] = 0
    case.folder.study.write_text(json.dumps(study))
    for run in (
        runs.start("eigenscape", "plan", "--configfile", str(config)),
        runs.second_moment(case, 2),
    ):
        assert run.wait() == 2, run.output
        (line,) = {line for line in run.output.splitlines() if line.startswith("eigenscape: ")}
        assert (
            "headline.samples: expected a number of at least 1, found 0; write headline: {samples:"
            " 10000}" in line
        )
        assert "Traceback" not in run.output
