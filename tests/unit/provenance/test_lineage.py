"""Where results come from: receipts of tables and figures, what `show` says, what `verify` finds,
and a study that was moved.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eigenscape.catalogue import recipe_of
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.provenance.lineage import as_json, as_text, lineage_of
from eigenscape.provenance.state import WRONG, Finding, State
from eigenscape.provenance.verify import repair, verify_study
from eigenscape.stages.common.configure import load_study
from eigenscape.stages.common.tables import read_table
from eigenscape.store.layout import StudyFolder
from eigenscape.store.products import confirmed, file_digest, products
from eigenscape.store.receipts import write_atomically

SPECTRUM = "headline/d02-w004-n80/spectrum.zarr"
PARAMETERS = (1 + 1) * 4 + (4 + 1) * 4 + (4 + 1) * 1
"""Weights and biases of a network of depth 2 and width 4."""


@pytest.fixture
def copy(finished: StudyFolder, tmp_path: Path) -> StudyFolder:
    """To damage."""
    return StudyFolder(Path(shutil.copytree(finished.root, tmp_path / "results" / "small")))


def wrong(folder: StudyFolder) -> list[Finding]:
    findings = verify_study(load_study(folder), folder, quiet=True)
    return [finding for finding in findings if finding.state not in (State.SOUND, State.MISSING)]


def test_every_table_and_figure_has_a_receipt_and_verifies(finished: StudyFolder) -> None:
    made = [
        path.relative_to(finished.root).as_posix()
        for kind in ("tables", "figures")
        for path in (finished.root / kind).iterdir()
    ]
    confirmed_files = {
        name for receipt in products(finished) for name in json.loads(receipt.read_bytes())["files"]
    }

    assert set(made) == {
        *(
            f"figures/{name}.{kind}"
            for name in ("eigenvectors", "parameter_count")
            for kind in ("pdf", "png")
        ),
        *(
            f"tables/{name}"
            for name in ("condition_number.csv", "condition_number.nc", "findings.csv")
        ),
    }
    assert set(made) <= confirmed_files
    assert wrong(finished) == []


def test_a_table_is_made_of_every_result_that_its_command_read(finished: StudyFolder) -> None:
    receipt = json.loads(
        (finished.root / "receipts" / "tables" / "condition_number.json").read_bytes()
    )
    study = load_study(finished)
    spectra = {f"{cell.folder}/spectrum.receipt.json" for cell in study.computed_cells()}
    projections = {
        f"projection/{architecture.label}.json" for architecture in study.grid_architectures()
    }

    assert set(receipt["inputs"]) == spectra | projections
    assert receipt["files"]["tables/condition_number.csv"] == file_digest(finished.table)


@pytest.mark.parametrize("name", ["figures/eigenvectors.png", "tables/condition_number.nc"])
def test_a_changed_table_or_figure_is_damaged_and_can_be_set_aside(
    copy: StudyFolder, name: str
) -> None:
    data = bytearray((copy.root / name).read_bytes())
    data[len(data) // 2] ^= 4
    (copy.root / name).write_bytes(data)

    damaged = wrong(copy)
    assert [finding.state for finding in damaged] == [State.DAMAGED]
    assert name in damaged[0].what
    repair(damaged, copy)
    assert not (copy.root / name).exists()
    assert {finding.state for finding in wrong(copy)} == {State.QUARANTINED}


@pytest.mark.parametrize(
    "name", ["figures/eigenvectors.png", "tables/condition_number.csv", "projection/d01-w003.json"]
)
def test_what_a_receipt_confirms_and_is_gone_is_named(copy: StudyFolder, name: str) -> None:
    with confirmed(copy):  # as the command that writes it does
        write_atomically(copy.root / name, (copy.root / name).read_bytes())
    (copy.root / name).unlink()

    gone = [finding for finding in wrong(copy) if finding.state is State.GONE]
    assert [f"{name}: a receipt confirms it" in finding.what for finding in gone] == [True]
    assert State.GONE in WRONG


def test_what_a_damaged_receipt_confirmed_is_set_aside_with_it(copy: StudyFolder) -> None:
    receipt = copy.root / "receipts" / "figures" / "eigenvectors.json"
    receipt.write_text(
        json.dumps({**json.loads(receipt.read_bytes()), "files": ["figures/eigenvectors.pdf"]})
    )

    damaged = wrong(copy)
    assert [finding.state for finding in damaged] == [State.DAMAGED]
    repair(damaged, copy)
    assert not list((copy.root / "figures").glob("eigenvectors.*"))


def test_a_figure_of_other_numbers_than_there_are_now_is_out_of_date(copy: StudyFolder) -> None:
    with confirmed(copy):
        write_atomically(copy.table, copy.table.read_bytes().replace(b"finite", b"strange"))

    outdated = wrong(copy)
    assert [finding.state for finding in outdated] == [State.OUTDATED]
    assert "parameter_count" in outdated[0].what
    assert "tables/condition_number.csv changed" in outdated[0].what
    states = {
        one.name: one.state
        for one in lineage_of(copy.root / "figures" / "parameter_count.pdf").inputs
    }
    assert states == {"tables/condition_number.csv": "changed"}


def test_a_figure_of_another_program_is_named_and_wrongs_nothing(copy: StudyFolder) -> None:
    (copy.root / "figures" / "mine.png").write_bytes(b"drawn elsewhere")

    (finding,) = wrong(copy)
    assert (finding.state, finding.paths) == (
        State.UNCONFIRMED,
        (copy.root / "figures" / "mine.png",),
    )
    assert finding.state not in WRONG
    assert lineage_of(copy.root / "figures" / "mine.png").state.startswith("unconfirmed")


def test_a_command_that_fails_confirms_nothing(copy: StudyFolder) -> None:
    before = (copy.root / "receipts" / "tables" / "condition_number.json").read_bytes()

    def fail() -> None:
        with confirmed(copy):
            read_table(copy.table)
            write_atomically(copy.root / "tables" / "other.csv", b"a\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not (copy.root / "receipts" / "tables" / "other.json").exists()
    assert (copy.root / "receipts" / "tables" / "condition_number.json").read_bytes() == before


def test_a_study_moved_elsewhere_verifies_and_its_results_show(
    copy: StudyFolder, tmp_path: Path
) -> None:
    for path in [*products(copy), *copy.root.rglob("*.receipt.json")]:
        assert str(tmp_path) not in path.read_text(), "a receipt holds a place"
    (tmp_path / "archive").mkdir()
    moved = StudyFolder(copy.root.rename(tmp_path / "archive" / "of-last-year"))

    assert wrong(moved) == []
    shown = lineage_of(moved.root / "figures" / "eigenvectors.pdf")
    assert (shown.state, shown.study) == ("sound", "small")
    assert {one.state for one in shown.inputs} == {"the same"}
    assert str(moved.study) in shown.command
    assert "--configfile results/small/study.json --force results/small/" in shown.snakemake
    assert "once this folder is results/small beside the Snakefile:" in as_text(shown)


@pytest.mark.parametrize(
    "path",
    [SPECTRUM, f"{SPECTRUM}/eigenvalues/zarr.json", "headline/d02-w004-n80/spectrum.receipt.json"],
)
def test_a_spectrum_shows_its_work_and_what_it_was_made_of(
    finished: StudyFolder, path: str
) -> None:
    shown = lineage_of(finished.root / path)

    assert (shown.result, shown.state, shown.rule) == (SPECTRUM, "sound", "spectrum")
    assert shown.numbers == {"seed": 0, "P": PARAMETERS, "N": 80}
    assert shown.identity["sizes"] == [1, 4, 4, 1]
    second_moment = json.loads(
        (finished.root / "headline/d02-w004-n80/second_moment.receipt.json").read_bytes()
    )
    assert [(one.digest, one.state) for one in shown.inputs] == [
        (second_moment["digest"], "the same")
    ]
    assert f"rm -r {finished.root / SPECTRUM} " in as_text(shown)
    assert shown.remove == (SPECTRUM, "headline/d02-w004-n80/spectrum.receipt.json")
    assert shown.command.startswith("eigenscape spectrum headline/d02-w004-n80 --vectors --study ")
    assert shown.snakemake.endswith(
        "--force results/small/ledger/spectrum/headline/d02-w004-n80.json"
    )
    assert "once this folder" not in as_text(shown)
    assert {"at", "eigenscape", "machine", "packages", "python"} <= set(shown.made)
    assert json.loads(as_json(shown))["numbers"]["P"] == PARAMETERS
    assert f"P                {PARAMETERS}" in as_text(shown)


def test_a_document_and_a_batch_cell_show(finished: StudyFolder) -> None:
    assert lineage_of(finished.root / "projection" / "d01-w003.json").command.startswith(
        "eigenscape projection --width 3 "
    )
    cell = lineage_of(finished.root / "cells" / "d01-w003" / "second_moment.zarr")
    assert (cell.rule, cell.numbers["N"]) == ("cells", 4 * (2 * 3 + 4))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("../../elsewhere.pdf", "found no study.json in a folder above it"),
        ("study.json", "found another file of the study"),
        ("figures", "found a folder; choose one of eigenvectors.pdf"),
        ("figures/predictors.pdf", "found nothing of that name yet; make it: snakemake"),
        ("large/d03-w010-n40", "found no such file"),
        ("figures/eigenvector.pdf", "found no figure of that name; did you mean eigenvectors?"),
        ("cells/d99-w003/spectrum.zarr", "found cells/d99-w003; see"),
        ("clustering", "found no such file"),
        ("sloppiness", "found no such file"),
        ("projection/notes.json", "found no such file"),
        ("receipts", "found a folder; choose one of"),
    ],
)
def test_what_is_no_result_is_refused_in_one_line(
    finished: StudyFolder, name: str, found: str
) -> None:
    with pytest.raises(BadInput) as refused:
        lineage_of(finished.root / name)
    assert found in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nobody_is_told_to_make_a_result_of_a_science_that_is_left_out(copy: StudyFolder) -> None:
    settings = json.loads(copy.study.read_bytes())
    copy.study.write_text(
        json.dumps({**settings, "clustering": {**settings["clustering"], "enabled": False}})
    )

    for name in ("clustering/perceptron-d02-w032.json", "tables/clustering_layers.csv"):
        with pytest.raises(
            BadInput,
            match=(
                r"found one of clustering, which this study leaves out; set clustering: \{enabled:"
                r" true\}"
            ),
        ):
            lineage_of(copy.root / name)


@pytest.mark.parametrize(
    ("name", "rule", "target"),
    [
        (
            "sloppiness/trajectories/linear-p0.5.npz",
            "trajectories",
            "ledger/trajectories/linear.json",
        ),
        ("sloppiness/embedding.npz", "inpca", "tables/sloppiness.nc"),
        (
            "tables/sloppiness_kernel_spectra.csv",
            "sloppiness_theory",
            "ledger/sloppiness_theory/kernel.json",
        ),
        ("tables/sloppiness_spectra.csv", "inpca", "tables/sloppiness_spectra.csv"),
        ("tables/headline.csv", "importance", "ledger/importance.json"),
        ("large/d04-w100-n512/spectrum.npz", "large", "ledger/large/d04-w100.json"),
        (
            "model_constrained/burgers-mctangent-a0p1/spectrum.zarr",
            "model_constrained",
            "ledger/model_constrained/burgers-mctangent.json",
        ),
        ("figures/map_stable_rank.pdf", "", ""),
    ],
)
def test_recipes_follow_from_the_place_alone(name: str, rule: str, target: str) -> None:
    study = Study.from_mapping({"sloppiness": {"ensemble": {"powers": [1.0, 0.5]}}})
    recipe = recipe_of(study, name)
    assert recipe is not None
    assert (recipe.rule, recipe.target) == (rule, target)
