"""What a user's data file and networks turned out to be, as plain values that every later stage can
rely on.

The configuration names files; what they hold decides P, the identity of results, and which figures
there are. It is resolved once (`stages.common.user_problems`), kept in ``study.json``, and compared
with the files again before gradients are computed.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from eigenscape.config.base import Section
from eigenscape.errors import BadInput


class ResolvedNetwork(Section):
    """A user's network for one depth and width.

    Attributes:
        depth: the depth that the factory was called with.
        width: the width that it was called with.
        names: the names of the layers, in the order of the parameter vector.
        counts: parameters per layer.
        point_flops: floating-point operations of a forward pass, per data point.
        state: digest of all that the module keeps fixed and of its prior.
    """

    depth: int
    width: int
    names: list[str]
    counts: list[int]
    point_flops: int
    state: str


class ResolvedProblem(Section):
    """What a user's problem was resolved to.

    Attributes:
        file: the path of the data.
        digest: the digest of the data that are used, not of the file's bytes.
        inputs: numbers per data point that a fully connected network is given.
        outputs: numbers that it gives: targets, or classes.
        folder: the folder of the configuration, where the user's code is looked for.
        source: digest of the file that holds the factory.
        checkpoint: the path of the checkpoint; empty without one.
        networks: the networks of the grid and the headline, for modules.
    """

    file: str
    digest: str
    inputs: int
    outputs: int
    folder: str
    source: str = ""
    checkpoint: str = ""
    networks: list[ResolvedNetwork] = Field([])

    def facts(self, kind: str) -> dict[str, Any]:
        """What belongs to the identity of every result."""
        return {"data": self.digest} | ({"source": self.source} if kind == "module" else {})

    def network(self, depth: int, width: int) -> ResolvedNetwork:
        """The network of a depth and a width.

        Raises:
            BadInput: it was not looked at.
        """
        for network in self.networks:
            if (network.depth, network.width) == (depth, width):
                return network
        known = ", ".join(f"({network.depth}, {network.width})" for network in self.networks[:4])
        raise BadInput.field(
            "depth, width",
            f"networks of the study, such as {known}",
            f"({depth}, {width})",
            "add it to the grid",
        )
