"""Signals: noted and asked about, except a second Ctrl-C."""

import signal
from collections.abc import Iterator

import pytest

from eigenscape.errors import Interrupted
from eigenscape.stages.common import signals

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in HEARD}
    signals.install()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", HEARD)
def test_a_signal_is_noted_and_nothing_is_interrupted(number: signal.Signals) -> None:
    assert not signals.stop_requested()

    signal.raise_signal(number)

    assert signals.stop_requested()


def test_a_second_ctrl_c_ends_the_program_at_once() -> None:
    signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_second_warning_of_slurm_does_not() -> None:
    signal.raise_signal(signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    signal.raise_signal(signal.SIGINT)

    assert signals.stop_requested()


def test_a_stage_leaves_where_it_is_asked_to_and_says_what_it_keeps() -> None:
    signals.leave_if_asked("finished cells are kept")

    signal.raise_signal(signal.SIGTERM)

    kept = "finished cells are kept"
    words = f"interrupted; {kept}, run the same command to resume"
    with pytest.raises(Interrupted, match=f"^{words}$"):
        signals.leave_if_asked(kept)
    with pytest.raises(Interrupted, match=f"^heat: {words}$"):
        signals.leave_if_asked(kept, of="heat")
