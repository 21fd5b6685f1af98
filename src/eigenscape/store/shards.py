"""Shards: partial sums of an unfinished second moment, so that a killed run resumes.

A shard is a node of the summation tree, or the first samples of a slot that is under way. It lies
in a folder of its own, ``node-<first>-<span>`` or ``slot-<slot>-at-<samples>``, one file a band of
columns, ``band-<band>.bin``, each with a receipt that carries its digest and the fingerprint of its
work. A band belongs to one rank, or all bands to one: which rank wrote it does not matter. A shard
is believed only if the receipt of every band verifies; otherwise it goes to quarantine and its
samples are computed again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.active_subspace.triangle import band_count
from eigenscape.config.cells import Cell
from eigenscape.store import quarantine, receipts

_NODE = re.compile(r"node-(\d+)-(\d+)")
_OPEN_SLOT = re.compile(r"slot-(\d+)-at-(\d+)")


class OpenSlot(NamedTuple):
    """The first ``samples`` samples of a slot."""

    slot: int
    samples: int


class Shards:
    """The shards of one cell.

    Args:
        folder: where they lie, `layout.StudyFolder.shards`.
        cell: whose they are.
        quarantine_folder: where damaged ones go.
    """

    def __init__(self, folder: Path, cell: Cell, quarantine_folder: Path) -> None:
        self.folder, self._cell, self._quarantine = folder, cell, quarantine_folder

    @property
    def owner(self) -> str:
        """The folder of the cell whose they are, by which people know it."""
        return self._cell.folder

    def save(self, what: Node | OpenSlot, partial: PartialSum) -> None:
        """Keep the bands that a partial sum holds: data first, then the receipt."""
        part_folder = self.folder / self.name(what)
        for band in partial.triangle.bands:
            data = b"".join(array.tobytes() for array in partial.band_arrays(band))
            receipts.write_atomically(part_folder / f"band-{band:03d}.bin", data)
            receipt = {"fingerprint": self._cell.fingerprint, "digest": receipts.digest_of(data)}
            receipts.write_json(part_folder / f"band-{band:03d}.json", receipt)

    @staticmethod
    def name(what: Node | OpenSlot) -> str:
        """The name of a shard's folder."""
        if isinstance(what, OpenSlot):
            return f"slot-{what.slot:02d}-at-{what.samples:09d}"
        return f"node-{what.first:02d}-{what.span:02d}"

    def part_damage(self, what: Node | OpenSlot) -> str:
        """What is wrong with a shard, or nothing; it stays where it is."""
        for band in range(band_count(self._cell.architecture.parameters)):
            reason = self._load_band(
                self.folder / self.name(what),
                band,
                PartialSum.zero(self._cell.architecture.parameters, [band]),
            )
            if reason:
                return reason
        return ""

    def remove_covered(self, by: Node | OpenSlot) -> None:
        """Remove the shards that a complete one makes superfluous."""
        for node in self.nodes():
            if isinstance(by, Node) and node != by and set(node.slots) <= set(by.slots):
                self.remove(node)
        for part in self.open_slots():
            older = isinstance(by, OpenSlot) and part.slot == by.slot and part.samples < by.samples
            if older or (isinstance(by, Node) and part.slot in by.slots):
                self.remove(part)

    def nodes(self) -> list[Node]:
        """The nodes of which every band has a receipt, largest first; the receipts are not checked
        yet.
        """
        nodes = [Node(int(match[1]), int(match[2])) for match in self._complete(_NODE)]
        return sorted(nodes, key=lambda node: (-node.span, node.first))

    def open_slots(self) -> list[OpenSlot]:
        """The slots under way of which every band has a receipt, the furthest of a slot first."""
        parts = [OpenSlot(int(match[1]), int(match[2])) for match in self._complete(_OPEN_SLOT)]
        return sorted(parts, key=lambda part: (part.slot, -part.samples))

    def load(self, what: Node | OpenSlot, bands: Sequence[int] | None = None) -> PartialSum | None:
        """The partial sum of a shard, or some of its bands; None where they do not verify (they go
        to quarantine, and the log says so).
        """
        partial = PartialSum.zero(self._cell.architecture.parameters, bands)
        part_folder = self.folder / self.name(what)
        for band in partial.triangle.bands:
            reason = self._load_band(part_folder, band, partial)
            if reason:
                self.set_aside(what, reason)
                return None
        return partial

    def _load_band(self, part_folder: Path, band: int, into: PartialSum) -> str:
        """Fill one band; what is wrong with it, or nothing."""
        try:
            receipt = json.loads((part_folder / f"band-{band:03d}.json").read_bytes())
            data = (part_folder / f"band-{band:03d}.bin").read_bytes()
            fingerprint, digest = receipt["fingerprint"], receipt["digest"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"band {band} cannot be read ({error!r})"
        arrays = into.band_arrays(band)
        if fingerprint != self._cell.fingerprint:
            return f"band {band} belongs to other work"
        if digest != receipts.digest_of(data) or len(data) != sum(array.nbytes for array in arrays):
            return f"band {band} does not hold what its receipt says"
        start = 0
        for array in arrays:
            array[...] = np.frombuffer(data, np.float64, array.size, start).reshape(array.shape)
            start += array.nbytes
        return ""

    def set_aside(self, what: Node | OpenSlot, reason: str) -> None:
        """Move a shard to quarantine."""
        part_folder = self.folder / self.name(what)
        if part_folder.exists():
            quarantine.set_aside(
                [part_folder],
                self._quarantine,
                f"shard {self.name(what)} of {self._cell.folder} does not verify: {reason}",
            )

    def remove(self, what: Node | OpenSlot) -> None:
        """Delete a shard: its receipts first, so that a crash in between leaves none that is
        believed.
        """
        part_folder = self.folder / self.name(what)
        with suppress(FileNotFoundError):  # an overlapping attempt has been quicker
            for receipt in part_folder.glob("band-*.json"):
                receipt.unlink(missing_ok=True)
        shutil.rmtree(part_folder, ignore_errors=True)

    def _complete(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        if not self.folder.is_dir():
            return []
        bands = band_count(self._cell.architecture.parameters)
        matches = (pattern.fullmatch(path.name) for path in self.folder.iterdir())
        return [match for match in matches if match and self._has_receipts(match[0], bands)]

    def _has_receipts(self, name: str, bands: int) -> bool:
        return all((self.folder / name / f"band-{band:03d}.json").exists() for band in range(bands))
