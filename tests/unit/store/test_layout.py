"""Where results lie: no two cells share a place, and shards stay out of Snakemake's sight."""

from pathlib import Path

from eigenscape.config.study import Study
from eigenscape.store.layout import StudyFolder


def test_no_two_results_of_a_study_share_a_place() -> None:
    study, folder = Study(), StudyFolder(Path("results/sine"))
    cells = [study.headline_cell, *study.computed_cells()]
    stores = [
        store
        for cell in cells
        for store in (folder.second_moment(cell), folder.spectrum(cell), folder.shards(cell))
    ]
    paths = [*stores, *(folder.receipt(store) for store in stores), folder.study, folder.table]

    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(folder.root) for path in paths)


def test_places_of_the_headline() -> None:
    study, folder = Study(), StudyFolder(Path("r"))
    cell = study.headline_cell

    assert folder.second_moment(cell) == Path("r/headline/d05-w035-n10000/second_moment.zarr")
    assert folder.receipt(folder.spectrum(cell)) == Path(
        "r/headline/d05-w035-n10000/spectrum.receipt.json"
    )
    assert folder.shards(cell) == Path("r/work/headline/d05-w035-n10000/shards")
    assert folder.ledger("spectrum", cell.folder) == Path(
        "r/ledger/spectrum/headline/d05-w035-n10000.json"
    )
