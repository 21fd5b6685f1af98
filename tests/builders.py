"""Test data that several files share: small studies, samplers, matrices with known spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eigenscape.active_subspace.triangle import Triangle
from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.networks.activations import TANH, Activation
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.network_loss import NetworkLoss, fully_connected
from eigenscape.networks.priors import StandardDraw, prior_named
from eigenscape.networks.problems import Problem, sine_regression
from eigenscape.networks.sampler import Device
from eigenscape.networks.sampling import fill_parameters

EPSILON = float(np.finfo(np.float64).eps)


def small_study(**sections: Mapping[str, Any]) -> Study:
    """Four networks of 10 to 61 parameters, of which the largest is over the limit; seconds to
    compute.
    """
    mapping: dict[str, Any] = {
        "study": "small",
        "problem": {"points": 12},
        "grid": {"depth": [1, 3], "width": [3, 5]},
        "headline": {"depth": 2, "width": 4, "samples": 80},
        "sampling": {"samples_per_parameter": 4, "raw_parameter_limit": 60},
        "large": {"depth": []},
    }
    for section, keys in sections.items():
        mapping[section] = {**mapping.get(section, {}), **keys}
    return Study.from_mapping(mapping)


def sampler(
    architecture: Architecture,
    *,
    activation: Activation = TANH,
    prior: str = "standard_normal",
    problem: Problem | None = None,
    key: int = 11,
    precision: type[np.floating] = np.float64,
    device: Device = Device.CPU,
) -> GradientSampler[NetworkLoss]:
    """Gradients of a sine regression on ten points, unless told otherwise."""
    data = sine_regression(points=10) if problem is None else problem
    return fully_connected(
        architecture,
        activation,
        prior_named(prior),
        data,
        key,
        precision=precision,
        device=device,
    )


def draws(
    count: int,
    parameters: int,
    *,
    first: int = 0,
    key: int = 5,
    draw: StandardDraw = StandardDraw.NORMAL,
) -> np.ndarray:
    """Standard draws, (count, parameters) float64."""
    filled = np.empty((count, parameters))
    fill_parameters(filled, first, key, np.ones(parameters), draw)
    return filled


def matrix_of(triangle: Triangle, scale: float = 1.0) -> np.ndarray:
    """The full symmetric matrix of a triangle."""
    return triangle.matrix(scale)


def gram(gradients: np.ndarray) -> np.ndarray:
    """G^T G by the project's triangle."""
    triangle = Triangle(gradients.shape[1])
    triangle.add_gram(np.ascontiguousarray(gradients, np.float64))
    return matrix_of(triangle)


def second_moment(gradients: np.ndarray) -> np.ndarray:
    """(1/N) G^T G, symmetric to the last bit."""
    product = gradients.T @ gradients / len(gradients)
    return np.tril(product) + np.tril(product, -1).T


def orthogonal(size: int, seed: int = 0) -> np.ndarray:
    """A Haar-random orthogonal matrix."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    return q * np.sign(np.diagonal(r))


def with_spectrum(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """A symmetric matrix Q diag(values) Q^T."""
    q = orthogonal(len(values), seed)
    product = (q * values) @ q.T
    return np.tril(product) + np.tril(product, -1).T


def graded_matrix(size: int, decades: float, seed: int = 0) -> np.ndarray:
    """D A D in random order: diagonal D such that the variances span ``decades``, A a
    well-conditioned Gram matrix.
    """
    generator = np.random.default_rng(seed)
    columns = generator.standard_normal((4 * size, size)) * 10.0 ** generator.permutation(
        np.linspace(0, -decades / 2, size)
    )
    return second_moment(columns)


def ill_conditioned_graded_matrix(
    size: int, decades: float, least: float, seed: int = 0
) -> np.ndarray:
    """D A D in random order: D as above, A with eigenvalues from 1 down to ``least``."""
    deviations = 10.0 ** np.random.default_rng(seed).permutation(np.linspace(0, -decades / 2, size))
    return with_spectrum(np.geomspace(1, least, size), seed) * np.outer(deviations, deviations)
