"""The rows of the catalogue: what a study makes, one row each.

A *step* is a rule of the workflow and the command of its name. A *job* is one run of it: a step has
one job, or one for each value of its wildcard. A *family* is the figures that read the same
results, drawn by one job, so that an interpreter starts once for them and what they share is read
once. A *science* holds the rows of one column of the house.

Snakemake and the plan read the rows before anything runs, so nothing heavy is imported here, nor by
the rows of a science outside the functions that draw.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.study import Study
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")
Found = TypeVar("Found")

MB = 10**6


def one_job(_study: Study) -> dict[str, None]:
    """The jobs of a step without a wildcard."""
    return {"": None}


def by_name(_jobs: Mapping[str, Any], name: str) -> str | None:
    """The job of a result whose path names it."""
    return name


def of_the_one(_jobs: Mapping[str, Any], _name: str) -> str | None:
    """The job of a result of a step without a wildcard."""
    return ""


def _nothing(_: object) -> tuple[str, ...]:
    return ()


def _always(_study: Study) -> bool:
    return True


def _made_of_every_study(_study: Study) -> str:
    return ""


@dataclass(frozen=True)
class Caption:
    """What a figure or table shows.

    Attributes:
        chapter: of a report, in which it stands.
        title: a few words.
        text: one to three sentences, which name no number of a result: they hold for every study.
    """

    chapter: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Step(Generic[T]):
    """A rule of the workflow, which makes one call of the command of its name.

    Attributes:
        name: of the rule; the command has dashes where it has underscores.
        does: a line on what it computes.
        leaves: what Snakemake waits for, relative to the study's folder; ``{}`` is the job's value.
            A note under ``ledger/`` stands for results that Snakemake must not delete.
        minutes: that a scheduler allows.
        memory: bytes, or how many a job needs.
        decides: what makes a job run again when it changes, beside its inputs.
        wildcard: what Snakemake calls the jobs' values; "" where there is one job.
        called: the command, where it does not have the rule's name.
        jobs: the jobs of a study: their values, and what each is about.
        reads: targets of other steps, relative to the study's folder.
        files: of the user, that are read too.
        makes: the results, relative to the study's folder; ``{}`` and ``*`` stand for any text, and
            the function says which job made a result from the jobs and the text at ``{}``.
        option: of the command, before the job's value.
        arguments: which of `decides` the command is told.
        flags: of the command, and which jobs are given them.
        ranks: MPI ranks that it starts; 1 for a plain command. No bit depends on it.
        told: resources of the rule that the command is told as options, with their defaults.
        resources: more resources of the rule.
        priority: jobs with a higher one start first.
        job_name: of logs, timings and the job in the plan, with ``{}`` for its value.
        pattern: values that a user may ask for beside those of `jobs`, and `any_job` what such a
            job is about.
        alike: whether all jobs ask for the memory of the largest, as the tasks of one array do.
        local: whether it runs where Snakemake runs, and is no job of a cluster.
        captions: of targets that stand in Snakemake's own report.
        left_out: why a study does not have it; "" where it does.
    """

    name: str
    does: str
    leaves: tuple[str, ...]
    minutes: int
    memory: int | Callable[[Job[T]], int]
    decides: Mapping[str, Callable[[Job[T]], Any]]
    wildcard: str = ""
    called: str = ""
    jobs: Callable[[Study], Mapping[str, T]] = one_job  # type: ignore[assignment]
    reads: Callable[[Job[T]], Iterable[str]] = _nothing
    files: Callable[[Study], Iterable[str]] = _nothing
    makes: Mapping[str, Callable[[Mapping[str, T], str], str | None]] = field(default_factory=dict)
    option: str = ""
    arguments: str = ""
    flags: Mapping[str, Callable[[Job[T]], bool]] = field(default_factory=dict)
    ranks: int | Callable[[Study], int] = 1
    told: Mapping[str, str | int] = field(default_factory=dict)
    resources: Mapping[str, str | int] = field(default_factory=dict)
    priority: int | Callable[[Job[T]], int] = 0
    job_name: str = ""
    pattern: str = ""
    any_job: Callable[[Study, str], T] | None = None
    alike: bool = False
    local: bool = False
    captions: Mapping[str, Caption] = field(default_factory=dict)
    left_out: Callable[[Study], str] = _made_of_every_study

    @property
    def command(self) -> str:
        """The name of its command of `eigenscape`."""
        return self.called or self.name.replace("_", "-")

    @property
    def job_pattern(self) -> str:
        """The name of its jobs, with ``{}`` for their value: of logs, timings and in the plan."""
        return self.job_name or (f"{self.name}/{{}}" if self.wildcard else self.name)

    @property
    def note(self) -> str:
        """The note that a job leaves, with ``{}`` for its value; "" where Snakemake sees the
        results.
        """
        return next((leaf for leaf in self.leaves if leaf.startswith("ledger/")), "")

    def targets(self, value: str = "") -> tuple[str, ...]:
        """What Snakemake waits for of the job of a value."""
        return tuple(leaf.replace("{}", value) for leaf in self.leaves)

    def target(self, value: str = "") -> str:
        """The first of them."""
        return self.targets(value)[0]

    def ranks_of(self, study: Study) -> int:
        """MPI ranks that a job starts."""
        return self.ranks if isinstance(self.ranks, int) else self.ranks(study)

    def values_of(self, jobs: Mapping[str, T], path: str) -> Iterable[str]:
        """Values of the jobs that could have made a result, by its path in the study's folder."""
        declared = dict.fromkeys((leaf for leaf in self.leaves if leaf != self.note), by_name)
        for pattern, job_of in {**declared, **self.makes}.items():
            if (text := _match(pattern, path)) is not None:
                value = job_of(jobs, text)
                if value is not None:
                    yield value


def _match(pattern: str, path: str) -> str | None:
    """What stands at ``{}``, or "" where a pattern has none; None where the path is another."""
    expression = re.escape(pattern).replace(r"\{\}", "(.+)").replace(r"\*", ".*")
    found = re.fullmatch(expression, path)
    return None if found is None else "".join(found.groups())


@dataclass(frozen=True)
class Job(Generic[T]):
    """One run of a step.

    Attributes:
        step: whose job it is.
        study: of which study.
        value: of the step's wildcard; "" where it has none.
        about: what the step's row says of it, such as a cell.
    """

    step: Step[T]
    study: Study
    value: str
    about: T

    @property
    def name(self) -> str:
        """The name of the job, such as ``projection/w10``."""
        return self.step.job_pattern.replace("{}", self.value)

    @property
    def targets(self) -> tuple[str, ...]:
        """What Snakemake waits for, relative to the study's folder."""
        return self.step.targets(self.value)

    @property
    def reads(self) -> list[str]:
        """Targets of other jobs."""
        return list(self.step.reads(self))

    @property
    def ranks(self) -> int:
        """MPI ranks that it starts."""
        return self.step.ranks_of(self.study)

    @property
    def memory(self) -> int:
        """Bytes that it needs, all ranks together."""
        of_job = self.step.memory
        return of_job if isinstance(of_job, int) else of_job(self)

    @property
    def priority(self) -> int:
        """Jobs with a higher one start first."""
        of_job = self.step.priority
        return of_job if isinstance(of_job, int) else of_job(self)

    @property
    def decisions(self) -> dict[str, Any]:
        """What decides its results besides its inputs, and which inputs it has."""
        facts = {name: fact(self) for name, fact in self.step.decides.items()}
        flags = {name: given(self) for name, given in self.step.flags.items()}
        return {**facts, **flags, "reads": self.reads}

    @property
    def words(self) -> tuple[str, ...]:
        """The command line, without what every command is told."""
        flags = [f"--{name}" for name, given in self.step.flags.items() if given(self)]
        told = self.step.decides[self.step.arguments](self) if self.step.arguments else ()
        words = (self.step.command, *told, self.step.option, self.value, *flags)
        return tuple(word for word in words if word)


def schema_of_results(_job: Job[Any]) -> object:
    """What every step that derives numbers depends on."""
    return SCIENCE_SCHEMA


def seed(job: Job[Any]) -> object:
    """The study's seed."""
    return job.study.sampling.seed


class Results:
    """The stored results of a study as its figures read them; each is read once.

    Attributes:
        study: the configuration.
        folder: where everything lies.
    """

    def __init__(self, study: Study, folder: StudyFolder) -> None:
        self.study, self.folder = study, folder
        self._kept: dict[tuple[object, ...], Any] = {}

    def read(self, reader: Callable[..., Found], *arguments: object) -> Found:
        """What a reader of a stage returns for the study and its folder, and further arguments."""
        key = (reader, *arguments)
        if key not in self._kept:
            self._kept[key] = reader(self.study, self.folder, *arguments)
        kept: Found = self._kept[key]
        return kept


@dataclass(frozen=True)
class Family:
    """Figures that read the same results.

    Attributes:
        name: its rule is ``figures_of_<name>``.
        chapter: of a report.
        reads: targets of steps, relative to the study's folder.
        memory: bytes that its job needs.
        made: whether a study has what it reads.
    """

    name: str
    chapter: str
    reads: Callable[[Study], Iterable[str]]
    memory: Callable[[Study], int] = lambda _: 2000 * MB
    made: Callable[[Study], bool] = _always

    def step(self, figures: tuple[FigureRow, ...]) -> Step[tuple[FigureRow, ...]]:
        """The step that draws some of its figures, which are what its job is about."""
        names = tuple(row.name for row in figures)

        return Step(
            name=f"figures_of_{self.name}",
            does="The figures of one family, one after the other in one process.",
            called="figure",
            arguments="names",
            leaves=tuple(f"figures/{name}.{kind}" for name in names for kind in ("pdf", "png")),
            minutes=10,
            memory=lambda job: self.memory(job.study),
            decides={"names": lambda _: names, "seed": seed},
            jobs=lambda _: {"": figures},
            reads=lambda job: self.reads(job.study),
            job_name=f"figures/{self.name}",
            captions={f"figures/{row.name}.png": row.caption for row in figures},
        )


@dataclass(frozen=True)
class FigureRow:
    """A figure of a study.

    Attributes:
        name: of its files.
        family: with which it is drawn.
        caption: how it is read.
        draw: from stored results to a figure.
        made: whether a run draws it without being asked.
        left_out: why a study does not have it; "" where it does.
    """

    name: str
    family: Family
    caption: Caption
    draw: Callable[[Results], Figure]
    made: Callable[[Study], bool] = _always
    left_out: Callable[[Study], str] = _made_of_every_study


def figure(
    family: Family,
    title: str,
    *,
    made: Callable[[Study], bool] = _always,
    left_out: Callable[[Study], str] = _made_of_every_study,
) -> Callable[[Callable[[Results], Figure]], FigureRow]:
    """Make a row of the function that draws a figure: the figure has its name, and the first
    paragraph of its docstring is the caption.
    """

    def row(draw: Callable[[Results], Figure]) -> FigureRow:
        text = (draw.__doc__ or "").partition("\n\n")[0]
        caption = Caption(family.chapter, title, " ".join(text.split()))
        return FigureRow(draw.__name__, family, caption, draw, made, left_out)

    return row


@dataclass(frozen=True)
class Science:
    """The rows of one science.

    Attributes:
        name: of the column, and of the configuration's section.
        steps: in the order of the workflow.
        figures: in the order of a report.
        evidence: targets that its findings are assessed by.
        methods: by chapter, a paragraph of the paper that says what is computed, as reportlab reads
            it.
        enabled: whether a study computes it.
    """

    name: str
    steps: tuple[Step[Any], ...]
    figures: tuple[FigureRow, ...]
    evidence: Callable[[Study], Iterable[str]]
    methods: Mapping[str, str] = field(default_factory=dict)
    enabled: Callable[[Study], bool] = _always
