"""The rates of machines, kind by kind, each number with its source.

A `Machine` is one worker: a core, or a GPU with the cores and the memory that come with it. Seconds
of some work are the sum over kinds of count / rate: nothing overlaps, and no kind is forgotten
because another is larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eigenscape.errors import BadInput
from eigenscape.planning.work import Kind, Work


@dataclass(frozen=True)
class Machine:
    """One worker: a core or a GPU with its rates.

    Attributes:
        name: the name that `eigenscape plan --on` accepts.
        title: the name for people.
        rates: units per second by kind; flops, bytes or counts.
        memory: bytes that a worker may hold.
        largest_eigensolve: P up to which one worker solves alone at its own rate; None without a
            limit.
        device_memory: bytes of the GPU's own memory; None where there is no GPU.
        assumed: whether some rate is taken from data sheets or papers and was not measured by this
            project.
        sources: the sources of the numbers, one sentence each.
    """

    name: str
    title: str
    rates: Mapping[Kind, float]
    memory: int
    largest_eigensolve: int | None
    device_memory: int | None
    assumed: bool
    sources: tuple[str, ...]

    def seconds_by_kind(self, work: Work) -> dict[Kind, float]:
        """Return count over rate for every kind of the work."""
        return {kind: count / self.rates[kind] for kind, count in work.counts.items() if count}

    def seconds(self, work: Work) -> float:
        """Return the time of the work on this worker, one kind after the other.

        Example:
            >>> round(CORE.seconds(Work({Kind.START: 2})) / CORE.seconds(Work({Kind.START: 1})), 6)
            2.0
        """
        return sum(self.seconds_by_kind(work).values())

    def bottleneck(self, work: Work) -> Kind | None:
        """Return the kind that takes most of the time; None if there is no work.

        Example:
            >>> CORE.bottleneck(Work({Kind.GRAM: 1e12, Kind.READ: 1.0})).value
            'gram products'
        """
        by_kind = self.seconds_by_kind(work)
        return max(by_kind, key=by_kind.__getitem__) if by_kind else None


DGEMM = 47e9
"""fp64 flop/s of a matrix product on one core of the reference machine while its other core is
busy."""

CORE = Machine(
    name="core",
    title="one core of the reference machine (AMD EPYC Zen 4, OpenBLAS)",
    rates={
        Kind.GRADIENT: 0.81 * DGEMM,
        Kind.ACTIVATION: 1 / 2.2e-9,
        Kind.LAYER: 1 / 1.04e-6,
        Kind.DRAW: 1 / 2.9e-9,
        Kind.GRAM: 0.95 * DGEMM,
        Kind.PRODUCT: 0.6 * DGEMM,
        Kind.FACTOR: 0.8 * DGEMM,
        Kind.EIGENVALUES: 0.42 * DGEMM,
        Kind.TWO_STAGE: 0.52 * DGEMM,
        Kind.EIGENVECTORS: 0.46 * DGEMM,
        Kind.DISTRIBUTED: 0.35 * DGEMM,
        Kind.COLUMN: 1 / 3e-6,
        Kind.REORDER: 1 / 12e-9,
        Kind.RESAMPLE: 1 / 55e-9,
        Kind.STREAM: 12e9,
        Kind.COPY: 1e12,
        Kind.READ: 280e6,
        Kind.WRITE: 130e6,
        Kind.SEND: 2e9,
        Kind.MESSAGE: 1 / 20e-6,
        Kind.STORE: 1 / 0.04,
        Kind.START: 1 / 2.0,
        Kind.SCALAR: 1.0,
    },
    memory=8 * 10**9,
    largest_eigensolve=None,
    device_memory=None,
    assumed=False,
    sources=(
        (
            "gradients, activations, layer calls: least squares over ten networks, P = 16 to"
            " 48,601, n = 50, within 14 %"
        ),
        (
            "gram products and eigenvalues: benchmarks/headline.py; the others: timed one by one"
            " (benchmarks/plan_against_runs.py compares)"
        ),
    ),
)
"""One core of the machine to which the formulas were fitted; `measured_machine` scales it to the
machine at hand."""

H100_FP64 = 67e12
"""fp64 flop/s of an H100 SXM on tensor cores, NVIDIA's data sheet."""

HOST_CORES = 16
"""Number of cores that come with a GPU: two 64-core processors for eight of them, a usual node."""

H100 = Machine(
    name="h100",
    title=f"H100-class GPU (80 GB) with {HOST_CORES} host cores and 250 GB of host memory",
    rates={
        **CORE.rates,
        Kind.GRADIENT: 0.05 * H100_FP64,
        Kind.ACTIVATION: 3.35e12 / (5 * 8),
        Kind.LAYER: 256 / 200e-6,
        Kind.GRAM: 0.5 * H100_FP64,
        Kind.PRODUCT: 0.2 * H100_FP64,
        Kind.FACTOR: HOST_CORES * 0.6 * DGEMM,
        Kind.EIGENVALUES: 0.03 * H100_FP64,
        Kind.EIGENVECTORS: 0.03 * H100_FP64,
        Kind.DISTRIBUTED: HOST_CORES * 0.35 * DGEMM,
        Kind.COPY: 25e9,
        Kind.SEND: 25e9,
        Kind.MESSAGE: 1 / 5e-6,
    },
    memory=250 * 10**9,
    largest_eigensolve=25_000,
    device_memory=80 * 10**9,
    assumed=True,
    sources=(
        "67 TFLOP/s fp64 on tensor cores, 3.35 TB/s of memory, 80 GB: data sheet of the H100 SXM",
        (
            "gram products at half of that: a rank-256 update of a strip 512 wide does 26 flops a"
            " byte, where 67 TFLOP/s need 20"
        ),
        (
            "gradients at 5 %: layers of 5 to 100 units leave tensor cores idle; 20 launches of 10"
            " us a layer and block of 256 samples"
        ),
        "activations: five passes over memory each; copies at 25 GB/s, half of what PCIe 5 x16 has",
        (
            "network at 25 GB/s a GPU, half of NDR InfiniBand's 400 Gbit/s: host-staged buffers"
            " pass memory twice; 5 us a message"
        ),
        (
            "eigensolve at 3 %, as published dense GPU solvers, up to P = 25,000; beyond, ScaLAPACK"
            " on the host cores at 0.35 of dgemm"
        ),
        (
            "draws, sums of triangles, reading and writing: host code of one core, at the rates of"
            " the reference core"
        ),
    ),
)
"""An H100 from its data sheet: nothing was run on it for these rates."""

MACHINES = {machine.name: machine for machine in (CORE, H100)}
"""The machines that have a name."""


def machine_named(name: str) -> Machine:
    """Return the machine of the given name.

    Raises:
        BadInput: no machine has that name.

    Example:
        >>> machine_named("h100").assumed
        True
    """
    if name not in MACHINES:
        raise BadInput.field(
            "--on", f"one of {', '.join(MACHINES)}", name, "leave it out for this machine"
        )
    return MACHINES[name]
