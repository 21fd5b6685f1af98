"""The spectrum of fewer gradients than parameters: closed forms, the route by C, high precision,
and every kind of null direction.
"""

from __future__ import annotations

import tracemalloc

import mpmath
import numpy as np
import pytest
from builders import EPSILON, orthogonal, sampler, second_moment

from eigenscape.active_subspace.bulk import family_intervals, sign_null
from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.few_samples import (
    few_samples_spectrum,
    spectrum_of_gradients,
    spectrum_of_rows,
)
from eigenscape.active_subspace.spectrum import (
    Route,
    Spectrum,
    SpectrumStatus,
    rounding_variance,
    spectrum_of,
)
from eigenscape.architecture import Architecture
from eigenscape.networks.problems import Problem
from eigenscape.networks.sampler import Sampler

NETWORK = Architecture(3, 8)
"""P = 169."""


def solved(gradients: np.ndarray, *, vectors: bool = False) -> Spectrum:
    diagonal = (gradients**2).mean(axis=0)
    carrying = np.flatnonzero(diagonal > 0)
    rows = np.asfortranarray(gradients[:, carrying] / np.sqrt(len(gradients)))
    return spectrum_of_rows(rows, diagonal, carrying, len(gradients), 0.0, vectors=vectors)


def of_network(
    of: Sampler, samples: int, *, vectors: bool = False
) -> tuple[Spectrum, Spectrum, np.ndarray]:
    """By gradients, by C, and C."""
    moment = second_moment(of.block(0, samples)[0].astype(np.float64))
    dust = rounding_variance(np.diagonal(moment), of.architecture, of.relative_noise)
    by_c = spectrum_of(moment, samples=samples, dust=dust, vectors=vectors)
    return (
        few_samples_spectrum(of, samples, np.diagonal(moment).copy(), dust, vectors=vectors),
        by_c,
        moment,
    )


def test_orthogonal_gradients_have_their_squared_lengths_over_n() -> None:
    gradients = np.zeros((3, 7))
    gradients[0, 5], gradients[1, 2], gradients[2, [0, 6]] = 2.0, -6.0, (3.0, 4.0)

    found = solved(gradients, vectors=True)

    np.testing.assert_allclose(found.eigenvalues, [12, 25 / 3, 4 / 3, 0, 0, 0, 0], rtol=8 * EPSILON)
    assert (found.rank, found.status, found.route) == (
        3,
        SpectrumStatus.RANK_DEFICIENT,
        Route.GRADIENTS,
    )
    assert found.eigenvectors is not None
    np.testing.assert_allclose(found.eigenvectors[:, 1], [0.6, 0, 0, 0, 0, 0, 0.8], atol=1e-15)
    np.testing.assert_allclose(found.eigenvectors.T @ found.eigenvectors, np.eye(7), atol=1e-14)


@pytest.mark.parametrize("samples", [5, 100, 168])
def test_values_rank_status_and_null_logic_are_those_of_c(samples: int) -> None:
    """eigh of C has an error of P eps lambda_1; above it both say the same."""
    found, by_c, moment = of_network(sampler(NETWORK), samples)

    scale = found.eigenvalues[0]
    np.testing.assert_allclose(
        found.eigenvalues, np.linalg.eigvalsh(moment)[::-1], rtol=0, atol=169 * EPSILON * scale
    )
    np.testing.assert_allclose(
        found.eigenvalues, by_c.eigenvalues, rtol=1e-8, atol=169 * EPSILON * scale
    )
    assert (
        (found.rank, found.status)
        == (samples, SpectrumStatus.RANK_DEFICIENT)
        == (by_c.rank, by_c.status)
    )
    assert found.floor == by_c.floor
    numbers, expected = condition_numbers(found, NETWORK), condition_numbers(by_c, NETWORK)
    assert numbers["log10_cond"] == expected["log10_cond"] == np.inf
    assert numbers["log10_cond_carrying"] == pytest.approx(
        expected["log10_cond_carrying"], abs=1e-6
    )
    assert numbers["entropy_rank"] == pytest.approx(expected["entropy_rank"], rel=1e-9)


def test_eigenvectors_diagonalise_c_and_end_with_a_basis_of_its_null_space() -> None:
    found, _, moment = of_network(sampler(NETWORK), 60, vectors=True)

    vectors = found.eigenvectors
    assert vectors is not None
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(169), atol=1e-13)
    np.testing.assert_allclose(
        (vectors * found.eigenvalues) @ vectors.T, moment, atol=1e-13 * np.trace(moment)
    )
    np.testing.assert_allclose(moment @ vectors[:, 60:], 0, atol=1e-13 * found.eigenvalues[0])
    assert np.all(vectors[np.abs(vectors).argmax(axis=0), np.arange(169)] > 0)


def test_parameters_without_gradient_and_repeated_samples_are_null() -> None:
    """Zero biases under LeCun's prior (25 with the output's, odd data): N = 150 > P - 25 leaves P -
    25 directions at most.
    """
    found, by_c, _ = of_network(sampler(NETWORK, prior="lecun_normal"), 150)
    assert found.rank == by_c.rank == 169 - 25

    rows = np.random.default_rng(0).standard_normal((40, 90))
    assert solved(np.concatenate([rows, rows[::-1], 3 * rows[:5]])).rank == 40
    assert solved(np.zeros((4, 9)), vectors=True).rank == 0


def test_thirty_decades_are_resolved_where_c_keeps_sixteen() -> None:
    """Columns from 1 down to 1e-15: G = X D, X random (20, 30); singular values from mpmath at 60
    digits.

    Column-pivoted QR has a backward error of some P eps in every column, relative to that column,
    so values keep P eps times the condition of X with unit columns, here below 1e3: 30 * 2e-16 *
    1e3 < 1e-11.
    """
    generator = np.random.default_rng(3)
    gradients = generator.standard_normal((20, 30)) * 10.0 ** generator.permutation(
        np.linspace(0, -15, 30)
    )
    with mpmath.workdps(60):
        exact = mpmath.eigsy(
            mpmath.matrix(gradients.tolist()) * mpmath.matrix(gradients.T.tolist()) / 20,
            eigvals_only=True,
        )
        values = np.array([float(value) for value in exact])[::-1]

    found = solved(gradients)

    np.testing.assert_allclose(found.eigenvalues[:20], values, rtol=1e-11)
    assert values[19] < 1e-19 * values[0]


def test_rows_are_trusted_by_their_smallest_singular_value() -> None:
    """Rows with singular values from 1 to 1e-12, and columns over 15 decades: the bound of errors
    is P eps / sigma_min(rows with unit columns), in 60 digits.
    """
    generator = np.random.default_rng(5)
    rows = (orthogonal(20, 1) * np.geomspace(1, 1e-12, 20)) @ orthogonal(30, 2)[:20]
    gradients = rows * 10.0 ** generator.permutation(np.linspace(0, -15, 30))
    lengths = np.linalg.norm(gradients, axis=0)
    with mpmath.workdps(60):
        exact, scaled = (
            mpmath.eigsy(mpmath.matrix(g.tolist()) * mpmath.matrix(g.T.tolist()), eigvals_only=True)
            for g in (gradients, gradients / lengths)
        )
        values = np.array([float(value) for value in exact])[::-1]
        bound = float(30 * EPSILON / mpmath.sqrt(scaled[0]))

    found = solved(gradients)

    assert found.resolved
    np.testing.assert_allclose(found.eigenvalues[:20] * 20, values, rtol=bound)
    assert 1e-6 < bound < 0.1


def test_excluded_samples_do_not_count() -> None:
    """Their rows are zero, their losses NaN: C is divided by the others' number."""
    whole = sampler(NETWORK)
    gradients = whole.block(0, 30)[0].copy()
    half = spectrum_of_gradients(gradients[::2], NETWORK, whole.relative_noise)

    class Half(type(whole)):  # type: ignore[misc]
        def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
            rows, losses = super().block(first, count)
            rows[1::2], losses[1::2] = 0.0, np.nan
            return rows, losses

    of = sampler(NETWORK)
    of.__class__ = Half
    found = few_samples_spectrum(of, 30, half.diagonal, np.zeros(169), vectors=False)

    np.testing.assert_allclose(found.eigenvalues, half.eigenvalues, rtol=1e-9)
    assert found.rank == 15


def test_the_family_and_the_null_of_random_signs_are_those_of_c() -> None:
    """With fewer samples than parameters the gradients are held and C is not; one group left out at
    a time, as by C.
    """
    of, samples, groups = sampler(NETWORK), 96, 4
    found = family_intervals(of, samples, groups)
    gradients = of.block(0, samples)[0].copy()

    def by_c(rows: np.ndarray) -> dict[str, float]:
        moment = second_moment(rows)
        dust = rounding_variance(np.diagonal(moment), NETWORK, of.relative_noise)
        return condition_numbers(spectrum_of(moment, samples=len(rows), dust=dust), NETWORK)

    deleted = [
        by_c(np.delete(gradients, slice(24 * g, 24 * g + 24), axis=0)) for g in range(groups)
    ]
    for name in ("stable_rank", "participation_ratio", "entropy_rank", "log10_layer_ladder"):
        values = np.array([numbers[name] for numbers in deleted])
        error = 1.96 * np.sqrt((groups - 1) / groups * np.sum((values - values.mean()) ** 2))
        assert found[name].value == pytest.approx(by_c(gradients)[name], rel=1e-9)
        assert found[name].high - found[name].value == pytest.approx(error, rel=1e-6)
    assert found["log10_cond"].value == np.inf
    assert np.isnan(found["log10_cond"].low)

    null = sign_null(of, samples, key=3)
    np.testing.assert_allclose(null.diagonal, (gradients**2).mean(axis=0), rtol=1e-13)
    assert null.rank == samples
    assert null.eigenvalues.sum() == pytest.approx(null.diagonal.sum(), rel=1e-12)


def test_null_directions_of_single_precision_are_told_by_its_own_rounding() -> None:
    """Inputs on a line: dL/dW_2k = 3 dL/dW_1k but for rounding of 6e-8, far above P eps of double
    precision. Null are 3 of P = 13.
    """
    line = np.linspace(-1, 1, 10)[:, None] * [1.0, 3.0]
    of = sampler(
        Architecture(1, 3, 2, 1),
        problem=Problem(line, np.sin(line[:, :1] + 1)),
        precision=np.float32,
    )

    found, by_c, _ = of_network(of, 12)

    assert found.rank == by_c.rank == 13 - 3
    np.testing.assert_allclose(
        found.eigenvalues, by_c.eigenvalues, rtol=0, atol=1e-6 * found.eigenvalues[0]
    )


def test_what_rounding_hides_beside_null_directions_has_no_number() -> None:
    """Rows from 1 down to 1e-15: every column is as large as the first row, so values below eps^2
    of the largest are rounding.

    Null directions there are (7 < 9), so the status is theirs, and the decades among the others
    would be a number by chance.
    """
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((7, 9)) * np.logspace(0, -15, 7)[:, None]
    hidden, told = solved(rows), solved(rows[:3])
    assert hidden.status == told.status == SpectrumStatus.RANK_DEFICIENT
    assert (hidden.resolved, told.resolved) == (False, True)
    assert np.isnan(condition_numbers(hidden, Architecture(1, 2, 2, 1))["log10_cond_carrying"])
    with mpmath.workdps(60):
        exact = mpmath.eigsy(
            mpmath.matrix(rows[:3].tolist()) * mpmath.matrix(rows[:3].T.tolist()), eigvals_only=True
        )
        decades = float(mpmath.log10(exact[2] / exact[0]))
    assert condition_numbers(told, Architecture(1, 2, 2, 1))[
        "log10_cond_carrying"
    ] == pytest.approx(decades, abs=1e-6)


def test_null_directions_and_parameters_cost_no_further_copy_of_the_gradients() -> None:
    """The plan's 8 (N P + 4 N^2 + 36 P) bytes and a block of 256 rows: one gradient is repeated,
    and a tenth of the columns is 0.
    """
    samples, size = 300, 4999
    gradients = np.random.default_rng(1).standard_normal((samples, size))
    gradients[:, ::10] = 0.0
    gradients[-1] = gradients[0]
    tracemalloc.start()
    try:
        found = spectrum_of_gradients(gradients, Architecture(1, 1666), 1e-14)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.rank == samples - 1
    np.testing.assert_allclose(
        found.eigenvalues[:299],
        np.linalg.svd(gradients, compute_uv=False)[:299] ** 2 / 300,
        rtol=1e-10,
    )
    assert peak < 8 * (samples * size + 4 * samples**2 + 36 * size + 256 * size)
