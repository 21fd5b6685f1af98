"""A study on a user's data or with a user's networks: looked at once before anything runs, and
again wherever gradients are computed.

`inspect_user_problem` reads the file, calls the factory for every network of the grid, refuses what
cannot be used, and writes what it resolves into the study (`ResolvedProblem`): from then on the
number of parameters, the positions of layers and the identity of every result are plain values, and
a workflow's other processes need neither the file nor torch to know them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eigenscape.architecture import ModuleArchitecture
from eigenscape.config.study import Study
from eigenscape.config.user_problem import ResolvedNetwork, ResolvedProblem
from eigenscape.errors import BadInput, DifferentWork
from eigenscape.stages.common.user_code import factory_named, read_checkpoint, source_of, words_of

if TYPE_CHECKING:
    import torch

    from eigenscape.networks.user.data import UserData
    from eigenscape.networks.user.priors import ModulePrior

COMPANIONS = ("expressivity", "clustering", "sloppiness", "model_constrained")
"""Sciences that look at networks and data of their own."""


def inspect_user_problem(study: Study, folder: Path) -> Study:
    """The study with what its file and its networks turned out to be; a study of the sine as it is.

    The companion sciences and the large networks, which are not about the user's problem, are left
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
    file = _file_named(str(section.file), folder, "problem.file")
    data = _read(study, file)
    of_kind = _of_module if section.kind == "module" else _of_data
    resolved = of_kind(
        study,
        data,
        ResolvedProblem(
            file=str(file),
            digest=data.digest,
            inputs=sum(array[0].size for array in data.inputs.values()),
            outputs=1,
            folder=str(folder.absolute()),
            checkpoint="",
        ),
    )
    content = study.model_dump()
    for name in COMPANIONS:
        content[name]["enabled"] = False
    content["large"]["depth"] = []
    content["problem"]["points"] = data.points
    return Study.from_mapping({**content, "found": resolved.model_dump()})


def _of_data(study: Study, data: UserData, resolved: ResolvedProblem) -> ResolvedProblem:
    """Add the outputs of fully connected networks on the data."""
    from eigenscape.networks.user.data import problem_of_data  # noqa: PLC0415 - torch

    problem = _naming(Path(resolved.file), lambda: problem_of_data(data, study.problem.loss))
    return resolved.model_copy(update={"outputs": problem.targets.shape[1]})


def _of_module(study: Study, data: UserData, resolved: ResolvedProblem) -> ResolvedProblem:
    """Add the checkpoint, the factory's code and all networks."""
    name, folder, checkpoint = str(study.problem.module), Path(resolved.folder), ""
    if study.prior.checkpoint:
        checkpoint = str(_file_named(study.prior.checkpoint, folder, "prior.checkpoint"))
    source = source_of(name, factory_named(name, folder))
    resolved = resolved.model_copy(update={"checkpoint": checkpoint, "source": source})
    return resolved.model_copy(update={"networks": _networks(study, resolved, data)})


def verified_data(study: Study) -> UserData:
    """The data of a study that has been looked at, read again.

    Raises:
        DifferentWork: the file holds other data than when the study was started.
    """
    resolved = _resolved(study)
    data = _read(study, Path(resolved.file))
    _require_same(study.problem.file, data.digest, resolved.digest)
    return data


def verified_module(
    study: Study, architecture: ModuleArchitecture
) -> tuple[torch.nn.Module, ModulePrior]:
    """The user's module of a network of the study, made again, and its prior.

    Raises:
        DifferentWork: the factory's code, or what it makes, has changed since the study was
            started.
    """
    from eigenscape.networks.user.modules import state_digest  # noqa: PLC0415 - torch

    resolved, name = _resolved(study), str(study.problem.module)
    depth, width = architecture.depth, architecture.width
    factory = factory_named(name, Path(resolved.folder))
    _require_same(name, source_of(name, factory), resolved.source)
    module, prior = _make_module(study, resolved, factory, depth, width)
    _require_same(
        f"{name} of depth {depth} and width {width}",
        state_digest(module, prior),
        resolved.network(depth, width).state,
    )
    return module, prior


def _resolved(study: Study) -> ResolvedProblem:
    if study.resolved is None:
        raise BadInput.field(
            "study",
            "one that has been looked at",
            "one as it was configured",
            "read it with stages.common.configure.read_study",
        )
    return study.resolved


def _file_named(name: str, folder: Path, key: str) -> Path:
    """Find a file beside the configuration, or in the working directory."""
    paths = dict.fromkeys(((folder / name).absolute(), Path(name).absolute()))
    for path in paths:
        if path.is_file():
            return path
    raise BadInput.field(
        key,
        f"a file in {' or in '.join(str(path.parent) for path in paths)}",
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
    """Put the name of the file in front of a complaint about its content."""
    try:
        return work()
    except BadInput as error:
        raise BadInput(f"{file.name}: {error}") from None


def _require_same(what: str | None, digest: str, expected: str) -> None:
    if digest != expected:
        raise DifferentWork(
            f"{what}: expected what it held when this study was started, found other contents; run"
            " the workflow again under another name (study: ...), or restore it"
        )


def _make_module(
    study: Study, resolved: ResolvedProblem, factory: Callable[..., Any], depth: int, width: int
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
                "problem.module", f"an nn.Module from {call}", words_of(error), "fix the factory"
            ) from error
    if not isinstance(module, torch.nn.Module):
        raise BadInput.field(
            "problem.module",
            f"an nn.Module from {call}",
            type(module).__name__,
            "let the factory return the module",
        )
    if resolved.checkpoint:
        load_checkpoint(module, read_checkpoint(Path(resolved.checkpoint)))
    section = study.prior
    return module, module_prior(
        module, section.kind, section.by_name, section.scale, section.relative
    )


def _networks(study: Study, resolved: ResolvedProblem, data: UserData) -> list[ResolvedNetwork]:
    """Every network of the grid, and the headline, made; tried where its gradients will be
    computed.
    """
    import numpy as np  # noqa: PLC0415

    from eigenscape.networks.user.modules import architecture_of, state_digest  # noqa: PLC0415
    from eigenscape.networks.user.priors import ModuleDraws  # noqa: PLC0415 - torch
    from eigenscape.networks.user.probe import require_vmappable  # noqa: PLC0415 - torch

    factory = factory_named(str(study.problem.module), Path(resolved.folder))
    sizes = [(depth, width) for width in study.grid.width for depth in study.grid.depth]
    headline, networks = (study.headline.depth, study.headline.width), []
    sizes = list(dict.fromkeys([*sizes, headline]))
    for depth, width in sizes:
        module, prior = _make_module(study, resolved, factory, depth, width)
        architecture, flops = architecture_of(module, depth, width), 0
        if (
            architecture.parameters <= study.sampling.raw_parameter_limit
            or (depth, width) == headline
        ):
            drawn = np.empty((2, architecture.parameters))
            ModuleDraws(prior, key=0).fill(drawn, 0)
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
        state_digest(*_make_module(study, resolved, factory, *headline))
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
