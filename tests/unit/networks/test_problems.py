"""The data of the sine regression."""

import math

import numpy as np

from eigenscape.config.study import Study
from eigenscape.networks.problems import problem_of, sine_regression


def test_inputs_are_equispaced_with_both_ends() -> None:
    problem = sine_regression((-0.5, 2.0), points=6)

    # Multiples of 1/2: exact in binary.
    assert problem.inputs.ravel().tolist() == [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    assert problem.inputs.shape == problem.targets.shape == (6, 1)
    assert problem.points == 6


def test_targets_are_one_period_of_the_sine_per_unit() -> None:
    problem = sine_regression((0.0, 1.0), points=9)
    expected = [math.sin(math.pi * k / 4) for k in range(9)]

    np.testing.assert_allclose(problem.targets.ravel(), expected, atol=1e-15)


def test_the_default_data_are_odd() -> None:
    problem = sine_regression()

    assert problem.points == 50
    # The steps are rounded, so the grid is symmetric up to an ulp of 1, which the sine multiplies
    # by 2 pi.
    np.testing.assert_allclose(problem.inputs[::-1], -problem.inputs, atol=2.3e-16)
    np.testing.assert_allclose(problem.targets[::-1], -problem.targets, atol=2 * math.pi * 2.3e-16)


def test_a_configuration_gives_its_interval_and_points() -> None:
    study = Study.from_mapping({"problem": {"interval": [0, 2], "points": 5}})

    assert problem_of(study.problem).inputs.ravel().tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
