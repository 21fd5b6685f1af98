"""Partial sums of gradients: what they hold, closed forms of deep linear networks, precision."""

import numpy as np
import pytest
from builders import EPSILON, matrix_of, sampler
from threadpoolctl import threadpool_limits

from eigenscape.active_subspace.second_moment import PartialSum, sum_of_samples, sum_of_slot
from eigenscape.architecture import Architecture
from eigenscape.config.sizes import BLOCK, SLOTS
from eigenscape.networks.activations import LINEAR, RELU, TANH, Activation
from eigenscape.networks.problems import Problem
from eigenscape.networks.rounding import rounding_growth
from eigenscape.networks.sampler import Device

ARCHITECTURE = Architecture(2, 6)


def gradients_and_losses(count: int, **keywords: object) -> tuple[np.ndarray, np.ndarray]:
    gradients, losses = sampler(ARCHITECTURE, **keywords).block(0, count)  # type: ignore[arg-type]
    return gradients.copy(), losses.copy()


@pytest.mark.parametrize(
    "samples",
    [range(0, 1), range(3, 40), range(0, BLOCK), range(5, BLOCK + 6), range(0, 2 * BLOCK + 1)],
)
def test_a_partial_sum_holds_gram_matrix_gradients_and_losses(samples: range) -> None:
    gradients, losses = gradients_and_losses(samples.stop)
    gradients, losses = gradients[samples.start :], losses[samples.start :]

    partial = sum_of_samples(sampler(ARCHITECTURE), samples)

    # Sums of N products or terms in two orders: within 2 N roundings of the sum of magnitudes.
    bound = 2 * len(samples) * EPSILON
    assert np.all(
        np.abs(matrix_of(partial.triangle) - gradients.T @ gradients)
        <= bound * (np.abs(gradients).T @ np.abs(gradients))
    )
    assert np.all(
        np.abs(partial.first_moments[:-1] - gradients.sum(axis=0))
        <= bound * np.abs(gradients).sum(axis=0)
    )
    assert partial.first_moments[-1] == pytest.approx(losses.sum(), rel=bound)


def test_no_samples_sum_to_zero() -> None:
    partial = sum_of_samples(sampler(ARCHITECTURE), range(7, 7))

    assert all(np.all(array == 0) for array in partial.arrays())


@pytest.mark.parametrize("samples", [1, 15, 33, 600])
def test_slots_together_are_all_samples(samples: int) -> None:
    together = PartialSum.zero(ARCHITECTURE.parameters)
    for slot in range(SLOTS):
        together.add(sum_of_slot(sampler(ARCHITECTURE), slot, samples))

    whole = sum_of_samples(sampler(ARCHITECTURE), range(samples))
    scale = np.sqrt(np.outer(*2 * [np.diagonal(matrix_of(whole.triangle))]))
    # The same terms in another order; by Cauchy and Schwarz sqrt(C_ii C_jj) bounds the sum of
    # magnitudes.
    assert np.all(
        np.abs(matrix_of(together.triangle) - matrix_of(whole.triangle))
        <= 2 * samples * EPSILON * scale
    )


def test_bits_are_repeatable() -> None:
    one, other = (sum_of_samples(sampler(ARCHITECTURE), range(300)) for _ in range(2))

    assert all(np.array_equal(a, b) for a, b in zip(one.arrays(), other.arrays(), strict=True))


def test_arrays_share_memory_with_the_sum_and_hold_all_of_it() -> None:
    partial = PartialSum.zero(300)

    for array in partial.arrays():
        assert array.flags.c_contiguous
        array += 1
    assert np.all(matrix_of(partial.triangle) == 1)
    assert np.all(partial.first_moments == 1)


@pytest.mark.parametrize("activation", [TANH, RELU], ids=lambda activation: activation.name)
def test_the_torch_route_agrees(activation: Activation) -> None:
    by_kernel = sum_of_samples(sampler(ARCHITECTURE, activation=activation), range(BLOCK + 10))
    by_torch = sum_of_samples(
        sampler(ARCHITECTURE, activation=activation, device=Device.TORCH), range(BLOCK + 10)
    )

    matrix = matrix_of(by_kernel.triangle)
    promised = rounding_growth(sampler(ARCHITECTURE, activation=activation)).moment_tolerance
    assert np.abs(matrix_of(by_torch.triangle) - matrix).max() <= promised * np.trace(matrix)
    # The mean of |g| is at most the root of the mean square.
    allowed = promised * np.sqrt((BLOCK + 10) * np.trace(matrix))
    np.testing.assert_allclose(
        by_torch.first_moments[:-1], by_kernel.first_moments[:-1], rtol=0, atol=allowed
    )
    assert by_torch.first_moments[-1] == pytest.approx(by_kernel.first_moments[-1], rel=promised)


def test_single_precision_moves_the_second_moment_by_less_than_1e_5() -> None:
    double, single = (
        sum_of_samples(sampler(ARCHITECTURE, precision=p), range(400))
        for p in (np.float64, np.float32)
    )

    exact, rounded = matrix_of(double.triangle), matrix_of(single.triangle)
    # A float32 gradient is off by some tens of roundings (6e-8), and C by twice that: an order
    # below the promise.
    difference = np.linalg.norm(rounded - exact) / np.linalg.norm(exact)
    assert 0 < difference < 1e-5


def weight_entries(architecture: Architecture) -> list[int]:
    return [layer.weight.start for layer in architecture.layers]


@pytest.mark.parametrize("target", [0.0, 0.5, -1.5])
@pytest.mark.parametrize("weights", [2, 3, 4])
def test_scalar_deep_linear_networks_have_their_closed_form(weights: int, target: float) -> None:
    """(w_L ... w_1 - y)^2 with w ~ N(0, 1): four times the second moment of half that loss.

    Of the half: [[3 + y^2, -2y], [-2y, 3 + y^2]] for two weights, (3^(L-1) + y^2) I for more.
    """
    architecture = Architecture(weights - 1, 1)
    data = Problem(np.ones((1, 1)), np.full((1, 1), target))
    chain = sampler(architecture, activation=LINEAR, prior="lecun_normal", problem=data)
    entries = np.ix_(weight_entries(architecture), weight_entries(architecture))
    count = 200_000
    gradients, _ = chain.block(0, count)
    of_weights = gradients[:, weight_entries(architecture)]
    products = of_weights[:, :, None] * of_weights[:, None, :]
    standard_errors = products.std(axis=0) / np.sqrt(count)

    estimate = matrix_of(sum_of_samples(chain, range(count)).triangle, 1 / count)[entries]

    expected = 4 * (3.0 ** (weights - 1) + target**2) * np.eye(weights)
    if weights == 2:
        expected -= 4 * 2 * target * (1 - np.eye(2))
    assert np.all(np.abs(estimate - expected) <= 5 * standard_errors)


def test_signatures_that_differ_are_uncorrelated() -> None:
    """Flipping the signs of a tanh unit's weights and bias changes neither loss nor prior: C_ij = 0
    unless every flip changes g_i and g_j alike. The first biases of two units, and the output bias,
    differ in that.
    """
    gradients, _ = sampler(
        Architecture(2, 3),
        activation=TANH,
        problem=Problem(np.array([[0.3], [0.9]]), np.ones((2, 1))),
    ).block(0, 100_000)
    first, *_, last = Architecture(2, 3).layers
    pairs = [
        (first.bias.start, first.bias.start + 1),
        (first.weight.start, first.weight.start + 2),
        (first.bias.start, last.bias.start),
    ]

    for one, other in pairs:
        product = gradients[:, one] * gradients[:, other]
        assert abs(product.mean()) <= 5 * product.std() / np.sqrt(len(product))
    # The test has teeth: weight and bias of one unit share their signature, and do correlate.
    alike = gradients[:, first.weight.start] * gradients[:, first.bias.start]
    assert alike.mean() > 20 * alike.std() / np.sqrt(len(alike))


@pytest.mark.parametrize("width", [23, 35])
def test_bits_do_not_depend_on_the_threads_of_the_blas(width: int) -> None:
    """P = 622 and 1,366: beyond one strip, where OpenBLAS's threads do change bits."""
    matrices = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            matrices.append(
                matrix_of(
                    sum_of_samples(sampler(Architecture(2, width)), range(2 * BLOCK)).triangle
                )
            )
    assert matrices[0].tobytes() == matrices[1].tobytes()
