"""How far rounding grows: against closed forms, mean field, and what two routes really differ
by.
"""

from __future__ import annotations

import numpy as np
import pytest
from builders import EPSILON, matrix_of, sampler

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks import rounding
from eigenscape.networks.activations import RELU, TANH
from eigenscape.networks.draws import ScaledDraws
from eigenscape.networks.functions import GivenGradients, NumpyGradient
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.mean_field import mean_field_of
from eigenscape.networks.priors import StandardDraw, prior_named
from eigenscape.networks.problems import sine_regression
from eigenscape.networks.rounding import RoundingGrowth, rounding_growth
from eigenscape.networks.sampler import Device
from eigenscape.networks.samplers import function_sampler, network_sampler

SINE = sine_regression(points=50)


@pytest.mark.parametrize("rate", [1.0, 16.0, 256.0])
def test_an_exponential_grows_by_its_rate_times_the_point(rate: float) -> None:
    """g = exp(c x), c a power of two, so that c x is exact: a change of x by u eps |x|, 1/2 <= u <=
    1, changes g by c |x| u eps; exp is rounded twice.
    """
    source = function_sampler(lambda x: np.exp(rate * x), 1, draw="uniform")
    points = np.abs(source.parameters(0, 8)[:, 0])

    found = rounding_growth(source)

    assert (found.growth <= rate * points + 2).all()
    assert (found.growth >= 0.5 * rate * points - 2).all()


def test_the_identity_does_not_grow() -> None:
    found = rounding_growth(function_sampler(lambda x: x, 50))

    assert ((found.growth > 0.5) & (found.growth <= 1)).all()
    np.testing.assert_allclose(found.errors, found.growth * EPSILON, rtol=1e-12)


def test_growth_follows_the_mean_field_of_a_chaotic_network() -> None:
    """A small change of the signal grows by sqrt(chi_1) a layer (Schoenholz et al. 2017): from
    depth 10 to 30, at width 50, six decades. Medians of eight samples fluctuate by a fifth of one.
    """
    field = mean_field_of(TANH, prior_named("standard_normal"), Architecture(30, 50))
    medians = [
        rounding_growth(sampler(Architecture(depth, 50), problem=SINE)).median for depth in (10, 30)
    ]

    decades = np.log10(medians[1] / medians[0])

    assert decades == pytest.approx(20 * 0.5 * np.log10(field.chi_1), rel=0.15)


@pytest.mark.parametrize(("depth", "width"), [(1, 5), (10, 20), (20, 20)])
def test_the_error_in_single_precision_is_measured_and_is_what_growth_foretells(
    depth: int, width: int
) -> None:
    """The same gradient at the same parameters, by hand; about Gamma eps of float32, as the module
    says: 0.3 to 0.6 of it in the median.
    """
    architecture = Architecture(depth, width)
    single, double = (
        sampler(architecture, problem=SINE, precision=precision)
        for precision in (np.float32, np.float64)
    )
    theta = single.parameters(0, 8).copy()
    exact, rounded = np.empty(theta.shape), np.empty_like(theta)
    double.loss.fill(theta.astype(np.float64), exact, np.empty(8))
    single.loss.fill(theta, rounded, np.empty(8, np.float32))
    by_hand = np.linalg.norm(rounded - exact, axis=1) / np.linalg.norm(exact, axis=1)

    found = rounding_growth(single)

    np.testing.assert_allclose(found.errors, by_hand, rtol=1e-12)
    assert found.precision == np.float32
    ratio = np.median(found.errors / (found.growth * 2.0**-23))
    assert 0.1 < ratio < 2


@pytest.mark.parametrize(
    ("depth", "width"), [(1, 5), (3, 10), (5, 35), (10, 20), (20, 10), (30, 5), (20, 20)]
)
def test_two_routes_agree_to_what_is_promised_of_rows_and_of_c(depth: int, width: int) -> None:
    architecture = Architecture(depth, width)
    kernel, by_torch = (
        sampler(architecture, problem=SINE, device=device) for device in (Device.CPU, Device.TORCH)
    )
    found = rounding_growth(kernel)
    rows, others = kernel.block(0, 8)[0], by_torch.block(0, 8)[0]

    errors = np.linalg.norm(rows - others, axis=1) / np.linalg.norm(rows, axis=1)

    assert (errors <= found.row_tolerance).all()
    moment, other = (
        matrix_of(sum_of_samples(source, range(64)).triangle) for source in (kernel, by_torch)
    )
    assert np.abs(moment - other).max() <= found.moment_tolerance * np.trace(moment)


def test_no_fixed_tolerance_serves_all_networks() -> None:
    """2e-13 of tr C would be more than shallow networks need, and less than C of 20 x 20 moves when
    sums are ordered otherwise.
    """
    shallow, deep = (
        sampler(Architecture(*sizes), problem=SINE, device=Device.CPU)
        for sizes in ((1, 20), (20, 20))
    )
    other = sampler(Architecture(20, 20), problem=SINE, device=Device.TORCH)
    moment, moved = (
        matrix_of(sum_of_samples(source, range(40)).triangle) for source in (deep, other)
    )

    assert rounding_growth(shallow).moment_tolerance < 2e-13
    change = np.abs(moment - moved).max() / np.trace(moment)
    assert 2e-13 < change <= rounding_growth(deep).moment_tolerance


def test_single_precision_does_not_suffice_where_chaos_is_deep_and_double_does() -> None:
    single, double = (
        rounding_growth(sampler(Architecture(20, 50), problem=SINE, precision=precision))
        for precision in (np.float32, np.float64)
    )

    assert (single.is_too_large, double.is_too_large) == (True, False)
    assert "float32 have a relative error of 0." in single.warning
    assert single.warning.endswith("expected at most 0.01; use float64")
    assert not rounding_growth(sampler(Architecture(5, 35), precision=np.float32)).is_too_large


def test_samples_without_a_gradient_are_left_out_and_none_gives_no_number() -> None:
    """ReLU networks of one unit a layer die: half of them at every layer."""
    found = rounding_growth(sampler(Architecture(3, 1), activation=RELU), samples=40)
    assert len(found.growth) > 0
    assert np.isfinite(found.growth).all()

    def flat(points: np.ndarray) -> np.ndarray:
        return np.zeros_like(points)

    draws = ScaledDraws(StandardDraw.NORMAL, np.ones(4), key=0)
    nothing = rounding_growth(GradientSampler(Architecture(1, 1), draws, NumpyGradient(flat)))
    assert set(nothing.facts.values()) == {None}
    assert not nothing.is_too_large


def test_given_gradients_cannot_be_measured() -> None:
    with pytest.raises(BadInput, match=r"^sampler: expected one that computes its gradients"):
        rounding_growth(GivenGradients(np.eye(3)))  # type: ignore[arg-type]


def test_the_measure_does_not_depend_on_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    source = sampler(Architecture(6, 8))
    whole = rounding_growth(source)
    monkeypatch.setattr(rounding, "NUMBERS_AT_ONCE", 3 * source.architecture.parameters)

    assert np.array_equal(rounding_growth(source).growth, whole.growth)
    later = rounding_growth(source, samples=3, first=5)
    assert np.array_equal(later.growth, whole.growth[5:])


def test_what_is_kept_is_plain() -> None:
    found = RoundingGrowth(np.array([2.0, 8.0, 4.0]), np.array([1e-3, 3e-3, 2e-3]), np.dtype("f4"))

    assert found.facts == {
        "rounding_growth": 4.0,
        "rounding_growth_largest": 8.0,
        "gradient_error": 2e-3,
    }
    assert found.moment_tolerance == 20 * 8 * 2.0**-23
    np.testing.assert_array_equal(found.row_tolerance, 100 * np.array([2, 8, 4]) * 2.0**-23)


def test_gradients_that_float32_cannot_hold_are_its_errors() -> None:
    """A deep ReLU network whose gradients exist in float64 alone: nothing of them is right."""
    with pytest.warns(RuntimeWarning, match="gradients are beyond the range of float32"):
        sampler = network_sampler(60, 50, activation="relu", precision="float32")
    found = rounding_growth(sampler, 3)
    assert np.isinf(found.errors).all()
    assert len(found.errors) == 3
    assert found.is_too_large
    assert found.facts["gradient_error"] is None
