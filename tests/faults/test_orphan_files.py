"""Files of dead attempts lie about.

Injection: half-written temporary files, a half-built store, a shard without receipts and a torn
lease, as crashes leave them. Promise: none is believed; the run ends with the same bits and removes
them all.
"""

import pytest

pytestmark = pytest.mark.faults


def test_what_dead_attempts_left_is_removed(runs, case, undisturbed) -> None:
    cell = case.study.headline_cell
    left = [
        case.shards / "node-00-01" / ".band-000.bin.4711.partial",
        case.shards / "node-02-01" / "band-000.bin",
        case.folder.attempt(cell, "0123456789abcdef") / "second_moment.zarr" / "zarr.json",
        case.store.parent / ".second_moment.receipt.json.4711.partial",
        case.store / "second_moment" / "c" / "0" / "0",
        case.leases / "claim-000001.json",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"half')

    run = runs.second_moment(case, 1)
    assert run.wait() == 0, run.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
    assert not list(case.folder.root.rglob("*.partial"))
