"""The family of condition numbers on spectra whose values can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import orthogonal

from eigenscape.active_subspace.condition import FAMILY, condition_numbers
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture, FlatLayout

NETWORK = Architecture(2, 3)  # 22 parameters: 6 in the first layer, 12 in the second, 4 in the last
VALUES = np.geomspace(100.0, 0.1, 22)


def numbers_of(values: np.ndarray) -> dict[str, float]:
    return condition_numbers(spectrum_of(np.diag(values)), NETWORK)


def test_values_of_a_diagonal_matrix() -> None:
    found = numbers_of(VALUES)
    assert found["log10_cond"] == pytest.approx(3.0)
    assert found["log10_diagonal_bound"] == pytest.approx(3.0)
    assert found["mean_decay"] == pytest.approx(1.5)  # half of the span of a geometric spectrum
    assert found["stable_rank"] == pytest.approx(VALUES.sum() / 100)
    assert found["participation_ratio"] == pytest.approx(VALUES.sum() ** 2 / (VALUES**2).sum())
    # 3 decades over 21 steps of 1/22
    assert found["spectral_slope"] == pytest.approx(3.0 * 22 / 21)
    assert found["log10_gap_at_width"] == pytest.approx(3 / 21)
    first, second, last = VALUES[:6].mean(), VALUES[6:18].mean(), VALUES[18:].mean()
    assert found["log10_layer_ladder"] == pytest.approx(
        math.log10(max(first, second, last) / min(first, second, last))
    )


def test_isotropic_spectra_have_full_effective_dimension_and_no_decades() -> None:
    found = numbers_of(np.full(22, 7.0))
    for name in ("stable_rank", "participation_ratio", "entropy_rank"):
        assert found[name] == pytest.approx(22)
    for name in (
        "log10_cond",
        "log10_cond_q",
        "mean_decay",
        "log10_layer_ladder",
        "log10_diagonal_bound",
    ):
        assert found[name] == pytest.approx(0.0, abs=1e-12)


def test_scaling_the_loss_changes_no_member() -> None:
    """F7: f -> a f scales C by a^2."""
    small, large = numbers_of(VALUES), numbers_of(49 * VALUES)
    assert large == pytest.approx(small, rel=1e-12)


def test_rotations_change_no_member_that_is_read_off_the_eigenvalues() -> None:
    basis = orthogonal(22)
    rotated = basis @ np.diag(VALUES) @ basis.T
    found, plain = (
        condition_numbers(spectrum_of((rotated + rotated.T) / 2), NETWORK),
        numbers_of(VALUES),
    )
    for name in set(plain) - {"log10_diagonal_bound", "log10_layer_ladder"}:
        assert found[name] == pytest.approx(plain[name], rel=1e-9), name
    assert found["log10_diagonal_bound"] < plain["log10_diagonal_bound"], (
        "a lower bound of log10_cond (Schur-Horn)"
    )


def test_effective_dimensions_are_ordered() -> None:
    """stable rank <= participation ratio <= entropy rank <= P: Renyi entropies of order infinity,
    2, 1 and 0 decrease in order.
    """
    found = numbers_of(VALUES)
    assert found["stable_rank"] <= found["participation_ratio"] <= found["entropy_rank"] <= 22


def test_null_directions_make_the_members_of_the_whole_spectrum_infinite_and_no_other() -> None:
    values = VALUES.copy()
    values[3] = 0.0
    found = numbers_of(values)
    for member in FAMILY:
        if member.needs_every_eigenvalue:
            assert found[member.name] == math.inf
    assert math.isfinite(found["stable_rank"])
    assert found["log10_cond_carrying"] == pytest.approx(3.0)
    assert math.isfinite(found["participation_ratio"])


def test_no_gradient_at_all_has_no_numbers() -> None:
    assert all(math.isnan(value) for value in numbers_of(np.zeros(22)).values())


def test_every_member_says_what_it_is() -> None:
    assert len({member.name for member in FAMILY}) == len(FAMILY)
    assert all(member.formula and member.meaning and member.cost for member in FAMILY)


def test_what_has_no_layers_has_no_step_at_its_width_and_no_gap_between_layers() -> None:
    numbers = condition_numbers(spectrum_of(np.diag([9.0, 4.0, 1.0])), FlatLayout(3))
    assert math.isnan(numbers["log10_gap_at_width"])
    assert numbers["log10_layer_ladder"] == 0.0
    assert numbers["log10_cond"] == pytest.approx(math.log10(9.0))
