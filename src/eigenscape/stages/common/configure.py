"""Configuration files: read, merged in order, checked, and kept beside the results."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DifferentWork
from eigenscape.stages.common.user_problems import inspect_user_problem
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically


def read_study(paths: Sequence[Path]) -> Study:
    """The study that configuration files describe, later ones over earlier ones; a user's file and
    networks are looked at.

    Raises:
        BadInput: a file is missing or no YAML mapping, or the configuration is wrong; one line.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        merged = _merge(merged, _read(path))
    try:
        return inspect_user_problem(Study.from_mapping(merged), paths[-1].parent)
    except BadInput as error:
        raise BadInput(f"{paths[-1]}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise BadInput.field(
            str(path),
            "a configuration file",
            "no such file",
            "check the path given with --configfile",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput.field(
            str(path),
            "a readable configuration file",
            str(error),
            "check the file's type and permissions",
        ) from None
    except yaml.YAMLError as error:
        found = " ".join(str(error).split())
        raise BadInput.field(
            str(path), "YAML", found, "fix that line; config.yaml shows the format"
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadInput.field(
            str(path),
            "sections such as grid and sampling",
            type(content).__name__,
            "see config.yaml",
        )
    return content


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Sections are merged key by key; everything else is replaced, as Snakemake does."""
    merged = dict(below)
    for key, value in above.items():
        inside = merged.get(key)
        merged[key] = (
            _merge(inside, value)
            if isinstance(inside, Mapping) and isinstance(value, Mapping)
            else value
        )
    return merged


def workflow_study(
    mapping: Mapping[str, Any], configfiles: Sequence[str | Path], results: Path, *, first: bool
) -> Study:
    """The study of a workflow's process: the first one looks at a user's file and networks, the
    others read what it found.

    Args:
        mapping: the merged configuration.
        configfiles: those given on the command line; beside the last one a user's files are looked
            for.
        results: the folder of all studies.
        first: whether this is the process that the user started.

    Raises:
        BadInput: as `read_study`.
    """
    study = Study.from_mapping(mapping)
    if not study.problem.is_user_defined:
        return study
    if not first:
        return load_study(StudyFolder(results / study.study))
    return inspect_user_problem(study, Path(configfiles[-1]).parent if configfiles else Path())


def load_study(folder: StudyFolder) -> Study:
    """The study whose results lie in ``folder``, as the rule `study` wrote it.

    Raises:
        BadInput: there is none.
    """
    try:
        return Study.from_mapping(json.loads(folder.study.read_bytes()))
    except FileNotFoundError:
        raise BadInput.field(
            str(folder.study),
            "the configuration of a study",
            "no such file",
            "run `snakemake --cores 2` to make it",
        ) from None
    except ValueError as error:
        raise BadInput.field(
            str(folder.study),
            "the configuration of a study",
            str(error),
            "delete the file and run again",
        ) from None


def require_same_science(study: Study, folder: StudyFolder) -> None:
    """Refuse to mix two studies in one folder: only grid, headline and limit may change between
    runs.

    Raises:
        DifferentWork: naming what differs.
    """
    if not folder.study.exists():
        return
    made, asked = _science(load_study(folder)), _science(study)
    for key in asked:
        if made[key] != asked[key]:
            raise DifferentWork(
                f"{key}: expected {made[key]!r}, by which results in {folder.root} were made, found"
                f" {asked[key]!r}; give this study another name (study: ...), or delete"
                f" {folder.root}"
            )


def require_writable(folder: StudyFolder) -> None:
    """Refuse a folder for results that cannot be written, before anything is computed.

    Raises:
        BadInput: naming the folder that is in the way.
    """
    existing = next(
        path for path in (folder.root, *folder.root.absolute().parents) if path.exists()
    )
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        found = "one that is read-only" if existing.is_dir() else "a file of that name"
        raise BadInput.field(
            str(existing),
            "a folder that can be written",
            found,
            "change its permissions, or run in another folder",
        )


def _science(study: Study) -> dict[str, Any]:
    return {**study.facts, "samples_per_parameter": study.sampling.samples_per_parameter}


def write_study(study: Study, folder: StudyFolder) -> None:
    """Keep the checked configuration, with every default spelled out, beside its results."""
    require_same_science(study, folder)
    resolved = {} if study.resolved is None else {"found": study.resolved.model_dump()}
    # In the order of the configuration, not of the alphabet: of the patterns of prior.by_name the
    # first that fits counts.
    write_atomically(
        folder.study, (json.dumps({**study.model_dump(), **resolved}, indent=1) + "\n").encode()
    )
