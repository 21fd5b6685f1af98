"""Gradient descent against closed forms and a plain loop; curvature against the explicit
Hessian.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch
from builders import EPSILON, draws

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import LINEAR, RELU, SIGMOID, TANH, Activation
from eigenscape.networks.functional import mean_squared_residual
from eigenscape.networks.kernel import fill_gradients
from eigenscape.networks.problems import Problem, sine_regression
from eigenscape.networks.training import (
    DIVERGED,
    StepSearch,
    Training,
    loss_of_best_constant,
    step_by_curvature,
    step_by_search,
    train,
)

UNIT = Architecture(1, 1)
AT_ZERO = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
"""One point at x = 0 with target 0: a linear unit with zero input bias and output weight has the
loss c^2 in its output bias c."""


def bias_only(*output_biases: float) -> np.ndarray:
    parameters = np.zeros((len(output_biases), 4))
    parameters[:, 3] = output_biases
    return parameters


def in_a_plain_loop(
    start: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
    step: float,
    threshold: float,
    most: int,
) -> tuple[float, float]:
    """Steps to the threshold (NaN if never) and final loss of one starting point, by textbook
    code.
    """
    theta, gradient, loss = start[None].copy(), np.empty((1, len(start))), np.empty(1)
    with np.errstate(over="ignore", invalid="ignore"):
        for taken in range(most + 1):
            fill_gradients(theta, gradient, loss, architecture, activation, problem)
            if loss[0] <= threshold:
                return float(taken), float(loss[0])
            theta = theta - step * gradient
    return np.nan, float(loss[0])


def hessian_spectra(
    start: np.ndarray, architecture: Architecture, activation: Activation, problem: Problem
) -> np.ndarray:
    """All eigenvalues of the explicit Hessian at each start, ascending."""
    loss = mean_squared_residual(
        torch.from_numpy(problem.inputs),
        torch.from_numpy(problem.targets),
        architecture,
        activation,
    )
    hessian = torch.func.jacrev(torch.func.jacrev(loss))
    return np.array([np.linalg.eigvalsh(hessian(torch.from_numpy(row)).numpy()) for row in start])


@pytest.mark.parametrize("step", [0.01, 0.1, 0.4, 0.6, 0.9])
def test_a_parabola_is_descended_at_its_known_rate(step: float) -> None:
    # c_{t+1} = (1 - 2 step) c_t, so L_t = (1 - 2 step)^(2t) L_0: the first t with L_t <= L is the
    # ceiling of a ratio of logarithms.
    threshold, start = 1e-3, np.array([1.0, 7.3, -0.2, 40.0])
    exact = np.ceil(np.log(threshold / start**2) / (2 * np.log(abs(1 - 2 * step))))

    training = train(bias_only(*start), UNIT, LINEAR, AT_ZERO, step, threshold, 2000)

    assert training.steps_to_threshold.tolist() == exact.tolist()
    assert len(set(exact)) == 4 or step > 0.3
    # At most 600 products, each rounded once, squared at the end.
    np.testing.assert_allclose(
        training.final_loss, start**2 * (1 - 2 * step) ** (2 * exact), rtol=1200 * EPSILON
    )
    assert not training.diverged.any()


def test_a_step_beyond_two_over_the_curvature_diverges_and_says_so() -> None:
    # |1 - 2 step| = 2: the loss grows by 4 a step and passes DIVERGED after the tenth (4^9 < 10^6 <
    # 4^10).
    training = train(bias_only(1.0, 0.001), UNIT, LINEAR, AT_ZERO, np.array([1.5, 0.25]), 1e-8, 50)

    assert training.diverged.tolist() == [True, False]
    assert training.final_loss[0] == 4.0**10 > DIVERGED > 4.0**9
    assert np.isnan(training.steps_to_threshold[0])
    assert training.steps_to_threshold[1] == 4  # (0.001)^2 / 4^t <= 1e-8


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_starts_without_a_finite_loss_are_diverged_and_harm_no_other(bad: float) -> None:
    training = train(bias_only(bad, 1.0), UNIT, LINEAR, AT_ZERO, 0.25, 0.25, 5)

    assert training.diverged.tolist() == [True, False]
    assert training.steps_to_threshold[1] == 1


def test_a_start_at_the_threshold_needs_no_step_and_the_last_step_counts() -> None:
    training = train(bias_only(1.0, 2.0, 4.0), UNIT, LINEAR, AT_ZERO, 0.25, 1.0, 1)

    assert training.steps_to_threshold[:2].tolist() == [0, 1]
    assert np.isnan(training.steps_to_threshold[2])
    assert training.final_loss.tolist() == [1.0, 1.0, 4.0]
    assert not training.diverged.any()


@pytest.mark.parametrize(
    "activation", [TANH, RELU, SIGMOID, LINEAR], ids=lambda activation: activation.name
)
@pytest.mark.parametrize("architecture", [Architecture(1, 1), Architecture(3, 5)])
def test_every_replica_does_what_a_plain_loop_does(
    architecture: Architecture, activation: Activation
) -> None:
    problem, start = sine_regression(points=15), draws(9, architecture.parameters)
    steps, threshold = np.geomspace(1e-3, 2e-2, 9), 0.45

    training = train(start, architecture, activation, problem, steps, threshold, 300)
    loop = [
        in_a_plain_loop(row, architecture, activation, problem, s, threshold, 300)
        for row, s in zip(start, steps, strict=True)
    ]

    stable = ~training.diverged
    assert stable.sum() >= 4
    np.testing.assert_array_equal(training.steps_to_threshold, [steps for steps, _ in loop])
    np.testing.assert_array_equal(
        training.final_loss[stable], np.array([loss for _, loss in loop])[stable]
    )


def test_replicas_are_the_same_bits_in_every_batch() -> None:
    architecture, problem = Architecture(2, 6), sine_regression()
    start, steps = draws(12, architecture.parameters), np.geomspace(5e-3, 3.0, 12)
    arguments = (architecture, TANH, problem)
    whole = train(start, *arguments, steps, 0.2, 400)
    kept = start.copy()

    assert whole.diverged.any()
    assert np.isfinite(whole.steps_to_threshold).any()
    assert (np.isnan(whole.steps_to_threshold) & ~whole.diverged).any()
    for rows in (np.array([7]), np.arange(3, 9), np.arange(12)[::-1]):
        part = train(start[rows], *arguments, steps[rows], 0.2, 400)
        for name in ("steps_to_threshold", "final_loss", "diverged"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows])
    assert np.array_equal(start, kept)


def test_single_precision_stays_single() -> None:
    architecture, problem = Architecture(1, 8), sine_regression()
    start = draws(6, architecture.parameters)

    double = train(start, architecture, TANH, problem, 0.02, 0.4, 400)
    single = train(start.astype(np.float32), architecture, TANH, problem, 0.02, 0.4, 400)

    arrived = np.isfinite(double.steps_to_threshold)
    assert arrived.any()
    # Few hundred steps on a smooth path: rounding 6e-8 shifts the crossing by far less than a step,
    # so by one at most.
    assert np.abs(double.steps_to_threshold - single.steps_to_threshold)[arrived].max() <= 1
    assert np.array_equal(single.final_loss, single.final_loss.astype(np.float32))
    assert not np.array_equal(single.final_loss, double.final_loss)


@pytest.mark.parametrize(
    "activation", [TANH, SIGMOID, LINEAR], ids=lambda activation: activation.name
)
@pytest.mark.parametrize(
    "architecture",
    [Architecture(1, 1), Architecture(1, 3), Architecture(3, 3), Architecture(2, 2, 2, 3)],
)
def test_the_step_is_one_over_the_largest_eigenvalue_of_the_hessian(
    architecture: Architecture, activation: Activation
) -> None:
    generator = np.random.default_rng(2)
    problem = Problem(
        generator.uniform(-1, 1, (7, architecture.inputs)),
        generator.standard_normal((7, architecture.outputs)),
    )
    start = draws(6, architecture.parameters)
    spectra = hessian_spectra(start, architecture, activation, problem)

    # As many steps as parameters span the whole space: only rounding is left, P times that of the
    # products.
    exact = step_by_curvature(
        start, architecture, activation, problem, iterations=architecture.parameters
    )
    default = step_by_curvature(start, architecture, activation, problem)

    np.testing.assert_allclose(1 / exact, spectra[:, -1], rtol=1e-12)
    # A Ritz value is never above lambda_max, but for rounding.
    assert np.all(1 / default <= spectra[:, -1] * (1 + 1e-12))
    np.testing.assert_allclose(1 / default, spectra[:, -1], rtol=1e-3)
    assert np.all(1 / default >= 2 / architecture.outputs * (1 - 1e-12))


def test_a_negative_curvature_that_is_larger_in_size_is_not_taken() -> None:
    # Far from targets of 50 the Hessian is that of the network times the residual, of either sign.
    problem, start = (
        Problem(np.array([[-0.5], [1.0]]), np.array([[-50.0], [50.0]])),
        draws(60, UNIT.parameters),
    )
    spectra = hessian_spectra(start, UNIT, TANH, problem)
    rows = -spectra[:, 0] > 1.1 * spectra[:, -1]

    curvatures = 1 / step_by_curvature(start, UNIT, TANH, problem)

    assert rows.any()
    np.testing.assert_allclose(curvatures[rows], spectra[rows, -1], rtol=1e-11)


def test_curvatures_have_converged_where_the_study_needs_them() -> None:
    # The bulk of the spectrum is densest in deep, wide networks; the default is compared with three
    # times as many products.
    for architecture in (Architecture(1, 20), Architecture(5, 10), Architecture(8, 20)):
        start = draws(3, architecture.parameters)
        default = step_by_curvature(start, architecture, TANH, sine_regression())
        longer = step_by_curvature(start, architecture, TANH, sine_regression(), iterations=72)
        half = step_by_curvature(start, architecture, TANH, sine_regression(), iterations=12)
        # The Krylov space only grows, so the curvatures do, but for rounding; 99 % is what
        # LANCZOS_STEPS says of half as many.
        assert np.all(longer <= default * (1 + 1e-12))
        np.testing.assert_allclose(half, longer, rtol=0.01)
        np.testing.assert_allclose(default, longer, rtol=1e-4)


def test_the_curvature_step_is_stable_on_a_parabola() -> None:
    # With zero weights the Hessian is 2 in the output bias c and +-2 c in the product of input bias
    # and output weight: lambda_max = 2 for |c| < 1, and 1/lambda_max lands on the minimum of the
    # parabola in one step.
    start = bias_only(0.5, -0.9)

    steps = step_by_curvature(start, UNIT, LINEAR, AT_ZERO)

    np.testing.assert_allclose(steps, 0.5, rtol=8 * EPSILON)
    np.testing.assert_allclose(
        step_by_curvature(bias_only(3.0), UNIT, LINEAR, AT_ZERO), 1 / 6, rtol=8 * EPSILON
    )
    assert train(start, UNIT, LINEAR, AT_ZERO, steps, 1e-20, 5).steps_to_threshold.tolist() == [
        1,
        1,
    ]


def test_the_search_takes_the_step_with_the_fewest_steps() -> None:
    step_grid = [1.5, 0.45, 0.3, 0.01]
    search = step_by_search(bias_only(1.0, 2.0, 3.0), UNIT, LINEAR, AT_ZERO, step_grid, 1e-6, 40)

    # Rates |1 - 2 step| of 2 (diverges), 0.1, 0.4 and 0.98 (too slow for 40 steps).
    assert search.step == 0.45
    assert search.training is search.runs[1]
    assert [run.median_steps for run in search.runs] == [np.inf, 4.0, 9.0, np.inf]
    assert search.runs[0].diverged.all()


def test_where_no_step_arrives_the_lowest_loss_decides_and_divergence_never_does() -> None:
    search = step_by_search(
        bias_only(1.0, 2.0, 3.0), UNIT, LINEAR, AT_ZERO, [30.0, 0.02, 0.1, 0.01], 1e-6, 5
    )

    assert [run.median_steps for run in search.runs] == [np.inf] * 4
    assert search.step == 0.1


def outcome(steps: list[float], losses: list[float]) -> Training:
    return Training(np.array(steps), np.array(losses), np.zeros(len(steps), bool))


def test_medians_count_what_never_arrives() -> None:
    never = np.nan

    assert outcome([1, never, never, 2, 3], [1.0] * 5).median_steps == 3
    assert outcome([1, never, never, 2], [1.0] * 4).median_steps == np.inf
    assert outcome([never] * 3, [np.nan, 1.0, np.inf]).median_final_loss == np.inf
    # A finite median wins against a lower loss elsewhere.
    runs = (outcome([never] * 3, [0.1] * 3), outcome([9, 9, never], [5.0] * 3))
    assert StepSearch(np.array([0.1, 0.2]), runs).step == 0.2


def test_the_best_constant_is_the_mean() -> None:
    targets = np.random.default_rng(0).standard_normal((9, 3))
    problem = Problem(np.zeros((9, 1)), targets)

    # The derivative in a constant per output vanishes at the mean; no constant on a fine grid does
    # better.
    losses = [
        ((targets - targets.mean(axis=0) - shift) ** 2).mean() for shift in np.linspace(-1, 1, 201)
    ]

    assert loss_of_best_constant(problem) == pytest.approx(min(losses), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": 0.0}, "step: expected a number above 0, found 0.0"),
        ({"step": np.array([0.1, np.nan])}, "step: expected a number above 0, found nan"),
        ({"threshold": -1.0}, "threshold: expected a number above 0"),
        ({"most_steps": 0}, "most_steps: expected a number above 0"),
        (
            {"parameters": np.zeros((2, 5))},
            r"parameters: expected rows of 4 numbers, found \(2, 5\)",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(change: dict[str, object], message: str) -> None:
    arguments = {
        "parameters": bias_only(1.0, 2.0),
        "step": 0.1,
        "threshold": 0.1,
        "most_steps": 5,
        **change,
    }
    with pytest.raises(BadInput, match=message):
        train(architecture=UNIT, activation=LINEAR, problem=AT_ZERO, **arguments)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="step_grid: expected at least one step"):
        step_by_search(bias_only(1.0), UNIT, LINEAR, AT_ZERO, [], 0.1, 5)


def test_training_alone_does_not_load_torch() -> None:
    code = "import sys; import eigenscape.networks.training; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
