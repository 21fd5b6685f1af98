"""The stage `projection`: the symmetry-projected spectrum of every network of the grid, whatever its size.

O(P) work a sample and no P x P matrix, so the map covers all cells where raw condition numbers stop at
`raw_parameter_limit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eigenscape.active_subspace.staircase import Staircase, layer_shares_of, staircase
from eigenscape.active_subspace.symmetry import ProjectedSamples, project, symmetry_of
from eigenscape.architecture import Architecture
from eigenscape.errors import DamagedResult, Interrupted
from eigenscape.networks.mean_field import mean_field_of
from eigenscape.seeding import stream_key
from eigenscape.stages import signals
from eigenscape.stages.progress import Progress
from eigenscape.stages.samplers import sampler_of_network
from eigenscape.store.documents import read_document, write_document
from eigenscape.store.layout import StudyFolder
from eigenscape.study import SCIENCE_SCHEMA, Study

NUMBERS_PER_BATCH = 2**21
"""Gradient entries held at a time (16 MB): they stay in cache between the kernel and the projection."""


def projection_identity(study: Study, architecture: Architecture) -> dict[str, Any]:
    """Everything that decides the projected spectrum of a network."""
    settings = study.projection.model_dump()
    return {"kind": "projection", "science_schema": SCIENCE_SCHEMA, "sizes": list(architecture.sizes), **study.facts, **settings}


def project_networks(study: Study, architectures: Sequence[Architecture], folder: StudyFolder, *, quiet: bool = False) -> None:
    """Project every network that has no document yet, largest first.

    Raises:
        Interrupted: a signal came; finished networks are kept.
        DifferentWork: a document of other work is there.
    """
    whole_grid = study.projected_architectures()
    work = {architecture.label: float(architecture.parameters) for architecture in whole_grid}

    def finished() -> set[str]:
        return {architecture.label for architecture in whole_grid if folder.projection(architecture).exists()}

    progress = None if quiet else Progress("projected map", work, "cells", done=finished())
    for architecture in sorted(architectures, key=lambda a: -a.parameters):
        if signals.stop_requested():
            raise Interrupted("interrupted; finished cells are kept, run the same command to resume")
        path, identity = folder.projection(architecture), projection_identity(study, architecture)
        if read_document(path, identity) is None:
            write_document(path, identity, _content(study, architecture))
        if progress:
            progress.finish(finished())


def projected_samples(study: Study, architecture: Architecture) -> ProjectedSamples:
    """The contributions of the first samples of a network's prior stream, the same that raw moments begin with."""
    sampler = sampler_of_network(study, architecture)
    rows = max(1, min(256, NUMBERS_PER_BATCH // architecture.parameters))
    samples, symmetry = study.projection.samples, symmetry_of(sampler.activation, sampler.prior)
    return ProjectedSamples.joined(
        [project(sampler.block(first, min(rows, samples - first))[0], architecture, symmetry) for first in range(0, samples, rows)]
    )


def projected_staircase(study: Study, architecture: Architecture, samples: ProjectedSamples) -> Staircase:
    """The projected spectrum of a network, with intervals from its own bootstrap stream."""
    key = stream_key(study.sampling.seed, "projection bootstrap", *architecture.sizes)
    noise = sampler_of_network(study, architecture).relative_noise
    return staircase(samples, replicates=study.projection.replicates, key=key, relative_noise=noise)


def _content(study: Study, architecture: Architecture) -> dict[str, Any]:
    samples = projected_samples(study, architecture)
    stairs = projected_staircase(study, architecture, samples)
    sampler = sampler_of_network(study, architecture)
    field = mean_field_of(sampler.activation, sampler.prior, architecture)
    key = stream_key(study.sampling.seed, "layer bootstrap", *architecture.sizes)
    shares = layer_shares_of(samples, replicates=study.projection.replicates, key=key)
    return {
        "symmetry": str(symmetry_of(sampler.activation, sampler.prior)),
        "status": str(stairs.status),
        "log10_cond_sym": stairs.log10_condition,
        "low": stairs.low,
        "high": stairs.high,
        "plateaus": [vars(plateau) for plateau in stairs.plateaus],
        "layer_shares": [
            {"layer": layer, "share": share, "low": low, "high": high} for layer, (share, low, high) in enumerate(shares, start=1)
        ],
        "q_star": field.q_star,
        "chi_1": field.chi_1,
        "log10_ladder": field.log10_ladder(architecture.depth),
    }


def require_projection(study: Study, architecture: Architecture, folder: StudyFolder) -> dict[str, Any]:
    """The document of a network.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    content = read_document(folder.projection(architecture), projection_identity(study, architecture))
    if content is None:
        raise DamagedResult(f"{folder.projection(architecture)}: no projection; run `snakemake --cores 2` again")
    return content


def projected_eigenvalues(content: dict[str, Any]) -> np.ndarray:
    """All P eigenvalues of a projection, descending."""
    plateaus = content["plateaus"]
    return np.repeat([plateau["value"] for plateau in plateaus], [plateau["multiplicity"] for plateau in plateaus])
