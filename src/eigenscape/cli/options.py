"""What commands share: their options, the study they work on, and the note for Snakemake."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eigenscape.errors import BadInput
from eigenscape.version import __version__

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.stages.active_subspace.second_moment import Execution
    from eigenscape.store.layout import StudyFolder


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--study` and `--log`, of every command that works on a study."""
    command = click.option(
        "--log",
        "log_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the log here.",
    )(command)
    return click.option(
        "--study",
        "study_file",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="The study.json of the results, such as results/sine/study.json.",
    )(command)


def execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How gradients are computed, dealt out and kept."""
    command = click.option(
        "--share",
        type=click.Choice(["auto", "samples", "bands"]),
        default="auto",
        show_default=True,
        help=(
            "What ranks share: samples, each summing over all of C, or bands of C, where no rank"
            " can hold it whole."
        ),
    )(command)
    command = click.option(
        "--device-buffers",
        is_flag=True,
        help=(
            "With --share bands, give MPI what is on the GPU, without a copy on the host; only"
            " where MPI is CUDA-aware."
        ),
    )(command)
    command = click.option(
        "--hang-seconds",
        type=click.FloatRange(min=0),
        default=1800.0,
        show_default=True,
        help="Without progress for so long, a rank prints its stack and ends the run; 0: never.",
    )(command)
    command = click.option(
        "--stale-seconds",
        type=click.FloatRange(min=1),
        default=180.0,
        show_default=True,
        help="Without a heartbeat for so long, another machine's attempt is taken for dead.",
    )(command)
    command = click.option(
        "--device",
        type=click.Choice(["cpu", "torch", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where gradients are computed; cuda uses one GPU a rank.",
    )(command)
    return click.option(
        "--checkpoint-seconds",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        help="Keep partial sums after this much work.",
    )(command)


def ledger_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--ledger`, of every command that a rule waits for."""
    return click.option(
        "--ledger",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Note the result here, for Snakemake; the receipts beside the results are the truth.",
    )(command)


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
    from eigenscape.stages.common import configure, signals  # noqa: PLC0415
    from eigenscape.store.layout import StudyFolder  # noqa: PLC0415
    from eigenscape.store.products import confirmed  # noqa: PLC0415

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
        context.with_resource(confirmed(folder))
    return study, folder


def execution_of(
    device: str,
    checkpoint_seconds: float,
    share: str,
    hang_seconds: float,
    stale_seconds: float,
    device_buffers: bool,
) -> Execution:
    """The options of `execution_options` as the stages take them."""
    from eigenscape.networks.sampler import Device  # noqa: PLC0415
    from eigenscape.planning.communication import Share  # noqa: PLC0415
    from eigenscape.stages.active_subspace.second_moment import Execution  # noqa: PLC0415

    return Execution(
        Device(device),
        checkpoint_seconds,
        share=None if share == "auto" else Share(share),
        hang_seconds=hang_seconds,
        stale_seconds=stale_seconds,
        device_buffers=device_buffers,
    )


def note_result(ledger: Path | None, content: dict[str, Any]) -> None:
    """Write the note that Snakemake waits for, last."""
    if ledger is not None:
        from eigenscape.store.receipts import write_json  # noqa: PLC0415

        write_json(ledger, content)
