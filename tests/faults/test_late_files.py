"""Files that are seen late.

Injection: as on a network file system, a receipt or a shard that has been written is not to be seen
at first and turns up while another run is at work. Promise: a receipt that the ledger promises is
waited for; one that nobody promises is an error that says what to run; what is not seen is computed
again, and what turns up meanwhile does no harm: the same bits.
"""

import time

import pytest
from faults.harness import interrupted, until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def test_a_receipt_that_the_ledger_promises_is_waited_for(runs, finished) -> None:
    case = finished
    note = case.folder.ledger("second_moment", case.cell)
    note.parent.mkdir(parents=True)
    note.write_text("{}")
    hidden = case.receipt.rename(case.receipt.with_name("hidden"))
    log = case.folder.root / "spectrum.log"
    run = runs.stage(case, "spectrum", case.cell, "--log", str(log))
    until(lambda: log.exists() and "not to be seen yet" in log.read_text(), "a wait", run)
    time.sleep(1)
    assert run.process.poll() is None
    hidden.rename(case.receipt)
    assert run.wait() == 0, run.output
    assert case.folder.receipt(case.folder.spectrum(case.study.headline_cell)).exists()


def test_a_receipt_that_nobody_promises_is_an_error_at_once(runs, case) -> None:
    run = runs.stage(case, "spectrum", case.cell)
    assert run.wait() == 1
    (line,) = run.output.splitlines()
    assert "no receipt" in line
    assert "run the stage second-moment for this cell first" in line


def test_a_result_that_turns_up_while_it_is_computed_again_does_no_harm(
    runs, finished, undisturbed
) -> None:
    case = finished
    hidden = case.receipt.rename(case.folder.root / "hidden")
    run = runs.second_moment(case, 2, fault="slow@block:*:*")
    until(lambda: len(case.shard_receipts()) >= 2, "two shards", run)
    hidden.rename(case.receipt)
    assert run.wait() == 0, run.output
    assert case.bits() == undisturbed(case)
    assert not case.folder.quarantine.exists()
    assert not case.work.exists()


def test_a_shard_that_turns_up_late_does_no_harm(runs, case, undisturbed) -> None:
    late = interrupted(runs, case)[0].parent
    hidden = late.rename(case.folder.root / "hidden")
    before = set(case.shard_receipts())
    run = runs.second_moment(case, 2, fault="slow@block:*:*")
    until(lambda: bool(set(case.shard_receipts()) - before), "a shard", run)
    if not late.exists():  # computed again by now
        hidden.rename(late)
    assert run.wait() == 0, run.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
