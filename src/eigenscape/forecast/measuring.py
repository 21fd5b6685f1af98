"""The rates of this machine, from four probes that take about a second together.

Each probe times one operation that represents many: a product for LAPACK and compiled loops, a
small eigensolve for eigensolves, a copy for work bound by memory, a loop of plain Python for
imports, figures and files. Every rate is that of the reference core times the speed-up of its probe
on this machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from eigenscape.planning.machine import CORE, Machine
from eigenscape.planning.work import Kind


class Probe(StrEnum):
    """The operation that is timed."""

    PRODUCT = "dgemm of 640 x 640"
    EIGENSOLVE = "eigenvalues of 320 x 320"
    COPY = "a copy of 64 MB"
    PYTHON = "a million additions in Python"


REFERENCE = {Probe.PRODUCT: 46e9, Probe.EIGENSOLVE: 11.3e9, Probe.COPY: 18.5e9, Probe.PYTHON: 33e6}
"""Rates of the reference machine in flop/s, flop/s, bytes/s and additions/s."""

PROBE_OF = {
    **dict.fromkeys(Kind, Probe.PRODUCT),
    Kind.EIGENVALUES: Probe.EIGENSOLVE,
    Kind.EIGENVECTORS: Probe.EIGENSOLVE,
    Kind.DISTRIBUTED: Probe.EIGENSOLVE,
    Kind.COLUMN: Probe.EIGENSOLVE,
    Kind.STREAM: Probe.COPY,
    Kind.REORDER: Probe.COPY,
    Kind.COPY: Probe.COPY,
    Kind.SEND: Probe.COPY,
    Kind.READ: Probe.COPY,
    Kind.WRITE: Probe.COPY,
    Kind.STORE: Probe.PYTHON,
    Kind.START: Probe.PYTHON,
    Kind.SCALAR: Probe.PYTHON,
    Kind.MESSAGE: Probe.PYTHON,
}
"""The probe that represents each kind of work. Reading and writing are bound by checksums and
copies, not by the disk."""


@dataclass(frozen=True)
class Probed:
    """The rates that the probes measured.

    Attributes:
        rates: measured rates by probe, in the units of `REFERENCE`.
    """

    rates: dict[Probe, float]

    def machine(self) -> Machine:
        """Return a machine that is one core of this machine."""
        rates = {
            kind: rate * self.rates[PROBE_OF[kind]] / REFERENCE[PROBE_OF[kind]]
            for kind, rate in CORE.rates.items()
        }
        product = self.rates[Probe.PRODUCT] / 1e9
        return replace(
            CORE,
            name="here",
            title=f"this machine ({product:.0f} GFLOP/s measured on one core)",
            rates=rates,
            sources=("rates of the reference core, scaled by four probes of a second together",),
        )


def probed(repeats: int = 5) -> Probed:
    """Time every probe on one thread, in processor seconds and the best of a few, so that other
    users of the machine have no influence.
    """
    import numpy as np  # noqa: PLC0415 - a plan for another machine needs none of it
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((640, 640))
    symmetric = matrix[:320, :320] + matrix[:320, :320].T
    source = np.ones(8 * 2**20)
    target = np.empty_like(source)

    def count() -> None:
        total = 0
        for number in range(10**6):
            total += number

    with threadpool_limits(1):
        return Probed(
            {
                Probe.PRODUCT: 2 * 640**3 / _best(lambda: matrix @ matrix, repeats),
                Probe.EIGENSOLVE: (
                    4 / 3 * 320**3 / _best(lambda: np.linalg.eigvalsh(symmetric), repeats)
                ),
                Probe.COPY: 2 * source.nbytes / _best(lambda: np.copyto(target, source), repeats),
                Probe.PYTHON: 10**6 / _best(count, repeats),
            }
        )


def _best(work: Callable[[], object], repeats: int) -> float:
    """Return the processor seconds of the fastest of some calls, after one that warms up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
    return best


def measured_machine() -> Machine:
    """Measure one core of this machine, in about a second."""
    return probed().machine()
