"""Networks that are trained and read are stopped half-way.

Injection: `eigenscape clustering` is killed (SIGKILL) once it keeps its first replica, and, run
again, is asked to stop (SIGTERM) once it keeps another. Promise: asked to stop it says that it can
be resumed and leaves with exit code 75; replicas that are kept are not computed again; the last run
ends with the same bits as one that nothing happened to, and removes the parts.
"""

import signal
from pathlib import Path

import pytest
from faults.harness import Case, until

pytestmark = pytest.mark.faults

NETWORK = "perceptron-d02-w008"
GRAPHS = {
    "depth": [2],
    "width": [8],
    "channels": None,
    "epochs": [0, 1],
    "seeds": 6,
    "inputs_per_class": 6,
    "shuffled_twin": False,
}
"""Six replicas of four graphs, each some tenths of a second: there is time between one and the
last."""


def test_replicas_that_are_kept_are_not_computed_again(runs, tmp_path: Path) -> None:
    case, reference = (
        Case.at(tmp_path / name, clustering=GRAPHS) for name in ("stopped", "undisturbed")
    )
    parts = case.folder.clustering_parts(NETWORK)

    def kept() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in parts.glob("*-?.json")}

    killed = runs.stage(case, "clustering", NETWORK)
    until(lambda: len(kept()) >= 1, "a replica", killed)
    killed.kill_tree()
    first = kept()
    assert first
    assert not case.folder.clustering(NETWORK).exists()

    asked = runs.stage(case, "clustering", NETWORK)
    until(lambda: len(kept()) > len(first), "another replica", asked)
    asked.process.send_signal(signal.SIGTERM)
    assert asked.wait() == 75, asked.output
    assert f"{NETWORK}: interrupted; finished replicas are kept" in asked.output
    second = kept()
    assert first.items() < second.items()
    assert not case.folder.clustering(NETWORK).exists()

    for one in (case, reference):
        run = runs.stage(one, "clustering", NETWORK)
        assert run.wait() == 0, run.output
    assert (
        case.folder.clustering(NETWORK).read_bytes()
        == reference.folder.clustering(NETWORK).read_bytes()
    )
    assert not parts.exists()
