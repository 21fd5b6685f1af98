"""The factory: every sampler of every stage carries the study's precision, policy and device."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import small_study

import eigenscape
from eigenscape.active_subspace.layer_shares import ordered_trend
from eigenscape.active_subspace.layer_statistics import squared_gradients_by_layer
from eigenscape.active_subspace.other_moments import (
    full_batch_moments,
    per_datum_gradients,
    per_datum_moments,
)
from eigenscape.active_subspace.projection import projected_samples
from eigenscape.architecture import Architecture
from eigenscape.errors import NotFiniteGradient
from eigenscape.networks.activations import SIGMOID
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.kernel import fill_gradients
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import sine_regression
from eigenscape.networks.sampler import Device, Sampler
from eigenscape.networks.sampling import fill_parameters
from eigenscape.seeding import prior_key
from eigenscape.stages.active_subspace import second_moment_kinds
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.importance import criticality_table, headline_importance
from eigenscape.stages.active_subspace.large import compute_large
from eigenscape.stages.active_subspace.projection import project_networks, require_projection
from eigenscape.stages.active_subspace.sensitivity import (
    Sweep,
    compute_sensitivity,
    projected_by_loss,
    read_sensitivity,
)
from eigenscape.stages.common.samplers import fully_connected_sampler, sampler_of_network
from eigenscape.stages.common.second_moment import Execution, compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.model_constrained.cases import compute_model_constrained
from eigenscape.store.layout import StudyFolder

ARCHITECTURE = Architecture(2, 5)

STUDY = small_study(
    sampling={"precision": "float32", "non_finite": "exclude"},
    projection={"samples": 30, "replicates": 20},
    criticality={"depth": 6, "width": 3, "samples": 20, "bias_std": 0.3, "weight_std": [0.5]},
    large={"depth": [2], "width": [6], "samples": 70, "leading": 2, "probes": 2, "steps": 3},
    model_constrained={
        "cases": ["deconvolution-tnet"],
        "alpha": [0.0, 1.0],
        "width": 2,
        "pairs": 6,
        "replicas": 2,
        "training_steps": 2,
        "least_steps": 3,
        "deconvolution": {"points": 4, "observed": 3},
    },
)
GROWING = small_study(
    sampling={
        "precision": "float32",
        "non_finite": "exclude",
        "until_bracket": 0.5,
        "most_samples_per_parameter": 8,
    }
)
ON_TORCH = Execution(device=Device.TORCH, quiet=True)


def _headline(folder: StudyFolder) -> None:
    compute_second_moment(STUDY, STUDY.headline_cell, folder, execution=ON_TORCH)


def _spectrum(folder: StudyFolder) -> None:
    compute_spectrum(STUDY, STUDY.headline_cell, folder, vectors=True)


STAGES: dict[str, tuple[Device, Callable[[StudyFolder], Any]]] = {
    "second_moment": (Device.TORCH, _headline),
    "spectrum": (Device.CPU, _spectrum),
    "importance": (Device.CPU, lambda folder: headline_importance(STUDY, folder)),
    "criticality": (Device.CPU, lambda folder: criticality_table(STUDY, folder)),
    "projection": (
        Device.CPU,
        lambda folder: project_networks(STUDY, [ARCHITECTURE], folder, quiet=True),
    ),
    "growth": (
        Device.TORCH,
        lambda folder: compute_cells(GROWING, GROWING.computed_cells()[:1], folder, ON_TORCH),
    ),
    "large_run": (
        Device.TORCH,
        lambda folder: compute_large(
            STUDY, STUDY.large.architectures()[0], folder, execution=ON_TORCH
        ),
    ),
    "second_moment_kinds": (
        Device.CPU,
        lambda _: second_moment_kinds.kinds_table(STUDY, 1, 3, samples=60),
    ),
    "sensitivity": (
        Device.CPU,
        lambda folder: compute_sensitivity(
            STUDY,
            folder,
            2,
            3,
            samples=20,
            replicates=20,
            sweep=Sweep(("[0, 1]",), (5,), ("he_normal",), ("relu",)),
            quiet=True,
        ),
    ),
    "cases": (
        Device.CPU,
        lambda folder: compute_model_constrained(STUDY, folder, "deconvolution-tnet", quiet=True),
    ),
}
"""Every stage that samples, in an order in which each finds what it reads, with the device that it
is given."""


def test_every_sampler_of_every_stage_is_the_studys(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_moment_kinds, "TRAINING_STEPS", 20)
    samplers: list[GradientSampler[Any]] = []
    begin = GradientSampler.__init__

    def recorded(self: GradientSampler[Any], *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        samplers.append(self)

    monkeypatch.setattr(GradientSampler, "__init__", recorded)
    for stage, (device, run) in STAGES.items():
        samplers.clear()
        run(folder)
        assert samplers, stage
        for sampler in samplers:
            assert isinstance(sampler, Sampler)
            assert sampler.precision == np.float32, stage
            assert sampler.non_finite is NonFinite.EXCLUDE, stage
            assert sampler.device is device, stage


def test_no_stage_builds_a_sampler_by_hand() -> None:
    """The walk above knows every stage that asks the factory, and none goes round it."""
    stages = Path(eigenscape.__file__).parent / "stages"
    texts = {path: path.read_text() for path in stages.rglob("*.py") if path.name != "samplers.py"}
    asking = {path.stem for path, text in texts.items() if "stages.common.samplers" in text}
    assert asking == STAGES.keys() - {"criticality"}
    by_hand = re.compile(
        r"GradientSampler|networks\.(samplers|network_loss|torch_loss|functions|user\.networks)\b"
    )
    assert [path.name for path, text in texts.items() if by_hand.search(text)] == []


def test_samples_that_count_for_nothing_count_for_nothing_under_either_loss(
    tmp_path: Path,
) -> None:
    """Deep linear networks overflow float32: what is excluded makes no number NaN."""
    sweep = Sweep(("[0, 1]",), (5,), ("standard_normal",), ("linear",))
    with np.errstate(all="ignore"):
        path = compute_sensitivity(STUDY, StudyFolder(tmp_path), 24, 40, 30, 20, sweep, quiet=True)
    table = read_sensitivity(path)
    assert np.isfinite(table[["share_first", "share_last"]].to_numpy()).all()


OVERFLOWING = small_study(
    network={"activation": "linear"},
    problem={"interval": [-4e18, 4e18], "points": 6},
    headline={"depth": 4, "width": 3, "samples": 80},
    sampling={"precision": "float32", "non_finite": "exclude"},
    projection={"samples": 80, "replicates": 20, "most_samples": 80},
)
"""Inputs of 4e18, squared by the loss, reach the end of float32 at 3e38: at some samples."""


@pytest.fixture
def counted() -> np.ndarray:
    """The gradients of the samples that count, as float64."""
    gradients, losses = sampler_of_network(
        OVERFLOWING, OVERFLOWING.headline_cell.architecture
    ).block(0, 80)
    counts = ~np.isnan(losses)
    assert 0 < counts.sum() < 80
    return gradients[counts].astype(np.float64)


def test_an_excluded_sample_counts_for_nothing_in_the_shares_of_layers(
    folder: StudyFolder, counted: np.ndarray
) -> None:
    """By hand, and resampled among those that count: a row of 0 would tie with others in Page's
    test.
    """
    cell = OVERFLOWING.headline_cell
    compute_second_moment(OVERFLOWING, cell, folder, execution=Execution(quiet=True))
    compute_spectrum(OVERFLOWING, cell, folder, vectors=True)
    layers = cell.architecture.layers
    masses = np.stack([(counted[:, layer.whole] ** 2).sum(axis=1) for layer in layers], axis=1)

    found = headline_importance(OVERFLOWING, folder)["priors"][0]

    np.testing.assert_allclose(found["shares"], masses.mean(axis=0) / masses.mean(axis=0).sum())
    trend = ordered_trend(masses, cell.architecture, groups=len(counted))
    assert (found["trend"], found["p_earlier"]) == (trend.rank_correlation, trend.p_earlier)


def test_an_excluded_sample_counts_for_nothing_in_the_projection(
    folder: StudyFolder, counted: np.ndarray
) -> None:
    """As of an array of the others: eigenvalues, and their intervals by the same stream."""
    architecture = OVERFLOWING.headline_cell.architecture
    expected = eigenscape.project(
        counted, architecture=architecture, symmetry="permutations_and_signs", replicates=20
    )

    project_networks(OVERFLOWING, [architecture], folder, quiet=True)

    found = require_projection(OVERFLOWING, architecture, folder)["plateaus"]
    for name in ("value", "low", "high"):
        np.testing.assert_array_equal(
            [plateau[name] for plateau in found],
            [getattr(plateau, name) for plateau in expected.stairs.plateaus],
        )


def test_an_excluded_sample_counts_for_nothing_in_other_second_moments(
    monkeypatch: pytest.MonkeyPatch, counted: np.ndarray
) -> None:
    """Of the whole loss, and of every point: there too the others are averaged, by torch."""
    monkeypatch.setattr(second_moment_kinds, "TRAINING_STEPS", 3)
    architecture = OVERFLOWING.headline_cell.architecture
    source = fully_connected_sampler(OVERFLOWING, architecture)
    rows = per_datum_gradients(source, 0, 80).reshape(-1, 6, architecture.parameters)

    moments = full_batch_moments(source, range(80))

    assert moments.rows == len(counted)
    np.testing.assert_allclose(
        moments.second_moment, counted.T @ counted / len(counted), rtol=1e-12
    )
    assert np.isfinite(rows).all()
    assert per_datum_moments(source, range(80)).rows == 6 * len(rows)
    # A gradient of one point is up to n times that of the mean, so it overflows earlier.
    assert 0 < len(rows) <= len(counted)


def test_where_no_sample_counts_the_network_is_named() -> None:
    study = small_study(
        network={"activation": "linear"}, sampling={"precision": "float32", "non_finite": "exclude"}
    )
    source = sampler_of_network(study, Architecture(30, 24))
    for compute in (
        lambda: squared_gradients_by_layer(source, range(5)),
        lambda: projected_samples(source, 5, source.symmetry),
        lambda: projected_by_loss(source, 5),
        lambda: eigenscape.second_moment(source, 5),
    ):
        with (
            np.errstate(all="ignore"),
            pytest.raises(NotFiniteGradient, match=r"^d30-w024: no sample has a finite gradient"),
        ):
            compute()


def test_a_sampler_of_a_study_uses_its_seed_prior_activation_data_and_precision() -> None:
    study = small_study(
        sampling={"seed": 3, "precision": "float32"},
        prior={"kind": "pytorch_default"},
        network={"activation": "sigmoid"},
        problem={"interval": [0, 1]},
    )
    prior = prior_named("pytorch_default")
    theta = np.empty((4, ARCHITECTURE.parameters), np.float32)
    fill_parameters(theta, 2, prior_key(3, ARCHITECTURE), prior.scales(ARCHITECTURE), prior.draw)
    expected, expected_losses = np.empty_like(theta), np.empty(4, np.float32)
    fill_gradients(
        theta, expected, expected_losses, ARCHITECTURE, SIGMOID, sine_regression((0, 1), 12)
    )

    gradients, losses = sampler_of_network(study, ARCHITECTURE).block(2, 4)

    assert gradients.dtype == np.float32
    assert np.array_equal(gradients, expected)
    assert np.array_equal(losses, expected_losses)
