"""A gradient that is not finite.

Injection: a prior and a problem whose gradients overflow float32 at some samples, not at others.
Promise: by default the run stops on all ranks with exit code 1 and names the sample; with
`sampling: {non_finite: exclude}` such samples are left out, counted in the receipt, and the bits
are the same for any number of ranks.
"""

import json

import numpy as np
import pytest
from faults.harness import Case

from eigenscape.stages.common.samplers import sampler_of_network

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def overflowing(root, non_finite: str) -> Case:
    """Inputs of 4e18, squared by the loss, reach the end of float32 at 3e38."""
    return Case.at(
        root,
        network={"activation": "linear"},
        problem={"interval": [-4e18, 4e18], "points": 12},
        headline={"depth": 2, "width": 4, "samples": 40},
        sampling={"precision": "float32", "non_finite": non_finite},
    )


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_sample_is_named(runs, tmp_path, ranks: int) -> None:
    case = overflowing(tmp_path / "results", "fail")
    run = runs.second_moment(case, ranks)
    assert run.wait() == 1
    assert "of d02-w004: expected a finite gradient, found infinity or NaN in float32" in run.output
    assert "sample" in run.output
    assert "Traceback" not in run.output
    assert not case.receipt.exists()


def test_such_samples_are_left_out_and_counted(runs, tmp_path, undisturbed) -> None:
    case = overflowing(tmp_path / "results", "exclude")
    run = runs.second_moment(case, 3)
    assert run.wait() == 0, run.output
    _, losses = sampler_of_network(case.study, case.study.headline_cell.architecture).block(0, 40)
    excluded = json.loads(case.receipt.read_text())["excluded"]
    assert 0 < excluded < 40
    assert excluded == np.isnan(losses).sum()
    assert case.bits() == undisturbed(case)
