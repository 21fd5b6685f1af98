"""Points lie at their prediction and slope, intervals reach from low to high, criticality is in the
middle.
"""

import numpy as np
import pandas as pd
import pytest

from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.layer_profile_sweep import layer_profile_sweep_figure


def sweep(count: int = 7, series: int = 0) -> pd.DataFrame:
    """chi_1 from 0.1 to 4; slopes above the prediction by 10 %."""
    chi_1 = np.geomspace(0.1, 4, count)
    slope = -1.1 * np.log10(chi_1)
    table = pd.DataFrame({"sigma_w": np.linspace(0.5, 3, count), "chi_1": chi_1, "slope": slope})
    table = table.assign(low=slope - 0.02, high=slope + 0.05)
    return (
        pd.concat([table.assign(series=f"{number + 1} points") for number in range(series)])
        if series
        else table
    )


def test_points_and_intervals_are_the_table() -> None:
    table = sweep()

    (container,) = layer_profile_sweep_figure(table).axes[0].containers

    points, _, (bars,) = container
    np.testing.assert_allclose(points.get_xdata(), -np.log10(table["chi_1"]))
    np.testing.assert_allclose(points.get_ydata(), table["slope"])
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, table[["low", "high"]])


def test_the_identity_line_runs_through_criticality() -> None:
    axes = layer_profile_sweep_figure(sweep()).axes[0]

    identity = axes.lines[0]
    np.testing.assert_array_equal(identity.get_xdata(), identity.get_ydata())
    assert axes.get_xlim() == axes.get_ylim()
    assert sum(axes.get_xlim()) == 0
    assert {tuple(line.get_xdata()) for line in axes.lines[1:3]} == {(0, 1), (0, 0)}


def test_the_upper_axis_tells_the_scale_of_the_weights() -> None:
    table = sweep()
    axes = layer_profile_sweep_figure(table).axes[0]

    (upper,) = axes.child_axes
    labels = {label.get_text() for label in upper.get_xticklabels()}
    assert labels <= {f"{scale:.3g}" for scale in table["sigma_w"]}
    assert len(labels) >= 3


def test_each_series_has_a_marker_of_its_own(legend) -> None:
    figure = layer_profile_sweep_figure(sweep(series=3))

    assert legend(figure)[1:] == ["1 points", "2 points", "3 points"]
    assert len({container[0].get_marker() for container in figure.axes[0].containers}) == 3


@pytest.mark.parametrize(("count", "series"), [(1, 0), (7, 2), (40, 3)])
def test_labels_do_not_overlap(count: int, series: int, overlaps) -> None:
    assert (
        overlaps(layer_profile_sweep_figure(sweep(count, series), "tanh, $L$ = 10, $w$ = 30")) == []
    )


@pytest.mark.parametrize(
    "table",
    [
        sweep().iloc[:0],
        sweep().drop(columns="low"),
        sweep().assign(chi_1=0.0),
        sweep().assign(slope=np.nan),
        sweep(series=7),
    ],
)
def test_what_cannot_be_drawn_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        layer_profile_sweep_figure(table)
