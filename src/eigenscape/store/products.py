"""Receipts of what is derived from results: tables, figures, documents and the report.

A command of a study runs inside `confirmed`. When it ends, every file that it has written gets a
receipt under ``receipts/``: digests of its files, its inputs with their digests, and the
environment. Receipts have a folder of their own, so that `tables/` and `figures/` hold only tables
and figures. All paths are relative to the study's folder, which may be moved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eigenscape.errors import DamagedResult
from eigenscape.store.environment import capture_environment
from eigenscape.store.io_log import Trace, current_trace, traced
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import digest_of, write_json
from eigenscape.version import __version__

HIDDEN = ("ledger", "logs", "benchmarks", "work", "quarantine", "receipts")
"""Folders of a study that hold no results."""


@dataclass(frozen=True)
class Product:
    """The content of one receipt under ``receipts/``.

    Attributes:
        receipt: path of the receipt.
        files: digest by path relative to the study's folder; files of one name and several endings
            share a receipt.
        inputs: digest by path of the results that they were made from.
        decisions: digest of all that decides them besides, as the catalogue knows it; "" for what
            is made on request alone.
        made: the environment: time, versions and machine.
        seconds: from the start of the command to its end.
        version: the version of eigenscape.
    """

    receipt: Path
    files: Mapping[str, str]
    inputs: Mapping[str, str]
    decisions: str
    made: Mapping[str, Any]
    seconds: float
    version: str


def receipt_of(path: Path, folder: StudyFolder) -> Path:
    """Return the path of the receipt of a table, figure or document.

    Example:
        >>> folder = StudyFolder(Path("results/sine"))
        >>> receipt_of(folder.root / "figures/eigenvalues.pdf", folder).as_posix()
        'results/sine/receipts/figures/eigenvalues.json'
    """
    return (folder.root / "receipts" / path.relative_to(folder.root)).with_suffix(".json")


def _undecided(_name: str) -> str:
    return ""


@contextmanager
def confirmed(
    folder: StudyFolder, decisions_of: Callable[[str], str] = _undecided
) -> Iterator[None]:
    """Write, at the end of the block, receipts of all files that were written inside it.

    Args:
        folder: of the study.
        decisions_of: digest of what decides a file besides its inputs, by its name.
    """
    with traced() as trace:
        yield
        written = [path for path in trace.written if _is_product(path, folder) and path.exists()]
        if not written:
            return
        derived = [path for path in written if is_derived(path, folder)]
        inputs = _digests(trace, folder)
        for receipt in dict.fromkeys(receipt_of(path, folder) for path in written):
            files = [path for path in written if receipt_of(path, folder) == receipt]
            # The inputs of a document cannot be distinguished from other files that were read: its
            # identity records what determines it.
            of = inputs if files[0] in derived else {}
            names = {_name(path, folder): file_digest(path) for path in files}
            # Tables that one command writes are independent; none is made from another.
            made_of = {
                name: digest
                for name, digest in of.items()
                if folder.root / name not in derived or folder.root / name in trace.read
            }
            content = {
                "files": names,
                "inputs": {name: digest for name, digest in made_of.items() if name not in names},
            }
            write_json(
                receipt,
                {
                    **content,
                    "decisions": decisions_of(next(iter(names))),
                    "eigenscape": __version__,
                    "made": capture_environment(),
                    "seconds": round(trace.seconds, 3),
                },
            )


def read_product(receipt: Path) -> Product | None:
    """Read a receipt; the result is None if there is none.

    Raises:
        DamagedResult: the file is not a receipt.
    """
    try:
        content = json.loads(receipt.read_bytes())
        files, inputs, made = (dict(content[name].items()) for name in ("files", "inputs", "made"))
        return Product(
            receipt,
            files,
            inputs,
            str(content.get("decisions", "")),  # receipts of earlier versions have none
            made,
            float(content["seconds"]),
            content["eigenscape"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedResult(
            f"{receipt}: expected a receipt in JSON, found {error!r}; delete the file and run again"
        ) from None


def results_of_command(folder: StudyFolder) -> dict[str, str]:
    """Return the digests of the results that the running command has read and written so far, by
    path relative to the study's folder: what its note for Snakemake stands for.
    """
    return _digests(current_trace(), folder)


def _digests(trace: Trace, folder: StudyFolder) -> dict[str, str]:
    sources = [path for path in (*trace.read, *trace.written) if _is_source(path, folder)]
    return {_name(path, folder): digest_now(path) for path in sources}


def products(folder: StudyFolder) -> list[Path]:
    """Return all receipts under ``receipts/``, sorted by name."""
    return sorted((folder.root / "receipts").rglob("*.json"))


def changed_inputs(product: Product, folder: StudyFolder) -> list[str]:
    """Return the existing results that differ from those the product was made from."""
    changed = []
    for name, digest in product.inputs.items():
        path = folder.root / name
        if path.exists() and digest_now(path) != digest:
            changed.append(name)
    return changed


def digest_now(path: Path) -> str:
    """Return the digest that identifies a result: the one recorded in a receipt or document; of
    other files, the digest of their bytes.
    """
    if path.suffix == ".json":
        try:
            return str(json.loads(path.read_bytes())["digest"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""
    return file_digest(path)


def file_digest(path: Path) -> str:
    """Return the digest of the bytes of a file; "" if it cannot be read."""
    try:
        return digest_of(path.read_bytes())
    except OSError:
        return ""


def _name(path: Path, folder: StudyFolder) -> str:
    return path.relative_to(folder.root).as_posix()


def _is_product(path: Path, folder: StudyFolder) -> bool:
    """Whether a path lies below the study's folder, and is neither hidden, nor a receipt, nor the
    configuration, nor arrays, whose receipts lie beside them.
    """
    if not path.is_relative_to(folder.root):
        return False
    parts = path.relative_to(folder.root).parts
    return parts[0] not in (*HIDDEN, "study.json") and not path.name.endswith(
        (".receipt.json", ".npz")
    )


def is_derived(path: Path, folder: StudyFolder) -> bool:
    """Whether a file is derived from results, rather than a result itself."""
    parts = path.relative_to(folder.root).parts
    return (len(parts) == 1 and path.suffix in (".html", ".pdf")) or parts[0] in (
        "tables",
        "figures",
    )


def _is_source(path: Path, folder: StudyFolder) -> bool:
    """Whether a file may be an input of products: a receipt of a store, a document, a table or a
    figure.
    """
    if not path.is_relative_to(folder.root) or not path.exists():
        return False
    parts = path.relative_to(folder.root).parts
    return parts[0] not in (*HIDDEN, "study.json") and (
        path.suffix == ".json" or parts[0] in ("tables", "figures")
    )
