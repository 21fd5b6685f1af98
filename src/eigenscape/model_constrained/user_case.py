"""Cases from a user's Python file that the configuration names.

The file is executed like any other program: name only files that you trust. It must define

    case(name, section, seed) -> Case

as the entries of `problems.CASES` do; `case.inverse_problem` makes mcDNN, TNet and TAEN of any
forward map.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Never

from eigenscape.config.model_constrained import ModelConstrainedSection, digest_of_file
from eigenscape.errors import BadInput
from eigenscape.model_constrained.case import Case


class _AsItStands(SourceFileLoader):
    """A loader without cached bytecode, which is identified by second and size; two versions of a
    file may share both.
    """

    def path_stats(self, path: object) -> Never:
        raise OSError


def user_case(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    """Load the case that a user's file defines.

    Args:
        name: the name of the case; the part before its first hyphen is a key of ``section.own``.
        section: the section of the study.
        seed: the seed of the study.

    Raises:
        BadInput: the file has changed since the study was configured, does not run, or returns no
            case or one of other sizes.
    """
    user_file, field = (
        section.own[name.partition("-")[0]],
        f"model_constrained.own.{name.partition('-')[0]}",
    )
    path = Path(user_file.file)
    try:
        digest = digest_of_file(path)
    except OSError as error:
        raise BadInput.field(
            field,
            "a Python file that can be read",
            f"{user_file.file}: {error.strerror}",
            "correct its path",
        ) from error
    if digest != user_file.digest:
        fix = (
            "results of another file are another study's: give study another name, and run"
            " `snakemake` again"
        )
        raise BadInput.field(
            field,
            f"the file that the study was configured with, digest {user_file.digest}",
            digest,
            fix,
        )
    label = f"eigenscape_case_{digest}"
    specification = importlib.util.spec_from_file_location(
        label, path, loader=_AsItStands(label, str(path))
    )
    make = None
    if specification is not None and specification.loader is not None:
        # where dataclasses look for their annotations
        module = sys.modules[label] = importlib.util.module_from_spec(specification)
        try:
            specification.loader.exec_module(module)
        except Exception as error:
            del sys.modules[label]
            raise BadInput.field(
                field,
                "a Python file that runs",
                f"{type(error).__name__}: {error}",
                "correct the file",
            ) from error
        make = getattr(module, "case", None)
    if not callable(make):
        raise BadInput.field(
            field,
            "a Python file that defines case(name, section, seed)",
            user_file.file,
            "see docs/model_constrained.md",
        )
    case = make(name, section, seed)
    if not isinstance(case, Case):
        raise BadInput.field(
            field,
            "a Case from case(name, section, seed)",
            type(case).__name__,
            "see docs/model_constrained.md",
        )
    sizes, architecture = (
        (case.problem.inputs.shape[1], case.problem.targets.shape[1]),
        section.architecture_of(name),
    )
    if sizes != (expected := (architecture.inputs, architecture.outputs)):
        raise BadInput.field(
            field,
            f"a network from {expected[0]} to {expected[1]} numbers",
            f"{sizes}",
            "correct observed and points",
        )
    return case
