"""The stage `second-moment`: right, idempotent, and resumable to the same bits."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from builders import EPSILON, small_study

from eigenscape.active_subspace.second_moment import Accumulator
from eigenscape.active_subspace.tree import Node, slot_samples
from eigenscape.config.cells import Cell
from eigenscape.config.sizes import SLOTS
from eigenscape.config.study import Study
from eigenscape.errors import DifferentWork, Interrupted
from eigenscape.networks.rounding import rounding_growth
from eigenscape.networks.sampler import Device
from eigenscape.stages.common.checkpointed_sum import CheckpointedSum
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.sums import SumByBands, SumBySamples
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.shards import OpenSlot, Shards

QUIET = Execution(quiet=True)


def of_samples(samples: int) -> tuple[Study, Cell]:
    study = small_study(headline={"samples": samples})
    return study, study.headline_cell


def stored(cell: Cell, folder: StudyFolder) -> tuple[np.ndarray, np.ndarray]:
    store = folder.second_moment(cell)
    return second_moments.read_second_moment(store), second_moments.read_gradient_mean(store)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("samples", [1, 5, 16, 37, 600])
def test_the_result_is_the_average_over_all_samples(folder: StudyFolder, samples: int) -> None:
    study, cell = of_samples(samples)

    receipt = json.loads(compute_second_moment(study, cell, folder, execution=QUIET).read_bytes())

    gradients, losses = sampler_of_network(study, cell.architecture).block(0, samples)
    matrix, mean = stored(cell, folder)
    # The same sums in another order: 2 N roundings of the sum of magnitudes, which sqrt(C_ii C_jj)
    # bounds.
    exact = gradients.T @ gradients / samples
    scale = np.sqrt(np.outer(np.diagonal(exact), np.diagonal(exact)))
    assert np.all(np.abs(matrix - exact) <= 2 * samples * EPSILON * scale)
    assert np.all(
        np.abs(mean - gradients.mean(axis=0))
        <= 2 * samples * EPSILON * np.abs(gradients).mean(axis=0)
    )
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


def shards_of(cell: Cell, folder: StudyFolder) -> Shards:
    return Shards(folder.shards(cell), cell, folder.quarantine)


def count_blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """First samples of the blocks that are computed from now on."""
    computed: list[int] = []
    original = Accumulator.add_block

    def counted(self: Accumulator, first: int, count: int) -> None:
        computed.append(first)
        original(self, first, count)

    monkeypatch.setattr(Accumulator, "add_block", counted)
    return computed


def starts(slots: "range | list[int]", samples: int) -> list[int]:
    """First samples of slots that are one block each."""
    return [slot_samples(slot, SLOTS, samples).start for slot in slots]


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
    with pytest.raises(
        Interrupted, match=r"headline/d02-w004-n75: interrupted; .* run the same command to resume"
    ):
        compute_second_moment(
            study,
            cell,
            folder,
            execution=Execution(checkpoint_seconds=checkpoint_seconds, quiet=True),
        )
    assert not folder.receipt(folder.second_moment(cell)).exists()
    kept = {slot for node in shards_of(cell, folder).nodes() for slot in node.slots}
    assert kept == set(range(slots_done))

    stop_after(1000)
    computed = count_blocks(monkeypatch)
    compute_second_moment(study, cell, folder, execution=QUIET)

    assert computed == starts(range(slots_done, SLOTS), 75)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(stored(cell, folder), stored(cell, undisturbed), strict=True)
    )
    assert not folder.shards(cell).exists()


def test_several_interruptions_and_a_damaged_shard_still_give_the_same_bits(
    folder: StudyFolder,
    tmp_path: Path,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study, cell = of_samples(75)
    undisturbed = StudyFolder(tmp_path / "undisturbed")
    compute_second_moment(study, cell, undisturbed, execution=QUIET)
    for slots_done in (3, 4, 2):
        stop_after(slots_done)
        with pytest.raises(Interrupted):
            compute_second_moment(study, cell, folder, execution=QUIET)
    # Slots 0 ... 8 are kept as the nodes of 9 in binary; the largest is spoilt.
    assert shards_of(cell, folder).nodes() == [Node(0, 8), Node(8, 1)]
    (folder.shards(cell) / "node-00-08" / "band-000.bin").write_bytes(b"spoilt")

    stop_after(1000)
    computed = count_blocks(monkeypatch)
    compute_second_moment(study, cell, folder, execution=QUIET)

    assert computed == starts([*range(8), *range(9, SLOTS)], 75)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(stored(cell, folder), stored(cell, undisturbed), strict=True)
    )


def test_checkpoints_are_kept_while_the_run_goes_on(
    folder: StudyFolder, stop_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, cell = of_samples(75)

    def killed(self: Accumulator, first: int, count: int) -> None:
        if first == starts([6], 75)[0]:
            raise KeyboardInterrupt
        original(self, first, count)

    original = Accumulator.add_block
    monkeypatch.setattr(Accumulator, "add_block", killed)
    with pytest.raises(KeyboardInterrupt):
        compute_second_moment(
            study, cell, folder, execution=Execution(checkpoint_seconds=0.0, quiet=True)
        )

    # Nothing could be saved on the way out: what is there are the checkpoints, of slots 0 ... 5.
    assert shards_of(cell, folder).nodes() == [Node(0, 4), Node(4, 2)]


@pytest.mark.parametrize(
    ("blocks", "node", "part"),
    [(1, [], (0, 256)), (4, [Node(0, 1)], (1, 256)), (8, [Node(0, 2)], (2, 512))],
)
def test_a_slot_that_is_under_way_resumes_in_its_middle_to_the_same_bits(
    folder: StudyFolder,
    tmp_path: Path,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    blocks: int,
    node: list[Node],
    part: tuple[int, int],
) -> None:
    """Slots of 600 samples, hence blocks of 256, 256 and 88."""
    study, cell = of_samples(SLOTS * 600)
    undisturbed = StudyFolder(tmp_path / "undisturbed")
    compute_second_moment(study, cell, undisturbed, execution=QUIET)
    stop_after(blocks)
    with pytest.raises(Interrupted):
        compute_second_moment(study, cell, folder, execution=QUIET)
    assert shards_of(cell, folder).nodes() == node
    assert shards_of(cell, folder).open_slots() == [OpenSlot(*part)]

    stop_after(10**6)
    computed = count_blocks(monkeypatch)
    compute_second_moment(study, cell, folder, execution=QUIET)

    assert len(computed) == 3 * SLOTS - blocks
    assert all(
        np.array_equal(a, b)
        for a, b in zip(stored(cell, folder), stored(cell, undisturbed), strict=True)
    )


@pytest.mark.parametrize("samples", [5, SLOTS * 300])
def test_summing_by_bands_gives_the_bits_of_summing_by_samples(
    folder: StudyFolder, samples: int
) -> None:
    study = small_study(headline={"depth": 3, "width": 24, "samples": samples})
    cell = study.headline_cell

    def bands(way: type[CheckpointedSum]) -> list[np.ndarray]:
        sampler = sampler_of_network(study, cell.architecture)
        sums = way(sampler, samples, shards_of(cell, folder), execution=QUIET)
        return [
            array
            for band in sums.bands()
            for array in (*band.strips, *([band.first_moments] * (band.band == 0)))
        ]

    one, other = bands(SumBySamples), bands(SumByBands)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_shards_of_one_share_serve_the_other(
    folder: StudyFolder, stop_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(headline={"depth": 3, "width": 24, "samples": SLOTS * 300})
    cell = study.headline_cell

    def summed(way: type[CheckpointedSum], folder: StudyFolder) -> list[np.ndarray]:
        sampler = sampler_of_network(study, cell.architecture)
        sums = way(sampler, cell.samples, shards_of(cell, folder), execution=QUIET)
        return [strip for band in sums.bands() for strip in band.strips]

    undisturbed = summed(SumBySamples, StudyFolder(folder.root / "undisturbed"))
    for way in (SumBySamples, SumByBands, SumBySamples):
        stop_after(7)  # blocks, two of them a slot: in the middle of a slot every time
        with pytest.raises(Interrupted):
            summed(way, folder)
    stop_after(10**6)
    resumed = summed(SumByBands, folder)
    assert all(np.array_equal(a, b) for a, b in zip(resumed, undisturbed, strict=True))


def test_the_torch_route_agrees_and_says_so(folder: StudyFolder, tmp_path: Path) -> None:
    study, cell = of_samples(37)
    other = StudyFolder(tmp_path / "torch")
    compute_second_moment(study, cell, folder, execution=QUIET)
    receipt = compute_second_moment(
        study, cell, other, execution=Execution(Device.TORCH, quiet=True)
    )

    matrix = stored(cell, folder)[0]
    promised = rounding_growth(sampler_of_network(study, cell.architecture))
    difference = np.abs(stored(cell, other)[0] - matrix).max()
    assert difference <= promised.moment_tolerance * np.trace(matrix)
    facts = json.loads(receipt.read_bytes())
    assert facts["device"] == "torch"
    assert {name: facts[name] for name in promised.facts} == promised.facts
    attributes = zarr.open_group(other.second_moment(cell), mode="r").attrs
    assert {name: attributes[name] for name in promised.facts} == promised.facts


def test_a_result_of_another_study_in_the_same_folder_is_refused(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    compute_second_moment(study, cell, folder, execution=QUIET)
    before = files(folder.root)
    other = small_study(headline={"samples": 40}, sampling={"seed": 1})

    with pytest.raises(
        DifferentWork, match=r"receipt\.json: expected seed 1, found 0; give the study another name"
    ):
        compute_second_moment(other, other.headline_cell, folder, execution=QUIET)
    assert files(folder.root) == before


def spoil_receipt(receipt: Path, _store: Path) -> None:
    receipt.write_text("{")


def spoil_chunk(_receipt: Path, store: Path) -> None:
    chunk = store / "second_moment" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-3])


def spoil_metadata(_receipt: Path, store: Path) -> None:
    (store / "zarr.json").write_text("{}")


def lose_store(_receipt: Path, store: Path) -> None:
    store.rename(store.with_name("elsewhere"))


@pytest.mark.parametrize("damage", [spoil_receipt, spoil_chunk, spoil_metadata, lose_store])
def test_a_result_that_does_not_verify_is_set_aside_and_computed_again(
    folder: StudyFolder, damage: Callable[[Path, Path], None]
) -> None:
    study, cell = of_samples(40)
    receipt = compute_second_moment(study, cell, folder, execution=QUIET)
    expected = stored(cell, folder)
    damage(receipt, folder.second_moment(cell))

    compute_second_moment(study, cell, folder, execution=QUIET)

    assert all(np.array_equal(a, b) for a, b in zip(stored(cell, folder), expected, strict=True))
    (set_aside,) = folder.quarantine.iterdir()
    assert (set_aside / receipt.name).exists()
    assert json.loads((set_aside / "reason.json").read_text())["reason"].startswith(
        f"second moment of {cell.folder} does not verify"
    )


def test_a_finished_cell_leaves_nothing_unfinished(folder: StudyFolder) -> None:
    study, cell = of_samples(40)

    compute_second_moment(
        study, cell, folder, execution=Execution(checkpoint_seconds=0.0, quiet=True)
    )

    assert not folder.work(cell).exists()


def test_what_a_dead_attempt_left_behind_is_removed(folder: StudyFolder) -> None:
    study, cell = of_samples(40)
    left = folder.attempt(cell, "0123") / "second_moment.zarr"
    left.mkdir(parents=True)
    partial = folder.second_moment(cell).parent / ".second_moment.receipt.json.77.partial"
    partial.parent.mkdir(parents=True)
    partial.write_text("{")

    compute_second_moment(study, cell, folder, execution=QUIET)

    assert not left.parent.exists()
    assert not partial.exists()


def test_samples_without_a_finite_gradient_are_excluded_and_counted(folder: StudyFolder) -> None:
    """Inputs of 4e18, squared by the loss, reach the end of float32 at 3e38: some samples overflow,
    some do not.
    """
    sections = {
        "network": {"activation": "linear"},
        "problem": {"interval": [-4e18, 4e18]},
        "headline": {"samples": 40},
    }
    study = small_study(**sections, sampling={"precision": "float32", "non_finite": "exclude"})
    cell = study.headline_cell
    sampler = sampler_of_network(study, cell.architecture)
    gradients, losses = sampler.block(0, 40)
    counts = ~np.isnan(losses)
    assert 0 < counts.sum() < 40
    exact = (
        gradients[counts].astype(np.float64).T @ gradients[counts].astype(np.float64) / counts.sum()
    )

    receipt = json.loads(compute_second_moment(study, cell, folder, execution=QUIET).read_bytes())

    scale = np.sqrt(np.outer(np.diagonal(exact), np.diagonal(exact)))
    assert np.all(np.abs(stored(cell, folder)[0] - exact) <= 2 * 40 * EPSILON * scale)
    assert receipt["excluded"] == 40 - counts.sum()


def test_progress_is_printed_unless_quiet(
    folder: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, cell = of_samples(40)
    compute_second_moment(study, cell, StudyFolder(tmp_path / "quiet"), execution=QUIET)
    assert capsys.readouterr().err == ""

    compute_second_moment(study, cell, folder)

    assert capsys.readouterr().err.startswith("headline/d02-w004-n40: 16 of 16 blocks, ")
