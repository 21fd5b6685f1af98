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
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.sums import SumByBands, SumBySamples
from eigenscape.store.shards import Shards

WAYS = {way.share: way for way in (SumBySamples, SumByBands)}
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
    WAYS[sys.argv[3]](
        sampler,
        cell.samples,
        shards,
        ranks,
        execution=Execution(checkpoint_seconds=600, quiet=True),
    ).bands()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
sys.stdout.write(
    json.dumps({"rank": ranks.rank, "parameters": cell.architecture.parameters, "peak": peak})
    + "\n"
)
