"""A matrix without a spectrum.

Injection: a stored C, with valid checksums and a receipt that confirms it, that is asymmetric or
holds a NaN; an eigensolver that reports no convergence. Promise: exit code 1 and a line that says
what is wrong with the matrix; no spectrum and no receipt of one.
"""

import json
import sys

import numpy as np
import pytest
import zarr
from faults.harness import INJECTORS, Case

from eigenscape.store.second_moments import digest_of_matrix, read_gradient_mean, read_second_moment

pytestmark = pytest.mark.faults


def refused(case: Case, run) -> str:
    """What is said of a refused matrix; the last line is the error, before it may stand what became
    of the matrix.
    """
    assert run.wait() == 1, run.output
    assert "Traceback" not in run.output
    assert not case.folder.receipt(case.folder.spectrum(case.study.headline_cell)).exists()
    *_, last = run.output.splitlines()
    assert last.startswith("eigenscape: ")
    return run.output


@pytest.mark.parametrize(
    ("entry", "value", "words"),
    [
        ((3, 5), 1.0, "expected a symmetric matrix, found an asymmetric one"),
        ((3, 5), np.nan, "expected finite numbers in second_moment"),
        ((4, 4), np.inf, "expected finite numbers in second_moment"),
    ],
)
def test_a_stored_matrix_without_a_spectrum_is_refused(
    runs, finished, entry: tuple[int, int], value: float, words: str
) -> None:
    case = finished
    matrix, mean = read_second_moment(case.store), read_gradient_mean(case.store)
    matrix[entry] = value
    zarr.open_group(case.store, mode="r+")["second_moment"][...] = matrix
    receipt = json.loads(case.receipt.read_text())
    case.receipt.write_text(json.dumps({**receipt, "digest": digest_of_matrix(matrix, mean)}))

    assert words in refused(case, runs.stage(case, "spectrum", case.cell))


def test_an_eigensolver_that_does_not_converge_is_said_so(runs, finished) -> None:
    case = finished
    command = [
        str(INJECTORS),
        "diverge@eigenvalues:0:1",
        "spectrum",
        case.cell,
        "--study",
        str(case.folder.study),
    ]
    line = refused(case, runs.start(sys.executable, *command))
    assert "the eigensolver did not converge on a 253 x 253 matrix" in line
