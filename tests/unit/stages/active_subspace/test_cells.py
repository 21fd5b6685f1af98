"""The stage `cells`: every cell of a batch, once, largest first, interruptible between cells."""

from collections.abc import Callable

import pytest
from builders import small_study

from eigenscape.errors import Interrupted
from eigenscape.stages.active_subspace import cells as stage
from eigenscape.stages.active_subspace.cells import compute_cells, spectrum_digests
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.layout import StudyFolder

STUDY = small_study()
CELLS = STUDY.computed_cells()
QUIET = Execution(quiet=True)


def finished(folder: StudyFolder) -> list[str]:
    return [cell.folder for cell in CELLS if folder.receipt(folder.spectrum(cell)).exists()]


def test_every_cell_gets_a_spectrum_the_largest_first(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[int] = []
    original = stage.compute_spectrum

    def recorded(study: object, cell: object, *arguments: object, **keywords: object) -> object:
        order.append(cell.architecture.parameters)  # type: ignore[attr-defined]
        return original(study, cell, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(stage, "compute_spectrum", recorded)
    compute_cells(STUDY, CELLS, folder, QUIET)

    assert order == [34, 16, 10]
    assert all(
        len(read_verified_spectrum(cell, folder).eigenvalues) == cell.architecture.parameters
        for cell in CELLS
    )


def test_a_second_call_computes_nothing(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_cells(STUDY, CELLS, folder, QUIET)
    digests = spectrum_digests(CELLS, folder)
    times = [path.stat().st_mtime_ns for path in sorted(folder.root.rglob("*")) if path.is_file()]

    compute_cells(STUDY, CELLS, folder, QUIET)

    assert [
        path.stat().st_mtime_ns for path in sorted(folder.root.rglob("*")) if path.is_file()
    ] == times
    assert spectrum_digests(CELLS, folder) == digests
    assert len(set(digests)) == 3


def test_an_interruption_keeps_finished_cells(
    folder: StudyFolder, stop_after: Callable[[int], None]
) -> None:
    # The stages look 18 times in the first cell: before it, before each of its 16 slots and after
    # them.
    stop_after(18)
    with pytest.raises(Interrupted, match="finished cells are kept"):
        compute_cells(STUDY, CELLS, folder, QUIET)
    assert finished(folder) == ["cells/d03-w003"]

    stop_after(1000)
    compute_cells(STUDY, CELLS, folder, QUIET)

    assert finished(folder) == [cell.folder for cell in CELLS]


def test_progress_counts_the_whole_map(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    compute_cells(STUDY, CELLS[:1], folder, QUIET)
    assert capsys.readouterr().err == ""

    compute_cells(STUDY, CELLS[1:], folder)

    assert capsys.readouterr().err.splitlines()[-1].startswith("map: 3 of 3 cells, ")
