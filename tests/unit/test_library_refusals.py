"""What `import eigenscape` refuses: each in one line that says what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import eigenscape
from eigenscape.errors import BadInput

NETWORK = eigenscape.network_sampler(1, 2)
ROWS = np.arange(12.0).reshape(4, 3)

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "one gradient": (
        lambda: eigenscape.second_moment(np.ones(3)),
        r"^gradients: expected .*\(N, P\).*gradient\[None, :\]",
    ),
    "no gradients": (
        lambda: eigenscape.second_moment(np.ones((0, 3))),
        r"^gradients: expected real numbers of shape \(N, P\)",
    ),
    "complex gradients": (
        lambda: eigenscape.second_moment(np.ones((2, 3)) * 1j),
        "found complex128",
    ),
    "words": (
        lambda: eigenscape.second_moment("gradients"),
        "^source: expected a sampler or an array .* found str",
    ),
    "a second moment": (
        lambda: eigenscape.second_moment(eigenscape.second_moment(ROWS)),
        "^source: .* found SecondMoment",
    ),
    "a function": (lambda: eigenscape.second_moment(lambda x: x), "^source: .*function_sampler"),
    "not finite": (
        lambda: eigenscape.second_moment(np.array([[1.0, 2.0], [np.nan, 1.0]])),
        "infinity or NaN in row 1",
    ),
    "another network": (
        lambda: eigenscape.second_moment(ROWS, architecture=eigenscape.Architecture(1, 2)),
        r"^gradients: expected 7 columns, one for each parameter of d01-w002, found shape \(4, 3\)",
    ),
    "two architectures": (
        lambda: eigenscape.second_moment(NETWORK, 9, architecture=eigenscape.Architecture(1, 3)),
        "^architecture: ",
    ),
    "how many": (
        lambda: eigenscape.second_moment(NETWORK),
        "^samples: expected how many .*write samples=28",
    ),
    "none": (
        lambda: eigenscape.second_moment(NETWORK, 0),
        "^samples: expected a whole number of at least 1, found 0",
    ),
    "more than there are": (
        lambda: eigenscape.second_moment(ROWS, 5),
        "^samples: expected at most 4",
    ),
    "rows as a moment": (
        lambda: eigenscape.spectrum(ROWS),
        r"^moment: expected a square matrix .* second_moment first",
    ),
    "asymmetric": (
        lambda: eigenscape.spectrum(np.triu(np.ones((3, 3)))),
        "^moment: expected a symmetric matrix",
    ),
    "complex moment": (
        lambda: eigenscape.spectrum(np.array([[2, 1j], [-1j, 2]])),
        "^moment: expected real numbers, found complex128",
    ),
    "words for a moment": (
        lambda: eigenscape.spectrum([["a", "b"], ["c", "d"]]),
        "^moment: expected real numbers, found <U1",
    ),  # type: ignore[arg-type]
    "indefinite": (
        lambda: eigenscape.spectrum(np.diag([2.0, -1.0])),
        "^moment: expected a positive semi-definite matrix, found negative",
    ),
    "negative": (
        lambda: eigenscape.spectrum(-np.eye(3)),
        "^moment: expected a positive semi-definite matrix, found negative",
    ),
    "rows of two lengths": (
        lambda: eigenscape.second_moment([[1.0, 2.0], [3.0]]),
        "^gradients: expected rows of one length",
    ),  # type: ignore[arg-type]
    "half a sample": (
        lambda: eigenscape.second_moment(ROWS, 2.5),
        "^samples: expected a whole number of at least 1, found 2.5",
    ),  # type: ignore[arg-type]
    "a word of samples": (
        lambda: eigenscape.second_moment(ROWS, "4"),
        "^samples: expected a whole number of at least 1, found '4'",
    ),  # type: ignore[arg-type]
    "no eigenvectors": (
        lambda: eigenscape.activity_scores(
            np.ones(2), eigenscape.spectrum(np.eye(2)).eigenvectors, 1
        ),
        r"^eigenvectors: expected shape \(P, k\), found none; compute them by spectrum",
    ),
    "moment not finite": (
        lambda: eigenscape.spectrum(np.full((2, 2), np.inf)),
        "^moment: expected finite entries",
    ),
    "other samples": (
        lambda: eigenscape.spectrum(eigenscape.second_moment(ROWS), samples=9),
        "^samples: expected 4, those of",
    ),
    "bare matrix": (
        lambda: eigenscape.condition_number(np.eye(3)),
        "^moment: expected a SecondMoment",
    ),  # type: ignore[arg-type]
    "replicates": (
        lambda: eigenscape.condition_number(eigenscape.second_moment(ROWS), replicates=5),
        "^replicates: expected a whole number of at least 20",
    ),
    "project a function": (
        lambda: eigenscape.project(ROWS),
        "^architecture: expected that of a fully connected network",
    ),
    "symmetry of an array": (
        lambda: eigenscape.project(np.ones((2, 7)), architecture=eigenscape.Architecture(1, 2)),
        "^symmetry: expected that of the loss and the prior",
    ),
    "unknown symmetry": (
        lambda: eigenscape.project(NETWORK, 9, symmetry="mirror"),
        "^symmetry: expected one of perm.* found mirror",
    ),
    "other symmetry": (
        lambda: eigenscape.project(NETWORK, 9, symmetry="permutations"),
        "^symmetry: expected permutations_and_signs",
    ),
    "loss without symmetry": (
        lambda: eigenscape.project(
            eigenscape.loss_sampler(lambda t: (t**2).sum(), eigenscape.Architecture(1, 2)), 9
        ),
        "^prior: expected one with independent .* without symmetry=",
    ),
    "loss of two numbers": (
        lambda: eigenscape.loss_sampler(lambda t: t[:2], 3),
        "^loss: expected a scalar that torch differentiates",
    ),
    "loss of another size": (
        lambda: eigenscape.loss_sampler(lambda t: t @ torch.ones(4), 3),
        r"^loss: expected .* shape \(3,\)",
    ),
    "prior without layers": (
        lambda: eigenscape.loss_sampler(lambda t: t.sum(), 3, prior="he_normal"),
        "^prior: expected standard_normal",
    ),
    "gradient of one number": (
        lambda: eigenscape.second_moment(eigenscape.function_sampler(lambda x: x[:, 0], 2), 3),
        r"^gradient: expected real numbers of shape \(1, 2\)",
    ),
    "draw": (
        lambda: eigenscape.function_sampler(lambda x: x, 2, draw="cauchy"),
        "^draw: expected one of normal, uniform",
    ),  # type: ignore[arg-type]
    "scale": (
        lambda: eigenscape.function_sampler(lambda x: x, 2, scale=0.0),
        "^scale: expected a positive number",
    ),
    "no parameters": (
        lambda: eigenscape.function_sampler(lambda x: x, 0),
        "^parameters: expected a whole number of at least 1",
    ),
    "activation": (
        lambda: eigenscape.network_sampler(1, 2, activation="relux"),
        "^network.activation: expected one of",
    ),
    "prior": (lambda: eigenscape.network_sampler(1, 2, prior="he"), "^prior.kind: expected one of"),
    "problem": (
        lambda: eigenscape.network_sampler(
            1, 2, problem=eigenscape.Problem(np.ones(3), np.ones(3))
        ),
        r"^problem: expected inputs \(n, d\) and targets \(n, k\)",
    ),
    "device": (
        lambda: eigenscape.network_sampler(1, 2, device="gpu"),
        "^device: expected one of cpu, torch, cuda",
    ),  # type: ignore[arg-type]
    "seed": (
        lambda: eigenscape.network_sampler(1, 2, seed=-1).block(0, 1),
        "^seed: expected a whole number from 0 to",
    ),
    "ragged ranges": (
        lambda: eigenscape.function_sampler(lambda x: x, 2, ranges=[[0.0, 1.0], [2.0]]),
        r"^ranges: expected .* shape \(2, 2\), found rows of different lengths",
    ),  # type: ignore[arg-type]
    "ragged scales": (
        lambda: eigenscape.function_sampler(lambda x: x, 2, scale=[1.0, [2.0, 3.0]]),
        "^scale: expected a positive number, or 2 of them, found rows of different lengths",
    ),  # type: ignore[arg-type]
    "no samples along directions": (
        lambda: eigenscape.active_variables(NETWORK, 0, np.eye(7)),
        "^samples: expected a whole number of at least 1, found 0",
    ),
    "samples in steps": (
        lambda: eigenscape.active_variables(NETWORK, range(0, 9, 3), np.eye(7)),
        "^samples: expected at least one, in steps of 1",
    ),
    "a number for a direction": (
        lambda: eigenscape.active_variables(NETWORK, 3, 1),
        "^directions: expected real numbers in 7 rows",
    ),
    "words for directions": (
        lambda: eigenscape.active_variables(NETWORK, 3, ["x"] * 7),
        "^directions: expected real numbers in 7 rows, .* found <U1",
    ),
    "ragged directions": (
        lambda: eigenscape.active_variables(NETWORK, 3, [[1.0], [2.0, 3.0]]),
        "^directions: expected real numbers in 7 rows",
    ),
    "points of a sampler": (
        lambda: eigenscape.second_moment(NETWORK, 3, points=50),
        "^points: expected those of the sampler, found 50; leave it out",
    ),
    "no points": (
        lambda: eigenscape.second_moment(ROWS, points=0),
        "^points: expected a whole number of at least 1, found 0",
    ),
    "a word of energy": (
        lambda: eigenscape.choose_dimension([2.0, 1.0], energy="all"),
        "^energy: expected a part above 0 and at most 1, found 'all'",
    ),  # type: ignore[arg-type]
    "an eigenvalue below 0": (
        lambda: eigenscape.choose_dimension([2.0, 1.0, -0.5]),
        "^source: expected eigenvalues of at least 0, found -0.5 beside 2",
    ),
    "precision": (
        lambda: eigenscape.network_sampler(1, 2, precision="half"),
        "^precision: expected float64 or float32",
    ),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_said_in_one_line(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words) as caught:
        call()
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rounding_may_make_an_eigenvalue_negative() -> None:
    """A product in single precision, of rank 1: eps of float32 times the trace below zero, which
    means null.
    """
    gradient = np.random.default_rng(1).standard_normal((1, 6)).astype(np.float32)
    matrix = gradient.T @ gradient + np.diag(np.float32([0, 0, 0, 0, 0, -1e-7]))
    assert np.linalg.eigvalsh(matrix.astype(np.float64)).min() < 0
    assert eigenscape.spectrum(matrix).eigenvalues[0] == pytest.approx(
        float((gradient.astype(np.float64) ** 2).sum()), rel=1e-6
    )
    assert not eigenscape.spectrum(np.zeros((2, 2))).eigenvalues.any()


def test_rounding_may_make_a_bare_matrix_asymmetric() -> None:
    matrix = np.array([[2.0, 1.0], [1.0 + 1e-15, 2.0]])
    np.testing.assert_allclose(eigenscape.spectrum(matrix).eigenvalues, [3.0, 1.0], rtol=1e-14)


def test_a_matrix_in_float32_is_judged_by_the_rounding_of_float32() -> None:
    """Five gradients in fifteen directions: ten null ones, which rounding leaves at 1e-7."""
    rows = np.random.default_rng(0).standard_normal((5, 15))
    exact, single = rows.T @ rows / 5, (rows.T @ rows / 5).astype(np.float32)
    assert eigenscape.spectrum(exact, samples=5).rank == 5
    for found in (eigenscape.spectrum(single), eigenscape.spectrum(single, samples=5)):
        assert found.rank == 5
        assert found.floor == pytest.approx(15 * 2.0**-23 * found.eigenvalues[0])
        np.testing.assert_allclose(
            found.eigenvalues[:5], eigenscape.spectrum(exact).eigenvalues[:5], rtol=1e-5
        )
    assert eigenscape.spectrum(single).status == "below_floor"
    assert eigenscape.spectrum(single, samples=5).status == "rank_deficient"
    full = eigenscape.spectrum(np.diag(np.float32([100.0, 1.0])))
    assert (full.status, full.log10_condition) == ("finite", 2.0)


def test_points_say_how_far_the_rounding_of_an_array_reaches() -> None:
    """A column of dust, 20 eps of the others: null where a gradient sums 50 terms, and a direction
    of its own where it is one.
    """
    random = np.random.default_rng(0)
    rows = np.hstack([random.standard_normal((40, 2)), np.full((40, 1), 20 * 2.0**-52)])
    rows[:, 2] *= random.choice([-1.0, 1.0], 40)
    assert eigenscape.spectrum(eigenscape.second_moment(rows)).rank == 3
    assert eigenscape.spectrum(eigenscape.second_moment(rows, points=50)).rank == 2


def test_samples_along_directions_are_counted_or_numbered() -> None:
    counted = eigenscape.active_variables(NETWORK, 5, np.eye(7)[:, :2])
    numbered = eigenscape.active_variables(NETWORK, range(5), np.eye(7)[:, :2].tolist())
    np.testing.assert_array_equal(counted.coordinates, numbered.coordinates)
