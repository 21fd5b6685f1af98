"""Plans as text: a line per stage, the total, and its bottleneck."""

from __future__ import annotations

from collections.abc import Sequence

from eigenscape.config.study import Study
from eigenscape.forecast.devices import BRACKET, DevicePlan, duration, stage_totals, worker
from eigenscape.forecast.jobs import Job
from eigenscape.forecast.schedule import Schedule, schedule
from eigenscape.planning.batches import CellCost, size_text
from eigenscape.planning.machine import Machine
from eigenscape.planning.work import NOTHING

SNAKEMAKE_START = 5.0
"""Seconds until the workflow is read and its jobs are known."""

SNAKEMAKE_PER_JOB = 0.3
"""Seconds between the end of a job and the start of the next one on the same core."""


def workflow_schedule(jobs: Sequence[Job], machine: Machine, cores: int) -> Schedule:
    """Schedule the workflow on some cores of a machine, including its own overhead."""
    return schedule(jobs, lambda job: machine.seconds(job.work) + SNAKEMAKE_PER_JOB, cores)


def cell_lines(costs: Sequence[CellCost], machine: Machine) -> list[str]:
    """Return a line per cell: P, N, flops, memory, disk, seconds of a core."""
    lines = [
        f"{'cell':<28}{'P':>8}{'N':>10}{'Gflop':>15}{'memory':>10}{'disk':>9}{'core time':>11}"
    ]
    for cost in costs:
        size, samples = cost.cell.architecture.parameters, cost.cell.samples
        numbers = (
            f"{size:>8,}{samples:>10,}{cost.flops / 1e9:>15,.2f}"
            f"{size_text(cost.memory):>10}{size_text(cost.disk):>9}"
        )
        lines.append(
            f"{cost.cell.folder:<28}{numbers}{duration_text(machine.seconds(cost.work)):>11}"
        )
    return lines


def stage_lines(jobs: Sequence[Job], machine: Machine) -> list[str]:
    """Return a line per stage of the workflow: jobs, flops, bytes through disk and network, memory,
    core time, bottleneck.
    """
    lines = [
        f"{'stage':<22}{'jobs':>5}{'Gflop':>14}{'moved':>10}{'memory':>10}{'core time':>11}   most"
        " of it"
    ]
    for stage in dict.fromkeys(job.stage for job in jobs):
        stage_jobs = [job for job in jobs if job.stage == stage]
        work = sum((job.total for job in stage_jobs), NOTHING)
        memory = max(job.cores * job.work.memory for job in stage_jobs)
        numbers = (
            f"{len(stage_jobs):>5}{work.flops / 1e9:>14,.1f}{size_text(work.bytes_moved):>10}"
            f"{size_text(memory) if memory else '-':>10}"
        )
        lines.append(
            f"{stage:<22}{numbers}{duration_text(machine.seconds(work)):>11}  "
            f" {machine.bottleneck(work)}"
        )
    return lines


def report(
    study: Study, costs: Sequence[CellCost], jobs: Sequence[Job], machine: Machine, cores: int
) -> str:
    """Return the plan of a study on this machine as text; its last two lines are the brief form."""
    plan = workflow_schedule(jobs, machine, cores)
    networks, computed = len(list(study.grid_architectures())), len(costs) - 1
    everything = sum((job.total for job in jobs), NOTHING)
    bound = (
        f"its longest chain of jobs, {' -> '.join(name.split('/')[0] for name in plan.critical)}"
        if plan.critical_seconds > 0.8 * plan.seconds
        else (
            "the number of cores, which spend most of their time on"
            f" {machine.bottleneck(everything)}"
        )
    )
    return "\n".join(
        [
            *cell_lines(costs, machine),
            "",
            *stage_lines(jobs, machine),
            "",
            (
                f"{computed} of {networks} networks get a raw condition number;"
                f" {networks - computed} have more than {study.sampling.raw_parameter_limit:,}"
                " parameters"
            ),
            (
                f"disk {size_text(sum(cost.disk for cost in costs))}; about"
                f" {duration_text(plan.seconds + SNAKEMAKE_START)} on {cores} cores,"
                f" {machine.title}; held up by {bound}"
            ),
        ]
    )


def device_report(plan: DevicePlan, machine: Machine, devices: int) -> str:
    """Return the plan of the raw map on many devices as text."""
    lines = [f"on paper, not run: {devices:,} x {machine.title}", ""]
    lines.append(
        f"{'stage':<16}{'Pflop':>9}{'moved':>10}{'memory':>10}{'device time':>13}   most of it"
    )
    for stage, (work, seconds, kind) in stage_totals(plan, machine).items():
        moved, memory = size_text(work.bytes_moved), size_text(work.memory) if work.memory else "-"
        lines.append(
            f"{stage:<16}{work.flops / 1e15:>9,.2f}{moved:>10}{memory:>10}"
            f"{duration_text(seconds):>13}   {kind}"
        )
    lines.append("")
    bracketed = any(cell.bracketed for cell in plan.cells)
    totals = (
        (("with brackets", plan.timeline), ("without", plan.unbracketed))
        if bracketed
        else (("in all", plan.timeline),)
    )
    for name, timeline in totals:
        lines.append(
            f"{name:<16}{duration_text(timeline.seconds):>12}   {_held_up(timeline, devices)}"
        )
    largest = max(plan.cells, key=lambda cell: cell.cell.architecture.parameters)
    size, sharing = largest.cell.architecture.parameters, largest.accumulation
    lines += [
        "",
        f"largest cell {largest.cell.folder}: P = {size:,}, N = {largest.cell.samples:,}",
        (
            f"  second moment by {sharing.share} on {largest.devices},"
            f" {size_text(sharing.memory)} each: {sharing.reason}"
        ),
    ]
    for job in largest.jobs:
        by = worker(job, machine)
        parts = sorted(by.seconds_by_kind(job.work).items(), key=lambda item: -item[1])[:3]
        share = ", ".join(f"{kind} {seconds / by.seconds(job.work):.0%}" for kind, seconds in parts)
        lines.append(
            f"  {job.stage:<14} on {job.cores:>5,}{duration_text(duration(job, machine)):>13}  "
            f" {share}"
        )
    if not largest.bracketed:
        lines.append(
            f"  {BRACKET:<14} none: its matrices do not fit a node, so this condition number has no"
            " interval"
        )
    if plan.left_out:
        lines.append(
            "left out, since they fit no number of devices:"
            f" {', '.join(cell.folder for cell in plan.left_out)}"
        )
    return "\n".join(lines)


def _held_up(plan: Schedule, devices: int) -> str:
    if plan.critical_seconds > 0.8 * plan.seconds:
        stage, _, cell = plan.critical[-1].partition("/")
        return (
            f"held up by the {stage} of {cell}; {plan.busy / devices / plan.seconds:.0%} of the"
            " devices' time is used"
        )
    return (
        f"held up by the number of devices; {plan.busy / devices / plan.seconds:.0%} of their"
        " time is used"
    )


def duration_text(seconds: float) -> str:
    """Format a duration for people.

    Example:
        >>> duration_text(0.25), duration_text(90), duration_text(7200)
        ('0.2 s', '1.5 min', '2.0 h')
    """
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"
