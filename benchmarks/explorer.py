"""How long the explorer takes from a moved slider to painted figures.

    python benchmarks/explorer.py [--moves 60]

Two clocks. The server's: its whole answer to one request of the page (HTTP, reading, computing, changes, JSON), and beside
it the computation alone. The browser's: from the slider's event to the frame after every figure in sight has been drawn
(the rest follow when the slider rests), in Chromium without a GPU, which draws the 3-D surface by software: on a machine
with one it is quicker.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import Page, start_chromium

from eigenscape.explorer.app import build
from eigenscape.explorer.figures_network import changes
from eigenscape.explorer.snapshot import snapshot
from eigenscape.explorer.state import State

VIEWS = {
    "default (2→4→4→1)": ("", "W2[1,1]"),
    "depth 5, width 16": ("depth=5&width=16&draw=scaled", "W1[1,1]"),
    "depth 10, width 64": ("depth=10&width=64&draw=scaled", "W1[1,1]"),
}

TIMED_MOVE = """
const [input, value, done] = arguments;
const inSight = (figure) => figure.getBoundingClientRect().top < innerHeight;
const figures = [...document.querySelectorAll("#panel-network .js-plotly-plot")].filter(inSight);
let left = figures.length, start = 0;
const drawn = (event) => { left -= 1; if (left === 0) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0)); };
for (const figure of figures) {
  const once = () => { figure.removeListener("plotly_afterplot", once); drawn(); };
  figure.on("plotly_afterplot", once);
}
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
start = performance.now();
input.dispatchEvent(new Event("input", { bubbles: true }));
"""
"""A frame after the last figure's `plotly_afterplot`; the timeout lets that frame reach the screen."""


def server_times(query: str, moves: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of whole answers and of their computation, and the bytes of an answer."""
    client = build(Path("results")).server.test_client()
    specification = next(entry for entry in client.get("/_dash-dependencies").json if "response.data" in entry["output"])
    outputs = client_outputs(specification["output"])
    answers, computations, size = [], [], 0
    for move in range(moves):
        weights = {"1.1.1": round(-2 + 4 * move / moves, 2)}
        sent = {"number": move + 1, "query": query, "controls": {}, "weights": weights, "action": "", "opening": False}
        body = {
            "output": specification["output"],
            "outputs": outputs,
            "inputs": [{"id": "request", "property": "data", "value": sent}],
            "changedPropIds": ["request.data"],
        }
        started = time.perf_counter()
        answer = client.post("/_dash-update-component", json=body)
        answers.append(1e3 * (time.perf_counter() - started))
        size = len(answer.data)
        if answer.status_code != 200:
            raise SystemExit(f"the server answered {answer.status}")
        state = State.parse(json.loads(answer.data)["response"]["response"]["data"]["query"])
        started = time.perf_counter()
        changes(snapshot(state))
        computations.append(1e3 * (time.perf_counter() - started))
    return answers, computations, size


def client_outputs(joined: str) -> list[dict[str, str]]:
    """The outputs as the page names them in a request."""
    parts = joined.strip(".").split("...")
    return [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in parts]


def browser_times(moves: int) -> dict[str, list[float]]:
    """Milliseconds from the slider's event to painted figures, for every view."""
    command = [sys.executable, "-m", "eigenscape", "explore", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, tempfile.TemporaryDirectory() as profile:
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
                    times.append(browser.execute_async_script(TIMED_MOVE, slider, f"{-2 + 4 * move / moves:.2f}"))
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
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; milliseconds, median and 90th percentile of {moves} moves")
    print(f"{'view':22}{'computation':>17}{'server':>17}{'slider to paint':>17}{'answer, kB':>12}")
    for name, (query, _) in VIEWS.items():
        answers, computations, size = server_times(query, moves)
        print(f"{name:22}  {described(computations)}  {described(answers)}  {described(painted[name])}{size / 1e3:12.0f}")


if __name__ == "__main__":
    main()
