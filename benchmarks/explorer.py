"""How long the explorer takes from a moved slider to painted figures.

    python benchmarks/explorer.py [--moves 60]

Two clocks. The server's: its whole answer to one request of the page (HTTP, reading, computing,
changes, JSON), and beside it the computation alone. The browser's, in Chromium without a GPU, which
draws the 3-D surface by software (on a machine with one it is quicker): from the slider's event to
the end of the frame in which the curve on its surface and the numbers above it are painted, and to
the end of the one that paints the last figure in sight. A frame has ended when a task that was
queued in the next animation frame runs and, for the surface, when a pixel of it can be read, for
which the software must have finished drawing. Figures out of sight are drawn when the slider rests,
and not waited for.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import Page, start_chromium

from eigenscape.explorer.app import build
from eigenscape.explorer.figures_network import figure_updates
from eigenscape.explorer.snapshot import snapshot
from eigenscape.explorer.state import State

VIEWS = {
    "default (2→4→4→1)": ("", "W2[1,1]"),
    "depth 5, width 16": ("depth=5&width=16&draw=scaled", "W1[1,1]"),
    "depth 10, width 64": ("depth=10&width=64&draw=scaled", "W1[1,1]"),
}

TIMED_MOVE = """
const [input, value, done] = arguments;
const canvas = document.querySelector("#surface canvas"), \
gl = canvas.getContext("webgl") || canvas.getContext("webgl2");
let start = 0, first = 0;
const painted = (then) => requestAnimationFrame(() => setTimeout(() => {
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  then(performance.now() - start);
}, 0));
document.addEventListener("eigenscape:drawn", (event) => {
  painted((time) => { first = event.detail === "surface" ? time : 1e9; });
}, { once: true });
document.addEventListener("eigenscape:complete", \
() => painted((time) => done([first, time])), { once: true });
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
start = performance.now();
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
"""Milliseconds until the first frame, for ever unless it has the surface, and until the last one in
sight."""


def server_times(query: str, moves: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of whole answers and of their computation, and the bytes of an answer."""
    client = build(Path("results")).server.test_client()
    answers, computations, size = [], [], 0
    for move in range(moves):
        weights = {"1.1.1": round(-2 + 4 * move / moves, 2)}
        body = {
            "number": move + 1,
            "query": query,
            "controls": {},
            "weights": weights,
            "action": "",
            "opening": False,
        }
        started = time.perf_counter()
        answer = client.post("/view", json=body)
        answers.append(1e3 * (time.perf_counter() - started))
        size = len(answer.data)
        if answer.status_code != 200 or answer.json["message"]:
            raise SystemExit(f"the server answered {answer.status}: {answer.data[:200]}")
        state = State.parse(answer.json["query"])
        started = time.perf_counter()
        figure_updates(snapshot(state))
        computations.append(1e3 * (time.perf_counter() - started))
    return answers, computations, size


def browser_times(moves: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds from the slider's event to the first and to the last painted frame, for every
    view.
    """
    command = [sys.executable, "-m", "eigenscape", "explore", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        tempfile.TemporaryDirectory() as profile,
    ):
        browser = start_chromium(Path(profile))
        found = {}
        try:
            page = Page(browser, re.search(r"http://\S+/", process.stdout.readline())[0])
            for name, (query, label) in VIEWS.items():
                page.open(query)
                time.sleep(1)
                slider, times = page.sliders()[label], []
                for move in range(moves):
                    page.settle()
                    times.append(
                        browser.execute_async_script(
                            TIMED_MOVE, slider, f"{-2 + 4 * move / moves:.2f}"
                        )
                    )
                found[name] = times[3:]  # the first few compile
        finally:
            browser.quit()
            process.send_signal(signal.SIGINT)
        return found


def described(times: list[float]) -> str:
    """Median and the value that nine of ten are below."""
    return f"{statistics.median(times):7.1f} {statistics.quantiles(times, n=10)[-1]:7.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=60)
    moves = parser.parse_args().moves
    painted = browser_times(moves)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; milliseconds, median and 90th"
        f" percentile of {moves} moves"
    )
    print(
        f"{'view':22}{'computation':>17}{'server':>17}{'first frame':>17}"
        f"{'all in sight':>17}{'answer, kB':>12}"
    )
    for name, (query, _) in VIEWS.items():
        answers, computations, size = server_times(query, moves)
        columns = (computations, answers, *map(list, zip(*painted[name], strict=True)))
        print(
            f"{name:22}"
            + "".join(f"  {described(times)}" for times in columns)
            + f"{size / 1e3:12.0f}"
        )


if __name__ == "__main__":
    main()
