"""The least loss against closed forms, and TAEN's two steps of training against Tikhonov and sums
by hand.
"""

import numpy as np
import pytest
import torch

from eigenscape.architecture import Architecture
from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.model_constrained.deconvolution import Deconvolution, blur_matrix
from eigenscape.model_constrained.least import least_losses
from eigenscape.model_constrained.linear import mc_dnn_optimum
from eigenscape.model_constrained.losses import mc_dnn
from eigenscape.model_constrained.problems import case_named
from eigenscape.model_constrained.training import descend
from eigenscape.networks.activations import LINEAR, TANH
from eigenscape.networks.functional import network_output


def test_least_loss_of_a_deep_linear_network_is_that_of_the_closed_form():
    """Width 4 bounds no rank of a map from 4 to 3 numbers: the optimum is that of one layer, and
    every local minimum is global.
    """
    generator, architecture, alpha = np.random.default_rng(0), Architecture(2, 4, 4, 3), 3.0
    forward, u = generator.standard_normal((4, 3)), generator.standard_normal((12, 3))
    y = u @ forward.T + 0.5 * generator.standard_normal((12, 4))
    data = [torch.from_numpy(array) for array in (u, y)]

    def loss(theta):
        return mc_dnn(
            lambda x: network_output(theta, x, architecture, LINEAR),
            *data,
            Deconvolution(forward),
            alpha,
        )

    optimum = mc_dnn_optimum(u, y, forward, alpha)
    exact = (
        np.sum((optimum(y) - u) ** 2) / 24 + alpha * np.sum((optimum(y) @ forward.T - y) ** 2) / 24
    )
    start = torch.from_numpy(generator.standard_normal((3, architecture.parameters)) / 2)
    found = least_losses(loss, start, 300)
    assert exact > 0.1  # noise that no network explains
    np.testing.assert_allclose(found.losses, exact, rtol=1e-9)
    assert np.all(found.losses >= exact * (1 - 1e-14))
    assert np.all(found.halfway >= found.losses)
    # Excess takes the minimum away: descent of the same loss plus a number, times another, is the
    # same.
    plain = descend(loss, start, 20, exact)
    other = descend(lambda theta: 5 * loss(theta) + 7, start, 20, 5 * exact + 7)
    assert plain.factor == other.factor
    np.testing.assert_allclose(plain.log10_excess, other.log10_excess, atol=1e-9)
    np.testing.assert_allclose(
        10**plain.log10_excess,
        (plain.last_losses - exact) / (plain.first_losses - exact),
        rtol=1e-12,
    )


SECTION = ModelConstrainedSection.model_validate(
    {
        "pairs": 9,
        "depth": 1,
        "width": 5,
        "encoder_steps": 600,
        "deconvolution": {"points": 4, "observed": 3, "blur": 0.1},
    }
)


@pytest.mark.parametrize("alpha", [0.0, 5.0])
def test_a_linear_encoder_is_trained_to_tikhonovs_solution(alpha):
    case = case_named("deconvolution-taen", SECTION, seed=2)
    u, y, matrix = case.problem.inputs, case.problem.targets, blur_matrix(4, 3, 0.1)
    mean, shift = u.mean(axis=0), (u @ matrix.T).mean(axis=0)
    scale = np.sqrt(np.mean((u @ matrix.T - shift) ** 2))
    gamma, noise = np.eye(4) * 4 * np.mean((u - mean) ** 2), np.eye(3) * 3
    lifted = y + shift / scale  # (G u - shift) / scale - y = G u / scale - lifted
    prior = np.tile(mean, (len(y), 1))  # TNet is mcDNN with the prior's mean for every u
    expected = mc_dnn_optimum(prior, lifted, matrix / scale, alpha, gamma, noise)(lifted)
    found = case.prepared(alpha, LINEAR)
    # The loss at its minimum is flat: 1e-16 of it is 1e-8 of the parameters.
    np.testing.assert_allclose(found["found"], expected, atol=1e-5)
    np.testing.assert_allclose(
        found["modelled"], (found["found"] @ matrix.T - shift) / scale, atol=1e-12
    )


def test_decoder_learns_the_forward_map_where_the_encoder_leads():
    case, architecture = (
        case_named("deconvolution-taen", SECTION, seed=2),
        SECTION.architecture_of("deconvolution-taen"),
    )
    theta = torch.from_numpy(np.random.default_rng(1).standard_normal(architecture.parameters))
    encoded = case.prepared(2.0, TANH)
    decoded = network_output(theta, torch.from_numpy(encoded["found"]), architecture, TANH).numpy()
    by_hand = np.sum((decoded - encoded["modelled"]) ** 2) / (2 * 9 * 3)
    assert float(case.loss_factory(architecture, TANH, 2.0)(theta)(theta)) == pytest.approx(
        by_hand, rel=1e-12
    )
    matrix = blur_matrix(4, 3, 0.1)
    u = case.problem.inputs
    shift = (u @ matrix.T).mean(axis=0)
    scale = np.sqrt(np.mean((u @ matrix.T - shift) ** 2))
    tensors = {name: torch.from_numpy(array) for name, array in case.arrays.items()}
    exact = lambda x: (x @ torch.from_numpy(matrix).T - torch.from_numpy(shift)) / scale  # noqa: E731
    assert float(case.error(exact, tensors)) == pytest.approx(0.0, abs=1e-20)
    assert float(case.error(lambda x: 0 * exact(x), tensors)) == pytest.approx(1.0, rel=1e-12)


def test_a_replica_that_starts_at_the_least_has_nothing_left_to_lose():
    """L = |theta|^2 + 1 from its minimum and from elsewhere: log10 of no excess is minus infinity,
    and what was given may lie above.
    """
    for given in (1.0, 1.5):
        found = descend(
            lambda theta: (theta**2).sum() + 1,
            torch.tensor([[0.0], [1.0]], dtype=torch.float64),
            1,
            given,
            (0.5,),
        )
        assert found.least == 1.0
        assert found.log10_excess[0] == -np.inf
        left = 1 - 2 * 0.5 * (2 - given) / 4  # theta after a step of half of (L - L*)/|grad L|^2
        assert found.log10_excess[1] == pytest.approx(2 * np.log10(left), abs=1e-12)
