"""One look for every figure, and one way to write it to disk.

Figures are plain `matplotlib.figure.Figure` objects made inside `paper_style`; pyplot, with its
global list of open figures and its choice of a screen, is never imported. The style starts from
matplotlib's own defaults, so a user's ``matplotlibrc`` changes nothing, and uses only the fonts
that matplotlib ships, so the same input gives the same bytes on every machine with the same
matplotlib.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eigenscape.errors import BadInput

DOUBLE_COLUMN = 7.2
"""Width in inches of a figure across both columns: 183 mm."""

PALETTE = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "black": "#000000",
}
"""Told apart with every kind of colour vision: M. Okabe and K. Ito, Color Universal Design
(2008)."""

GREY = "#767676"
"""Context (nulls, guides): the lightest grey with a contrast of 4.5 to white, the threshold of WCAG
2 for text."""

PALE = "#E4E4E4"
"""Ground of cells without a value: lighter than every colour of a map but its topmost."""

COLORMAP = "viridis"
"""Perceptually uniform, monotone in lightness, readable in grey and with colour-blind eyes."""

DOTS_PER_INCH = 300
"""What journals ask of images."""

_PAPER: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "figure.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "mathtext.fontset": "dejavusans",
    # Type 42 embeds whole TrueType outlines: text stays text, and journals that refuse Type 3
    # accept it.
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=list(PALETTE.values())),
    "lines.linewidth": 1.2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "hatch.linewidth": 0.4,
    "image.cmap": COLORMAP,
    "savefig.facecolor": "white",
}

_METADATA: dict[str, dict[str, Any]] = {
    # Dates and versions would change the bytes of a figure that has not changed.
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None, "ModDate": None},
    "png": {"Software": None},
}


@contextmanager
def paper_style() -> Iterator[None]:
    """The style, for as long as a figure is being made: a context, or a decorator of the function
    that makes it.

    Example:
        >>> import matplotlib
        >>> with paper_style():
        ...     matplotlib.rcParams["pdf.fonttype"]
        42
    """
    with matplotlib.style.context(["default", _PAPER]):
        yield


def figure_of(axes: Axes) -> Figure:
    """The figure that axes stand in.

    Raises:
        BadInput: what is given are no axes of a figure.

    Example:
        >>> figure = Figure()
        >>> figure_of(figure.subplots()) is figure
        True
    """
    figure = axes.get_figure(root=True) if isinstance(axes, Axes) else None
    if figure is None:
        fix = "write figure, axes = matplotlib.pyplot.subplots() and give axes first"
        raise BadInput.field("axes", "axes of a matplotlib figure", type(axes).__name__, fix)
    return figure


def tick_counts(axis: Axis, last: int, most: int = 6) -> None:
    """Ticks for what is counted from 1 to ``last``: round numbers in at most ``most`` steps, and 1
    in the place of 0.

    Example:
        >>> axes = Figure().subplots()
        >>> tick_counts(axes.xaxis, 5146)
        >>> [label.get_text() for label in axes.get_xticklabels()]
        ['1', '1,000', '2,000', '3,000', '4,000', '5,000']
    """
    round_numbers = MaxNLocator(most, integer=True, steps=[1, 2, 5, 10]).tick_values(0, last)
    ticks = sorted({max(1, int(tick)) for tick in round_numbers if tick <= last})
    axis.set_ticks(ticks, [f"{tick:,}" for tick in ticks])


def round_levels(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers strictly between two positive ones, evenly in the logarithm, at most about
    ``most`` of them.

    Example:
        >>> round_levels(16, 74101)
        [30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0, 30000.0]
        >>> round_levels(16, 61)
        [20.0, 50.0]
    """
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    levels: list[float] = []
    for steps in ((1, 2, 5), (1, 3), (1,)):
        levels = [
            step * 10.0**decade
            for decade in decades
            for step in steps
            if low < step * 10.0**decade < high
        ]
        if len(levels) <= most:
            break
    return levels


def save(figure: Figure, folder: Path | str, name: str) -> list[Path]:
    """Write ``<name>.pdf`` and ``<name>.png``, each complete or not at all.

    A file is written beside its path and then moved there, so a reader never sees half of one. The
    same figure gives the same bytes: neither file holds a date, a version or a path.

    Args:
        figure: what to write. Its layout is fixed by this call.
        folder: where; made if it is missing.
        name: file name without folder and ending.

    Returns:
        The two paths, PDF first.

    Raises:
        BadInput: the name is empty, hidden or holds a folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in save(Figure(figsize=(1, 1)), folder, "empty")]
        ['empty.pdf', 'empty.png']
    """
    if not name or name != Path(name).name or name.startswith("."):
        expected = "a file name without folder or ending"
        raise BadInput.field("name", expected, repr(name), "write for example eigenvalues")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with paper_style():
        # Laid out once: an engine that runs again for the second format may move an axis by a
        # fraction of a point, and even a placeholder for one ("none") makes matplotlib draw
        # everything once more per format.
        figure.draw_without_rendering()
        figure.set_layout_engine(None)
        return [_write(figure, folder / f"{name}.{ending}", ending) for ending in _METADATA]


def _write(figure: Figure, path: Path, ending: str) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        figure.savefig(partial, format=ending, dpi=DOTS_PER_INCH, metadata=_METADATA[ending])
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


@paper_style()
def message_figure(sentence: str) -> Figure:
    """A figure that says in one sentence why there is nothing to draw: a study ends with all its
    figures, and no blank one.

    Example:
        >>> message_figure("no network was trained").texts[0].get_text()
        'no network was trained'
    """
    figure = Figure(figsize=(DOUBLE_COLUMN, 1.2))
    figure.text(0.5, 0.5, sentence, ha="center", va="center", wrap=True)
    return figure
