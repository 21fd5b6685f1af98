"""The two files that are written from the model: the JSON schema of the configuration, and
``config.yaml`` with every default. Tests keep both in step.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from eigenscape.config.base import Section
from eigenscape.config.messages import fix_of, in_yaml
from eigenscape.config.study import Study

HEADER = """\
# The default study: regression of a sine by tanh networks. Every key may be left out; the defaults,
# their meaning and their sources stand in workflow/schemas/config.schema.json. A study of your own
# is a second file with only what differs, and a name of its own:
#     snakemake --cores 2 --configfile mine.yaml
# This file is written by `eigenscape schema --format yaml`.
"""

WIDTH = 120
"""Columns of config.yaml, where a value leaves room for its comment."""


def schema() -> dict[str, Any]:
    """The JSON schema of the configuration, as kept in ``workflow/schemas/config.schema.json``."""
    whole = Study.model_json_schema()
    for section, keys in _sections(Study, ()):
        part = whole if section is Study else whole["$defs"][section.__name__]
        part["description"] = _summary(section)
        for name, field in section.model_fields.items():
            if field.exclude:
                continue
            key = part["properties"][name]
            key.pop("examples", None)
            if field.description:
                key["description"] = " ".join(field.description.split())
            if fix := fix_of([*keys, name], field):
                key["fix"] = fix
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def config_yaml() -> str:
    """The text of ``config.yaml``: every key with its default and its meaning."""
    return "\n".join([HEADER, *_lines(Study(), ""), ""])


def _sections(
    section: type[Section], keys: tuple[str, ...]
) -> Iterator[tuple[type[Section], tuple[str, ...]]]:
    """A section and all below it, with the keys that lead there; of sections that a user names,
    those of the example.
    """
    yield section, keys
    for name, field in section.model_fields.items():
        if isinstance(field.default, Section):
            yield from _sections(type(field.default), (*keys, name))
        for each in get_args(field.annotation):
            if isinstance(each, type) and issubclass(each, Section) and field.examples:
                yield from _sections(each, (*keys, name, next(iter(field.examples[0]))))


def _summary(section: type[Section]) -> str:
    """The docstring of a section without its line breaks, which mean nothing, and its example."""
    text = (section.__doc__ or "").partition("\n\n    Example:")[0]
    return "\n\n".join(" ".join(each.split()) for each in text.split("\n\n"))


def _lines(section: Section, indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if field.exclude:
            continue
        meaning = " ".join((field.description or "").partition("Source:")[0].split()).rstrip(".")
        if isinstance(value, Section):
            if not indent:
                yield ""
            yield from _commented(f"{indent}{name}:", meaning or _summary(type(value)))
            yield from _lines(value, indent + "  ")
        else:
            choices = [each for each in _choices(field.annotation) if each not in meaning]
            among = f" ({', '.join(_choices(field.annotation))})" if choices else ""
            yield from _commented(indent + in_yaml([name], value), meaning + among)


def _choices(annotation: Any) -> tuple[str, ...]:
    """The words that a key, or each entry of its list, may be; none where it is no choice."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return _choices(get_args(annotation)[0]) if get_origin(annotation) is list else ()


def _commented(line: str, comment: str) -> list[str]:
    """A line with its comment behind it, or above it where both do not fit one line."""
    comment = comment.strip().rstrip(".")
    if not comment:
        return [line]
    if len(line) + len(comment) + 3 <= WIDTH:
        return [f"{line} # {comment}"]
    indent = line[: len(line) - len(line.lstrip())] + "# "
    return [*textwrap.wrap(comment, WIDTH, initial_indent=indent, subsequent_indent=indent), line]
