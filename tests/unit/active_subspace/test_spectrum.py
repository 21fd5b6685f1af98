"""Spectra by independent routes, against 80-digit arithmetic, and told apart from what is no
spectrum.
"""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from builders import (
    EPSILON,
    draws,
    graded_matrix,
    ill_conditioned_graded_matrix,
    matrix_of,
    orthogonal,
    sampler,
    second_moment,
    with_spectrum,
)

from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import (
    Route,
    SpectrumStatus,
    rounding_variance,
    spectrum_of,
    spectrum_without_factor,
)
from eigenscape.architecture import Architecture
from eigenscape.errors import EigensolverFailure
from eigenscape.networks.problems import sine_regression

FINITE, RANK_DEFICIENT, BELOW_FLOOR = (
    SpectrumStatus.FINITE,
    SpectrumStatus.RANK_DEFICIENT,
    SpectrumStatus.BELOW_FLOOR,
)


def eigenvalues_to_80_digits(matrix: np.ndarray) -> np.ndarray:
    with mpmath.workdps(80):
        values = mpmath.eigsy(mpmath.matrix(matrix.tolist()), eigvals_only=True)
        return np.array(sorted((float(value) for value in values), reverse=True))


def kahan(size: int, angle: float) -> np.ndarray:
    """Kahan's triangular matrix times its transpose: every pivot is of order one, the smallest
    singular value is not.
    """
    sine, cosine = np.sin(angle), np.cos(angle)
    triangle = np.diag(sine ** np.arange(size)) @ (
        np.eye(size) - cosine * np.triu(np.ones((size, size)), 1)
    )
    return second_moment(triangle) * size


@pytest.mark.parametrize("samples", [60, 25])
def test_three_routes_to_the_eigenvalues_agree(samples: int) -> None:
    gradients = draws(samples, 25) * np.geomspace(1, 1e-3, 25)
    by_svd = np.linalg.svd(gradients / np.sqrt(samples), compute_uv=False) ** 2

    spectrum = spectrum_of(second_moment(gradients), samples=samples)

    # eigh is off by P eps of the largest eigenvalue.
    np.testing.assert_allclose(spectrum.eigenvalues, by_svd, atol=25 * EPSILON * by_svd[0])


def test_fewer_samples_than_parameters_agree_with_the_dual_gram_matrix() -> None:
    gradients = draws(9, 25)
    dual = np.linalg.eigvalsh(gradients @ gradients.T / 9)[::-1]

    spectrum = spectrum_of(second_moment(gradients), samples=9)

    # conditioned within two decades
    np.testing.assert_allclose(spectrum.eigenvalues[:9], dual, rtol=1e-12)
    assert np.all(spectrum.eigenvalues[9:] == 0)
    assert (spectrum.status, spectrum.rank) == (RANK_DEFICIENT, 9)
    assert spectrum.log10_condition == np.inf


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_eigenvalue_of_a_26_decade_matrix_is_right_to_twelve_digits(seed: int) -> None:
    matrix = graded_matrix(24, decades=26, seed=seed)
    exact = eigenvalues_to_80_digits(matrix)

    spectrum = spectrum_of(matrix)

    assert exact[0] / exact[-1] > 1e25
    # P eps / lambda_min(A) with lambda_min(A) about 1/4 for N = 4P: below 1e-13.
    assert np.max(np.abs(spectrum.eigenvalues / exact - 1)) < 1e-12
    assert (spectrum.status, spectrum.route, spectrum.rank) == (FINITE, Route.GRADED, 24)
    assert spectrum.log10_condition == pytest.approx(np.log10(exact[0] / exact[-1]), abs=1e-12)
    # The route is needed: where the parameters come in ascending order, eigh alone is wrong by
    # orders of magnitude.
    ascending = np.argsort(np.diagonal(matrix))
    alone = np.linalg.eigvalsh(matrix[np.ix_(ascending, ascending)])[::-1]
    assert np.max(np.abs(alone / exact - 1)) > 1e6


@pytest.mark.parametrize("decades", [12, 26, 37])
@pytest.mark.parametrize("least", [1e-4, 1e-8, 3e-13])
def test_whatever_the_grading_errors_are_bounded_by_the_scaled_matrix(
    decades: float, least: float
) -> None:
    """Demmel and Veselic's bound P eps / lambda_min(A), A = C scaled to a unit diagonal, in 60
    digits: 1e-3 at most, so every value is there. By its condition in the 1-norm, squared, the last
    row would be refused.
    """
    matrix = ill_conditioned_graded_matrix(40, decades, least)
    exact = eigenvalues_to_80_digits(matrix)
    deviations = np.sqrt(np.diagonal(matrix))
    bound = 40 * EPSILON / eigenvalues_to_80_digits(matrix / np.outer(deviations, deviations))[-1]
    assert exact[0] / exact[-1] > 10**decades

    spectrum = spectrum_of(matrix)

    assert (spectrum.status, spectrum.route, spectrum.resolved) == (FINITE, Route.GRADED, True)
    assert np.max(np.abs(spectrum.eigenvalues / exact - 1)) < bound < 0.01


@pytest.mark.parametrize("decades", [12, 37])
def test_a_scaled_matrix_that_is_singular_to_working_precision_has_no_number(
    decades: float,
) -> None:
    """lambda_min(A) = 1e-16: its own bound is 40 x 2.2e-16 / 1e-16, some ninety times the value."""
    spectrum = spectrum_of(ill_conditioned_graded_matrix(40, decades, 1e-16))

    assert (spectrum.resolved, spectrum.log10_condition) == (False, np.inf)


@pytest.mark.parametrize("decades", [4, 26])
def test_order_of_parameters_does_not_matter(decades: float) -> None:
    matrix = graded_matrix(20, decades)
    order = np.random.default_rng(8).permutation(20)

    spectrum, permuted = spectrum_of(matrix), spectrum_of(matrix[np.ix_(order, order)])

    np.testing.assert_allclose(
        permuted.eigenvalues, spectrum.eigenvalues, rtol=1e-11 if decades == 4 else 1e-12
    )
    assert np.array_equal(permuted.diagonal, spectrum.diagonal[order])


@pytest.mark.parametrize("factor", [3.0, 1e-20])
@pytest.mark.parametrize("decades", [4, 26])
def test_scaling_the_loss_scales_eigenvalues_and_keeps_the_condition_number(
    factor: float, decades: float
) -> None:
    matrix = graded_matrix(20, decades)

    spectrum, scaled = spectrum_of(matrix), spectrum_of(factor**2 * matrix)

    np.testing.assert_allclose(scaled.eigenvalues, factor**2 * spectrum.eigenvalues, rtol=1e-11)
    assert scaled.log10_condition == pytest.approx(spectrum.log10_condition, abs=1e-11)
    assert (scaled.rank, scaled.status) == (spectrum.rank, spectrum.status)


def test_orthogonal_changes_of_parameters_keep_the_spectrum() -> None:
    gradients = draws(60, 15) * np.geomspace(1, 1e-2, 15)

    spectrum, turned = (
        spectrum_of(second_moment(gradients)),
        spectrum_of(second_moment(gradients @ orthogonal(15))),
    )

    np.testing.assert_allclose(
        turned.eigenvalues, spectrum.eigenvalues, atol=15 * EPSILON * spectrum.eigenvalues[0]
    )


def test_a_known_spectrum_is_returned_with_its_eigenvectors() -> None:
    values = np.array([9.0, 4.0, 1.0, 0.5, 0.25])
    matrix = with_spectrum(values)

    spectrum = spectrum_of(matrix, vectors=True)

    basis = spectrum.eigenvectors
    assert basis is not None
    # 5 eps lambda_1, relative to the smallest
    np.testing.assert_allclose(spectrum.eigenvalues, values, rtol=1e-14 * 36)
    np.testing.assert_allclose((basis * values) @ basis.T, matrix, atol=1e-14)
    np.testing.assert_allclose(basis.T @ basis, np.eye(5), atol=1e-14)
    assert np.all(basis[np.abs(basis).argmax(axis=0), np.arange(5)] > 0)
    assert spectrum.log10_condition == pytest.approx(np.log10(36), abs=1e-13)


def test_eigenvectors_stay_in_the_order_of_the_parameters() -> None:
    spectrum = spectrum_of(np.diag([1.0, 9.0, 4.0]), vectors=True)

    assert spectrum.eigenvectors is not None
    assert np.array_equal(spectrum.eigenvectors, np.eye(3)[:, [1, 2, 0]])


def with_zero_parameter(gradients: np.ndarray) -> np.ndarray:
    return gradients * (np.arange(gradients.shape[1]) != 3)


def with_duplicate_parameter(gradients: np.ndarray) -> np.ndarray:
    return np.hstack([gradients[:, :-1], gradients[:, :1]])


def with_dependent_parameter(gradients: np.ndarray) -> np.ndarray:
    return np.hstack([gradients[:, :-1], gradients[:, :3].sum(axis=1, keepdims=True)])


@pytest.mark.parametrize("decades", [0, 16])
@pytest.mark.parametrize(
    "change", [with_zero_parameter, with_duplicate_parameter, with_dependent_parameter]
)
def test_one_null_direction_is_counted_and_not_taken_for_decades(
    change: object, decades: float
) -> None:
    gradients = change(draws(80, 12) * np.logspace(0, -decades / 2, 12))  # type: ignore[operator]

    spectrum = spectrum_of(second_moment(gradients), samples=80)

    singular = np.linalg.svd(gradients / np.sqrt(80), compute_uv=False)
    assert (spectrum.status, spectrum.rank) == (RANK_DEFICIENT, 11)
    assert spectrum.eigenvalues[-1] == 0
    # svd is off by eps sigma_1, which at 16 decades of variance is 1e-8 of the smallest sigma.
    np.testing.assert_allclose(
        spectrum.eigenvalues[:11], singular[:11] ** 2, rtol=1e-11 if decades == 0 else 1e-5
    )


@pytest.mark.parametrize("seed", range(8))
def test_rounding_left_by_dependent_parameters_is_not_counted(seed: int) -> None:
    mixing = np.random.default_rng(seed).standard_normal((7, 12))
    gradients = draws(80, 7, key=seed) @ mixing

    spectrum = spectrum_of(second_moment(gradients))

    # Twelve parameters move in seven directions; the pivots after the seventh are rounding of
    # either sign.
    assert (spectrum.status, spectrum.rank) == (RANK_DEFICIENT, 7)
    assert np.all(spectrum.eigenvalues[7:] == 0)


@pytest.mark.parametrize("depth", [1, 3])
def test_vanishing_bias_gradients_of_an_odd_network_are_null_directions(depth: int) -> None:
    architecture = Architecture(depth, 5)
    source = sampler(architecture, prior="lecun_normal", problem=sine_regression(points=50))
    count = 6 * architecture.parameters
    moment = matrix_of(sum_of_samples(source, range(count)).triangle, 1 / count)
    biases = 5 * depth + 1

    spectrum = spectrum_of(
        moment,
        samples=count,
        dust=rounding_variance(np.diagonal(moment), architecture, source.relative_noise),
    )

    # Without biases and with odd data and units every bias gradient is zero; what is left is
    # rounding.
    assert (spectrum.status, spectrum.rank) == (RANK_DEFICIENT, architecture.parameters - biases)
    assert np.count_nonzero(spectrum.eigenvalues) == architecture.parameters - biases
    of_weights = np.concatenate(
        [np.arange(architecture.parameters)[layer.weight] for layer in architecture.layers]
    )
    alone = np.linalg.eigvalsh(moment[np.ix_(of_weights, of_weights)])[::-1]
    np.testing.assert_allclose(spectrum.eigenvalues[: len(alone)], alone, rtol=1e-9)


def test_the_same_gradient_every_time_has_rank_one() -> None:
    gradient = np.arange(1.0, 7.0)

    spectrum = spectrum_of(second_moment(np.tile(gradient, (30, 1))), samples=30)

    assert (spectrum.status, spectrum.rank) == (RANK_DEFICIENT, 1)
    np.testing.assert_allclose(
        spectrum.eigenvalues, [gradient @ gradient, 0, 0, 0, 0, 0], rtol=1e-14
    )


def test_no_gradient_at_all_has_rank_zero() -> None:
    spectrum = spectrum_of(np.zeros((4, 4)), samples=9)

    assert (spectrum.status, spectrum.rank, spectrum.eigenvalues.tolist()) == (
        RANK_DEFICIENT,
        0,
        [0.0] * 4,
    )
    assert np.isnan(spectrum.log10_gap(1))


@pytest.mark.parametrize(
    "matrix",
    [kahan(50, angle=1.2), kahan(60, angle=1.3), scipy.linalg.hilbert(12)],
    ids=["kahan50", "kahan60", "hilbert12"],
)
def test_ill_conditioning_that_is_not_grading_is_below_the_floor(matrix: np.ndarray) -> None:
    exact = eigenvalues_to_80_digits(matrix)
    # smaller than the rounding of the entries: no method can tell
    assert exact[-1] < len(matrix) * EPSILON * exact[0]

    spectrum = spectrum_of(matrix)

    assert (spectrum.status, spectrum.rank) == (BELOW_FLOOR, len(matrix))
    assert spectrum.log10_condition == np.inf


@pytest.mark.parametrize("size", [13, 16, 30])
def test_a_large_hilbert_matrix_never_gives_a_finite_condition_number(size: int) -> None:
    """Rounded to double precision it is no longer positive definite, so its rank is not its
    size.
    """
    matrix = scipy.linalg.hilbert(size)
    spectrum = spectrum_of(matrix)

    assert spectrum.status is RANK_DEFICIENT
    assert spectrum.log10_condition == np.inf
    # What was dropped is rounding: P eps of each parameter's own variance.
    assert eigenvalues_to_80_digits(matrix)[spectrum.rank] < size * EPSILON * np.trace(matrix)


@pytest.mark.parametrize("size", [4, 7])
def test_a_small_hilbert_matrix_is_resolved(size: int) -> None:
    matrix = scipy.linalg.hilbert(size)
    exact = eigenvalues_to_80_digits(matrix)

    spectrum = spectrum_of(matrix)

    # P eps / lambda_min of the matrix scaled to a unit diagonal, about 1e9 at size 7.
    assert spectrum.status is FINITE
    np.testing.assert_allclose(spectrum.eigenvalues, exact, rtol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    matrix = np.eye(3)
    matrix[1, 1] = bad

    with pytest.raises(EigensolverFailure, match="expected finite entries"):
        spectrum_of(matrix)


def test_what_is_not_symmetric_or_square_is_refused() -> None:
    matrix = np.eye(3)
    matrix[0, 2] = 1e-16

    with pytest.raises(EigensolverFailure, match="expected a symmetric matrix"):
        spectrum_of(matrix)
    with pytest.raises(EigensolverFailure, match=r"expected a square matrix, found shape \(2, 3\)"):
        spectrum_of(np.ones((2, 3)))


@pytest.mark.parametrize("entry", [(0, 599), (599, 0), (300, 290), (511, 512)])
def test_one_asymmetric_entry_is_found_wherever_it_is(entry: tuple[int, int]) -> None:
    matrix = np.eye(600)
    matrix[entry] = 1e-300

    with pytest.raises(EigensolverFailure, match="expected a symmetric matrix"):
        spectrum_of(matrix)


def test_the_matrix_is_not_changed() -> None:
    matrix = with_spectrum(np.geomspace(1, 1e-3, 30))
    before = matrix.copy()
    for vectors in (False, True):
        spectrum_of(matrix, vectors=vectors)
        assert np.array_equal(matrix, before)


def test_gaps_are_counted_from_one() -> None:
    spectrum = spectrum_of(np.diag([1e6, 1e4, 10.0, 1.0]))

    assert [spectrum.log10_gap(index) for index in (1, 2, 3)] == pytest.approx(
        [2.0, 3.0, 1.0], abs=1e-12
    )
    assert np.isnan([spectrum.log10_gap(index) for index in (0, 4, 5)]).all()


def test_there_is_no_gap_at_the_rank() -> None:
    spectrum = spectrum_of(np.diag([4.0, 1.0, 0.0]))

    assert np.isnan(spectrum.log10_gap(2))


def test_a_matrix_of_one_parameter_has_condition_number_one() -> None:
    assert spectrum_of(np.array([[5.0]])).log10_condition == 0.0


def test_every_status_has_a_meaning() -> None:
    assert len({status.meaning for status in SpectrumStatus}) == len(SpectrumStatus)


@pytest.mark.timeout(120)
def test_a_deep_narrow_network_is_resolved_and_repeatable() -> None:
    """Depth 30, width 5 at N = 4P: the spectrum is longer than eigh resolves; QR and SVD of G are
    the other route.
    """
    architecture = Architecture(30, 5)
    source = sampler(architecture, problem=sine_regression(points=50), key=3)
    count = 4 * architecture.parameters
    moment = matrix_of(sum_of_samples(source, range(count)).triangle, 1 / count)

    spectrum, again = spectrum_of(moment, samples=count), spectrum_of(moment, samples=count)

    assert (spectrum.status, spectrum.rank) == (FINITE, architecture.parameters)
    assert np.array_equal(spectrum.eigenvalues, again.eigenvalues)
    gradients = source.block(0, count)[0] / np.sqrt(count)
    by_descending_norm = gradients[:, np.argsort(-np.linalg.norm(gradients, axis=0))]
    triangle = scipy.linalg.qr(by_descending_norm, mode="r", overwrite_a=True, check_finite=False)[
        0
    ][: architecture.parameters]
    singular = scipy.linalg.svdvals(triangle)
    # Norm-sorted QR keeps the grading; the SVD then errs by eps sigma_1/sigma_P at worst, as far as
    # grading does not help.
    np.testing.assert_allclose(spectrum.eigenvalues, singular**2, rtol=1e-6)


@pytest.mark.parametrize(
    ("samples", "status"),
    [
        (1000, "finite"),
        (26, "finite"),
        (24, "undersampled"),
        (20, "undersampled"),
        (19, "rank_deficient"),
    ],
)
def test_p_over_n_near_one_is_marked(samples: int, status: str) -> None:
    """P = 20: beyond P/N = 0.8 noise alone spans 2.5 decades; the number is there, and is
    marked.
    """
    gradients = np.random.default_rng(7).standard_normal((samples, 20))
    moment = gradients.T @ gradients / samples
    spectrum = spectrum_of(np.tril(moment) + np.tril(moment, -1).T, samples=samples)
    assert spectrum.status.value == status
    assert np.isfinite(spectrum.log10_condition) == (status != "rank_deficient")
    assert spectrum.status.meaning


def test_a_factor_that_is_not_trusted_has_no_number_beside_null_directions_either() -> None:
    """diag(0, H), H Hilbert's matrix: of 12 rows its condition is 1.6e16, beyond 1/eps; of 3 it is
    524.
    """
    hidden, told = (
        spectrum_of(scipy.linalg.block_diag(0.0, scipy.linalg.hilbert(size))) for size in (12, 3)
    )
    assert hidden.status == told.status == RANK_DEFICIENT
    assert (hidden.resolved, told.resolved) == (False, True)
    assert np.isnan(condition_numbers(hidden, Architecture(1, 3, 2, 1))["log10_cond_carrying"])
    expected = np.log10(np.linalg.cond(scipy.linalg.hilbert(3)))
    assert condition_numbers(told, Architecture(1, 1))["log10_cond_carrying"] == pytest.approx(
        expected, abs=1e-9
    )


def test_eigh_alone_has_no_number_for_what_it_does_not_tell_from_rounding() -> None:
    """P eps = 7e-16: the smallest that carries gradient, 1e-16, is left out and so nothing is said;
    1e-12 is told.
    """
    diagonal = np.array([1.0, 1.0, 0.0])
    hidden, told = (
        spectrum_without_factor(np.array([1.0, low, 0.0]), None, diagonal, None, 0.0)
        for low in (1e-16, 1e-12)
    )
    assert hidden.status == told.status == RANK_DEFICIENT
    assert (hidden.resolved, told.resolved) == (False, True)
