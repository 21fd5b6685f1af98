"""Which sampler a cell's gradients come from: the sine regression of the grid, a user's problem, or
a model-constrained loss.
"""

from __future__ import annotations

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.config.study import ModelConstrainedCell, Study, StudyCell
from eigenscape.networks.activations import activation_named
from eigenscape.networks.gradients import Device, GradientSampler, NonFinite
from eigenscape.networks.priors import prior_named
from eigenscape.seeding import stream_key
from eigenscape.stages.common.user_problems import user_sampler


def sampler_of(study: Study, cell: StudyCell, device: Device = Device.CPU) -> GradientSampler:
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
    from eigenscape.networks.loss_sampler import LossSampler  # noqa: PLC0415 - torch

    section, seed = study.model_constrained, study.sampling.seed
    case, activation = (
        case_named(cell.case, section, seed),
        activation_named(study.network.activation),
    )
    return LossSampler(
        cell.architecture,
        activation,
        prior_named(section.prior),
        case.problem,
        case.loss_factory(cell.architecture, activation, cell.alpha),
        stream_key(seed, "model-constrained prior", *cell.architecture.sizes),
        np.float32 if study.sampling.precision == "float32" else np.float64,
        device,
        NonFinite(study.sampling.non_finite),
    )


def sampler_of_network(
    study: Study, architecture: Architecture, device: Device = Device.CPU
) -> GradientSampler:
    """The sampler of one network of the study's own problem: the sine, a user's data, or a user's
    module.

    Example:
        >>> sampler_of_network(Study(), Architecture(1, 2)).problem.points
        50
    """
    if not study.problem.is_user_defined:
        return GradientSampler.of_study(study, architecture, device)
    return user_sampler(study, architecture, device)
