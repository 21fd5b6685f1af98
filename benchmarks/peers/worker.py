"""One route, one size, in a process of its own: core-seconds of every stage, and how far its
numbers are from the reference.

Started by `side_by_side.py` with a JSON object; prints one.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from peers.job import Job

from eigenscape.networks.rounding import rounding_growth

EPSILON = float(np.finfo(np.float64).eps)
AGAIN_BELOW = 8.0
"""Core-seconds. A stage that took less is run again and the better of the two counts: on a virtual
machine the first touch of memory may cost more than the arithmetic of a small stage, whoever does
it."""


def main() -> None:
    """Run the route that the first argument describes."""
    order = json.loads(sys.argv[1])
    job = Job(**order["job"])
    route = importlib.import_module(f"peers.by_{order['route']}")
    versions = {name: importlib.metadata.version(name) for name in route.DISTRIBUTIONS}
    job.parameters  # noqa: B018 - drawn before anything is timed
    warm_up_libraries(route)
    route.warm_up(job)
    seconds: dict[str, float] = {"start": time.process_time()}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = work()
        seconds[stage] = time.process_time() - began
        if seconds[stage] < AGAIN_BELOW:
            began = time.process_time()
            result = work()
            seconds[stage] = min(seconds[stage], time.process_time() - began)
        return result

    moment = values = None
    if hasattr(route, "largest_eigenvalues"):
        values = timed("largest eigenvalues", lambda: route.largest_eigenvalues(job))
    elif hasattr(route, "eigenvalues_of_gradients"):
        found = route.gradients_untimed(job)
        values = timed("spectrum", lambda: route.eigenvalues_of_gradients(found))
    else:
        found = timed("gradients", lambda: route.gradients(job))
        moment = timed("second moment", lambda: route.second_moment(found))
        if job.spectrum:
            values = timed("spectrum", lambda: route.eigenvalues(moment, found))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "versions": versions,
                "checks": checks(Path(order["reference"]), order["route"], job, moment, values),
            }
        )
    )


def warm_up_libraries(route: Any) -> None:
    """The first call of a library looks up threads and buffers: every stage once, on a network of
    16 parameters.
    """
    small = Job(1, 5, 32)
    route.warm_up(small)
    if hasattr(route, "largest_eigenvalues"):
        return
    if hasattr(route, "eigenvalues_of_gradients"):
        route.eigenvalues_of_gradients(route.gradients_untimed(small))
        return
    found = route.gradients(small)
    route.eigenvalues(route.second_moment(found), found)


def checks(
    folder: Path, route: str, job: Job, moment: Any, values: np.ndarray | None
) -> dict[str, float]:
    """Differences from eigenscape's numbers, as multiples of what rounding allows; eigenscape
    leaves them behind.

    C: a sum of N products is off by at most N eps of the sum of their magnitudes, which is at most
    N max diag C, and gradients by what rounding grows to in this network, as measured: N eps max
    |C| and `RoundingGrowth.moment_tolerance` of tr C. Eigenvalues, by that perturbation and the
    solver: 10 P eps lambda_1.
    """
    reference = {
        name: folder / f"{name}-{job.depth}-{job.width}-{job.samples}.npy"
        for name in ("moment", "values")
    }
    if route == "eigenscape":
        np.save(reference["moment"], moment)
        if values is not None:
            np.save(reference["values"], values)
        return {}
    found = {}
    if moment is not None:
        expected = np.load(reference["moment"])
        allowed = job.samples * EPSILON * np.abs(expected).max()
        allowed += rounding_growth(job.sampler).moment_tolerance * np.trace(expected)
        found["second moment"] = float(np.abs(np.asarray(moment) - expected).max() / allowed)
    if values is not None and reference["values"].exists():
        expected = np.load(reference["values"])
        allowed = 10 * len(expected) * EPSILON * expected[0]
        found["eigenvalues"] = float(np.abs(values - expected[: len(values)]).max() / allowed)
    return found


if __name__ == "__main__":
    main()
