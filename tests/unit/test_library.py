"""What `import eigenscape` gives: light, complete, right on functions whose C is known, and errors
that say what to do.
"""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import EPSILON, orthogonal

import eigenscape
from eigenscape.architecture import FlatLayout
from eigenscape.networks.draws import ScaledDraws
from eigenscape.networks.functional import mean_squared_residual
from eigenscape.networks.functions import NumpyGradient
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.rounding import rounding_growth

HEAVY = (
    "numpy",
    "scipy",
    "torch",
    "numba",
    "matplotlib",
    "pandas",
    "xarray",
    "zarr",
    "mpi4py",
    "pydantic",
)

# ---- the table of contents


def test_the_import_loads_nothing_heavy() -> None:
    """In a process of its own, since this one has everything loaded."""
    program = (
        f"import sys, eigenscape; print([name for name in {HEAVY} if name in sys.modules],"
        " eigenscape.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"[] {eigenscape.__version__}\n"


def test_type_checkers_read_the_same_table() -> None:
    """The imports under TYPE_CHECKING, the homes of lazy names and ``__all__`` are one list, and no
    name hides a module.
    """
    source = ast.parse(Path(str(eigenscape.__file__)).read_text())
    checked, _ = [node for node in source.body if isinstance(node, ast.If)]
    imports = {
        (f"{node.module}.{alias.name}", alias.asname)
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    lazy = {(f"eigenscape.{module}.{name}", name) for name, module in eigenscape._MODULE_OF.items()}
    modules = {(f"eigenscape.{name}", name) for name in eigenscape._MODULES}
    assert imports == lazy | modules
    assert sorted(eigenscape.__all__) == sorted([*eigenscape._MODULE_OF, *eigenscape._MODULES])
    folder = Path(str(eigenscape.__file__)).parent
    assert not [
        name
        for name in eigenscape._MODULE_OF
        if (folder / name).exists() or (folder / f"{name}.py").exists()
    ]


@pytest.mark.parametrize("name", eigenscape.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    assert name in dir(eigenscape)
    found = getattr(eigenscape, name)
    assert inspect.getdoc(found)
    if inspect.isfunction(found):
        assert ">>>" in str(found.__doc__)


def test_a_name_that_is_not_there_is_an_attribute_error_that_lists_the_others() -> None:
    with pytest.raises(
        AttributeError, match=r"no attribute 'second_moments'; it has .*second_moment"
    ):
        _ = eigenscape.second_moments


# ---- functions whose C is known


def test_a_linear_function_has_a_second_moment_of_rank_one() -> None:
    """f = b.x has the gradient b everywhere: C = b b^T. N sums and one division round b_i b_j N + 2
    times at most.
    """
    b, samples = np.array([3.0, -1.0, 0.5, 0.0]), 500
    moment = eigenscape.second_moment(
        eigenscape.function_sampler(lambda x: np.tile(b, (len(x), 1)), 4), samples
    )
    np.testing.assert_allclose(moment.matrix, np.outer(b, b), rtol=(samples + 2) * EPSILON)
    np.testing.assert_allclose(moment.gradient_mean, b, rtol=(samples + 2) * EPSILON)
    found = eigenscape.spectrum(moment, vectors=True)
    assert (found.rank, found.status) == (1, "rank_deficient")
    np.testing.assert_allclose(found.eigenvalues, [b @ b, 0, 0, 0], rtol=1e-13)
    assert found.eigenvectors is not None
    np.testing.assert_allclose(np.abs(found.eigenvectors[:, 0] @ b), np.linalg.norm(b), rtol=1e-13)
    assert eigenscape.condition_number(moment).log10_condition == np.inf


def test_the_exponential_of_a_linear_function() -> None:
    """f = exp(b.x) on the square [-s, s]^2: C = b b^T prod_i sinh(2 s b_i)/(2 s b_i), within 4
    standard errors of the mean.
    """
    b, s, samples = np.array([0.7, 0.3]), 1.5, 20_000
    sampler = eigenscape.function_sampler(
        lambda x: np.exp(x @ b)[:, None] * b, 2, draw="uniform", scale=s
    )
    second, fourth = (np.prod(np.sinh(k * s * b) / (k * s * b)) for k in (2, 4))
    expected = (b @ b) * second
    standard_error = (b @ b) * np.sqrt((fourth - second**2) / samples)
    found = eigenscape.second_moment(sampler, samples)
    assert abs(np.trace(found.matrix) - expected) < 4 * standard_error
    assert standard_error < 0.01 * expected
    np.testing.assert_allclose(
        found.matrix, np.trace(found.matrix) * np.outer(b, b) / (b @ b), rtol=1e-13
    )


def quadratic(a: np.ndarray, seed: int = 0) -> eigenscape.SecondMoment:
    """Of f(x) = x^T A x / 2 at x ~ N(0, I): g = A x, so C = A^2."""
    sampler = eigenscape.function_sampler(lambda x: x @ a, len(a), seed=seed)
    return eigenscape.second_moment(sampler, samples=2_000)


def test_a_quadratic_function_has_the_square_of_its_matrix() -> None:
    """g ~ N(0, A^2), so N C is Wishart and C_ij has the variance (C_ii C_jj + C_ij^2)/N."""
    basis = orthogonal(5, seed=3)
    a = (basis * [4.0, 3.0, 2.0, 1.0, 0.5]) @ basis.T
    truth, found = a @ a, quadratic(a)
    scores = (found.matrix - truth) / np.sqrt(
        (np.outer(np.diag(truth), np.diag(truth)) + truth**2) / found.samples
    )
    assert np.abs(scores).max() < 4  # of 15 different entries
    assert 0.3 < np.sqrt(np.mean(scores**2)) < 1.8
    # The values are those of numpy on the same matrix: eigh has an absolute error of some P eps
    # lambda_1.
    values = np.linalg.eigvalsh(found.matrix)[::-1]
    np.testing.assert_allclose(
        eigenscape.spectrum(found).eigenvalues, values, atol=20 * EPSILON * values[0]
    )


def test_bracket_and_interval_hold_the_truth_as_often_as_they_say() -> None:
    """Of 40 trials at P/N = 0.002, where the bias is far below the fluctuation, a 95 % interval
    misses 2 on average.

    More than 7 misses have a chance below 1 in 1,000 (binomial; the seeds are fixed). The bracket
    is wider at both ends.
    """
    a, truth = np.diag([10.0, 5.0, 3.0, 1.0]), 2.0
    found = [
        eigenscape.condition_number(quadratic(a, seed), replicates=100, seed=seed)
        for seed in range(40)
    ]
    inside = [each.interval[0] <= truth <= each.interval[1] for each in found]
    bracketed = [each.low <= truth <= each.high for each in found]
    assert sum(inside) >= 33
    assert sum(bracketed) >= sum(inside)
    widths = np.array([each.interval[1] - each.interval[0] for each in found])
    # var log10 of a variance of N normals is 2/N / ln(10)^2; the ratio of two has twice that.
    np.testing.assert_allclose(widths.mean(), 2 * 1.96 * np.sqrt(4 / 2_000) / np.log(10), rtol=0.15)


def test_noise_alone_is_beside_every_number() -> None:
    """At P/N = 1/4 the Marchenko-Pastur edges are 9/4 and 1/4 of the mean: 2 log10 3 decades."""
    found = eigenscape.condition_number(
        eigenscape.second_moment(eigenscape.function_sampler(lambda x: x, 50), 200)
    )
    assert found.parameters_per_sample == 0.25
    assert found.log10_null == pytest.approx(2 * np.log10(3))
    # isotropic C itself: what is seen is noise
    assert abs(found.log10_condition - found.log10_null) < 0.2


def test_one_parameter_has_a_condition_number_of_one() -> None:
    found = eigenscape.condition_number(eigenscape.second_moment(np.array([[2.0], [4.0]])))
    assert (found.log10_condition, found.low, found.high, found.interval) == (
        0.0,
        0.0,
        0.0,
        (0.0, 0.0),
    )
    np.testing.assert_array_equal(found.spectrum.eigenvalues, [10.0])


# ---- one source or another, the same numbers


def test_an_array_of_the_sampled_gradients_has_the_same_bits() -> None:
    sampler = eigenscape.network_sampler(2, 4)
    whole = sampler.block(0, 300)[0].copy()
    drawn, given = (
        eigenscape.second_moment(sampler, 300),
        eigenscape.second_moment(whole, architecture=sampler.architecture),
    )
    np.testing.assert_array_equal(drawn.matrix, given.matrix)
    np.testing.assert_array_equal(drawn.gradient_mean, given.gradient_mean)
    product = whole.T @ whole / 300
    np.testing.assert_allclose(given.matrix, product, atol=300 * EPSILON * product.max())
    np.testing.assert_array_equal(np.asarray(given), given.matrix)
    first, second = (eigenscape.condition_number(moment) for moment in (drawn, given))
    assert (first.low, first.high, first.interval) == (second.low, second.high, second.interval)
    shares = [
        eigenscape.project(source, 300, symmetry="permutations_and_signs").layer_shares
        for source in (sampler, given)
    ]
    assert shares[0] == shares[1]
    np.testing.assert_allclose(
        [share for share, _, _ in shares[0]],
        eigenscape.layer_shares(drawn.diagonal, drawn.architecture),
        rtol=1e-12,
    )


def test_a_longer_run_begins_with_the_same_samples() -> None:
    sampler = eigenscape.function_sampler(lambda x: x, 3, seed=5)
    short, long = (sampler.block(0, count)[0].copy() for count in (10, 20))
    np.testing.assert_array_equal(short, long[:10])
    assert not np.array_equal(
        short, eigenscape.function_sampler(lambda x: x, 3, seed=6).block(0, 10)[0]
    )


def test_the_loss_of_a_network_in_torch_is_the_network() -> None:
    """Two routes to one gradient: the compiled kernel and torch.func. Both draw from the same
    stream.
    """
    network = eigenscape.network_sampler(2, 3)
    data, activation = network.loss.problem, network.loss.activation
    x, y = (torch.from_numpy(array) for array in (data.inputs, data.targets))
    written = mean_squared_residual(x, y, network.architecture, activation)
    own = eigenscape.loss_sampler(
        written, network.architecture, points=50, symmetry="permutations_and_signs"
    )
    expected, found = (eigenscape.second_moment(sampler, 200).matrix for sampler in (network, own))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())
    assert eigenscape.project(own, 200).log10_condition == pytest.approx(
        eigenscape.project(network, 200).log10_condition, rel=1e-9
    )


def test_a_problem_of_ones_own_sets_the_sizes_of_the_network() -> None:
    """A linear network of one unit on one point: f = v (w.x + b) + c, and its gradient by hand."""
    problem = eigenscape.Problem(np.array([[2.0, -1.0]]), np.array([[1.0]]))
    sampler = eigenscape.network_sampler(1, 1, activation="linear", problem=problem)
    gradients, losses = sampler.block(0, 5)
    w1, w2, b, v, c = sampler.parameters(0, 5).T
    hidden = 2 * w1 - w2 + b
    residual = v * hidden + c - 1
    np.testing.assert_allclose(losses, residual**2, rtol=1e-12)
    by_hand = 2 * residual * np.array([2 * v, -v, v, hidden, np.ones(5)])
    np.testing.assert_allclose(gradients, by_hand.T, rtol=1e-12, atol=1e-13)


def test_single_precision_draws_the_same_points() -> None:
    double, single = (eigenscape.network_sampler(1, 3, precision=p) for p in ("float64", "float32"))
    np.testing.assert_array_equal(
        double.parameters(0, 5).astype(np.float32), single.parameters(0, 5)
    )


def test_samples_that_are_excluded_do_not_move_the_bracket() -> None:
    """As rows of 0 in an array of all samples, which scale C and no ratio of eigenvalues."""

    def gradient(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, :1] > 0.5, np.nan, points * np.linspace(1, 2, 6))

    draws = ScaledDraws(StandardDraw.NORMAL, np.ones(6), key=3)
    sampler = GradientSampler(
        FlatLayout(6), draws, NumpyGradient(gradient), non_finite=NonFinite.EXCLUDE
    )
    rows = sampler.block(0, 60)[0].copy()
    assert 0 < np.count_nonzero(~rows.any(axis=1)) < 30

    found, expected = (
        eigenscape.condition_number(eigenscape.second_moment(source, 60)).bracket
        for source in (sampler, rows)
    )

    assert found.split_half == pytest.approx(expected.split_half, abs=1e-6)


def test_single_precision_is_warned_of_where_it_leaves_no_digits() -> None:
    with pytest.warns(RuntimeWarning, match=r"float32 have a relative error of .*; use float64"):
        eigenscape.network_sampler(30, 30, precision="float32")
    assert eigenscape.rounding_growth(eigenscape.network_sampler(30, 30)).gradient_error < 1e-5


@pytest.mark.parametrize("width", [4, 8])
def test_rows_in_single_precision_are_judged_by_its_rounding(width: int) -> None:
    """Inputs on a line, so dL/dW_2k = 3 dL/dW_1k: one null direction a unit, of rounding 6e-8 in
    float32. The array says what its sampler says, and the decades among the others are those of
    double precision to some hundred roundings of float32.
    """
    line = np.linspace(-1, 1, 10)[:, None] * [1.0, 3.0]
    problem = eigenscape.Problem(line, np.sin(line[:, :1] + 1))
    found = {}
    for precision in ("float32", "float64"):
        sampler = eigenscape.network_sampler(1, width, problem=problem, precision=precision)
        count = 4 * sampler.architecture.parameters
        rows = sampler.block(0, count)[0].copy()
        assert rows.dtype == precision
        moment = eigenscape.second_moment(rows)
        found[precision] = eigenscape.condition_number(moment).family()["log10_cond_carrying"]
        ranks = {
            eigenscape.spectrum(m).rank for m in (moment, eigenscape.second_moment(sampler, count))
        }
        assert ranks == {4 * width + 1 - width}
    assert found["float32"] == pytest.approx(found["float64"], abs=1e-5)


def test_half_precision_and_whole_numbers_are_judged_by_what_they_are() -> None:
    """1/1024 beside 1 is rounding in float16, whose eps it is; whole numbers are exact."""
    rows = np.array([[1.0, 0.0], [0.0, 2.0**-10]])
    ranks = [
        eigenscape.spectrum(eigenscape.second_moment(given)).rank
        for given in (rows.astype(np.float16), rows, (1024 * rows).astype(np.int64))
    ]
    assert ranks == [1, 2, 2]


def test_the_route_of_the_gpu_gives_the_same_second_moment() -> None:
    """The kernel and torch round differently; how far that reaches is measured."""
    kernel, by_torch = (
        eigenscape.second_moment(eigenscape.network_sampler(2, 4, device=device), 100)
        for device in ("cpu", "torch")
    )
    promised = rounding_growth(eigenscape.network_sampler(2, 4)).moment_tolerance
    np.testing.assert_allclose(
        by_torch.matrix, kernel.matrix, rtol=0, atol=promised * np.trace(kernel.matrix)
    )
    found = [eigenscape.condition_number(moment).low for moment in (kernel, by_torch)]
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_summaries_are_short_and_say_what_the_number_is_worth() -> None:
    sampler = eigenscape.network_sampler(2, 3)
    moment = eigenscape.second_moment(sampler, 44)
    shown = {
        "SecondMoment: P = 22 parameters, N = 44 samples, P/N = 0.5": moment,
        "22 eigenvalues": eigenscape.spectrum(moment),
        "P/N = 0.5; sampling noise alone would give 1.53 decades": eigenscape.condition_number(
            moment
        ),
        "6 distinct of 22 eigenvalues, permutations_and_signs, N = 44": eigenscape.project(moment),
        "no bracket: half of the samples": eigenscape.condition_number(
            eigenscape.second_moment(sampler, 30)
        ),
        "no bracket of a number that is not finite": eigenscape.condition_number(
            eigenscape.second_moment(sampler, 10)
        ),
        "then 12 null, rank deficient": eigenscape.spectrum(eigenscape.second_moment(sampler, 10)),
    }
    for words, result in shown.items():
        assert words in repr(result)
        assert len(repr(result).splitlines()) <= 3
        assert all(len(line) < 120 for line in repr(result).splitlines())
