"""Quarantine: results that do not verify are moved aside with the reason; they are neither deleted
nor used.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from eigenscape.store import receipts

log = logging.getLogger(__name__)

REASON = "reason.json"


def set_aside(paths: list[Path], quarantine: Path, reason: str) -> Path:
    """Move the files or folders of one damaged result into a folder of their own.

    Args:
        paths: existing paths are moved, in this order. Name the receipt first: after a crash in
            between, data remain without a receipt, and such data are never used.
        quarantine: `layout.StudyFolder.quarantine`.
        reason: the reason why the result did not verify.

    Returns:
        The new folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     damaged = Path(folder) / "shard.bin"
        ...     _ = damaged.write_bytes(b"?")
        ...     aside = set_aside([damaged], Path(folder) / "quarantine", "digest differs")
        ...     sorted(path.name for path in aside.iterdir()), damaged.exists()
        (['reason.json', 'shard.bin'], False)
    """
    now = datetime.now(UTC)
    base = f"{now:%Y%m%dT%H%M%S}-{paths[0].stem}"
    folder, number = quarantine / base, 1
    while True:
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            number += 1
            folder = quarantine / f"{base}-{number}"
    for path in paths:
        try:
            path.rename(folder / path.name)
        except FileNotFoundError:
            continue
    receipts.write_json(
        folder / REASON,
        {
            "reason": reason,
            "from": [str(path) for path in paths],
            "at": now.isoformat(timespec="seconds"),
        },
    )
    log.warning("%s: %s; moved to %s and computed again", paths[0], reason, folder)
    return folder
