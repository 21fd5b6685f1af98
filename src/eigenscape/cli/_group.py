"""The table of commands, and how a command ends: in one line and an exit code, on one rank or
several.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
import time
from importlib import import_module
from typing import Any

import click

from eigenscape.errors import BadInput, EigenscapeError, Interrupted

COMMANDS = (
    *("plan", "schema"),
    *("second-moment", "spectrum", "cells", "projection", "large"),
    *("importance", "criticality", "training", "sensitivity", "second-moment-kinds"),
    "expressivity",
    *("clustering", "clustering-table"),
    *("sloppiness-theory", "sloppiness-theory-table", "trajectories", "inpca"),
    *("model-constrained", "model-constrained-table"),
    *("findings", "condition-number-table", "figure"),
    *("verify", "show", "cite", "report", "paper", "crate"),
    *("doctor", "explore"),
)
"""All commands in the order of the workflow. The command `second-moment` is the function
`second_moment` of the file `second_moment.py`, and so on."""

MOMENT = 0.5
"""Seconds between the message and the end of all ranks: a launcher throws away what it has not yet
passed on (seen with MPICH's). And processes that have nothing left to do end within
milliseconds."""

_NOT_WRITABLE = ("a folder that can be written", "check its permissions", 2)
_DISK_FULL = (
    "room on the disk",
    "free some and run the same command again, which goes on from what is kept",
    1,
)
_DISK_ERRORS = {
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.EROFS: _NOT_WRITABLE,
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
}
"""What the operating system may say of a disk: what was expected, what to do, and the exit code."""


class CommandGroup(click.Group):
    """Imports a command when it is asked for, and ends errors of the family in one line and their
    exit code, without a traceback.
    """

    def list_commands(self, _context: click.Context) -> list[str]:
        """The commands in the order of the workflow, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of a name, from its file; None where there is none."""
        if name not in COMMANDS:
            return None
        home = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"eigenscape.cli.{home}"), home)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command that does not exist is answered with the one that was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            fix = f"did you mean {close[0]}?" if close else "`eigenscape --help` lists them"
            raise BadInput.field("command", "one of eigenscape's", args[0], fix)
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except EigenscapeError as error:
            click.echo(f"eigenscape: {error}", err=True)
            _end(error.exit_code, together=isinstance(error, Interrupted))
        except OSError as error:
            if error.errno not in _DISK_ERRORS:
                raise
            expected, fix, code = _DISK_ERRORS[error.errno]
            click.echo(
                f"eigenscape: {error.filename}: expected {expected}, found {error.strerror}; {fix}",
                err=True,
            )
            _end(code)


def _end(code: int, *, together: bool = False) -> None:
    """Leave with an exit code; under several ranks, end the others too, which may be waiting,
    unless all leave together.
    """
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.COMM_WORLD.Get_size() > 1:
        sys.stderr.flush()
        if together:
            _end_together(mpi, code)
        time.sleep(MOMENT)
        mpi.COMM_WORLD.Abort(code)
    raise SystemExit(code)


def _end_together(mpi: Any, code: int) -> None:
    """All ranks were interrupted: none may end the others before they have kept what they hold.

    Then an abort ends them all with the code, as MPICH's mpiexec reports it. Not so under srun,
    which would kill the rest and lose the code: there rank 0 alone carries it, a moment later than
    the others, for srun also kills those that outlive a rank that failed.
    """
    rank = mpi.COMM_WORLD.Get_rank()
    mpi.COMM_WORLD.Barrier()
    by_srun = "SLURM_STEP_ID" in os.environ and "HYDI_CONTROL_FD" not in os.environ
    if not by_srun:
        time.sleep(MOMENT)
        mpi.COMM_WORLD.Abort(code)
    mpi.Finalize()
    if rank == 0:
        time.sleep(MOMENT)
    os._exit(code if rank == 0 else 0)
