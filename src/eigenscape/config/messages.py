"""What a user is told of a configuration that is refused: one line that names the field, what was
expected, what was found and what to write instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from eigenscape.config.base import Section
from eigenscape.errors import BadInput

_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "list_type": "a list",
    "model_type": "a section with keys of its own",
    "literal_error": "one of {expected}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "greater_than": "a number above {gt}",
    "too_short": "at least {min_length} of them",
    "invalid_key": "a key that is text",
    "string_pattern_mismatch": "text that matches {pattern}",
    "value_error": "{error}",
}

"""What was expected, by pydantic's kind of a finding; without one, pydantic's own words."""


def one_line(error: ValidationError, root: type[Section]) -> str:
    """The first finding of pydantic in the project's four parts.

    Args:
        error: raised by ``root``.
        root: the outermost section.
    """
    findings = error.errors(include_url=False)
    finding = findings[0]
    path, kind, context = finding["loc"], finding["type"], finding.get("ctx", {})
    section, keys, field = _resolve(path, root)
    name = ".".join(str(part) for part in path) or "configuration"
    if kind == "extra_forbidden":
        known = [key for key, field in section.model_fields.items() if not field.exclude]
        close = difflib.get_close_matches(str(path[-1]), known, n=1)
        fix = f"did you mean {close[0]}?" if close else "remove it or correct its name"
        message = f"{name}: expected one of {', '.join(known)}, found an unknown key; {fix}"
    elif isinstance(context.get("error"), BadInput):
        message = str(context["error"])  # of keys together, and whole as it is
    else:
        expected = _EXPECTED.get(kind, "{message}").format(message=finding["msg"], **context)
        fix = (fix_of(keys, field) if field else None) or "see config.yaml for an example"
        message = f"{name}: expected {expected}, found {finding['input']!r}; {fix}"
    return message if len(findings) == 1 else f"{message} (and {len(findings) - 1} more)"


def fix_of(keys: Sequence[str], field: FieldInfo) -> str | None:
    """What the user is told to write for a field: the default at its place or the first of its
    examples, or a text of its own where one key alone does not help; None for a section without
    an example.

    Example:
        >>> fix_of(("grid", "depth"), FieldInfo(default=[1, 2]))
        'write grid: {depth: [1, 2]}'
    """
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "fix" in extra:
        return str(extra["fix"])
    value = field.examples[0] if field.examples else field.get_default()
    return None if isinstance(value, Section) else f"write {in_yaml(keys, value)}"


def in_yaml(keys: Sequence[str], value: Any) -> str:
    """A value at its place among the keys, as one line of YAML.

    Example:
        >>> in_yaml(("grid", "depth"), [1, 2]), in_yaml(("study",), "sine")
        ('grid: {depth: [1, 2]}', 'study: sine')
    """
    for key in reversed(keys):
        value = {key: value}
    line: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"))
    return line.strip().removeprefix("{").removesuffix("}")


def _resolve(
    path: tuple[int | str, ...], root: type[Section]
) -> tuple[type[Section], list[str], FieldInfo | None]:
    """The innermost section, the keys and the field that a finding's location points at."""
    section, field = root, None
    keys: list[str] = []
    for part in path:
        if not isinstance(part, str) or part not in section.model_fields:
            break
        keys.append(part)
        field = section.model_fields[part]
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            section = field.annotation
    return section, keys, field
