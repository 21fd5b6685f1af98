"""Layer masses against sums written out by hand, and against each other."""

import numpy as np
import pytest

from eigenscape.active_subspace.importance import block_masses, layer_masses, layer_shares
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput

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
    np.testing.assert_allclose(layer_shares(np.diagonal(second_moment), NETWORK).sum(), 1.0, rtol=1e-14)


def test_block_masses_weighted_by_eigenvalues_are_layer_masses() -> None:
    """sum_j lambda_j B_lj = m_l: two routes to the same numbers."""
    second_moment = random_second_moment(NETWORK.parameters)
    values, vectors = np.linalg.eigh(second_moment)

    blocks = block_masses(vectors, NETWORK)

    np.testing.assert_allclose(blocks.sum(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(blocks @ values, layer_masses(np.diagonal(second_moment), NETWORK), rtol=1e-12)


def test_block_masses_of_a_complete_basis_count_the_parameters() -> None:
    vectors = np.linalg.qr(np.random.default_rng(4).standard_normal((NETWORK.parameters,) * 2))[0]

    counts = block_masses(vectors, NETWORK).sum(axis=1)

    np.testing.assert_allclose(counts, [layer.parameters for layer in NETWORK.layers], rtol=1e-12)


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
