"""Compiled functions: kept on disk, or compiled again where no disk can be written."""

import os
import subprocess
import sys
from pathlib import Path

MODULE = """
from eigenscape.networks.compiled import compiled

@compiled()
def thrice(x):
    return 3 * x

print(thrice(2), sum(thrice.stats.cache_hits.values()), sum(thrice.stats.cache_misses.values()))
"""


def run(folder: Path, **environment: str) -> str:
    """What a fresh process prints: the result, functions loaded from the cache, functions
    compiled.
    """
    (folder / "tripling.py").write_text(MODULE) if not (folder / "tripling.py").exists() else None
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "tripling.py"],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_second_process_loads_what_the_first_compiled(tmp_path: Path) -> None:
    assert run(tmp_path) == "6 0 1"
    assert run(tmp_path) == "6 1 0"


def test_where_nothing_can_be_written_it_is_compiled_each_time(tmp_path: Path) -> None:
    """/proc refuses new folders to everybody, root too; the only place that is tried lies there."""
    nowhere = {
        "HOME": "/proc",
        "XDG_CACHE_HOME": "/proc",
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserWideCacheLocator",
    }
    assert run(tmp_path, **nowhere) == run(tmp_path, **nowhere) == "6 0 1"
