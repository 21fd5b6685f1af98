"""The cases that the configuration knows by name: what is said of another name, and the unit of
their errors.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.errors import BadInput
from eigenscape.model_constrained.case import Case, inverse_problem
from eigenscape.model_constrained.problems import CASES, case_named
from eigenscape.networks.activations import TANH

SECTION = ModelConstrainedSection(pairs=4)


def error_of_a_constant_network(case: Case, output: np.ndarray) -> float:
    """The held-out error of a network that says the same of every input: all weights are zero, and
    the last biases are what it says.
    """
    architecture = SECTION.architecture_of(case.name)
    theta = torch.zeros(architecture.parameters, dtype=torch.float64)
    theta[-len(output) :] = torch.from_numpy(output)
    return float(case.error_factory(architecture, TANH)(theta)(theta))


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith(("mcdnn", "tnet"))])
def test_who_always_says_the_mean_of_the_unknowns_has_an_error_of_one(name: str) -> None:
    case = case_named(name, SECTION, seed=1)
    assert error_of_a_constant_network(case, case.arrays["mean"]) == pytest.approx(1.0, rel=1e-12)


def test_who_never_moves_has_an_error_of_one() -> None:
    """A tangent of zero leaves the state where it is, and the error is in units of that."""
    case = case_named("burgers-mctangent", SECTION, seed=1)
    still = np.zeros(case.problem.targets.shape[1])
    assert error_of_a_constant_network(case, still) == pytest.approx(1.0, rel=1e-12)


def test_other_names_are_refused() -> None:
    with pytest.raises(BadInput, match=r"cases: expected one of deconvolution-mcdnn, .*found ours"):
        case_named("ours", SECTION, seed=0)
    with pytest.raises(BadInput, match=r"names that end with mcdnn, tnet, taen, found heat-pinn"):
        inverse_problem("heat-pinn", SECTION, 0, lambda u: u, np.zeros((9, 2)))
