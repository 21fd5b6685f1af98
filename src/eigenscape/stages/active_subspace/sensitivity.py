"""The stage `sensitivity`: how far the condition number of one network depends on what a source
leaves unsaid.

The published pages give neither input interval nor number of points, loss or activation. So one
network's symmetry-projected condition number is computed for all of them: input interval x points x
loss x prior x activation. The target stays sin(2 pi x) on every interval; on [0, 2 pi] it has 2 pi
periods where [0, 1] has one, so the interval changes the task and not only its inputs. 20 points on
[-pi, pi] or [0, 2 pi] are 3 a period.

The root-mean-square loss is the square root of the mean squared residual: grad sqrt(L) = grad L /
(2 sqrt L). Its second moment weighs every parameter vector by 1/(4 L), so vectors with a large loss
count for less.

All settings see the same standard draws: rows differ by their setting, less by chance. Each prior
with an activation is a document of its own, so the stage may be interrupted; the table is written
from the documents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.staircase import staircase
from eigenscape.active_subspace.symmetry import (
    ProjectedSamples,
    project,
    require_fully_connected,
    require_symmetry,
)
from eigenscape.architecture import Architecture
from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.sizes import BLOCK
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, NotFiniteGradient
from eigenscape.networks.activations import ACTIVATIONS, activation_named
from eigenscape.networks.mean_field import mean_field_of
from eigenscape.networks.priors import PRIORS, prior_named
from eigenscape.networks.problems import sine_regression
from eigenscape.networks.sampler import Sampler, none_counts
from eigenscape.networks.symmetry import symmetry_of
from eigenscape.seeding import stream_key
from eigenscape.stages.common import signals
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.samplers import fully_connected_sampler
from eigenscape.stages.common.tables import write_csv
from eigenscape.store.documents import cached
from eigenscape.store.io_log import note_read
from eigenscape.store.layout import StudyFolder

INTERVALS = {
    "[-1, 1]": (-1.0, 1.0),
    "[0, 1]": (0.0, 1.0),
    "[-pi, pi]": (-math.pi, math.pi),
    "[0, 2pi]": (0.0, 2 * math.pi),
}
"""Input intervals by the name that tables and figures give them."""

DESCRIPTIONS = {
    "activation": "of the hidden units",
    "prior": "over parameter vectors, as in the configuration",
    "interval": "input interval",
    "points": "n, equispaced inputs, both ends included",
    "loss": "mse, the mean squared residual; or rmse, its square root",
    "depth": "L, hidden layers",
    "width": "w, neurons per hidden layer",
    "parameters": "P",
    "samples": "N, parameter vectors drawn",
    "symmetry": "group under which the second moment is averaged",
    "status": "of the condition number: finite, heavy_tailed, rank_deficient or below_floor",
    "log10_cond_sym": (
        "log10 condition number of the symmetry-projected second moment, in decades; inf where"
        " a direction is null or not resolved"
    ),
    "log10_cond_sym_low": "lower end of its 95 % bootstrap interval",
    "log10_cond_sym_high": "upper end of its 95 % bootstrap interval",
    "log10_cond_sym_effective_samples": "effective N (Kish 1965) of the plateau of the fewest",
    "log10_cond_sym_largest_share": "largest part of them from one sample",
    "tail_index": "largest tail index of the squared gradients; a mean exists below 1",
    "chi_1": (
        "growth of the gradient's second moment per layer towards the input, mean field; knows"
        " neither data nor loss"
    ),
    "log10_ladder": "(L-1) log10 chi_1, in decades",
    "share_first": "share of tr C in the first layer, weights and bias",
    "share_first_low": "lower end of its 95 % bootstrap interval",
    "share_first_high": "upper end of its 95 % bootstrap interval",
    "share_first_effective_samples": "effective N of the squared gradients behind it",
    "share_first_largest_share": "largest part of them from one sample",
    "share_last": "share of tr C in the output layer, weights and bias",
    "share_last_low": "lower end of its 95 % bootstrap interval",
    "share_last_high": "upper end of its 95 % bootstrap interval",
    "share_last_effective_samples": "effective N of the squared gradients behind it",
    "share_last_largest_share": "largest part of them from one sample",
}
"""Columns in order, with what they mean."""


class Loss(StrEnum):
    """The loss whose gradient is reduced."""

    MSE = "mse"
    """L = (1/n) sum_i |f(x_i) - y_i|^2."""
    RMSE = "rmse"
    """sqrt(L)."""


@dataclass(frozen=True)
class Sweep:
    """The settings that are combined, each with each.

    Attributes:
        intervals: names in `INTERVALS`.
        points: numbers of data points.
        priors: names in `PRIORS`.
        activations: names in `ACTIVATIONS`.

    Raises:
        BadInput: an unknown name, or fewer than two points.

    Example:
        >>> sweep = Sweep()
        >>> settings = len(sweep.intervals) * len(sweep.points) * len(sweep.priors)
        >>> settings * len(sweep.activations) * len(Loss)
        480
    """

    intervals: tuple[str, ...] = tuple(INTERVALS)
    points: tuple[int, ...] = (20, 50, 200)
    priors: tuple[str, ...] = tuple(PRIORS)
    activations: tuple[str, ...] = tuple(ACTIVATIONS)

    def __post_init__(self) -> None:
        for name in self.activations:
            activation_named(name)
        for name in self.priors:
            prior_named(name)
        for name in self.intervals:
            if name not in INTERVALS:
                raise BadInput.field(
                    "interval", f"one of {', '.join(INTERVALS)}", name, "choose one of them"
                )
        if not all(count >= 2 for count in self.points):
            raise BadInput.field(
                "points",
                "numbers of at least 2",
                str(list(self.points)),
                "both ends of an interval are points",
            )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every activation with every prior, the units of work."""
        return [(activation, prior) for activation in self.activations for prior in self.priors]


def compute_sensitivity(
    study: Study,
    folder: StudyFolder,
    depth: int = 5,
    width: int = 20,
    samples: int = 300,
    replicates: int = 200,
    sweep: Sweep = Sweep(),
    *,
    quiet: bool = False,
) -> Path:
    """Write ``tables/sensitivity.csv``, a row per setting (see `DESCRIPTIONS`); what is already
    known is not computed again.

    Args:
        study: gives the seed and the precision; its problem, prior and activation are what is
            varied.
        folder: of the results.
        depth: L.
        width: w.
        samples: N. A plateau is also an average over units, so few samples serve: intervals span
            some tenths of a decade.
        replicates: bootstrap resamples behind every interval.
        sweep: the settings.
        quiet: show no progress.

    Returns:
        The table's path. Its numbers stand in ``sensitivity/<network>/<activation>-<prior>.json``
        too.

    Raises:
        Interrupted: a signal came; finished pairs of activation and prior are kept.
        DifferentWork: a document of other work is there.
        DamagedResult: a document is damaged.
        NotFiniteGradient: a gradient holds an infinity or NaN, or a loss of exactly 0 has no root's
            gradient.
    """
    architecture = Architecture(depth, width)
    documents = folder.root / "sensitivity" / architecture.label
    names = {pair: "-".join(pair) for pair in sweep.pairs}
    done = {name for name in names.values() if (documents / f"{name}.json").exists()}
    work = dict.fromkeys(names.values(), 1.0)
    progress = None if quiet else Progress("sensitivity", work, "pairs", done=done)
    rows: list[dict[str, Any]] = []
    for pair, name in names.items():
        setting = (study, architecture, samples, replicates, sweep, *pair)
        content = cached(
            documents / f"{name}.json", _identity(*setting), partial(_content, *setting)
        )
        rows += content["rows"]
        if progress:
            progress.finish({name})
    path = table_path(folder)
    write_csv(_as_table(rows), path)
    return path


def table_path(folder: StudyFolder) -> Path:
    """``results/<study>/tables/sensitivity.csv``."""
    return folder.table.with_name("sensitivity.csv")


def read_sensitivity(csv: Path) -> pd.DataFrame:
    """The table as `compute_sensitivity` wrote it."""
    note_read(csv)
    return pd.read_csv(csv)


def _identity(
    study: Study,
    architecture: Architecture,
    samples: int,
    replicates: int,
    sweep: Sweep,
    activation: str,
    prior: str,
) -> dict[str, Any]:
    """Everything that decides the rows of one pair."""
    return {
        "kind": "sensitivity",
        "bootstrap": "with fitted Pareto tails",
        "science_schema": SCIENCE_SCHEMA,
        "sizes": list(architecture.sizes),
        "seed": study.sampling.seed,
        "precision": study.sampling.precision,
        "samples": samples,
        "replicates": replicates,
        "intervals": [[name, *INTERVALS[name]] for name in sweep.intervals],
        "points": list(sweep.points),
        "losses": [str(loss) for loss in Loss],
        "activation": activation,
        "prior": prior,
    }


def _content(*setting: Any) -> dict[str, Any]:
    """The document of one pair, unless a signal asks to stop before it is begun."""
    signals.leave_if_asked("finished pairs are kept")
    return {"rows": _rows(*setting)}


def _rows(
    study: Study,
    architecture: Architecture,
    samples: int,
    replicates: int,
    sweep: Sweep,
    activation: str,
    prior: str,
) -> list[dict[str, Any]]:
    """All intervals, points and losses of one activation and prior."""
    seed = study.sampling.seed
    field = mean_field_of(activation_named(activation), prior_named(prior), architecture)
    common = {
        "depth": architecture.depth,
        "width": architecture.width,
        "parameters": architecture.parameters,
        "samples": samples,
        "symmetry": str(symmetry_of(activation_named(activation), prior_named(prior))),
        "chi_1": field.chi_1,
        "log10_ladder": field.log10_layer_profile(architecture.depth),
    }
    rows = []
    for interval in sweep.intervals:
        for points in sweep.points:
            sampler = fully_connected_sampler(
                study,
                architecture,
                activation=activation_named(activation),
                prior=prior_named(prior),
                problem=sine_regression(INTERVALS[interval], points),
                key=stream_key(seed, "sensitivity", *architecture.sizes),
            )
            projected = projected_by_loss(sampler, samples)
            for loss in Loss:
                setting = {
                    "activation": activation,
                    "prior": prior,
                    "interval": interval,
                    "points": points,
                    "loss": str(loss),
                }
                key = stream_key(seed, "sensitivity bootstrap", *architecture.sizes)
                rows.append(
                    setting
                    | common
                    | _numbers(projected[loss], replicates, key, sampler.relative_noise)
                )
    return rows


def projected_by_loss(sampler: Sampler, samples: int) -> dict[Loss, ProjectedSamples]:
    """The projected contributions of the first N samples for both losses, from one pass over the
    gradients.

    Rows of the root-mean-square loss are those of the mean squared one, divided by 2 sqrt(L).

    Raises:
        NotFiniteGradient: a gradient holds an infinity or NaN, or a loss is exactly 0; or no sample
            counts.
    """
    parts: dict[Loss, list[ProjectedSamples]] = {loss: [] for loss in Loss}
    architecture, symmetry = require_fully_connected(sampler), require_symmetry(sampler)
    for first in range(0, samples, BLOCK):
        gradients, losses = (
            array.astype(np.float64) for array in sampler.block(first, min(BLOCK, samples - first))
        )
        if not losses.all():
            raise NotFiniteGradient(
                f"sample {first + int(np.argmin(losses))} of {sampler.architecture.label}: expected"
                " a positive loss, found 0, where sqrt(L) has no gradient; choose other points"
            )
        counts = ~np.isnan(losses)
        gradients, losses = gradients[counts], losses[counts]
        parts[Loss.MSE].append(project(gradients, architecture, symmetry))
        parts[Loss.RMSE].append(
            project(gradients / (2 * np.sqrt(losses))[:, None], architecture, symmetry)
        )
    if not any(part.samples for part in parts[Loss.MSE]):
        raise none_counts(sampler)
    return {loss: ProjectedSamples.joined(found) for loss, found in parts.items()}


def _numbers(
    samples: ProjectedSamples, replicates: int, key: int, relative_noise: float
) -> dict[str, Any]:
    """What is found of one setting and loss."""
    stairs = staircase(samples, replicates=replicates, key=key, relative_noise=relative_noise)
    return {
        "status": str(stairs.status),
        **stairs.log10_condition.columns("log10_cond_sym"),
        "tail_index": stairs.tail.index,
        **stairs.layer_shares[0].columns("share_first"),
        **stairs.layer_shares[-1].columns("share_last"),
    }


def _as_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(DESCRIPTIONS))
