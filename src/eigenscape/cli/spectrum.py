"""`eigenscape spectrum`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import parallel_command
from eigenscape.errors import BadInput

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.distributed.ranks import Ranks
    from eigenscape.store.layout import StudyFolder


@parallel_command
@click.argument("cell")
@click.option("--vectors", is_flag=True, help="Also compute eigenvectors.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to solve: LAPACK or the GPU.",
)
def spectrum(
    study: Study, folder: StudyFolder, ranks: Ranks, *, cell: str, vectors: bool, device: str
) -> dict[str, Any]:
    """Eigenvalues of one cell's C, by the route that resolves them.

    On several ranks ScaLAPACK solves: no rank holds C, which may be larger than its memory; such a
    spectrum has no bracket.

    \b
    Example:
      eigenscape spectrum headline/d05-w035-n10000 --vectors --study results/sine/study.json
      mpiexec -n 4 python -m mpi4py -m eigenscape spectrum headline/d05-w035-n10000 \\
          --ranks 4 --study results/sine/study.json
    """
    from eigenscape.catalogue import Catalogue
    from eigenscape.distributed import devices
    from eigenscape.networks.sampler import Device
    from eigenscape.stages.common.spectrum import compute_spectrum

    if ranks.size > 1 and device != "cpu":
        raise BadInput.field(
            "device", "cpu, with several ranks", device, "leave --device out, or run on one rank"
        )
    devices.bind(Device(device), ranks)
    notes = Catalogue(study).notes_of(f"{cell}/second_moment.zarr", f"{cell}/spectrum.zarr")
    receipt = compute_spectrum(
        study,
        study.cell(cell),
        folder,
        ranks,
        vectors=vectors,
        device=Device(device),
        notes=[folder.root / note for note in notes],
    )
    return {"cell": cell, "receipt": receipt.name}
