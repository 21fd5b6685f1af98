"""The stage `second-moment-kinds`: what the condition numbers of one network become under other
second moments.

Every kind of `active_subspace.other_moments` for one network of the study, in one table: the family
of condition numbers, the trace, and how far the leading w-dimensional subspace stands from that of
the default C.

Angles are large by themselves: eigenvalues come in groups of w, and sampling noise turns the
subspace within and between groups that are close. So one row, ``full_batch_again``, is C from other
samples: what noise alone does. Kinds averaged over the prior use the samples of ``full_batch`` and
share its noise, so they may stand closer to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import subspace_angles

from eigenscape.active_subspace.condition import FAMILY, condition_numbers
from eigenscape.active_subspace.few_samples import spectrum_of_gradients
from eigenscape.active_subspace.other_moments import (
    centred,
    descend,
    full_batch_moments,
    gauss_newton,
    local_prior_moment,
    per_datum_moments,
)
from eigenscape.active_subspace.spectrum import (
    Spectrum,
    SpectrumStatus,
    rounding_variance,
    spectrum_of,
)
from eigenscape.active_subspace.tangent_kernel import jacobian_at, ntk_spectrum
from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.seeding import stream_key
from eigenscape.stages.common.samplers import fully_connected_sampler
from eigenscape.stages.common.tables import write_csv
from eigenscape.store.layout import StudyFolder

SPREAD = 0.01
"""tau of the local prior: small against the parameters (of order 1), so that C is near tau^2
H^2."""

TRAINING_STEPS = 20_000
"""Gradients that are spent on theta*: half a second for the default network, which then fits the
sine to R^2 > 0.999."""

NEEDS_LAYERS = "log10_layer_ladder"
"""The member of the family that has no value for the NTK Gram, whose rows are data points."""

KINDS = {
    "full_batch": "E[grad L grad L^T]",
    "full_batch_again": "the same from as many other samples: what sampling noise alone does",
    "centred": "E[grad L grad L^T] - E[grad L] E[grad L]^T",
    "per_datum": "E[(1/n) sum_i grad l_i grad l_i^T]",
    "gauss_newton": "E[(1/n) sum_i grad f_i grad f_i^T]",
    "gauss_newton_at_one": "(1/n) sum_i grad f_i grad f_i^T at the first sample of the prior",
    "ntk_gram": "grad f_i . grad f_j at the first sample of the prior, (n, n)",
    "local_prior": (
        "E[grad L grad L^T] for theta ~ N(theta*, tau^2 I), theta* trained from the first sample of"
        " the prior"
    ),
}
"""Rows of the table, with their formula; sources in `active_subspace.other_moments`."""

DESCRIPTIONS = {
    "kind": "which second moment",
    "formula": "as printed",
    "depth": "L, hidden layers",
    "width": "w, neurons per hidden layer",
    "size": "rows of the matrix: P parameters, or n data points",
    "samples": "parameter vectors drawn",
    "rows": "gradients averaged: one a sample, or one a sample and data point",
    "status": "of the spectrum: finite, rank_deficient or below_floor",
    "rank": "directions that carry gradient",
    **{member.name: f"{member.formula}: {member.meaning}" for member in FAMILY},
    "trace": "sum of the eigenvalues",
    "subspace": (
        "k, dimensions of the leading subspace that is compared: w, or less where the matrix is"
        " smaller"
    ),
    "largest_angle": (
        "largest principal angle between the leading k-dimensional subspace and that of full_batch,"
        " in degrees"
    ),
    "overlap": (
        "mean squared cosine of the k principal angles, 1 the same subspace; k/P for random ones"
    ),
}
"""Columns in order, with what they mean."""


@dataclass(frozen=True)
class _Kind:
    """One kind computed: its spectrum and basis, whose columns are directions of parameter
    space.
    """

    name: str
    samples: int
    rows: int
    spectrum: Spectrum
    basis: np.ndarray


def kinds_table(study: Study, depth: int = 3, width: int = 10, samples: int = 2500) -> pd.DataFrame:
    """A row per kind, see `DESCRIPTIONS`; no file is read or written.

    Args:
        study: problem, activation, prior, seed and precision.
        depth: L.
        width: w.
        samples: N; the default is 10 P of the default network, where sampling noise adds 0.6
            decades at most (Marchenko and Pastur 1967, isotropic C).

    Raises:
        NotFiniteGradient: a gradient holds an infinity or NaN.

    Example:
        >>> kinds_table(Study(), 1, 2, samples=100)["kind"].tolist()[:3]
        ['full_batch', 'full_batch_again', 'centred']
    """
    architecture = Architecture(depth, width)
    rows, reference = [], None
    for kind in _kinds(study, architecture, samples):
        reference = kind.basis if reference is None else reference
        rows.append(_row(kind, architecture, reference))
    return pd.DataFrame(rows, columns=list(DESCRIPTIONS))


def compute_kinds(
    study: Study, folder: StudyFolder, depth: int = 3, width: int = 10, samples: int = 2500
) -> Path:
    """Write ``tables/second_moment_kinds.csv``, every number to its last digit."""
    path = folder.table.with_name("second_moment_kinds.csv")
    write_csv(kinds_table(study, depth, width, samples), path)
    return path


def _kinds(study: Study, architecture: Architecture, samples: int) -> Iterator[_Kind]:
    """Every kind in the order of `KINDS`, the default C first."""
    sampler = fully_connected_sampler(study, architecture)
    points = sampler.loss.problem.points

    def of(name: str, matrix: np.ndarray, drawn: int, rows: int) -> _Kind:
        dust = rounding_variance(np.diagonal(matrix), architecture, sampler.relative_noise)
        spectrum = spectrum_of(matrix, vectors=True, samples=rows, dust=dust)
        return _Kind(name, drawn, rows, spectrum, np.asarray(spectrum.eigenvectors))

    full = full_batch_moments(sampler, range(samples))
    yield of("full_batch", full.second_moment, samples, full.rows)
    again = full_batch_moments(sampler, range(samples, 2 * samples))
    yield of("full_batch_again", again.second_moment, samples, again.rows)
    yield of("centred", centred(full.second_moment, full.gradient_mean), samples, full.rows)
    per_datum = per_datum_moments(sampler, range(samples))
    yield of("per_datum", per_datum.second_moment, samples, per_datum.rows)
    yield of("gauss_newton", gauss_newton(sampler, range(samples)), samples, per_datum.rows)

    jacobian = jacobian_at(sampler, 0)
    at_one = spectrum_of_gradients(jacobian, architecture, sampler.relative_noise, vectors=True)
    directions = np.asarray(at_one.eigenvectors)
    yield _Kind("gauss_newton_at_one", 1, points, at_one, directions)
    yield _Kind("ntk_gram", 1, points, ntk_spectrum(at_one, jacobian), directions)

    trained = descend(sampler, 0, TRAINING_STEPS)
    key = stream_key(study.sampling.seed, "local prior", *architecture.sizes)
    local = local_prior_moment(sampler, trained.parameters, SPREAD, samples, key)
    yield of("local_prior", local.second_moment, samples, local.rows)


def _row(kind: _Kind, architecture: Architecture, reference: np.ndarray) -> dict[str, Any]:
    spectrum = kind.spectrum
    dimensions = min(architecture.width, spectrum.rank)
    angles = subspace_angles(kind.basis[:, :dimensions], reference[:, :dimensions])
    return {
        "kind": kind.name,
        "formula": KINDS[kind.name],
        "depth": architecture.depth,
        "width": architecture.width,
        "size": len(spectrum.diagonal),
        "samples": kind.samples,
        "rows": kind.rows,
        "status": str(spectrum.status),
        "rank": spectrum.rank,
        **_family(spectrum, architecture),
        "trace": float(spectrum.diagonal.sum()),
        "subspace": dimensions,
        "largest_angle": math.degrees(float(angles.max())),
        "overlap": float(np.mean(np.cos(angles) ** 2)),
    }


def _family(spectrum: Spectrum, architecture: Architecture) -> dict[str, float]:
    """The family of condition numbers; for a matrix over data points without the member that needs
    layers.
    """
    if len(spectrum.diagonal) == architecture.parameters:
        return condition_numbers(spectrum, architecture)
    unresolved = {SpectrumStatus.RANK_DEFICIENT: math.inf, SpectrumStatus.BELOW_FLOOR: math.nan}
    family = {
        member.name: (
            unresolved[spectrum.status]
            if member.needs_every_eigenvalue and spectrum.status is not SpectrumStatus.FINITE
            else member.value(spectrum, architecture)
        )
        for member in FAMILY
        if member.name != NEEDS_LAYERS
    }
    return {NEEDS_LAYERS: math.nan, **family}
