"""Libraries that not everyone needs come with extras of the package; where one is missing, the
error names its extra.

===========  =============================================================
`workflow`   Snakemake, its Slurm executor, the binding of MPI
`explorer`   the page in a browser
`mpi`        several ranks: the binding, and an MPI library
`paper`      a study as PDF
`crate`      a study as a Workflow Run RO-Crate
`scalapack`  an eigensolver over several ranks
`two-stage`  eigenvalues by a faster route, taken wherever it is installed
===========  =============================================================

The library itself needs none of them; `pyproject.toml` says what is in each.
"""

from __future__ import annotations

import importlib.util

from eigenscape.errors import BadInput


class MissingExtra(BadInput, ImportError):
    """A library of an extra is not installed."""


def require_extra(extra: str, *libraries: str) -> None:
    """Refuse, with what to do, where a library of an extra is not installed; nothing is imported.

    Args:
        extra: its name in `pyproject.toml`.
        libraries: the modules that will be imported.

    Raises:
        MissingExtra: naming the first that is missing.

    Example:
        >>> require_extra("explorer", "no_such_library")
        Traceback (most recent call last):
        eigenscape.extras.MissingExtra: no_such_library: expected a library of the extra ...
    """
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise MissingExtra(
                f"{library}: expected a library of the extra {extra}, found it not installed; run"
                f" `{install_command(extra)}`, or `make setup` in a clone"
            )


def install_command(extras: str) -> str:
    """What to type for an extra, or for several with commas between them.

    Example:
        >>> install_command("explorer")
        'pip install "eigenscape[explorer]"'
    """
    return f'pip install "eigenscape[{extras}]"'
