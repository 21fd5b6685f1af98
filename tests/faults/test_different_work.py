"""Other work than what is there.

Injection: after a finished run (or a killed one) the seed, the prior, the precision or the science
schema is changed, and the same command is given again. Promise: refused with exit code 2 and one
line that names the field and both values; nothing is overwritten. Shards of other work are set
aside, never summed.
"""

import json

import pytest
from faults.harness import Case, interrupted

pytestmark = [pytest.mark.mpi, pytest.mark.faults]

CHANGES = {
    "seed": ({"sampling": {"seed": 1}}, "expected seed 1, found 0"),
    "prior": (
        {"prior": {"kind": "he_normal"}},
        "expected prior {'kind': 'he_normal'}, found {'kind': 'standard_normal'}",
    ),
    "precision": (
        {"sampling": {"precision": "float32"}},
        "expected precision 'float32', found 'float64'",
    ),
}


def changed(case: Case, sections: dict) -> None:
    """Write the study anew behind the program's back; with its knowledge `write_study`
    refuses too.
    """
    study = json.loads(case.folder.study.read_text())
    for section, keys in sections.items():
        study[section].update(keys)
    case.folder.study.write_text(json.dumps(study))


@pytest.mark.parametrize(
    ("change", "ranks"), [("seed", 1), ("seed", 2), ("prior", 1), ("precision", 1)]
)
def test_a_finished_result_of_other_work_is_refused(
    runs, finished, change: str, ranks: int
) -> None:
    case = finished
    sections, words = CHANGES[change]
    changed(case, sections)
    log = case.folder.root / "second_moment.log"
    log.unlink()
    before = case.files()

    run = runs.second_moment(case, ranks)
    assert run.wait() == 2, run.output
    lines = [line for line in run.output.splitlines() if line.startswith("eigenscape: ")]
    assert len(lines) == 1
    assert words in lines[0]
    assert "give the study another name" in lines[0]
    assert "Traceback" not in run.output
    log.unlink()
    assert case.files() == before


def test_a_result_of_another_science_schema_is_refused(runs, finished) -> None:
    case = finished
    receipt = json.loads(case.receipt.read_text())
    receipt["identity"]["science_schema"] -= 1
    case.receipt.write_text(json.dumps(receipt))
    (case.folder.root / "second_moment.log").unlink()
    before = case.files()

    for run in (
        runs.stage(case, "spectrum", case.cell),
        runs.stage(case, "second-moment", case.cell),
    ):
        assert run.wait() == 2, run.output
        assert (
            f"expected science_schema {receipt['identity']['science_schema'] + 1}, found"
            in run.output
        )
    assert case.files() == before


def test_shards_of_other_work_are_not_summed(runs, case, tmp_path, undisturbed) -> None:
    kept = interrupted(runs, case)
    changed(case, {"sampling": {"seed": 1}})

    run = runs.second_moment(case, 1)
    assert run.wait() == 0, run.output
    reasons = [
        json.loads(path.read_text())["reason"]
        for path in case.folder.quarantine.glob("*/reason.json")
    ]
    assert 0 < len(reasons) <= len(kept)
    assert all("belongs to other work" in reason for reason in reasons)
    assert case.bits() == undisturbed(Case.at(tmp_path / "seed-1", sampling={"seed": 1}))
