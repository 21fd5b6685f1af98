"""Shards: partial sums of an unfinished second moment, so that a killed run resumes.

A shard is one node of the summation tree in one file, ``node-<first>-<span>.bin``, with a receipt that
carries its digest and the fingerprint of its work. A shard is believed only if its receipt verifies;
otherwise it is removed and its slots are computed again. Which rank wrote it does not matter.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import numpy as np

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.store import receipts
from eigenscape.study import Cell

log = logging.getLogger(__name__)

_NAME = re.compile(r"node-(\d+)-(\d+)\.json")


def save_shard(folder: Path, cell: Cell, node: Node, partial: PartialSum) -> None:
    """Keep a partial sum: data first, then the receipt, then shards of its halves are removed."""
    data = b"".join(array.tobytes() for array in partial.arrays())
    name = f"node-{node.first:02d}-{node.span:02d}"
    receipts.write_atomically(folder / f"{name}.bin", data)
    receipts.write_json(folder / f"{name}.json", {"fingerprint": cell.fingerprint, "digest": receipts.digest_of(data)})
    for other in saved_nodes(folder):
        if other != node and set(other.slots) <= set(node.slots):
            _remove(folder, other)


def saved_nodes(folder: Path) -> list[Node]:
    """The nodes that have a receipt, largest first; the receipts are not checked yet."""
    matches = (_NAME.fullmatch(path.name) for path in folder.glob("node-*.json"))
    nodes = [Node(int(match[1]), int(match[2])) for match in matches if match]
    return sorted(nodes, key=lambda node: (-node.span, node.first))


def load_shard(folder: Path, cell: Cell, node: Node) -> PartialSum | None:
    """The partial sum of a shard, or None where it does not verify (it is removed, and the log says why)."""
    name = f"node-{node.first:02d}-{node.span:02d}"
    partial = PartialSum.zero(cell.architecture.parameters)
    try:
        receipt = json.loads((folder / f"{name}.json").read_bytes())
        data = (folder / f"{name}.bin").read_bytes()
        sound = receipt["fingerprint"] == cell.fingerprint and receipt["digest"] == receipts.digest_of(data)
        sound = sound and len(data) == sum(array.nbytes for array in partial.arrays())
    except (OSError, ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        log.warning("shard %s of %s does not verify; it is removed and computed again", name, cell.folder)
        _remove(folder, node)
        return None
    start = 0
    for array in partial.arrays():
        array[...] = np.frombuffer(data, np.float64, array.size, start).reshape(array.shape)
        start += array.nbytes
    return partial


def _remove(folder: Path, node: Node) -> None:
    name = f"node-{node.first:02d}-{node.span:02d}"
    (folder / f"{name}.json").unlink(missing_ok=True)
    (folder / f"{name}.bin").unlink(missing_ok=True)
