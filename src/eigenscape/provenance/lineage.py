"""How one result was made: what `eigenscape show` prints.

Everything is read from the receipts beside the results and from the study's configuration; the
result itself is checked, and so are the results that it was made of.
"""

from __future__ import annotations

import difflib
import itertools
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eigenscape.catalogue import Catalogue, Recipe, recipe_of
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.provenance.verify import check_result
from eigenscape.reporting.summary import machine_words
from eigenscape.stages.common.configure import load_study
from eigenscape.store import products
from eigenscape.store.layout import StudyFolder


@dataclass(frozen=True)
class Input:
    """A result that another was made of.

    Attributes:
        name: its path relative to the study's folder.
        digest: of what was read then.
        state: "the same", "changed" or "gone" now.
    """

    name: str
    digest: str
    state: str


@dataclass(frozen=True)
class Lineage:
    """How a result was made.

    Attributes:
        result: its path relative to the study's folder.
        study: the name of the study.
        folder: where the study lies.
        state: "sound", or what is wrong with it, as `verify` says it.
        receipt: what confirms it, relative to the study's folder; "" where nothing does.
        identity: everything that decides its bits, as far as it is kept; for tables and figures,
            what all results of the study share.
        numbers: seed, P and N, where it has them.
        made: when, by which versions, on which machine; empty where that is not known.
        seconds: how long that took, by part.
        inputs: the results that it was made of.
        rule: of the workflow; "" for what is made on request alone.
        remove: what has to go first, since the command passes over what a receipt confirms;
            relative to the study's folder.
        command: that makes it again.
        snakemake: the same by Snakemake, with everything that it needs; "" where no rule makes it.
    """

    result: str
    study: str
    folder: str
    state: str
    receipt: str
    identity: Mapping[str, Any]
    numbers: Mapping[str, Any]
    made: Mapping[str, Any]
    seconds: Mapping[str, float]
    inputs: tuple[Input, ...]
    rule: str
    remove: tuple[str, ...]
    command: str
    snakemake: str


def lineage_of(path: Path) -> Lineage:
    """How the result at ``path`` was made.

    Raises:
        BadInput: it is no result of a study.
    """
    folder = study_folder_of(path)
    study = load_study(folder)
    name = _result_of(path, folder)
    recipe = recipe_of(study, name)
    if recipe is None:
        expected = (
            "a result, such as a store (.zarr), a bundle (.npz), a document (.json), a table or a"
            " figure"
        )
        fix = (
            f"results lie in cells/, headline/, tables/, figures/ and beside them in {folder.root};"
            " notes, logs and work are none"
        )
        raise BadInput.field(
            str(path),
            expected,
            "another file of the study" if path.exists() else "no such file",
            fix,
        )
    if not (folder.root / name).exists():
        _require_made(study, name, path)
        target = recipe.target
        make = (
            f"snakemake --cores 2 --configfile {folder.study} results/{study.study}/{target}"
            if target
            else recipe.command(str(folder.study))
        )
        raise BadInput.field(str(path), "a result", "nothing of that name yet", f"make it: {make}")
    return _shown(study, folder, name, recipe)


def _require_made(study: Study, name: str, path: Path) -> None:
    """Refuse a name that no run of the study will ever write, so that nobody is told to make it.

    Raises:
        BadInput: a figure that is not drawn, a cell that is not computed, a result of a science
            that is left out.
    """
    catalogue = Catalogue(study)
    if science := catalogue.science_left_out(name):
        raise BadInput.field(
            str(path),
            "a result of the study",
            f"one of {science.name}, which this study leaves out",
            f"set {science.name}: {{enabled: true}} and run snakemake",
        )
    first, *rest = Path(name).parts
    if first == "figures":
        drawn = [row.name for row in catalogue.figures]
        stem = Path(name).stem
        if stem not in drawn and not stem.startswith("map_"):
            close = difflib.get_close_matches(stem, drawn, 1)
            fix = (
                f"did you mean {close[0]}?"
                if close
                else f"it draws {', '.join(drawn[:4])}, ..., as docs/gallery.md shows them"
            )
            raise BadInput.field(
                str(path), "a figure that this study draws", "no figure of that name", fix
            )
    if first in ("cells", "headline") or (first == "model_constrained" and len(rest) > 1):
        study.cell(f"{first}/{rest[0]}")


def study_folder_of(path: Path) -> StudyFolder:
    """The folder of the study that a path lies in: the nearest one above with a study.json.

    Raises:
        BadInput: there is none.
    """
    whole = Path(os.path.abspath(path))
    for parent in whole.parents:
        if (parent / "study.json").is_file():
            return StudyFolder(
                Path(os.path.relpath(parent)) if parent.is_relative_to(Path.cwd()) else parent
            )
    expected = "the path of a result, such as results/sine/figures/eigenvalues.pdf"
    raise BadInput.field(
        str(path),
        expected,
        "no study.json in a folder above it",
        "give the path of a file or store below results/<study>/",
    )


def _result_of(path: Path, folder: StudyFolder) -> str:
    """The name of the result that a path means: of a store when it points inside or at its receipt.

    Raises:
        BadInput: it is a folder of several results.
    """
    inside = Path(os.path.relpath(os.path.abspath(path), os.path.abspath(folder.root)))
    for path_or_parent in (inside, *inside.parents):
        if path_or_parent.suffix == ".zarr":
            return path_or_parent.as_posix()
    if inside.name.endswith(".receipt.json"):
        stem = inside.with_name(inside.name.removesuffix(".receipt.json"))
        return next(
            (
                f"{stem.as_posix()}{ending}"
                for ending in (".zarr", ".npz")
                if (folder.root / f"{stem}{ending}").exists()
            ),
            f"{stem}.zarr",
        )
    if (
        inside.parts[:1] == ("receipts",)
        and (folder.root / inside).is_file()
        and (product := products.read_product(folder.root / inside)) is not None
    ):
        return next(iter(product.files))
    if (folder.root / inside).is_dir():
        there = sorted(
            entry.name
            for entry in (folder.root / inside).iterdir()
            if not entry.name.endswith(".receipt.json")
        )
        raise BadInput.field(
            str(path),
            "one result",
            "a folder",
            f"choose one of {', '.join(there[:6])}{', ...' * (len(there) > 6)}",
        )
    return inside.as_posix()


def _shown(study: Study, folder: StudyFolder, name: str, recipe: Recipe) -> Lineage:
    path = folder.root / name
    finding = check_result(study, folder, name)
    kept = _kept_facts(path, folder)
    product = products.read_product(products.receipt_of(path, folder))
    identity = kept.get("identity") or study.facts
    made = kept.get("made") or (product.made if product else {})
    seconds = kept.get("seconds") or ({"command": product.seconds} if product else {})
    version = kept.get("eigenscape") or (product.version if product else "")
    confirmed_by = _receipt_name(path, folder)
    inputs = [*_inputs_of(product, folder), *_second_moment_of(path, kept, folder)]
    remove = (
        tuple(dict.fromkeys([name, confirmed_by] if path.suffix in (".zarr", ".npz") else [name]))
        if recipe.kept
        else ()
    )
    study_file = shlex.quote(str(folder.study))
    return Lineage(
        result=name,
        study=study.study,
        folder=str(folder.root),
        state=str(finding.state) + (f": {finding.what}" if finding.what else ""),
        receipt=confirmed_by,
        identity=identity,
        numbers=_numbers(identity, kept),
        made={"eigenscape": version, **made} if version or made else {},
        seconds=seconds,
        inputs=tuple(inputs),
        rule=recipe.rule,
        remove=remove,
        command=recipe.command(study_file),
        snakemake=_snakemake(study, folder, recipe),
    )


def _snakemake(study: Study, folder: StudyFolder, recipe: Recipe) -> str:
    if not recipe.target:
        return ""
    home = f"results/{study.study}/study.json"
    study_file = (
        shlex.quote(str(folder.study)) if _is_at_home(str(folder.root), study.study) else home
    )
    return (
        f"snakemake --cores 2 --configfile {study_file} --force"
        f" {shlex.quote(f'results/{study.study}/{recipe.target}')}"
    )


def _is_at_home(root: str, name: str) -> bool:
    """Whether a study lies where Snakemake looks for it: anywhere else it would compute all of it
    again.
    """
    return Path(os.path.abspath(root)).parts[-2:] == ("results", name)


def _kept_facts(path: Path, folder: StudyFolder) -> dict[str, Any]:
    """What the receipt beside a store, or a document itself, says; nothing for tables and
    figures.
    """
    source = folder.receipt(path) if path.suffix in (".zarr", ".npz") else path
    if source.suffix != ".json":
        return {}
    try:
        content = json.loads(source.read_bytes())
    except (OSError, ValueError):
        return {}
    return (
        {key: value for key, value in content.items() if key != "content"}
        if isinstance(content, dict)
        else {}
    )


def _receipt_name(path: Path, folder: StudyFolder) -> str:
    """What confirms a result: the receipt beside a store, the document itself, or the receipt of a
    table or figure.
    """
    if path.suffix in (".zarr", ".npz"):
        confirmed_by = folder.receipt(path)
    elif products.is_derived(path, folder):
        confirmed_by = products.receipt_of(path, folder)
    else:
        confirmed_by = path
    return confirmed_by.relative_to(folder.root).as_posix() if confirmed_by.exists() else ""


def _numbers(identity: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {"seed": identity["seed"]} if "seed" in identity else {}
    if sizes := identity.get("sizes"):
        numbers["P"] = sum((below + 1) * above for below, above in itertools.pairwise(sizes))
    if samples := kept.get("samples_drawn") or identity.get("samples"):
        numbers["N"] = samples
    return numbers


def _inputs_of(product: products.Product | None, folder: StudyFolder) -> list[Input]:
    if product is None:
        return []
    return [
        Input(name, digest, _state(folder.root / name, digest))
        for name, digest in product.inputs.items()
    ]


def _second_moment_of(path: Path, kept: Mapping[str, Any], folder: StudyFolder) -> list[Input]:
    """What a spectrum was computed of."""
    if "second_moment" not in kept:
        return []
    receipt = folder.receipt(path.with_name("second_moment.zarr"))
    digest = str(kept["second_moment"])
    return [Input(receipt.relative_to(folder.root).as_posix(), digest, _state(receipt, digest))]


def _state(path: Path, digest: str) -> str:
    if not path.exists():
        return "gone"
    return "the same" if products.digest_now(path) == digest else "changed"


def as_json(shown: Lineage) -> str:
    """The lineage as JSON, for programs."""
    return json.dumps(asdict(shown), indent=1)


MOST_INPUTS = 8
"""Lines of inputs that a person reads; the table of condition numbers has hundreds, of which those
that changed come first."""


def as_text(shown: Lineage) -> str:
    """The lineage as text, one fact a line."""
    lines = [f"{shown.result}, of the study {shown.study}: {shown.state}", ""]
    facts = {
        **shown.numbers,
        **{key: value for key, value in shown.identity.items() if key not in ("seed", "samples")},
    }
    lines += [_line(key, _plain(value)) for key, value in facts.items()]
    lines += ["", *_made_lines(shown), *_input_lines(shown), "", "To make it again:"]
    if shown.remove:  # the command passes over what a receipt confirms
        lines.append(
            "  rm -r"
            f" {' '.join(shlex.quote(str(Path(shown.folder) / name)) for name in shown.remove)}"
        )
    lines.append(f"  {shown.command}")
    there = (
        ""
        if _is_at_home(shown.folder, shown.study)
        else f", once this folder is results/{shown.study} beside the Snakefile"
    )
    lines += (
        [f"or, with whatever it needs that is not there{there}:", f"  {shown.snakemake}"]
        if shown.snakemake
        else []
    )
    return "\n".join(lines)


def _line(key: str, value: str) -> str:
    return f"  {key.replace('_', ' '):<16} {value}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return f"[{', '.join(_plain(inner) for inner in value)}]"
    return str(value)


def _made_lines(shown: Lineage) -> list[str]:
    if not shown.made:
        return [_line("made", "not known: no receipt says when and by what")]
    made, lines = shown.made, []
    if "at" in made:
        lines.append(
            _line(
                "made",
                f"{made['at']} (UTC)" + (f", by the rule {shown.rule}" if shown.rule else ""),
            )
        )
    versions = {
        "eigenscape": made.get("eigenscape", ""),
        "python": made.get("python", ""),
        **made.get("packages", {}),
    }
    lines.append(
        _line(
            "versions",
            ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        )
    )
    if machine := made.get("machine"):
        lines.append(_line("machine", machine_words(machine)))
    if shown.seconds:
        lines.append(_line("seconds", _plain(dict(shown.seconds))))
    return [*lines, _line("confirmed by", shown.receipt or "nothing")]


def _input_lines(shown: Lineage) -> list[str]:
    if not shown.inputs:
        return []
    ordered = sorted(shown.inputs, key=lambda one: one.state == "the same")
    lines = [_line("made of", f"{len(ordered)} result{'s' * (len(ordered) > 1)}")]
    lines += [f"    {one.name}  {one.digest}  {one.state}" for one in ordered[:MOST_INPUTS]]
    more = len(ordered) - MOST_INPUTS
    return lines + ([f"    and {more} more, as --json lists them"] if more > 0 else [])
