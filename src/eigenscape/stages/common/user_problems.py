"""A study on a user's data or with a user's networks: looked at once before anything runs, and
again wherever gradients are computed.

`inspect_user_problem` reads the file, calls the factory for every network of the grid, refuses what
cannot be used, and writes what it found into the study (`ResolvedProblem`): from then on the number
of parameters, the places of layers and the identity of every result are plain values, and a
workflow's other processes need neither the file nor torch to know them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.config.user_problem import ResolvedNetwork, ResolvedProblem
from eigenscape.errors import BadInput, DifferentWork
from eigenscape.stages.common.user_code import factory_named, read_checkpoint, source_of, words_of

if TYPE_CHECKING:
    import torch

    from eigenscape.networks.gradients import Device, GradientSampler
    from eigenscape.networks.user.data import UserData
    from eigenscape.networks.user.priors import ModulePrior

SISTERS = ("expressivity", "clustering", "sloppiness", "model_constrained")
"""Sciences that look at networks and data of their own."""


def inspect_user_problem(study: Study, folder: Path) -> Study:
    """The study with what its file and its networks turned out to be; a study of the sine as it is.

    The sister sciences and the large networks, which are not about the user's problem, are left
    out.

    Args:
        study: as configured.
        folder: of the configuration, beside which files and code are looked for first.

    Raises:
        BadInput: the file, the factory or a network cannot be used; one line that says why.
    """
    if not study.problem.is_user_defined:
        return study
    section = study.problem
    file = _place_of(str(section.file), folder, "problem.file")
    data = _read(study, file)
    found = ResolvedProblem(
        file=str(file),
        digest=data.digest,
        inputs=_numbers(data),
        outputs=1,
        folder=str(folder.absolute()),
        checkpoint="",
    )
    if section.kind == "data":
        from eigenscape.networks.user.data import problem_of_data  # noqa: PLC0415

        found = found.model_copy(
            update={
                "outputs": _naming(
                    file, lambda: problem_of_data(data, section.loss).targets.shape[1]
                )
            }
        )
    else:
        if study.prior.checkpoint:
            found = found.model_copy(
                update={
                    "checkpoint": str(_place_of(study.prior.checkpoint, folder, "prior.checkpoint"))
                }
            )
        found = found.model_copy(
            update={
                "source": source_of(str(section.module), factory_named(str(section.module), folder))
            }
        )
        found = found.model_copy(update={"networks": _networks(study, found, data)})
    content = study.model_dump()
    for name in SISTERS:
        content[name]["enabled"] = False
    content["large"]["depth"] = []
    content["problem"]["points"] = data.points
    return Study.from_mapping({**content, "found": found.model_dump()})


def user_sampler(
    study: Study,
    architecture: Architecture,
    device: Device | None = None,
    *,
    prior: str | None = None,
) -> GradientSampler:
    """Gradients of one network on the user's data.

    Args:
        study: that has been looked at.
        architecture: of its grid, or the headline.
        device: where gradients are computed; the CPU by default.
        prior: another one by layer, for a fully connected network.

    Raises:
        DifferentWork: the file or the factory's code has changed since the study was started.
    """
    import numpy as np  # noqa: PLC0415

    from eigenscape.networks.gradients import Device, NonFinite  # noqa: PLC0415
    from eigenscape.seeding import prior_key  # noqa: PLC0415

    found, section, place = _found(study), study.problem, device or Device.CPU
    data = _read(study, Path(found.file))
    _require_same(section.file, data.digest, found.digest)
    key = prior_key(study.sampling.seed, architecture)
    precision = np.float32 if study.sampling.precision == "float32" else np.float64
    if section.kind == "module":
        from eigenscape.networks.user.modules import (  # noqa: PLC0415
            ModuleSampler,
            architecture_of,
            state_digest,
        )

        factory = factory_named(str(section.module), Path(found.folder))
        _require_same(section.module, source_of(str(section.module), factory), found.source)
        module, own = _made(study, found, factory, architecture.depth, architecture.width)
        expected = found.network(architecture.depth, architecture.width).state
        _require_same(
            f"{section.module} of depth {architecture.depth} and width {architecture.width}",
            state_digest(module, own),
            expected,
        )
        described, non_finite = (
            architecture_of(module, architecture.depth, architecture.width),
            NonFinite(study.sampling.non_finite),
        )
        return ModuleSampler(
            module, data, section.loss, own, key, described, precision, place, non_finite
        )
    return _fully_connected(
        study, architecture, data, prior or study.prior.kind, key, precision, place
    )


def _fully_connected(
    study: Study,
    architecture: Architecture,
    data: UserData,
    prior: str,
    key: int,
    precision: Any,
    device: Device,
) -> GradientSampler:
    from eigenscape.networks.activations import activation_named  # noqa: PLC0415
    from eigenscape.networks.gradients import GradientSampler, NonFinite  # noqa: PLC0415
    from eigenscape.networks.priors import prior_named  # noqa: PLC0415
    from eigenscape.networks.user.data import problem_of_data  # noqa: PLC0415

    problem, activation = (
        problem_of_data(data, study.problem.loss),
        activation_named(study.network.activation),
    )
    non_finite = NonFinite(study.sampling.non_finite)
    if study.problem.loss == "mse":
        return GradientSampler(
            architecture,
            activation,
            prior_named(prior),
            problem,
            key,
            precision,
            device,
            non_finite,
        )
    from eigenscape.networks.functional import make_cross_entropy  # noqa: PLC0415 - torch
    from eigenscape.networks.loss_sampler import LossSampler  # noqa: PLC0415

    loss = make_cross_entropy(problem, architecture, activation)
    return LossSampler(
        architecture,
        activation,
        prior_named(prior),
        problem,
        loss,
        key,
        precision,
        device,
        non_finite,
    )


def _found(study: Study) -> ResolvedProblem:
    if study.found is None:
        raise BadInput.field(
            "study",
            "one that has been looked at",
            "one as it was configured",
            "read it with stages.configure.read_study",
        )
    return study.found


def _place_of(name: str, folder: Path, key: str) -> Path:
    """Beside the configuration, or in the working directory."""
    places = dict.fromkeys(((folder / name).absolute(), Path(name).absolute()))
    for place in places:
        if place.is_file():
            return place
    raise BadInput.field(
        key,
        f"a file in {' or in '.join(str(place.parent) for place in places)}",
        f"no {Path(name).name}",
        "check its name",
    )


def _read(study: Study, file: Path) -> UserData:
    from eigenscape.networks.user.data import require_usable  # noqa: PLC0415
    from eigenscape.store.user_files import read_user_data  # noqa: PLC0415

    data = read_user_data(file, study.problem.inputs, study.problem.targets)
    if study.problem.loss == "cross_entropy":  # a column of classes is an array of classes
        data = replace(
            data,
            targets={
                name: each[:, 0] if each.shape[1:] == (1,) else each
                for name, each in data.targets.items()
            },
        )
    _naming(file, lambda: require_usable(data, study.problem.loss))
    return data


def _naming(file: Path, work: Callable[[], Any]) -> Any:
    """The same complaint with the file in front."""
    try:
        return work()
    except BadInput as error:
        raise BadInput(f"{file.name}: {error}") from None


def _numbers(data: UserData) -> int:
    return sum(array[0].size for array in data.inputs.values())


def _require_same(what: str | None, digest: str, expected: str) -> None:
    if digest != expected:
        raise DifferentWork(
            f"{what}: expected what it held when this study was started, found other contents; run"
            " the workflow again under another name (study: ...), or restore it"
        )


def _made(
    study: Study, found: ResolvedProblem, factory: Callable[..., Any], depth: int, width: int
) -> tuple[torch.nn.Module, ModulePrior]:
    """The user's module for a depth and a width, initialised from the study's seed, with its
    checkpoint and its prior.
    """
    import torch  # noqa: PLC0415

    from eigenscape.networks.user.modules import load_checkpoint  # noqa: PLC0415
    from eigenscape.networks.user.priors import module_prior  # noqa: PLC0415

    call = f"{study.problem.module}(depth={depth}, width={width})"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(study.sampling.seed)
        try:
            module = factory(depth=depth, width=width)
        except (Exception, SystemExit) as error:
            raise BadInput.field(
                "problem.module", f"an nn.Module from {call}", words_of(error), "mend the factory"
            ) from error
    if not isinstance(module, torch.nn.Module):
        raise BadInput.field(
            "problem.module",
            f"an nn.Module from {call}",
            type(module).__name__,
            "let the factory return the module",
        )
    if found.checkpoint:
        load_checkpoint(module, read_checkpoint(Path(found.checkpoint)))
    section = study.prior
    return module, module_prior(
        module, section.kind, section.by_name, section.scale, section.relative
    )


def _networks(study: Study, found: ResolvedProblem, data: UserData) -> list[ResolvedNetwork]:
    """Every network of the grid, and the headline, made; tried where its gradients will be
    computed.
    """
    from eigenscape.networks.user.modules import (  # noqa: PLC0415
        ModuleSampler,
        architecture_of,
        state_digest,
    )
    from eigenscape.networks.user.probe import require_vmappable  # noqa: PLC0415 - torch

    factory = factory_named(str(study.problem.module), Path(found.folder))
    sizes = [(depth, width) for width in study.grid.width for depth in study.grid.depth]
    headline, networks = (study.headline.depth, study.headline.width), []
    sizes = list(dict.fromkeys([*sizes, headline]))
    for depth, width in sizes:
        module, prior = _made(study, found, factory, depth, width)
        architecture, flops = architecture_of(module, depth, width), 0
        if (
            architecture.parameters <= study.sampling.raw_parameter_limit
            or (depth, width) == headline
        ):
            drawn = ModuleSampler(module, data, study.problem.loss, prior, key=0).parameters(0, 2)
            flops = require_vmappable(module, data, study.problem.loss, drawn)
        networks.append(
            ResolvedNetwork(
                depth=depth,
                width=width,
                names=list(architecture.names),
                counts=list(architecture.counts),
                point_flops=flops // data.points,
                state=state_digest(module, prior),
            )
        )
    if (
        state_digest(*_made(study, found, factory, *headline))
        != networks[sizes.index(headline)].state
    ):
        what = f"the same values from two calls of {study.problem.module}"
        raise BadInput.field(
            "problem.module",
            what,
            "others",
            "draw what torch.manual_seed decides, or fix the seed in the factory",
        )
    return networks
