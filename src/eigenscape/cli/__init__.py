"""The command line: one sub-command per stage of the workflow, and what a user asks of a study.

Every command has a file that is named after it, and is listed in `_group.COMMANDS`. It is imported
when it is asked for, and imports heavy libraries when it runs, so that `--help` and `plan` are
quick.

Exit codes: 0 done, 2 bad input (one line: expected, found, what to do), 75 interrupted and
resumable, 1 anything else.
"""

from __future__ import annotations

import os

import click

from eigenscape.cli._group import CommandGroup
from eigenscape.version import __version__

BLAS_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Set to 1 before any numerical library loads: bits must not depend on the number of threads, and
the cores are used by ranks and jobs."""


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="eigenscape")
def main() -> None:
    """How hard a neural network is to train, and why.

    The workflow calls these commands; `plan` and `doctor` are for you. Start with `make figures`.
    """
    for variable in BLAS_THREAD_VARIABLES:
        os.environ[variable] = "1"
