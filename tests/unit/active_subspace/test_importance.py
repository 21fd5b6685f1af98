"""Layer masses and activity scores against sums written out by hand, their bounds, and against each
other.
"""

import numpy as np
import pytest
from builders import orthogonal, sampler
from builders import second_moment as second_moment_of

from eigenscape.active_subspace.bootstrap import bootstrap_weights
from eigenscape.active_subspace.importance import (
    activity_scores,
    block_masses,
    block_purity,
    layer_centroids,
    layer_masses,
    layer_shares,
    leading_replicates,
    random_basis_purity,
)
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import TANH
from eigenscape.networks.kernel import fill_gradients
from eigenscape.networks.problems import Problem, sine_regression

NETWORK = Architecture(depth=3, width=4)


def random_second_moment(size: int) -> np.ndarray:
    gradients = np.random.default_rng(3).standard_normal((2 * size, size))
    return gradients.T @ gradients / len(gradients)


def test_a_layer_is_its_weights_and_its_bias() -> None:
    diagonal = np.zeros(NETWORK.parameters)
    diagonal[NETWORK.layers[1].weight] = 2.0
    diagonal[NETWORK.layers[1].bias] = 5.0

    assert layer_masses(diagonal, NETWORK).tolist() == [0.0, 16 * 2.0 + 4 * 5.0, 0.0, 0.0]


def test_masses_sum_to_the_trace_and_shares_to_one() -> None:
    second_moment = random_second_moment(NETWORK.parameters)

    masses = layer_masses(np.diagonal(second_moment), NETWORK)

    assert masses.shape == (NETWORK.depth + 1,)
    np.testing.assert_allclose(masses.sum(), np.trace(second_moment), rtol=1e-14)
    np.testing.assert_allclose(
        layer_shares(np.diagonal(second_moment), NETWORK).sum(), 1.0, rtol=1e-14
    )


def test_block_masses_weighted_by_eigenvalues_are_layer_masses() -> None:
    """sum_j lambda_j B_lj = m_l: two routes to the same numbers."""
    second_moment = random_second_moment(NETWORK.parameters)
    values, vectors = np.linalg.eigh(second_moment)

    blocks = block_masses(vectors, NETWORK)

    np.testing.assert_allclose(blocks.sum(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(
        blocks @ values, layer_masses(np.diagonal(second_moment), NETWORK), rtol=1e-12
    )


def test_block_masses_of_a_complete_basis_count_the_parameters() -> None:
    vectors = np.linalg.qr(np.random.default_rng(4).standard_normal((NETWORK.parameters,) * 2))[0]

    counts = block_masses(vectors, NETWORK).sum(axis=1)

    np.testing.assert_allclose(counts, [layer.parameters for layer in NETWORK.layers], rtol=1e-12)


def permuted_and_flipped(theta: np.ndarray, network: Architecture) -> np.ndarray:
    """The same function by other parameters: hidden units permuted within their layer, and signs of
    units flipped.
    """
    generator = np.random.default_rng(7)
    moved = theta.copy()
    order, signs = np.arange(network.inputs), np.ones(network.inputs)
    for number, layer in enumerate(network.layers):
        last = number == network.depth
        next_order = np.arange(layer.fan_out) if last else generator.permutation(layer.fan_out)
        next_signs = (
            np.ones(layer.fan_out) if last else generator.choice([-1.0, 1.0], layer.fan_out)
        )
        weight = theta[layer.weight].reshape(layer.fan_in, layer.fan_out)
        moved[layer.weight] = (signs[:, None] * weight[order][:, next_order] * next_signs).ravel()
        moved[layer.bias] = theta[layer.bias][next_order] * next_signs
        order, signs = next_order, next_signs
    return moved


def gradients_at(
    parameters: np.ndarray, network: Architecture, problem: Problem
) -> tuple[np.ndarray, np.ndarray]:
    gradients, losses = np.empty_like(parameters), np.empty(len(parameters))
    fill_gradients(parameters, gradients, losses, network, TANH, problem)
    return gradients, losses


def test_layer_masses_do_not_see_the_symmetries_of_the_network() -> None:
    """Permuting hidden units, or flipping the signs of a tanh unit's in- and out-weights, moves no
    mass between layers.
    """
    theta = sampler(NETWORK).parameters(0, 8).copy()
    moved = np.stack([permuted_and_flipped(row, NETWORK) for row in theta])
    problem = sine_regression(points=10)

    (plain, losses), (other, other_losses) = (
        gradients_at(rows, NETWORK, problem) for rows in (theta, moved)
    )

    assert not np.allclose(plain, other)
    np.testing.assert_allclose(other_losses, losses, rtol=1e-12)
    for row, other_row in zip(plain, other, strict=True):
        np.testing.assert_allclose(
            layer_masses(other_row**2, NETWORK), layer_masses(row**2, NETWORK), rtol=1e-10
        )


def test_activity_scores_bound_the_diagonal_from_both_sides() -> None:
    second_moment = second_moment_of(
        np.random.default_rng(5).standard_normal((90, NETWORK.parameters))
        * np.geomspace(3, 0.1, NETWORK.parameters)
    )
    spectrum = spectrum_of(second_moment, vectors=True)
    assert spectrum.eigenvectors is not None
    rounding = 1e-12 * spectrum.eigenvalues[0]

    lower = np.zeros(NETWORK.parameters)
    for dimension in (1, 5, 20, NETWORK.parameters):
        scores = activity_scores(spectrum.eigenvalues, spectrum.eigenvectors, dimension)
        assert (scores.scores >= lower).all()
        assert (scores.scores <= spectrum.diagonal + rounding).all()
        assert (spectrum.diagonal <= scores.upper + rounding).all()
        lower = scores.scores
    # The last one was all of C.
    np.testing.assert_allclose(lower, spectrum.diagonal, rtol=1e-12)
    assert scores.remainder == 0.0


def test_activity_scores_sum_to_the_leading_eigenvalues_and_scale_with_the_loss() -> None:
    values, vectors = np.array([4.0, 2.0, 1.0]), orthogonal(3)

    scores = activity_scores(values, vectors[:, :2], 2)

    assert scores.scores.sum() == pytest.approx(6.0, rel=1e-14)
    assert scores.remainder == 1.0
    np.testing.assert_allclose(
        activity_scores(9 * values, vectors, 2).scores, 9 * scores.scores, rtol=1e-14
    )


def test_purity_of_single_coordinates_is_one() -> None:
    axes = np.eye(NETWORK.parameters)[:, np.random.default_rng(2).permutation(NETWORK.parameters)]

    assert block_purity(block_masses(axes, NETWORK)) == 1.0


def test_purity_of_random_bases_is_its_expectation() -> None:
    purities = [
        block_purity(block_masses(orthogonal(NETWORK.parameters, seed), NETWORK))
        for seed in range(60)
    ]

    # Four standard errors of the mean of 60 independent bases.
    error = 4 * np.std(purities, ddof=1) / np.sqrt(60)
    assert np.mean(purities) == pytest.approx(random_basis_purity(NETWORK), abs=error)
    assert error < 0.01 * random_basis_purity(NETWORK)


def test_centroids_of_single_coordinates_are_their_layers() -> None:
    centroids = layer_centroids(block_masses(np.eye(NETWORK.parameters), NETWORK))

    assert centroids.tolist() == [
        number for number, layer in enumerate(NETWORK.layers, 1) for _ in range(layer.parameters)
    ]


@pytest.mark.parametrize(
    ("values", "vectors", "dimension"),
    [
        (np.ones(3), np.eye(3), 0),
        (np.ones(3), np.eye(3)[:, :2], 3),
        (np.ones(2), np.eye(3), 1),
        (np.ones(3), np.ones(3), 1),
    ],
)
def test_activity_scores_refuse_what_does_not_belong_together(
    values: np.ndarray, vectors: np.ndarray, dimension: int
) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        activity_scores(values, vectors, dimension)


@pytest.mark.parametrize(
    ("function", "array"),
    [
        (layer_masses, np.ones(NETWORK.parameters - 1)),
        (layer_masses, np.ones((NETWORK.parameters, 2))),
        (layer_masses, np.full(NETWORK.parameters, -1.0)),
        (layer_masses, np.full(NETWORK.parameters, np.nan)),
        (layer_shares, np.zeros(NETWORK.parameters)),
        (block_masses, np.ones(NETWORK.parameters)),
        (block_masses, np.ones((NETWORK.parameters + 1, 3))),
    ],
)
def test_what_is_not_of_this_network_is_refused(function: object, array: np.ndarray) -> None:
    assert callable(function)
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        function(array, NETWORK)


def test_leading_replicates_are_those_of_the_whole_second_moment() -> None:
    """In the whole space as span, against an eigensolve of each replicate's own C."""
    gradients = np.random.default_rng(3).standard_normal(
        (60, NETWORK.parameters)
    ) * 10 ** np.linspace(0, -1, NETWORK.parameters)
    weights = bootstrap_weights(60, 5, key=2)
    axes = orthogonal(NETWORK.parameters)

    replicates = leading_replicates(gradients @ axes, axes, NETWORK, 4, weights)

    for number, counts in enumerate(weights):
        values, vectors = np.linalg.eigh((gradients * counts[:, None]).T @ gradients / 60)
        leading = vectors[:, ::-1][:, :4]
        scores = activity_scores(values[::-1], vectors[:, ::-1], 4).scores
        assert replicates.eigenvalues[number] == pytest.approx(values[::-1][:4], rel=1e-10)
        assert replicates.purity()[number] == pytest.approx(
            block_purity(block_masses(leading, NETWORK)), rel=1e-8
        )
        by_layer = [scores[layer.whole].sum() for layer in NETWORK.layers]
        assert replicates.layer_activity()[number] == pytest.approx(by_layer, rel=1e-8)
