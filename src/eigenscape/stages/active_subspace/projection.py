"""The stage `projection`: the symmetry-projected spectrum of every network of the grid, whatever
its size.

O(P) work a sample and no P x P matrix, so the map covers all cells where raw condition numbers stop
at `raw_parameter_limit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from eigenscape.active_subspace.projection import project
from eigenscape.architecture import Architecture
from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.study import Study
from eigenscape.networks.activations import activation_named
from eigenscape.networks.mean_field import mean_field_of
from eigenscape.networks.priors import prior_named
from eigenscape.stages.common import signals
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.rounding import note_of_rounding
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store.documents import cached, read_document
from eigenscape.store.layout import StudyFolder


def projection_identity(study: Study, architecture: Architecture) -> dict[str, Any]:
    """Everything that decides the projected spectrum of a network."""
    settings = study.projection.model_dump()
    return {
        "kind": "projection",
        "science_schema": SCIENCE_SCHEMA,
        "sizes": list(architecture.sizes),
        **study.facts,
        **settings,
    }


def project_networks(
    study: Study, architectures: Sequence[Architecture], folder: StudyFolder, *, quiet: bool = False
) -> None:
    """Project every network that has no document yet, largest first.

    Raises:
        Interrupted: a signal came; finished networks are kept.
        DifferentWork: a document of other work is there.
    """
    whole_grid = study.projected_architectures()
    work = {architecture.label: float(architecture.parameters) for architecture in whole_grid}

    def finished() -> set[str]:
        return {
            architecture.label
            for architecture in whole_grid
            if folder.projection(architecture).exists()
        }

    progress = None if quiet else Progress("projected map", work, "cells", done=finished())
    for architecture in sorted(architectures, key=lambda a: -a.parameters):
        signals.leave_if_asked("finished cells are kept")
        cached(
            folder.projection(architecture),
            projection_identity(study, architecture),
            partial(_content, study, architecture),
        )
        if progress:
            progress.finish(finished())


def _content(study: Study, architecture: Architecture) -> dict[str, Any]:
    sampler, section = sampler_of_network(study, architecture), study.projection
    found = project(
        sampler,
        section.samples,
        most_samples=study.most_projected_samples(architecture),
        replicates=section.replicates,
        seed=study.sampling.seed,
    )
    field = mean_field_of(
        activation_named(study.network.activation), prior_named(study.prior.kind), architecture
    )
    return {
        "symmetry": str(found.symmetry),
        "status": str(found.status),
        "samples": found.samples,
        "tail_index": found.tail_index,
        **found.stairs.log10_condition.columns("log10_cond_sym", ends=""),
        "plateaus": [vars(plateau) for plateau in found.stairs.plateaus],
        "layer_shares": [
            {"layer": layer} | share.columns("share", ends="")
            for layer, share in enumerate(found.layer_shares, start=1)
        ],
        "q_star": field.q_star,
        "chi_1": field.chi_1,
        "log10_ladder": field.log10_layer_profile(architecture.depth),
        **note_of_rounding(sampler, architecture.label),
    }


def require_projection(
    study: Study, architecture: Architecture, folder: StudyFolder
) -> dict[str, Any]:
    """The document of a network.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    return read_document(folder.projection(architecture), projection_identity(study, architecture))


def projected_eigenvalues(content: dict[str, Any]) -> np.ndarray:
    """All P eigenvalues of a projection, descending."""
    plateaus = content["plateaus"]
    return np.repeat(
        [plateau["value"] for plateau in plateaus],
        [plateau["multiplicity"] for plateau in plateaus],
    )
