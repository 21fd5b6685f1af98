"""One fault in an otherwise untouched program: `python -m mpi4py injectors.py WHAT@WHERE:RANK:CALL
second-moment ...`.

The program has no hooks for tests. This launcher wraps one of its functions on one rank, so that
the given call of it (1 is the first, * every one) is preceded by the fault, and then goes on as
`python -m eigenscape` does. Several faults are joined by a comma; the word none stands for no
fault.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from eigenscape.active_subspace.second_moment import Accumulator
from eigenscape.store import receipts, second_moments


def _raise() -> None:
    raise RuntimeError("injected: this rank raises")


def _diverge() -> None:
    raise np.linalg.LinAlgError("Eigenvalues did not converge")


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


FAULTS: dict[str, Callable[[], None]] = {
    "kill": _kill,
    "raise": _raise,
    "exit": lambda: sys.exit(0),
    "hang": lambda: time.sleep(3600),
    "stop": _stop,
    "slow": lambda: time.sleep(0.1),
    "diverge": _diverge,
}
"""What may happen."""

PLACES: dict[str, tuple[Any, str]] = {
    "block": (Accumulator, "add_block"),
    "file": (receipts, "write_atomically"),
    "verify": (second_moments, "verify"),
    "build": (second_moments, "write_second_moment"),
    "publish": (receipts, "publish"),
    "receipt": (receipts, "write_receipt"),
    "eigenvalues": (np.linalg, "eigvalsh"),
}
"""Before which call it happens; of "file", even calls write the receipt of the shard before."""


def arrange(fault: str, rank: int) -> None:
    """Wrap the function that a fault names, if it is meant for this rank."""
    what, moment = fault.split("@")
    where, on, call = moment.split(":")
    if on not in ("*", str(rank)):
        return
    owner, name = PLACES[where]
    original, calls = getattr(owner, name), itertools.count(1)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        if call in ("*", str(next(calls))):
            FAULTS[what]()
        return original(*arguments, **options)

    setattr(owner, name, wrapped)


if __name__ == "__main__":
    faults = sys.argv.pop(1)
    for fault in faults.split(",") if faults != "none" else ():
        arrange(fault, int(os.environ.get("PMI_RANK", "0")))
    from eigenscape.cli import main

    main()
