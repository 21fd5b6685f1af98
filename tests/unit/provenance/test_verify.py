"""A whole study against its receipts: every kind of damage is named, mended, and computed to the
same bits again.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from builders import small_study

from eigenscape.config.study import Study
from eigenscape.errors import Interrupted
from eigenscape.provenance.state import State, report
from eigenscape.provenance.verify import repair, verify_study
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.active_subspace.training import TrainingPlan, train_networks
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.store import leases
from eigenscape.store.layout import StudyFolder

QUIET = Execution(quiet=True)
TRAINING = TrainingPlan(depth=(1,), width=(3,), replicas=2, most_steps=3)


def computed(study: Study, folder: StudyFolder) -> StudyFolder:
    compute_second_moment(study, study.headline_cell, folder, execution=QUIET)
    compute_spectrum(study, study.headline_cell, folder, vectors=True)
    compute_cells(study, study.computed_cells(), folder, QUIET)
    project_networks(study, study.projected_architectures(), folder, quiet=True)
    train_networks(study, folder, TRAINING, quiet=True)
    return folder


def states(study: Study, folder: StudyFolder) -> set[State]:
    return {finding.state for finding in verify_study(study, folder, quiet=True)}


def test_a_study_that_is_whole_is_sound(folder: StudyFolder) -> None:
    study = small_study()
    findings = verify_study(study, computed(study, folder), quiet=True)

    cells = 1 + len(study.computed_cells())
    assert [finding.state for finding in findings] == [State.SOUND] * (
        2 * cells + len(study.projected_architectures()) + 1
    )
    assert report(findings) == f"{len(findings)} sound"


def test_a_study_that_is_not_computed_is_missing_and_not_damaged(folder: StudyFolder) -> None:
    assert states(small_study(), folder) == {State.MISSING}


def test_a_study_in_another_folder_still_verifies(folder: StudyFolder, tmp_path: Path) -> None:
    study = small_study()
    moved = computed(study, folder).root.rename(tmp_path / "elsewhere")

    assert states(study, StudyFolder(moved)) == {State.SOUND}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def flip_chunk(cell: Path) -> None:
    flip(cell / "second_moment.zarr" / "second_moment" / "c" / "0" / "0")


def lose_chunk(cell: Path) -> None:
    (cell / "spectrum.zarr" / "eigenvalues" / "c" / "0").unlink()


def other_values(cell: Path) -> None:
    """With valid checksums."""
    values = zarr.open_group(cell / "spectrum.zarr")["eigenvalues"]
    values[:] = np.asarray(values[:]) * 1.5


def spoil_receipt(cell: Path) -> None:
    (cell / "spectrum.receipt.json").write_text("{}")


def spoil_group(cell: Path) -> None:
    (cell / "second_moment.zarr" / "zarr.json").write_text("{}")


def other_status(cell: Path) -> None:
    """Which no digest of the numbers covers."""
    zarr.open_group(cell / "spectrum.zarr").attrs["status"] = "below_floor"


def lose_store(cell: Path) -> None:
    shutil.rmtree(cell / "spectrum.zarr")


@pytest.mark.parametrize(
    "damage",
    [flip_chunk, lose_chunk, other_values, other_status, spoil_receipt, spoil_group, lose_store],
)
def test_damage_is_named_set_aside_and_computed_again(
    folder: StudyFolder, damage: Callable[[Path], None]
) -> None:
    study = small_study()
    cell = study.computed_cells()[0]
    cell_folder = computed(study, folder).root / cell.folder
    before = {
        name: json.loads((cell_folder / name).read_text())["digest"]
        for name in ("second_moment.receipt.json", "spectrum.receipt.json")
    }
    notes = [
        folder.ledger("second_moment", cell.folder),
        folder.ledger("spectrum", cell.folder),
        folder.ledger("cells", "w003-d01to10"),
    ]
    for note in notes:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text("{}")
    damage(cell_folder)

    findings = verify_study(study, folder, quiet=True)
    damaged = [finding for finding in findings if finding.state is State.DAMAGED]
    assert len(damaged) == 1
    assert damaged[0].what.startswith(f"{cell_folder}/")
    assert "damaged: " in report(findings)
    assert "verify --repair" in report(findings)
    (aside,) = repair(findings, folder)
    assert aside.parent == folder.quarantine
    assert not any(note.exists() for note in notes)

    computed(study, folder)
    assert {
        name: json.loads((cell_folder / name).read_text())["digest"] for name in before
    } == before
    assert states(study, folder) == {State.SOUND, State.QUARANTINED}


def test_a_damaged_document_is_found(folder: StudyFolder) -> None:
    study = small_study()
    path = computed(study, folder).projection(study.projected_architectures()[0])
    path.write_text(path.read_text().replace("log10_cond_sym", "log10_cond_sum"))
    note = folder.ledger("projection", f"w{study.projected_architectures()[0].width}")
    note.parent.mkdir(parents=True)
    note.write_text("{}")

    findings = verify_study(study, folder, quiet=True)

    (damaged,) = [finding for finding in findings if finding.state is State.DAMAGED]
    assert damaged.paths == (path,)
    repair(findings, folder)
    assert not path.exists()
    assert not note.exists()


def test_a_file_of_another_program_among_the_documents_is_named(folder: StudyFolder) -> None:
    study = small_study()
    (computed(study, folder).root / "projection" / "notes (copy).json").write_text("{}")

    (strange,) = [
        finding
        for finding in verify_study(study, folder, quiet=True)
        if finding.state is not State.SOUND
    ]
    assert "notes (copy).json: expected a result in JSON" in strange.what


def test_results_of_another_seed_are_told_and_left_alone(folder: StudyFolder) -> None:
    computed(small_study(), folder)
    other = small_study(sampling={"seed": 1})

    findings = verify_study(other, folder, quiet=True)

    strange = [finding for finding in findings if finding.state is State.OTHER_WORK]
    documents = len(other.projected_architectures()) + 1  # of training
    assert len(strange) == 2 * (1 + len(other.computed_cells())) + documents
    assert report(findings).count("expected seed 1, found 0") == len(strange)
    assert report(findings).count("another name") == len(strange)
    repair(findings, folder)
    assert all(finding.paths[0].exists() for finding in strange)


def test_unfinished_work_is_listed_with_who_is_at_it(
    folder: StudyFolder, stop_after: Callable[[int], None]
) -> None:
    study = small_study()
    cell = study.headline_cell
    stop_after(3)
    with pytest.raises(Interrupted):
        compute_second_moment(study, cell, folder, execution=QUIET)
    gone = replace(leases.Holder.here(), started=1)
    folder.leases(cell).mkdir(parents=True)
    leases._create(leases.Lease(folder.leases(cell), 1, gone))
    (folder.root / cell.folder / "spectrum.zarr").mkdir(parents=True)

    findings = verify_study(study, folder, quiet=True)

    found = {finding.state for finding in findings}
    assert found == {State.MISSING, State.UNFINISHED, State.AT_WORK, State.UNCONFIRMED}
    assert "which is gone; the next run takes over" in report(findings)
    flip(folder.shards(cell) / "node-00-02" / "band-000.bin")
    assert State.DAMAGED in states(study, folder)


def test_progress_and_counts_are_printed(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    study = small_study()
    verify_study(study, computed(study, folder))

    assert "verify small: " in capsys.readouterr().err
