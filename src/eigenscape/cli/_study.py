"""The kinds of commands that work on a study: their options, and what is done before and after.

===================  ===============================================================================
`study_command`      works on a study: `--study`, `--log`
`step_command`       is a step that Snakemake waits for: `--ledger` too, where it writes its note
`parallel_command`   is such a step on several MPI ranks: `--ranks` too
===================  ===============================================================================

Each hands the function the opened study and its folder, then what the command's own options say.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eigenscape.errors import BadInput
from eigenscape.version import __version__

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder

_FILE = click.Path(dir_okay=False, path_type=Path)

STUDY = click.Option(
    ["--study", "study_file"],
    type=_FILE,
    required=True,
    help="The study.json of the results, such as results/sine/study.json.",
)
LOG = click.Option(["--log", "log_file"], type=_FILE, help="Write the log here.")
LEDGER = click.Option(
    ["--ledger"],
    type=_FILE,
    help="Note the result here, for Snakemake; the receipts beside the results are the truth.",
)
RANKS = click.Option(
    ["--ranks", "expected_ranks"],
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="MPI ranks that must have started.",
)

_EXECUTION = (
    click.option(
        "--checkpoint-seconds",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        help="Keep partial sums after this much work.",
    ),
    click.option(
        "--device",
        type=click.Choice(["cpu", "torch", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where gradients are computed; cuda uses one GPU a rank.",
    ),
    click.option(
        "--stale-seconds",
        type=click.FloatRange(min=1),
        default=180.0,
        show_default=True,
        help="Without a heartbeat for so long, another machine's attempt is taken for dead.",
    ),
    click.option(
        "--hang-seconds",
        type=click.FloatRange(min=0),
        default=1800.0,
        show_default=True,
        help="Without progress for so long, a rank prints its stack and ends the run; 0: never.",
    ),
    click.option(
        "--device-buffers",
        is_flag=True,
        help=(
            "With --share bands, give MPI what is on the GPU, without a copy on the host; only"
            " where MPI is CUDA-aware."
        ),
    ),
    click.option(
        "--share",
        type=click.Choice(["auto", "samples", "bands"]),
        default="auto",
        show_default=True,
        help=(
            "What ranks share: samples, each summing over all of C, or bands of C, where no rank"
            " can hold it whole."
        ),
    ),
)


def to_option(function: Callable[..., None]) -> Callable[..., None]:
    """`--to`, of commands that write one file for readers."""
    return click.option(
        "--to",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Output file, if not beside the results.",
    )(function)


def network_options(
    depth: int, width: int, samples: int, of: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`--depth`, `--width` and `--samples` with their defaults, of commands that look at one
    network; ``of`` says what the samples are counted by.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        for name, least, default, text in (
            ("--samples", 2, samples, f"Parameter vectors per {of}."),
            ("--width", 1, width, "Neurons per hidden layer."),
            ("--depth", 1, depth, "Hidden layers."),
        ):
            kind = click.IntRange(min=least)
            function = click.option(name, type=kind, default=default, show_default=True, help=text)(
                function
            )
        return function

    return add


def study_command(function: Callable[..., None]) -> click.Command:
    """A command on a study; the function is called with the study, its folder, and its own options
    by name.
    """

    def run(study_file: Path, log_file: Path | None, **own: Any) -> None:
        function(*open_study(study_file, log_file), **own)

    return _command(function, run, (STUDY, LOG))


def step_command(function: Callable[..., dict[str, Any]]) -> click.Command:
    """A step of the workflow; the function returns the note that Snakemake waits for, which is
    written last.
    """

    def run(study_file: Path, log_file: Path | None, ledger: Path | None, **own: Any) -> None:
        opened = open_study(study_file, log_file)
        _note(*opened, ledger, function(*opened, **own))

    return _command(function, run, (STUDY, LOG, LEDGER))


def parallel_command(function: Callable[..., dict[str, Any]]) -> click.Command:
    """A step on several MPI ranks; the function is called with the ranks behind the folder. Rank 0
    alone logs and writes the note.
    """

    def run(
        study_file: Path,
        log_file: Path | None,
        ledger: Path | None,
        expected_ranks: int,
        **own: Any,
    ) -> None:
        from eigenscape.distributed.ranks import started_ranks

        ranks = started_ranks(expected_ranks)
        opened = open_study(study_file, log_file if ranks.rank == 0 else None)
        note = function(*opened, ranks, **own)
        if ranks.rank == 0:
            _note(*opened, ledger, note)

    return _command(function, run, (RANKS, STUDY, LOG, LEDGER))


def execution_options(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """How gradients are computed, dealt out and kept; the function is called with ``execution``."""

    @functools.wraps(function)
    def with_execution(
        *opened: Any,
        device: str,
        checkpoint_seconds: float,
        share: str,
        hang_seconds: float,
        stale_seconds: float,
        device_buffers: bool,
        **own: Any,
    ) -> dict[str, Any]:
        from eigenscape.networks.sampler import Device
        from eigenscape.planning.communication import Share
        from eigenscape.stages.common.execution import Execution

        execution = Execution(
            Device(device),
            checkpoint_seconds,
            share=None if share == "auto" else Share(share),
            hang_seconds=hang_seconds,
            stale_seconds=stale_seconds,
            device_buffers=device_buffers,
        )
        return function(*opened, execution=execution, **own)

    command: Callable[..., dict[str, Any]] = with_execution
    for option in reversed(_EXECUTION):
        command = option(command)
    return command


def folder_of(study_file: Path) -> Path:
    """The folder of a study, by the file in it that `--study` names.

    Raises:
        BadInput: it is another file, such as the configuration that the study was started with.
    """
    if study_file.name != "study.json":
        expected = "the study.json among the results, such as results/sine/study.json"
        raise BadInput.field(
            "--study",
            expected,
            str(study_file),
            "a run of that configuration writes it into results/<study>",
        )
    return study_file.parent


def open_study(study_file: Path, log_file: Path | None) -> tuple[Study, StudyFolder]:
    """The study and its folder, with logging set up and signals heard; what the command writes
    there gets receipts when it ends.
    """
    from eigenscape.stages.common import configure, signals
    from eigenscape.store.layout import StudyFolder
    from eigenscape.store.products import confirmed

    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(
            filename=log_file,
            level=logging.INFO,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            force=True,
        )
        on_terminal = logging.StreamHandler()
        on_terminal.setLevel(logging.WARNING)
        on_terminal.setFormatter(logging.Formatter("eigenscape: %(message)s"))
        logging.getLogger().addHandler(on_terminal)
        logging.getLogger(__name__).info("eigenscape %s, %s", __version__, " ".join(sys.argv[1:]))
    signals.install()
    folder = StudyFolder(folder_of(study_file))
    study = configure.load_study(folder)
    if (context := click.get_current_context(silent=True)) is not None:
        context.with_resource(confirmed(folder, lambda name: _decisions_of(study, name)))
    return study, folder


def _command(
    function: Callable[..., Any], run: Callable[..., None], shared: Sequence[click.Option]
) -> click.Command:
    """The command that is named after a function and documented by it: its own options, then the
    shared ones.
    """
    own = reversed(getattr(function, "__click_params__", []))
    return click.Command(
        function.__name__.replace("_", "-"),
        callback=run,
        params=[*own, *shared],
        help=function.__doc__,
    )


def _note(study: Study, folder: StudyFolder, ledger: Path | None, content: dict[str, Any]) -> None:
    """Write the note of a step: what the step tells, the results that it stands for, and what
    decided them.
    """
    if ledger is not None:
        from eigenscape.store.products import results_of_command
        from eigenscape.store.receipts import write_json

        results = results_of_command(folder)
        decisions = _decisions_of(study, os.path.relpath(ledger, folder.root))
        write_json(ledger, {**content, "decisions": decisions, "results": results})


def _decisions_of(study: Study, target: str) -> str:
    from eigenscape.catalogue import Catalogue

    return Catalogue(study).decisions_of(target)
