"""All numbers of one view of a network, for figures, tables and downloads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.explorer.network import curve_of, layers_of
from eigenscape.explorer.state import Draw, State
from eigenscape.expressivity.analysis import CurveAnalysis, analyse, analyse_pieces
from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.networks import KINKS, Layers
from eigenscape.expressivity.pieces import propagate
from eigenscape.expressivity.regions import Region, regions
from eigenscape.expressivity.sensitivity import gradient_of_pieces
from eigenscape.networks.mean_field import mean_field

HALF_SIDE = 5.0
"""Half of the side of the plotted square [-5, 5]^2, as in the application that this one follows."""

GRID_POINTS = 50
"""Number of points of the surface per side, as in that application."""

CURVE_POINTS = 361
"""Number of points along the curve: one per degree of a circle; breakpoints are added, so that no
corner of an image is cut."""

MOST_EDGES = 4_000
"""Largest number of breakpoints that are drawn; a picture has fewer pixels along a curve, and the
lengths are exact independently of the drawing."""

MOST_ACTIVATIONS = 2**21
"""Largest number of pieces times units of a layer, which takes about a second. Controls that take
longer to answer cannot be moved interactively."""

MOST_LINES = 40
"""Largest number of lines that cut the plane in the picture, one for each kink of a unit: n lines
cut it into at most 1 + n + n(n-1)/2 = 821 cells, and folding makes a few times that; more would be
too small to see and take too long. A wide first layer may have three times as many, which make
7,000 cells at most."""


NO_MEAN_FIELD = "no √χ₁ line: the identity split is no random network"
"""The note for the identity split: mean-field theory averages over independent weights, and those
of the split are chosen to preserve every length."""


@dataclass(frozen=True)
class Image:
    """The image of the curve in one layer, as a curve of the plane.

    Attributes:
        points: (n, 2), the layer's two units, or the leading two principal components, rotated to
            the orientation of the input.
        share: the share of the variance that the plane shows; 1.0 if it shows all of it.
    """

    points: np.ndarray
    share: float


@dataclass(frozen=True)
class Polytopes:
    """The cells of the plotted square.

    Attributes:
        cells: the cells of the square; none where units are smooth.
        layers: number of hidden layers that cut.
        note: the reason why there are fewer layers than requested, or none; otherwise empty.
    """

    cells: list[Region]
    layers: int
    note: str

    @property
    def slopes(self) -> np.ndarray:
        """The Frobenius norm of the linear map on each cell (cells,): |grad f| if all layers
        cut.
        """
        return np.array([np.linalg.norm(cell.matrix) for cell in self.cells])


@dataclass(frozen=True)
class Snapshot:
    """All numbers of one view.

    Attributes:
        state: the state of the view.
        layers: its network.
        curve: its curve.
        analysis: lengths, transitions and patterns, exact for piecewise linear units.
        axis: (50,) coordinates of the surface's grid.
        surface: (50, 50) outputs; rows are the second input.
        points: (n, 2) along the curve, breakpoints included.
        outputs: (n,) outputs of the network at these points.
        images: the images of the curve in each hidden layer.
        sigma_w: root mean square of sqrt(fan_in) W over the hidden matrices, or what they were
            drawn from.
        root_chi: sqrt(chi_1), growth of lengths per layer in wide random networks with these
            deviations; None for the identity split, whose weights are no draw.
        sensitivity: (L + 1,) tangential sensitivity of the output's variation to each matrix; None
            for smooth units.
        polytopes: the cells of the square.
    """

    state: State
    layers: Layers
    curve: Curve
    analysis: CurveAnalysis
    axis: np.ndarray
    surface: np.ndarray
    points: np.ndarray
    outputs: np.ndarray
    images: list[Image]
    sigma_w: float
    root_chi: float | None
    sensitivity: np.ndarray | None
    polytopes: Polytopes


def snapshot(state: State) -> Snapshot:
    """Compute all numbers of the first tab.

    Example:
        >>> found = snapshot(State())
        >>> found.surface.shape, len(found.images), found.analysis.latent_lengths.shape
        ((50, 50), 2, (3,))
    """
    layers, curve = layers_of(state), curve_of(state)
    passed = propagate(layers, curve, MOST_ACTIVATIONS) if layers.piecewise_linear else None
    analysis = analyse(layers, curve) if passed is None else analyse_pieces(passed)
    axis = np.linspace(-HALF_SIDE, HALF_SIDE, GRID_POINTS)
    x, y = np.meshgrid(axis, axis)
    surface = layers.forward(np.stack([x.ravel(), y.ravel()], axis=1))[-1].reshape(x.shape)
    every = -(-len(analysis.edges) // MOST_EDGES) or 1
    parameters = np.union1d(
        np.linspace(curve.start[0], curve.stop[-1], CURVE_POINTS), analysis.edges[::every]
    )
    points = curve.at(parameters)
    *hidden, outputs = layers.forward(points)
    sigma_w = _sigma_w(state, layers)
    return Snapshot(
        state,
        layers,
        curve,
        analysis,
        axis,
        surface,
        points,
        outputs[:, 0],
        [_image(z, points) for z in hidden],
        sigma_w,
        _root_chi(state, layers, sigma_w),
        None if passed is None else gradient_of_pieces(layers, passed).tangential,
        _polytopes(state, layers),
    )


def _image(z: np.ndarray, points: np.ndarray) -> Image:
    """Return a layer's activations (n, k) in the plane."""
    if z.shape[1] <= 2:
        return Image(np.column_stack([z, np.zeros((len(z), 2 - z.shape[1]))]), 1.0)
    centred = z - z.mean(axis=0)
    variances, components = np.linalg.eigh(centred.T @ centred)
    total = float(variances.sum())
    plane = centred @ components[:, -2:]
    # Principal components have no sign, and turn freely where two are alike. Turned to lie like the
    # input (orthogonal Procrustes) the picture does not flip while a slider moves.
    left, _, right = np.linalg.svd(plane.T @ (points - points.mean(axis=0)))
    return Image(plane @ (left @ right), float(variances[-2:].sum()) / total if total > 0 else 1.0)


def _sigma_w(state: State, layers: Layers) -> float:
    if state.draw is Draw.SCALED and not state.edits:
        return state.sigma_w
    squares = [
        len(weight) * float((weight**2).mean())
        for weight in layers.weights[1:-1] or layers.weights[:1]
    ]
    return float(np.sqrt(np.mean(squares)))


def _root_chi(state: State, layers: Layers, sigma_w: float) -> float | None:
    if state.draw is Draw.SPLIT:
        return None
    return (
        float(np.sqrt(mean_field(layers.unit, sigma_w**2, state.sigma_b**2).chi_1))
        if sigma_w > 0
        else 0.0
    )


def _polytopes(state: State, layers: Layers) -> Polytopes:
    if not layers.piecewise_linear:
        return Polytopes([], 0, f"no polytopes: {layers.activation} units are smooth")
    lines, requested = layers.weights[0].shape[1] * len(KINKS[layers.activation]), state.cut_layers
    if requested and lines > 3 * MOST_LINES:
        return Polytopes(
            [], 0, f"no polytopes: {lines} lines in every layer, too many to distinguish"
        )
    cut_layers = min(requested, max(1, MOST_LINES // max(lines, 1))) if requested else 0
    note = f"cut by {cut_layers} of {requested} layers" if cut_layers < requested else ""
    return Polytopes(
        regions(layers, (-HALF_SIDE, HALF_SIDE, -HALF_SIDE, HALF_SIDE), cut_layers),
        cut_layers,
        note,
    )
