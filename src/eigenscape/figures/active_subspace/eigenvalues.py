"""The spectrum of one network: how slowly it decays, the shoulder at index w, and what noise alone
would give.

The logarithmic panel shows a slow decay, the linear panel a sharp gap; both are the same numbers,
so they are drawn together. The symmetry of the hidden units makes the eigenvalues of the first
layer come in groups of w: where those lead, the spectrum has a shoulder that ends at index w.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.active_subspace.sampling_noise import (
    log10_condition_null,
    marchenko_pastur_quantiles,
)
from eigenscape.active_subspace.spectrum import Spectrum, SpectrumStatus
from eigenscape.architecture import Architecture, ModuleArchitecture
from eigenscape.errors import BadInput
from eigenscape.figures.style import (
    DOUBLE_COLUMN,
    GREY,
    PALETTE,
    figure_of,
    paper_style,
    tick_counts,
)

SHOULDERS_SHOWN = 4
"""The linear panel ends at this many times w: the shoulder and as much of the tail as shows that it
is one."""

HEADROOM = 0.16
"""Fraction of each panel kept free above the data for the label of the shoulder."""

NOISE = "sampling noise alone (isotropic $C$ of equal trace, Marchenko-Pastur)"

PROJECTED = "eigenvalues of $C$ projected onto its symmetries"

FEW = 250
"""Largest number of eigenvalues in a panel that are drawn as points; more would merge into a thick
line."""


@paper_style()
def eigenvalues_figure(
    spectrum: Spectrum,
    architecture: Architecture,
    samples: int,
    projected: np.ndarray | None = None,
    bracket: tuple[float, float] | None = None,
) -> Figure:
    """lambda_i against i, on a logarithmic and on a linear axis.

    In grey, the Marchenko-Pastur quantiles of an isotropic second moment with the same trace and
    the same P/N: a spectrum without any structure, seen through N samples.

    Args:
        spectrum: eigenvalues (P,), descending, in squared units of the gradient; zeros are counted
            in the caption and left out of the logarithmic panel.
        architecture: the network.
        samples: N.
        projected: eigenvalues (P,), descending, of the symmetry-projected second moment, drawn as a
            staircase.
        bracket: of the log10 condition number, for the caption.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: the spectrum does not have P eigenvalues, none is positive, or N is below 1.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> network = Architecture(depth=1, width=2)
        >>> figure = eigenvalues_figure(
        ...     spectrum_of(np.diag(np.arange(1.0, 8.0))), network, samples=70
        ... )
        >>> [axes.get_yscale() for axes in figure.axes]
        ['log', 'linear']
    """
    _check(spectrum.eigenvalues, samples, architecture)
    count, width = len(spectrum.eigenvalues), architecture.width
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.0), layout="constrained")
    logarithmic, linear = figure.subplots(1, 2)
    last = min(count, max(SHOULDERS_SHOWN * width, 8))
    # there, w is a word of the user's
    marked = None if isinstance(architecture, ModuleArchitecture) else width
    draw_eigenvalues(logarithmic, spectrum, samples=samples, width=marked, projected=projected)
    draw_eigenvalues(
        linear,
        spectrum,
        samples=samples,
        width=marked,
        projected=projected,
        scale="linear",
        first=last,
    )
    logarithmic.set_title("(a) all, logarithmic", loc="left")
    linear.set_title(
        "(b) all, linear" if last == count else f"(b) first {last:,}, linear", loc="left"
    )
    handles, labels = linear.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside lower center", ncols=2)
    figure.suptitle(caption(spectrum, architecture, samples, bracket))
    return figure


def draw_eigenvalues(
    axes: Axes,
    spectrum: Spectrum,
    *,
    samples: int | None = None,
    width: int | None = None,
    projected: np.ndarray | None = None,
    scale: Literal["log", "linear"] = "log",
    first: int | None = None,
) -> None:
    """lambda_i against i on axes that are given; ``axes.legend()`` names the curves.

    Args:
        axes: to draw on.
        spectrum: eigenvalues (P,), descending, in squared units of the gradient; zeros are left
            out.
        samples: N, for the Marchenko-Pastur quantiles of an isotropic second moment of equal trace;
            none by default.
        width: w, where a line marks the end of the shoulder, with the height of the step; none by
            default.
        projected: eigenvalues (P,), descending, of the symmetry-projected second moment, drawn as a
            staircase.
        scale: of the eigenvalues.
        first: how many eigenvalues to show; all by default.

    Raises:
        BadInput: no axes, no spectrum, no eigenvalue is positive, not as many projected ones, N is
            below 1, or an unknown scale.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> axes = Figure().subplots()
        >>> draw_eigenvalues(axes, spectrum_of(np.diag([4.0, 2.0, 1.0])), samples=12)
        >>> axes.get_yscale(), len(axes.lines)
        ('log', 2)
    """
    figure_of(axes)
    if scale not in ("log", "linear"):
        raise BadInput.field("scale", "log or linear", str(scale), "write scale='log'")
    if not isinstance(spectrum, Spectrum):
        raise BadInput.field(
            "spectrum",
            "a Spectrum",
            type(spectrum).__name__,
            "give what eigenscape.spectrum(moment) returns",
        )
    values = spectrum.eigenvalues
    _check(values, samples)
    if projected is not None and np.shape(projected) != values.shape:
        found, fix = f"shape {np.shape(projected)}", "give those of the same network"
        raise BadInput.field(
            "projected", f"{len(values)} eigenvalues, as the spectrum has", found, fix
        )
    count = len(values)
    shown = count if first is None else min(first, count)
    index = np.arange(1, shown + 1)
    drawn = [values]

    def curve(heights: np.ndarray) -> np.ndarray:
        # A logarithmic axis has no place for the zeros; the caption counts them.
        drawn.append(heights)
        return np.where(heights[:shown] > 0, heights[:shown], np.nan)

    marker, size = ("o", 2.5) if shown <= FEW else ("", 0)
    if samples is not None:
        noise = values.mean() * marchenko_pastur_quantiles(count, count / samples)
        axes.plot(index, curve(noise), color=GREY, linestyle="--", zorder=1, label=NOISE)
    axes.plot(
        index,
        curve(values),
        color=PALETTE["blue"],
        zorder=2,
        marker=marker,
        markersize=size,
        label="eigenvalues of $C$",
    )
    if projected is not None:
        axes.step(
            index,
            curve(projected),
            where="mid",
            color=PALETTE["green"],
            zorder=3,
            linewidth=1.2,
            label=PROJECTED,
        )
    margin = 0.03 * shown
    axes.set_xlim(1 - margin, shown + margin)
    tick_counts(axes.xaxis, shown)
    axes.set(xlabel="index $i$", ylabel=r"eigenvalue $\lambda_i$")
    heights = np.concatenate(drawn)
    if scale == "log":
        axes.set_yscale("log")
        _leave_headroom(axes, float(heights[heights > 0].min()), float(heights.max()))
    else:
        axes.set_ylim(0, float(heights.max()) / (1 - HEADROOM))
    if width is not None:
        _mark_shoulder(axes, spectrum, width)


def caption(
    spectrum: Spectrum,
    architecture: Architecture,
    samples: int,
    bracket: tuple[float, float] | None = None,
) -> str:
    r"""Two lines that make the figure stand alone: what was sampled, and what the condition number
    is worth.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> spectrum = spectrum_of(np.diag(np.arange(1.0, 8.0)))
        >>> words = caption(spectrum, Architecture(depth=1, width=2), samples=70)
        >>> print(words)  # doctest: +NORMALIZE_WHITESPACE
        depth $L$ = 1, width $w$ = 2, $P$ = 7 parameters, $N$ = 70 samples, $P/N$ = 0.1
        finite: $\log_{10}(\lambda_1/\lambda_P)$ = 0.85 decades (sampling noise alone: 0.57)
    """
    count = len(spectrum.eigenvalues)
    what = (
        f"depth $L$ = {architecture.depth}, width $w$ = {architecture.width}, $P$ = {count:,}"
        f" parameters, $N$ = {samples:,} samples, $P/N$ = {count / samples:.3g}"
    )
    status = str(spectrum.status).replace("_", " ")
    if spectrum.status in (SpectrumStatus.FINITE, SpectrumStatus.UNDERSAMPLED):
        null = log10_condition_null(count, samples)
        alone = f"{null:.2f}" if np.isfinite(null) else "infinite"
        decades = f"{spectrum.log10_condition:.2f} decades (sampling noise alone: {alone})"
        if bracket is not None and np.isfinite(bracket).all():
            decades += f", bracket {bracket[0]:.2f} to {bracket[1]:.2f}"
        elif bracket is not None:
            decades += ", no bracket: half of the samples do not span the parameters"
        worth = rf"$\log_{{10}}(\lambda_1/\lambda_P)$ = {decades}"
    elif spectrum.status is SpectrumStatus.RANK_DEFICIENT:
        worth = (
            rf"rank {spectrum.rank:,} of {count:,}, so $\log_{{10}}(\lambda_1/\lambda_P)$ is"
            r" infinite"
        )
    else:
        worth = (
            r"the smallest eigenvalues are not resolved, so $\log_{10}(\lambda_1/\lambda_P)$ is not"
            r" known"
        )
    return f"{what}\n{status}: {worth}"


def _leave_headroom(axes: Axes, low: float, high: float) -> None:
    """Limits of a logarithmic axis with the top `HEADROOM` free and a margin of 3 % below."""
    decades = max(np.log10(high) - np.log10(low), 1e-3) / (1 - HEADROOM - 0.03)
    axes.set_ylim(
        10 ** (np.log10(low) - 0.03 * decades), 10 ** (np.log10(high) + HEADROOM * decades)
    )


def _mark_shoulder(axes: Axes, spectrum: Spectrum, width: int) -> None:
    """A line between the indices w and w + 1, and the height of the step there, written in the
    headroom.
    """
    gap = spectrum.log10_gap(width)
    position = width + 0.5
    known = rf"$\log_{{10}}(\lambda_w/\lambda_{{w+1}})$ = {gap:.2f}"
    step = known if np.isfinite(gap) else "no step: the spectrum ends"
    axes.axvline(position, color=PALETTE["vermillion"], linewidth=0.8, zorder=0)
    low, high = axes.get_xlim()
    left_half = (position - low) < 0.45 * (high - low)
    axes.annotate(
        f"$w$ = {width}: {step}",
        (position, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(3 if left_half else -3, -3),
        textcoords="offset points",
        ha="left" if left_half else "right",
        va="top",
        fontsize=7,
        color=PALETTE["vermillion"],
    )


def _check(
    values: np.ndarray, samples: int | None, architecture: Architecture | None = None
) -> None:
    if architecture is not None and values.shape != (architecture.parameters,):
        expected = (
            f"{architecture.parameters} eigenvalues, one for each parameter of {architecture.label}"
        )
        fix = "give the architecture that it was computed for"
        raise BadInput.field("spectrum", expected, f"shape {values.shape}", fix)
    if not values[0] > 0:
        fix = "a network without gradient has no spectrum to draw"
        raise BadInput.field("spectrum", "a positive largest eigenvalue", str(values[0]), fix)
    if samples is not None and samples < 1:
        fix = "give the number of gradients that were averaged"
        raise BadInput.field("samples", "a whole number of at least 1", str(samples), fix)
