"""A study as the workflow computes it, and the same numbers by the library."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from finished_study import compute_small_study

import eigenscape
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput, DamagedResult
from eigenscape.results import StudyResults, open_study
from eigenscape.stages.common import signals

CELLS = ["headline", "d01-w003", "d03-w003", "d01-w005"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> StudyResults:
    signals._requested.clear()
    return open_study(compute_small_study(tmp_path_factory.mktemp("finished")).root)


def by_library(results: StudyResults, name: str) -> eigenscape.SecondMoment:
    """The second moment of a cell from its sizes and its N alone, not from its files."""
    cell = results.cell(name)
    architecture = cell.architecture
    problem = eigenscape.sine_regression((-1.0, 1.0), points=12)
    sampler = eigenscape.network_sampler(
        architecture.depth, architecture.width, problem=problem, seed=0
    )
    return eigenscape.second_moment(sampler, cell.samples)


def test_the_cells_that_are_finished_are_named(results: StudyResults) -> None:
    assert results.cells == CELLS
    assert [results.samples(name) for name in CELLS] == [80, 40, 136, 64]


@pytest.mark.parametrize("name", CELLS)
def test_second_moments_have_the_bits_that_the_workflow_stored(
    results: StudyResults, name: str
) -> None:
    """Read past the library too, as any Zarr reader would."""
    found = by_library(results, name)
    stored = zarr.open_group(results.folder.second_moment(results.cell(name)), mode="r")
    np.testing.assert_array_equal(found.matrix, stored["second_moment"][...])
    np.testing.assert_array_equal(found.gradient_mean, stored["gradient_mean"][...])
    opened = results.second_moment(name)
    np.testing.assert_array_equal(found.matrix, opened.matrix)
    assert (found.mean_loss, found.samples, found.excluded) == (
        opened.mean_loss,
        opened.samples,
        opened.excluded,
    )


@pytest.mark.parametrize("name", CELLS)
def test_spectra_are_those_of_the_workflow(results: StudyResults, name: str) -> None:
    stored = results.spectrum(name)
    found = eigenscape.spectrum(by_library(results, name), vectors=stored.eigenvectors is not None)
    np.testing.assert_array_equal(found.eigenvalues, stored.eigenvalues)
    assert (found.status, found.rank, found.floor, found.route) == (
        stored.status,
        stored.rank,
        stored.floor,
        stored.route,
    )
    assert (stored.eigenvectors is not None) == (name == "headline")
    if stored.eigenvectors is not None:
        np.testing.assert_array_equal(found.eigenvectors, stored.eigenvectors)


@pytest.mark.parametrize("name", CELLS[1:])
def test_condition_numbers_are_the_row_of_the_table(results: StudyResults, name: str) -> None:
    architecture = results.cell(name).architecture
    table = results.table
    row = table[
        (table["depth"] == architecture.depth) & (table["width"] == architecture.width)
    ].iloc[0]
    for moment in (by_library(results, name), results.second_moment(name)):
        found = eigenscape.condition_number(moment, replicates=results.study.projection.replicates)
        assert row["log10_cond"] == found.log10_condition
        assert (row["log10_cond_low"], row["log10_cond_high"]) == (found.low, found.high)
        assert (row["log10_cond_interval_low"], row["log10_cond_interval_high"]) == found.interval
        assert row["log10_cond_at_half"] == found.bracket.at_half
        assert row["log10_cond_null"] == found.log10_null
        assert row["status"] == found.status
        assert row["parameters_per_sample"] == found.parameters_per_sample
        family = found.family()
        assert {column: row[column] for column in family} == pytest.approx(
            family, rel=0, abs=0, nan_ok=True
        )


def test_projections_are_the_row_of_the_table(results: StudyResults) -> None:
    """All networks, the one over the limit too: it has no raw number, but a projected one."""
    section = results.study.projection
    for row in results.table.itertuples():
        sampler = eigenscape.network_sampler(
            row.depth, row.width, problem=eigenscape.sine_regression(points=12)
        )
        found = eigenscape.project(
            sampler,
            section.samples,
            most_samples=section.most_samples_of(row.parameters),
            replicates=section.replicates,
        )
        assert (row.samples_sym, row.log10_cond_sym_effective_samples) == (
            found.samples,
            found.effective_samples,
        )
        assert (row.log10_cond_sym, row.log10_cond_sym_low, row.log10_cond_sym_high) == (
            found.log10_condition,
            *found.interval,
        )
        assert (row.status_sym, row.symmetry) == (found.status, found.symmetry)
        np.testing.assert_array_equal(
            found.eigenvalues(), results.projected_eigenvalues(row.depth, row.width)
        )


def test_the_labelled_table_says_what_its_columns_mean(results: StudyResults) -> None:
    dataset = results.dataset
    assert dict(dataset.sizes) == {"seed": 1, "depth": 2, "width": 2}
    assert "P/N" in dataset["parameters_per_sample"].attrs["long_name"]
    value = dataset["log10_cond"].sel(seed=0, depth=3, width=3).item()
    assert value == results.spectrum("d03-w003").log10_condition
    assert math.isnan(dataset["log10_cond"].sel(seed=0, depth=3, width=5).item())


def test_a_study_says_what_it_is(results: StudyResults) -> None:
    first, second, third = repr(results).splitlines()
    assert first == f"StudyResults: small, in {results.folder.root}"
    assert second == "4 networks, 3 with a second moment, 3 finished"
    assert third == "headline d02-w004, N = 80, finished"


def test_a_cell_that_is_not_there_is_named_with_others(results: StudyResults) -> None:
    with pytest.raises(
        BadInput,
        match=(
            r"^cell: expected one of the computed cells, such as headline, d01-w003.* found"
            r" d03-w005"
        ),
    ):
        results.spectrum("d03-w005")
    with pytest.raises(DamagedResult, match="not computed yet"):
        results.projected_eigenvalues(9, 9)


def test_cells_are_found_by_their_folder_too(results: StudyResults) -> None:
    np.testing.assert_array_equal(
        results.spectrum("cells/d01-w003").eigenvalues, results.spectrum("d01-w003").eigenvalues
    )
    assert results.cell("model_constrained/deconvolution-tnet-a0").case == "deconvolution-tnet"
    assert open_study(results.folder.study).cells == CELLS


def test_what_is_no_study_is_refused(tmp_path: Path, results: StudyResults) -> None:
    with pytest.raises(BadInput, match="found no such folder; run `make figures`"):
        open_study(tmp_path / "results" / "mine")
    with pytest.raises(BadInput, match=r"found no such folder; in .* there are small"):
        open_study(results.folder.root.parent / "smal")
    with pytest.raises(BadInput, match=r"study\.json: expected the configuration of a study"):
        open_study(tmp_path)


def test_a_study_without_a_table_says_how_to_make_it(tmp_path: Path, results: StudyResults) -> None:
    (tmp_path / "study.json").write_bytes(results.folder.study.read_bytes())
    young = open_study(tmp_path)
    assert young.cells == []
    assert "not finished" in repr(young)
    for read in (lambda: young.table, lambda: young.dataset):
        with pytest.raises(BadInput, match="expected the table of a finished study"):
            read()
    with pytest.raises(DamagedResult, match="no receipt"):
        young.second_moment()
    with pytest.raises(DamagedResult, match="no receipt"):
        young.spectrum("d01-w003")


def test_a_damaged_second_moment_is_not_given_out(tmp_path: Path, results: StudyResults) -> None:
    results = open_study(shutil.copytree(results.folder.root, tmp_path / "copy"))
    store = results.folder.second_moment(results.cell("d01-w003"))
    group = zarr.open_group(store, mode="r+")
    group["second_moment"][0, 0] = 7.0
    with pytest.raises(DamagedResult, match="not those that the receipt confirms"):
        results.second_moment("d01-w003")
    assert results.second_moment("d03-w003").architecture == Architecture(3, 3)
