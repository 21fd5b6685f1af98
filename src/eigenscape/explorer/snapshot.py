"""All numbers of one view of a network: what the figures draw, the tables say and the downloads hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.explorer.network import curve_of, layers_of
from eigenscape.explorer.state import Draw, State
from eigenscape.expressivity.analysis import CurveAnalysis, analyse
from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.networks import Layers
from eigenscape.expressivity.regions import Region, regions
from eigenscape.expressivity.sensitivity import length_sensitivity
from eigenscape.networks.mean_field import mean_field

HALF_SIDE = 5.0
"""The plotted square is [-5, 5]^2, as in the application that this one follows."""

GRID_POINTS = 50
"""Of the surface, per side; as there."""

CURVE_POINTS = 361
"""Along the curve: one per degree of a circle; breakpoints are added, so that no corner of an image is cut."""

MOST_UNITS = 40
"""Units that may cut the plane in the picture: n lines cut it into at most 1 + n + n(n-1)/2 = 821 cells, and folding makes
a few times that; more would be too small to see and take longer than a moment."""


@dataclass(frozen=True)
class Image:
    """The image of the curve in one layer, as a curve of the plane.

    Attributes:
        points: (n, 2), the layer's two units, or the leading two principal components turned to lie like the input.
        share: of the variance that the plane shows; 1.0 where nothing is left out.
    """

    points: np.ndarray
    share: float


@dataclass(frozen=True)
class Polytopes:
    """The cells of the plotted square.

    Attributes:
        cells: of the square; none where units are smooth.
        layers: how many hidden layers cut.
        note: why fewer than asked for, or none; empty otherwise.
    """

    cells: list[Region]
    layers: int
    note: str

    @property
    def slopes(self) -> np.ndarray:
        """(cells,) the Frobenius norm of the linear map on each: |grad f| where all layers cut."""
        return np.array([np.linalg.norm(cell.matrix) for cell in self.cells])


@dataclass(frozen=True)
class Snapshot:
    """One view in numbers.

    Attributes:
        state: the view.
        layers: its network.
        curve: its curve.
        analysis: lengths, transitions and patterns, exact for piecewise linear units.
        axis: (50,) coordinates of the surface's grid.
        surface: (50, 50) outputs; rows are the second input.
        points: (n, 2) along the curve, breakpoints included.
        outputs: (n,) of the network there.
        images: of the curve in each hidden layer.
        sigma_w: root mean square of sqrt(fan_in) W over the hidden matrices, or what they were drawn from.
        root_chi: sqrt(chi_1), growth of lengths per layer in wide random networks with these deviations.
        sensitivity: (L + 1,) tangential sensitivity of the output's variation to each matrix; None for smooth units.
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
    root_chi: float
    sensitivity: np.ndarray | None
    polytopes: Polytopes


def snapshot(state: State) -> Snapshot:
    """Compute everything that the first tab shows.

    Example:
        >>> found = snapshot(State())
        >>> found.surface.shape, len(found.images), found.analysis.latent_lengths.shape
        ((50, 50), 2, (3,))
    """
    layers, curve = layers_of(state), curve_of(state)
    analysis = analyse(layers, curve)
    axis = np.linspace(-HALF_SIDE, HALF_SIDE, GRID_POINTS)
    x, y = np.meshgrid(axis, axis)
    surface = layers.forward(np.stack([x.ravel(), y.ravel()], axis=1))[-1].reshape(x.shape)
    parameters = np.union1d(np.linspace(curve.start[0], curve.stop[-1], CURVE_POINTS), analysis.edges)
    points = curve.at(parameters)
    *hidden, outputs = layers.forward(points)
    sigma_w = _sigma_w(state, layers)
    chi = mean_field(layers.unit, sigma_w**2, state.sigma_b**2).chi_1 if sigma_w > 0 else 0.0
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
        float(np.sqrt(chi)),
        length_sensitivity(layers, curve) if layers.piecewise_linear else None,
        _polytopes(state, layers),
    )


def _image(z: np.ndarray, points: np.ndarray) -> Image:
    """A layer's activations (n, k) in the plane."""
    if z.shape[1] <= 2:
        return Image(np.column_stack([z, np.zeros((len(z), 2 - z.shape[1]))]), 1.0)
    centred = z - z.mean(axis=0)
    _, singular, components = np.linalg.svd(centred, full_matrices=False)
    total = float((singular**2).sum())
    plane = centred @ components[:2].T
    # Principal components have no sign, and turn freely where two are alike. Turned to lie like the input (orthogonal
    # Procrustes) the picture does not flip while a slider moves.
    left, _, right = np.linalg.svd(plane.T @ (points - points.mean(axis=0)))
    return Image(plane @ (left @ right), float((singular[:2] ** 2).sum()) / total if total > 0 else 1.0)


def _sigma_w(state: State, layers: Layers) -> float:
    if state.draw is Draw.SCALED and not state.edits:
        return state.sigma_w
    squares = [len(weight) * float((weight**2).mean()) for weight in layers.weights[1:-1] or layers.weights[:1]]
    return float(np.sqrt(np.mean(squares)))


def _polytopes(state: State, layers: Layers) -> Polytopes:
    if not layers.piecewise_linear:
        return Polytopes([], 0, f"no polytopes: {layers.activation} units are smooth")
    units, asked = layers.weights[0].shape[1], state.cut_layers
    shown = min(asked, max(1, MOST_UNITS // units)) if asked else 0
    note = f"cut by {shown} of {asked} layers" if shown < asked else ""
    return Polytopes(regions(layers, (-HALF_SIDE, HALF_SIDE, -HALF_SIDE, HALF_SIDE), shown), shown, note)
