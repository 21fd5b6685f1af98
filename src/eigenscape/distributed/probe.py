"""The facts that ranks observe about each other, for `eigenscape doctor`: ``mpiexec -n 2 python -m
mpi4py -m eigenscape.distributed.probe FOLDER``.

Every rank writes a file and reads those of the others; rank 0 prints the facts of all ranks as one
line of JSON. Where the launcher does not fit the MPI library, each process is alone and prints a
line of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def seen_by_this_rank(rank: int, folder: Path) -> dict[str, Any]:
    """Return the facts that a rank knows without the others: its node, devices, cores and scratch;
    it writes the file ``rank-<rank>``.
    """
    scratch = Path(tempfile.gettempdir())
    file = folder / f"rank-{rank}"
    with file.open("w") as stream:
        stream.write(str(rank))
        stream.flush()
        os.fsync(stream.fileno())
    return {
        "rank": rank,
        "node": os.environ.get("SLURMD_NODENAME") or os.uname().nodename,
        "devices": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "cores": len(os.sched_getaffinity(0)),
        "scratch": str(scratch),
        "scratch_writable": os.access(scratch, os.W_OK),
        "scratch_free": shutil.disk_usage(scratch).free,
        "mtime_skew": file.stat().st_mtime - time.time(),
    }


def main(folder: Path) -> None:
    """Gather the facts of all ranks and print them on rank 0."""
    from mpi4py import MPI  # noqa: PLC0415 - importing it starts MPI

    world = MPI.COMM_WORLD
    seen = seen_by_this_rank(world.Get_rank(), folder)
    world.Barrier()
    seen["clock"] = time.time()
    seen["local_rank"] = world.Split_type(MPI.COMM_TYPE_SHARED).Get_rank()
    # A file system may show another node's file late (NFS keeps attributes for seconds): how late
    # is what we want to know.
    start = time.monotonic()
    missing = {
        other for other in range(world.Get_size()) if not (folder / f"rank-{other}").exists()
    }
    while missing and time.monotonic() - start < 30:
        time.sleep(0.1)
        missing = {other for other in missing if not (folder / f"rank-{other}").exists()}
    seen["unseen_files"] = sorted(missing)
    seen["seconds_until_seen"] = time.monotonic() - start
    everybody = world.gather(seen, root=0)
    if world.Get_rank() == 0:
        library = " ".join(
            MPI.Get_library_version().splitlines()[0].split(",")[0].strip("\0 ").split()
        )
        print(
            json.dumps({"size": world.Get_size(), "library": library, "ranks": everybody}),
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
