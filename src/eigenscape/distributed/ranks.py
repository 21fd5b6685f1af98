"""The ranks of a run, with or without MPI, behind one small interface.

A run on one rank never imports mpi4py. Under MPI, start ranks as ``python -m mpi4py -m
eigenscape``: an exception on one rank then ends all of them; otherwise the others would wait for
ever.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import WrongLaunch
from eigenscape.extras import require_extra

LARGEST_MESSAGE = 2**30
"""Largest number of array elements per message; MPI counts are 32-bit, so larger arrays are sent in
pieces."""

START_SECONDS = 120
"""Time limit for starting MPI, which takes seconds; a launch that hangs (Slurm's PMI2 was observed
to lose a message on a busy machine) then ends with exit code 1, so that the launcher ends all ranks
and the workflow tries again."""


@dataclass
class Traffic:
    """Messages and bytes that this rank has sent and received so far.

    The cost model (`planning.communication`) is checked against these numbers.

    Attributes:
        messages_sent: messages that left this rank; a broadcast counts once, however it is
            forwarded.
        bytes_sent: bytes in the sent messages.
        messages_received: messages that arrived, broadcasts among them.
        bytes_received: bytes in the received messages.
        collectives: sums and barriers, in which all ranks take part.
    """

    messages_sent: int = 0
    bytes_sent: int = 0
    messages_received: int = 0
    bytes_received: int = 0
    collectives: int = 0


class Ranks(Protocol):
    """The interface of ranks that stages use. Arrays are C-contiguous numpy arrays."""

    rank: int
    size: int
    traffic: Traffic

    @property
    def local_rank(self) -> int:
        """Number of this rank among those of its node."""

    @property
    def node_size(self) -> int:
        """Number of ranks on this rank's node."""

    def barrier(self) -> None:
        """Wait for every rank."""

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array; the receiver knows its shape and type."""

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""

    def broadcast(self, array: Any, source: int) -> None:
        """Send the array (or torch tensor, where MPI can read its memory) of one rank to all
        others, into theirs.
        """

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Return the sum of whole numbers over all ranks, on every rank."""

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set on some rank; a collective call."""

    def sum_to(self, array: np.ndarray, to: int) -> np.ndarray:
        """Return the sum over all ranks on rank ``to``; elsewhere the array has no meaning."""

    def gather(self, value: Any) -> list[Any]:
        """Return a small object of every rank, in their order, on every rank."""


class OneRank:
    """A run without MPI.

    Example:
        >>> ranks = OneRank()
        >>> ranks.rank, ranks.size, ranks.any(True)
        (0, 1, True)
    """

    rank, size, local_rank, node_size = 0, 1, 0, 1

    def __init__(self) -> None:
        self.traffic = Traffic()

    def barrier(self) -> None:
        """Return at once: there are no other ranks."""

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array."""
        raise WrongLaunch(f"rank 0 of 1 cannot send to rank {to}, which does not exist")

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""
        raise WrongLaunch(f"rank 0 of 1 cannot receive from rank {source}, which does not exist")

    def broadcast(self, array: Any, source: int) -> None:
        """Do nothing: there are no other ranks."""

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Return the array itself, the sum over one rank."""
        return array.copy()

    def any(self, flag: bool) -> bool:
        """Return the flag of the only rank."""
        return flag

    def sum_to(self, array: np.ndarray, to: int) -> np.ndarray:
        """Return the array itself, the sum over one rank."""
        return array.copy()

    def gather(self, value: Any) -> list[Any]:
        """Return a list of the one value."""
        return [value]


class MpiRanks:
    """The ranks of an MPI communicator."""

    def __init__(self, communicator: Any) -> None:
        self._communicator = communicator
        self.rank: int = communicator.Get_rank()
        self.size: int = communicator.Get_size()
        self.traffic = Traffic()

    @property
    def local_rank(self) -> int:
        """Number of this rank among those that share its node's memory."""
        return int(self._node.Get_rank())

    @property
    def node_size(self) -> int:
        """Number of ranks that share this rank's node and its memory."""
        return int(self._node.Get_size())

    @functools.cached_property
    def _node(self) -> Any:
        """The ranks of this node; the first access is a collective call."""
        from mpi4py import MPI  # noqa: PLC0415 - the communicator has loaded it before

        return self._communicator.Split_type(MPI.COMM_TYPE_SHARED)

    def barrier(self) -> None:
        """Wait for every rank."""
        self._communicator.Barrier()
        self.traffic.collectives += 1

    def send(self, array: np.ndarray, to: int) -> None:
        """Send an array."""
        for piece in _pieces(array):
            self._communicator.Send(piece, dest=to)
            self.traffic.messages_sent += 1
            self.traffic.bytes_sent += piece.nbytes

    def receive(self, array: np.ndarray, source: int) -> None:
        """Receive into an array."""
        for piece in _pieces(array):
            self._communicator.Recv(piece, source=source)
            self.traffic.messages_received += 1
            self.traffic.bytes_received += piece.nbytes

    def broadcast(self, array: Any, source: int) -> None:
        """Send the array of one rank to all others."""
        for piece in _pieces(array):
            self._communicator.Bcast(piece, root=source)
            if self.rank == source:
                self.traffic.messages_sent += 1
                self.traffic.bytes_sent += piece.nbytes
            else:
                self.traffic.messages_received += 1
                self.traffic.bytes_received += piece.nbytes

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Return the sum over all ranks."""
        total = np.empty_like(array)
        self._communicator.Allreduce(array, total)
        self.traffic.collectives += 1
        return total

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set on some rank."""
        return bool(self.sum(np.array([int(flag)]))[0])

    def sum_to(self, array: np.ndarray, to: int) -> np.ndarray:
        """Return the sum over all ranks on rank ``to``."""
        total = np.empty_like(array) if self.rank == to else array
        self._communicator.Reduce(array, total if self.rank == to else None, root=to)
        return total

    def gather(self, value: Any) -> list[Any]:
        """Return a small object of every rank, in their order, on every rank."""
        values: list[Any] = self._communicator.allgather(value)
        return values


def _pieces(array: Any) -> list[Any]:
    flat = array.reshape(-1)
    return [flat[start : start + LARGEST_MESSAGE] for start in range(0, len(flat), LARGEST_MESSAGE)]


def started_ranks(expected: int) -> Ranks:
    """Return the ranks of this run, after checking that the requested number started.

    With a wrong launcher (another MPI's, or a wrong ``--mpi`` type of ``srun``) every process acts
    as if it were alone, would do all of the work and overwrite the others.

    Raises:
        WrongLaunch: a different number of ranks started.
        MissingExtra: more than one is expected, and mpi4py is not installed.
    """
    if expected == 1:
        return OneRank()
    require_extra("mpi", "mpi4py")
    with Watchdog(START_SECONDS):
        from mpi4py import MPI  # noqa: PLC0415 - importing it starts MPI

    ranks = MpiRanks(MPI.COMM_WORLD)
    if ranks.size != expected:
        raise WrongLaunch(
            f"ranks: expected {expected}, found {ranks.size}; the launcher does not fit mpi4py's"
            " MPI library: start with that library's mpiexec (the one beside this Python), or"
            " under Slurm with srun and the --mpi type of that library"
        )
    return ranks
