"""The cases that a study samples: data, forward map and loss together, and what cases of inverse
problems have in common.

A case needs named arrays, the sizes of its network, and two functions of a network: its loss with
weight alpha, and its error on held-out data. Variances scale both parts of every loss, so alpha = 1
weighs a relative error of the model as much as one of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.architecture import Architecture
from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.errors import BadInput
from eigenscape.model_constrained.least import least_losses
from eigenscape.model_constrained.losses import Map, half_mean_square, mc_dnn
from eigenscape.networks.activations import Activation
from eigenscape.networks.functional import Loss, network_output
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import Problem
from eigenscape.networks.sampling import fill_parameters
from eigenscape.networks.torch_loss import LossFactory
from eigenscape.seeding import stream_key

Tensors = Mapping[str, torch.Tensor]

Prepared = Callable[[float, Activation], Mapping[str, np.ndarray]]
"""A function that computes arrays that depend on alpha and on the networks' activation, such as the
predictions of a trained encoder."""

HELD_OUT = 200
"""Number of held-out pairs, on which no network is trained: the error's own sampling error is then
below 10 %."""


@dataclass(frozen=True)
class Case:
    """Data, forward map and loss of one case.

    Attributes:
        name: the name of forward map and loss.
        problem: network inputs (n, inputs) and targets (n, outputs).
        arrays: all arrays that the two functions use, float64.
        loss: the function of a network, alpha and the arrays as tensors; scalar.
        error: the function of a network and the arrays that returns the squared error on held-out
            data; 1 for a network that predicts only their mean.
        prepared: the function that computes further arrays for the loss.
    """

    name: str
    problem: Problem
    arrays: Mapping[str, np.ndarray]
    loss: Callable[[Map, float, Tensors], torch.Tensor]
    error: Callable[[Map, Tensors], torch.Tensor]
    prepared: Prepared | None = None

    def loss_factory(
        self, architecture: Architecture, activation: Activation, alpha: float
    ) -> LossFactory:
        """Return the loss as a function of parameter vectors, for `networks.loss_sampler`."""
        arrays = {**self.arrays, **(self.prepared(alpha, activation) if self.prepared else {})}

        def make_loss(like: torch.Tensor) -> Loss:
            tensors = _tensors(arrays, like)
            return lambda theta: self.loss(
                lambda x: network_output(theta, x, architecture, activation), alpha, tensors
            )

        return make_loss

    def error_factory(self, architecture: Architecture, activation: Activation) -> LossFactory:
        """Return the error as a function of parameter vectors."""

        def make_error(like: torch.Tensor) -> Loss:
            tensors = _tensors(self.arrays, like)
            return lambda theta: self.error(
                lambda x: network_output(theta, x, architecture, activation), tensors
            )

        return make_error


def _tensors(arrays: Mapping[str, np.ndarray], like: torch.Tensor) -> Tensors:
    return {
        name: torch.as_tensor(array, dtype=like.dtype, device=like.device)
        for name, array in arrays.items()
    }


def standard_normal(seed: int, name: str, rows: int, columns: int) -> np.ndarray:
    """Draw standard normals that depend only on the seed and the name; rows do not depend on their
    number.

    Example:
        >>> bool((standard_normal(0, "mine", 3, 2)[:2] == standard_normal(0, "mine", 2, 2)).all())
        True
    """
    generator = np.random.Generator(
        np.random.Philox(key=stream_key(seed, "model-constrained", name))
    )
    return generator.standard_normal((rows, columns))


@dataclass(frozen=True)
class Shifted:
    """The map (G(u) - shift) / scale, whose observations are of order one, as suits networks."""

    forward: Map
    shift: np.ndarray
    scale: float

    def __call__(self, u: torch.Tensor) -> torch.Tensor:
        """Apply the map to unknowns (..., m)."""
        return (
            self.forward(u) - torch.as_tensor(self.shift, dtype=u.dtype, device=u.device)
        ) / self.scale


def inverse_problem(
    name: str, section: ModelConstrainedSection, seed: int, forward: Map, unknown: np.ndarray
) -> Case:
    """Make the case mcDNN, TNet or TAEN, by the ending of the name, for any forward map;
    observations are standardised and noise is added.

    TAEN is trained in two steps, as in its paper: first the encoder, a TNet, then the decoder on
    the outputs of the encoder. The network of the case is the decoder, whose loss is 1/(2n) sum_i
    |d(e(y_i)) - G(e(y_i))|^2: alpha acts on it through the encoder. The encoder's own second moment
    is that of TNet.

    Args:
        name: the name of forward map and loss, such as ``deconvolution-tnet``.
        section: number of pairs, noise, and the encoder's size and training.
        seed: the seed of the study.
        forward: G, (..., m) -> (..., q), of torch tensors, differentiable.
        unknown: u, (pairs + `HELD_OUT`, m).

    Raises:
        BadInput: the name does not end with a loss.
    """
    kind, losses = name.rpartition("-")[2], ("mcdnn", "tnet", "taen")
    if kind not in losses:
        raise BadInput.field(
            "model_constrained.cases",
            f"names that end with {', '.join(losses)}",
            name,
            "name the loss after the forward map: heat-tnet",
        )
    n = section.pairs
    seen = forward(torch.from_numpy(unknown)).numpy()
    shift = seen[:n].mean(axis=0)
    scale = float(np.sqrt(np.mean((seen[:n] - shift) ** 2)))
    observed = (seen - shift) / scale + section.noise * standard_normal(
        seed, f"noise of {name.partition('-')[0]}", *seen.shape
    )
    mean = unknown[:n].mean(axis=0)
    variance = float(np.mean((unknown[:n] - mean) ** 2))
    arrays = {
        "u": unknown[:n],
        "y": observed[:n],
        "mean": mean,
        "held_u": unknown[n:],
        "held_y": observed[n:],
    }
    u_precision, y_precision = 1.0 / (unknown.shape[1] * variance), 1.0 / seen.shape[1]
    model = Shifted(forward, shift, scale)

    def with_target(target: str) -> Callable[[Map, float, Tensors], torch.Tensor]:
        return lambda network, alpha, tensors: mc_dnn(
            network, tensors[target], tensors["y"], model, alpha, u_precision, y_precision
        )

    def error(network: Map, tensors: Tensors) -> torch.Tensor:
        wrong = ((network(tensors["held_y"]) - tensors["held_u"]) ** 2).mean()
        return wrong / ((tensors["mean"] - tensors["held_u"]) ** 2).mean()

    if kind != "taen":
        return Case(
            name,
            Problem(observed[:n], unknown[:n]),
            arrays,
            with_target("u" if kind == "mcdnn" else "mean"),
            error,
        )

    def encoded(alpha: float, activation: Activation) -> dict[str, np.ndarray]:
        tensors, loss = (
            {key: torch.from_numpy(array) for key, array in arrays.items()},
            with_target("mean"),
        )
        encoder = Architecture(section.depth, section.width, seen.shape[1], unknown.shape[1])
        start, prior = np.empty((1, encoder.parameters)), prior_named(section.prior)
        fill_parameters(
            start,
            0,
            stream_key(seed, "model-constrained encoder", *encoder.sizes),
            prior.scales(encoder),
            prior.draw,
        )

        def of_encoder(theta: torch.Tensor) -> torch.Tensor:
            return loss(lambda y: network_output(theta, y, encoder, activation), alpha, tensors)

        trained = least_losses(
            of_encoder, torch.from_numpy(start), section.encoder_steps
        ).parameters[0]
        predictions = network_output(torch.from_numpy(trained), tensors["y"], encoder, activation)
        return {"found": predictions.numpy(), "modelled": model(predictions).numpy()}

    def of_decoder(network: Map, _: float, tensors: Tensors) -> torch.Tensor:
        return half_mean_square(network(tensors["found"]) - tensors["modelled"], y_precision)

    def error_of_decoder(network: Map, tensors: Tensors) -> torch.Tensor:
        exact = model(tensors["held_u"])
        return ((network(tensors["held_u"]) - exact) ** 2).mean() / (exact**2).mean()

    return Case(
        name, Problem(unknown[:n], observed[:n]), arrays, of_decoder, error_of_decoder, encoded
    )
