"""The symmetries of C, and the projection of C onto the matrices that have them.

The loss does not change when the hidden units of a layer are permuted, nor, for an odd activation,
when the signs of all weights and the bias into a unit and of all weights out of it are flipped. If
the prior has the same invariance (parameters that are independent, identically distributed within a
layer and symmetric about zero), the population matrix C commutes with all these transformations.
Averaging a sample's C over the group (a Reynolds projection) is therefore unbiased and never
increases the variance; by Schur's lemma the result consists of a few small blocks, each repeated
many times: the population spectrum is a *staircase*.

*Permutations and signs* (odd activation): C_ij = 0 unless the same flips change the signs of i and
j. Each hidden-to-hidden weight block is one number m_l repeated w^2 times; the first layer is one
(inputs + 1)-square block repeated w times, the last bias with the output weights another; middle
biases are one number w times; the output bias stands alone. One input, one output, L >= 2: exactly
2L + 2 distinct eigenvalues.

*Permutations* (ReLU, sigmoid): per unit the space splits into the mean over units (trivial) and the
rest (standard, w - 1 times), so a weight block splits into parts of multiplicity 1, w - 1 and (w -
1)^2.

Every sample contributes O(P) work and a handful of numbers; no P x P matrix is formed. The theorem
is this project's derivation; the tests check it against sampled C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.sampler import Sampler
from eigenscape.networks.symmetry import Symmetry


def require_symmetry(sampler: Sampler) -> Symmetry:
    """The group that leaves a sampler's loss and prior as they are.

    Raises:
        BadInput: none is known; then C must not be projected.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> str(require_symmetry(network_sampler(2, 3, activation="relu")))
        'permutations'
    """
    if sampler.symmetry is None:
        expected = "one with independent parameters, alike within a layer and symmetric about zero"
        raise BadInput.field(
            "prior",
            expected,
            "none that is known to be: a module's, one that says it is not symmetric, or that of a"
            " loss_sampler without symmetry=...",
            "use the raw condition numbers: this C has no symmetry to project onto",
        )
    return sampler.symmetry


def require_fully_connected(sampler: Sampler) -> Architecture:
    """The architecture of a sampler's network.

    Raises:
        BadInput: the gradients are those of a function without layers.
    """
    if not isinstance(sampler.architecture, Architecture):
        fix = "give architecture=Architecture(depth, width), or use spectrum"
        raise BadInput.field(
            "architecture", "that of a fully connected network, which has symmetries", "none", fix
        )
    return sampler.architecture


@dataclass(frozen=True)
class Block:
    """One block of the projected C.

    Attributes:
        label: the parameters that it describes, such as ``W3`` or ``W1, b1``.
        multiplicity: number of times that each of its eigenvalues occurs in C.
        layers: (size,), the layer (from 1) that each component belongs to.
    """

    label: str
    multiplicity: int
    layers: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of rows of the block."""
        return len(self.layers)


@dataclass(frozen=True)
class ProjectedSamples:
    """The contributions of every sample to every block.

    Attributes:
        blocks: the blocks of C, as the symmetry dictates.
        contributions: one array per block: (N, size, size), a sample's projected g g^T; or (N,
            size), a vector whose outer product it is (the trivial block, which is large and of rank
            one).
    """

    blocks: tuple[Block, ...]
    contributions: tuple[np.ndarray, ...]

    @property
    def samples(self) -> int:
        """N."""
        return len(self.contributions[0])

    def means(self, weights: np.ndarray | None = None) -> list[np.ndarray]:
        """Average the blocks of the projected C over samples.

        Args:
            weights: (R, N) of R weighted averages, such as bootstrap counts; one plain average by
                default.

        Returns:
            One array (R, size, size) per block; R = 1 by default.
        """
        counts = np.ones((1, self.samples)) if weights is None else weights
        normalised = counts / counts.sum(axis=1, keepdims=True)
        return [weighted_sums(contribution, normalised) for contribution in self.contributions]

    def component_masses(self) -> list[np.ndarray]:
        """Return the squared gradient of every component in every sample: the diagonals of the
        contributions, one array (N, size) per block.
        """
        return [
            contribution**2
            if contribution.ndim == 2
            else np.diagonal(contribution, axis1=1, axis2=2)
            for contribution in self.contributions
        ]

    @classmethod
    def joined(cls, batches: list[ProjectedSamples]) -> ProjectedSamples:
        """Join the samples of several batches, in order."""
        columns = zip(*(part.contributions for part in batches), strict=True)
        return cls(batches[0].blocks, tuple(np.concatenate(column) for column in columns))


def weighted_sums(contribution: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum a block's contributions with weights (R, N), into (R, size, size).

    Example:
        >>> weighted_sums(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 3.0]]))[0]
        array([[1., 2.],
               [2., 7.]])
    """
    if contribution.ndim == 2:
        return np.stack([contribution.T @ (row[:, None] * contribution) for row in weights])
    flat = weights @ contribution.reshape(len(contribution), -1)
    return np.asarray(flat.reshape(len(weights), *contribution.shape[1:]))


def project(
    gradients: np.ndarray, architecture: Architecture, symmetry: Symmetry
) -> ProjectedSamples:
    """Compute the contributions of gradients (B, P) to the projected C, in O(P) work each.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> samples = project(
        ...     np.ones((1, 7)), Architecture(depth=1, width=2), Symmetry.PERMUTATIONS_AND_SIGNS
        ... )
        >>> [(block.label, block.size, block.multiplicity) for block in samples.blocks]
        [('W1, b1, W2', 3, 2), ('b2', 1, 1)]
    """
    gradients = np.asarray(gradients, np.float64)
    layers = architecture.layers
    weights = [
        gradients[:, layer.weight].reshape(-1, layer.fan_in, layer.fan_out) for layer in layers
    ]
    biases = [gradients[:, layer.bias] for layer in layers]
    split = _by_signs if symmetry is Symmetry.PERMUTATIONS_AND_SIGNS else _by_permutations
    pieces = split(weights, biases, architecture)
    nonempty = [(block, contribution) for block, contribution in pieces if block.multiplicity > 0]
    return ProjectedSamples(
        tuple(block for block, _ in nonempty), tuple(contribution for _, contribution in nonempty)
    )


_Pieces = list[tuple[Block, np.ndarray]]


def _unit_gram(columns: list[np.ndarray], units: int) -> np.ndarray:
    """Return (1/units) sum over units k of u_k u_k^T, where u_k (size,) stacks ``columns``, each
    (B, w).
    """
    stacked = np.stack(columns, axis=1)
    return np.asarray(stacked @ stacked.transpose(0, 2, 1) / units)


def _by_signs(
    weights: list[np.ndarray], biases: list[np.ndarray], architecture: Architecture
) -> _Pieces:
    width, depth = architecture.width, architecture.depth
    incoming = [weights[0][:, row, :] for row in range(architecture.inputs)]
    outgoing = [weights[depth][:, :, column] for column in range(architecture.outputs)]
    pieces: _Pieces = []
    for layer in range(1, depth + 1):
        columns, names, belongs = [biases[layer - 1]], [f"b{layer}"], [layer]
        if layer == 1:
            columns, names, belongs = (
                [*incoming, *columns],
                ["W1", *names],
                [1] * len(incoming) + belongs,
            )
        if layer == depth:
            columns, names, belongs = (
                [*columns, *outgoing],
                [*names, f"W{depth + 1}"],
                belongs + [depth + 1] * len(outgoing),
            )
        pieces.append((Block(", ".join(names), width, tuple(belongs)), _unit_gram(columns, width)))
        if layer > 1:
            mass = np.einsum("bij,bij->b", weights[layer - 1], weights[layer - 1]) / width**2
            pieces.append((Block(f"W{layer}", width**2, (layer,)), mass[:, None, None]))
    output = biases[depth]
    pieces.append(
        (
            Block(f"b{depth + 1}", 1, (depth + 1,) * architecture.outputs),
            output[:, :, None] * output[:, None, :],
        )
    )
    return pieces


def _by_permutations(
    weights: list[np.ndarray], biases: list[np.ndarray], architecture: Architecture
) -> _Pieces:
    width, depth = architecture.width, architecture.depth
    root = np.sqrt(width)
    # per unit of `layer`
    into = {layer: weights[layer - 1].sum(axis=1) / root for layer in range(2, depth + 1)}
    out_of = {layer: weights[layer].sum(axis=2) / root for layer in range(1, depth)}
    pieces: _Pieces = []
    trivial: list[np.ndarray] = []
    trivial_layers: list[int] = []
    for layer in range(1, depth + 1):
        columns, names, belongs = [biases[layer - 1]], [f"b{layer}"], [layer]
        if layer == 1:
            columns += [weights[0][:, row, :] for row in range(architecture.inputs)]
            names, belongs = ["W1", *names], belongs + [1] * architecture.inputs
        else:
            columns, names, belongs = (
                [*columns, into[layer]],
                [f"W{layer}", *names],
                [*belongs, layer],
            )
        trivial += [column.sum(axis=1) / root for column in columns]
        trivial_layers += belongs
        if layer == depth:
            outgoing = [weights[depth][:, :, column] for column in range(architecture.outputs)]
            trivial += [column.sum(axis=1) / root for column in outgoing]
            trivial_layers += [depth + 1] * len(outgoing)
            columns, belongs = columns + outgoing, belongs + [depth + 1] * len(outgoing)
        else:
            columns, belongs = [*columns, out_of[layer]], [*belongs, layer + 1]
        names = [*names, f"W{layer + 1}"]
        centred = [column - column.mean(axis=1, keepdims=True) for column in columns]
        label = f"standard of layer {layer}: {', '.join(names)}"
        pieces.append(
            (Block(label, width - 1, tuple(belongs)), _unit_gram(centred, max(width - 1, 1)))
        )
        if layer > 1:
            block = weights[layer - 1]
            centred_block = (
                block
                - block.mean(axis=1, keepdims=True)
                - block.mean(axis=2, keepdims=True)
                + block.mean(axis=(1, 2), keepdims=True)
            )
            mass = np.einsum("bij,bij->b", centred_block, centred_block) / max((width - 1) ** 2, 1)
            pieces.append(
                (
                    Block(f"standard x standard: W{layer}", (width - 1) ** 2, (layer,)),
                    mass[:, None, None],
                )
            )
    trivial += [biases[depth][:, output] for output in range(architecture.outputs)]
    trivial_layers += [depth + 1] * architecture.outputs
    pieces.append(
        (Block("trivial: all layers", 1, tuple(trivial_layers)), np.stack(trivial, axis=1))
    )
    return pieces
