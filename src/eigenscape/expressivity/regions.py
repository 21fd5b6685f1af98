"""The convex polytopes into which a network cuts a box of the input plane, and its linear map on
each.

A piecewise linear network is linear on each cell of a subdivision that every layer refines (Raghu
et al., arXiv 1606.05336, theorem on polytopes). Inside a cell the boundary of a unit of the next
layer is a straight line, so cells are cut by lines, unit by unit: exact, nothing is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.networks import KINKS, Layers

SLIVER = 1e-12
"""Distance from a cutting line, relative to the largest value at the corners, below which a corner
lies on it; cutting there would leave a cell without area."""


@dataclass(frozen=True)
class Region:
    """One convex cell.

    Attributes:
        polygon: (corners, 2) in order around the cell.
        pattern: the linear region of every unit of the cutting layers, one after the other, int8.
        matrix: (2, m), the linear part of the map.
        offset: (m,): z = x @ matrix + offset on the cell, for the last cutting layer; for the
            output if all layers cut.
    """

    polygon: np.ndarray
    pattern: np.ndarray
    matrix: np.ndarray
    offset: np.ndarray

    @property
    def area(self) -> float:
        """The area by the shoelace formula."""
        x, y = self.polygon.T
        return float(0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def regions(
    layers: Layers, box: tuple[float, float, float, float], upto_layer: int | None = None
) -> list[Region]:
    """Return the cells of a box under the first layers of a network with two inputs.

    Args:
        layers: the network of ReLU, hard-tanh or linear units.
        box: x_low, x_high, y_low, y_high.
        upto_layer: number of hidden layers that cut, 0 to L; all by default.

    Raises:
        BadInput: the network does not have two inputs, units are smooth, the box is empty, or there
            is no such layer.

    Example:
        >>> one_unit = Layers(
        ...     (np.array([[1.0], [0.0]]), np.ones((1, 1))), (np.zeros(1), np.zeros(1)), "relu"
        ... )
        >>> [
        ...     (cell.area, cell.pattern.tolist(), cell.matrix.tolist())
        ...     for cell in regions(one_unit, (-1, 1, -1, 1))
        ... ]
        [(2.0, [0], [[0.0], [0.0]]), (2.0, [1], [[1.0], [0.0]])]
    """
    if layers.inputs != 2 or not layers.piecewise_linear:
        found = f"{layers.inputs} inputs, {layers.activation}"
        raise BadInput.field(
            "layers",
            f"two inputs and one of {', '.join(KINKS)}",
            found,
            "give a network of the plane",
        )
    low_x, high_x, low_y, high_y = box
    if not (low_x < high_x and low_y < high_y and np.isfinite(box).all()):
        raise BadInput.field(
            "box", "x_low < x_high and y_low < y_high", str(box), "write (-1, 1, -1, 1)"
        )
    last = layers.depth if upto_layer is None else upto_layer
    if not 0 <= last <= layers.depth:
        raise BadInput.field(
            "upto_layer",
            f"0 to {layers.depth}",
            str(upto_layer),
            "name a hidden layer, or 0 for the box",
        )
    corners = np.array([(low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y)], float)
    cells = [Region(corners, np.empty(0, np.int8), np.eye(2), np.zeros(2))]
    for weight, bias in zip(layers.weights[:last], layers.biases[:last], strict=True):
        cells = [
            part for cell in cells for part in _under_layer(cell, weight, bias, layers.activation)
        ]
    if last == layers.depth:
        weight, bias = layers.weights[-1], layers.biases[-1]
        cells = [
            Region(cell.polygon, cell.pattern, cell.matrix @ weight, cell.offset @ weight + bias)
            for cell in cells
        ]
    return cells


def _under_layer(
    cell: Region, weight: np.ndarray, bias: np.ndarray, activation: str
) -> list[Region]:
    """Return the parts of a cell under one more layer."""
    matrix, offset = cell.matrix @ weight, cell.offset @ weight + bias
    polygons = [cell.polygon]
    for kink in KINKS[activation]:
        values = cell.polygon @ matrix + (offset - kink)
        scale = SLIVER * np.abs(values).max(axis=0)
        for unit in np.flatnonzero((values.min(axis=0) < -scale) & (values.max(axis=0) > scale)):
            polygons = [
                part
                for polygon in polygons
                for part in _cut(polygon, matrix[:, unit], offset[unit] - kink)
            ]
    parts = []
    for polygon in polygons:
        middle = polygon.mean(axis=0) @ matrix + offset
        if activation == "relu":
            pattern = (middle > 0).astype(np.int8)
            slope, constant = pattern, 0.0
        elif activation == "hard_tanh":
            pattern = (middle > 1).astype(np.int8) - (middle < -1).astype(np.int8)
            slope, constant = (pattern == 0).astype(np.int8), pattern
        else:
            pattern, constant = np.zeros(len(middle), np.int8), 0.0
            slope = np.ones(len(middle), np.int8)
        parts.append(
            Region(
                polygon,
                np.concatenate([cell.pattern, pattern]),
                matrix * slope,
                offset * slope + constant,
            )
        )
    return parts


def _cut(polygon: np.ndarray, normal: np.ndarray, offset: float) -> list[np.ndarray]:
    """Return the parts of a convex polygon on both sides of the line normal . x + offset = 0; the
    polygon itself if the line does not cross it.
    """
    values = polygon @ normal + offset
    scale = SLIVER * np.abs(values).max()
    side = np.where(values > scale, 1, np.where(values < -scale, -1, 0))
    if (side >= 0).all() or (side <= 0).all():
        return [polygon]
    nxt = np.roll(np.arange(len(polygon)), -1)
    below, above = [], []
    for corner, next_corner in enumerate(nxt):
        if side[corner] <= 0:
            below.append(polygon[corner])
        if side[corner] >= 0:
            above.append(polygon[corner])
        if side[corner] * side[next_corner] < 0:
            share = values[corner] / (values[corner] - values[next_corner])
            crossing = polygon[corner] + share * (polygon[next_corner] - polygon[corner])
            below.append(crossing)
            above.append(crossing)
    return [np.array(below), np.array(above)]
