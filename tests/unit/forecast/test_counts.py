"""The formulas of one cell against counted calls, and the constants that the model repeats."""

import types
from typing import Any

import numpy as np
import pytest

from eigenscape.active_subspace import triangle
from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.networks import kernel
from eigenscape.networks.activations import TANH
from eigenscape.networks.problems import sine_regression
from eigenscape.planning import cells
from eigenscape.planning.work import Kind


@pytest.mark.parametrize(
    ("depth", "width", "points", "samples"), [(1, 5, 7, 1), (2, 3, 12, 4), (5, 8, 50, 3)]
)
def test_products_of_the_gradient_kernel(
    depth: int, width: int, points: int, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's own Python source, with every np.dot counted as 2 m k n flops."""
    flops = 0

    def dot(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
        nonlocal flops
        flops += 2 * left.shape[0] * left.shape[1] * right.shape[1]
        out[...] = left @ right

    architecture, problem = Architecture(depth, width), sine_regression(points=points)
    theta = np.random.default_rng(0).standard_normal((samples, architecture.parameters))
    gradients, losses = np.empty_like(theta), np.empty(samples)
    # What it calls must be compiled before its numpy is exchanged.
    kernel._gradients(
        theta,
        np.empty_like(theta),
        losses,
        problem.inputs,
        problem.targets,
        depth,
        width,
        TANH.code,
    )
    monkeypatch.setattr(kernel, "np", types.SimpleNamespace(dot=dot, empty=np.empty))
    source: Any = kernel._gradients
    source.py_func(
        theta, gradients, losses, problem.inputs, problem.targets, depth, width, TANH.code
    )

    assert flops == cells.gradients(architecture, points, samples)[Kind.GRADIENT]
    assert np.abs(gradients).min() > 0  # the counted source did the work


def test_gradients_are_six_flops_a_weight_point_and_sample_but_for_the_first_layer() -> None:
    """5 x 35: W = 35 + 4 * 35^2 + 35 = 4970 weights; 2 n N (3 W - 35)."""
    assert cells.gradients(Architecture(5, 35), 50, 10_000)[Kind.GRADIENT] == 2 * 50 * 10_000 * (
        3 * 4970 - 35
    )


def test_a_triangle_costs_its_area_and_on_devices_half_of_each_diagonal_square() -> None:
    """At P = 1024 two strips: P^2, and on devices two squares of 512, whose upper halves are
    computed too.
    """
    assert cells.gram_flops(1024, 10) == 10 * 1024**2
    assert cells.device_gram_flops(1024, 10) == 10 * (1024**2 + 2 * 512**2)
    assert cells.triangle_numbers(1024) == sum(
        strip.size for strip in triangle.Triangle(1024).strips
    )


@pytest.mark.parametrize(
    ("size", "on_host", "kind"),
    [(1999, True, "EIGENVALUES"), (2000, True, "TWO_STAGE"), (2000, False, "EIGENVALUES")],
)
def test_large_eigenvalues_on_the_host_are_of_two_stages(
    size: int, on_host: bool, kind: str
) -> None:
    work = cells.eigensolve(size, vectors=False, on_host=on_host)
    assert work.flops == work[Kind[kind]] == pytest.approx(4 / 3 * size**3)
    assert cells.eigensolve(size, vectors=True)[Kind.EIGENVECTORS] == 4 * size**3


def test_the_bracket_is_left_out_where_halves_have_no_full_rank() -> None:
    study = Study()  # the headline has N = 10,000 < 2 P
    assert not cells.bracket(study.headline_cell, study).counts
    assert cells.bracket(study.computed_cells()[0], study).flops > 0


def test_two_ranks_halve_the_work_and_add_messages() -> None:
    cell = Study().headline_cell
    alone, shared = (cells.second_moment(cell, 50, ranks) for ranks in (1, 2))

    assert 2 * shared.flops == pytest.approx(alone.flops)
    assert alone[Kind.MESSAGE] == 0 < shared[Kind.MESSAGE]
    # Each of two ranks holds one node: together they send every band once, and the busiest at most
    # all of it.
    assert shared[Kind.SEND] <= 8 * (cells.triangle_numbers(5146) + 5148)
