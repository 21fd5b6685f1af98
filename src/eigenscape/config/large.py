"""The section ``large`` of the configuration: networks with more parameters than any P x P matrix
allows.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.architecture import Architecture
from eigenscape.config.base import Section
from eigenscape.config.sampling import LARGEST_COUNT, GridSize

TILE = 64
"""Samples of a tile of gradients. A product of two tiles does 8 flops a byte read, so that it is
not held up by memory (at P = 10^6, 32 samples ran at three quarters of the rate of 64), and a tile
takes 0.5 GB at P = 10^6; part of the identity of a result."""

PART = 8
"""Samples whose parameters and gradients are held beside a tile while it is filled; rows do not
depend on their neighbours."""

KRYLOV_BLOCK = 16
"""Vectors that a Krylov space grows by in a pass: enough that a pass is no dearer than the
gradients; part of the identity of a result."""

KRYLOV_BLOCKS = 5
"""Blocks between two restarts: memory grows with them, and each restart forgets some of what was
found; part of the identity too."""


class LargeSection(Section):
    """Leading eigenpairs, traces and the density of the spectrum, without C;
    docs/large_cells.md.
    """

    depth: list[GridSize] = Field([4])
    """Hidden layers of the large networks; empty for none. Source: this project's choice."""

    width: list[GridSize] = Field([100])
    """Neurons per hidden layer. Source: P = 30,601, whose C would take 7.5 GB, fits the default
    study's time."""

    samples: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = 512
    """N, gradients of each network. Source: fits the default study's time."""

    leading: Annotated[int, Field(ge=1, le=1000)] = 20
    """Eigenpairs of C that are kept. Source: this project's choice."""

    route: Literal["auto", "dual", "matrix_free"] = "auto"
    """dual: all eigenvalues from the N x N Gram matrix; matrix_free: the leading ones by block
    Krylov, and a density by Lanczos; auto: dual where it fits. Source: docs/large_cells.md."""

    memory_gb: Annotated[float, Field(gt=0, le=1e6)] = 2.0
    """Gigabytes that a rank may hold beside the interpreter. Source: a quarter of a small
    machine."""

    probes: Annotated[int, Field(ge=2, le=1000)] = 8
    """Random vectors behind the density of the matrix-free route, and its interval. Source: this
    project's choice."""

    steps: Annotated[int, Field(ge=2, le=1000)] = 32
    """Lanczos steps of each probe, one pass over the gradients each. Source: Ubaru, Chen, Saad 2017
    use 30 to 50."""

    def architectures(self) -> list[Architecture]:
        """The networks, in the order of their cost.

        Example:
            >>> [architecture.label for architecture in LargeSection().architectures()]
            ['d04-w100']
        """
        found = [Architecture(depth, width) for depth in self.depth for width in self.width]
        return sorted(found, key=lambda architecture: (architecture.parameters, architecture.label))
