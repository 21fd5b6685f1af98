"""The stage `model-constrained`: one case for every weight alpha of its model, and what alpha
changes, as one document.

Second moments and spectra are those of the stages `second-moment` and `spectrum`, cell by cell;
where they are there already, say from MPI ranks, they are used. The parameter vectors are the same
for every alpha, so differences are paired.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.bootstrap import bootstrap_weights, unbroken_interval
from eigenscape.active_subspace.leading import Leading, leading_directions, leading_vectors, overlap
from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.active_subspace.staircase import staircase
from eigenscape.active_subspace.symmetry import ProjectedSamples, project, require_symmetry
from eigenscape.active_subspace.tree import Node
from eigenscape.config.cells import SCIENCE_SCHEMA, ModelConstrainedCell
from eigenscape.config.sizes import BLOCK
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.networks.activations import activation_named
from eigenscape.networks.sampler import PriorSampler
from eigenscape.seeding import stream_key
from eigenscape.stages.common import signals
from eigenscape.stages.common.attempts import lease_cell
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.sums import SumBySamples
from eigenscape.stages.common.verified import (
    read_confidence,
    read_verified_spectrum,
    stored_second_moment,
)
from eigenscape.store import second_moments
from eigenscape.store.documents import cached, read_document
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import discard
from eigenscape.store.shards import Shards

if TYPE_CHECKING:
    from eigenscape.model_constrained.case import Case

DESCRIPTIONS = {
    "case": "forward map and loss",
    "alpha": "weight of the model; 0: data alone",
    "parameters": "P, number of parameters",
    "samples": "N, parameter vectors drawn",
    "status": "of the raw number",
    "log10_cond": "log10 lambda_1 / lambda_P of the sample's C, in decades",
    "log10_cond_low": "lower end of its bracket",
    "log10_cond_high": "upper end of its bracket",
    "log10_cond_null": "log10 condition number of isotropic noise at the same P/N",
    "status_sym": "of the projected number",
    "log10_cond_sym": "log10 condition number of the symmetry-projected C, in decades",
    "log10_cond_sym_low": "lower end of its 95 % bootstrap interval",
    "log10_cond_sym_high": "upper end of its 95 % bootstrap interval",
    "log10_cond_sym_effective_samples": "effective N (Kish 1965) of the plateau of the fewest",
    "log10_cond_sym_largest_share": "largest part of them from one sample",
    "tail_index": "largest tail index of the squared gradients; a mean exists below 1",
    "null_directions": (
        "directions of the projected C that carry no gradient, or one that is indistinguishable"
        " from rounding error"
    ),
    "log10_cond_range": (
        "log10 condition number of the symmetry-projected C on the other directions, in decades;"
        " none beyond some 13"
    ),
    "log10_cond_range_low": "lower end of its 95 % bootstrap interval",
    "log10_cond_range_high": "upper end of its 95 % bootstrap interval",
    "reference": (
        "the alpha that the others are compared with: 0, or for TNet and TAEN, which see no data at"
        " 0, the least above it"
    ),
    "change": (
        "log10_cond_range less that at the reference, in decades, where as many directions are null"
    ),
    "change_low": "lower end of its 95 % interval, from paired resamples",
    "change_high": "upper end of its 95 % interval",
    "log10_trace": "log10 of tr C, the mean squared gradient",
    "subspace": "k, dimensions of the leading subspace that is compared: the width",
    "overlap": "mean squared cosine with the leading subspace at the reference",
    "overlap_halves": (
        "the same between the two halves of the samples at this alpha: what noise alone leaves"
    ),
    "angle": "between the leading projected direction and that at the reference, in degrees",
    "angle_low": "lower end of its 95 % interval, from paired resamples",
    "angle_high": "upper end of its 95 % interval",
    "leading_block": "block of the projected C that its largest eigenvalue belongs to",
    "step": (
        "step size of gradient descent, as a multiple of Polyak's at the start: the best of a grid"
    ),
    "least_loss": (
        "the lowest loss that was found, by L-BFGS from every replica's start or by training"
    ),
    "least_doubt": (
        "what the second half of these iterations changed of it, as a part of the median excess"
        " after training"
    ),
    "log10_excess": (
        "log10 of the loss above the least, after training over that before, median over replicas"
    ),
    "log10_excess_low": "lower quartile over replicas",
    "log10_excess_high": "upper quartile over replicas",
    "error": (
        "squared error on data not seen after training, as a part of what is known without a"
        " network; median over replicas"
    ),
    "error_low": "lower quartile over replicas",
    "error_high": "upper quartile over replicas",
}
"""Columns of the table, in order, with what they mean."""

TOLD_FROM_ROUNDING = 10.0
"""Times size, eps and the largest eigenvalue: `eigvalsh` errs by about the latter, so what is above
is right to 10 %."""


def compute_model_constrained(
    study: Study, folder: StudyFolder, name: str, *, quiet: bool = False
) -> list[dict[str, Any]]:
    """The rows of one case, computed where no document holds them yet.

    Raises:
        BadInput: the study has no such case.
        Interrupted: a signal came; finished cells are kept.
        DifferentWork: a result of other work is there.
    """
    if name not in study.model_constrained.computed:
        expected = f"one of {', '.join(study.model_constrained.computed)}"
        raise BadInput.field(
            "case", expected, name, "add it to model_constrained.cases, or choose one of them"
        )
    content = cached(
        folder.model_constrained(name),
        _identity(study, name),
        lambda: {"rows": _rows(study, folder, name, quiet)},
    )
    return list(content["rows"])


def read_model_constrained(study: Study, folder: StudyFolder) -> list[dict[str, Any]]:
    """The rows of all cases of the study.

    Raises:
        DamagedResult: a case is missing or damaged.
        DifferentWork: a document holds other work.
    """
    rows = []
    for name in study.model_constrained.computed:
        rows += read_document(folder.model_constrained(name), _identity(study, name))["rows"]
    return rows


def model_constrained_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row per case and alpha, see `DESCRIPTIONS`."""
    return pd.DataFrame(rows)[list(DESCRIPTIONS)]


def model_constrained_layers(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row per case, alpha and layer: its share of tr C with its 95 % bootstrap interval."""
    return pd.DataFrame(
        [
            {"case": row["case"], "alpha": row["alpha"], **layer}
            for row in rows
            for layer in row["layers"]
        ]
    )


def _identity(study: Study, name: str) -> dict[str, Any]:
    section, cells = study.model_constrained, study.model_constrained_cells(name)
    return {
        "kind": f"model-constrained {name}",
        "science_schema": SCIENCE_SCHEMA,
        **{key: value for key, value in cells[0].identity.items() if key != "alpha"},
        "alphas": section.alpha,
        "replicas": section.replicas,
        "training_steps": section.training_steps,
        "least_steps": section.least_steps,
        "projection": study.projection.model_dump(),
    }


def _rows(study: Study, folder: StudyFolder, name: str, quiet: bool) -> list[dict[str, Any]]:
    from eigenscape.model_constrained.problems import case_named  # noqa: PLC0415 - torch

    case = case_named(name, study.model_constrained, study.sampling.seed)
    cells = study.model_constrained_cells(name)
    progress = None if quiet else Progress(name, {cell.folder: 1.0 for cell in cells}, "weights")
    rows: list[dict[str, Any]] = []
    reference: _Reference | None = None
    compared_with = study.model_constrained.reference_of(name)
    for cell in sorted(cells, key=lambda cell: cell.alpha != compared_with):
        signals.leave_if_asked("finished cells are kept", of=name)
        compute_second_moment(study, cell, folder, OneRank(), Execution(quiet=True))
        compute_spectrum(study, cell, folder, vectors=True)
        sampler = sampler_of(study, cell)
        numbers, reference = _projected(study, cell, sampler, reference)
        raw, reference = _raw(cell, folder, sampler, reference)
        trained = _trained(study, cell, case, sampler)
        rows.append(
            {"case": name, "alpha": cell.alpha, "reference": compared_with}
            | raw
            | numbers
            | trained
        )
        if progress:
            progress.finish({cell.folder})
    return sorted(rows, key=lambda row: float(row["alpha"]))


class _Reference:
    """What the weight has that the others are compared with."""

    def __init__(self, leading: Leading, resampled: Leading, spans: np.ndarray, nulls: int) -> None:
        self.leading, self.resampled, self.spans, self.nulls = leading, resampled, spans, nulls
        self.vectors: np.ndarray | None = None


def _raw(
    cell: ModelConstrainedCell, folder: StudyFolder, sampler: PriorSampler, reference: _Reference
) -> tuple[dict[str, Any], _Reference]:
    """The sample's condition number, and its leading subspace beside that at the reference and
    between halves.
    """
    spectrum, confidence = read_verified_spectrum(cell, folder), read_confidence(cell, folder)
    dimensions = min(cell.architecture.width, spectrum.rank)
    vectors = np.asarray(spectrum.eigenvectors)[:, :dimensions]
    if reference.vectors is None:
        reference.vectors = vectors
    whole, half = second_moments.read_second_moment(folder.second_moment(cell)), cell.samples // 2
    first = first_half(cell, folder, sampler)
    counted = cell.samples - stored_second_moment(cell, folder).receipt.excluded
    second = (counted * whole - half * first) / (cell.samples - half)
    numbers = {
        "parameters": cell.architecture.parameters,
        "samples": cell.samples,
        "status": str(spectrum.status),
        **Interval(spectrum.log10_condition, confidence["low"], confidence["high"]).columns(
            "log10_cond"
        ),
        "log10_cond_null": log10_condition_null(cell.architecture.parameters, cell.samples),
        "log10_trace": math.log10(spectrum.diagonal.sum()),
        "subspace": dimensions,
        "overlap": overlap(vectors, reference.vectors[:, :dimensions]),
        "overlap_halves": overlap(
            leading_vectors(first, dimensions), leading_vectors(second, dimensions)
        ),
    }
    return numbers, reference


def first_half(
    cell: ModelConstrainedCell, folder: StudyFolder, sampler: PriorSampler
) -> np.ndarray:
    """C of the first N // 2 samples, summed in one row; what is interrupted is gone on with."""
    half, half_folder = cell.samples // 2, folder.work(cell) / "half"
    with lease_cell(cell, folder, OneRank()):
        shards = Shards(half_folder, cell, folder.quarantine)
        sums = SumBySamples(sampler, half, shards, execution=Execution(quiet=True), slots=1)
        found = sums.over(Node(0, 1)).triangle.matrix(1.0 / half)
        discard(half_folder)
    return found


def _projected(
    study: Study, cell: ModelConstrainedCell, sampler: PriorSampler, reference: _Reference | None
) -> tuple[dict[str, Any], _Reference]:
    """The projected condition number, its leading direction and the layers' shares, resampled alike
    for every alpha.
    """
    symmetry, samples = (
        require_symmetry(sampler),
        min(study.projection.samples, cell.samples),
    )
    projected = ProjectedSamples.joined(
        [
            project(sampler.block(n, min(BLOCK, samples - n))[0], cell.architecture, symmetry)
            for n in range(0, samples, BLOCK)
        ]
    )
    replicates = study.projection.replicates
    key = stream_key(study.sampling.seed, "model-constrained bootstrap", *cell.architecture.sizes)
    stairs = staircase(
        projected, replicates=replicates, key=key, relative_noise=sampler.relative_noise
    )
    weights = bootstrap_weights(samples, replicates, key)
    leading, resampled = leading_directions(projected), leading_directions(projected, weights)
    nulls = sum(plateau.value == 0 for plateau in stairs.plateaus)
    # The sample itself stands first, then its resamples.
    spans = _spans(projected, np.vstack([np.ones(samples), weights]), nulls)
    if reference is None:
        reference = _Reference(leading, resampled, spans, nulls)
    changes = (
        spans - reference.spans if nulls == reference.nulls else np.full(replicates + 1, np.nan)
    )
    inside, change = (unbroken_interval(values[0], values[1:]) for values in (spans, changes))
    angle = unbroken_interval(
        leading.degrees_from(reference.leading)[0], resampled.degrees_from(reference.resampled)
    )
    numbers: dict[str, Any] = {
        "status_sym": str(stairs.status),
        **stairs.log10_condition.columns("log10_cond_sym"),
        "tail_index": stairs.tail.index,
        "null_directions": sum(
            plateau.multiplicity for plateau in stairs.plateaus if plateau.value == 0
        ),
        **inside.columns("log10_cond_range"),
        **change.columns("change"),
        **angle.columns("angle"),
        "leading_block": projected.blocks[int(leading.blocks[0])].label,
        "layers": [
            {"layer": layer} | share.columns("share", ends="")
            for layer, share in enumerate(stairs.layer_shares, start=1)
        ],
    }
    return numbers, reference


def _spans(projected: ProjectedSamples, weights: np.ndarray, nulls: int) -> np.ndarray:
    """log10 of the largest over the smallest projected eigenvalue of every resample, (R,), without
    the ``nulls`` smallest plateaus.

    Directions without gradient are the same for all samples, so every resample has them too. NaN
    where the smallest of the others is indistinguishable from rounding error, beyond some 13
    decades.
    """
    values = np.concatenate(
        [
            np.linalg.eigvalsh((mean + mean.transpose(0, 2, 1)) / 2)
            for mean in projected.means(weights)
        ],
        axis=1,
    )
    values.sort(axis=1)
    smallest, largest = values[:, nulls], values[:, -1]
    told = smallest > TOLD_FROM_ROUNDING * values.shape[1] * np.finfo(np.float64).eps * largest
    return np.where(told, np.log10(largest / np.where(told, smallest, 1.0)), np.nan)


def _trained(
    study: Study, cell: ModelConstrainedCell, case: Case, sampler: PriorSampler
) -> dict[str, Any]:
    """Gradient descent from the first samples of the prior, measured against the least loss, and
    the error on data not seen.
    """
    import torch  # noqa: PLC0415

    from eigenscape.model_constrained.least import least_losses  # noqa: PLC0415
    from eigenscape.model_constrained.training import descend  # noqa: PLC0415

    section, activation = study.model_constrained, activation_named(study.network.activation)
    start = torch.from_numpy(sampler.parameters(0, section.replicas).astype(np.float64))
    loss = case.loss_factory(cell.architecture, activation, cell.alpha)(start)
    lowest = least_losses(loss, start, section.least_steps)
    found = descend(loss, start, section.training_steps, float(lowest.losses.min()))
    error = (
        torch.func.vmap(case.error_factory(cell.architecture, activation)(start))(found.parameters)
        .detach()
        .numpy()
    )
    excess = float(np.median(found.last_losses)) - found.least
    doubt = (
        (float(lowest.halfway.min()) - float(lowest.losses.min())) / excess
        if excess > 0
        else math.inf
    )
    numbers: dict[str, Any] = {
        "step": found.factor,
        "least_loss": found.least,
        "least_doubt": doubt,
    }
    for name, values in (("log10_excess", found.log10_excess), ("error", error)):
        # Replicas themselves stand for the quartiles: between infinite ones nothing can be
        # interpolated.
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75], method="nearest")
        numbers |= Interval(median, low, high).columns(name)
    return numbers
