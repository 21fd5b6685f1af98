"""The stage `figure`: every figure from stored results, as PDF and PNG."""

from pathlib import Path

import pytest
from builders import small_study

from eigenscape.errors import BadInput, DamagedResult
from eigenscape.stages.cells import compute_cells
from eigenscape.stages.condition_numbers import condition_number_table, write_table
from eigenscape.stages.draw import FIGURES, draw_figure
from eigenscape.stages.projection import project_networks
from eigenscape.stages.second_moment import Execution, compute_second_moment
from eigenscape.stages.sensitivity import Sweep, compute_sensitivity
from eigenscape.stages.spectrum import compute_spectrum
from eigenscape.stages.training import TrainingPlan, train_networks, training_table, write_training_table
from eigenscape.store.layout import StudyFolder

STUDY = small_study()


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """All results of the small study."""
    folder, quiet = StudyFolder(tmp_path_factory.mktemp("results") / "small"), Execution(quiet=True)
    compute_cells(STUDY, STUDY.computed_cells(), folder, quiet)
    compute_second_moment(STUDY, STUDY.headline_cell, folder, execution=quiet)
    compute_spectrum(STUDY, STUDY.headline_cell, folder, vectors=True)
    project_networks(STUDY, STUDY.projected_architectures(), folder, quiet=True)
    write_table(condition_number_table(STUDY, folder), folder.table, STUDY)
    plan = TrainingPlan(depth=(1, 3), width=(3, 5), replicas=3, most_steps=40)
    train_networks(STUDY, folder, plan, quiet=True)
    write_training_table(training_table(STUDY, folder, plan), folder)
    sweep = Sweep(intervals=("[-1, 1]",), points=(20,), priors=("standard_normal",), activations=("tanh", "relu"))
    compute_sensitivity(STUDY, folder, 2, 3, 40, 20, sweep, quiet=True)
    return folder


@pytest.mark.parametrize("name", [*FIGURES, "map_participation_ratio"])
def test_every_figure_is_drawn_as_pdf_and_png(computed: StudyFolder, tmp_path: Path, name: str) -> None:
    written = draw_figure(name, STUDY, computed, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.pdf", f"{name}.png"]
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_figure_is_refused_with_the_known_ones(folder: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"figure: expected one of eigenvalues, eigenvectors, .* found portrait; "):
        draw_figure("portrait", STUDY, folder, tmp_path)


def test_a_figure_without_its_results_is_refused(folder: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(DamagedResult, match="run `snakemake --cores 2` again"):
        draw_figure("eigenvalues", STUDY, folder, tmp_path)
    assert not list(tmp_path.glob("*.p*"))
