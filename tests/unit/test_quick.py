"""What `make test-quick` chooses: the nearest to the change first, within its budget."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import quick
from quick import CORE, Candidate, choose
from recording import read_seconds

ROOT = Path(__file__).parents[2]
IMPORTERS = {
    "eigenscape.store.receipts": {"eigenscape.store.products"},
    "eigenscape.store.products": {"eigenscape.stages.cells"},
}
RECEIPTS = "src/eigenscape/store/receipts.py"
MIRROR = Candidate("tests/unit/store/test_receipts.py", 5.0)
DIRECT = Candidate("tests/unit/test_direct.py", 20.0, frozenset({"eigenscape.store.receipts"}))
FAR = Candidate("tests/unit/test_far.py", 1.0, frozenset({"eigenscape.stages.cells"}))
PAGE = Candidate("tests/docs/test_page.py", 1.0, text='ROOT / "docs" / "page.md"')
ELSEWHERE = Candidate("tests/unit/test_elsewhere.py", 2.0)
SLOW = Candidate("tests/unit/test_slow.py", 500.0)
EVERY = [SLOW, ELSEWHERE, PAGE, FAR, DIRECT, MIRROR]


def test_the_nearest_come_first_and_then_the_quickest() -> None:
    choice = choose(EVERY, [RECEIPTS], IMPORTERS, budget=40.0)
    assert list(choice.reasons.items()) == [
        (MIRROR.file, f"mirrors {RECEIPTS}"),
        (DIRECT.file, "imports what changed"),
        (FAR.file, "sees it through 2 import(s)"),
        (PAGE.file, CORE),
        (ELSEWHERE.file, CORE),
    ]
    assert choice.seconds == 29.0


def test_a_small_budget_is_spent_on_the_nearest_and_says_what_it_has_no_room_for() -> None:
    choice = choose(EVERY, [RECEIPTS], IMPORTERS, budget=10.0)
    assert next(iter(choice.reasons)) == MIRROR.file
    assert choice.seconds <= 10.0
    assert choice.left_out == {DIRECT.file: "imports what changed; takes 20 core seconds"}


def test_a_changed_test_is_chosen_and_a_changed_page_is_looked_for_by_name() -> None:
    reasons = choose(EVERY, [ELSEWHERE.file, "docs/page.md"], IMPORTERS, budget=40.0).reasons
    assert reasons[ELSEWHERE.file] == "changed"
    assert reasons[PAGE.file] == "names docs/page.md"
    assert choose(EVERY, [SLOW.file], IMPORTERS, budget=40.0).left_out == {
        SLOW.file: "changed; takes 500 core seconds"
    }


def test_without_a_change_the_quickest_of_all_are_run() -> None:
    choice = choose(EVERY, [], IMPORTERS, budget=5.0)
    assert choice.reasons == {PAGE.file: CORE, FAR.file: CORE, ELSEWHERE.file: CORE}
    assert choice.left_out == {}


def test_most_files_are_timed() -> None:
    """New files and renamed ones may wait for `make durations`, as long as they are few."""
    timed = read_seconds().keys()
    files = {one.file for one in quick.candidates()}
    assert len(files - timed) < len(files) / 4, "run `make durations`"


def test_it_says_what_it_would_run() -> None:
    run = subprocess.run(
        [sys.executable, "tests/quick.py", "--list", "--base", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "of the rest, the quickest" in run.stdout
    assert "`make test` runs them" in run.stdout
    wrong = subprocess.run(
        [sys.executable, "tests/quick.py", "--base", "no-such-branch"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("quick: --base: expected a commit or a branch, found no-such")
