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
from eigenscape.architecture import Architecture
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
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.active_subspace.sensitivity import (
    Sweep,
    compute_sensitivity,
    read_sensitivity,
)
from eigenscape.stages.common.samplers import sampler_of_network
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
