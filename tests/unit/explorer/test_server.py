"""`eigenscape explore` as a user starts it: where it listens, what it says, whom it answers."""

import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "eigenscape", "explore", "--results", "nowhere")


@contextmanager
def exploring(folder: Path, *options: str) -> Iterator[tuple[list[str], int]]:
    """The lines that it prints up to its address, and the port."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = [process.stdout.readline()]
            while lines[-1] and "http://" not in lines[-1]:
                lines.append(process.stdout.readline())
            yield lines, int(re.search(r":(\d+)/", lines[-1])[1])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def status(port: int, host: str) -> int:
    """What it answers to a request that calls it so."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/network.csv", headers={"Host": host})
        with connection.getresponse() as response:
            return response.status


def test_by_default_it_is_reached_from_this_machine_and_by_its_names_only(tmp_path: Path) -> None:
    with exploring(tmp_path) as (lines, port):
        assert lines == [f"The explorer is at http://127.0.0.1:{port}/ (Ctrl-C ends it)\n"]
        assert [
            status(port, name) for name in (f"127.0.0.1:{port}", "localhost", "evil.example")
        ] == [200, 200, 403]


def test_another_host_is_served_with_a_warning(tmp_path: Path) -> None:
    with exploring(tmp_path, "--host", "0.0.0.0") as (  # noqa: S104
        lines,
        port,
    ):
        assert (
            lines[0]
            == "Warning: whoever reaches 0.0.0.0 can use this page and read the results; there is"
            " no authentication.\n"
        )
        assert status(port, "my-machine.example") == 200


@pytest.mark.parametrize("options", [(), ("--host", "no.such.host.invalid")])
def test_an_address_that_cannot_be_bound_is_one_line(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [*COMMAND, "--port", port, *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode != 0
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert f"--port {port}: expected an address that can be bound" in line
    assert line.endswith("give --port 0 for any free port, or another --host")
