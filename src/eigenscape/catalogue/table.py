"""The rows that hold for one study: its jobs and what they wait for, and from any path the job that
made it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from eigenscape.catalogue import reading
from eigenscape.catalogue.rows import FigureRow, Job, Science, Step
from eigenscape.catalogue.sciences import FIGURES, SCIENCES, figures_of
from eigenscape.config.study import Study
from eigenscape.store.receipts import digest_of

OTHERS = "they look at networks and data of their own; run them in a study of kind sine"


class Catalogue:
    """What a study makes, before anything is computed.

    Args:
        study: the configuration.

    Example:
        >>> catalogue = Catalogue(Study())
        >>> catalogue.made_by("cells/d01-w005/spectrum.zarr").name
        'cells/w005-d01to10'
        >>> catalogue.after["figures/criticality"]
        ['criticality']
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def figures(self) -> list[FigureRow]:
        """The figures that a run draws, in the order of a report."""
        return figures_of(self.study)

    @cached_property
    def families(self) -> dict[str, tuple[FigureRow, ...]]:
        """The figures of every family that has some, by its name."""
        names = dict.fromkeys(row.family.name for row in self.figures)
        return {
            name: tuple(row for row in self.figures if row.family.name == name) for name in names
        }

    @cached_property
    def steps(self) -> tuple[Step[Any], ...]:
        """Every rule of the workflow, also those of which the study has no job."""
        sciences = (step for science in SCIENCES for step in science.steps)
        drawing = (rows[0].family.step(rows) for rows in self.families.values())
        return (*sciences, *drawing, *reading.STEPS)

    @cached_property
    def _about(self) -> dict[str, Mapping[str, Any]]:
        """The values of every step's jobs and what they are about, left out or not."""
        return {step.name: step.jobs(self.study) for step in self.steps}

    @cached_property
    def jobs_of(self) -> dict[str, dict[str, Job[Any]]]:
        """The jobs of every step by their values; none of what the study leaves out."""
        left_out = {
            step.name
            for science in SCIENCES
            for step in science.steps
            if step.left_out(self.study) or not science.enabled(self.study)
        } | {step.name for step in reading.STEPS if step.left_out(self.study)}
        return {
            step.name: {
                value: Job(step, self.study, value, about)
                for value, about in self._about[step.name].items()
                if step.name not in left_out
            }
            for step in self.steps
        }

    @cached_property
    def jobs(self) -> list[Job[Any]]:
        """All jobs, in the order of the workflow."""
        return [job for jobs in self.jobs_of.values() for job in jobs.values()]

    @cached_property
    def after(self) -> dict[str, list[str]]:
        """The names of the jobs that each job waits for, by its name."""
        leaving = {target: job.name for job in self.jobs for target in job.targets}
        return {
            job.name: list(dict.fromkeys(leaving[read] for read in job.reads)) for job in self.jobs
        }

    @property
    def wanted(self) -> list[str]:
        """What a whole run is for: figures, tables, the page that shows them, and the notes, so
        that a note that is deleted is enough for its results to be looked at again.
        """
        return [target for job in self.jobs for target in job.targets]

    def job(self, step: Step[Any], value: str = "") -> Job[Any]:
        """The job of a step for a value, also of one that only a user asks for.

        Raises:
            BadInput: there is no such cell.
            KeyError: the step has no such job.
        """
        jobs = self.jobs_of[step.name]
        if value in jobs or step.any_job is None:
            return jobs[value]
        return Job(step, self.study, value, step.any_job(self.study, value))

    def makers_of(self, path: str) -> list[Job[Any]]:
        """Every job that may have made a result, told from its path alone: also jobs that the
        study does not have, or has no more.
        """
        return [
            Job(step, self.study, value, self._about[step.name].get(value))
            for step in self.steps
            for value in step.values_of(self._about[step.name], path)
        ]

    def made_by(self, path: str) -> Job[Any] | None:
        """The job that makes a result, one of the study's if there is one; None for what is no
        result of the workflow.
        """
        makers = self.makers_of(path)
        of_study = [job for job in makers if job.value in self.jobs_of[job.step.name]]
        return next(iter(of_study or makers), None)

    @cached_property
    def _decisions(self) -> dict[str, str]:
        """Of every target a digest of what decides it, and of what decides those that it waits
        for.
        """
        of_job, of_target = dict[str, str](), dict[str, str]()
        for job in self.jobs:  # none stands before one that it waits for
            content = [job.decisions, *(of_job[before] for before in self.after[job.name])]
            of_job[job.name] = digest_of(json.dumps(content, default=str).encode())
            of_target |= dict.fromkeys(job.targets, of_job[job.name])
        return of_target

    def decisions_of(self, target: str) -> str:
        """Digest of all in the configuration that decides a target; "" for what no job of the study
        leaves.
        """
        return self._decisions.get(target, "")

    def notes_of(self, *paths: str) -> list[str]:
        """What has to go for Snakemake to run the jobs again that may have made some results: a
        target of each.
        """
        return list(dict.fromkeys(job.targets[0] for path in paths for job in self.makers_of(path)))

    def science_left_out(self, path: str) -> Science | None:
        """The science that would make a result, where the study leaves it out."""
        names = {job.step.name for job in self.makers_of(path)}
        return next(
            (
                science
                for science in SCIENCES
                if not science.enabled(self.study)
                and names.intersection(step.name for step in science.steps)
            ),
            None,
        )

    @property
    def left_out(self) -> dict[str, str]:
        """Steps and figures that are not made of a study on a user's data or modules, by name, with
        the reason.
        """
        steps = {step.name: step.left_out(self.study) for step in self.steps}
        figures = {name: row.left_out(self.study) for name, row in FIGURES.items()}
        return {
            name: reason for rows in (steps, figures) for name, reason in rows.items() if reason
        }

    def left_out_lines(self) -> list[str]:
        """What is left out, in words: a line per reason."""
        if not (out := self.left_out):
            return []
        lines = [
            f"left out: {', '.join(name for name, why in out.items() if why == reason)}: {reason}"
            for reason in dict.fromkeys(out.values())
        ]
        companions = [science.name for science in SCIENCES if not science.enabled(self.study)]
        return [*lines, f"left out: {', '.join([*companions, 'large'])}: {OTHERS}"]
