"""Where gradients come from, in one call each: a network on its data, any torch loss, any function,
an array.

Every sampler draws parameter vector number n from (seed, n) alone: a longer run begins with the
same samples.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from eigenscape.architecture import Architecture, FlatLayout, Layout
from eigenscape.errors import BadInput
from eigenscape.networks.activations import activation_named
from eigenscape.networks.draws import ScaledDraws, draws_of
from eigenscape.networks.functions import NumpyGradient
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.network_loss import NetworkLoss, fully_connected
from eigenscape.networks.priors import Prior, StandardDraw, prior_named
from eigenscape.networks.problems import Problem, sine_regression
from eigenscape.networks.rounding import rounding_growth
from eigenscape.networks.sampler import Device
from eigenscape.networks.symmetry import Symmetry
from eigenscape.seeding import prior_key, stream_key

if TYPE_CHECKING:
    import torch

    from eigenscape.networks.torch_loss import TorchLoss

_DRAWS = {"normal": StandardDraw.NORMAL, "uniform": StandardDraw.UNIFORM}


def network_sampler(
    depth: int,
    width: int,
    *,
    activation: str = "tanh",
    prior: str | Prior = "standard_normal",
    problem: Problem | None = None,
    seed: int = 0,
    precision: Literal["float64", "float32"] = "float64",
    device: Literal["cpu", "torch", "cuda"] = "cpu",
) -> GradientSampler[NetworkLoss]:
    """Loss gradients of a fully connected network, at samples of a prior.

    g_n = grad L(theta_n), L(theta) = (1/n) sum_i |f(x_i; theta) - y_i|^2. The same depth, width,
    problem, prior and seed give the same numbers as the workflow's.

    Args:
        depth: L, hidden layers.
        width: w, neurons in each.
        activation: ``tanh``, ``relu``, ``sigmoid`` or ``linear``.
        prior: a name of `networks.priors`, or one of your own such as
            `networks.priors.scaled_normal`.
        problem: inputs (n, .) and targets (n, .); by default 50 points of sin(2 pi x) on [-1, 1],
            the default study's.
        seed: of the random stream.
        precision: of draws and gradients; a warning says where float32 does not suffice
            (`rounding_growth`).
        device: where gradients are computed and summed: ``cpu`` by the compiled kernel, ``cuda`` by
            torch on a GPU, ``torch`` by the GPU's route on the CPU. Draws are the same on all.

    Raises:
        BadInput: an unknown name, a size below 1, or data whose shapes do not belong together.

    Example:
        >>> sampler = network_sampler(depth=2, width=3)
        >>> gradients, losses = sampler.block(first=0, count=4)
        >>> gradients.shape, losses.shape
        ((4, 22), (4,))
    """
    data = sine_regression() if problem is None else _checked(problem)
    architecture = Architecture(depth, width, data.inputs.shape[1], data.targets.shape[1])
    if precision not in ("float64", "float32"):
        raise BadInput.field(
            "precision", "float64 or float32", str(precision), "write precision='float64'"
        )
    if device not in list(Device):
        raise BadInput.field(
            "device", f"one of {', '.join(Device)}", str(device), "write device='cpu'"
        )
    sampler = fully_connected(
        architecture,
        activation_named(activation),
        prior if isinstance(prior, Prior) else prior_named(prior),
        data,
        prior_key(seed, architecture),
        precision=np.float32 if precision == "float32" else np.float64,
        device=Device(device),
    )
    if precision == "float32" and (growth := rounding_growth(sampler)).is_too_large:
        warnings.warn(growth.warning, RuntimeWarning, stacklevel=2)
    return sampler


def function_sampler(
    gradient: Callable[[np.ndarray], np.ndarray],
    parameters: int,
    *,
    value: Callable[[np.ndarray], np.ndarray] | None = None,
    draw: Literal["normal", "uniform"] | None = None,
    scale: ArrayLike = 1.0,
    ranges: ArrayLike | None = None,
    seed: int = 0,
) -> GradientSampler[NumpyGradient]:
    """Gradients of any function of P numbers, given in numpy.

    Without ``ranges`` the parameters x are the numbers that the function takes, and C has their
    units. With ``ranges`` the function takes p in units of its own, the parameters are ``x = 2 (p -
    low)/(high - low) - 1`` in [-1, 1]^P, and gradients are by x: ``df/dx_i = (high_i - low_i)/2
    df/dp_i``. So C does not depend on the units of p, which is what active subspaces of parameters
    of different kinds ask for (Constantine, Active Subspaces, SIAM 2015).

    Args:
        gradient: from points (B, P) to gradients (B, P), row by row.
        parameters: P.
        value: from points (B, P) to f (B,), for sufficient summary plots (`active_variables`);
            without it C can be computed, and no loss.
        draw: ``normal`` for x_i ~ N(0, scale_i^2), the default without ranges; ``uniform`` for x_i
            ~ U(-scale_i, scale_i), always with ranges.
        scale: one number, or (P,); positive. Leave it out with ranges.
        ranges: (P, 2), low and high of each parameter, in its units. A log-uniform parameter is
            given by its logarithm, and the function takes that.
        seed: of the random stream.

    Raises:
        BadInput: an unknown draw, a number out of range, or a shape that is not that of P
            parameters; while sampling, gradients or values of another shape.

    Example:
        >>> sampler = function_sampler(lambda x: np.exp(x), 2, draw="uniform", scale=[1.0, 0.1])
        >>> bool((sampler.block(0, 100)[0] <= np.exp([1.0, 0.1])).all())
        True
        >>> sampler = function_sampler(lambda p: np.ones_like(p), 2, ranges=[[0, 10], [1, 3]])
        >>> sampler.block(0, 1)[0]
        array([[5., 1.]])
    """
    layout = FlatLayout(parameters)
    law, scales, function = function_and_law(gradient, value, layout, draw, scale, ranges)
    key = stream_key(seed, "function prior", parameters)
    return GradientSampler(layout, ScaledDraws(law, scales, key), function)


def function_and_law(
    gradient: Callable[[np.ndarray], np.ndarray],
    value: Callable[[np.ndarray], np.ndarray] | None,
    layout: FlatLayout,
    draw: str | None,
    scale: ArrayLike,
    ranges: ArrayLike | None,
) -> tuple[StandardDraw, np.ndarray, NumpyGradient]:
    """The law of the parameters, their scales (P,), and the function of them; arguments as
    `function_sampler` takes them.

    Raises:
        BadInput: an unknown draw, a number out of range, or another shape.
    """
    count = layout.parameters
    name = draw or ("normal" if ranges is None else "uniform")
    if name not in _DRAWS:
        raise BadInput.field(
            "draw", f"one of {', '.join(_DRAWS)}", str(draw), "write draw='normal'"
        )
    scales = _numbers("scale", scale, f"a positive number, or {count} of them")
    if scales.shape not in ((), (count,)) or scales.dtype.kind not in "fiu":
        raise BadInput.field(
            "scale",
            f"a positive number, or {count} of them",
            f"{scales.dtype} of shape {scales.shape}",
            "give a number for each parameter",
        )
    if not np.all((scales > 0) & (scales < np.inf)):
        found = (
            f"{scales}" if scales.ndim == 0 else f"numbers from {scales.min()} to {scales.max()}"
        )
        raise BadInput.field("scale", "a positive number, or one a parameter", found, "write 1.0")
    scales = np.broadcast_to(np.float64(scales), (count,)).copy()
    if ranges is None:
        return _DRAWS[name], scales, NumpyGradient(gradient, value)
    if name != "uniform" or np.any(scales != 1):
        fix = "leave draw and scale out, or ranges"
        raise BadInput.field("ranges", "uniform draws of scale 1", f"{name}, scale {scale!r}", fix)
    low, high = _checked_ranges(ranges, count).T
    function = NumpyGradient(gradient, value, centre=(low + high) / 2, half_width=(high - low) / 2)
    return _DRAWS[name], scales, function


def _numbers(name: str, given: ArrayLike, expected: str) -> np.ndarray:
    """What was given as an array.

    Raises:
        BadInput: its rows have different lengths.
    """
    try:
        return np.asarray(given)
    except ValueError:
        fix = "give rows of one length"
        raise BadInput.field(name, expected, "rows of different lengths", fix) from None


def _checked_ranges(ranges: ArrayLike, count: int) -> np.ndarray:
    """Low and high of each parameter, (P, 2).

    Raises:
        BadInput: they are not.
    """
    expected = f"low and high of {count} parameters, real numbers of shape ({count}, 2)"
    found = _numbers("ranges", ranges, expected)
    if found.shape != (count, 2) or found.dtype.kind not in "fiu":
        fix = "write [[low, high], ...], a row for each parameter"
        raise BadInput.field("ranges", expected, f"{found.dtype} of shape {found.shape}", fix)
    if not (np.isfinite(found).all() and (found[:, 0] < found[:, 1]).all()):
        first = int(np.argmin(np.isfinite(found).all(axis=1) & (found[:, 0] < found[:, 1])))
        raise BadInput.field(
            "ranges",
            "finite numbers, low below high",
            f"{found[first].tolist()} for parameter {first}",
            "leave out a parameter that does not vary",
        )
    return found.astype(np.float64)


def loss_sampler(
    loss: Callable[[torch.Tensor], torch.Tensor],
    architecture: Layout | int,
    *,
    prior: str | Prior = "standard_normal",
    symmetry: Literal["permutations_and_signs", "permutations"] | None = None,
    points: int = 1,
    seed: int = 0,
) -> GradientSampler[TorchLoss]:
    """Gradients of any scalar that torch can differentiate, by ``torch.func``.

    Args:
        loss: from theta, a float64 tensor (P,), to a scalar; without in-place operations, since it
            is mapped over samples.
        architecture: of a network of your own, its parameters ordered as in `Architecture`; or P,
            where there are no layers.
        prior: over theta; without layers ``standard_normal``, or a `Prior` of your own.
        symmetry: which transformations of the hidden units leave the loss as it is, where it is
            that of a fully connected network of this architecture: ``permutations_and_signs`` for
            odd units, ``permutations`` for others. You vouch for it, and `project` uses it; without
            it nothing is projected.
        points: n, how many terms the loss sums, which decides how far rounding reaches.
        seed: of the random stream.

    Raises:
        BadInput: the loss cannot be differentiated at a sample, or is no scalar; an unknown name.

    Example:
        >>> sampler = loss_sampler(lambda theta: (theta**2).sum() / 2, 3)
        >>> bool(np.array_equal(sampler.block(0, 2)[0], sampler.parameters(0, 2)))
        True
    """
    from eigenscape.networks.torch_loss import TorchLoss  # noqa: PLC0415

    layout = FlatLayout(architecture) if isinstance(architecture, int) else architecture
    chosen = prior if isinstance(prior, Prior) else prior_named(prior)
    if isinstance(layout, FlatLayout) and isinstance(prior, str) and prior != "standard_normal":
        fix = "give the Architecture of the network, or a Prior of your own"
        raise BadInput.field("prior", "standard_normal where there are no layers", prior, fix)
    if symmetry not in (None, *Symmetry):
        raise BadInput.field(
            "symmetry",
            f"one of {', '.join(Symmetry)}, or None",
            str(symmetry),
            "leave it out where you are not sure",
        )
    if points < 1:
        raise BadInput.field(
            "points",
            "a whole number of at least 1",
            str(points),
            "give how many terms the loss sums",
        )
    sampler = GradientSampler(
        layout,
        draws_of(chosen, layout, prior_key(seed, layout)),
        TorchLoss(lambda _: loss, terms=points),
        symmetry=Symmetry(symmetry) if symmetry and chosen.symmetric else None,
    )
    _try(sampler)
    return sampler


def _try(sampler: GradientSampler[TorchLoss]) -> None:
    """One gradient, so that a loss of a wrong shape is found where it is given."""
    try:
        sampler.block(0, 1)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, BadInput):
            raise
        found = " ".join(str(error).split())[:200]
        size = sampler.architecture.parameters
        expected = f"a scalar that torch differentiates at theta, float64 of shape ({size},)"
        raise BadInput.field(
            "loss", expected, found, "try torch.func.grad(loss) at one such theta"
        ) from error


def _checked(problem: Problem) -> Problem:
    """Data as float64 matrices of as many rows.

    Raises:
        BadInput: they are not.
    """
    inputs, targets = (np.asarray(array, np.float64) for array in (problem.inputs, problem.targets))
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets) or len(inputs) == 0:
        found = f"shapes {inputs.shape} and {targets.shape}"
        raise BadInput.field(
            "problem",
            "inputs (n, d) and targets (n, k), n at least 1",
            found,
            "give a column as x[:, None]",
        )
    if not (np.isfinite(inputs).all() and np.isfinite(targets).all()):
        raise BadInput.field(
            "problem",
            "finite inputs and targets",
            "infinity or NaN",
            "leave such points out, and say so",
        )
    return Problem(inputs, targets)
