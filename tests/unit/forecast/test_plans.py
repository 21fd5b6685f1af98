"""Machines, schedules and reports of plans."""

import math

import pytest
from builders import small_study

from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.forecast import devices, report
from eigenscape.forecast.jobs import Job, jobs_of
from eigenscape.forecast.measuring import probed
from eigenscape.forecast.schedule import schedule
from eigenscape.planning import batches as planning
from eigenscape.planning.communication import (
    Share,
    accumulation,
    bands_memory,
    bands_traffic,
    sample_memory,
)
from eigenscape.planning.machine import CORE, H100, MACHINES, machine_named
from eigenscape.planning.work import Kind, Work


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_a_machine_has_a_rate_for_every_kind_and_names_its_sources(machine: object) -> None:
    assert isinstance(machine, type(CORE))
    assert set(machine.rates) == set(Kind)
    assert all(0 < rate < math.inf for rate in machine.rates.values())
    assert machine.sources


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^--on: expected one of core, h100, found cray; "):
        machine_named("cray")


def test_probes_give_a_plausible_machine() -> None:
    machine = probed(repeats=1).machine()

    assert 1e8 < machine.rates[Kind.GRAM] < 1e13
    assert set(machine.rates) == set(Kind)


def test_the_bottleneck_is_what_takes_longest_not_what_is_largest() -> None:
    work = Work({Kind.GRAM: CORE.rates[Kind.GRAM], Kind.START: 3 * CORE.rates[Kind.START]})

    assert CORE.seconds(work) == pytest.approx(4.0)
    assert CORE.bottleneck(work) is Kind.START
    assert CORE.bottleneck(Work()) is None


def chain(*seconds: float) -> tuple[list[Job], dict[str, float]]:
    """Jobs one after the other."""
    names = [f"job{number}" for number in range(len(seconds))]
    jobs = [
        Job(name, "", Work(), after=(names[number - 1],) if number else ())
        for number, name in enumerate(names)
    ]
    return jobs, dict(zip(names, seconds, strict=True))


@pytest.mark.parametrize("cores", [1, 2, 64])
def test_a_chain_takes_its_length_on_any_number_of_cores(cores: int) -> None:
    jobs, seconds = chain(1.0, 2.0, 4.0)
    dealt = schedule(jobs, lambda job: seconds[job.name], cores)

    assert (dealt.seconds, dealt.busy, dealt.critical_seconds) == (7.0, 7.0, 7.0)
    assert dealt.critical == ("job0", "job1", "job2")


def test_wide_jobs_wait_for_their_cores() -> None:
    jobs = [Job("wide", "", Work(), cores=2), Job("long", "", Work(), priority=1.0)]
    dealt = schedule(jobs, lambda job: 3.0, cores=2)

    assert (dealt.seconds, dealt.busy) == (6.0, 9.0)


def test_jobs_are_those_of_the_workflow_and_none_waits_for_a_stranger() -> None:
    study = Study()
    jobs = jobs_of(study)
    names = {job.name for job in jobs}

    assert len(names) == len(jobs) == 79  # `snakemake --dry-run` counts 80 with `all`
    assert all(names.issuperset(job.after) for job in jobs)


def test_sciences_that_are_left_out_have_no_jobs_and_nobody_waits_for_them() -> None:
    study = Study.from_mapping(
        {
            name: {"enabled": False}
            for name in ("expressivity", "clustering", "sloppiness", "model_constrained")
        }
    )
    jobs = jobs_of(study)
    names = {job.name for job in jobs}

    # experiments or networks, tables, families of figures
    curves, graphs, theory, ensemble, models = (
        4 + 5,
        5 + 1 + 1,
        3 + 1 + 3,
        4 + 1 + 1,
        5 + 1 + 1,
    )
    assert len(names) == len(jobs) == 79 - curves - graphs - theory - ensemble - models
    assert all(names.issuperset(job.after) for job in jobs)


def test_ways_to_share_a_second_moment() -> None:
    size = 100_000
    # Five triangles of about P^2/2 numbers; by bands an R-th of them, and three blocks.
    assert sample_memory(size) == pytest.approx(5 * 8 * size**2 / 2, rel=0.01)
    assert bands_memory(size, 16) == pytest.approx(
        5 * 8 * size**2 / 2 / 16 + 3 * 8 * 256 * size, rel=0.01
    )

    assert accumulation(size, 16, sample_memory(size)).share is Share.SAMPLES
    by_bands = accumulation(size, 16, sample_memory(size) - 1)
    assert (by_bands.share, by_bands.fits) == (Share.BANDS, True)
    assert accumulation(size, 32, 10**12).share is Share.BANDS  # 16 slots serve 16 ranks
    assert not accumulation(size, 1024, 10**12).fits  # 98 bands serve 98 ranks
    assert not accumulation(size, 2, 10**9).fits


def test_by_bands_every_rank_sees_every_gradient() -> None:
    for rank in range(4):
        traffic = bands_traffic(1000, 256 * 12, rank, 4)
        # gradients, and a loss each
        assert traffic.bytes_sent + traffic.bytes_received == 256 * 12 * (1000 + 1) * 8
    assert bands_traffic(1000, 256 * 12, 0, 1).bytes_received == 0


def test_more_devices_are_never_slower_and_a_chain_ends_the_gain() -> None:
    study = Study.from_mapping(
        {"grid": {"depth": [5, 10], "width": [40, 50]}, "sampling": {"raw_parameter_limit": 50_000}}
    )
    plans = [devices.plan_on(study, H100, count) for count in (1, 4, 64)]

    times = [plan.timeline.seconds for plan in plans]
    assert times == sorted(times, reverse=True)
    assert (
        times[-1]
        >= max(cell.jobs[-1].work.counts[Kind.GRAM] for cell in plans[-1].cells)
        / CORE.rates[Kind.GRAM]
    )


def test_the_report_has_a_line_per_cell_and_stage_and_says_what_is_left_out() -> None:
    study = small_study()
    jobs = jobs_of(study)
    lines = report.report(study, planning.costs_of(study), jobs, CORE, cores=2).splitlines()

    assert [line.split()[0] for line in lines[1:5]] == [
        "headline/d02-w004-n80",
        "cells/d01-w003",
        "cells/d03-w003",
        "cells/d01-w005",
    ]
    assert lines[2].split()[1:3] == ["10", "40"]
    stages = [line[:22].strip() for line in lines[7:-3]]
    assert stages == list(dict.fromkeys(job.stage for job in jobs))
    assert lines[-2] == "3 of 4 networks get a raw condition number; 1 have more than 60 parameters"
    assert " on 2 cores, one core of the reference machine" in lines[-1]
