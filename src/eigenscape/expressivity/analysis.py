"""One curve through one network: the three lengths, the transitions, the activation patterns.

The latent length of layer l is the integral of |dz^(l)/dt|; the total variation of the output is
that of |df/dt|; the length of the lifted curve (x, f(x)) is that of sqrt(|dx/dt|^2 + |df/dt|^2).
All three are exact for ReLU, hard-tanh and linear units, and come with an error estimate for smooth
ones. Definitions: Raghu et al., ICML 2017, arXiv 1606.05336; the total variation and the lifted
curve are this project's additions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.lengths import piece_lengths
from eigenscape.expressivity.networks import Layers
from eigenscape.expressivity.pieces import LayerPieces, Propagation, crossings, propagate, split
from eigenscape.expressivity.quadrature import integrate


@dataclass(frozen=True)
class CurveAnalysis:
    """The image of a curve in a network.

    Attributes:
        latent_lengths: (L + 1,) length of the image in each layer; index 0 is the curve itself.
        output_variation: total variation of the output along the curve.
        lifted_length: length of the curve (x, f(x)).
        breakpoints: L arrays of parameters t where a unit of that hidden layer changes its linear
            region.
        transitions: (L,) number of such changes of units, with multiplicity.
        sign_transitions: (L,) number of sign changes of pre-activations; the same for ReLU.
        edges: (n + 1,) ends of the pieces on which the whole network is linear; empty for smooth
            units.
        patterns: L arrays (n, k) int8, the linear region of every unit on those pieces.
        error_estimate: absolute error estimate of the lengths; 0.0 if they are exact up to
            rounding.
    """

    latent_lengths: np.ndarray
    output_variation: float
    lifted_length: float
    breakpoints: tuple[np.ndarray, ...]
    transitions: np.ndarray
    sign_transitions: np.ndarray
    edges: np.ndarray
    patterns: tuple[np.ndarray, ...]
    error_estimate: float

    @property
    def distinct_patterns(self) -> int:
        """Count the activation patterns of the whole network along the curve."""
        if not self.patterns or not len(self.edges):
            return 1
        return len(np.unique(np.concatenate(self.patterns, axis=1), axis=0))


def analyse(layers: Layers, curve: Curve) -> CurveAnalysis:
    """Compute the lengths, transitions and patterns of one curve.

    Raises:
        BadInput: the curve and the network's inputs differ in dimension.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> split = Layers(
        ...     (np.array([[1.0, 0, -1, 0], [0, 1, 0, -1]]), np.ones((4, 1))),
        ...     (np.zeros(4), np.zeros(1)),
        ...     "relu",
        ... )
        >>> found = analyse(split, circle(1.0))
        >>> (found.latent_lengths / np.pi).round(12), found.transitions, found.distinct_patterns
        (array([2., 2.]), array([8]), 4)
    """
    if not layers.piecewise_linear:
        return _integrated(layers, curve)
    return analyse_pieces(propagate(layers, curve))


def analyse_pieces(passed: Propagation) -> CurveAnalysis:
    """Analyse a curve that has already been propagated through its network, as `analyse` does."""
    curve = passed.curve
    inner = [
        piece_lengths(curve.kind, layer.start, layer.stop, layer.coefficients).sum()
        for layer in passed.layers
    ]
    curve_length = piece_lengths(curve.kind, curve.start, curve.stop, curve.coefficients).sum()
    ancestors = passed.ancestors()
    lifted = np.concatenate([curve.coefficients[:, ancestors[0]], passed.output], axis=2)
    changes = [region_changes(layer, closed=curve.closed) for layer in passed.layers]
    return CurveAnalysis(
        latent_lengths=np.array([curve_length, *inner]),
        output_variation=float(
            piece_lengths(curve.kind, passed.start, passed.stop, passed.output).sum()
        ),
        lifted_length=float(piece_lengths(curve.kind, passed.start, passed.stop, lifted).sum()),
        breakpoints=tuple(
            layer.start[change > 0] for layer, change in zip(passed.layers, changes, strict=True)
        ),
        transitions=np.array([change.sum() for change in changes], int),
        sign_transitions=np.array([sign_changes(curve, layer) for layer in passed.layers], int),
        edges=np.append(passed.start, passed.stop[-1]),
        patterns=patterns_of(passed, ancestors),
        error_estimate=0.0,
    )


def region_changes(layer: LayerPieces, *, closed: bool) -> np.ndarray:
    """Count the units that change their region where each piece (n,) begins; for a closed curve
    also at its starting point.
    """
    return _changes(layer.pattern, closed=closed)


def sign_changes(curve: Curve, layer: LayerPieces) -> int:
    """Count the sign changes of a layer's pre-activations along the curve: the sign transitions of
    the source.

    Units that preserve the sign (hard-tanh, linear) show it in their activation; for a ReLU it is
    the pattern.
    """
    piece, time = crossings(curve, layer.start, layer.stop, layer.coefficients, (0.0,))
    parent, start, stop = split(layer.start, layer.stop, piece, time)
    u, v = curve.basis(0.5 * (start + stop))
    a, b, c = layer.coefficients[:, parent]
    return int(_changes(u[:, None] * a + v[:, None] * b + c > 0, closed=curve.closed).sum())


def _changes(states: np.ndarray, *, closed: bool) -> np.ndarray:
    """Count the states (n, k) of units that differ from those of the previous piece."""
    change = np.zeros(len(states), int)
    change[1:] = (states[1:] != states[:-1]).sum(axis=1)
    if closed:
        change[0] = (states[0] != states[-1]).sum()
    return change


def patterns_of(passed: Propagation, ancestors: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the regions of all units on the pieces of the output, an array (n, k) per hidden
    layer.
    """
    return tuple(
        layer.pattern[index] for layer, index in zip(passed.layers, ancestors[1:], strict=True)
    )


def _integrated(layers: Layers, curve: Curve) -> CurveAnalysis:
    lengths = integrate(layers, curve)
    none = tuple(np.empty(0) for _ in range(layers.depth))
    return CurveAnalysis(
        latent_lengths=lengths.latent,
        output_variation=lengths.output,
        lifted_length=lengths.lifted,
        breakpoints=none,
        transitions=np.zeros(layers.depth, int),
        sign_transitions=np.zeros(layers.depth, int),
        edges=np.empty(0),
        patterns=tuple(np.empty((0, weight.shape[1]), np.int8) for weight in layers.weights[:-1]),
        error_estimate=lengths.error,
    )
