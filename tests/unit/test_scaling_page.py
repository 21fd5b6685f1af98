"""The tables of docs/scaling.md are what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from eigenscape.cli.plan import plan
from eigenscape.errors import BadInput

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"```console\n\$ eigenscape (plan [^\n]*)\n(.*?)```\n",
    (ROOT / "docs" / "scaling.md").read_text(),
    re.DOTALL,
)


def test_the_page_plans_both_tasks_on_three_numbers_of_devices() -> None:
    wanted = {
        (name, devices)
        for name in ("full_map", "one_large_cell")
        for devices in ("16", "256", "4096")
    }

    found = {
        (command.split("docs/scaling/")[1].split(".yaml")[0], command.split()[-1])
        for command, _ in BLOCKS
    }
    assert found == wanted


@pytest.mark.parametrize(
    ("command", "printed"), BLOCKS, ids=[command[-60:] for command, _ in BLOCKS]
)
def test_a_table_is_what_the_command_prints(
    command: str, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run = CliRunner().invoke(plan, command.split()[1:])

    assert run.exception is None
    assert run.stdout == printed


def test_devices_without_a_machine_that_has_them_are_refused() -> None:
    run = CliRunner().invoke(plan, ["--on", "core", "--devices", "4"])

    assert isinstance(run.exception, BadInput)
    assert str(run.exception).startswith("--devices: expected 1 without GPUs, found 4; ")
