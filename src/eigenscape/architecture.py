"""A fully connected network: its parameter count, and where each parameter lies in the vector.

The alphabet of shapes, used in every docstring of the package:

====  =========================================================
N     parameter vectors drawn from the prior (samples)
P     parameters of the network
L     hidden layers (depth)
w     neurons per hidden layer (width)
n     data points
B     samples in a block, the unit of work
====  =========================================================

Parameters are ordered weights then bias, layer by layer, ``[W1, b1, W2, b2, ...]``, and every
``W`` is stored row-major as (in, out): a layer computes ``h @ W + b``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class LayerBlock:
    """The position of one layer in the parameter vector.

    ``weight`` and ``bias`` are slices into the vector of length P; ``fan_in`` and ``fan_out`` are
    the shape (in, out) of the weight matrix. ``name`` is the name of a user's layer; it is empty in
    a fully connected network, whose layers are known by their number.
    """

    fan_in: int
    fan_out: int
    weight: slice
    bias: slice
    name: str = ""

    @property
    def whole(self) -> slice:
        """The slice of the layer's weights and biases together."""
        return slice(self.weight.start, self.bias.stop)

    @property
    def parameters(self) -> int:
        """The length of the layer's slice: (fan_in + 1) fan_out in a fully connected network."""
        return int(self.bias.stop - self.weight.start)


class Layout(Protocol):
    """The positions of P parameters in one vector: all that gradients, C and its spectrum need to
    know of a network or a function.

    `Architecture`, `ModuleArchitecture` and `FlatLayout` are layouts.
    """

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers that identify the random streams."""
        ...

    @property
    def layers(self) -> tuple[LayerBlock, ...]:
        """The layers with their slices, in the order of the parameter vector."""
        ...

    @property
    def parameters(self) -> int:
        """P, the number of parameters."""
        ...

    @property
    def label(self) -> str:
        """The name in messages."""
        ...


@dataclass(frozen=True)
class Architecture:
    """A fully connected network of ``depth`` hidden layers of equal ``width``.

    The parameter count is P = sum over layers of (fan_in + 1) fan_out, which for one input and one
    output is (L - 1) w^2 + (L + 2) w + 1.

    Raises:
        BadInput: a size below 1.

    Example:
        >>> Architecture(depth=5, width=35).parameters
        5146
        >>> [layer.weight.start for layer in Architecture(depth=2, width=3).layers]
        [0, 6, 18]
    """

    depth: int
    width: int
    inputs: int = 1
    outputs: int = 1

    def __post_init__(self) -> None:
        for name in ("depth", "width", "inputs", "outputs"):
            if (size := getattr(self, name)) < 1:
                raise BadInput.field(
                    name,
                    "a whole number of at least 1",
                    str(size),
                    "give every size of the network as 1 or more",
                )

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of units per layer from input to output, L + 2 numbers."""
        return (self.inputs, *(self.width,) * self.depth, self.outputs)

    @property
    def layers(self) -> tuple[LayerBlock, ...]:
        """The L + 1 layers with their slices, in the order of the parameter vector."""
        blocks, start = [], 0
        for fan_in, fan_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            bias_start = start + fan_in * fan_out
            stop = bias_start + fan_out
            blocks.append(
                LayerBlock(fan_in, fan_out, slice(start, bias_start), slice(bias_start, stop))
            )
            start = stop
        return tuple(blocks)

    @property
    def parameters(self) -> int:
        """P, the number of weights and biases."""
        hidden = (self.depth - 1) * (self.width + 1) * self.width
        return (self.inputs + 1) * self.width + hidden + (self.width + 1) * self.outputs

    @property
    def label(self) -> str:
        """The name of the cell's folder, such as ``d05-w035``."""
        return f"d{self.depth:02d}-w{self.width:03d}"


@dataclass(frozen=True)
class ModuleArchitecture(Architecture):
    """A user's network of a given depth and width, known only by its layers: named groups of
    parameters.

    It can be used wherever only the number of parameters and the positions of layers matter. Code
    that needs a fully connected network (the symmetries of C, mean-field theory, the compiled
    kernel) does not accept it.

    Attributes:
        names: the names of the layers, in the order of the parameter vector.
        counts: parameters per layer.
        point_flops: floating-point operations of a forward pass per data point, for plans.

    Example:
        >>> network = ModuleArchitecture(1, 4, names=("conv", "head"), counts=(40, 12))
        >>> network.parameters, network.label, network.layers[1].whole, network.layers[1].name
        (52, 'd01-w004', slice(40, 52, None), 'head')
    """

    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    point_flops: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """Depth, width and the parameter count of every layer, which identify the network's random
        streams.
        """
        return (self.depth, self.width, *self.counts)

    @property
    def layers(self) -> tuple[LayerBlock, ...]:
        """The layers with their slices. All parameters of a layer count as weights, and fans are
        unknown (1).
        """
        blocks, start = [], 0
        for name, count in zip(self.names, self.counts, strict=True):
            stop = start + count
            blocks.append(LayerBlock(1, 1, slice(start, stop), slice(stop, stop), name))
            start = stop
        return tuple(blocks)

    @property
    def parameters(self) -> int:
        """P, the number of parameters."""
        return sum(self.counts)


@dataclass(frozen=True)
class FlatLayout:
    """P numbers without layers: the parameters of a function that is no network.

    Raises:
        BadInput: P below 1.

    Example:
        >>> FlatLayout(3).label, [layer.whole for layer in FlatLayout(3).layers]
        ('3 parameters', [slice(0, 3, None)])
    """

    parameters: int

    def __post_init__(self) -> None:
        if self.parameters < 1:
            raise BadInput.field(
                "parameters",
                "a whole number of at least 1",
                str(self.parameters),
                "give how many numbers the function takes",
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number P alone, which identifies the function's random streams."""
        return (self.parameters,)

    @property
    def layers(self) -> tuple[LayerBlock, ...]:
        """One block of P numbers: a linear unit of P - 1 inputs has as many."""
        last = self.parameters - 1
        return (LayerBlock(last, 1, slice(0, last), slice(last, self.parameters)),)

    @property
    def label(self) -> str:
        """The name that messages use, such as ``3 parameters``."""
        return f"{self.parameters} parameters"
