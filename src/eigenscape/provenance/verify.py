"""Everything of a study, checked against its receipts: what is sound, what is damaged, what is
unfinished, and what to do.

Every chunk of every store is read, every digest computed anew. Of tables and figures it is also
asked whether they were made of the results that are there now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from eigenscape.active_subspace.tree import Node
from eigenscape.catalogue import Catalogue
from eigenscape.config.cells import SCIENCE_SCHEMA, Cell
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.planning.large import LargePlan, large_cell, plans_of
from eigenscape.provenance.state import Finding, State
from eigenscape.stages.common.progress import Progress
from eigenscape.store import (
    array_files,
    documents,
    leases,
    products,
    quarantine,
    receipts,
    second_moments,
    spectra,
)
from eigenscape.store.identity import difference
from eigenscape.store.layout import StudyFolder
from eigenscape.store.products import Product
from eigenscape.store.receipts import Receipt
from eigenscape.store.shards import OpenSlot, Shards


def verify_study(study: Study, folder: StudyFolder, *, quiet: bool = False) -> list[Finding]:
    """Check every result of a study; reads everything, changes nothing."""
    catalogue = Catalogue(study)
    constrained = [
        cell
        for case in study.model_constrained.computed
        for cell in study.model_constrained_cells(case)
    ]
    begun = [
        cell
        for cell in constrained
        if (folder.root / cell.folder).exists() or folder.work(cell).exists()
    ]
    cells = [study.headline_cell, *study.computed_cells(), *begun]
    results = sorted(path for path in folder.root.rglob("*.json") if _is_document(path, folder))
    work = {cell.folder: float(cell.architecture.parameters) ** 2 for cell in cells} | {
        str(path): 1e5 for path in results
    }
    progress = None if quiet else Progress(f"verify {study.study}", work, "results")
    findings, done = [], set()
    for cell in cells:
        findings += [
            _of_second_moment(catalogue, cell, folder),
            _of_spectrum(catalogue, cell, folder),
            *_of_work(cell, folder),
        ]
        done.add(cell.folder)
        if progress:
            progress.finish(done)
    findings += [_of_large(catalogue, plan, folder) for plan in plans_of(study)]
    for path in results:
        findings.append(_of_document(catalogue, path, folder))
        done.add(str(path))
        if progress:
            progress.finish(done)
    findings += [
        _of_trajectories(catalogue, path, folder)
        for path in sorted((folder.root / "sloppiness").rglob("*.receipt.json"))
    ]
    findings += [
        found
        for receipt in products.products(folder)
        for found in _of_product(catalogue, receipt, folder)
    ]
    findings += _without_receipt(folder)
    return [*findings, *_of_quarantine(folder)]


def check_result(study: Study, folder: StudyFolder, name: str) -> Finding:
    """Check one result, by its path relative to the study's folder.

    Raises:
        BadInput: the study as it is configured has no such cell.
    """
    catalogue, path = Catalogue(study), folder.root / name
    parts = path.relative_to(folder.root).parts
    if path.name == "second_moment.zarr":
        return _of_second_moment(catalogue, study.cell("/".join(parts[:2])), folder)
    if path.name == "spectrum.zarr":
        return _of_spectrum(catalogue, study.cell("/".join(parts[:2])), folder)
    if parts[0] == "large":
        for plan in plans_of(study):
            if large_cell(study, plan).folder == "/".join(parts[:2]):
                return _of_large(catalogue, plan, folder)
    if path.suffix == ".npz":
        return _of_trajectories(catalogue, array_files.receipt_of(path), folder)
    if products.is_derived(path, folder):
        receipt = products.receipt_of(path, folder)
        unconfirmed = Finding(
            State.UNCONFIRMED,
            (path,),
            f"{path}: no receipt confirms it",
            "the next run makes it again",
        )
        return next(_of_product(catalogue, receipt, folder), unconfirmed)
    return _of_document(catalogue, path, folder)


def repair(findings: list[Finding], folder: StudyFolder) -> list[Path]:
    """Set what is damaged aside and forget Snakemake's notes of it, so that the next run computes
    it anew.

    Returns:
        Where it went.
    """
    set_aside_in = []
    for finding in findings:
        if finding.state is State.DAMAGED:
            for note in finding.notes:
                note.unlink(missing_ok=True)
            set_aside_in.append(
                quarantine.set_aside(list(finding.paths), folder.quarantine, finding.what)
            )
    return set_aside_in


_AGAIN = "`eigenscape verify --repair` sets it aside, and the next run computes it again"


def _of_second_moment(catalogue: Catalogue, cell: Cell, folder: StudyFolder) -> Finding:
    store = folder.second_moment(cell)
    return _of_store(
        catalogue,
        cell,
        folder,
        store,
        lambda receipt: second_moments.verify(
            store, receipt, cell.architecture.parameters, OneRank()
        ),
    )


def _of_spectrum(catalogue: Catalogue, cell: Cell, folder: StudyFolder) -> Finding:
    store = folder.spectrum(cell)

    return _of_store(
        catalogue,
        cell,
        folder,
        store,
        lambda receipt: spectra.spectrum_damage(store, receipt, cell.architecture.parameters),
    )


def _of_store(
    catalogue: Catalogue,
    cell: Cell,
    folder: StudyFolder,
    store: Path,
    damage_in: Callable[[Receipt], str],
) -> Finding:
    """What is to be said of a store, given what is wrong with it by its receipt."""
    paths = (folder.receipt(store), store)
    notes = _notes(catalogue, folder, folder.second_moment(cell), folder.spectrum(cell))
    found = _receipt_finding(cell, paths, notes)
    if isinstance(found, Finding):
        return found
    if damage := damage_in(found):
        return Finding(State.DAMAGED, paths, _named(store, damage), _AGAIN, notes)
    return Finding(State.SOUND, paths, "", "", notes)


def _of_large(catalogue: Catalogue, plan: LargePlan, folder: StudyFolder) -> Finding:
    cell = large_cell(catalogue.study, plan)
    path = folder.large(cell)
    notes = _notes(catalogue, folder, path)
    found = _receipt_finding(cell, (array_files.receipt_of(path), path), notes)
    if isinstance(found, Finding):
        return found
    paths = (array_files.receipt_of(path), path)
    if damage := array_files.array_damage(path):
        return Finding(State.DAMAGED, paths, _named(path, damage), _AGAIN, notes)
    return Finding(State.SOUND, paths, "", "", notes)


def _notes(catalogue: Catalogue, folder: StudyFolder, *results: Path) -> tuple[Path, ...]:
    """What Snakemake must not find any more, so that it has these results made again."""
    names = (result.relative_to(folder.root).as_posix() for result in results)
    return tuple(folder.root / note for note in catalogue.notes_of(*names))


def _named(path: Path, damage: str) -> str:
    """What is wrong, beginning with the path, which not every check says."""
    return f"{path}: {damage.removeprefix(f'{path}: ')}"


def _receipt_finding(
    cell: Cell, paths: tuple[Path, Path], notes: tuple[Path, ...]
) -> Finding | Receipt:
    """The receipt of a result, or what is to be said where there is none that can be used."""
    receipt_path, store = paths
    try:
        receipt = receipts.read_receipt(receipt_path)
        if receipt is not None:
            receipts.require_same_work(receipt, cell.identity, receipt_path)
            return receipt
    except DifferentWork as error:
        return Finding(State.OTHER_WORK, paths, str(error))
    except DamagedResult as error:
        return Finding(State.DAMAGED, paths, str(error), _AGAIN, notes)
    if store.exists():
        return Finding(
            State.UNCONFIRMED,
            (store,),
            f"{store}: no receipt confirms it",
            "the next run replaces it",
        )
    return Finding(
        State.MISSING, (store,), f"{cell.folder}: {store.name} is not computed yet", "run snakemake"
    )


def _of_work(cell: Cell, folder: StudyFolder) -> Iterator[Finding]:
    """Leases and shards of an unfinished cell."""
    holder = leases.holder_of(folder.leases(cell))
    if holder is not None:
        gone = holder.is_known_dead
        what = f"{cell.folder}: leased by {holder}" + (", which is gone" if gone else "")
        yield Finding(
            State.AT_WORK, (folder.leases(cell),), what, "the next run takes over" if gone else ""
        )
    shards = Shards(folder.shards(cell), cell, folder.quarantine)
    parts: list[Node | OpenSlot] = [*shards.nodes(), *shards.open_slots()]
    for part in parts:
        path, damage = shards.folder / shards.name(part), shards.part_damage(part)
        if damage:
            yield Finding(
                State.DAMAGED,
                (path,),
                f"{path}: {damage}",
                "the next run sets it aside and computes it again",
            )
        else:
            yield Finding(
                State.UNFINISHED,
                (path,),
                f"{path}: a partial sum",
                "the next run goes on from it",
            )


def _is_document(path: Path, folder: StudyFolder) -> bool:
    """Results in JSON: not receipts, not what Snakemake sees, not what is unfinished or set
    aside.
    """
    parts = path.relative_to(folder.root).parts
    hidden = parts[0] in (*products.HIDDEN, "study.json")
    return not (
        hidden
        or path.name.endswith(".receipt.json")
        or any(part.endswith(".zarr") for part in parts)
    )


def _of_document(catalogue: Catalogue, path: Path, folder: StudyFolder) -> Finding:
    """A document, by the digest that it holds and by what it says of its work."""
    study, notes = catalogue.study, _notes(catalogue, folder, path)
    if damage := documents.document_damage(path):
        receipt = products.receipt_of(path, folder)  # without its document it would tell of a loss
        return Finding(
            State.DAMAGED,
            (path, *[receipt] * receipt.exists()),
            _named(path, damage),
            _AGAIN,
            notes,
        )
    # Documents of the companion sciences, and those that vary the study, have networks, priors and
    # problems of their own.
    of_study = path.relative_to(folder.root).parts[0] in (
        "projection",
        "training",
        "headline",
        "criticality.json",
    )
    asked = {"science_schema": SCIENCE_SCHEMA, "seed": study.sampling.seed} | (
        study.facts if of_study else {}
    )
    made = documents.identity_of(path)
    if different := difference({key: made.get(key) for key in asked}, asked):
        return Finding(
            State.OTHER_WORK,
            (path,),
            f"{path}: {different}",
            "give the study another name, or delete the file",
        )
    return Finding(State.SOUND, (path,), "", "", notes)


def _of_trajectories(catalogue: Catalogue, receipt: Path, folder: StudyFolder) -> Finding:
    """Arrays of the ensemble, by their receipt; a file without a receipt is ignored and written
    anew.
    """
    path = receipt.with_name(receipt.name.removesuffix(".receipt.json") + ".npz")
    paths = (receipt, *[path] * path.exists())
    notes = _notes(catalogue, folder, path)
    damage = array_files.array_damage(path, array_files.Digest.FILE)
    what = f"{path}: {damage}"
    return (
        Finding(State.DAMAGED, paths, what, _AGAIN, notes)
        if damage
        else Finding(State.SOUND, paths, "", "", notes)
    )


def _of_product(catalogue: Catalogue, receipt: Path, folder: StudyFolder) -> Iterator[Finding]:
    """Tables, figures and reports, by their receipt. Documents, which have one too, are judged by
    the digest that they hold.
    """
    try:
        product = products.read_product(receipt)
    except DamagedResult as error:
        confirmed = (folder.root / receipt.relative_to(folder.root / "receipts")).parent.glob(
            f"{receipt.stem}.*"
        )
        yield Finding(State.DAMAGED, (receipt, *sorted(confirmed)), str(error), _AGAIN)
        return
    if product is None:
        return
    paths = (
        receipt,
        *(folder.root / name for name in product.files if (folder.root / name).exists()),
    )
    if lost := [name for name in product.files if not (folder.root / name).exists()]:
        remedy = (
            f"`eigenscape show {folder.root / lost[0]}` says how to make it; where that is meant,"
            f" delete {receipt}"
        )
        yield Finding(
            State.GONE,
            (receipt,),
            f"{folder.root / lost[0]}: a receipt confirms it, and it is not there",
            remedy,
        )
    elif not any(products.is_derived(folder.root / name, folder) for name in product.files):
        return
    elif other := [
        path
        for path in paths[1:]
        if products.file_digest(path) != product.files[path.relative_to(folder.root).as_posix()]
    ]:
        yield Finding(
            State.DAMAGED, paths, f"{other[0]}: the bytes are not those of its receipt", _AGAIN
        )
    elif changed := products.changed_inputs(product, folder):
        more = f" and {len(changed) - 1} more" * (len(changed) > 1)
        what = f"{paths[1]}: {changed[0]}{more} changed after it was made"
        yield Finding(
            State.OUTDATED,
            paths,
            what,
            f"the next run makes it again; `eigenscape show {paths[1]}` says more",
        )
    elif _of_other_decisions(catalogue, product):
        what = f"{paths[1]}: another configuration made it, or another version"
        yield Finding(State.OUTDATED, paths, what, "the next run makes it again")
    else:
        yield Finding(State.SOUND, paths, "")


def _of_other_decisions(catalogue: Catalogue, product: Product) -> bool:
    """Whether what the workflow makes of the study was decided otherwise. Receipts of earlier
    versions, and of what is made on request, do not say.
    """
    now = catalogue.decisions_of(next(iter(product.files), ""))
    return "" not in (now, product.decisions) and now != product.decisions


def _without_receipt(folder: StudyFolder) -> Iterator[Finding]:
    """Tables and figures that no command has confirmed: of an earlier version, or put there by
    another program.
    """
    there = [
        path
        for kind in ("tables", "figures")
        for path in sorted((folder.root / kind).glob("[!.]*"))
    ]
    if lost := [path for path in there if not products.receipt_of(path, folder).exists()]:
        words = f"{lost[0]}" + f" and {len(lost) - 1} more" * (len(lost) > 1)
        yield Finding(
            State.UNCONFIRMED,
            tuple(lost),
            f"{words}: no receipt confirms it",
            "the next run makes it again, if the workflow makes it",
        )


def _of_quarantine(folder: StudyFolder) -> Iterator[Finding]:
    if folder.quarantine.is_dir():
        for set_aside in sorted(folder.quarantine.iterdir()):
            yield Finding(
                State.QUARANTINED,
                (set_aside,),
                f"{set_aside}",
                f"see {quarantine.REASON} there, and delete it when you have seen enough",
            )
