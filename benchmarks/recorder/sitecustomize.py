"""Notes where the processor time of a Python process goes; `benchmarks/whole_job.py` puts it on
PYTHONPATH.

A timer of processor time interrupts the process, and the stack that it finds says what kind of work
it was. Each stack weighs the processor time since the one before, of all threads, so a long call of
LAPACK, which cannot be interrupted, counts in full where it was called. What comes after Python's
last line is not seen here.
"""

import atexit
import json
import os
import signal
import sys
import time
from collections import Counter

FOLDER = os.environ.get("EIGENSCAPE_WHOLE_JOB")
"""Where notes go; without it, nothing happens."""

TICK = 0.004
"""Seconds of processor time between two looks: a hundred in the start of an interpreter, and less
than a thousandth of its time."""

IMPORTS, COMPILE, FILES, DRAWING, ARITHMETIC = (
    "imports",
    "kernels",
    "files",
    "drawing",
    "arithmetic",
)


def kind_of(frame):
    """What a stack is doing, and the innermost module of eigenscape in it."""
    kind, module = ARITHMETIC, ""
    while frame is not None:
        name = frame.f_code.co_filename
        if "importlib._bootstrap" in name:
            kind = IMPORTS
        elif "/numba/core/dispatcher.py" in name:
            # whatever was inside: reading the cache, compiling, and what the compiler imports
            kind = COMPILE
        elif kind == ARITHMETIC and ("/zarr/" in name or "/eigenscape/store/" in name):
            kind = FILES
        elif kind == ARITHMETIC and ("/matplotlib/" in name or "/eigenscape/figures/" in name):
            kind = DRAWING
        if not module and "/eigenscape/" in name:
            module = name.rpartition("/eigenscape/")[2]
        frame = frame.f_back
    return kind, module


def record(program):
    """Start to look, and write at the end."""
    start = time.process_time()
    wall = time.time()
    last = start
    seconds, modules = Counter(start=start), Counter()

    def look(_signal, frame):
        nonlocal last
        now = time.process_time()
        kind, module = kind_of(frame)
        seconds[kind] += now - last
        modules[f"{kind} {module}"] += now - last
        last = now

    def write():
        signal.setitimer(signal.ITIMER_PROF, 0)
        own = os.times()
        note = {
            "program": program,
            "arguments": sys.argv[1:],
            "wall": time.time() - wall,
            "own": own.user + own.system,
            "children": own.children_user + own.children_system,
            "seconds": {**seconds, "unseen": time.process_time() - last},
            "modules": dict(modules.most_common(12)),
        }
        with open(os.path.join(FOLDER, f"{os.getpid()}-{time.time_ns()}.json"), "w") as file:
            json.dump(note, file)

    atexit.register(write)
    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)


if FOLDER:
    words = [os.path.basename(word) for word in sys.orig_argv]
    for name in ("eigenscape", "snakemake"):
        if name in words:
            record(name)
            break
