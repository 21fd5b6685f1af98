"""The bootstrap of subspaces against closed forms, against errors that are made, and by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builders import orthogonal, sampler

from eigenscape.active_subspace.estimate import SecondMoment, second_moment
from eigenscape.active_subspace.resampling import FULL_BOOTSTRAP_LIMIT
from eigenscape.active_subspace.subspaces import SubspaceBootstrap, bootstrap_subspaces
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.gradients import NonFinite
from eigenscape.networks.quadrature import quadrature_sampler
from eigenscape.networks.samplers import function_sampler
from eigenscape.seeding import generator


def quadratic(scales: list[float], samples: int, seed: int = 0) -> SecondMoment:
    """Of f = sum_i a_i x_i^2 / 2 at x ~ N(0, I): g ~ N(0, diag(a^2)), and C = diag(a^2)."""
    a = np.array(scales)
    return second_moment(function_sampler(lambda x: a * x, len(a), seed=seed), samples)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """|W1 W1^T - W2 W2^T|_2 of the spans of two bases, by the projectors themselves."""
    return float(np.linalg.norm(one @ one.T - other @ other.T, ord=2))


def test_a_linear_function_has_one_direction_and_no_error() -> None:
    """Every gradient is b, and every replicate the same matrix b b^T, to rounding."""
    b = np.array([3.0, -1.0, 0.5])
    found = bootstrap_subspaces(second_moment(np.tile(b, (50, 1))), replicates=20)
    value, low, high = found.eigenvalues.at(0)
    np.testing.assert_allclose([value, low, high], b @ b, rtol=1e-13)
    assert found.errors.maximum[0] < 1e-7  # the root of eps: C has null directions of size eps
    assert found.variability[0] < 1e-13
    np.testing.assert_allclose(found.traces, b @ b, rtol=1e-13)


@pytest.mark.parametrize("weighted", [False, True])
def test_replicates_are_second_moments_of_samples_drawn_anew(weighted: bool) -> None:
    """By hand: multinomial counts of the same stream are weights of the second moment, whose
    eigenvectors span subspaces, whose projectors have a distance.
    """
    rows = np.random.default_rng(1).standard_normal((60, 4)) * [3.0, 2.0, 1.5, 1.0]
    weights = np.arange(60.0) % 7 if weighted else np.ones(60)
    moment = second_moment(rows, weights=weights if weighted else None)
    found = bootstrap_subspaces(moment, replicates=30, seed=5)

    basis = np.linalg.eigh(moment.matrix)[1][:, ::-1]
    random = generator(5, "subspace bootstrap", 4)
    carrying = np.flatnonzero(weights)
    alike = np.full(len(carrying), 1 / len(carrying))
    values, errors, determinants = [], [], []
    for _ in range(30):
        counts = np.zeros(60)
        counts[carrying] = random.multinomial(len(carrying), alike)
        solved = np.linalg.eigh(second_moment(rows, weights=counts * weights).matrix)
        vectors = solved[1][:, ::-1]
        values.append(solved[0][::-1])
        errors.append([distance(basis[:, :n], vectors[:, :n]) for n in (1, 2, 3)])
        determinants.append(
            [1 - abs(np.linalg.det(basis[:, :n].T @ vectors[:, :n])) for n in (1, 2, 3)]
        )
    np.testing.assert_allclose(found.replicates, values, rtol=1e-11)
    np.testing.assert_array_equal(found.dimensions, [1, 2, 3])
    for mine, by_hand in (
        (found.errors.mean, np.mean(errors, axis=0)),
        (found.errors.minimum, np.min(errors, axis=0)),
        (found.errors.maximum, np.max(errors, axis=0)),
        (found.variability, np.mean(determinants, axis=0)),
        (found.eigenvalues.low, np.min(values, axis=0)),
        (found.eigenvalues.high, np.max(values, axis=0)),
        (found.traces, np.sum(values, axis=1)),
    ):
        np.testing.assert_allclose(mine, by_hand, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.eigenvalues.value, np.linalg.eigvalsh(moment.matrix)[::-1])
    assert found.trace == pytest.approx(np.trace(moment.matrix))


def test_errors_and_ranges_of_a_quadratic_in_closed_form() -> None:
    """g ~ N(0, diag(l1, l2)): the angle of w_1 is N(0, l1 l2 / (N (l1 - l2)^2)) to first order, so
    its mean size is sqrt(2/pi) times that root. Standard deviations of eigenvalues: l sqrt(2/N).

    A replicate has the sample's fourth moments in the place of the law's: E[z1^4 z2^4] = 9, so the
    root of theirs has the relative standard deviation sqrt(8/N)/2 = 2.2 %; that of the mean of 400
    replicates of |N(0, 1)| is 0.76/20 = 3.8 %. Four standard deviations of both: 18 %. The variance
    of z^4 is 96, so that of eigenvalues has sqrt(96/4000)/2/2 = 4 % (of a standard deviation) and
    1/sqrt(800) = 3.5 %: 21 %.
    """
    samples, (l1, l2) = 4_000, (9.0, 1.0)
    found = bootstrap_subspaces(quadratic([3.0, 1.0], samples), replicates=400)
    angle = np.sqrt(l1 * l2 / samples) / (l1 - l2)
    assert found.errors.mean[0] == pytest.approx(np.sqrt(2 / np.pi) * angle, rel=0.18)
    np.testing.assert_allclose(
        found.replicates.std(axis=0), np.array([l1, l2]) * np.sqrt(2 / samples), rtol=0.21
    )
    # 1 - |cos(angle)| = angle^2 / 2, whose relative fluctuations are twice as large.
    assert found.variability[0] == pytest.approx(angle**2 / 2, rel=0.4)


def test_the_bootstrap_tells_the_error_that_is_made() -> None:
    """Over 60 samples the mean distance from the true subspace is the mean of the bootstrap's.

    Distances in the three other directions are chi with 3 degrees or fewer, whose relative standard
    deviation is at most that of |N(0, 1)|, 0.76: 4 standard errors are 39 %.
    """
    made, told = [], []
    for seed in range(60):
        moment = quadratic([4.0, 3.0, 1.0, 0.5], 500, seed)
        vectors = np.linalg.eigh(moment.matrix)[1][:, ::-1]
        made.append([distance(np.eye(4)[:, :n], vectors[:, :n]) for n in (1, 2, 3)])
        told.append(bootstrap_subspaces(moment, replicates=40, seed=seed).errors.mean)
    np.testing.assert_allclose(np.mean(told, axis=0), np.mean(made, axis=0), rtol=0.39)
    # and the order of the dimensions is that of the gaps
    assert np.array_equal(np.argsort(np.mean(told, axis=0)), np.argsort(np.mean(made, axis=0)))


def test_ranges_turn_with_the_parameters_and_scale_with_the_gradient() -> None:
    rows = np.random.default_rng(2).standard_normal((80, 5)) * [5.0, 3.0, 2.0, 1.0, 0.5]
    basis = orthogonal(5, seed=4)
    plain, turned, larger = (
        bootstrap_subspaces(second_moment(each), replicates=25)
        for each in (rows, rows @ basis, 1e3 * rows)
    )
    for other, factor in ((turned, 1.0), (larger, 1e6)):
        for mine, theirs in zip(other.eigenvalues, plain.eigenvalues, strict=True):
            np.testing.assert_allclose(mine, factor * np.asarray(theirs), rtol=1e-10)
        np.testing.assert_allclose(other.errors.maximum, plain.errors.maximum, rtol=1e-9)
        np.testing.assert_allclose(other.variability, plain.variability, rtol=1e-9)


def test_the_first_replicates_do_not_depend_on_how_many_there_are() -> None:
    moment = quadratic([2.0, 1.0, 0.5], 100)
    short, long = (bootstrap_subspaces(moment, replicates=r).replicates for r in (20, 30))
    np.testing.assert_array_equal(short, long[:20])
    other = bootstrap_subspaces(moment, replicates=20, seed=1).replicates
    assert not np.array_equal(short, other)


def test_a_sample_that_is_left_out_is_not_drawn() -> None:
    """Excluded samples have the gradient 0: drawn, they would only make replicates smaller."""

    def gradient(x: np.ndarray) -> np.ndarray:
        return np.where(x[:, :1] > 0, np.nan, x)

    source = function_sampler(gradient, 2)
    source.non_finite = NonFinite.EXCLUDE
    rows = np.concatenate([source.block(n, 100)[0].copy() for n in (0, 100)])
    kept = rows[np.any(rows != 0, axis=1)]
    assert 60 < len(kept) < 140
    found = bootstrap_subspaces(second_moment(source, 200), replicates=20)
    expected = bootstrap_subspaces(second_moment(kept), replicates=20)
    np.testing.assert_allclose(found.replicates, expected.replicates, rtol=1e-12)


def test_the_effective_number_of_samples_behind_an_eigenvalue() -> None:
    """Of normal gradients E[a]^2/E[a^2] = 1/3 of the samples, within four standard deviations: E
    z^4 = 3 has sqrt(96/6000)/3 = 4.2 %, twice the mean square 3.7 %. Of a sample that carries all,
    1; of no direction, 0.
    """
    found = bootstrap_subspaces(quadratic([3.0, 1.0], 6_000), replicates=20)
    np.testing.assert_allclose(found.effective_samples, 2_000, rtol=0.23)
    rows = np.array([[100.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    few = bootstrap_subspaces(second_moment(rows), replicates=20)
    np.testing.assert_allclose(few.effective_samples, [1, 3, 0], atol=1e-9)
    twice = bootstrap_subspaces(second_moment(rows, weights=[1, 2, 1, 1]), replicates=20)
    np.testing.assert_allclose(twice.effective_samples, [1, 16 / 6, 0], atol=1e-9)


@pytest.mark.parametrize(("spread", "held"), [(0.3, range(93, 101)), (1.3, range(50, 90))])
def test_ranges_are_short_where_few_samples_carry_an_eigenvalue(spread: float, held: range) -> None:
    """g_1 = exp(s z) and lambda_1 = exp(2 s^2), over 100 samples of 400. The effective N is N
    exp(-4 s^2) in the limit: 280 for s = 0.3, and below 1 % of N for 1.3, where replicates do not
    see the tail. That a 99 % interval holds 92 or fewer of 100 has a chance below 1e-5.
    """
    inside, effective = 0, []
    for seed in range(100):
        z = np.random.default_rng(seed).standard_normal((400, 2))
        rows = np.stack([np.exp(spread * z[:, 0]), 0.01 * z[:, 1]], axis=1)
        found = bootstrap_subspaces(second_moment(rows), replicates=200, seed=seed)
        inside += found.eigenvalues.low[0] < np.exp(2 * spread**2) < found.eigenvalues.high[0]
        effective.append(found.effective_samples[0])
    assert inside in held
    assert (np.median(effective) > 100) == (spread < 1)


def test_of_many_parameters_the_leading_span_is_resampled() -> None:
    """Rayleigh and Ritz: inside a span no eigenvalue is larger than that of the whole; traces are
    of the whole.
    """
    size = FULL_BOOTSTRAP_LIMIT + 15
    scales = np.exp(-np.arange(size) / 40)
    rows = np.random.default_rng(3).standard_normal((400, size)) * scales
    found = bootstrap_subspaces(second_moment(rows), replicates=20)
    assert found.replicates.shape == (20, FULL_BOOTSTRAP_LIMIT)
    np.testing.assert_array_equal(found.dimensions, np.arange(1, 38))  # 200 / ln 200 = 37.7
    assert "up to n = 37" in repr(found)
    random = generator(0, "subspace bootstrap", size)
    for replicate in range(2):
        weights = random.multinomial(400, np.full(400, 1 / 400)) / 400
        whole = np.linalg.eigvalsh((rows * weights[:, None]).T @ rows)[::-1]
        inside = found.replicates[replicate]
        assert np.all(inside <= whole[:FULL_BOOTSTRAP_LIMIT] * (1 + 1e-12))
        np.testing.assert_allclose(inside[:5], whole[:5], rtol=1e-3)
        assert found.traces[replicate] == pytest.approx(whole.sum(), rel=1e-12)


def test_a_network_has_ranges_too() -> None:
    moment = second_moment(sampler(Architecture(1, 3)), 300)
    found = bootstrap_subspaces(moment, replicates=25)
    assert isinstance(found, SubspaceBootstrap)
    assert (found.parameters, found.samples) == (10, 300)
    assert np.all(found.eigenvalues.low <= found.eigenvalues.high)
    assert np.all((found.errors.minimum >= 0) & (found.errors.maximum <= 1 + 1e-12))
    assert len(repr(found).splitlines()) == 8


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a matrix": (lambda: bootstrap_subspaces(np.eye(2)), "^moment: expected a SecondMoment"),
    "a rule": (
        lambda: bootstrap_subspaces(second_moment(quadrature_sampler(lambda x: x, 2))),
        "^moment: expected random samples, found the nodes of a quadrature rule",
    ),
    "one parameter": (lambda: bootstrap_subspaces(second_moment(np.ones((3, 1)))), "found P = 1"),
    "no gradient": (lambda: bootstrap_subspaces(second_moment(np.zeros((3, 2)))), "tr C = 0"),
    "few replicates": (
        lambda: bootstrap_subspaces(second_moment(np.eye(2)), replicates=3),
        "^replicates: expected a whole number of at least 20",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_subspaces_is_refused(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words):
        call()


def test_no_eigenvalue_of_a_second_moment_is_negative() -> None:
    """Five gradients in eight directions: three eigenvalues are 0, in replicates more."""
    rows = np.random.default_rng(0).standard_normal((5, 8))
    found = bootstrap_subspaces(second_moment(rows), replicates=40)
    assert found.eigenvalues.value.min() >= 0.0
    assert found.eigenvalues.low.min() >= 0.0
    assert found.replicates.min() >= 0.0
