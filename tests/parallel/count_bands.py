"""Run by test_traffic.py under mpiexec: sums a cell by bands and prints what every rank sent and
received.
"""

import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from eigenscape.config.study import Study
from eigenscape.distributed.ranks import Traffic, started_ranks
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.sums import SumByBands
from eigenscape.store.shards import Shards

ranks = started_ranks(int(sys.argv[1]))
for samples in map(int, sys.argv[2:]):
    study = Study.from_mapping(
        {
            "grid": {"depth": [1], "width": [5]},
            "headline": {"depth": 1, "width": 5, "samples": samples},
        }
    )
    cell = study.headline_cell
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder) / "shards", cell, Path(folder) / "quarantine")
        sampler = sampler_of_network(study, cell.architecture)
        ranks.traffic = Traffic()
        SumByBands(
            sampler,
            cell.samples,
            shards,
            ranks,
            execution=Execution(checkpoint_seconds=600, quiet=True),
        ).bands()
        counted = dataclasses.asdict(ranks.traffic)
    sys.stdout.write(json.dumps({"rank": ranks.rank, "samples": samples, **counted}) + "\n")
