"""The lock of a run holds what documented commands ask for; tests run with the tools of development
too, and would not miss it.
"""

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "envs" / "run.lock"


def test_snakemakes_own_report_needs_no_tool_of_development() -> None:
    pinned = {
        canonicalize_name(Requirement(line).name)
        for line in LOCK.read_text().splitlines()
        if not line.startswith("#")
    }
    assert {"jinja2", "pygments"} <= pinned
