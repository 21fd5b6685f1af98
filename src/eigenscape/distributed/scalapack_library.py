"""Finding a ScaLAPACK library, and loading it beside the MPI library in use.

scalapack4py's own loader does not find MKL's wheel, so the library is loaded here. It is searched
for in this order: the file named by the environment variable `LIBRARY_VARIABLE`; MKL, as a wheel or
under ``MKLROOT``, with the BLACS that fits the MPI library; a ScaLAPACK that the system's linker
knows.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.metadata
import os
import re
from pathlib import Path
from typing import Any

from eigenscape.errors import BadInput
from eigenscape.extras import install_command

LIBRARY_VARIABLE = "EIGENSCAPE_SCALAPACK"
"""Environment variable that names the file of a site's own ScaLAPACK (with its BLACS), built for
the MPI library that mpi4py uses."""

_LAZY_AND_GLOBAL = 1 | ctypes.RTLD_GLOBAL
"""RTLD_LAZY, which ctypes has no name for: MKL's libraries need symbols of one another, whichever
is loaded first."""

_MPI_LIBRARY = re.compile(r"libmpi(ch|_(cray|gnu|intel|nvidia|amd)\w*)?\.so")
"""File names of MPI libraries: Open MPI's, MPICH's and Intel's name, Debian's of MPICH, and Cray's
by compiler; not their Fortran layers."""


def load() -> Any:
    """Load a ScaLAPACK library of this machine, and return scalapack4py's binding to it.

    Raises:
        BadInput: the binding or the library is missing, or the library is built for another MPI
            than the one in use.
    """
    try:
        from scalapack4py import ScaLAPACK4py  # noqa: PLC0415 - an optional package
    except ImportError:
        raise _missing("that scalapack4py is not installed") from None
    try:
        handle = _loaded_library()
        _require_one_mpi()
        return ScaLAPACK4py(handle)
    except (OSError, AttributeError) as error:
        raise _missing(f"one that cannot be used ({error})") from None


def _loaded_library() -> ctypes.CDLL:
    named = os.environ.get(LIBRARY_VARIABLE)
    if named and not Path(named).is_file():
        raise BadInput.field(
            LIBRARY_VARIABLE,
            "the file of a ScaLAPACK library",
            named,
            "correct it, or unset it to have one looked for",
        )
    _promote_mpi()
    if named:
        return ctypes.CDLL(named, mode=_LAZY_AND_GLOBAL)
    # MPICH, Intel MPI and Cray MPI share an ABI
    blacs = "openmpi" if "open mpi" in _mpi_version() else "intelmpi"
    parts = [
        f"libmkl_{part}"
        for part in ("core", "sequential", "intel_lp64", f"blacs_{blacs}_lp64", "scalapack_lp64")
    ]
    files = [_mkl_file(part) for part in parts]
    if all(files):
        for file in files:
            ctypes.CDLL(str(file), mode=_LAZY_AND_GLOBAL)
        return ctypes.CDLL(None)
    for name in ("scalapack", "scalapack-openmpi" if blacs == "openmpi" else "scalapack-mpich"):
        file_name = ctypes.util.find_library(name)
        if file_name:
            return ctypes.CDLL(file_name, mode=_LAZY_AND_GLOBAL)
    raise _missing("none")


def _missing(found: str) -> BadInput:
    fix = (
        f"run `{install_command('scalapack')}`, name the file of a site's library in"
        f" {LIBRARY_VARIABLE}, or run on one rank"
    )
    return BadInput.field("ScaLAPACK", "a library that several ranks can solve with", found, fix)


def _mkl_file(part: str) -> Path | None:
    """Return a library of MKL by the beginning of its name, from MKLROOT or from the installed
    wheel.
    """
    root = os.environ.get("MKLROOT")
    if root:
        candidates = sorted((Path(root) / "lib").glob(f"{part}.so*"))
    else:
        try:
            files = importlib.metadata.files("mkl") or []
        except importlib.metadata.PackageNotFoundError:
            files = []
        candidates = [
            Path(str(file.locate())).resolve()
            for file in files
            if file.name.startswith(f"{part}.so")
        ]
    return next((file for file in candidates if file.is_file()), None)


def _mpi_version() -> str:
    from mpi4py import MPI  # noqa: PLC0415 - importing it starts MPI

    return str(MPI.Get_library_version()).lower()


def _mpi_libraries() -> set[str]:
    """Return the MPI libraries that this process has loaded."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps}
    return {path for path in paths if _MPI_LIBRARY.match(Path(path).name)}


def _promote_mpi() -> None:
    """Make mpi4py's MPI library visible to the libraries that are loaded after it: Python loads
    extensions where no other sees their symbols.
    """
    _mpi_version()
    for path in _mpi_libraries():
        ctypes.CDLL(path, mode=_LAZY_AND_GLOBAL)


def _require_one_mpi() -> None:
    """Refuse a second MPI library: a ScaLAPACK built for another MPI loads that one, and each would
    behave as if it were alone.
    """
    libraries = _mpi_libraries()
    if len(libraries) > 1:
        raise _missing(f"one built for another MPI library ({', '.join(sorted(libraries))})")
