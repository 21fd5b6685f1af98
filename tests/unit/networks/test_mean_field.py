"""Fixed points and gradient growth of wide networks, against closed forms and against wide networks
themselves.
"""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import ACTIVATIONS, LINEAR, RELU, SIGMOID, TANH
from eigenscape.networks.mean_field import mean_field, mean_field_of
from eigenscape.networks.priors import PRIORS, prior_named


@pytest.mark.parametrize(("weight_variance", "chi_1"), [(0.5, 0.25), (2.0, 1.0), (3.0, 1.5)])
def test_relu_multiplies_gradients_by_half_the_weight_variance(
    weight_variance: float, chi_1: float
) -> None:
    assert mean_field(RELU, weight_variance, 0.1).chi_1 == chi_1


def test_homogeneous_units_have_the_geometric_fixed_point() -> None:
    """Source: q = s q / 2 + b for ReLU, q = s q + b for linear units."""
    assert mean_field(RELU, 1.0, 0.3).q_star == pytest.approx(0.6)
    assert mean_field(LINEAR, 0.5, 0.3).q_star == pytest.approx(0.6)
    assert mean_field(RELU, 3.0, 0.0).q_star == math.inf


def test_tanh_without_biases_is_critical_at_weight_variance_one() -> None:
    """phi'(0) = 1: q* = 0 and chi_1 = sigma_w^2 up to 1, and beyond it both phases are left
    behind.
    """
    assert mean_field(TANH, 0.7, 0.0).q_star == 0.0
    assert mean_field(TANH, 0.7, 0.0).chi_1 == pytest.approx(0.7, abs=1e-14)
    assert mean_field(TANH, 1.3, 0.0).chi_1 > 1.0


def test_tanh_with_large_weights_follows_the_published_asymptote() -> None:
    """chi_1 -> sigma_w^2 (4/3) / sqrt(2 pi q*) with q* -> sigma_w^2, since integral of sech^4 is
    4/3.

    At sigma_w^2 = 400 the next terms are of relative order 1/sqrt(q*) = 5 %.
    """
    field = mean_field(TANH, 400.0, 1.0)
    assert field.q_star == pytest.approx(400.0, rel=0.06)
    asymptote = field.weight_variance * (4 / 3) / math.sqrt(2 * math.pi * field.q_star)
    assert field.chi_1 == pytest.approx(asymptote, rel=0.01)


@pytest.mark.parametrize("activation", [TANH, SIGMOID])
@pytest.mark.parametrize(
    ("weight_variance", "bias_variance"), [(0.3, 0.2), (2.0, 0.1), (35.0, 1.0)]
)
def test_fixed_point_agrees_with_plain_iteration_of_adaptive_quadrature(
    activation, weight_variance: float, bias_variance: float
) -> None:
    """A second route: scipy's adaptive quadrature inside the plain iteration, which contracts by a
    factor below 0.9 here.
    """

    def mean_square(q: float) -> float:
        def integrand(z: float) -> float:
            return float(activation.function(math.sqrt(q) * z)) ** 2 * math.exp(-z * z / 2)

        return (
            2 * quad(integrand, 0, 10, points=[0.1, 1.0], epsabs=1e-12)[0] / math.sqrt(2 * math.pi)
            if activation is TANH
            else (quad(integrand, -10, 10, points=[0.0], epsabs=1e-12)[0] / math.sqrt(2 * math.pi))
        )

    q = weight_variance
    for _ in range(150):
        q = weight_variance * mean_square(q) + bias_variance
    assert mean_field(activation, weight_variance, bias_variance).q_star == pytest.approx(
        q, rel=1e-6, abs=1e-12
    )


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_every_activation_and_prior_has_a_value(activation, prior) -> None:
    chi_1 = mean_field_of(activation, prior, Architecture(5, 20)).chi_1
    assert 0.0 < chi_1 < math.inf


@pytest.mark.parametrize(
    ("prior", "variance"),
    [
        ("lecun_normal", 1.0),
        ("glorot_uniform", 1.0),
        ("he_normal", 2.0),
        ("pytorch_default", 1 / 3),
    ],
)
def test_priors_have_the_weight_variance_of_their_source(prior: str, variance: float) -> None:
    assert mean_field_of(
        TANH, prior_named(prior), Architecture(3, 40)
    ).weight_variance == pytest.approx(variance)


def test_wide_networks_show_the_predicted_growth_of_gradients() -> None:
    """Mean squared gradients of hidden weights fall from layer to layer by chi_1 (He prior, ReLU:
    chi_1 = 1; two He: 2).

    The ratio over 6 layers of width 100 from 400 samples; its standard error is about 10 %,
    finite-width corrections of order depth/width 6 %.
    """
    from eigenscape.networks.network_loss import fully_connected
    from eigenscape.networks.priors import scaled_normal
    from eigenscape.networks.problems import sine_regression

    architecture = Architecture(8, 100)
    prior = scaled_normal(2.0, 0.05)
    gradients, _ = fully_connected(architecture, TANH, prior, sine_regression(points=2), 1).block(
        0, 400
    )
    masses = [
        float((gradients[:, layer.weight] ** 2).mean()) for layer in architecture.layers[1:-1]
    ]
    ratio = (masses[1] / masses[-1]) ** (1 / (len(masses) - 2))
    assert ratio == pytest.approx(mean_field_of(TANH, prior, architecture).chi_1, rel=0.15)


def test_criticality_is_no_accident_of_rounding() -> None:
    """Weight variances a few ulp to either side of 1, as scales that are squared and multiplied
    give.
    """
    for weight_variance in (1.0 - 4e-16, 1.0, 1.0 + 4e-16):
        assert mean_field(TANH, weight_variance, 0.0).chi_1 == pytest.approx(1.0, abs=1e-8)
