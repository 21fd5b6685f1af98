"""The stages `importance` and `criticality`: which layers matter, for whom, and why.

`importance` looks at the headline network under the study's prior and under a second one, so that
what belongs to the prior is seen to; `criticality` sweeps the scale of the weights through chi_1 =
1.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.bootstrap import bootstrap_weights, percentile_interval
from eigenscape.active_subspace.bulk import family_intervals, sign_null
from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.importance import (
    activity_scores,
    block_masses,
    block_purity,
    layer_centroids,
    leading_replicates,
)
from eigenscape.active_subspace.importance_tests import centroid_order, purity_interval, purity_test
from eigenscape.active_subspace.layer_shares import (
    TREND_GROUPS,
    LayerProfileSlope,
    LayerShares,
    layer_profile_slope,
    layer_share_intervals,
    ordered_trend,
)
from eigenscape.active_subspace.layer_statistics import gradient_blocks, squared_gradients_by_layer
from eigenscape.active_subspace.resampling import (
    active_dimension,
    gradient_coordinates,
    outermost,
    subspace_errors,
)
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.architecture import Architecture, ModuleArchitecture
from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.sizes import JACKKNIFE_GROUPS
from eigenscape.config.study import Study
from eigenscape.interval import Interval, column_names
from eigenscape.networks.activations import activation_named
from eigenscape.networks.mean_field import mean_field, mean_field_of
from eigenscape.networks.priors import prior_named, scaled_normal
from eigenscape.networks.problems import Problem
from eigenscape.seeding import stream_key
from eigenscape.stages.common.samplers import (
    fully_connected_sampler,
    sampler_of,
    sampler_of_network,
)
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.documents import cached
from eigenscape.store.layout import StudyFolder

LEAST_DEPTH_OF_TREND = 4
"""Three hidden-to-hidden layers: fewer have hardly an order to test."""

CONTRAST = {"standard_normal": "pytorch_default"}
"""The second prior beside the study's own; the standard normal beside every other one."""


def headline_importance(study: Study, folder: StudyFolder) -> dict[str, Any]:
    """What the layers of the headline network carry, computed once and kept as a document.

    Raises:
        DamagedResult: the headline spectrum is missing or damaged.
        DifferentWork: a document of other work is there.
    """
    cell = study.headline_cell
    path = folder.root / cell.folder / "importance.json"
    identity = {"kind": "importance", **cell.identity, "replicates": study.projection.replicates}
    return cached(path, identity, partial(_headline_importance, study, folder))


def _headline_importance(study: Study, folder: StudyFolder) -> dict[str, Any]:
    cell = study.headline_cell
    spectrum = read_verified_spectrum(cell, folder)
    of_vectors = _eigenvectors(study, spectrum)
    # P^2 numbers less beside what the jackknife holds
    spectrum = replace(spectrum, eigenvectors=None)
    own = (study.prior.kind,)
    names = (
        own
        if study.problem.kind == "module"
        else (*own, CONTRAST.get(study.prior.kind, "standard_normal"))
    )
    return {
        "priors": [_under_prior(study, cell.architecture, cell.samples, name) for name in names],
        "family": _family(study, spectrum),
        **of_vectors,
    }


def _under_prior(
    study: Study, architecture: Architecture, samples: int, name: str
) -> dict[str, Any]:
    """Shares, slope and trend of a network under one prior."""
    prior = None if isinstance(architecture, ModuleArchitecture) else prior_named(name)
    sampler = sampler_of_network(study, architecture, prior=prior)
    masses = squared_gradients_by_layer(sampler, range(samples))
    weights = bootstrap_weights(
        len(masses),
        study.projection.replicates,
        stream_key(study.sampling.seed, "importance", *architecture.sizes),
    )
    shares = layer_share_intervals(masses, architecture, weights)
    content: dict[str, Any] = {
        "prior": name,
        **shares.shares.columns("shares", ends=""),
    }
    if prior is None:
        return content
    activation = activation_named(study.network.activation)
    content["chi_1"] = mean_field_of(activation, prior, architecture).chi_1
    if architecture.depth >= LEAST_DEPTH_OF_TREND and len(masses) > 1:
        slope, trend = (
            layer_profile_slope(masses, architecture, weights),
            ordered_trend(masses, architecture, min(TREND_GROUPS, len(masses))),
        )
        content |= {
            **slope.slope.columns("slope"),
            "log10_means": slope.log10_means.tolist(),
            "trend": trend.rank_correlation,
            "p_earlier": trend.p_earlier,
            "p_later": trend.p_later,
        }
    return content


def _family(study: Study, spectrum: Spectrum) -> dict[str, dict[str, float]]:
    """Every condition number of the headline with its jackknife interval, and what random signs
    would give.
    """
    cell = study.headline_cell
    architecture = cell.architecture
    sampler = sampler_of(study, cell)
    null = condition_numbers(
        sign_null(
            sampler, cell.samples, stream_key(study.sampling.seed, "signs", *architecture.sizes)
        ),
        architecture,
    )
    groups = min(JACKKNIFE_GROUPS, cell.samples)
    intervals = (
        family_intervals(sampler, cell.samples, groups, spectrum) if cell.samples > 1 else {}
    )
    return {
        name: {**interval.columns("value", ends=""), "null": null[name]}
        for name, interval in intervals.items()
    }


def family_table(content: dict[str, Any]) -> pd.DataFrame:
    """A row per member of the family: value, interval and null of the headline network."""
    return pd.DataFrame(
        [{"number": name, **row} for name, row in content["family"].items()],
        columns=["number", "value", "low", "high", "null"],
    )


def _eigenvectors(study: Study, spectrum: Spectrum) -> dict[str, Any]:
    """Purity, order and stability of the eigenvectors of the headline."""
    cell, seed = study.headline_cell, study.sampling.seed
    architecture = cell.architecture
    vectors = spectrum.eigenvectors
    if vectors is None:
        return {}
    sizes, width = architecture.sizes, min(architecture.width, architecture.parameters)
    blocks = block_masses(vectors, architecture)
    purity = purity_test(vectors, architecture, stream_key(seed, "purity", *sizes))
    purity_over_vectors = purity_interval(blocks, stream_key(seed, "purity interval", *sizes))
    order = centroid_order(layer_centroids(blocks), stream_key(seed, "centroids", *sizes))
    dimension = active_dimension(spectrum.eigenvalues)
    directions = outermost(vectors, 2 * width)
    along = gradient_coordinates(
        gradient_blocks(sampler_of(study, cell), range(cell.samples)), directions
    )
    weights = bootstrap_weights(
        cell.samples, study.projection.replicates, stream_key(seed, "subspace", *sizes)
    )
    errors = subspace_errors(along, [1, width], weights)
    leading = min(2 * width, directions.shape[1])
    activity = activity_scores(spectrum.eigenvalues, vectors, width).scores
    replicates = leading_replicates(
        along[:, :leading], directions[:, :leading], architecture, width, weights
    )
    activities = replicates.layer_activity()
    layer_activity = percentile_interval(
        np.array([activity[layer.whole].sum() / activity.sum() for layer in architecture.layers]),
        activities / activities.sum(axis=1, keepdims=True),
    )
    leading_purity, purities = block_purity(blocks[:, :width]), replicates.purity()
    leading_purity_interval = percentile_interval(
        leading_purity, leading_purity + purities - np.median(purities)
    )
    return {
        **layer_activity.columns("activity"),
        **purity_over_vectors.columns("purity"),
        **leading_purity_interval.columns("leading_purity"),
        "purity_of_random_basis": purity.random_basis,
        "purity_p": purity.p_value,
        **order.columns("centroid_rho"),
        "largest_gap": dimension.absolute_gap,
        "largest_log_gap": dimension.log_gap,
        "energy_99": dimension.retained_energy,
        "subspace_error_1": float(errors.mean[0]),
        "subspace_error_width": float(errors.mean[1]),
    }


def importance_table(study: Study, content: dict[str, Any]) -> pd.DataFrame:
    """A row per prior and layer of the headline network: the layer's share of tr C and of the
    activity of w directions.

    Activity is known for the study's own prior, whose eigenvectors are computed.
    """
    rows = []
    for number, prior in enumerate(content["priors"]):
        for index, layer in enumerate(study.headline_cell.architecture.layers):
            row = {
                "prior": prior["prior"],
                "layer": layer.name or index + 1,
                "parameters": layer.parameters,
            }
            row |= Interval.of_columns(prior, "shares", ends="").at(index).columns("share")
            for name in column_names("activity"):
                row[name] = content[name][index] if number == 0 and name in content else np.nan
            rows.append(row)
    return pd.DataFrame(rows)


def shares_of(content: dict[str, Any], architecture: Architecture) -> LayerShares:
    """The layer shares of one prior, as the figure takes them."""
    parts = np.array([layer.parameters for layer in architecture.layers]) / architecture.parameters
    shares = Interval.of_columns(content, "shares", ends="")
    return LayerShares(Interval(*map(np.array, shares)), parts)


def slope_of(content: dict[str, Any], architecture: Architecture) -> LayerProfileSlope | None:
    """The slope of one prior, as the figure takes it; None where the network has too few
    layers.
    """
    if "slope" not in content:
        return None
    return LayerProfileSlope(
        np.arange(2, architecture.depth + 1),
        np.array(content["log10_means"]),
        Interval.of_columns(content, "slope"),
    )


def criticality_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """The slope of the layer profile over a sweep of the weights' scale, for the study's problem
    and for one point.

    The columns sigma_w, chi_1, slope, low, high and series are what
    `figures.active_subspace.layer_profile_sweep` draws. The table is kept as a document.

    Raises:
        DifferentWork: a document of other work is there.
    """
    section = study.criticality
    path = folder.root / "criticality.json"
    identity = {
        "kind": "criticality",
        "science_schema": SCIENCE_SCHEMA,
        **study.facts,
        **section.model_dump(),
    }
    return pd.DataFrame(cached(path, identity, lambda: {"rows": _sweep(study)})["rows"])


def _sweep(study: Study) -> list[dict[str, Any]]:
    section = study.criticality
    architecture = Architecture(section.depth, section.width)
    whole = fully_connected_sampler(study, architecture).loss.problem
    middle = whole.points * 2 // 3
    one = Problem(whole.inputs[middle : middle + 1], whole.targets[middle : middle + 1])
    key = stream_key(study.sampling.seed, "criticality", *architecture.sizes)
    rows = []
    for weight_std in section.weight_std:
        prior = scaled_normal(weight_std, section.bias_std)
        field = mean_field(
            activation_named(study.network.activation), weight_std**2, section.bias_std**2
        )
        for problem, series in ((whole, f"{whole.points} data points"), (one, "1 data point")):
            sampler = fully_connected_sampler(study, architecture, prior=prior, problem=problem)
            masses = squared_gradients_by_layer(sampler, range(section.samples))
            weights = bootstrap_weights(len(masses), study.projection.replicates, key)
            slope = layer_profile_slope(masses, architecture, weights)
            rows.append(
                {
                    "sigma_w": weight_std,
                    "chi_1": field.chi_1,
                    **slope.slope.columns("slope", ends=""),
                    "series": series,
                }
            )
    return rows
