"""The figure of the table of sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.active_subspace.steps import CHAPTER, SENSITIVITY, sine_only
from eigenscape.catalogue.rows import Family, Results, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETTINGS = Family("sensitivity", CHAPTER, lambda _: SENSITIVITY.targets())


@figure(SETTINGS, "One network under other settings", left_out=sine_only)
def sensitivity(results: Results) -> Figure:
    """The projected condition number of one network for every input interval, number of points,
    prior, activation and loss. Beside each row stands the mean-field layer profile of its prior.
    A star marks heavy tails: a few samples carry the number.
    """
    from eigenscape.figures.active_subspace.sensitivity import sensitivity_figure
    from eigenscape.stages.active_subspace.sensitivity import (
        read_sensitivity,
        table_path,
    )

    return sensitivity_figure(read_sensitivity(table_path(results.folder)))


FIGURES = (sensitivity,)
