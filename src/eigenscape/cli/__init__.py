"""The command line: one sub-command per stage of the workflow, and what a user asks of a study.

==============  ==========================================================
`prepare`       plan, schema
`compute`       second-moment, spectrum, cells, projection
`networks`      large
`analyse`       importance, criticality, training, ... and the tables
`curves`        expressivity
`graphs`        clustering, clustering-table
`geometry`      trajectories, inpca
`trajectories`  sloppiness-theory, sloppiness-theory-table
`models`        model-constrained, model-constrained-table
`draw`          figure
`check`         verify
`provenance`    show, cite, report, paper, crate
`doctor`        doctor
`explore`       explore
`options`       what they share
==============  ==========================================================

Exit codes: 0 done, 2 bad input (one line: expected, found, what to do), 75 interrupted and
resumable, 1 anything else. Heavy libraries are imported inside the commands, so that `--help` and
`plan` are quick.
"""

from __future__ import annotations

import difflib
import errno
import os
import sys
import time
from typing import Any

import click

from eigenscape.cli import (
    analyse,
    check,
    compute,
    curves,
    draw,
    geometry,
    graphs,
    models,
    networks,
    prepare,
    provenance,
    trajectories,
)
from eigenscape.cli.doctor import doctor
from eigenscape.cli.explore import explore
from eigenscape.errors import BadInput, EigenscapeError, Interrupted
from eigenscape.version import __version__

BLAS_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Set to 1 before any numerical library loads: bits must not depend on the number of threads, and
the cores are used by ranks and jobs."""

MOMENT = 0.5
"""Seconds between the message and the end of all ranks: a launcher throws away what it has not yet
passed on (seen with MPICH's). And processes that have nothing left to do end within
milliseconds."""

_NO_PLACE = ("a place to write", "check its permissions", 2)
_NO_ROOM = (
    "room on the disk",
    "free some and run the same command again, which goes on from what is kept",
    1,
)
_DISK_ERRORS = {
    errno.EACCES: _NO_PLACE,
    errno.EPERM: _NO_PLACE,
    errno.EROFS: _NO_PLACE,
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
}
"""What the operating system may say of a disk: what was expected, what to do, and the exit code."""


class _OneLineErrors(click.Group):
    """Errors of the family end in one line and their exit code, without a traceback."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """In the order of the workflow, not of the alphabet."""
        return list(self.commands)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command that does not exist is answered with the one that was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            close = difflib.get_close_matches(args[0], self.commands, n=1)
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


@click.group(
    cls=_OneLineErrors,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
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
    networks.large,
    analyse.importance,
    analyse.criticality,
    analyse.training,
    analyse.sensitivity,
    analyse.second_moment_kinds,
    curves.expressivity,
    graphs.clustering,
    graphs.clustering_table,
    trajectories.sloppiness_theory,
    trajectories.sloppiness_theory_table,
    models.model_constrained,
    models.model_constrained_table,
    geometry.trajectories,
    geometry.inpca,
    analyse.findings,
    analyse.condition_number_table,
    draw.figure,
    check.verify,
    provenance.show,
    provenance.cite,
    provenance.report,
    provenance.paper,
    provenance.crate,
    doctor,
    explore,
):
    main.add_command(_command)
