"""A study's results on the page: whole, missing, damaged, of other work."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from finished_study import compute_small_ensemble, compute_small_study

from eigenscape.errors import BadInput, DamagedResult, DifferentWork, EigenscapeError
from eigenscape.explorer import results
from eigenscape.explorer.figures_embedding import embedding_view, ends_table
from eigenscape.explorer.figures_results import map_figure, spectrum_figure, vectors_figure
from eigenscape.explorer.results_tab import completed
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.stages.sloppiness.inpca import read_inpca


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished")
    compute_small_study(root)
    return root


@pytest.fixture
def root(finished: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "results"))


def one_line(error: EigenscapeError) -> str:
    assert "\n" not in results.explain(error)
    return results.explain(error)


def test_a_finished_study_opens_with_its_map_and_its_headline(root: Path) -> None:
    chosen = completed(root, {})
    study = results.open_results(root, chosen["study"])

    assert chosen == {"study": "small", "number": "log10_cond_sym", "cell": "headline/d02-w004-n80"}
    assert {"log10_cond", "log10_cond_sym", "parameters", "chi_1"} <= set(study.numbers)
    heat = map_figure(study, "parameters", "")["data"][0]
    assert (heat["x"], heat["y"]) == (["1", "3"], ["3", "5"])
    assert heat["text"] == [["10", "34"], ["16", "76"]]
    # The network over the limit has no spectrum to open.
    assert heat["customdata"] == [["cells/d01-w003", "cells/d03-w003"], ["cells/d01-w005", ""]]


def test_a_cell_shows_the_verified_spectrum_its_eigenvectors_and_all_that_made_it(
    root: Path,
) -> None:
    study = results.open_results(root, "small")
    cell = study.study.headline_cell
    found = results.open_cell(study, cell.folder)
    stored = read_verified_spectrum(cell, study.folder)

    assert np.array_equal(found.spectrum.eigenvalues, stored.eigenvalues)
    assert found.masses is not None
    assert found.masses.sum(axis=0) == pytest.approx(
        np.ones(cell.architecture.parameters), abs=1e-12
    )
    facts = dict(found.provenance)
    assert (facts["activation"], facts["seed"], facts["samples"]) == ("tanh", "0", "80")
    assert facts["digest"]
    assert spectrum_figure(found)["data"][0]["y"] == stored.eigenvalues.tolist()
    assert vectors_figure(found)["data"][0]["type"] == "heatmap"


def test_a_cell_without_eigenvectors_says_so(root: Path) -> None:
    found = results.open_cell(results.open_results(root, "small"), "cells/d01-w003")

    assert found.masses is None
    assert "headline" in vectors_figure(found)["layout"]["annotations"][0]["text"]


def test_a_missing_folder_and_an_empty_one_say_what_to_do(tmp_path: Path) -> None:
    for folder, what in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "none")):
        with pytest.raises(BadInput, match=what) as caught:
            results.studies(folder)
        assert "make figures" in one_line(caught.value)


@pytest.mark.parametrize("name", ["../small", "..", ".", "", "small/", "/etc", "SMALL"])
def test_only_studies_that_are_there_are_opened(root: Path, name: str) -> None:
    with pytest.raises(BadInput, match="study: expected one of small"):
        results.open_results(root, name)


@pytest.mark.parametrize(
    "name", ["cells/../../small", "cells/d03-w005", "cells/d09-w099", "/etc/passwd", ""]
)
def test_only_cells_of_the_study_are_opened(root: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cell: expected a computed cell"):
        results.open_cell(results.open_results(root, "small"), name)


def test_a_study_that_is_not_finished_has_no_table(root: Path) -> None:
    (root / "small" / "tables" / "condition_number.csv").unlink()

    with pytest.raises(BadInput, match="table of a finished study") as caught:
        results.open_results(root, "small")
    assert "make figures" in one_line(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00rubbish", b"depth,width\n", b"a,b\n1,2\n", b"depth,width,samples\nx,y,z\n"],
)
def test_a_damaged_table_is_called_so(root: Path, content: bytes) -> None:
    (root / "small" / "tables" / "condition_number.csv").write_bytes(content)

    with pytest.raises(DamagedResult, match="delete the file and run again") as caught:
        results.open_results(root, "small")
    one_line(caught.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}x", b'{"grid": {"depth": [0]}}', b"\xff"])
def test_a_damaged_configuration_is_one_line(root: Path, content: bytes) -> None:
    (root / "small" / "study.json").write_bytes(content)

    with pytest.raises(EigenscapeError) as caught:
        results.open_results(root, "small")
    one_line(caught.value)


def test_flipped_bits_in_a_spectrum_are_noticed(root: Path) -> None:
    store = root / "small" / "cells" / "d01-w003" / "spectrum.zarr" / "eigenvalues"
    damaged = next(path for path in store.rglob("*") if path.is_file() and path.suffix != ".json")
    content = bytearray(damaged.read_bytes())
    content[3] ^= 1
    damaged.write_bytes(content)

    with pytest.raises(DamagedResult) as caught:
        results.open_cell(results.open_results(root, "small"), "cells/d01-w003")
    one_line(caught.value)


def test_a_spectrum_without_its_receipt_or_of_other_work_is_not_shown(root: Path) -> None:
    receipt = root / "small" / "cells" / "d01-w003" / "spectrum.receipt.json"
    study = results.open_results(root, "small")
    content = json.loads(receipt.read_bytes())
    content["identity"]["seed"] = 1
    receipt.write_text(json.dumps(content))
    with pytest.raises(DifferentWork, match="seed"):
        results.open_cell(study, "cells/d01-w003")

    receipt.unlink()
    with pytest.raises(DamagedResult, match="no receipt"):
        results.open_cell(study, "cells/d01-w003")


def test_trajectories_are_shown_as_they_are_embedded_and_not_where_they_are_damaged(
    root: Path,
) -> None:
    study = results.open_results(root, "small")
    assert results.open_embedding(study) is None

    compute_small_ensemble(root)
    found = results.open_embedding(study)
    assert found is not None
    _, arrays = read_inpca(study.study, study.folder)
    *lines, geodesic = embedding_view(found.points, found.geodesic, found.eigenvalues)["data"]
    assert [line["name"] for line in lines] == [
        "linear, sgd",
        "linear, adam",
        "perceptron, sgd",
        "perceptron, adam",
    ]
    drawn = np.array([[line[name] for name in "xyz"] for line in lines[:1]], dtype=float)[0].T
    own = (arrays["family"] == "linear") & (arrays["optimiser"] == "sgd")
    assert np.array_equal(drawn[np.isfinite(drawn[:, 0])], arrays["coordinates"][own][:, :3])
    assert np.isnan(drawn[:, 0]).sum() == 2  # a break behind each replica
    assert np.array_equal(np.array([geodesic[name] for name in "xyz"]).T, arrays["geodesic"][:, :3])
    assert [row[:2] for row in ends_table(found.points).rows] == [
        (f"{name}, {optimiser}", "2")
        for name in ("linear", "perceptron-d01-w004")
        for optimiser in ("sgd", "adam")
    ]

    bundle = study.folder.embedding
    bundle.write_bytes(bundle.read_bytes()[:-1])
    with pytest.raises(DamagedResult, match=bundle.name):
        results.open_embedding(study)
