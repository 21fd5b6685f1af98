"""What a study's folder holds, compared with what its notes and receipts say, before Snakemake
decides what to run.

Snakemake compares times of its targets: notes, tables and figures. It does not know of the results
behind a note, and of targets that were copied without its records it does not know what decided
them. So it is told to make a target again if

- nothing says what the target was made of: its note or receipt is missing or cannot be read;
- a result that it was made of is not there any more, or is another one;
- other decisions made it: another configuration, or another version.

Nothing is deleted: a figure can be looked at until the new one is there.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from eigenscape.catalogue import Catalogue
from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult
from eigenscape.store import products, quarantine, runs
from eigenscape.store.layout import StudyFolder

RECEIPT = ".receipt.json"


@dataclass
class Unfounded:
    """The targets of a study that cannot stand.

    Attributes:
        causes: in words, in the order in which they were found.
        targets: relative to the study's folder, by the name of the job that makes them.
        damaged: what is wrong with results that are there and cannot be read, by their names.
    """

    causes: dict[str, None] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        first, *others = self.causes
        more = f" (and {len(others)} more)" * bool(others)
        jobs = f"{len(self.targets)} job" + "s" * (len(self.targets) > 1)
        return f"{first}{more}: {jobs} to be run again, with all that follows"


def unfounded_targets(catalogue: Catalogue, folder: StudyFolder) -> Unfounded:
    """The targets that cannot stand; reads notes and receipts, changes nothing.

    Args:
        catalogue: of the study as it is configured now.
        folder: of its results.
    """
    found = Unfounded()
    digest_now = functools.cache(functools.partial(_digest_now, folder))
    for job in catalogue.jobs:
        there = [target for target in job.targets if (folder.root / target).exists()]
        causes: list[str] = []
        for target in there:
            record = _record(folder, target)
            if record is None:
                causes.append(f"nothing says what {folder.root / target} was made of")
                continue
            decisions, results = record
            if decisions != catalogue.decisions_of(target):
                causes.append(f"another configuration or version made {folder.root / target}")
            for name, digest in results.items():
                if digest_now(name) != digest:
                    causes.append(cause := _told(folder, name, digest_now(name)))
                    if digest_now(name) == "" and (folder.root / name).exists():
                        found.damaged[name] = cause
        if causes:
            found.causes.update(dict.fromkeys(causes))
            found.targets[job.name] = there
    return found


def begin_run(study: Study, folder: StudyFolder, *, exclusive: bool, dry: bool) -> list[str]:
    """Prepare a study for a run, before Snakemake looks at the first file; the study is held until
    the process ends.

    Args:
        study: as it is configured now.
        folder: of its results.
        exclusive: whether a second run is refused.
        dry: whether the run only shows what it would do: nothing is changed then.

    Returns:
        The targets that are to be made again, relative to the study's folder.

    Raises:
        AlreadyRunning: another run of the study is alive.
    """
    with ExitStack() as stack:
        if exclusive and not dry:
            stack.enter_context(runs.only_run(folder.root))
        found = unfounded_targets(Catalogue(study), folder)
        if found.targets:
            print(f"eigenscape: {found}", file=sys.stderr, flush=True)
        if not dry:  # a command that finds a result that it cannot read would stop there
            for name, cause in found.damaged.items():
                quarantine.set_aside([folder.root / name], folder.quarantine, cause)
        here, held = os.getpid(), stack.pop_all()
        atexit.register(lambda: held.close() if os.getpid() == here else None)  # not in forks
    return [target for targets in found.targets.values() for target in targets]


def _record(folder: StudyFolder, target: str) -> tuple[str, Mapping[str, str]] | None:
    """What decided a target, and the digests of the results that it was made of: by its note, or by
    its receipt. None where neither tells.
    """
    path = folder.root / target
    try:
        if not products.is_derived(path, folder):
            note = json.loads(path.read_bytes())
            return str(note["decisions"]), dict(note["results"])
        product = products.read_product(products.receipt_of(path, folder))
    except (DamagedResult, OSError, ValueError, KeyError, TypeError):
        return None
    return None if product is None else (product.decisions, product.inputs)


def _digest_now(folder: StudyFolder, name: str) -> str:
    """The digest by which a result is known; "" where it cannot be read, or is not there, or the
    arrays of a receipt are not.
    """
    return products.digest_now(folder.root / name) if _has_arrays(folder, name) else ""


def _has_arrays(folder: StudyFolder, name: str) -> bool:
    """Whether what a receipt beside a store or file vouches for is there; true of other names."""
    stem = name.removesuffix(RECEIPT)
    arrays = (folder.root / f"{stem}.{kind}" for kind in ("zarr", "npz"))
    return stem == name or any(path.exists() for path in arrays)


def _told(folder: StudyFolder, name: str, digest: str) -> str:
    """What has become of a result."""
    result = folder.root / name.removesuffix(RECEIPT)
    if digest:
        return f"{result} is another one than before"
    if not (folder.root / name).exists():
        return f"{result} is gone"
    return f"{result} cannot be read" if _has_arrays(folder, name) else f"{result} is lost"
