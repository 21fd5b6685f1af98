"""A user's own code and checkpoints: the factory that makes networks, which is run, and tensors,
which are only read.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eigenscape.errors import BadInput

if TYPE_CHECKING:
    import torch


def factory_named(name: str, folder: Path) -> Callable[..., Any]:
    """The function that makes networks, from the user's own code, which is run.

    Raises:
        BadInput: no such module, it fails, or it has no such function.
    """
    path, _, function = name.partition(":")
    directory = str(folder.absolute())
    beside = _beside(folder, path)
    loaded = sys.modules.get(path)
    if (
        beside is not None
        and loaded is not None
        and Path(str(getattr(loaded, "__file__", ""))).resolve() != beside
    ):
        del sys.modules[path]  # another folder's file of that name
    sys.path.insert(0, directory)
    try:
        module = importlib.import_module(path)
    except (
        Exception,
        SystemExit,
    ) as error:  # a program that is no module may leave when it is imported
        missing = isinstance(error, ModuleNotFoundError) and path.startswith(str(error.name))
        words = (
            f"none beside the configuration in {directory}, and none that Python finds"
            if missing
            else words_of(error)
        )
        raise BadInput.field(
            "problem.module", f"a Python file for {path}", words, "check its name, or fix it"
        ) from error
    finally:
        sys.path.remove(directory)
        if directory not in sys.path:
            sys.path.append(directory)  # for what it imports later
    factory: Callable[..., Any] | None = getattr(module, function, None)
    if not callable(factory):
        names = ", ".join(
            each
            for each, value in vars(module).items()
            if callable(value) and not each.startswith("_")
        )
        raise BadInput.field(
            "problem.module",
            f"a function {function} in {path}",
            names or "none",
            "write module: package.module:factory",
        )
    return factory


def _beside(folder: Path, path: str) -> Path | None:
    stem = folder.joinpath(*path.split("."))
    for file in (stem.with_suffix(".py"), stem / "__init__.py"):
        if file.is_file():
            return file.resolve()
    return None


def source_of(name: str, factory: Callable[..., Any]) -> str:
    """Digest of the file that is named, and of the one that the factory was written in where that
    is another.
    """
    written = getattr(factory, "func", factory)  # of a functools.partial, which is Python's own
    modules = (
        sys.modules.get(each)
        for each in (name.partition(":")[0], getattr(written, "__module__", None) or "")
    )
    files = dict.fromkeys(file for module in modules if (file := getattr(module, "__file__", None)))
    return hashlib.blake2b(
        b"".join(Path(file).read_bytes() for file in files), digest_size=16
    ).hexdigest()


def read_checkpoint(path: Path) -> Mapping[str, torch.Tensor]:
    """A state_dict that torch.save wrote, alone or under the key state_dict or model_state_dict;
    nothing in the file is run.

    Raises:
        BadInput: it is no such file.
    """
    import torch  # noqa: PLC0415

    save = "write it with torch.save(module.state_dict(), path)"
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        found = (
            "objects beside tensors, which are not loaded"
            if "weights_only" in str(error) or "WeightsUnpickler" in str(error)
            else words_of(error)
        )
        raise BadInput.field(
            "prior.checkpoint", f"a state_dict in {path.name}", found, save
        ) from None
    for key in ("state_dict", "model_state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise BadInput.field(
            "prior.checkpoint", f"a state_dict in {path.name}", type(content).__name__, save
        )
    return content


def words_of(error: BaseException) -> str:
    """An error in a few words, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
