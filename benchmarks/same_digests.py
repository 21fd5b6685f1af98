"""Whether two runs of a study have the same results, by the digests in all their receipts.

    python benchmarks/same_digests.py BEFORE AFTER        folders results/<study> of the two runs

Compared: the digest of every second moment, spectrum, array file and document, and the digest of
every table and figure. Not compared: what tells of the run itself (dates, seconds, machines), and
the pages that quote it (`report.html`, `paper.pdf`). Prints what differs; exits with 1 where
anything does. Run both on one kind of processor, before and after a change that means to keep
numbers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

PAGES = ("report.html", "paper.pdf")
"""They quote dates and run times."""


def digests(results: Path) -> dict[str, str]:
    """Every digest that the receipts of a study hold, by the file that it is of."""
    found: dict[str, str] = {}
    for path in sorted(results.rglob("*.json")):
        content = json.loads(path.read_bytes())
        name = path.relative_to(results).as_posix()
        if name.startswith("receipts/"):
            found |= {
                each: digest for each, digest in content["files"].items() if each not in PAGES
            }
        elif isinstance(content, dict) and isinstance(content.get("digest"), str):
            found[name.removesuffix(".receipt.json")] = content["digest"]
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """One line for every file that is not the same in both runs."""
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"only before: {name}"
        elif name not in before:
            yield f"only after: {name}"
        elif before[name] != after[name]:
            yield f"differs: {name}"


def main() -> int:
    """Compare two folders of results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    before, after = digests(arguments.before), digests(arguments.after)
    if not before:
        sys.exit(f"{arguments.before}: expected a folder results/<study>, found no receipts")
    lines = list(differences(before, after))
    print("\n".join([*lines, f"{len(before)} digests before, {len(lines)} differences"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
