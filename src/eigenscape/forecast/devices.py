"""The raw map and single large cells on many GPUs: a forecast, not a measurement.

The plan follows the program: gradients and sums on the device, triangles merged on the host, one
writer per band, the eigensolve on one GPU up to its limit and over the host cores beyond, and the
bracket on one host core. The plan serves to show which of these is infeasible at a given size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from eigenscape.active_subspace.triangle import band_count
from eigenscape.config.cells import Cell
from eigenscape.config.sizes import BLOCK, SLOTS
from eigenscape.config.study import Study
from eigenscape.distributed.reduction import owner
from eigenscape.forecast.jobs import Job
from eigenscape.forecast.schedule import Schedule, schedule
from eigenscape.planning import cells as cost
from eigenscape.planning.communication import (
    Accumulation,
    Share,
    accumulation,
    band_arrays,
    bands_traffic,
)
from eigenscape.planning.machine import CORE, Machine
from eigenscape.planning.work import NOTHING, Kind, Work

MOMENT, EIGENSOLVE, BRACKET = "second moment", "eigenvalues", "bracket"

MESSAGES_PER_COLUMN = 10
"""Number of broadcasts and sums per column in ScaLAPACK's reduction to tridiagonal form, each of
log2(processes) messages (ScaLAPACK Users' Guide, SIAM 1997, chapter 5: messages grow as P log
p)."""

NODE_DEVICES = 8
"""Number of GPUs that share the memory of one node, which must hold the bracket's matrices."""


@dataclass(frozen=True)
class CellPlan:
    """The plan of one cell.

    Attributes:
        cell: the cell.
        devices: number of devices that share its second moment.
        accumulation: whether samples or bands are shared, and why.
        solvers: number of devices whose host cores compute its eigenvalues; 1 where a single GPU
            does.
        bracketed: whether the bracket's matrices fit the memory of a node; a cell without has no
            interval.
        jobs: the jobs of its stages, in order.
    """

    cell: Cell
    devices: int
    accumulation: Accumulation
    solvers: int
    bracketed: bool
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class DevicePlan:
    """The plan of a study on many devices.

    Attributes:
        cells: the plan of every cell.
        timeline: the schedule of its jobs.
        unbracketed: the schedule without the bracket stage.
        left_out: cells that do not fit any number of devices.
    """

    cells: tuple[CellPlan, ...]
    timeline: Schedule
    unbracketed: Schedule
    left_out: tuple[Cell, ...]


def duration(job: Job, machine: Machine) -> float:
    """Return the seconds of a job; the bracket runs on a host core."""
    return worker(job, machine).seconds(job.work)


def worker(job: Job, machine: Machine) -> Machine:
    """Return the machine that runs a job."""
    return CORE if job.stage == BRACKET and machine.device_memory is not None else machine


def accumulated(cell: Cell, points: int, size: int, way: Share) -> Work:
    """Count the work of C of a cell on R devices: that of the busiest one, with the traffic between
    device and host.

    Shared by samples, the work is that of `cells.second_moment`, with parameters copied to the
    device, and gradients and a triangle per slot copied back. Shared by bands, it is a part of the
    gradients, the columns of the fullest rank for all samples, and every gradient sent to every
    device.
    """
    architecture, parameters = cell.architecture, cell.architecture.parameters
    triangle = cost.FLOAT * cost.triangle_numbers(parameters)
    entries = cost.FLOAT * float(cell.samples) * parameters
    if way is Share.SAMPLES:
        slots = -(-SLOTS // size)
        return cost.second_moment(cell, points, size) + Work(
            {Kind.COPY: 2 * entries * slots / SLOTS + float(slots * triangle)}
        )
    share = fullest_share(parameters, size)
    traffic = bands_traffic(parameters, cell.samples, 0, size)
    work = (1 / size) * cost.gradients(architecture, points, cell.samples)
    return work + Work(
        {
            Kind.GRAM: share * cost.device_gram_flops(parameters, cell.samples),
            Kind.STREAM: 4.0 * SLOTS * share * triangle,
            Kind.COPY: 2 * entries / size + entries + SLOTS * share * triangle,
            Kind.SEND: float(traffic.bytes_sent + traffic.bytes_received),
            Kind.MESSAGE: float(traffic.messages_sent + traffic.messages_received),
            Kind.WRITE: share * cost.FLOAT * float(parameters) ** 2,
            Kind.STORE: 1.0,
        }
    )


def fullest_share(parameters: int, size: int) -> float:
    """Return the largest fraction of the triangle that a rank owns, bands being assigned forwards
    and backwards.

    Example:
        >>> round(fullest_share(4096, 2), 3), fullest_share(1000, 4)
        (0.5, 1.0)
    """
    numbers = [0] * size
    for band in range(band_count(parameters)):
        numbers[owner(band, size)] += sum(band_arrays(parameters, band))
    return max(numbers) / sum(numbers)


def eigenvalues_on(cell: Cell, size: int, machine: Machine) -> Work:
    """Count the work of reading C and computing all its eigenvalues, on one GPU or on the host
    cores of R workers.
    """
    parameters = cell.architecture.parameters
    matrix = cost.FLOAT * float(parameters) ** 2
    if machine.largest_eigensolve is None or parameters <= machine.largest_eigensolve:
        solved = cost.eigensolve(parameters, vectors=False, on_host=machine.device_memory is None)
        return Work({Kind.READ: matrix, Kind.COPY: matrix, Kind.STORE: 1.0}) + solved
    processes = 16 * size
    return Work(
        {
            Kind.READ: matrix / size,
            Kind.DISTRIBUTED: 4.0 / 3.0 * float(parameters) ** 3 / size,
            Kind.SEND: 4 * matrix / math.sqrt(size),
            Kind.MESSAGE: MESSAGES_PER_COLUMN * parameters * math.log2(processes),
            Kind.STORE: 1.0,
        },
        memory=int(3 * matrix / size),
    )


def plan_on(study: Study, machine: Machine, devices: int) -> DevicePlan:
    """Assign every computed cell of the study's map to devices.

    A cell gets the fewest devices, in powers of two, with which its second moment takes no longer
    than the average load of a device, so that no cell alone holds up the others.
    """
    cells = study.computed_cells()
    single = {
        cell.folder: machine.seconds(accumulated(cell, study.problem.points, 1, Share.SAMPLES))
        for cell in cells
    }
    average = sum(single.values()) / devices
    planned = [_plan_cell(study, cell, machine, devices, average) for cell in cells]
    fitting = tuple(plan for plan in planned if plan is not None)
    left_out = tuple(cell for cell, plan in zip(cells, planned, strict=True) if plan is None)
    jobs = [job for plan in fitting for job in plan.jobs]
    without = [job for job in jobs if job.stage != BRACKET]
    timeline, unbracketed = (
        schedule(some, lambda job: duration(job, machine), devices) for some in (jobs, without)
    )
    return DevicePlan(fitting, timeline, unbracketed, left_out)


def _plan_cell(
    study: Study, cell: Cell, machine: Machine, devices: int, average: float
) -> CellPlan | None:
    parameters, points = cell.architecture.parameters, study.problem.points
    choices = []
    for size in (2**power for power in range(devices.bit_length())):
        sharing = accumulation(parameters, size, machine.memory)
        triangle = cost.FLOAT * cost.triangle_numbers(parameters)
        on_device = (
            triangle
            if sharing.share is Share.SAMPLES
            else triangle * fullest_share(parameters, size)
        )
        available = machine.memory if machine.device_memory is None else machine.device_memory
        if sharing.fits and on_device + 2 * cost.FLOAT * BLOCK * parameters <= available:
            work = accumulated(cell, points, size, sharing.share)
            choices.append((machine.seconds(work), size, sharing, work))
    if not choices:
        return None
    fast = [choice for choice in choices if choice[0] <= average]
    _, size, sharing, moment_work = (
        min(fast, key=lambda choice: choice[1])
        if fast
        else min(choices, key=lambda choice: choice[:2])
    )
    distributed = machine.largest_eigensolve is not None and parameters > machine.largest_eigensolve
    solvers, solving = (
        _solvers(cell, machine, devices, average)
        if distributed
        else (1, eigenvalues_on(cell, 1, machine))
    )
    matrices = cost.matrices_held(cell, vectors=False) * cost.FLOAT * parameters**2
    bracketed = matrices <= NODE_DEVICES * machine.memory
    names = [f"{stage}/{cell.folder}" for stage in (MOMENT, EIGENSOLVE, BRACKET)]
    jobs = [
        Job(
            names[0],
            MOMENT,
            moment_work + Work(memory=sharing.memory),
            cores=size,
            priority=parameters,
        ),
        Job(names[1], EIGENSOLVE, solving, cores=solvers, after=(names[0],), priority=parameters),
    ]
    if bracketed:
        work = cost.bracket(cell, study) + Work(memory=matrices)
        jobs.append(Job(names[2], BRACKET, work, after=(names[1],), priority=parameters))
    return CellPlan(cell, size, sharing, solvers, bracketed, tuple(jobs))


def _solvers(cell: Cell, machine: Machine, devices: int, average: float) -> tuple[int, Work]:
    """Return the fewest workers, in powers of two, whose host memory holds the matrix and that are
    no slower than average, with their work.
    """
    choices = []
    for size in (2**power for power in range(devices.bit_length())):
        work = eigenvalues_on(cell, size, machine)
        if work.memory <= machine.memory:
            choices.append((machine.seconds(work), size, work))
    if not choices:
        return devices, eigenvalues_on(cell, devices, machine)
    quick = [choice for choice in choices if choice[0] <= average]
    _, size, work = (
        min(quick, key=lambda choice: choice[1])
        if quick
        else min(choices, key=lambda choice: choice[:2])
    )
    return size, work


def stage_totals(plan: DevicePlan, machine: Machine) -> dict[str, tuple[Work, float, Kind | None]]:
    """Return, per stage, its work over all devices, its device-seconds, and the kind that takes
    most of them.
    """
    totals: dict[str, tuple[Work, float, Kind | None]] = {}
    for stage in (MOMENT, EIGENSOLVE, BRACKET):
        jobs = [job for cell in plan.cells for job in cell.jobs if job.stage == stage]
        if not jobs:
            continue
        work = sum((job.total for job in jobs), NOTHING)
        totals[stage] = (
            work,
            sum(job.cores * duration(job, machine) for job in jobs),
            worker(jobs[0], machine).bottleneck(work),
        )
    return totals
