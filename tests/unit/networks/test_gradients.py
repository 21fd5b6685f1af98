"""Draws and gradients together: sample number in, gradient out."""

import numpy as np
import pytest
from builders import sampler

from eigenscape.architecture import Architecture
from eigenscape.errors import DoesNotFit, NotFiniteGradient
from eigenscape.networks.activations import LINEAR, RELU, TANH, Activation
from eigenscape.networks.gradients import NonFinite
from eigenscape.networks.kernel import fill_gradients
from eigenscape.networks.rounding import rounding_growth
from eigenscape.networks.sampler import Device

ARCHITECTURE = Architecture(2, 5)


def test_a_sample_is_the_same_in_every_block() -> None:
    whole = sampler(ARCHITECTURE).block(0, 30)[0].copy()
    other = sampler(ARCHITECTURE)

    for first, count in [(29, 1), (4, 11), (0, 2)]:
        assert np.array_equal(other.block(first, count)[0], whole[first : first + count])


@pytest.mark.parametrize("activation", [TANH, RELU], ids=lambda activation: activation.name)
def test_the_torch_route_agrees(activation: Activation) -> None:
    gradients, losses = sampler(ARCHITECTURE, activation=activation).block(5, 20)
    by_torch, by_torch_losses = sampler(
        ARCHITECTURE, activation=activation, device=Device.TORCH
    ).block(5, 20)

    promised = rounding_growth(
        sampler(ARCHITECTURE, activation=activation), samples=20, first=5
    ).row_tolerance
    scale = np.linalg.norm(gradients, axis=1)
    assert (np.linalg.norm(gradients - by_torch, axis=1) <= promised * scale).all()
    # Losses grow no more than their gradients, being one pass of two.
    np.testing.assert_allclose(losses, by_torch_losses, rtol=promised.max())


@pytest.mark.parametrize("device", [Device.CPU, Device.TORCH])
def test_an_overflow_names_the_sample_and_the_way_out(device: Device) -> None:
    # Each of 30 linear layers of width 50 multiplies by about 7: 10^25, whose square is beyond
    # float32.
    overflowing = sampler(
        Architecture(30, 50), activation=LINEAR, precision=np.float32, device=device
    )

    with (
        np.errstate(all="ignore"),
        pytest.raises(
            NotFiniteGradient,
            match=(
                r"^samples 17, 18 of d30-w050: expected a finite gradient, found .*precision:"
                r" float64"
            ),
        ),
    ):
        overflowing.block(17, 2)


def test_finite_rows_whose_sum_overflows_are_accepted() -> None:
    # Gradients near the largest float32: their sum over parameters may be infinite while every
    # entry is finite.
    probe = sampler(ARCHITECTURE, activation=LINEAR, precision=np.float32)
    gradients, _ = probe.block(0, 1)
    largest = np.finfo(np.float32).max
    gradients[...] = 0.9 * largest

    assert len(probe._not_finite(gradients, 0)) == 0

    gradients[0, 3] = np.inf
    with pytest.raises(NotFiniteGradient, match="sample 0 of"):
        probe._not_finite(gradients, 0)


def test_relative_noise_is_n_roundings_of_the_precision() -> None:
    assert sampler(ARCHITECTURE).relative_noise == 10 * 2.0**-52
    assert sampler(ARCHITECTURE, precision=np.float32).relative_noise == 10 * 2.0**-23


@pytest.mark.parametrize("most", [1, 5, 16])
def test_where_memory_runs_out_blocks_are_halved_with_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """An allocator that has room for so many gradients at a time; tests/faults has a real limit."""
    expected, expected_losses = sampler(ARCHITECTURE).block(3, 37)

    def limited(parameters: np.ndarray, *arguments: object) -> None:
        if len(parameters) > most:
            raise MemoryError
        fill_gradients(parameters, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("eigenscape.networks.kernel.fill_gradients", limited)
    gradients, losses = sampler(ARCHITECTURE).block(3, 37)

    assert np.array_equal(gradients, expected)
    assert np.array_equal(losses, expected_losses)


def test_where_no_gradient_fits_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_arguments: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("eigenscape.networks.kernel.fill_gradients", exhausted)
    with pytest.raises(
        DoesNotFit,
        match=(
            "memory: expected memory for one gradient of 46 parameters, found no room; use fewer"
            " ranks"
        ),
    ):
        sampler(ARCHITECTURE).block(0, 9)


@pytest.mark.parametrize("device", [Device.CPU, Device.TORCH])
def test_excluded_samples_are_zero_with_a_loss_of_nan(device: Device) -> None:
    deep = Architecture(24, 40)
    probe = sampler(deep, activation=LINEAR, precision=np.float32, device=device)
    probe.non_finite = NonFinite.EXCLUDE

    gradients, losses = probe.block(0, 40)

    bad = np.isnan(losses)
    assert 0 < bad.sum() < 40
    assert np.all(gradients[bad] == 0)
    assert np.isfinite(gradients).all()
    assert np.abs(gradients[~bad]).max(axis=1).min() > 0
