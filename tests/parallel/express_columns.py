"""Run by test_self_expression.py under mpiexec: every rank prints the digests of what it got."""

import hashlib
import json
import sys

import numpy as np

from eigenscape.clustering.gram import unit_columns
from eigenscape.clustering.sparse import Penalty
from eigenscape.distributed.ranks import started_ranks
from eigenscape.distributed.self_expression import distributed_self_expression

ranks = started_ranks(int(sys.argv[1]))
matrix = unit_columns(np.random.default_rng(0).standard_normal((150, 12)))[0]
if ranks.rank:
    matrix = matrix + ranks.rank * 1e-3  # rank 0's counts
line = {"rank": ranks.rank}
for name, penalty in {
    "lasso": Penalty(20.0),
    "net": Penalty(9.0, tau=0.5),
    "affine": Penalty(5.0, outliers=9.0, affine=True),
}.items():
    found = distributed_self_expression(matrix, penalty, ranks, tolerance=1e-3)
    arrays = [
        found.coefficients,
        found.certificate.gap,
        found.iterations,
        *([] if found.outliers is None else [found.outliers]),
    ]
    line[name] = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    line[f"{name} done"] = bool(found.converged.all())
sys.stdout.write(json.dumps(line) + "\n")
