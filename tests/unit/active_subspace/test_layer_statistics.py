"""Sums by layer against the whole gradient, and blocks against single samples."""

import numpy as np
import pytest
from builders import sampler

from eigenscape.active_subspace.importance import layer_masses
from eigenscape.active_subspace.layer_statistics import (
    active_variables,
    gradient_blocks,
    squared_gradients_by_layer,
)
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.architecture import Architecture
from eigenscape.config.sizes import BLOCK
from eigenscape.errors import BadInput

NETWORK = Architecture(depth=3, width=4)


def test_layers_sum_to_the_squared_gradient() -> None:
    source = sampler(NETWORK)

    sums = squared_gradients_by_layer(source, range(20))

    gradients, _ = source.block(0, 20)
    for number, layer in enumerate(NETWORK.layers):
        np.testing.assert_allclose(
            sums[:, number], (gradients[:, layer.whole] ** 2).sum(axis=1), rtol=1e-13
        )
    np.testing.assert_allclose(sums.sum(axis=1), (gradients**2).sum(axis=1), rtol=1e-13)


def test_their_mean_is_the_layer_mass_of_the_second_moment() -> None:
    """Two routes to m_l: O(P) per sample, and through C."""
    samples = BLOCK + 44
    partial = sum_of_samples(sampler(NETWORK), range(samples))
    diagonal = np.concatenate([np.diagonal(strip) for strip in partial.triangle.strips]) / samples

    sums = squared_gradients_by_layer(sampler(NETWORK), range(samples))

    np.testing.assert_allclose(sums.mean(axis=0), layer_masses(diagonal, NETWORK), rtol=1e-12)


def test_a_sample_does_not_depend_on_the_block_it_is_in() -> None:
    whole = squared_gradients_by_layer(sampler(NETWORK), range(BLOCK + 5))

    assert np.array_equal(
        squared_gradients_by_layer(sampler(NETWORK), range(BLOCK - 2, BLOCK + 5)),
        whole[BLOCK - 2 :],
    )
    assert [len(block) for block in gradient_blocks(sampler(NETWORK), range(3, BLOCK + 8))] == [
        BLOCK,
        5,
    ]


def test_squares_of_float32_gradients_are_summed_in_float64() -> None:
    source = sampler(NETWORK, precision=np.float32)

    sums = squared_gradients_by_layer(source, range(6))

    gradients = source.block(0, 6)[0].astype(np.float64)
    assert sums.dtype == np.float64
    np.testing.assert_allclose(sums.sum(axis=1), (gradients**2).sum(axis=1), rtol=1e-13)


def test_active_variables_are_projections_of_the_same_samples() -> None:
    source = sampler(NETWORK)
    directions = np.linalg.qr(np.random.default_rng(1).standard_normal((NETWORK.parameters, 2)))[0]

    variables = active_variables(source, range(4, BLOCK + 9), directions)

    np.testing.assert_allclose(
        variables.coordinates[-1], source.parameters(BLOCK + 8, 1)[0] @ directions, rtol=1e-12
    )
    np.testing.assert_array_equal(variables.losses[:3], source.block(4, 3)[1])
    assert variables.coordinates.shape == (BLOCK + 5, 2)


@pytest.mark.parametrize("samples", [range(0), range(0, 10, 2)])
def test_samples_are_a_run_of_numbers(samples: range) -> None:
    with pytest.raises(BadInput, match="samples: expected at least one, in steps of 1"):
        squared_gradients_by_layer(sampler(NETWORK), samples)


def test_directions_of_another_network_are_refused() -> None:
    with pytest.raises(
        BadInput, match=r"directions: expected .* rows, one for each parameter, found"
    ):
        active_variables(sampler(NETWORK), range(3), np.ones((5, 2)))
