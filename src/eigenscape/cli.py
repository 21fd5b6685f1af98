"""The command line: one sub-command per stage of the workflow, plus `plan`.

Exit codes: 0 done, 2 bad input (one line: expected, found, what to do), 75 interrupted and resumable,
1 anything else. Heavy libraries are imported inside the commands, so that `--help` and `plan` are quick.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eigenscape import __version__
from eigenscape.errors import EigenscapeError

if TYPE_CHECKING:
    from eigenscape.stages.second_moment import Execution
    from eigenscape.store.layout import StudyFolder
    from eigenscape.study import Study

BLAS_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Set to 1 before any numerical library loads: bits must not depend on the number of threads, and
the cores are used by ranks and jobs."""


class _OneLineErrors(click.Group):
    """Errors of the family end in one line and their exit code, without a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except EigenscapeError as error:
            click.echo(f"eigenscape: {error}", err=True)
            _end(error.exit_code)
        except PermissionError as error:
            click.echo(f"eigenscape: {error.filename}: expected a place to write, found {error.strerror}; check its permissions", err=True)
            _end(2)


def _end(code: int) -> None:
    """Leave with an exit code; under several ranks, end the others too, which may be waiting."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.COMM_WORLD.Get_size() > 1:
        sys.stderr.flush()
        mpi.COMM_WORLD.Abort(code)
    raise SystemExit(code)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="eigenscape")
def main() -> None:
    """How hard a neural network is to train, and why.

    The workflow calls these commands; `plan` is for you. Start with `make figures`.
    """
    for variable in BLAS_THREAD_VARIABLES:
        os.environ[variable] = "1"


def _study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--log", "log_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the log here.")(command)
    return click.option(
        "--study",
        "study_file",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        help="The study.json of the results, such as results/sine/study.json.",
    )(command)


def _execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
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


def _ledger_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--ledger",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Note the result here, for Snakemake; the receipts beside the results are the truth.",
    )(command)


def _open_study(study_file: Path, log_file: Path | None) -> tuple[Study, StudyFolder]:
    """The study and its folder, with logging set up and signals heard."""
    from eigenscape.stages import configure, signals  # noqa: PLC0415
    from eigenscape.store.layout import StudyFolder  # noqa: PLC0415

    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=log_file, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
        on_terminal = logging.StreamHandler()
        on_terminal.setLevel(logging.WARNING)
        on_terminal.setFormatter(logging.Formatter("eigenscape: %(message)s"))
        logging.getLogger().addHandler(on_terminal)
        logging.getLogger(__name__).info("eigenscape %s, %s", __version__, " ".join(sys.argv[1:]))
    signals.install()
    folder = StudyFolder(study_file.parent)
    return configure.load_study(folder), folder


def _execution(device: str, checkpoint_seconds: float) -> Execution:
    from eigenscape.networks.gradients import Device  # noqa: PLC0415
    from eigenscape.stages.second_moment import Execution  # noqa: PLC0415

    return Execution(Device(device), checkpoint_seconds)


def _note(ledger: Path | None, content: dict[str, Any]) -> None:
    if ledger is not None:
        from eigenscape.store.receipts import write_json  # noqa: PLC0415

        write_json(ledger, content)


@main.command()
@click.option(
    "--configfile",
    "configfiles",
    type=click.Path(path_type=Path),
    multiple=True,
    default=[Path("config.yaml")],
    show_default=True,
    help="Configuration; give it again to merge a second file over the first.",
)
@click.option("--cores", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="all", help="Cores that will be used.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where results will go.")
@click.option("--brief", is_flag=True, help="Only the totals.")
def plan(configfiles: tuple[Path, ...], cores: int, results: Path, brief: bool) -> None:
    """What a study costs before it runs, and whether it fits this machine.

    \b
    Example:
      eigenscape plan --configfile config.yaml --configfile mine.yaml
    """
    from eigenscape.stages import configure, planning  # noqa: PLC0415
    from eigenscape.store.layout import StudyFolder  # noqa: PLC0415

    study = configure.read_study(configfiles)
    folder = StudyFolder(results / study.study)
    configure.require_writable(folder)
    configure.require_same_science(study, folder)
    costs = planning.costs_of(study)
    text = planning.report(study, costs, planning.measured_rate(), cores)
    click.echo("\n".join(text.splitlines()[-2:]) if brief else text)
    planning.require_fit(costs, results, cores)


@main.command("second-moment")
@click.argument("cell")
@click.option("--ranks", "expected", type=click.IntRange(min=1), default=1, show_default=True, help="MPI ranks that must have started.")
@_study_options
@_execution_options
@_ledger_option
def second_moment(
    cell: str, expected: int, study_file: Path, log_file: Path | None, device: str, checkpoint_seconds: float, ledger: Path | None
) -> None:
    """Gradients of one cell over all MPI ranks, reduced into C = E[grad L grad L^T].

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape second-moment headline/d05-w035-n10000 \\
          --ranks 2 --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import started_ranks  # noqa: PLC0415
    from eigenscape.stages.second_moment import compute_second_moment  # noqa: PLC0415

    ranks = started_ranks(expected)
    study, folder = _open_study(study_file, log_file if ranks.rank == 0 else None)
    execution = _execution(device, checkpoint_seconds)
    devices.bind(execution.device, ranks)
    receipt = compute_second_moment(study, study.cell(cell), folder, ranks, execution)
    if ranks.rank == 0:
        _note(ledger, {"cell": cell, "receipt": receipt.name})


@main.command()
@click.argument("cell")
@click.option("--vectors", is_flag=True, help="Also the eigenvectors.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where to solve: LAPACK or the GPU.")
@_study_options
@_ledger_option
def spectrum(cell: str, vectors: bool, device: str, study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Eigenvalues of one cell's C, by the route that resolves them.

    \b
    Example:
      eigenscape spectrum headline/d05-w035-n10000 --vectors --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import OneRank  # noqa: PLC0415
    from eigenscape.networks.gradients import Device  # noqa: PLC0415
    from eigenscape.stages.spectrum import compute_spectrum  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    devices.bind(Device(device), OneRank())
    receipt = compute_spectrum(study, study.cell(cell), folder, vectors=vectors, place="host" if device == "cpu" else device)
    _note(ledger, {"cell": cell, "receipt": receipt.name})


@main.command()
@click.argument("batch")
@_study_options
@_execution_options
@_ledger_option
def cells(batch: str, study_file: Path, log_file: Path | None, device: str, checkpoint_seconds: float, ledger: Path | None) -> None:
    """Second moment and spectrum of a batch of small cells, one after the other.

    \b
    Example:
      eigenscape cells w005-d01to10 --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import OneRank  # noqa: PLC0415
    from eigenscape.errors import BadInput  # noqa: PLC0415
    from eigenscape.stages import planning  # noqa: PLC0415
    from eigenscape.stages.cells import compute_cells, spectrum_digests  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    dealt = planning.batches(study)
    if batch not in dealt:
        raise BadInput.field("batch", f"one of {', '.join(dealt)}", batch, "choose one of them")
    execution = _execution(device, checkpoint_seconds)
    devices.bind(execution.device, OneRank())
    compute_cells(study, dealt[batch], folder, execution)
    _note(ledger, {"batch": batch, "spectra": spectrum_digests(dealt[batch], folder)})


@main.command()
@click.option("--width", "widths", type=int, multiple=True, help="Only networks of this width; may be given again.")
@_study_options
@_ledger_option
def projection(widths: tuple[int, ...], study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Symmetry-projected spectra of the networks of the grid, whatever their size.

    \b
    Example:
      eigenscape projection --width 50 --study results/sine/study.json
    """
    from eigenscape.stages.projection import project_networks  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    chosen = [architecture for architecture in study.projected_architectures() if not widths or architecture.width in widths]
    project_networks(study, chosen, folder)
    _note(ledger, {"networks": [architecture.label for architecture in chosen]})


@main.command()
@_study_options
@_ledger_option
def importance(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Which layers of the headline network matter, under the study's prior and under a second one.

    \b
    Example:
      eigenscape importance --study results/sine/study.json
    """
    from eigenscape.stages.condition_numbers import write_csv  # noqa: PLC0415
    from eigenscape.stages.importance import family_table, headline_importance, importance_table  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    content = headline_importance(study, folder)
    write_csv(importance_table(study, content), folder.root / "tables" / "importance.csv")
    write_csv(family_table(content), folder.root / "tables" / "headline.csv")
    _note(ledger, {"cell": study.headline_cell.folder})


@main.command()
@_study_options
@_ledger_option
def criticality(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """The slope of layer importance as the scale of the weights goes through chi_1 = 1.

    \b
    Example:
      eigenscape criticality --study results/sine/study.json
    """
    from eigenscape.stages.condition_numbers import write_csv  # noqa: PLC0415
    from eigenscape.stages.importance import criticality_table  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    write_csv(criticality_table(study, folder), folder.root / "tables" / "criticality.csv")
    _note(ledger, study.criticality.model_dump())


@main.command()
@_study_options
@_ledger_option
def training(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Train the networks of a sub-grid by gradient descent, and count the steps to a loss threshold.

    \b
    Example:
      eigenscape training --study results/sine/study.json
    """
    from eigenscape.stages import training as stage  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    plan = stage.TrainingPlan(depth=tuple(study.training.depth), width=tuple(study.training.width))
    stage.train_networks(study, folder, plan)
    stage.write_training_table(stage.training_table(study, folder, plan), folder)
    _note(ledger, study.training.model_dump())


@main.command()
@click.option("--depth", type=click.IntRange(min=1), default=5, show_default=True, help="Hidden layers.")
@click.option("--width", type=click.IntRange(min=1), default=20, show_default=True, help="Neurons per hidden layer.")
@click.option("--samples", type=click.IntRange(min=2), default=300, show_default=True, help="Parameter vectors per setting.")
@click.option("--replicates", type=click.IntRange(min=20), default=200, show_default=True, help="Bootstrap resamples per interval.")
@_study_options
def sensitivity(depth: int, width: int, samples: int, replicates: int, study_file: Path, log_file: Path | None) -> None:
    """One network's projected condition number for every input interval, number of points, loss, prior and activation.

    \b
    Example:
      eigenscape sensitivity --depth 5 --width 20 --study results/sine/study.json
    """
    from eigenscape.stages.sensitivity import compute_sensitivity  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    compute_sensitivity(study, folder, depth, width, samples, replicates)


@main.command("second-moment-kinds")
@click.option("--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Hidden layers.")
@click.option("--width", type=click.IntRange(min=1), default=10, show_default=True, help="Neurons per hidden layer.")
@click.option("--samples", type=click.IntRange(min=2), default=2500, show_default=True, help="Parameter vectors per kind.")
@_study_options
def second_moment_kinds(depth: int, width: int, samples: int, study_file: Path, log_file: Path | None) -> None:
    """Condition numbers of one network under other second moments: centred, per datum, Gauss-Newton, NTK, local prior.

    \b
    Example:
      eigenscape second-moment-kinds --depth 3 --width 10 --study results/sine/study.json
    """
    from eigenscape.stages.second_moment_kinds import compute_kinds  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    compute_kinds(study, folder, depth, width, samples)


@main.command()
@_study_options
def findings(study_file: Path, log_file: Path | None) -> None:
    """Each published finding, whether it holds in this study, and the evidence: csv and Markdown.

    \b
    Example:
      eigenscape findings --study results/sine/study.json
    """
    from eigenscape.stages.findings import write_findings  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    write_findings(study, folder)


@main.command("condition-number-table")
@_study_options
def condition_number_table(study_file: Path, log_file: Path | None) -> None:
    """What is known of every network as one labelled table, csv and NetCDF; and the shares of all layers.

    \b
    Example:
      eigenscape condition-number-table --study results/sine/study.json
    """
    from eigenscape.stages import condition_numbers  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    condition_numbers.write_table(condition_numbers.condition_number_table(study, folder), folder.table, study)
    condition_numbers.write_csv(condition_numbers.layer_table(study, folder), folder.table.with_name("layers.csv"))


@main.command()
@click.argument("name")
@_study_options
def figure(name: str, study_file: Path, log_file: Path | None) -> None:
    """Draw one figure of a study as PDF and PNG.

    \b
    Example:
      eigenscape figure eigenvalues --study results/sine/study.json
      eigenscape figure map_participation_ratio --study results/sine/study.json
    """
    from eigenscape.stages.draw import draw_figure  # noqa: PLC0415

    study, folder = _open_study(study_file, log_file)
    draw_figure(name, study, folder, folder.root / "figures")


@main.command("schema")
def print_schema() -> None:
    """The JSON schema of the configuration: every key with its default, its meaning and its source.

    \b
    Example:
      eigenscape schema > workflow/schemas/config.schema.json
    """
    import json  # noqa: PLC0415

    from eigenscape.study import schema  # noqa: PLC0415

    click.echo(json.dumps(schema(), indent=1, sort_keys=True))
