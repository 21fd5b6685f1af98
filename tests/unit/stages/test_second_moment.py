"""The stage `second-moment`: right, idempotent, and resumable to the same bits."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import EPSILON, small_study

from eigenscape.active_subspace.tree import Node
from eigenscape.errors import DamagedResult, DifferentWork, Interrupted
from eigenscape.networks.gradients import Device, GradientSampler
from eigenscape.stages import second_moment as stage
from eigenscape.stages.second_moment import Execution, compute_second_moment
from eigenscape.store import second_moments, shards
from eigenscape.store.layout import StudyFolder
from eigenscape.study import SLOTS, Cell, Study

QUIET = Execution(quiet=True)


def of_samples(samples: int) -> tuple[Study, Cell]:
    study = small_study(headline={"samples": samples})
    return study, study.headline_cell


def stored(cell: Cell, folder: StudyFolder) -> tuple[np.ndarray, np.ndarray]:
    store = folder.second_moment(cell)
    return second_moments.read_second_moment(store), second_moments.read_gradient_mean(store)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("samples", [1, 5, 16, 37, 600])
def test_the_result_is_the_average_over_all_samples(folder: StudyFolder, samples: int) -> None:
    study, cell = of_samples(samples)

    receipt = json.loads(compute_second_moment(study, cell, folder, execution=QUIET).read_bytes())

    gradients, losses = GradientSampler.of_study(study, cell.architecture).block(0, samples)
    matrix, mean = stored(cell, folder)
    # The same sums in another order: 2 N roundings of the sum of magnitudes, which sqrt(C_ii C_jj) bounds.
    exact = gradients.T @ gradients / samples
    scale = np.sqrt(np.outer(np.diagonal(exact), np.diagonal(exact)))
    assert np.all(np.abs(matrix - exact) <= 2 * samples * EPSILON * scale)
    assert np.all(np.abs(mean - gradients.mean(axis=0)) <= 2 * samples * EPSILON * np.abs(gradients).mean(axis=0))
    assert receipt["mean_loss"] == pytest.approx(losses.mean(), rel=2 * samples * EPSILON)
    assert receipt["identity"] == cell.identity
    assert receipt["digest"] == second_moments.digest_of_matrix(matrix, mean)
    assert not folder.shards(cell).exists()


def test_a_second_call_does_nothing(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    receipt = compute_second_moment(study, cell, folder, execution=QUIET)
    before = files(folder.root)

    assert compute_second_moment(study, cell, folder, execution=QUIET) == receipt
    assert files(folder.root) == before


def test_a_store_without_a_receipt_is_computed_again(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    receipt = compute_second_moment(study, cell, folder, execution=QUIET)
    expected = stored(cell, folder)
    receipt.unlink()
    (folder.second_moment(cell) / "second_moment" / "c" / "0" / "0").unlink()

    compute_second_moment(study, cell, folder, execution=QUIET)

    assert all(np.array_equal(a, b) for a, b in zip(stored(cell, folder), expected, strict=True))


def count_slots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    computed: list[int] = []
    original = stage.sum_of_slot

    def counted(sampler: GradientSampler, slot: int, samples: int) -> object:
        computed.append(slot)
        return original(sampler, slot, samples)

    monkeypatch.setattr(stage, "sum_of_slot", counted)
    return computed


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 60.0])
@pytest.mark.parametrize("slots_done", [0, 1, 7, 8, 13, 16])
def test_an_interrupted_run_resumes_to_the_same_bits(
    folder: StudyFolder,
    tmp_path: Path,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    slots_done: int,
    checkpoint_seconds: float,
) -> None:
    study, cell = of_samples(75)
    undisturbed = StudyFolder(tmp_path / "undisturbed")
    compute_second_moment(study, cell, undisturbed, execution=QUIET)

    stop_after(slots_done)
    with pytest.raises(Interrupted, match=r"headline/d02-w004-n75: interrupted; .* run the same command to resume"):
        compute_second_moment(study, cell, folder, execution=Execution(checkpoint_seconds=checkpoint_seconds, quiet=True))
    assert not folder.receipt(folder.second_moment(cell)).exists()
    kept = {slot for node in shards.saved_nodes(folder.shards(cell)) for slot in node.slots}
    assert kept == set(range(slots_done))

    stop_after(1000)
    computed = count_slots(monkeypatch)
    compute_second_moment(study, cell, folder, execution=QUIET)

    assert computed == list(range(slots_done, SLOTS))
    assert all(np.array_equal(a, b) for a, b in zip(stored(cell, folder), stored(cell, undisturbed), strict=True))
    assert not folder.shards(cell).exists()


def test_several_interruptions_and_a_damaged_shard_still_give_the_same_bits(
    folder: StudyFolder, tmp_path: Path, stop_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, cell = of_samples(75)
    undisturbed = StudyFolder(tmp_path / "undisturbed")
    compute_second_moment(study, cell, undisturbed, execution=QUIET)
    for slots_done in (3, 4, 2):
        stop_after(slots_done)
        with pytest.raises(Interrupted):
            compute_second_moment(study, cell, folder, execution=QUIET)
    # Slots 0 ... 8 are kept as the nodes of 9 in binary; the largest is spoilt.
    assert shards.saved_nodes(folder.shards(cell)) == [Node(0, 8), Node(8, 1)]
    (folder.shards(cell) / "node-00-08.bin").write_bytes(b"spoilt")

    stop_after(1000)
    computed = count_slots(monkeypatch)
    compute_second_moment(study, cell, folder, execution=QUIET)

    assert computed == [*range(8), *range(9, SLOTS)]
    assert all(np.array_equal(a, b) for a, b in zip(stored(cell, folder), stored(cell, undisturbed), strict=True))


def test_checkpoints_are_kept_while_the_run_goes_on(
    folder: StudyFolder, stop_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, cell = of_samples(75)

    def killed(sampler: GradientSampler, slot: int, samples: int) -> object:
        if slot == 6:
            raise KeyboardInterrupt
        return original(sampler, slot, samples)

    original = stage.sum_of_slot
    monkeypatch.setattr(stage, "sum_of_slot", killed)
    with pytest.raises(KeyboardInterrupt):
        compute_second_moment(study, cell, folder, execution=Execution(checkpoint_seconds=0.0, quiet=True))

    # Nothing could be saved on the way out: what is there are the checkpoints, of slots 0 ... 5.
    assert shards.saved_nodes(folder.shards(cell)) == [Node(0, 4), Node(4, 2)]


def test_the_torch_route_agrees_and_says_so(folder: StudyFolder, tmp_path: Path) -> None:
    study, cell = of_samples(37)
    other = StudyFolder(tmp_path / "torch")
    compute_second_moment(study, cell, folder, execution=QUIET)
    receipt = compute_second_moment(study, cell, other, execution=Execution(Device.TORCH, quiet=True))

    matrix = stored(cell, folder)[0]
    # Gradients of the two routes agree to 1e-13 of their norm.
    assert np.abs(stored(cell, other)[0] - matrix).max() <= 2e-13 * np.trace(matrix)
    assert json.loads(receipt.read_bytes())["device"] == "torch"


def test_a_result_of_another_study_in_the_same_folder_is_refused(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    compute_second_moment(study, cell, folder, execution=QUIET)
    before = files(folder.root)
    other = small_study(headline={"samples": 40}, sampling={"seed": 1})

    with pytest.raises(DifferentWork, match=r"receipt\.json: expected seed 1, found 0; give the study another name"):
        compute_second_moment(other, other.headline_cell, folder, execution=QUIET)
    assert files(folder.root) == before


def test_a_garbage_receipt_is_not_overwritten(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    receipt = folder.receipt(folder.second_moment(cell))
    receipt.parent.mkdir(parents=True)
    receipt.write_text("{")

    with pytest.raises(DamagedResult, match="delete the file and run again"):
        compute_second_moment(study, cell, folder, execution=QUIET)
    assert receipt.read_text() == "{"


def test_progress_is_printed_unless_quiet(folder: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, cell = of_samples(40)
    compute_second_moment(study, cell, StudyFolder(tmp_path / "quiet"), execution=QUIET)
    assert capsys.readouterr().err == ""

    compute_second_moment(study, cell, folder)

    assert capsys.readouterr().err.startswith("headline/d02-w004-n40: 16 of 16 slots, ")
