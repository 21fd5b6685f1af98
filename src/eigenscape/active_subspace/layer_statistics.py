"""Statistics from one pass over the samples, without C: squared gradients by layer, and active
variables.

A sample costs O(P) and nothing of size P^2 is held, so these statistics exist for every network of
a grid, also for those whose second moment is too large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from eigenscape.config.sizes import BLOCK
from eigenscape.errors import BadInput, whole_number
from eigenscape.networks.sampler import (
    PriorSampler,
    Sampler,
    counted_block,
    none_counts,
)


@dataclass(frozen=True)
class ActiveVariables:
    """Samples projected onto some directions of parameter space, for sufficient summary plots.

    Attributes:
        coordinates: (N, k), w_j^T theta_n.
        losses: (N,), L(theta_n) at the same samples.
    """

    coordinates: np.ndarray
    losses: np.ndarray


def gradient_blocks(sampler: Sampler, samples: range | int) -> Iterator[np.ndarray]:
    """Yield the gradients of ``samples`` in blocks of 256, the blocks of the second moment.

    A block is valid until the next one is requested.

    Args:
        sampler: the sampler of the network.
        samples: numbers of the samples, step 1; or N, the first N of them.

    Yields:
        (B, P), in the precision of the sampler.

    Raises:
        BadInput: no samples, or a step other than 1.
        NotFiniteGradient: a gradient is not finite; the message names the first such sample.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> [block.shape for block in gradient_blocks(sampler, range(300))]
        [(256, 7), (44, 7)]
    """
    for first, count in _blocks(samples):
        yield sampler.block(first, count)[0]


def squared_gradients_by_layer(sampler: Sampler, samples: range | int) -> np.ndarray:
    """Return G_nl = sum over the parameters i of layer l of (dL/dtheta_i)^2 at theta_n; its mean
    over n is the layer mass m_l.

    Args:
        sampler: the sampler of the network.
        samples: numbers of the samples, step 1; or N, the first N of them.

    Returns:
        (N, L + 1) float64, squared units of the gradient; a row sums to |grad L(theta_n)|^2.
        Samples that are excluded have no row.

    Raises:
        BadInput: no samples, or a step other than 1.
        NotFiniteGradient: a gradient is not finite; the message names the first such sample. Or no
            sample counts.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(3, 4)
        >>> squared_gradients_by_layer(sampler, range(5)).shape
        (5, 4)
    """
    layers, samples = sampler.architecture.layers, _numbers_of(samples)
    sums = np.empty((len(samples), len(layers)))
    counted = 0
    for first, count in _blocks(samples):
        gradients, _ = counted_block(sampler, first, count)
        rows = slice(counted, counted + len(gradients))
        for number, layer in enumerate(layers):
            part = gradients[:, layer.whole]
            np.einsum("ni,ni->n", part, part, dtype=np.float64, out=sums[rows, number])
        counted += len(gradients)
    if not counted:
        raise none_counts(sampler)
    return sums[:counted]


def active_variables(
    sampler: PriorSampler, samples: range | int, directions: ArrayLike
) -> ActiveVariables:
    """Return the coordinates w_j^T theta_n of the samples along some directions, and their losses
    L(theta_n): what a sufficient summary plot shows.

    Args:
        sampler: a sampler that draws the parameters itself and knows the losses there.
        samples: numbers of the samples, step 1; or N, the first N of them.
        directions: (P, k), such as the first two eigenvectors of C; (P,) for one.

    Returns:
        Coordinates (N, k) and losses (N,), float64.

    Raises:
        BadInput: no samples, a step other than 1, directions that do not have P rows, an array of
            gradients, whose parameters are not known, or a function that is given by its gradient
            alone.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> active_variables(sampler, range(3), np.eye(7)[:, :2]).coordinates.shape
        (3, 2)
        >>> from eigenscape.networks.samplers import function_sampler
        >>> square = function_sampler(lambda x: 2 * x, 2, value=lambda x: (x**2).sum(axis=1))
        >>> found = active_variables(square, range(5), np.eye(2))
        >>> bool(np.allclose(found.losses, (found.coordinates**2).sum(axis=1)))
        True
    """
    parameters = sampler.architecture.parameters
    directions = _directions(directions, parameters)
    if not hasattr(sampler, "parameters"):
        fix = "give the sampler that drew them, or compute x @ directions of your points yourself"
        raise BadInput.field(
            "sampler", "one that draws parameters", "an array of gradients alone", fix
        )
    if not sampler.losses_known:
        raise BadInput.field(
            "sampler",
            "a function whose values are known",
            "its gradient alone",
            "write function_sampler(gradient, P, value=f)",
        )
    coordinates, losses = [], []
    for first, count in _blocks(samples):
        losses.append(sampler.block(first, count)[1].astype(np.float64))
        coordinates.append(sampler.parameters(first, count).astype(np.float64) @ directions)
    return ActiveVariables(np.concatenate(coordinates), np.concatenate(losses))


def _directions(given: ArrayLike, parameters: int) -> np.ndarray:
    """Directions (P, k), of real numbers.

    Raises:
        BadInput: they are not.
    """
    try:
        found = np.asarray(given)
    except ValueError:
        found = np.empty(0, object)
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or len(found) != parameters or found.dtype.kind not in "fiu":
        expected = f"real numbers in {parameters} rows, one for each parameter"
        fix = "give directions of the same network, one in each column"
        raise BadInput.field("directions", expected, f"{found.dtype} of shape {found.shape}", fix)
    return found


def _numbers_of(samples: range | int) -> range:
    """The numbers of the samples.

    Raises:
        BadInput: there are none, or not in steps of 1.
    """
    if not isinstance(samples, range):
        return range(whole_number("samples", samples, 1, "write N, or range(first, stop)"))
    if len(samples) == 0 or samples.step != 1:
        raise BadInput.field(
            "samples", "at least one, in steps of 1", str(samples), "write range(first, stop)"
        )
    return samples


def _blocks(samples: range | int) -> Iterator[tuple[int, int]]:
    """Yield the first number and size of every block."""
    samples = _numbers_of(samples)
    for first in range(samples.start, samples.stop, BLOCK):
        yield first, min(BLOCK, samples.stop - first)
