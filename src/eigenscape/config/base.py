"""What every section of the configuration has in common, so that sections may stand in files of
their own.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: unknown keys and wrong types are refused, and nothing changes
    after it is read.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def example(text: str) -> dict[str, Any]:
    """What the error message of a field tells the user to write."""
    return {"fix": text}
