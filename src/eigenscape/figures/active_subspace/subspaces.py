"""What the bootstrap says of eigenvalues, subspaces and their dimension, on axes that are given."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from eigenscape.active_subspace.dimension import DimensionChoice, DimensionCriterion
from eigenscape.active_subspace.subspaces import SubspaceBootstrap
from eigenscape.errors import BadInput
from eigenscape.figures.style import GREY, PALETTE, figure_of

CURVES = {
    "gap": r"$(\lambda_n - \lambda_{n+1})/\lambda_1$",
    "log_gap": r"$\log_{10}(\lambda_n/\lambda_{n+1})$",
    "energy": r"$\sum_{i \leq n} \lambda_i / \mathrm{tr}\,C$",
    "ladle": r"ladle $f(n) + \phi(n)$",
    "response_surface": "bound on the response surface",
}
"""What each criterion compares, as the label of its axis."""


def draw_eigenvalue_ranges(
    axes: Axes, bootstrap: SubspaceBootstrap, *, first: int | None = None
) -> None:
    """lambda_i against i, with its range over the replicates.

    Args:
        axes: to draw on.
        bootstrap: the result of `bootstrap_subspaces`.
        first: how many eigenvalues to show; all by default.

    Raises:
        BadInput: no axes, or no bootstrap.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from eigenscape.active_subspace.estimate import second_moment
        >>> from eigenscape.active_subspace.subspaces import bootstrap_subspaces
        >>> axes = Figure().subplots()
        >>> draw_eigenvalue_ranges(axes, bootstrap_subspaces(second_moment(np.eye(3) + 1)))
        >>> axes.get_yscale(), len(axes.lines[0].get_xdata())
        ('log', 3)
    """
    _check(axes, bootstrap)
    ranges = [np.asarray(numbers)[:first] for numbers in bootstrap.eigenvalues]
    index = np.arange(1, len(ranges[0]) + 1)
    _curve_with_range(axes, index, *ranges)
    axes.set(xlabel="index $i$", ylabel=r"eigenvalue $\lambda_i$")


def draw_subspace_errors(axes: Axes, bootstrap: SubspaceBootstrap) -> None:
    """The error of the n leading eigenvectors against n: mean, least and largest over the
    replicates.

    Args:
        axes: to draw on.
        bootstrap: the result of `bootstrap_subspaces`.

    Raises:
        BadInput: no axes, or no bootstrap.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from eigenscape.active_subspace.estimate import second_moment
        >>> from eigenscape.active_subspace.subspaces import bootstrap_subspaces
        >>> axes = Figure().subplots()
        >>> draw_subspace_errors(axes, bootstrap_subspaces(second_moment(np.eye(3) + 1)))
        >>> axes.get_xlabel()
        'dimension $n$'
    """
    _check(axes, bootstrap)
    errors = bootstrap.errors
    _curve_with_range(axes, errors.dimensions, errors.mean, errors.minimum, errors.maximum)
    axes.set(
        xlabel="dimension $n$",
        ylabel=r"$\|W_1 W_1^{\mathsf{T}} - W_1^* {W_1^*}^{\mathsf{T}}\|_2$",
    )


def draw_dimension(axes: Axes, choice: DimensionChoice) -> None:
    """The number of active directions by each criterion: a dot where it is decided, a ring at its
    candidate where it is not, with the part of the replicates that give the same.

    Args:
        axes: to draw on.
        choice: the result of `choose_dimension`.

    Raises:
        BadInput: no axes, or no choice.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from eigenscape.active_subspace.dimension import choose_dimension
        >>> axes = Figure().subplots()
        >>> draw_dimension(axes, choose_dimension([9.0, 5.0, 0.1, 0.01]))
        >>> [text.get_text() for text in axes.get_yticklabels()][:2]
        ['gap', 'log gap']
    """
    figure_of(axes)
    if not isinstance(choice, DimensionChoice):
        raise BadInput.field(
            "choice",
            "a DimensionChoice",
            type(choice).__name__,
            "give what eigenscape.choose_dimension returns",
        )
    criteria = list(choice)
    for row, criterion in enumerate(criteria):
        if criterion.candidate is None:
            continue
        decided = criterion.dimension is not None
        axes.plot(
            [criterion.candidate],
            [row],
            marker="o",
            linestyle="",
            color=PALETTE["blue"],
            markerfacecolor=PALETTE["blue"] if decided else "white",
        )
        if np.isfinite(criterion.agreement):
            axes.annotate(
                f"{criterion.agreement:.0%}",
                (criterion.candidate, row),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                color=GREY,
            )
    last = max(criterion.candidate or 0 for criterion in criteria)
    axes.set_xlim(-0.5, last + max(1.5, 0.4 * last))  # room for the last number's share
    axes.set_ylim(len(criteria) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_yticks(
        range(len(criteria)), [criterion.name.replace("_", " ") for criterion in criteria]
    )
    axes.set_xlabel("dimension $n$")
    axes.grid(axis="x", color=GREY, alpha=0.3)


def draw_criterion(axes: Axes, criterion: DimensionCriterion) -> None:
    """What one criterion compares against the dimension, with a dot at the one that it gives; a
    ring where it is not decided.

    Args:
        axes: to draw on.
        criterion: one of a `DimensionChoice`, such as ``choice.ladle``.

    Raises:
        BadInput: no axes, no criterion, or one that could not be computed.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from eigenscape.active_subspace.dimension import choose_dimension
        >>> axes = Figure().subplots()
        >>> draw_criterion(axes, choose_dimension([9.0, 5.0, 0.1, 0.01]).energy)
        >>> [line.get_xdata().tolist() for line in axes.lines]
        [[1, 2, 3, 4], [2]]
    """
    figure_of(axes)
    if not isinstance(criterion, DimensionCriterion) or criterion.candidate is None:
        found = getattr(criterion, "reason", type(criterion).__name__)
        fix = "give one criterion of choose_dimension(bootstrap_subspaces(moment))"
        raise BadInput.field("criterion", "one that is computed", found, fix)
    color = PALETTE["blue"]
    axes.plot(criterion.dimensions, criterion.curve, color=GREY, marker=".", zorder=1)
    at = int(np.flatnonzero(criterion.dimensions == criterion.candidate)[0])
    axes.plot(
        [criterion.candidate],
        [criterion.curve[at]],
        marker="o",
        linestyle="",
        color=color,
        markerfacecolor=color if criterion.dimension is not None else "white",
        zorder=2,
    )
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if criterion.name == "energy":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif criterion.name != "log_gap" and (criterion.curve > 0).all():
        axes.set_yscale("log")  # the least of a curve that falls by decades
    axes.set(xlabel="dimension $n$", ylabel=CURVES[criterion.name])


def _curve_with_range(
    axes: Axes, index: np.ndarray, value: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """A curve on a logarithmic axis inside the band of its range; what is not positive is left
    out.
    """
    value, low, high = (np.where(numbers > 0, numbers, np.nan) for numbers in (value, low, high))
    color = PALETTE["blue"]
    band = axes.fill_between(index, low, high, color=color, alpha=0.25, linewidth=0)
    band.set_label("least to largest replicate")
    axes.plot(index, value, color=color, marker="o", markersize=3)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def _check(axes: Axes, bootstrap: SubspaceBootstrap) -> None:
    """Refuse what cannot be drawn.

    Raises:
        BadInput: no axes, or no bootstrap.
    """
    figure_of(axes)
    if not isinstance(bootstrap, SubspaceBootstrap):
        raise BadInput.field(
            "bootstrap",
            "a SubspaceBootstrap",
            type(bootstrap).__name__,
            "give what eigenscape.bootstrap_subspaces(moment) returns",
        )
