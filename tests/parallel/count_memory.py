"""Run by test_memory.py under mpiexec: the peak of what Python and numpy hold on every rank while a
cell is summed.
"""

import json
import sys
import tempfile
import tracemalloc
from pathlib import Path

from eigenscape.config.study import Study
from eigenscape.distributed.ranks import started_ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.planning.communication import Share
from eigenscape.stages.active_subspace.accumulation import Work, summed_bands
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store.shards import Shards

ranks, width = started_ranks(int(sys.argv[1])), int(sys.argv[2])
study = Study.from_mapping(
    {
        "grid": {"depth": [1], "width": [5]},
        "headline": {"depth": 3, "width": width, "samples": 16 * 256},
    }
)
cell = study.headline_cell
sampler = sampler_of_network(study, cell.architecture)
sampler.block(0, 1)  # compiles, which takes memory of its own
sampler = sampler_of_network(study, cell.architecture)
with tempfile.TemporaryDirectory() as folder:
    shards = Shards(Path(folder) / "shards", cell, Path(folder) / "quarantine")
    tracemalloc.start()
    summed_bands(
        Work(cell, sampler, shards, ranks, Watchdog(0), 600.0, quiet=True), Share(sys.argv[3])
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
sys.stdout.write(
    json.dumps({"rank": ranks.rank, "parameters": cell.architecture.parameters, "peak": peak})
    + "\n"
)
