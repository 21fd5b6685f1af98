"""The stage `figure`: every figure from stored results, as PDF and PNG."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import small_study

from eigenscape.catalogue import FIGURES, Catalogue, draw_figures
from eigenscape.catalogue.active_subspace.steps import LEAST_DEPTH_OF_PROFILE
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import BadInput, DamagedResult
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.condition_numbers import condition_number_table, write_table
from eigenscape.stages.active_subspace.importance import LEAST_DEPTH_OF_TREND
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.active_subspace.sensitivity import Sweep, compute_sensitivity
from eigenscape.stages.active_subspace.training import (
    TrainingPlan,
    train_networks,
    training_table,
    write_training_table,
)
from eigenscape.stages.clustering.networks import compute_clustering
from eigenscape.stages.common.configure import write_study
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.tables import DESCRIPTIONS, write_csv
from eigenscape.stages.expressivity.experiments import EXPERIMENTS, run_experiment
from eigenscape.stages.model_constrained.cases import compute_model_constrained
from eigenscape.stages.sloppiness.inpca import compute_inpca
from eigenscape.stages.sloppiness.theory import run_theory
from eigenscape.stages.sloppiness.trajectories import compute_trajectories
from eigenscape.store.layout import StudyFolder

CURVES = {
    "growth": {
        "depth": 3,
        "width": [4],
        "relu_weight_std": [2.0],
        "hard_tanh_weight_std": [2.0],
        "bias_std": [0.0],
        "networks": 2,
    },
    "sensitivity": {"depth": 2, "width": 4, "networks": 2, "angles": [0.1]},
    "dichotomies": {"depth": [2], "width": [4], "networks": 2},
    "digits": {
        "width": 8,
        "one_layer_depth": 3,
        "one_layer_epochs": 1,
        "length_depth": 2,
        "length_epochs": 1,
        "measured": 1,
        "runs": 2,
    },
}
GRAPHS = {
    "depth": [1, 3],
    "width": [8],
    "channels": 2,
    "epochs": [0, 1],
    "seeds": 2,
    "inputs_per_class": 3,
    "permutations": 20,
}
THEORY = {
    "phase_map": {
        "decay": [0.3, 1.0],
        "ratio": [0.1, 10.0],
        "steps": [10, 100],
        "simulated_decay": [1.0],
        "simulated_steps": [10],
        "starts": 3,
    },
    "kernel": {"kernels": ["rbf", "ntk"], "train": 20, "test": 10, "width": 4},
    "sgd": {"examples": 20, "batch": [2], "steps": 10, "components": 3, "simulated": 2},
}
MODELS = {
    "cases": ["deconvolution-tnet"],
    "alpha": [0.0, 1.0],
    "width": 2,
    "pairs": 5,
    "training_steps": 2,
    "deconvolution": {"points": 4, "observed": 3},
}
ENSEMBLE = {
    "powers": [1.0],
    "depth": [1],
    "width": [4],
    "channels": None,
    "steps": 8,
    "checkpoints": 4,
    "seeds": 2,
    "inputs_per_class": 1,
}
STUDY = small_study(
    headline={"depth": 4, "width": 3},
    expressivity=CURVES,
    clustering=GRAPHS,
    sloppiness=THEORY | {"ensemble": ENSEMBLE | {"replicates": 20}},
    model_constrained=MODELS,
)


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
    sweep = Sweep(
        intervals=("[-1, 1]",),
        points=(20,),
        priors=("standard_normal",),
        activations=("tanh", "relu"),
    )
    compute_sensitivity(STUDY, folder, 2, 3, 40, 20, sweep, quiet=True)
    for experiment in EXPERIMENTS:
        run_experiment(STUDY, folder, experiment)
    for network in STUDY.clustering.network_names():
        compute_clustering(STUDY, folder, network)
    for part in THEORY:
        run_theory(STUDY, folder, part)
    compute_model_constrained(STUDY, folder, "deconvolution-tnet", quiet=True)
    for network in STUDY.sloppiness.ensemble.network_names():
        compute_trajectories(STUDY, folder, network)
    compute_inpca(STUDY, folder, OneRank())
    return folder


@pytest.mark.parametrize("name", [*FIGURES, "map_participation_ratio"])
def test_every_figure_is_drawn_as_pdf_and_png(
    computed: StudyFolder, tmp_path: Path, name: str
) -> None:
    written = draw_figures([name], STUDY, computed, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.pdf", f"{name}.png"]
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_layers_are_compared_only_where_three_have_one_law(
    folder: StudyFolder, tmp_path: Path
) -> None:
    """A headline of three hidden layers has two from hidden to hidden: there is no profile."""
    assert LEAST_DEPTH_OF_PROFILE == LEAST_DEPTH_OF_TREND
    with pytest.raises(BadInput, match=r"importance, which is left out; .* no profile"):
        draw_figures(["importance"], small_study(headline={"depth": 3}), folder, tmp_path)


def test_an_unknown_figure_is_refused_with_the_known_ones(
    folder: StudyFolder, tmp_path: Path
) -> None:
    with pytest.raises(
        BadInput,
        match=r"figure: expected one of condition_number_projected, .* found portrait; ",
    ):
        draw_figures(["eigenvalues", "portrait"], STUDY, folder, tmp_path)


def test_a_figure_without_its_results_is_refused(folder: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(DamagedResult, match="run `snakemake --cores 2` again"):
        draw_figures(["eigenvalues"], STUDY, folder, tmp_path)
    assert not list(tmp_path.glob("*.p*"))


def test_a_study_of_null_directions_gets_figures_that_say_so(tmp_path: Path) -> None:
    """Zero biases, tanh and a symmetric interval: no network has a finite number, and no figure may
    fail for it.
    """
    study = small_study(
        prior={"kind": "lecun_normal"}, projection={"samples": 50, "replicates": 20}
    )
    folder = StudyFolder(tmp_path / "null")
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    project_networks(study, study.projected_architectures(), folder, quiet=True)
    table = condition_number_table(study, folder)
    write_table(table, folder.table, study)
    assert not np.isfinite(table["log10_cond_sym"]).any()
    for name in (
        "predictors",
        "condition_number",
        "condition_number_projected",
        "map_log10_cond_carrying",
    ):
        assert len(draw_figures([name], study, folder, tmp_path / "figures")) == 2


def test_training_without_finite_condition_numbers_gets_a_figure_that_says_so(
    tmp_path: Path,
) -> None:
    study, folder = small_study(), StudyFolder(tmp_path / "null")
    table = pd.DataFrame({"depth": [1], "width": [3], "log10_cond": [np.inf]}).reindex(
        columns=["seed", "depth", "width", *DESCRIPTIONS]
    )
    table = table.assign(
        seed=0,
        parameters=10,
        samples=40,
        samples_sym=40,
        rank=5,
        raw_parameter_limit=60,
        status="rank_deficient",
        log10_cond=np.inf,
    )
    write_csv(table, folder.table)
    pd.DataFrame({"depth": [1], "width": [3], "log10_steps": [2.0]}).to_csv(
        folder.table.with_name("training.csv"), index=False
    )
    assert len(draw_figures(["trainability"], study, folder, tmp_path / "figures")) == 2


def test_figures_drawn_together_are_those_drawn_alone(
    computed: StudyFolder, tmp_path: Path
) -> None:
    """What a family shares is read once, and changes no byte."""
    names = [row.name for row in Catalogue(STUDY).families["headline"]]
    together = draw_figures(names, STUDY, computed, tmp_path / "together")
    for path in together:
        draw_figures([path.stem], STUDY, computed, tmp_path / "alone")
        assert path.read_bytes() == (tmp_path / "alone" / path.name).read_bytes()


LIBRARIES = """
import sys
from pathlib import Path
from eigenscape.stages.common.configure import load_study
from eigenscape.catalogue import FIGURES
from eigenscape.catalogue.rows import Results
from eigenscape.store.layout import StudyFolder
folder = StudyFolder(Path(sys.argv[1]))
results = Results(load_study(folder), folder)
for row in FIGURES.values():
    row.draw(results)
print({"torch", "sklearn", "matplotlib.pyplot", "snakemake"} & set(sys.modules))
"""


def test_figures_load_no_torch(computed: StudyFolder) -> None:
    """All of them in one process, made and not saved; torch would cost a second and a half a
    family.
    """
    write_study(STUDY, computed)
    run = subprocess.run(
        [sys.executable, "-c", LIBRARIES, str(computed.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "set()"
