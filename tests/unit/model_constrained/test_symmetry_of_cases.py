"""The group under which C is projected leaves every case's loss as it is, and no larger one
does.
"""

import numpy as np
import pytest
import torch

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.model_constrained.problems import CASES, case_named
from eigenscape.networks.activations import RELU, TANH

SECTION = ModelConstrainedSection.model_validate(
    {
        "width": 4,
        "pairs": 5,
        "encoder_steps": 5,
        "deconvolution": {"points": 5, "observed": 3},
        "heat": {"elements": 3, "modes": 4, "observed": 3},
        "burgers": {"points": 5},
    }
)


def acted(theta, architecture, units, inputs, outputs):
    """W_l -> Q_{l-1}^T W_l Q_l, b_l -> b_l Q_l, with Q of the inputs, of every hidden layer and of
    the outputs.
    """
    transformations, parts = [inputs, *units, outputs], []
    for number, layer in enumerate(architecture.layers):
        weight = theta[layer.weight].reshape(layer.fan_in, layer.fan_out)
        before, after = transformations[number], transformations[number + 1]
        parts += [(before.T @ weight @ after).ravel(), theta[layer.bias] @ after]
    return np.concatenate(parts)


def signed_permutation(generator, size, signs):
    return np.eye(size)[generator.permutation(size)] * (
        generator.choice([-1.0, 1.0], size) if signs else 1.0
    )


@pytest.mark.parametrize("name", CASES)
def test_hidden_units_may_be_permuted_and_flipped_and_nothing_else(name):
    architecture, case = SECTION.architecture_of(name), case_named(name, SECTION, seed=1)
    generator = np.random.default_rng(0)
    theta = generator.standard_normal(architecture.parameters) / 2

    def loss(activation, parameters):
        like = torch.from_numpy(parameters)
        return float(case.loss_factory(architecture, activation, 3.0)(like)(like))

    inputs, outputs = np.eye(architecture.inputs), np.eye(architecture.outputs)
    for activation, signs in ((TANH, True), (RELU, False)):
        before = loss(activation, theta)
        for _ in range(4):
            units = [
                signed_permutation(generator, architecture.width, signs)
                for _ in range(architecture.depth)
            ]
            # Sums of some hundred terms in another order.
            assert loss(
                activation, acted(theta, architecture, units, inputs, outputs)
            ) == pytest.approx(before, rel=1e-12)
    same = [np.eye(architecture.width)] * architecture.depth
    flipped = [np.diag([-1.0, *np.ones(architecture.width - 1)]), *same[1:]]
    before = loss(TANH, theta)
    swapped_in, swapped_out = (
        inputs[[1, 0, *range(2, len(inputs))]],
        outputs[[1, 0, *range(2, len(outputs))]],
    )
    for parameters in (
        acted(theta, architecture, same, swapped_in, outputs),
        acted(theta, architecture, same, inputs, swapped_out),
        acted(theta, architecture, same, inputs, -outputs),
    ):
        assert abs(loss(TANH, parameters) / before - 1) > 1e-4
    relu = loss(RELU, theta)
    assert abs(loss(RELU, acted(theta, architecture, flipped, inputs, outputs)) / relu - 1) > 1e-4
