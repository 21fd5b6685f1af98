"""Curves as sequences of pieces, each linear or trigonometric in its parameter.

    linear         x(t) = t a + c
    trigonometric  x(t) = cos(t) a + sin(t) b + c

A layer with fixed activation pattern maps a piece to a piece of the same kind, which makes the
analysis exact. Both kinds are represented by coefficients (3, n, m) of the functions (u(t), v(t),
1): u = cos, v = sin, or u = t, v = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput


class Kind(StrEnum):
    """How the pieces of a curve depend on the parameter."""

    LINEAR = "linear"
    TRIGONOMETRIC = "trigonometric"


@dataclass(frozen=True)
class Curve:
    """A continuous curve in input space.

    Attributes:
        kind: the kind of all its pieces.
        start: (n,) parameter at which each piece begins.
        stop: (n,) parameter at which it ends; the next piece begins there.
        coefficients: (3, n, inputs), coefficients of u(t), v(t) and 1.
        closed: whether the end is the beginning, so that a change of pattern there is a transition.
    """

    kind: Kind
    start: np.ndarray
    stop: np.ndarray
    coefficients: np.ndarray
    closed: bool

    @property
    def inputs(self) -> int:
        """Dimension of the space of the curve."""
        return int(self.coefficients.shape[2])

    def basis(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the functions u and v at the parameters t."""
        return (np.cos(t), np.sin(t)) if self.kind is Kind.TRIGONOMETRIC else (t, np.zeros_like(t))

    def slopes(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return du/dt and dv/dt at the parameters t."""
        return (
            (-np.sin(t), np.cos(t))
            if self.kind is Kind.TRIGONOMETRIC
            else (np.ones_like(t), np.zeros_like(t))
        )

    def at(self, t: np.ndarray) -> np.ndarray:
        """Return the points (n, inputs) at the parameters t (n,)."""
        piece = self._piece(t)
        u, v = self.basis(t)
        a, b, c = self.coefficients[:, piece]
        return np.asarray(u[:, None] * a + v[:, None] * b + c)

    def velocity(self, t: np.ndarray) -> np.ndarray:
        """Return dx/dt (n, inputs) at the parameters t (n,)."""
        piece = self._piece(t)
        u, v = self.slopes(t)
        a, b, _ = self.coefficients[:, piece]
        return np.asarray(u[:, None] * a + v[:, None] * b)

    def points(self, n: int) -> np.ndarray:
        """Return n points (n, inputs), equispaced in the parameter, both ends included.

        Example:
            >>> line((0.0, 1.0), (4.0, 1.0)).points(3)
            array([[0., 1.], [2., 1.], [4., 1.]])
        """
        return self.at(np.linspace(self.start[0], self.stop[-1], n))

    def _piece(self, t: np.ndarray) -> np.ndarray:
        return np.clip(np.searchsorted(self.start, t, side="right") - 1, 0, len(self.start) - 1)


def _vector(name: str, value: object) -> np.ndarray:
    vector = np.asarray(value, float)
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise BadInput.field(
            name, "a vector of finite numbers", str(value), f"write {name}=(0.0, 0.0)"
        )
    return vector


def ellipse(cosine: object, sine: object, center: object = (0.0, 0.0)) -> Curve:
    """Return x(t) = cos(t) cosine + sin(t) sine + center over one turn, in any dimension.

    With two data points and no centre this is the trajectory of Raghu et al.: a great circle where
    they have equal norms and are orthogonal, an ellipse otherwise.

    Raises:
        BadInput: vectors of different lengths or that are not finite.

    Example:
        >>> ellipse((2.0, 0.0), (0.0, 1.0)).at(np.array([0.0, np.pi / 2])).round(12)
        array([[2., 0.],
               [0., 1.]])
    """
    vectors = [_vector("cosine", cosine), _vector("sine", sine), _vector("center", center)]
    if len({len(vector) for vector in vectors}) != 1:
        sizes = ", ".join(str(len(vector)) for vector in vectors)
        raise BadInput.field(
            "ellipse",
            "three vectors of one length",
            f"lengths {sizes}",
            "give as many coordinates to each",
        )
    return Curve(
        Kind.TRIGONOMETRIC,
        np.zeros(1),
        np.full(1, 2 * np.pi),
        np.array(vectors)[:, None],
        closed=True,
    )


def circle(radius: float, center: object = (0.0, 0.0)) -> Curve:
    """Return the circle of a radius around a centre of the plane.

    Raises:
        BadInput: the radius is not positive and finite, or the centre is not in the plane.

    Example:
        >>> circle(3.0, (1.0, 0.0)).at(np.array([0.0, np.pi / 2])).round(12)
        array([[4., 0.],
               [1., 3.]])
    """
    if not (np.isfinite(radius) and radius > 0):
        raise BadInput.field("radius", "a positive finite number", str(radius), "write circle(1.0)")
    return ellipse((radius, 0.0), (0.0, radius), center)


def between(first: object, second: object) -> Curve:
    """Return the trajectory cos(t) x_0 + sin(t) x_1 through two data points, at t = 0 and t = pi/2.

    Example:
        >>> between((1.0, 2.0, 0.0), (0.0, 1.0, 1.0)).at(np.array([np.pi / 2])).round(12)
        array([[0., 1., 1.]])
    """
    return ellipse(first, second, np.zeros(len(_vector("first", first))))


def polyline(vertices: object, *, closed: bool = False) -> Curve:
    """Return straight pieces through the rows of vertices (n, inputs); the parameter is i at vertex
    i.

    Raises:
        BadInput: fewer than two vertices, or values that are not finite.

    Example:
        >>> polyline([(0, 0), (1, 0), (1, 1)]).at(np.array([0.5, 1.5]))
        array([[0.5, 0. ], [1. , 0.5]])
    """
    corners = np.asarray(vertices, float)
    if corners.ndim != 2 or len(corners) < 2 or not np.isfinite(corners).all():
        raise BadInput.field(
            "vertices",
            "at least two points of finite numbers",
            f"shape {corners.shape}",
            "write [(0, 0), (1, 1)]",
        )
    if closed:
        corners = np.vstack([corners, corners[:1]])
    start = np.arange(len(corners) - 1.0)
    steps = np.diff(corners, axis=0)
    constants = corners[:-1] - start[:, None] * steps
    return Curve(
        Kind.LINEAR, start, start + 1, np.array([steps, np.zeros_like(steps), constants]), closed
    )


def line(first: object, second: object) -> Curve:
    """Return the straight line from one point to another, t from 0 to 1.

    Example:
        >>> line((0.0, 0.0), (2.0, 4.0)).points(3)
        array([[0., 0.], [1., 2.], [2., 4.]])
    """
    return polyline([_vector("first", first), _vector("second", second)])
