"""A rank is killed between two writes.

Injection: SIGKILL after the data of a shard and before its receipt; while the store is built;
before it is moved to its place; and after that, before the final receipt. Promise: what has no
receipt is not believed; the next run resumes to the same bits and removes what lay about.
"""

import pytest

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.parametrize(
    "moment", ["file:0:6", "file:1:4", "build:1:1", "publish:0:1", "receipt:0:1"]
)
def test_what_has_no_receipt_is_not_believed(runs, case, undisturbed, moment: str) -> None:
    run = runs.second_moment(case, 2, fault=f"kill@{moment}")
    assert run.wait() != 0
    assert not case.receipt.exists()
    assert case.store.exists() == moment.startswith("receipt")
    data = {path.with_suffix(".json") for path in case.shards.glob("*/band-*.bin")}
    assert (data > set(case.shard_receipts())) == moment.startswith("file")

    resumed = runs.second_moment(case, 2)
    assert resumed.wait() == 0, resumed.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
