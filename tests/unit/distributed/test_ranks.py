"""A run on one rank, and the pieces that MPI messages are cut into."""

import subprocess
import sys

import numpy as np
import pytest

from eigenscape.distributed import ranks as module
from eigenscape.distributed.ranks import MpiRanks, OneRank, started_ranks
from eigenscape.errors import WrongLaunch


def test_one_rank_is_alone_and_sums_to_itself() -> None:
    one, array = OneRank(), np.arange(3)
    total = one.sum(array)
    total += 1

    one.barrier()
    assert array.tolist() == [0, 1, 2]
    assert (one.any(True), one.any(False), one.local_rank) == (True, False, 0)


def test_one_rank_has_nobody_to_talk_to() -> None:
    with pytest.raises(WrongLaunch, match="cannot send to rank 1, which does not exist"):
        OneRank().send(np.zeros(1), 1)
    with pytest.raises(WrongLaunch, match="cannot receive from rank 2, which does not exist"):
        OneRank().receive(np.zeros(1), 2)


def test_one_rank_does_not_start_mpi() -> None:
    program = (
        "import sys; from eigenscape.distributed.ranks import started_ranks; started_ranks(1);"
        " print('mpi4py' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
    assert isinstance(started_ranks(1), OneRank)


class Recorder:
    """A communicator that keeps what it is given and hands it back in order."""

    def __init__(self) -> None:
        self.sent: list[np.ndarray] = []

    def Get_rank(self) -> int:
        return 0

    def Get_size(self) -> int:
        return 2

    def Send(self, piece: np.ndarray, dest: int) -> None:
        self.sent.append(piece.copy())

    def Recv(self, piece: np.ndarray, source: int) -> None:
        piece[...] = self.sent.pop(0)

    def Allreduce(self, array: np.ndarray, total: np.ndarray) -> None:
        total[...] = 2 * array


@pytest.mark.parametrize("shape", [(3, 7), (10,), (1, 20), (4, 5)])
def test_large_messages_go_in_pieces_and_arrive_whole(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_MESSAGE", 10)
    ranks, array = MpiRanks(Recorder()), np.arange(float(np.prod(shape))).reshape(shape)
    received = np.full(shape, np.nan)

    ranks.send(array, 1)
    sizes = [piece.size for piece in ranks._communicator.sent]
    ranks.receive(received, 0)

    assert max(sizes) <= 10
    assert sum(sizes) == array.size
    assert np.array_equal(received, array)


def test_sums_over_ranks_leave_their_argument_alone() -> None:
    ranks, array = MpiRanks(Recorder()), np.array([1, 0])

    assert ranks.sum(array).tolist() == [2, 0]
    assert array.tolist() == [1, 0]
    assert ranks.any(True)
    assert not ranks.any(False)
