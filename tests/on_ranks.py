"""How tests start a program on MPI ranks."""

from __future__ import annotations

import sys
from pathlib import Path

MPIEXEC = Path(sys.executable).with_name("mpiexec")


def on_ranks(ranks: int) -> list[str]:
    """The words before the program: the launcher beside this Python, and mpi4py, which ends all
    ranks when one fails.
    """
    return [str(MPIEXEC), "-n", str(ranks), sys.executable, "-m", "mpi4py"]
