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
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.planning.communication import Share
from eigenscape.stages.active_subspace.accumulation import Work, summed_bands
from eigenscape.stages.common.samplers import sampler_of_network
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
        work = Work(
            cell,
            sampler_of_network(study, cell.architecture),
            shards,
            ranks,
            Watchdog(0),
            600.0,
            quiet=True,
        )
        ranks.traffic = Traffic()
        summed_bands(work, Share.BANDS)
        counted = dataclasses.asdict(ranks.traffic)
    sys.stdout.write(json.dumps({"rank": ranks.rank, "samples": samples, **counted}) + "\n")
