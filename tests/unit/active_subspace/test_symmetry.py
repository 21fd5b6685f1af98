"""The symmetry theorem against sampled matrices (F4), and the projection against group averages
done by hand.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from builders import sampler

from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.active_subspace.staircase import staircase
from eigenscape.active_subspace.symmetry import ProjectedSamples, project, require_symmetry
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import LINEAR, RELU, SIGMOID, TANH
from eigenscape.networks.network_loss import fully_connected
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import sine_regression
from eigenscape.networks.symmetry import Symmetry, symmetry_of

LOPSIDED = sine_regression((-0.3, 1.0), 10)
"""Inputs without the symmetry of their own that an odd target on a symmetric grid has."""

SHAPES = [
    Architecture(1, 3),
    Architecture(2, 3),
    Architecture(3, 2),
    Architecture(2, 2, inputs=2, outputs=2),
    Architecture(2, 1),
]


def permutation_matrices(architecture: Architecture) -> list[np.ndarray]:
    """Every permutation of hidden units, as P x P matrices that act on the parameter vector."""
    matrices = []
    for choice in itertools.product(
        itertools.permutations(range(architecture.width)), repeat=architecture.depth
    ):
        matrices.append(
            _acting(architecture, [np.eye(architecture.width)[list(order)] for order in choice])
        )
    return matrices


def sign_matrices(architecture: Architecture) -> list[np.ndarray]:
    """Every choice of signs of hidden units."""
    signs = itertools.product((1.0, -1.0), repeat=architecture.width * architecture.depth)
    width = architecture.width
    return [
        _acting(
            architecture,
            [
                np.diag(s[layer * width : (layer + 1) * width])
                for layer in range(architecture.depth)
            ],
        )
        for s in signs
    ]


def _acting(architecture: Architecture, hidden: list[np.ndarray]) -> np.ndarray:
    """The action of orthogonal transformations of the hidden layers on the parameter vector: W ->
    Q_in^T W Q_out.
    """
    transformations = [np.eye(architecture.inputs), *hidden, np.eye(architecture.outputs)]
    matrix = np.zeros((architecture.parameters,) * 2)
    for layer, (incoming, outgoing) in zip(
        architecture.layers, itertools.pairwise(transformations), strict=True
    ):
        matrix[layer.weight, layer.weight] = np.kron(incoming.T, outgoing.T)
        matrix[layer.bias, layer.bias] = outgoing.T
    return matrix


def group_average(second_moment: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
    """The mean of Q C Q^T over a group: the definition of the projection, by brute force."""
    return sum(q @ second_moment @ q.T for q in matrices) / len(matrices)


def eigenvalues_of(samples: ProjectedSamples) -> np.ndarray:
    """All P eigenvalues of the projected C, descending, from its blocks."""
    values = [
        np.repeat(np.linalg.eigvalsh(mean[0]), block.multiplicity)
        for block, mean in zip(samples.blocks, samples.means(), strict=True)
    ]
    return np.sort(np.concatenate(values))[::-1]


@pytest.mark.parametrize("architecture", SHAPES, ids=lambda a: f"{a.sizes}")
def test_permutation_projection_is_the_average_over_the_group(architecture: Architecture) -> None:
    gradients = np.random.default_rng(0).standard_normal((7, architecture.parameters))
    averaged = group_average(gradients.T @ gradients / 7, permutation_matrices(architecture))
    projected = eigenvalues_of(project(gradients, architecture, Symmetry.PERMUTATIONS))
    # eigvalsh of a P x P matrix errs by P eps lambda_1 < 1e-13
    np.testing.assert_allclose(projected, np.linalg.eigvalsh(averaged)[::-1], atol=1e-12)


@pytest.mark.parametrize("architecture", SHAPES, ids=lambda a: f"{a.sizes}")
def test_sign_projection_is_the_average_over_the_group(architecture: Architecture) -> None:
    gradients = np.random.default_rng(1).standard_normal((7, architecture.parameters))
    averaged = group_average(gradients.T @ gradients / 7, permutation_matrices(architecture))
    averaged = group_average(averaged, sign_matrices(architecture))
    projected = eigenvalues_of(project(gradients, architecture, Symmetry.PERMUTATIONS_AND_SIGNS))
    np.testing.assert_allclose(projected, np.linalg.eigvalsh(averaged)[::-1], atol=1e-12)


@pytest.mark.parametrize("symmetry", Symmetry)
@pytest.mark.parametrize("architecture", SHAPES, ids=lambda a: f"{a.sizes}")
def test_projection_keeps_the_trace_and_the_number_of_eigenvalues(
    architecture: Architecture, symmetry: Symmetry
) -> None:
    gradients = np.random.default_rng(2).standard_normal((5, architecture.parameters))
    values = eigenvalues_of(project(gradients, architecture, symmetry))
    assert len(values) == architecture.parameters
    assert values.sum() == pytest.approx((gradients**2).sum() / 5, rel=1e-12)
    assert values.min() >= -1e-13 * values.max()


@pytest.mark.parametrize("symmetry", Symmetry)
def test_projection_of_a_symmetric_matrix_changes_nothing(symmetry: Symmetry) -> None:
    """Idempotence: the columns of a square root of an invariant matrix, taken as gradients, project
    to its own spectrum.
    """
    architecture = Architecture(2, 3)
    gradients = np.random.default_rng(3).standard_normal((9, architecture.parameters))
    averaged = group_average(gradients.T @ gradients / 9, permutation_matrices(architecture))
    if symmetry is Symmetry.PERMUTATIONS_AND_SIGNS:
        averaged = group_average(averaged, sign_matrices(architecture))
    values, vectors = np.linalg.eigh(averaged)
    roots = (vectors * np.sqrt(np.maximum(values, 0) * len(values))).T
    np.testing.assert_allclose(
        eigenvalues_of(project(roots, architecture, symmetry)), values[::-1], atol=1e-12
    )


@pytest.mark.parametrize(("depth", "distinct"), [(1, 4), (2, 6), (3, 8), (7, 16)])
def test_odd_activations_give_2_depth_plus_2_distinct_eigenvalues(
    depth: int, distinct: int
) -> None:
    gradients = np.random.default_rng(4).standard_normal((3, Architecture(depth, 4).parameters))
    samples = project(gradients, Architecture(depth, 4), Symmetry.PERMUTATIONS_AND_SIGNS)
    assert sum(block.size for block in samples.blocks) == distinct


def test_symmetry_follows_the_activation() -> None:
    prior = prior_named("standard_normal")
    assert symmetry_of(TANH, prior) is symmetry_of(LINEAR, prior) is Symmetry.PERMUTATIONS_AND_SIGNS
    assert symmetry_of(RELU, prior) is symmetry_of(SIGMOID, prior) is Symmetry.PERMUTATIONS


def test_a_prior_without_the_symmetry_is_not_projected() -> None:
    lopsided = replace(prior_named("standard_normal"), symmetric=False)
    source = fully_connected(Architecture(1, 2), TANH, lopsided, LOPSIDED, key=0)
    assert source.symmetry is symmetry_of(TANH, lopsided) is None
    with pytest.raises(
        BadInput,
        match=r"prior: expected one with independent parameters.* not symmetric.*; use the raw",
    ):
        require_symmetry(source)


@pytest.mark.parametrize(
    ("activation", "prior"),
    [(TANH, "standard_normal"), (LINEAR, "standard_normal"), (TANH, "pytorch_default")],
)
def test_entries_that_the_theorem_puts_to_zero_are_zero_to_sampling_noise(
    activation, prior: str
) -> None:
    """F4: the z-scores of E[g_i g_j] over all pairs of different signatures have root mean square
    1.

    12,720 pairs of a 3 x 8 network from 20,000 samples are correlated, so the mean of z^2 spreads
    by more than the 1/sqrt(pairs) = 0.9 % of independent ones; 5 % is what its spread over seeds
    (sd 1.5 %) allows at three sigma.
    """
    architecture = Architecture(3, 8)
    gradients, _ = sampler(
        architecture, activation=activation, prior=prior, problem=LOPSIDED
    ).block(0, 20_000)
    signature = signatures(architecture)
    first, second = np.triu_indices(architecture.parameters, 1)
    different = np.array([signature[i] != signature[j] for i, j in zip(first, second, strict=True)])
    squares = gradients**2
    mean = gradients.T @ gradients / len(gradients)
    variance = squares.T @ squares / len(gradients) - mean**2
    z = (mean / np.sqrt(variance / len(gradients)))[first[different], second[different]]
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.05)
    # and a pair within a signature, W1_1 and b1_1, is not zero: the test can tell
    assert np.abs((mean / np.sqrt(variance / len(gradients)))[0, 8]) > 5


def test_relu_has_no_sign_symmetry() -> None:
    """The same statistic is far from 1 where the theorem does not hold."""
    architecture = Architecture(3, 8)
    gradients, _ = sampler(architecture, activation=RELU, problem=LOPSIDED).block(0, 20_000)
    mean = gradients.T @ gradients / len(gradients)
    variance = (gradients**2).T @ (gradients**2) / len(gradients) - mean**2
    signature = signatures(architecture)
    first, second = np.triu_indices(architecture.parameters, 1)
    different = np.array([signature[i] != signature[j] for i, j in zip(first, second, strict=True)])
    z = (mean / np.sqrt(variance / len(gradients)))[first[different], second[different]]
    assert np.sqrt(np.mean(z**2)) > 2.0


def signatures(architecture: Architecture) -> list[frozenset[tuple[int, int]]]:
    """The hidden units (layer, unit) whose flip changes the sign of each parameter, from the
    definition.
    """
    result: list[frozenset[tuple[int, int]]] = []
    last = architecture.depth + 1
    for number, layer in enumerate(architecture.layers, start=1):
        for row in range(layer.fan_in):
            for column in range(layer.fan_out):
                units = set() if number == 1 else {(number - 1, row)}
                result.append(frozenset(units | (set() if number == last else {(number, column)})))
        result += [
            frozenset(set() if number == last else {(number, column)})
            for column in range(layer.fan_out)
        ]
    return result


@pytest.mark.parametrize(
    ("activation", "prior"),
    [(TANH, "standard_normal"), (RELU, "pytorch_default"), (SIGMOID, "standard_normal")],
)
def test_projected_and_raw_condition_numbers_meet_when_samples_abound(
    activation, prior: str
) -> None:
    """Independent samples; raw at P/N = 0.001, whose noise alone is 0.055 decades, beside the
    interval of the projection.
    """
    architecture = Architecture(2, 3)
    samples = 1000 * architecture.parameters
    gradients, _ = sampler(architecture, activation=activation, prior=prior, key=1).block(
        0, samples
    )
    values = np.linalg.eigvalsh(gradients.T @ gradients / samples)
    raw = np.log10(values[-1] / values[0])
    independent, _ = sampler(architecture, activation=activation, prior=prior, key=2).block(
        0, 20_000
    )
    projected = staircase(
        project(independent, architecture, symmetry_of(activation, prior_named(prior))),
        replicates=200,
        key=0,
        relative_noise=1e-14,
    )
    assert projected.log10_condition.low - 0.1 < raw < projected.log10_condition.high + 0.15


def test_intervals_cover_the_plateau_of_gaussian_gradients() -> None:
    """Gradients N(0, s_b^2) per block: the plateau of the output bias is s^2; 95 % intervals cover
    it in 60 trials.

    At nominal coverage fewer than 51 of 60 has probability below 0.001; bootstrap of a mean of 200
    squares is near nominal.
    """
    architecture = Architecture(2, 3)
    covered = 0
    for seed in range(60):
        gradients = (
            np.random.default_rng(seed).standard_normal((200, architecture.parameters)) * 2.0
        )
        stairs = staircase(
            project(gradients, architecture, Symmetry.PERMUTATIONS_AND_SIGNS),
            replicates=200,
            key=seed,
            relative_noise=1e-14,
        )
        plateau = next(p for p in stairs.plateaus if p.label == "b3")
        covered += plateau.low <= 4.0 <= plateau.high
    assert covered >= 51


def test_zero_biases_on_a_symmetric_grid_are_null_plateaus() -> None:
    """F6: all bias gradients vanish identically; the projection says so instead of giving 30
    decades.
    """
    architecture = Architecture(3, 6)
    source = sampler(architecture, prior="glorot_uniform")
    gradients, _ = source.block(0, 500)
    stairs = staircase(
        project(gradients, architecture, Symmetry.PERMUTATIONS_AND_SIGNS),
        replicates=20,
        key=0,
        relative_noise=source.relative_noise,
    )
    assert stairs.status is SpectrumStatus.RANK_DEFICIENT
    assert stairs.log10_condition.value == np.inf
    assert int((stairs.eigenvalues() == 0).sum()) == 3 * 6 + 1
