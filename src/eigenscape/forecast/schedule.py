"""Jobs scheduled on cores: when all of them are finished, and the chain of jobs that determines it.

List scheduling (Graham 1969): whenever cores are free, the waiting job of the highest priority that
fits starts, of equal ones the longest. The workflow's scheduler behaves like this, and the result
is never worse than twice the optimum.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eigenscape.forecast.jobs import Job


@dataclass(frozen=True)
class Schedule:
    """The times at which jobs run.

    Attributes:
        seconds: time until the last job ends.
        busy: core-seconds of all jobs; divided by ``cores`` they bound the time of any schedule
            from below.
        critical: names of the jobs of the longest chain of dependencies, in order.
        critical_seconds: time of that chain, a lower bound for any number of cores.
    """

    seconds: float
    busy: float
    critical: tuple[str, ...]
    critical_seconds: float


def schedule(jobs: Sequence[Job], duration: Callable[[Job], float], cores: int) -> Schedule:
    """Schedule jobs on cores.

    A job that requests more cores than exist takes all of them.

    Example:
        >>> from eigenscape.planning.work import Work
        >>> jobs = [Job("a", "", Work()), Job("b", "", Work(), after=("a",)), Job("c", "", Work())]
        >>> timeline = schedule(jobs, lambda job: {"a": 1.0, "b": 2.0, "c": 2.5}[job.name], cores=2)
        >>> timeline.seconds, timeline.busy, timeline.critical
        (3.0, 5.5, ('a', 'b'))
    """
    seconds = {job.name: duration(job) for job in jobs}
    waiting = sorted(jobs, key=lambda job: (-job.priority, -seconds[job.name]))
    running: list[tuple[float, str, int]] = []
    done: set[str] = set()
    free, now = cores, 0.0
    while waiting or running:
        for job in list(waiting):
            if not free:
                break
            job_cores = min(job.cores, cores)
            if job_cores <= free and done.issuperset(job.after):
                heapq.heappush(running, (now + seconds[job.name], job.name, job_cores))
                waiting.remove(job)
                free -= job_cores
        now, name, released = heapq.heappop(running)
        free += released
        done.add(name)
    chain, length = _longest_chain(jobs, seconds)
    return Schedule(
        now, sum(seconds[job.name] * min(job.cores, cores) for job in jobs), chain, length
    )


def _longest_chain(jobs: Sequence[Job], seconds: dict[str, float]) -> tuple[tuple[str, ...], float]:
    by_name = {job.name: job for job in jobs}
    ends: dict[str, tuple[float, tuple[str, ...]]] = {}

    def end(name: str) -> tuple[float, tuple[str, ...]]:
        if name not in ends:
            before = max((end(earlier) for earlier in by_name[name].after), default=(0.0, ()))
            ends[name] = (before[0] + seconds[name], (*before[1], name))
        return ends[name]

    length, chain = max((end(job.name) for job in jobs), default=(0.0, ()))
    return chain, length
