"""The stage `figure`: one figure of a study, from its stored results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.errors import BadInput, DamagedResult
from eigenscape.figures.style import message_figure, save
from eigenscape.stages.clustering_tables import clustering_tables
from eigenscape.stages.condition_numbers import DESCRIPTIONS, read_table
from eigenscape.stages.expressivity import read_experiment
from eigenscape.stages.model_constrained import model_constrained_layers, model_constrained_table, read_model_constrained
from eigenscape.stages.products import left_out
from eigenscape.stages.projection import projected_eigenvalues, require_projection
from eigenscape.stages.sloppiness_theory import read_theory
from eigenscape.stages.spectrum import read_confidence, read_verified_spectrum
from eigenscape.store.layout import StudyFolder
from eigenscape.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


SUMMARY_SAMPLES = 2_000
"""Points of the sufficient summary plot; more would only overlap."""


def _eigenvalues(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.eigenvalues import eigenvalues_figure  # noqa: PLC0415

    cell = study.headline_cell
    confidence = read_confidence(cell, folder)
    return eigenvalues_figure(
        read_verified_spectrum(cell, folder),
        cell.architecture,
        cell.samples,
        projected_eigenvalues(require_projection(study, cell.architecture, folder)) if study.projected_architectures() else None,
        (confidence["low"], confidence["high"]),
    )


def _eigenvectors(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.eigenvectors import eigenvectors_figure  # noqa: PLC0415

    cell = study.headline_cell
    return eigenvectors_figure(read_verified_spectrum(cell, folder), cell.architecture)


def _layer_importance(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.layer_importance import layer_importance_figure  # noqa: PLC0415

    cell = study.headline_cell
    return layer_importance_figure(read_verified_spectrum(cell, folder).diagonal, cell.architecture)


def _importance(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.importance import PriorImportance, importance_figure  # noqa: PLC0415
    from eigenscape.stages.importance import headline_importance, shares_of, slope_of  # noqa: PLC0415

    architecture = study.headline_cell.architecture
    priors = [
        PriorImportance(
            content["prior"].replace("_", " "), shares_of(content, architecture), content["chi_1"], slope_of(content, architecture)
        )
        for content in headline_importance(study, folder)["priors"]
    ]
    return importance_figure(priors, architecture)


def _sufficient_summary(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.active_subspace.layer_statistics import active_variables  # noqa: PLC0415
    from eigenscape.figures.sufficient_summary import sufficient_summary_figure  # noqa: PLC0415
    from eigenscape.stages.samplers import sampler_of  # noqa: PLC0415

    cell = study.headline_cell
    vectors = read_verified_spectrum(cell, folder).eigenvectors
    if vectors is None:
        raise DamagedResult(f"{folder.spectrum(cell)}: no eigenvectors; delete the folder above it and run again")
    drawn = active_variables(sampler_of(study, cell), range(min(cell.samples, SUMMARY_SAMPLES)), vectors[:, :2])
    return sufficient_summary_figure(drawn.coordinates, drawn.losses, cell.architecture)


def _criticality(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.ladder_sweep import ladder_sweep_figure  # noqa: PLC0415
    from eigenscape.stages.importance import criticality_table  # noqa: PLC0415

    section = study.criticality
    words = f"{study.network.activation}, $L$ = {section.depth}, $w$ = {section.width}, $\\sigma_b$ = {section.bias_std:g}"
    return ladder_sweep_figure(criticality_table(study, folder), words)


def _trainability(study: Study, folder: StudyFolder) -> Figure:
    import pandas as pd  # noqa: PLC0415

    from eigenscape.figures.trainability import trainability_figure  # noqa: PLC0415

    path = folder.root / "tables" / "training.csv"
    if not path.exists():
        raise DamagedResult(f"{path}: no table of training; run `snakemake --cores 2` again")
    table, trained = read_table(folder.table), pd.read_csv(path)
    both = trained.merge(table, on=["depth", "width"])
    if not np.isfinite(both["log10_cond"]).any():
        return message_figure("No trained network has a finite condition number to compare with: see the status column of the table.")
    return trainability_figure(table, trained, "log10_cond")


def _predictors(_: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.predictors import predictors_figure  # noqa: PLC0415

    table = read_table(folder.table)
    if not np.isfinite(table["log10_cond_sym"]).any():
        return message_figure("No network has a finite projected condition number: see the columns status_sym and log10_cond_carrying.")
    return predictors_figure(table, "log10_cond_sym")


def _sensitivity(_: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.sensitivity import sensitivity_figure  # noqa: PLC0415
    from eigenscape.stages.sensitivity import read_sensitivity, table_path  # noqa: PLC0415

    return sensitivity_figure(read_sensitivity(table_path(folder)))


def _map_of(column: str) -> Callable[[Study, StudyFolder], Figure]:
    """The map of one column of the table."""

    def draw(_: Study, folder: StudyFolder) -> Figure:
        from eigenscape.figures.condition_number import condition_number_figure  # noqa: PLC0415

        return condition_number_figure(read_table(folder.table), column)

    return draw


def _parameter_count(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.parameter_count import parameter_count_figure  # noqa: PLC0415

    return parameter_count_figure(read_table(folder.table))


def _length_growth(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.length_growth import length_growth_figure  # noqa: PLC0415

    tables = read_experiment(study, folder, "growth")
    return length_growth_figure(tables["lengths"], tables["growth"])


def _transitions(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.transitions import transitions_figure  # noqa: PLC0415

    return transitions_figure(read_experiment(study, folder, "growth")["lengths"])


def _length_sensitivity(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.length_sensitivity import length_sensitivity_figure  # noqa: PLC0415

    tables = read_experiment(study, folder, "sensitivity")
    if tables["sensitivity"].empty:
        return message_figure("The output of every network is constant on the circle: there is no length whose sensitivity could be drawn.")
    return length_sensitivity_figure(tables["sensitivity"], tables["turns"])


def _dichotomies(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.dichotomies import dichotomies_figure  # noqa: PLC0415

    section = study.expressivity.dichotomies
    return dichotomies_figure(read_experiment(study, folder, "dichotomies")["dichotomies"], section.inputs, section.weight_std)


def _one_layer_training(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.digits import one_layer_figure  # noqa: PLC0415

    section = study.expressivity.digits
    words = f"{section.one_layer_depth} hidden layers of {section.width} {section.activation.replace('_', '-')} units"
    return one_layer_figure(read_experiment(study, folder, "digits")["one_layer"], words)


def _training_lengths(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.digits import training_lengths_figure  # noqa: PLC0415

    section = study.expressivity.digits
    words = f"{section.length_depth} layers of {section.width} units"
    return training_lengths_figure(read_experiment(study, folder, "digits")["lengths"], words)


def _polytopes(study: Study, _: StudyFolder) -> Figure:
    from eigenscape.expressivity.networks import random_layers  # noqa: PLC0415
    from eigenscape.figures.polytopes import polytopes_figure  # noqa: PLC0415

    # Three layers of four ReLU units: the partition that Raghu et al. draw, arXiv 1606.05336.
    network = random_layers(3, 4, 2.0**0.5, 1.0, "relu", study.sampling.seed)
    return polytopes_figure(network, (-3.0, 3.0, -3.0, 3.0), radius=2.0)


def _graphs(study: Study, folder: StudyFolder, table: str) -> pd.DataFrame:
    """One table of all architectures."""
    return clustering_tables(study, folder)[table]


def _graph_modularity(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.graph_read_outs import graph_modularity_figure  # noqa: PLC0415

    section = study.clustering
    data = "digits" if section.data == "digits" else Path(section.data).name
    words = f"{section.graph.method.replace('_', ' ')}; {section.inputs_per_class} held-out inputs of each class, {data}"
    return graph_modularity_figure(_graphs(study, folder, "layers"), words)


def _graph_convergence(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.graph_similarity import graph_convergence_figure  # noqa: PLC0415

    return graph_convergence_figure(_graphs(study, folder, "convergence"))


def _layer_similarity(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.graph_similarity import layer_similarity_figure  # noqa: PLC0415

    tables = clustering_tables(study, folder)
    return layer_similarity_figure(tables["similarity"], tables["blocks"])


def _neighbourhoods(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.graph_read_outs import neighbourhood_figure  # noqa: PLC0415

    inputs = _graphs(study, folder, "inputs")
    if inputs.empty:
        return message_figure("No network's last hidden layer has subspace structure: there are no neighbourhoods to draw.")
    return neighbourhood_figure(inputs)


def _similarity_sensitivity(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.graph_similarity import similarity_sensitivity_figure  # noqa: PLC0415

    return similarity_sensitivity_figure(_graphs(study, folder, "sensitivity"))


def _phase_map(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.phase_map import phase_map_figure  # noqa: PLC0415

    tables = read_theory(study, folder, "phase_map")
    return phase_map_figure(tables["map"], tables["simulated"], study.sloppiness.phase_map.level)


def _trajectory_slopes(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.trajectory_theory import trajectory_slopes_figure  # noqa: PLC0415

    return trajectory_slopes_figure(read_theory(study, folder, "phase_map")["slopes"])


def _kernel_trajectories(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.trajectory_theory import kernel_trajectories_figure  # noqa: PLC0415

    return kernel_trajectories_figure(read_theory(study, folder, "kernel")["spectra"])


def _sgd_trajectories(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.trajectory_theory import sgd_trajectories_figure  # noqa: PLC0415

    tables = read_theory(study, folder, "sgd")
    return sgd_trajectories_figure(tables["variants"], tables["spectra"])


def _model_tables(study: Study, folder: StudyFolder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers and layers of all model-constrained cases."""
    rows = read_model_constrained(study, folder)
    return model_constrained_table(rows), model_constrained_layers(rows)


def _model_condition(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.model_constrained import model_condition_figure  # noqa: PLC0415

    return model_condition_figure(*_model_tables(study, folder))


def _model_subspace(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.model_constrained import model_subspace_figure  # noqa: PLC0415

    return model_subspace_figure(_model_tables(study, folder)[0])


def _model_training(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.model_constrained import model_training_figure  # noqa: PLC0415

    section = study.model_constrained
    words = f"{section.training_steps:,} steps of gradient descent, {section.replicas} networks"
    return model_training_figure(_model_tables(study, folder)[0], words)


def _ensemble_words(study: Study) -> str:
    section = study.sloppiness.ensemble
    data = "digits" if section.data == "digits" else Path(section.data).name
    where = "inputs that were trained" if section.measured == "training" else "held-out inputs"
    return f"{data}, {section.inputs_per_class} {where} of each class"


def _trajectory_embedding(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.embedding import embedding_figure  # noqa: PLC0415
    from eigenscape.stages.inpca import read_inpca  # noqa: PLC0415
    from eigenscape.stages.inpca_tables import points_table  # noqa: PLC0415

    _, arrays = read_inpca(study, folder)
    if arrays["coordinates"].shape[1] < 3:
        return message_figure("The trajectories have fewer than three directions: there is nothing to draw.")
    points = points_table(arrays)
    return embedding_figure(points, arrays["geodesic"], arrays["eigenvalues"], arrays["explained_stress"], _ensemble_words(study))


def _inpca_scree(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.scree import scree_figure  # noqa: PLC0415
    from eigenscape.stages.inpca import read_inpca  # noqa: PLC0415

    tables, _ = read_inpca(study, folder)
    return scree_figure(tables["eigenvalues"], tables["spectra"], _ensemble_words(study))


def _explained_stress(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.scree import explained_stress_figure  # noqa: PLC0415
    from eigenscape.stages.inpca import read_inpca  # noqa: PLC0415

    tables, _ = read_inpca(study, folder)
    return explained_stress_figure(tables["spectra"], tables["crossed"], _ensemble_words(study))


def _training_progress(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.progress import progress_figure  # noqa: PLC0415
    from eigenscape.stages.inpca import read_inpca  # noqa: PLC0415
    from eigenscape.stages.inpca_tables import points_table  # noqa: PLC0415

    tables, arrays = read_inpca(study, folder)
    return progress_figure(points_table(arrays), tables["trajectories"], tables["equal"], _ensemble_words(study))


def _large_networks(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.large_networks import LargeSpectrum, large_networks_figure  # noqa: PLC0415
    from eigenscape.stages.large import read_large  # noqa: PLC0415

    architectures = study.large.architectures()
    if not architectures:
        return message_figure("The study has no large networks: its section large is empty.")
    spectra = []
    for architecture in architectures:
        found = read_large(study, architecture, folder)
        spectra.append(LargeSpectrum.of_arrays(architecture, study.large.samples, found))
    return large_networks_figure(spectra)


FIGURES: dict[str, Callable[[Study, StudyFolder], Figure]] = {
    "eigenvalues": _eigenvalues,
    "eigenvectors": _eigenvectors,
    "condition_number": _map_of("log10_cond"),
    "condition_number_projected": _map_of("log10_cond_sym"),
    "condition_number_carrying": _map_of("log10_cond_carrying"),
    "condition_number_null": _map_of("log10_cond_null"),
    "parameter_count": _parameter_count,
    "layer_importance": _layer_importance,
    "importance": _importance,
    "sufficient_summary": _sufficient_summary,
    "criticality": _criticality,
    "trainability": _trainability,
    "predictors": _predictors,
    "sensitivity": _sensitivity,
    "length_growth": _length_growth,
    "transitions": _transitions,
    "length_sensitivity": _length_sensitivity,
    "dichotomies": _dichotomies,
    "one_layer_training": _one_layer_training,
    "training_lengths": _training_lengths,
    "polytopes": _polytopes,
    "graph_modularity": _graph_modularity,
    "graph_convergence": _graph_convergence,
    "layer_similarity": _layer_similarity,
    "neighbourhoods": _neighbourhoods,
    "similarity_sensitivity": _similarity_sensitivity,
    "phase_map": _phase_map,
    "trajectory_slopes": _trajectory_slopes,
    "kernel_trajectories": _kernel_trajectories,
    "sgd_trajectories": _sgd_trajectories,
    "model_condition": _model_condition,
    "model_subspace": _model_subspace,
    "model_training": _model_training,
    "trajectory_embedding": _trajectory_embedding,
    "inpca_scree": _inpca_scree,
    "explained_stress": _explained_stress,
    "training_progress": _training_progress,
    "large_networks": _large_networks,
}


def draw_figure(name: str, study: Study, folder: StudyFolder, into: Path) -> list[Path]:
    """Draw one figure as PDF and PNG: one of `FIGURES`, or ``map_<column>`` for the map of any column of the table.

    Raises:
        BadInput: no figure of that name, or none that is made of this study.
        DamagedResult: a result that it needs is missing or damaged.
    """
    if name.startswith("map_") and name.removeprefix("map_") in DESCRIPTIONS:
        return save(_map_of(name.removeprefix("map_"))(study, folder), into, name)
    if name not in FIGURES:
        expected = f"one of {', '.join(FIGURES)}, or map_<column> with a column of the table"
        raise BadInput.field("figure", expected, name, "choose one of them")
    if reason := left_out(study).get(name):
        raise BadInput.field("figure", "one that is made of this study", f"{name}, which is left out", reason)
    return save(FIGURES[name](study, folder), into, name)
