"""What every section of the configuration has in common, so that sections may stand in files of
their own.

A key is a field with its default; the docstring below it gives its meaning and the source of the
default. A field with ``examples`` has one that says more than its default.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: unknown keys and wrong types are refused, and nothing changes
    after it is read.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )
