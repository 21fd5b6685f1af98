"""The environment in which a result was made: time, versions and machine. Receipts record it; no
bit of a result depends on it.

Names of machines, users and folders are left out, since receipts travel with results.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "matplotlib",
    "mpi4py",
    "numba",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "snakemake",
    "torch",
    "xarray",
    "zarr",
)
"""Packages whose versions may affect a result: those that compute, draw or store it, and that run
the workflow."""


def capture_environment() -> dict[str, Any]:
    """Return the current time (UTC), versions and machine.

    Example:
        >>> sorted(capture_environment())
        ['at', 'machine', 'packages', 'python']
    """
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), **_constant()}


@cache
def _constant() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "packages": package_versions(),
        "machine": machine(),
    }


def package_versions() -> dict[str, str]:
    """Return the versions of the installed packages, without importing them."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def machine() -> dict[str, Any]:
    """Return processor, cores available to this process, memory in GB and operating system; and the
    GPU if one is in use.
    """
    facts: dict[str, Any] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    torch = sys.modules.get("torch")  # importing it for its name alone would take a second
    if torch is not None and torch.cuda.is_initialized():
        facts["gpu"] = torch.cuda.get_device_name()
    return facts


def _processor() -> str:
    """Return the processor's name as Linux reports it; elsewhere the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
