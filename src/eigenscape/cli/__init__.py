"""The command line: one sub-command per stage of the workflow, and what a user asks of a study.

===========  ==========================================================
`prepare`    plan, schema
`compute`    second-moment, spectrum, cells, projection
`analyse`    importance, criticality, training, ... and the tables
`draw`       figure
`check`      verify
`options`    what they share
===========  ==========================================================

Exit codes: 0 done, 2 bad input (one line: expected, found, what to do), 75 interrupted and resumable,
1 anything else. Heavy libraries are imported inside the commands, so that `--help` and `plan` are quick.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from eigenscape import __version__
from eigenscape.cli import analyse, check, compute, curves, draw, prepare
from eigenscape.errors import EigenscapeError

BLAS_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Set to 1 before any numerical library loads: bits must not depend on the number of threads, and
the cores are used by ranks and jobs."""


class _OneLineErrors(click.Group):
    """Errors of the family end in one line and their exit code, without a traceback."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """In the order of the workflow, not of the alphabet."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except EigenscapeError as error:
            click.echo(f"eigenscape: {error}", err=True)
            _end(error.exit_code)
        except PermissionError as error:
            click.echo(f"eigenscape: {error.filename}: expected a place to write, found {error.strerror}; check its permissions", err=True)
            _end(2)


def _end(code: int) -> None:
    """Leave with an exit code; under several ranks, end the others too, which may be waiting."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.COMM_WORLD.Get_size() > 1:
        sys.stderr.flush()
        mpi.COMM_WORLD.Abort(code)
    raise SystemExit(code)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="eigenscape")
def main() -> None:
    """How hard a neural network is to train, and why.

    The workflow calls these commands; `plan` is for you. Start with `make figures`.
    """
    for variable in BLAS_THREAD_VARIABLES:
        os.environ[variable] = "1"


for _command in (
    prepare.plan,
    prepare.print_schema,
    compute.second_moment,
    compute.spectrum,
    compute.cells,
    compute.projection,
    analyse.importance,
    analyse.criticality,
    analyse.training,
    analyse.sensitivity,
    analyse.second_moment_kinds,
    curves.expressivity,
    analyse.findings,
    analyse.condition_number_table,
    draw.figure,
    check.verify,
):
    main.add_command(_command)
