"""GPUs: one rank per device, by the rank's number on its node."""

from __future__ import annotations

from eigenscape.distributed.ranks import Ranks
from eigenscape.errors import BadInput
from eigenscape.networks.sampler import Device


def bind(device: Device, ranks: Ranks) -> None:
    """Make this rank's GPU the current one; on a CPU nothing is done.

    Ranks on a node take its GPUs in turn. Where the launcher shows each rank only its own (Slurm's
    ``--gpus-per-task``), that is device 0 of every rank.

    Raises:
        BadInput: torch can use no GPU here.
    """
    if device is not Device.CUDA:
        return
    import torch  # noqa: PLC0415 - only this route needs it

    if not torch.cuda.is_available():
        raise BadInput.field(
            "device",
            "a GPU that torch can use",
            "none",
            "use --device cpu, or install the CUDA build of torch",
        )
    torch.backends.cuda.matmul.allow_tf32 = False  # ten bits of mantissa are not float32
    torch.backends.cudnn.allow_tf32 = False
    torch.cuda.set_device(ranks.local_rank % torch.cuda.device_count())
