"""The ranks of a run, with or without MPI, behind one small interface.

A run on one rank never imports mpi4py. Under MPI, start ranks as ``python -m mpi4py -m eigenscape``:
an exception on one rank then ends all of them, where otherwise the rest would wait for ever.
"""

from __future__ import annotations

import faulthandler
from typing import Any, Protocol

import numpy as np

from eigenscape.errors import WrongLaunch

LARGEST_MESSAGE = 2**30
"""Numbers per message; MPI counts are 32-bit, so larger arrays go in pieces."""

START_SECONDS = 120
"""MPI starts in seconds; a launch that hangs (Slurm's PMI2 was seen to lose a message on a busy machine) ends with exit code 1
after this, so that the launcher ends all ranks and the workflow tries again."""


class Ranks(Protocol):
    """What a stage may ask of its ranks. Arrays are C-contiguous numpy arrays."""

    rank: int
    size: int

    @property
    def local_rank(self) -> int:
        """Number of this rank among those of its node."""

    def barrier(self) -> None:
        """Wait for every rank."""

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array; the receiver knows its shape and type."""

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Sum of whole numbers over all ranks, on every rank."""

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on some rank."""


class OneRank:
    """A run without MPI.

    Example:
        >>> ranks = OneRank()
        >>> ranks.rank, ranks.size, ranks.any(True)
        (0, 1, True)
    """

    rank, size, local_rank = 0, 1, 0

    def barrier(self) -> None:
        """Nobody to wait for."""

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array."""
        raise WrongLaunch(f"rank 0 of 1 was to send to rank {to}, which does not exist")

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""
        raise WrongLaunch(f"rank 0 of 1 was to receive from rank {source}, which does not exist")

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Sum over all ranks."""
        return array.copy()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on some rank."""
        return flag


class MpiRanks:
    """The ranks of an MPI communicator."""

    def __init__(self, communicator: Any) -> None:
        self._communicator = communicator
        self.rank: int = communicator.Get_rank()
        self.size: int = communicator.Get_size()

    @property
    def local_rank(self) -> int:
        """Number of this rank among those that share its node's memory."""
        from mpi4py import MPI  # noqa: PLC0415 - the communicator has loaded it before

        local: int = self._communicator.Split_type(MPI.COMM_TYPE_SHARED).Get_rank()
        return local

    def barrier(self) -> None:
        """Wait for every rank."""
        self._communicator.Barrier()

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array."""
        for piece in _pieces(array):
            self._communicator.Send(piece, dest=to)

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""
        for piece in _pieces(array):
            self._communicator.Recv(piece, source=source)

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Sum over all ranks."""
        total = np.empty_like(array)
        self._communicator.Allreduce(array, total)
        return total

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on some rank."""
        return bool(self.sum(np.array([int(flag)]))[0])


def _pieces(array: np.ndarray) -> list[np.ndarray]:
    flat = array.reshape(-1)
    return [flat[start : start + LARGEST_MESSAGE] for start in range(0, flat.size, LARGEST_MESSAGE)]


def started_ranks(expected: int) -> Ranks:
    """The ranks of this run, after checking that as many started as were asked for.

    With a wrong launcher (another MPI's, or a wrong ``--mpi`` type of ``srun``) every process believes
    to be alone and would do all of the work and write over the others.

    Raises:
        WrongLaunch: another number of ranks started.
    """
    if expected == 1:
        return OneRank()
    # The watchdog is a thread of C: it also fires while the start of MPI holds Python's lock.
    faulthandler.dump_traceback_later(START_SECONDS, exit=True)
    from mpi4py import MPI  # noqa: PLC0415 - importing it starts MPI

    faulthandler.cancel_dump_traceback_later()
    ranks = MpiRanks(MPI.COMM_WORLD)
    if ranks.size != expected:
        raise WrongLaunch(
            f"ranks: expected {expected}, found {ranks.size}; the launcher does not fit mpi4py's MPI library: start with that "
            "library's mpiexec (the one beside this Python), or under Slurm with srun and the --mpi type of that library"
        )
    return ranks
