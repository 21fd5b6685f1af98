"""The code of docs/active_subspaces.md runs and prints what the page says; its solar cell is that
of the published data, and its active direction the published one.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pages import DOCS, run_page

import eigenscape

PAGE = (DOCS / "active_subspaces.md").read_text()

PUBLISHED_W1 = np.array([0.7674, -0.4228, 0.473, -0.09064, 0.0207])
"""paulcon/as-data-sets, SingleDiodePV/active-subspace-pv.ipynb, from 10,000 samples."""

PRINTED = np.array([0.5e-4, 0.5e-4, 0.5e-4, 0.5e-5, 0.5e-5])
"""Half a unit of the last printed digit; the notebook prints four significant ones."""

PUBLISHED_SAMPLES = 10_000

PUBLISHED_ROWS = np.loadtxt(
    [
        "0.13827514449246153 4.3977348426254325e-08 1.2135193952809580 0.47814634064788958"
        " 273.40620697177138 0.041379089340785567 0.024899088874041908 -0.017557004405865939"
        " 0.019879392083865799 -0.0037558192875208896 0.00017094847759580034",
        "0.060162010764345887 5.0767246520796025e-11 1.9797899801684886 0.18041407195852679"
        " 156.65845207059726 0.046348839358882413 0.079624370437347824 -0.010812335672627515"
        " 0.010537707484381542 -0.00058458191759536149 0.0045303337123381304",
    ]
)
"""The first two rows of SingleDiodePV-Pmax.txt there: five parameters, P_max, and its derivatives
by the parameters scaled to [-1, 1]."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[SimpleNamespace, list[str], Path]:
    """The names that the page's code leaves, what each block printed, and the folder that it ran
    in.
    """
    here = tmp_path_factory.mktemp("notebook")
    names, printed = run_page(PAGE, here)
    return SimpleNamespace(**names), printed, here


def tensor_rule(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss and Legendre in five dimensions by numpy alone: nodes (n^5, 5), weights of sum 1."""
    node, weight = np.polynomial.legendre.leggauss(points)
    nodes = np.stack(np.meshgrid(*[node] * 5, indexing="ij"), axis=-1).reshape(-1, 5)
    weights = np.prod(
        np.stack(np.meshgrid(*[weight / 2] * 5, indexing="ij"), axis=-1).reshape(-1, 5), axis=1
    )
    return nodes, weights


@pytest.fixture(scope="module")
def exact(ran) -> SimpleNamespace:
    """The eigenpairs of C by 7^5 nodes, and the standard deviations of the first eigenvector at the
    published number of samples.

    To first order in the sampling error, w_1 moves by sum_j w_j (w_j^T dC w_1)/(lambda_1 -
    lambda_j), and N times the variance of w_j^T dC w_1 is E[(w_j.g)^2 (w_1.g)^2].
    """
    names = ran[0]
    low, high = names.RANGES.T
    nodes, weights = tensor_rule(7)
    half = (high - low) / 2
    gradients = names.power_and_gradient((low + high) / 2 + half * nodes)[1] * half
    values, vectors = np.linalg.eigh((gradients * weights[:, None]).T @ gradients)
    values, vectors = values[::-1], vectors[:, ::-1] * np.sign(vectors[0, ::-1])
    along = gradients @ vectors
    moves = along[:, 1:] * along[:, :1] / (values[0] - values[1:])
    covariance = vectors[:, 1:] @ ((moves * weights[:, None]).T @ moves) @ vectors[:, 1:].T
    return SimpleNamespace(
        values=values,
        vectors=vectors,
        deviations=np.sqrt(np.diag(covariance) / PUBLISHED_SAMPLES),
    )


def test_the_page_prints_what_it_shows(ran) -> None:
    """Draws are the same numbers on any machine; in the digits shown rounding plays no part."""
    assert [text for text in ran[1] if text] == re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_model_is_the_published_one(ran) -> None:
    """Values agree to 1e-5, which is what the thermal voltage of another decade's constants does;
    derivatives there are differences of first order, whose largest error by a scaled parameter is
    3e-4 of the largest derivative by it.
    """
    names = ran[0]
    points, values, derivatives = np.split(PUBLISHED_ROWS, [5, 6], axis=1)
    points[:, 1] = np.log(points[:, 1])
    power, gradient = names.power_and_gradient(points)
    np.testing.assert_allclose(power, values[:, 0], rtol=1e-5)
    half = np.diff(names.RANGES, axis=1)[:, 0] / 2
    np.testing.assert_allclose(gradient * half, derivatives, rtol=1e-3)


def test_its_gradient_is_that_of_its_value(ran) -> None:
    """Central differences of step h = 1e-4 of half a range: an error of order h^2 = 1e-8 of the
    third derivatives, and rounding of eps/h = 2e-12.
    """
    names = ran[0]
    half = np.diff(names.RANGES, axis=1)[:, 0] / 2
    points = names.RANGES.mean(axis=1) + half * np.random.default_rng(1).uniform(-0.9, 0.9, (20, 5))
    gradient = names.power_and_gradient(points)[1] * half
    for each, step in enumerate(np.diag(half * 1e-4)):
        ahead, behind = (names.power_and_gradient(points + s * step)[0] for s in (1, -1))
        np.testing.assert_allclose((ahead - behind) / 2e-4, gradient[:, each], atol=1e-6)


def test_the_active_direction_is_the_published_one(exact) -> None:
    """By quadrature, without sampling error of ours: within the printed digits and 4 standard
    deviations of the published sample.
    """
    assert np.all(np.abs(exact.vectors[:, 0] - PUBLISHED_W1) < PRINTED + 4 * exact.deviations)
    assert np.all(exact.deviations < 0.0016)  # so the comparison says something
    # The page says more of it: within one standard deviation each.
    assert np.all(np.abs(exact.vectors[:, 0] - PUBLISHED_W1) < PRINTED + exact.deviations)


def test_a_sample_of_as_many_gives_it_too(ran, exact) -> None:
    """Two independent samples: the standard deviation of their difference is sqrt(2) that of
    one.
    """
    ours = ran[0].found.eigenvectors[:, 0]
    assert np.all(np.abs(ours - PUBLISHED_W1) < PRINTED + 4 * np.sqrt(2) * exact.deviations)
    assert np.all(np.abs(ours - exact.vectors[:, 0]) < 4 * exact.deviations)
    shown = re.search(r"standard deviations of ([0-9. ,and]+)\.", " ".join(PAGE.split()))
    assert shown is not None
    numbers = [float(number) for number in re.findall(r"0\.\d+", shown[1])]
    np.testing.assert_allclose(numbers, exact.deviations, atol=0.5e-4)


def test_a_rule_of_the_page_is_quadrature_by_numpy(ran, exact) -> None:
    """Two routes to the same 7^5 nodes; eigenvectors move by the rounding of C over the gap, 1e-15
    over 0.95 and less; the smallest eigenvalue is 1e-4 of the largest.
    """
    by_page = ran[0].exact
    np.testing.assert_allclose(by_page.eigenvalues, exact.values, rtol=1e-10)
    np.testing.assert_allclose(
        np.abs(by_page.eigenvectors[:, 0]), np.abs(exact.vectors[:, 0]), rtol=1e-10
    )


def test_ranges_of_a_hundred_samples_hold_the_exact_eigenvalues(ran, exact) -> None:
    """Ranges of 200 replicates span more than a 95 % interval; of five eigenvalues each lies in
    its own.
    """
    _, low, high = ran[0].bootstrap.eigenvalues
    assert np.all((low < exact.values) & (exact.values < high))


def test_the_error_of_the_direction_is_the_error_that_was_made(ran, exact) -> None:
    """The sample of a hundred is off by less than the largest error of the replicates, and by more
    than nothing.
    """
    names = ran[0]
    vectors = np.linalg.eigh(names.few.matrix)[1][:, ::-1]
    made = np.sqrt(1 - (vectors[:, 0] @ exact.vectors[:, 0]) ** 2)
    assert 0 < made < names.bootstrap.errors.maximum[0]


def test_other_densities_by_weights(ran) -> None:
    """The same density by a rule of its own: Gauss and Legendre with the weights times 1 - x^2.
    Four standard errors of the weighted sample (delta method) for 15 entries.
    """
    names = ran[0]
    nodes, weights = tensor_rule(7)
    density = weights * np.prod(1.5 * (1 - nodes**2), axis=1)
    low, high = names.RANGES.T
    half = (high - low) / 2
    gradients = names.power_and_gradient((low + high) / 2 + half * nodes)[1] * half
    expected = (gradients * density[:, None]).T @ gradients
    assert density.sum() == pytest.approx(1)
    rows = np.concatenate([names.cell.block(n, 250)[0].copy() for n in range(0, 10_000, 250)])
    spread = (rows[:, :, None] * rows[:, None, :] - expected) * (
        names.weighted.weights[:, None, None]
    )
    errors = np.sqrt((spread**2).sum(axis=0))
    assert np.abs((names.weighted.matrix - expected) / errors).max() < 4


def test_a_table_of_runs_gives_the_same_numbers(ran) -> None:
    names = ran[0]
    np.testing.assert_array_equal(names.same.replicates, names.bootstrap.replicates)
    expected = eigenscape.active_variables(names.cell, range(100), names.direction)
    np.testing.assert_allclose(names.variables.coordinates, expected.coordinates, rtol=1e-12)
    np.testing.assert_array_equal(names.variables.losses, expected.losses)


def test_the_figure_is_drawn(ran) -> None:
    assert (ran[2] / "active_subspaces.png").stat().st_size > 10_000
    assert (DOCS / "images" / "active_subspaces.png").exists()
