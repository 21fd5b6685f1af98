"""The stage `trajectories`: replicas of one architecture trained by every optimiser, and their
predictions along the way.

One file of arrays per architecture: log-probabilities (optimiser, replica, checkpoint, n, C), steps
of checkpoints, the labels, and c of the inputs that it saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key
from eigenscape.stages.common.labelled_inputs import data_identity, ensemble_task
from eigenscape.store.array_files import Arrays, Digest, cached_arrays, require_arrays
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from eigenscape.sloppiness.training import Member, Plan


@dataclass(frozen=True)
class Ensemble:
    """What one architecture's replicas predicted along their training.

    Attributes:
        log_probabilities: (O, R, T, n, C) for O optimisers, R replicas and T checkpoints.
        steps: of the checkpoints (T,).
        labels: (n,).
        input_slope: c of the correlation eigenvalues of its inputs.
    """

    log_probabilities: np.ndarray
    steps: np.ndarray
    labels: np.ndarray
    input_slope: float


def compute_trajectories(study: Study, folder: StudyFolder, name: str) -> Ensemble:
    """The trajectories of one architecture, trained where no receipt confirms them.

    Raises:
        BadInput: no architecture of that name, data that cannot be used, or training that diverged.
        DifferentWork: trajectories of other work are there.
    """
    member = _member(study, name)
    return _ensemble(
        cached_arrays(
            folder.trajectories(name),
            trajectories_identity(study, name),
            lambda: _train(study, member),
            Digest.FILE,
        )
    )


def read_trajectories(study: Study, folder: StudyFolder, name: str) -> Ensemble:
    """The trajectories of one architecture from their file.

    Raises:
        DamagedResult: they are missing or damaged.
        DifferentWork: the file holds other work.
    """
    identity = trajectories_identity(study, name)
    return _ensemble(require_arrays(folder.trajectories(name), identity, Digest.FILE))


def _ensemble(arrays: Arrays) -> Ensemble:
    return Ensemble(
        arrays["log_probabilities"], arrays["steps"], arrays["labels"], float(arrays["input_slope"])
    )


def trajectories_identity(study: Study, name: str) -> dict[str, Any]:
    """Everything that decides the bits of one architecture's trajectories."""
    settings = study.sloppiness.ensemble.model_dump()
    # other networks, and what is made of them
    for key in (
        "powers",
        "depth",
        "width",
        "channels",
        "floor",
        "replicates",
    ):
        del settings[key]
    return {
        "kind": f"trajectories {name}",
        "science_schema": SCIENCE_SCHEMA,
        "seed": study.sampling.seed,
        **settings,
        **data_identity(settings["data"]),
    }


def _member(study: Study, name: str) -> Member:
    from eigenscape.networks.replicas import Convolutional, Perceptron  # noqa: PLC0415 - torch
    from eigenscape.sloppiness.training import Member  # noqa: PLC0415

    section = study.sloppiness.ensemble
    every = [Member(Perceptron(0), power) for power in section.powers]
    every += [Member(Perceptron(d, width)) for d in section.depth for width in section.width]
    if section.channels is not None:
        every.append(Member(Convolutional(section.channels)))
    for member in every:
        if member.label == name:
            return member
    raise BadInput.field(
        "network", f"one of {', '.join(section.network_names())}", name, "choose one of them"
    )


def plans_of(study: Study) -> list[Plan]:
    """How networks are trained, by optimiser: momentum's step is a tenth of sgd's, since 1 / (1 -
    0.9) of its steps add up.
    """
    from eigenscape.networks.optimisers import MOMENTUM, OPTIMISERS  # noqa: PLC0415
    from eigenscape.sloppiness.training import Plan, Spacing, checkpoint_steps  # noqa: PLC0415

    section = study.sloppiness.ensemble
    rates = {
        "sgd": section.sgd_rate,
        "momentum": section.sgd_rate * (1 - MOMENTUM),
        "adam": section.adam_rate,
    }
    recorded = np.union1d(
        *[checkpoint_steps(section.steps, section.checkpoints, spacing) for spacing in Spacing]
    )
    return [
        Plan(OPTIMISERS[name], rates[name], recorded, section.batch, section.readout_variance)
        for name in section.optimisers
    ]


def _train(study: Study, member: Member) -> dict[str, np.ndarray]:
    from eigenscape.sloppiness.data import correlation_slope, with_spectrum_power  # noqa: PLC0415
    from eigenscape.sloppiness.training import trajectories  # noqa: PLC0415 - torch

    task, plans = ensemble_task(study), plans_of(study)
    if member.power != 1:
        task = with_spectrum_power(task, member.power)
    seeds = [
        stream_key(study.sampling.seed, "sloppiness", "replica", number) >> 1
        for number in range(study.sloppiness.ensemble.seeds)
    ]
    found = np.stack([trajectories(member, task, seeds, plan) for plan in plans])
    slope = np.array(correlation_slope(task.train_inputs))
    return {
        "log_probabilities": found,
        "steps": plans[0].recorded,
        "labels": task.labels,
        "input_slope": slope,
    }
