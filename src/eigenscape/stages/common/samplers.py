"""The factory of samplers: whatever a stage varies, the study's precision, its policy for samples
without a finite gradient and the device of the run come with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from eigenscape.architecture import Architecture, ModuleArchitecture
from eigenscape.config.cells import ModelConstrainedCell, StudyCell
from eigenscape.config.study import Study
from eigenscape.networks.activations import Activation, activation_named
from eigenscape.networks.draws import draws_of
from eigenscape.networks.gradients import Differentiable, GradientSampler, NonFinite
from eigenscape.networks.network_loss import NetworkLoss, fully_connected
from eigenscape.networks.priors import Prior, prior_named
from eigenscape.networks.problems import Problem, problem_of
from eigenscape.networks.sampler import Device
from eigenscape.networks.symmetry import symmetry_of
from eigenscape.seeding import prior_key, stream_key

if TYPE_CHECKING:
    from eigenscape.networks.torch_loss import LossFactory, TorchLoss


def sampler_of(
    study: Study, cell: StudyCell, device: Device = Device.CPU
) -> GradientSampler[Differentiable]:
    """The sampler of a cell of the study.

    The cells of one model-constrained case share their random stream whatever alpha is, so that
    they differ in alpha alone.

    Example:
        >>> cells = Study().model_constrained_cells("deconvolution-tnet")
        >>> samplers = [sampler_of(Study(), cell) for cell in (cells[0], cells[-1])]
        >>> first, last = (sampler.parameters(0, 1)[0, 0] for sampler in samplers)
        >>> bool(first == last)
        True
    """
    if not isinstance(cell, ModelConstrainedCell):
        return sampler_of_network(study, cell.architecture, device)
    from eigenscape.model_constrained.problems import case_named  # noqa: PLC0415 - torch

    section, seed = study.model_constrained, study.sampling.seed
    case = case_named(cell.case, section, seed)
    activation = activation_named(study.network.activation)
    return _by_torch(
        study,
        cell.architecture,
        prior_named(section.prior),
        case.loss_factory(cell.architecture, activation, cell.alpha),
        case.problem.points,
        stream_key(seed, "model-constrained prior", *cell.architecture.sizes),
        device,
    )


def sampler_of_network(
    study: Study,
    architecture: Architecture,
    device: Device = Device.CPU,
    *,
    prior: Prior | None = None,
) -> GradientSampler[Differentiable]:
    """The sampler of one network of the study's own problem: the sine, a user's data, or a user's
    module.

    Args:
        study: the configuration.
        architecture: of the network.
        device: where gradients are computed.
        prior: another one than the study's, for a fully connected network.

    Raises:
        DifferentWork: a user's file or code has changed since the study was started.

    Example:
        >>> sampler_of_network(Study(), Architecture(1, 2)).loss.terms
        50
    """
    if not study.problem.is_user_defined:
        return fully_connected_sampler(study, architecture, device, prior=prior)
    from eigenscape.networks.user.data import problem_of_data  # noqa: PLC0415 - torch
    from eigenscape.networks.user.modules import sampler_of_module  # noqa: PLC0415 - torch
    from eigenscape.stages.common.user_problems import verified_data, verified_module  # noqa: PLC0415

    data, loss = verified_data(study), study.problem.loss
    key = prior_key(study.sampling.seed, architecture)
    if isinstance(architecture, ModuleArchitecture):
        module, by_parameter = verified_module(study, architecture)
        return sampler_of_module(
            module, data, loss, by_parameter, key, architecture, **_carried(study, device)
        )
    problem = problem_of_data(data, loss)
    if loss == "mse":
        return fully_connected_sampler(study, architecture, device, prior=prior, problem=problem)
    from eigenscape.networks.functional import make_cross_entropy  # noqa: PLC0415 - torch

    activation = activation_named(study.network.activation)
    return _by_torch(
        study,
        architecture,
        prior or prior_named(study.prior.kind),
        make_cross_entropy(problem, architecture, activation),
        problem.points,
        key,
        device,
    )


def fully_connected_sampler(
    study: Study,
    architecture: Architecture,
    device: Device = Device.CPU,
    *,
    activation: Activation | None = None,
    prior: Prior | None = None,
    problem: Problem | None = None,
    key: int | None = None,
) -> GradientSampler[NetworkLoss]:
    """The sampler of a fully connected network on the mean squared residual, with what a stage
    varies in the place of the study's.

    Args:
        study: the configuration.
        architecture: of the network.
        device: where gradients are computed.
        activation: the study's by default.
        prior: the study's by default.
        problem: the study's by default, the sine.
        key: of the random stream; that of the network's cell by default.

    Raises:
        BadInput: no problem is given, and the study's is not the sine.

    Example:
        >>> from eigenscape.networks.priors import scaled_normal
        >>> sampler = fully_connected_sampler(
        ...     Study(), Architecture(1, 2), prior=scaled_normal(0.0, 1.0)
        ... )
        >>> bool(sampler.parameters(0, 1)[0, 0] == 0)
        True
    """
    return fully_connected(
        architecture,
        activation or activation_named(study.network.activation),
        prior or prior_named(study.prior.kind),
        problem or problem_of(study.problem),
        prior_key(study.sampling.seed, architecture) if key is None else key,
        **_carried(study, device),
    )


def _by_torch(
    study: Study,
    architecture: Architecture,
    prior: Prior,
    loss: LossFactory,
    terms: int,
    key: int,
    device: Device,
) -> GradientSampler[TorchLoss]:
    """The sampler of a fully connected network on another loss of its outputs."""
    from eigenscape.networks.torch_loss import TorchLoss  # noqa: PLC0415 - torch

    return GradientSampler(
        architecture,
        draws_of(prior, architecture, key),
        TorchLoss(loss, terms),
        symmetry=symmetry_of(activation_named(study.network.activation), prior),
        **_carried(study, device),
    )


class _Carried(TypedDict):
    precision: type[np.floating]
    device: Device
    non_finite: NonFinite


def _carried(study: Study, device: Device) -> _Carried:
    """What every sampler of a study has, whatever it samples."""
    return {
        "precision": np.float32 if study.sampling.precision == "float32" else np.float64,
        "device": device,
        "non_finite": NonFinite(study.sampling.non_finite),
    }
