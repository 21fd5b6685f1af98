"""What the rules share: the checked study, its folder, and the cells dealt into jobs.

Everything is checked here, before anything runs. Heavy libraries are not imported.
"""

import functools
import os
import re
import signal
import sys
from pathlib import Path

from eigenscape.catalogue import Catalogue
from eigenscape.catalogue.active_subspace.steps import SPECTRUM
from eigenscape.errors import EigenscapeError
from eigenscape.planning import solver_choice
from eigenscape.provenance import reconcile
from eigenscape.stages.common import configure, labelled_inputs
from eigenscape.store.layout import StudyFolder


def end(error):
    """An exception would reach the user under a page of traceback, and with exit code 1."""
    print(f"eigenscape: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)


try:
    STUDY = configure.workflow_study(
        config,
        workflow.overwrite_configfiles,
        Path("results"),
        first=workflow.is_main_process,
    )
    RESULTS = f"results/{STUDY.study}"
    configure.require_writable(StudyFolder(Path(RESULTS)))
    configure.require_same_science(STUDY, StudyFolder(Path(RESULTS)))
    if (
        workflow.is_main_process
    ):  # every job reads this file; the user's data are read once
        labelled_inputs.require_usable(STUDY)
    CATALOGUE = Catalogue(STUDY)
    JOBS = CATALOGUE.jobs_of  # refuses networks that do not fit
    DISTRIBUTED = solver_choice.distributed_cells(
        STUDY, solver_choice.node_memory(), solver_choice.RANKS
    )
except EigenscapeError as error:
    end(error)

# A launcher that is not there would end a job with bash's bare "command not found".
shell.prefix(
    'set -euo pipefail; command_not_found_handle() {{ echo "eigenscape: $1: expected a program on PATH, found none;'
    " run \\`make setup\\` and put .venv/bin on PATH, or load your cluster's MPI and name its launcher"
    ' (EIGENSCAPE_LAUNCHER=...)" >&2; return 127; }}; '
)

STUDY_FILE = f"{RESULTS}/study.json"

# What starts MPI ranks. The Slurm profile sets it to srun, by the environment, since that reaches the jobs whatever
# resources are given on the command line.
LAUNCHER = os.environ.get("EIGENSCAPE_LAUNCHER", "mpiexec")

# Slurm's warning before the end of a job's time reaches every process of a job. It is meant for eigenscape, which keeps
# what it has; Snakemake and the shells between would die of it, and take eigenscape with them.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)


onstart:
    # Not a rule: every job reads this file, and none is to run again because the grid has grown.
    configure.write_study(STUDY, StudyFolder(Path(RESULTS)))


onsuccess:
    print(
        f"Report: {RESULTS}/report.html   figures: {RESULTS}/figures   table: {RESULTS}/tables/condition_number.csv"
    )


@functools.cache
def prepare():
    """What is done once, when Snakemake comes to its first job and has not looked at a file yet.

    Jobs of the run have no part in it, nor has what runs nothing: --unlock, --report, --touch and the like.
    """
    settings = workflow.execution_settings
    if not workflow.is_main_process or settings is None or workflow.touch:
        return
    try:
        again = reconcile.begin_run(
            STUDY,
            StudyFolder(Path(RESULTS)),
            exclusive=settings.lock,
            dry=workflow.dryrun,
        )
    except EigenscapeError as error:
        end(error)
    workflow.dag.forcefiles.update(f"{RESULTS}/{target}" for target in again)
    # What a killed run has left is made again without being asked: commands write targets whole, or not at all.
    workflow.dag_settings.force_incomplete = True


def everything(_wildcards):
    """What a whole run is for."""
    prepare()
    return [f"{RESULTS}/{target}" for target in CATALOGUE.wanted]


def any_of(names):
    """A pattern that matches these names and no others; nothing at all where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def pattern_of(step, path):
    """A place in the study's folder, with the name of the step's wildcard for the job's value."""
    return f"{RESULTS}/{path.replace('{}', f'{{{step.wildcard}}}')}"


def constraints_of(step):
    """What the wildcard may be: the jobs of the study, and whatever else the step takes."""
    if not step.wildcard:
        return {}
    return {step.wildcard: step.pattern or any_of(JOBS[step.name])}


def of_job(step, fact):
    """A function of Snakemake's wildcards: what a function says of their job."""
    return lambda wildcards: fact(
        CATALOGUE.job(step, getattr(wildcards, step.wildcard, ""))
    )


def inputs_of(step):
    """A user's files, and the targets of other steps."""

    def inputs(wildcards):
        prepare()
        reads = of_job(step, lambda job: job.reads)(wildcards)
        return [*step.files(STUDY), *(f"{RESULTS}/{target}" for target in reads)]

    return inputs


def outputs_of(step):
    """The targets; in Snakemake's report those with a caption stand under their chapter."""
    return {
        "ledger" if leaf == step.note else re.sub(r"\W", "_", leaf): shown(step, leaf)
        for leaf in step.leaves
    }


def shown(step, leaf):
    """A target, with its caption where it has one."""
    target, caption = pattern_of(step, leaf), step.captions.get(leaf)
    if caption is None:
        return target
    return report(
        target,
        caption=f"../report/{Path(leaf).stem}.rst",
        category=caption.chapter,
        labels={"figure" if leaf.startswith("figures/") else "table": caption.title},
    )


def resources_of(step):
    """Memory, time, ranks, and what a user may set by --set-resources."""
    ranked = {"mpi": LAUNCHER, "tasks": step.ranks_of(STUDY), "cpus_per_task": 1}
    return {
        **(ranked if step.ranks_of(STUDY) > 1 else {}),
        **step.told,
        **step.resources,
        "mem_mb": of_job(step, memory_mb),
        "runtime": step.minutes,
    }


def memory_mb(job):
    """What a job needs. The tasks of a Slurm job array share what the first one asks for."""
    jobs = JOBS[job.step.name].values() if job.step.alike else [job]
    return max(job.memory for job in jobs) // 10**6


def params_of(step):
    """What makes a job run again when it changes, and flags of its command."""
    flags = {
        name: lambda job, name=name, given=given: f"--{name}" * given(job)
        for name, given in step.flags.items()
    }
    facts = {**flags, **step.decides}
    return {name: of_job(step, fact) for name, fact in facts.items()}


def command_of(step):
    """The one command of a step, in Snakemake's own words for what differs from job to job."""
    note = "{output.ledger:q}" if len(step.leaves) > 1 else "{output:q}"
    words = [
        step.command,
        f"{{params.{step.arguments}:q}}" * bool(step.arguments),
        step.option,
        f"{{wildcards.{step.wildcard}:q}}" * bool(step.wildcard),
        *(f"{{params.{name}}}" for name in step.flags),
        "--ranks {resources.tasks}" * (step.ranks_of(STUDY) > 1),
        *(f"--{name.replace('_', '-')} {{resources.{name}}}" for name in step.told),
        "--study {params.study:q}",
        f"--ledger {note}" * bool(step.note),
        "--log {log:q}",
    ]
    launched = (
        "{resources.mpi} -n {resources.tasks} python -m mpi4py -m eigenscape"
        if step.ranks_of(STUDY) > 1
        else "eigenscape"
    )
    return " ".join([launched, *filter(None, words)])
