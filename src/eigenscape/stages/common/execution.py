"""How a step that computes gradients runs: where, what ranks share, and how often sums are kept."""

from __future__ import annotations

from dataclasses import dataclass

from eigenscape.networks.sampler import Device
from eigenscape.planning.communication import Share
from eigenscape.store import leases

CHECKPOINT_SECONDS = 60.0
"""Partial sums are kept when this much work would be lost otherwise; each costs P^2/2 numbers on
disk."""

HANG_SECONDS = 1800.0
"""A block of 256 gradients takes seconds on a core at P = 74,101; half an hour without one is a
hang."""


@dataclass(frozen=True)
class Execution:
    """How a stage runs; nothing here changes a bit of the result on one kind of processor.

    Attributes:
        device: where gradients are computed.
        checkpoint_seconds: see `CHECKPOINT_SECONDS`.
        quiet: print no progress.
        share: what is dealt out over the ranks; None lets the plan choose.
        hang_seconds: without progress, after which a rank prints its stack and ends the run; 0 for
            never.
        stale_seconds: without a heartbeat, after which another machine's attempt is taken for dead.
        device_buffers: by bands, give the MPI library blocks where they were computed (torch
            tensors), not copies on the host; for GPUs whose MPI is CUDA-aware.
    """

    device: Device = Device.CPU
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    quiet: bool = False
    share: Share | None = None
    hang_seconds: float = HANG_SECONDS
    stale_seconds: float = leases.STALE_SECONDS
    device_buffers: bool = False
