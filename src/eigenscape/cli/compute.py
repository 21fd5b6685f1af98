"""From gradients to spectra: the commands that take the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eigenscape.cli.options import (
    execution_of,
    execution_options,
    ledger_option,
    note_result,
    open_study,
    study_options,
)


@click.command("second-moment")
@click.argument("cell")
@click.option(
    "--ranks",
    "expected",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="MPI ranks that must have started.",
)
@study_options
@execution_options
@ledger_option
def second_moment(
    cell: str,
    expected: int,
    study_file: Path,
    log_file: Path | None,
    ledger: Path | None,
    **execution: Any,
) -> None:
    """Gradients of one cell over all MPI ranks, reduced into C = E[grad L grad L^T].

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape second-moment headline/d05-w035-n10000 \\
          --ranks 2 --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import started_ranks  # noqa: PLC0415
    from eigenscape.stages.active_subspace.second_moment import compute_second_moment  # noqa: PLC0415

    ranks = started_ranks(expected)
    study, folder = open_study(study_file, log_file if ranks.rank == 0 else None)
    how = execution_of(**execution)
    devices.bind(how.device, ranks)
    receipt = compute_second_moment(study, study.cell(cell), folder, ranks, how)
    if ranks.rank == 0:
        note_result(ledger, {"cell": cell, "receipt": receipt.name})


@click.command()
@click.argument("cell")
@click.option("--vectors", is_flag=True, help="Also the eigenvectors.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to solve: LAPACK or the GPU.",
)
@click.option(
    "--ranks",
    "expected",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Solve by ScaLAPACK on this many MPI ranks.",
)
@study_options
@ledger_option
def spectrum(
    cell: str,
    vectors: bool,
    device: str,
    expected: int,
    study_file: Path,
    log_file: Path | None,
    ledger: Path | None,
) -> None:
    """Eigenvalues of one cell's C, by the route that resolves them.

    On several ranks no rank holds C, which may be larger than its memory; such a spectrum has no
    bracket.

    \b
    Example:
      eigenscape spectrum headline/d05-w035-n10000 --vectors --study results/sine/study.json
      mpiexec -n 4 python -m mpi4py -m eigenscape spectrum headline/d05-w035-n10000 \\
          --ranks 4 --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import started_ranks  # noqa: PLC0415
    from eigenscape.errors import BadInput  # noqa: PLC0415
    from eigenscape.networks.sampler import Device  # noqa: PLC0415

    if expected > 1 and device != "cpu":
        raise BadInput.field(
            "device", "cpu, with several ranks", device, "leave --device out, or run on one rank"
        )
    ranks = started_ranks(expected)
    study, folder = open_study(study_file, log_file if ranks.rank == 0 else None)
    devices.bind(Device(device), ranks)
    if ranks.size > 1:
        from eigenscape.stages.active_subspace.distributed_spectrum import (  # noqa: PLC0415
            compute_distributed_spectrum,
        )

        receipt = compute_distributed_spectrum(
            study, study.cell(cell), folder, ranks, vectors=vectors
        )
    else:
        from eigenscape.stages.active_subspace.spectrum import compute_spectrum  # noqa: PLC0415

        receipt = compute_spectrum(
            study,
            study.cell(cell),
            folder,
            vectors=vectors,
            place="host" if device == "cpu" else device,
        )
    if ranks.rank == 0:
        note_result(ledger, {"cell": cell, "receipt": receipt.name})


@click.command()
@click.argument("batch")
@study_options
@execution_options
@ledger_option
def cells(
    batch: str, study_file: Path, log_file: Path | None, ledger: Path | None, **execution: Any
) -> None:
    """Second moment and spectrum of a batch of small cells, one after the other.

    \b
    Example:
      eigenscape cells w005-d01to10 --study results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import OneRank  # noqa: PLC0415
    from eigenscape.errors import BadInput  # noqa: PLC0415
    from eigenscape.planning import batches as planning  # noqa: PLC0415
    from eigenscape.stages.active_subspace.cells import (  # noqa: PLC0415
        compute_cells,
        spectrum_digests,
    )

    study, folder = open_study(study_file, log_file)
    dealt = planning.batches(study)
    if batch not in dealt:
        raise BadInput.field("batch", f"one of {', '.join(dealt)}", batch, "choose one of them")
    how = execution_of(**execution)
    devices.bind(how.device, OneRank())
    compute_cells(study, dealt[batch], folder, how)
    note_result(ledger, {"batch": batch, "spectra": spectrum_digests(dealt[batch], folder)})


@click.command()
@click.option(
    "--width",
    "widths",
    type=int,
    multiple=True,
    help="Only networks of this width; may be given again.",
)
@study_options
@ledger_option
def projection(
    widths: tuple[int, ...], study_file: Path, log_file: Path | None, ledger: Path | None
) -> None:
    """Symmetry-projected spectra of the networks of the grid, whatever their size.

    \b
    Example:
      eigenscape projection --width 50 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.projection import project_networks  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    chosen = [
        architecture
        for architecture in study.projected_architectures()
        if not widths or architecture.width in widths
    ]
    project_networks(study, chosen, folder)
    note_result(ledger, {"networks": [architecture.label for architecture in chosen]})
