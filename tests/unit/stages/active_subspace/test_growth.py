"""Cells that grow until their bracket is narrow: the same bits as if N had been known, and a budget
that holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from builders import small_study

from eigenscape.active_subspace.second_moment import Accumulator
from eigenscape.config.study import Study
from eigenscape.errors import DifferentWork, Interrupted
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.verified import (
    read_confidence,
    read_verified_spectrum,
    samples_drawn,
    stored_second_moment,
)
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_second_moment

QUIET = Execution(quiet=True)


def growing(until: float, most: int = 64) -> Study:
    return small_study(sampling={"until_bracket": until, "most_samples_per_parameter": most})


def test_cells_grow_until_their_bracket_is_narrow_or_the_budget_is_spent(
    folder: StudyFolder,
) -> None:
    study = growing(0.8)
    compute_cells(study, study.computed_cells(), folder, QUIET)
    for cell in study.computed_cells():
        samples, found = samples_drawn(cell, folder), read_confidence(cell, folder)
        doublings = np.log2(samples / cell.samples)
        assert doublings == round(doublings)
        assert samples <= 64 * cell.architecture.parameters
        assert (
            found["high"] - found["low"] <= 0.8 or 2 * samples > 64 * cell.architecture.parameters
        )


def test_the_budget_is_never_passed(folder: StudyFolder) -> None:
    study = growing(1e-6, most=16)
    compute_cells(study, study.computed_cells(), folder, QUIET)
    assert [
        samples_drawn(cell, folder) // cell.architecture.parameters
        for cell in study.computed_cells()
    ] == [16, 16, 16]


def test_a_grown_matrix_is_that_of_all_its_samples(folder: StudyFolder) -> None:
    """Against a plain product of the gradients: sums of N terms in another order, within 2 N
    roundings of the largest.
    """
    study = growing(1e-6, most=16)
    cell = study.computed_cells()[0]
    compute_cells(study, [cell], folder, QUIET)
    samples = samples_drawn(cell, folder)
    gradients, _ = sampler_of_network(study, cell.architecture).block(0, samples)
    expected = gradients.T @ gradients / samples
    bound = 2 * samples * 2.3e-16 * np.abs(expected).max()
    np.testing.assert_allclose(
        read_second_moment(folder.second_moment(cell)), expected, rtol=0, atol=bound
    )


def test_a_grown_spectrum_is_of_the_matrix_that_is_stored_where_samples_are_excluded(
    folder: StudyFolder,
) -> None:
    """Both are averages over the samples that count: lambda_1 + ... + lambda_P = tr C to P
    roundings.
    """
    study = small_study(
        network={"activation": "linear"},
        problem={"interval": [-1e19, 1e19]},
        sampling={
            "precision": "float32",
            "non_finite": "exclude",
            "until_bracket": 1e-6,
            "most_samples_per_parameter": 8,
        },
    )
    cell = study.computed_cells()[0]
    compute_cells(study, [cell], folder, QUIET)
    assert stored_second_moment(cell, folder).receipt.excluded > 0
    trace = np.trace(read_second_moment(folder.second_moment(cell)))
    assert read_verified_spectrum(cell, folder).eigenvalues.sum() == pytest.approx(trace, rel=1e-12)


def test_a_wide_bracket_does_not_grow_and_gives_the_bits_of_a_fixed_study(
    folder: StudyFolder,
) -> None:
    study, fixed = growing(50.0), small_study()
    compute_cells(study, study.computed_cells(), folder, QUIET)
    other = StudyFolder(folder.root.with_name("fixed"))
    compute_cells(fixed, fixed.computed_cells(), other, QUIET)
    for cell, fixed_cell in zip(study.computed_cells(), fixed.computed_cells(), strict=True):
        grown, plain = (
            read_second_moment(folder.second_moment(cell)),
            read_second_moment(other.second_moment(fixed_cell)),
        )
        assert grown.tobytes() == plain.tobytes()
        # the first half is summed in another order of blocks there: brackets agree to rounding,
        # magnified by kappa < 10^4
        assert read_confidence(cell, folder) == pytest.approx(
            read_confidence(fixed_cell, other), abs=1e-10, nan_ok=True
        )


def test_a_finished_cell_is_passed_over_and_other_work_refused(folder: StudyFolder) -> None:
    study = growing(0.8)
    cell = study.computed_cells()[0]
    compute_cells(study, [cell], folder, QUIET)
    receipt = folder.receipt(folder.spectrum(cell))
    before = receipt.stat().st_mtime_ns
    compute_cells(study, [cell], folder, QUIET)
    assert receipt.stat().st_mtime_ns == before
    stricter = growing(0.1)
    with pytest.raises(DifferentWork, match="growth"):
        compute_cells(stricter, [stricter.computed_cells()[0]], folder, QUIET)


def test_an_interruption_leaves_no_receipt(
    folder: StudyFolder, stop_after: Callable[[int], None]
) -> None:
    study = growing(1e-6)
    cell = study.computed_cells()[-1]
    stop_after(20)
    with pytest.raises(Interrupted, match="run the same command"):
        compute_cells(study, [cell], folder, QUIET)
    assert not folder.receipt(folder.spectrum(cell)).exists()


@pytest.mark.parametrize("looks", [3, 15, 20, 40, 64])
def test_an_interrupted_cell_goes_on_at_the_samples_that_it_had_reached(
    folder: StudyFolder,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    looks: int,
) -> None:
    """64 slots of one block each, in three rounds of 16, 32 and 64: stopped in each of them, and
    when all are summed. No block is computed twice for the sum, and the bits are those of a run
    that nothing happened to.
    """
    study = growing(1e-6, most=16)
    cell = study.computed_cells()[-1]
    undisturbed = StudyFolder(folder.root.with_name("undisturbed"))
    compute_cells(study, [cell], undisturbed, QUIET)
    stop_after(looks)
    with pytest.raises(Interrupted, match="run the same command"):
        compute_cells(study, [cell], folder, QUIET)
    stop_after(10**6)
    added = list[int]()
    add_block = Accumulator.add_block

    def counted(self: Accumulator, first: int, count: int) -> None:
        added.append(first)
        add_block(self, first, count)

    monkeypatch.setattr(Accumulator, "add_block", counted)
    compute_cells(study, [cell], folder, QUIET)
    assert 0 <= len(added) < 64
    for store in (StudyFolder.second_moment, StudyFolder.spectrum):
        one, other = (
            json.loads(of.receipt(store(of, cell)).read_bytes()) for of in (folder, undisturbed)
        )
        differing = {key for key in one if one[key] != other[key]}
        assert differing <= {"made", "seconds"}
    assert not folder.shards(cell).exists()


def test_the_receipt_says_how_many_samples_were_drawn(folder: StudyFolder) -> None:
    study = growing(1e-6, most=8)
    cell = study.computed_cells()[0]
    compute_cells(study, [cell], folder, QUIET)
    receipt = json.loads(folder.receipt(folder.second_moment(cell)).read_bytes())
    assert receipt["samples_drawn"] == 8 * cell.architecture.parameters
    assert receipt["identity"]["growth"] == {
        "most_samples": receipt["samples_drawn"],
        "until_bracket": 1e-6,
    }
