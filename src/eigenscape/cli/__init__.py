"""The command line: one sub-command per stage of the workflow, and what a user asks of a study.

===========  ==========================================================
`prepare`    plan, schema
`compute`    second-moment, spectrum, cells, projection
`analyse`    importance, criticality, training, ... and the tables
`draw`       figure
`check`      verify
`doctor`     doctor
`explore`    explore
`options`    what they share
===========  ==========================================================

Exit codes: 0 done, 2 bad input (one line: expected, found, what to do), 75 interrupted and resumable,
1 anything else. Heavy libraries are imported inside the commands, so that `--help` and `plan` are quick.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from eigenscape import __version__
from eigenscape.cli import analyse, check, compute, draw, prepare
from eigenscape.cli.doctor import doctor
from eigenscape.cli.explore import explore
from eigenscape.errors import EigenscapeError, Interrupted

BLAS_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Set to 1 before any numerical library loads: bits must not depend on the number of threads, and
the cores are used by ranks and jobs."""

SECONDS_TO_BE_HEARD = 0.5
"""Between the message and the end of all ranks: a launcher throws away what it has not yet passed on (seen with MPICH's)."""


MOMENT = 0.5
"""Seconds; processes that have nothing left to do end within milliseconds."""


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
            _end(error.exit_code, together=isinstance(error, Interrupted))
        except PermissionError as error:
            click.echo(f"eigenscape: {error.filename}: expected a place to write, found {error.strerror}; check its permissions", err=True)
            _end(2)


def _end(code: int, *, together: bool = False) -> None:
    """Leave with an exit code; under several ranks, end the others too, which may be waiting, unless all leave together."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.COMM_WORLD.Get_size() > 1:
        sys.stderr.flush()
        if together:
            _end_together(mpi, code)
        time.sleep(SECONDS_TO_BE_HEARD)
        mpi.COMM_WORLD.Abort(code)
    raise SystemExit(code)


def _end_together(mpi: Any, code: int) -> None:
    """All ranks were interrupted: none may end the others before they have kept what they hold.

    An abort, which is also how mpi4py answers an exit code, would have srun kill the rest and lose the code. So rank 0
    alone carries it, and a moment later than the others, for srun also kills those that outlive a rank that failed.
    """
    rank = mpi.COMM_WORLD.Get_rank()
    mpi.COMM_WORLD.Barrier()
    mpi.Finalize()
    if rank == 0:
        time.sleep(MOMENT)
    os._exit(code if rank == 0 else 0)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="eigenscape")
def main() -> None:
    """How hard a neural network is to train, and why.

    The workflow calls these commands; `plan` and `doctor` are for you. Start with `make figures`.
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
    analyse.findings,
    analyse.condition_number_table,
    draw.figure,
    check.verify,
    doctor,
    explore,
):
    main.add_command(_command)
