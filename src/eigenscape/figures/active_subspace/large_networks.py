"""The spectra of networks that are too large for C: what is known of them, and how well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.active_subspace.spectral_density import SpectralDensity
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style

_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky")
_MARKERS = "os^Dv<"

MOST = len(_COLOURS)
"""Networks in one figure; more would not be told apart."""

MARGIN = 1.2
"""Counts of a density beyond the rank N by more than this are the null space, which few Lanczos
steps do not take to zero; not drawn."""

DECADES = 8.0
"""Decades below the largest eigenvalue that are drawn of a density: Lanczos does not resolve
more."""


@dataclass(frozen=True)
class LargeSpectrum:
    """What is known of one network.

    Attributes:
        architecture: the network.
        samples: N.
        eigenvalues: all nonzero ones, or the leading ones, descending.
        leading: (k,), eigenvalues of the pairs that were checked.
        residuals: (k,), |C v - lambda v|.
        layer_masses: (L + 1,), sums of diag C.
        trace: tr C.
        participation: tr(C)^2 / tr(C^2) of the population, with its interval.
        density: of probes, where the route was matrix-free.
    """

    architecture: Architecture
    samples: int
    eigenvalues: np.ndarray
    leading: np.ndarray
    residuals: np.ndarray
    layer_masses: np.ndarray
    trace: float
    participation: np.ndarray
    density: SpectralDensity | None = None

    @classmethod
    def of_arrays(
        cls, architecture: Architecture, samples: int, arrays: Mapping[str, np.ndarray]
    ) -> LargeSpectrum:
        """Make one from the arrays of the stage `large`."""
        density = None
        if "density_nodes" in arrays:
            density = SpectralDensity(
                arrays["density_nodes"], arrays["density_weights"], architecture.parameters
            )
        return cls(
            architecture,
            samples,
            arrays["eigenvalues"],
            arrays["leading"],
            arrays["residuals"],
            arrays["layer_masses"],
            float(arrays["trace"][0]),
            arrays["population_participation"],
            density,
        )

    @property
    def words(self) -> str:
        """What the legend says."""
        size = (
            f"$L$ = {self.architecture.depth}, $w$ = {self.architecture.width}, $P$ ="
            f" {self.architecture.parameters:,}"
        )
        return f"{size}, $N$ = {self.samples:,}"


@paper_style()
def large_networks_figure(spectra: Sequence[LargeSpectrum]) -> Figure:
    """Eigenvalues by their rank; how many lie above a value, against the residual norms; the share
    of the trace in every layer.

    Left: eigenvalues (all of the samples' C by the dual route, the leading ones otherwise), with
    bars lambda +- residual, which are mostly thinner than the line, and for the matrix-free route
    the density's count with its 95 % interval over probes. Middle: residual norms over lambda_1.
    Right: layer masses over the trace.

    Raises:
        BadInput: none, or more networks than can be told apart.
    """
    if not 1 <= len(spectra) <= MOST:
        raise BadInput.field(
            "large networks",
            f"1 to {MOST} in one figure",
            str(len(spectra)),
            "draw fewer depths and widths",
        )
    figure = Figure(figsize=(DOUBLE_COLUMN, 2.9), layout="constrained")
    values, residuals, layers = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
    for spectrum, colour, marker in zip(spectra, _COLOURS, _MARKERS, strict=False):
        _draw_values(values, spectrum, PALETTE[colour], marker)
        numbers = np.arange(1, len(spectrum.leading) + 1)
        relative = np.maximum(spectrum.residuals / spectrum.leading[0], 2e-17)
        residuals.semilogy(numbers, relative, marker, markersize=3, color=PALETTE[colour])
        _draw_layers(layers, spectrum, PALETTE[colour], marker)
    values.set(
        xscale="log",
        yscale="log",
        xlabel="rank $j$",
        ylabel=r"eigenvalue $\lambda_j$ of $C$",
        title="spectrum of the samples' $C$",
    )
    residuals.set(
        xlabel="pair $j$",
        ylabel=r"$\|Cv_j-\lambda_jv_j\|/\lambda_1$",
        title="residuals of leading pairs",
    )
    top = max(float((s.residuals / s.leading[0]).max()) for s in spectra)
    residuals.set_ylim(1e-17, 10 ** (np.ceil(np.log10(max(top, 1e-15))) + 1))
    residuals.xaxis.get_major_locator().set_params(integer=True)
    residuals.axhline(np.finfo(float).eps, color=GREY, linewidth=0.8, linestyle=":")
    residuals.annotate(
        r"$\varepsilon$",
        (1.0, np.finfo(float).eps),
        xycoords=("axes fraction", "data"),
        ha="right",
        va="bottom",
        color=GREY,
    )
    layers.set(
        xlabel="layer", ylabel=r"share of $\mathrm{tr}\,C$", title="layer masses", ylim=(0, None)
    )
    layers.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(*values.get_legend_handles_labels(), loc="outside lower center", ncols=1)
    return figure


def _draw_values(axes: Axes, spectrum: LargeSpectrum, colour: str, marker: str) -> None:
    values = spectrum.eigenvalues[spectrum.eigenvalues > 0]
    low, high = spectrum.participation[1:]
    interval = (
        f" ({max(low, 1):,.0f} to {high:,.0f})" if np.isfinite(low) and np.isfinite(high) else ""
    )
    words = (
        f"{spectrum.words}; tr $C$ = {spectrum.trace:.3g}, participation ratio"
        f" {spectrum.participation[0]:,.0f}{interval}"
    )
    numbers = np.arange(1, len(spectrum.leading) + 1)
    axes.errorbar(
        numbers,
        spectrum.leading,
        yerr=spectrum.residuals,
        fmt=marker,
        markersize=3,
        color=colour,
        elinewidth=0.8,
        capsize=2,
        label=words,
    )
    if len(values) > len(spectrum.leading):
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, linewidth=1.0)
    if spectrum.density is not None:
        thresholds = np.geomspace(spectrum.leading[0], spectrum.leading[0] * 10**-DECADES, 60)
        counts = spectrum.density.count_above(thresholds)
        most = MARGIN * min(spectrum.samples, spectrum.architecture.parameters)
        kept = [n for n, count in enumerate(counts) if 1 <= count.value <= most]
        low_counts = [max(counts[n].low, 0.5) for n in kept]
        axes.plot(
            [counts[n].value for n in kept],
            thresholds[kept],
            color=colour,
            linewidth=1.0,
            linestyle="--",
        )
        axes.fill_betweenx(
            thresholds[kept],
            low_counts,
            [counts[n].high for n in kept],
            color=colour,
            alpha=0.2,
            linewidth=0,
        )


def _draw_layers(axes: Axes, spectrum: LargeSpectrum, colour: str, marker: str) -> None:
    shares = spectrum.layer_masses / spectrum.trace
    axes.plot(np.arange(1, len(shares) + 1), shares, marker=marker, markersize=3.5, color=colour)
