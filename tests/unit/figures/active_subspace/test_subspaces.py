"""Plots of the bootstrap and of dimensions: marks stand where the numbers are."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape import plot
from eigenscape.active_subspace.dimension import DimensionChoice, choose_dimension
from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.subspaces import SubspaceBootstrap, bootstrap_subspaces
from eigenscape.errors import BadInput
from eigenscape.figures.style import paper_style
from eigenscape.networks.samplers import function_sampler


@pytest.fixture(scope="module")
def bootstrap() -> SubspaceBootstrap:
    """Of five directions: two, a gap, and three of equal eigenvalues."""
    scales = np.array([5.0, 4.0, 0.5, 0.5, 0.5])
    sampler = function_sampler(lambda x: scales * x, 5)
    return bootstrap_subspaces(second_moment(sampler, 500), replicates=30)


@pytest.fixture(scope="module")
def choice(bootstrap: SubspaceBootstrap) -> DimensionChoice:
    return choose_dimension(bootstrap)


Draw = Callable[[Axes, SubspaceBootstrap, DimensionChoice], None]
DRAWN: dict[str, Draw] = {
    "eigenvalue_ranges": lambda axes, bootstrap, _: plot.eigenvalue_ranges(axes, bootstrap),
    "subspace_errors": lambda axes, bootstrap, _: plot.subspace_errors(axes, bootstrap),
    "dimension": lambda axes, _, choice: plot.dimension(axes, choice),
    "criterion": lambda axes, _, choice: plot.criterion(axes, choice.ladle),
}


@pytest.mark.parametrize("name", DRAWN)
def test_only_the_given_axes_are_drawn_on(name: str, bootstrap, choice, overlaps) -> None:
    before = dict(matplotlib.rcParams)
    with paper_style():
        figure = Figure(figsize=(7.2, 3.0), layout="constrained")
        mine, other = figure.subplots(1, 2)
        DRAWN[name](mine, bootstrap, choice)
    assert mine.has_data()
    assert mine.get_xlabel()
    assert mine.get_ylabel() or mine.get_yticklabels()[0].get_text() == "gap"
    assert not other.has_data()
    assert overlaps(figure) == []
    assert dict(matplotlib.rcParams) == before


def band_of(axes: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge of the one band on some axes."""
    (band,) = axes.collections
    points = band.get_paths()[0].vertices
    columns = sorted(set(points[:, 0]))
    heights = [points[points[:, 0] == x, 1] for x in columns]
    return np.array([each.min() for each in heights]), np.array([each.max() for each in heights])


def test_ranges_are_bands_about_the_sample(bootstrap) -> None:
    left, right = Figure().subplots(1, 2)
    plot.eigenvalue_ranges(left, bootstrap, first=4)
    plot.subspace_errors(right, bootstrap)
    errors = bootstrap.errors
    for axes, (value, low, high) in (
        (left, [np.asarray(numbers)[:4] for numbers in bootstrap.eigenvalues]),
        (right, (errors.mean, errors.minimum, errors.maximum)),
    ):
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 2, 3, 4])
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), value)
        np.testing.assert_array_equal(band_of(axes), [low, high])
        assert axes.get_yscale() == "log"


def test_what_is_zero_is_left_out_of_a_logarithmic_axis() -> None:
    """Of a linear function all but one eigenvalue are 0, and some replicates' may be negative by
    rounding.
    """
    line = bootstrap_subspaces(second_moment(np.outer(np.ones(9), [3.0, 0.0])), replicates=20)
    axes = Figure().subplots()
    plot.eigenvalue_ranges(axes, line)
    np.testing.assert_array_equal(np.isnan(axes.lines[0].get_ydata()), [False, True])


def test_a_dot_is_decided_and_a_ring_is_not(bootstrap, choice) -> None:
    axes = Figure().subplots()
    undecided = choose_dimension(bootstrap, energy=0.995)  # inside of three equal eigenvalues
    assert undecided.energy.dimension is None
    plot.dimension(axes, undecided)
    rows = [text.get_text() for text in axes.get_yticklabels()]
    assert rows == ["gap", "log gap", "energy", "ladle", "response surface"]
    for line, criterion in zip(axes.lines, undecided, strict=True):
        assert line.get_xdata() == [criterion.candidate]
        assert line.get_ydata() == [rows.index(criterion.name.replace("_", " "))]
        assert (line.get_markerfacecolor() == "white") == (criterion.dimension is None)
    shares = [text.get_text() for text in axes.texts]
    assert shares == [f"{criterion.agreement:.0%}" for criterion in undecided]
    exact = Figure().subplots()
    plot.dimension(exact, choose_dimension([9.0, 5.0, 0.1, 0.01]))
    assert (len(exact.lines), len(exact.texts)) == (3, 0)  # two need replicates


@pytest.mark.parametrize("name", ["gap", "log_gap", "energy", "ladle", "response_surface"])
def test_a_criterion_is_its_curve_and_what_it_gives(name: str, choice) -> None:
    axes, criterion = Figure().subplots(), getattr(choice, name)
    plot.criterion(axes, criterion)
    curve, dot = axes.lines
    np.testing.assert_array_equal(curve.get_xdata(), criterion.dimensions)
    np.testing.assert_array_equal(curve.get_ydata(), criterion.curve)
    at = list(criterion.dimensions).index(criterion.candidate)
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (criterion.candidate, criterion.curve[at])


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda found, _: plot.subspace_errors(None, found), "^axes: expected axes of"),
        (
            lambda _, choice: plot.subspace_errors(Figure().subplots(), choice),
            "^bootstrap: expected a SubspaceBootstrap, found DimensionChoice",
        ),
        (
            lambda found, _: plot.dimension(Figure().subplots(), found),
            "^choice: expected a DimensionChoice",
        ),
        (
            lambda _, choice: plot.criterion(Figure().subplots(), choice),
            "^criterion: expected one that is computed, found DimensionChoice",
        ),
        (
            lambda *_: plot.criterion(Figure().subplots(), choose_dimension([2.0, 1.0]).ladle),
            "^criterion: .* found it needs replicates",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    draw: Callable[..., None], words: str, bootstrap, choice
) -> None:
    with pytest.raises(BadInput, match=words):
        draw(bootstrap, choice)
