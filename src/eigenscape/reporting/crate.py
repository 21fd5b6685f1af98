"""A finished study as a Workflow Run RO-Crate: workflow, configuration, results and how they came
about, for archives and other tools.

It follows the profile Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5): the
Snakefile is the main workflow, and one CreateAction has made the results of the configuration.
Tables, figures, documents and receipts are in the crate. The stores (second moments, spectra:
gigabytes) are not; their receipts hold the digests of their numbers.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.extras import require_extra
from eigenscape.reporting.report import report_path
from eigenscape.reporting.summary import Summary, summary_of
from eigenscape.store import products
from eigenscape.store.layout import StudyFolder
from eigenscape.version import __version__

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
"""What the crate conforms to: address, name and version of each profile."""

VERSION = "1.1"
"""The version of RO-Crate that these profiles ask for: "the Crate JSON-LD MUST be valid according
to RO-Crate 1.1" (Workflow RO-Crate 1.0)."""

TERMS = "https://w3id.org/ro/terms/workflow-run/context"
"""Where the word sha256 of the profile is defined."""

LICENCE = "https://spdx.org/licenses/BSD-3-Clause"
"""The licence of the workflow, as in LICENSE; the results are their maker's."""


def write_crate(study: Study, folder: StudyFolder, to: Path, workflow: Path) -> Path:
    """Write the crate of a study.

    Args:
        study: its configuration.
        folder: its results.
        to: a folder that does not exist yet, or a file ending in .zip.
        workflow: the folder of the Snakefile.

    Returns:
        The path of the crate.

    Raises:
        BadInput: there is no Snakefile, or the output path exists already.
        MissingExtra: rocrate is not installed.
    """
    require_extra("crate", "rocrate")
    if not (workflow / "Snakefile").is_file():
        fix = "run where the Snakefile lies, or name that folder with --workflow"
        raise BadInput.field(
            str(workflow / "Snakefile"), "the workflow of the study", "no such file", fix
        )
    if to.exists():
        raise BadInput.field(
            str(to),
            "the path of a new crate",
            "an output path that exists already",
            "give another name, or delete it",
        )
    crate = crate_of(summary_of(study, folder), workflow)
    to.parent.mkdir(parents=True, exist_ok=True)
    if to.suffix == ".zip":
        crate.write_zip(to)
    else:
        crate.write(to)
    return to


def crate_of(summary: Summary, workflow: Path) -> Any:
    """The crate, not yet written."""
    from rocrate.model.contextentity import ContextEntity  # noqa: PLC0415
    from rocrate.rocrate import ROCrate  # noqa: PLC0415

    study, origins = summary.study, summary.origins
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = f"Study {study.study} by eigenscape"
    crate.description = (
        f"How hard neural networks are to train: seed {study.sampling.seed}, {len(summary.cells)}"
        " networks. Tables, figures, documents and receipts; the stores of matrices and spectra"
        " are left out, and their receipts hold the digests of their numbers."
    )
    crate.license = LICENCE
    if origins.last:
        crate.datePublished = origins.last
    main = crate.add_workflow(workflow / "Snakefile", "Snakefile", main=True, lang="snakemake")
    main["name"] = "eigenscape workflow"
    main["version"] = __version__
    profiles = [
        crate.add(
            ContextEntity(
                crate,
                address,
                properties={"@type": "CreativeWork", "name": name, "version": version},
            )
        )
        for address, (name, version) in PROFILES.items()
    ]
    crate.root_dataset["conformsTo"] = profiles

    parts = [
        crate.add_file(path, path.relative_to(workflow).as_posix())
        for path in _parts_of_workflow(workflow)
    ]
    main["hasPart"] = parts
    requirements = [
        crate.add(
            ContextEntity(
                crate,
                f"#{name}",
                properties={
                    "@type": "SoftwareApplication",
                    "name": name,
                    "softwareVersion": version,
                },
            )
        )
        for name, versions in sorted(origins.versions.items())
        for version in [", ".join(sorted(versions))]
    ]
    main["softwareRequirements"] = requirements

    configuration = crate.add_file(
        summary.folder.study,
        f"results/{study.study}/study.json",
        properties=_facts(summary.folder.study),
    )
    results = [
        crate.add_file(
            path,
            f"results/{study.study}/{path.relative_to(summary.folder.root).as_posix()}",
            properties=_facts(path),
        )
        for path in results_of(summary.folder)
    ]
    machines = "; ".join(sorted(origins.machines)) or "not recorded"
    action: dict[str, Any] = {
        "@type": "CreateAction",
        "name": f"Run of the study {study.study}",
        "description": (
            f"snakemake --configfile results/{study.study}/study.json; machines: {machines}"
        ),
    }
    whole = report_path(summary.folder).exists()  # the last job of the workflow writes it
    action |= {"actionStatus": "http://schema.org/CompletedActionStatus"} if whole else {}
    action |= {
        name: value
        for name, value in (("startTime", origins.first), ("endTime", origins.last))
        if value
    }
    run = crate.add(ContextEntity(crate, "#run", properties=action))
    run["instrument"], run["object"], run["result"] = main, [configuration], results
    crate.root_dataset["mentions"] = [run]
    return crate


def results_of(folder: StudyFolder) -> list[Path]:
    """Files of a study that a crate holds: tables, figures, documents, receipts, the page and the
    paper.
    """
    found = []
    for path in sorted(folder.root.rglob("*")):
        parts = path.relative_to(folder.root).parts
        inside_store = any(part.endswith(".zarr") for part in parts)
        unwanted = (
            parts[0] in set(products.HIDDEN) - {"receipts"}
            or parts[-1].startswith(".")
            or parts == ("study.json",)
        )
        if path.is_file() and not inside_store and not unwanted and path.suffix != ".npz":
            found.append(path)
    return found


def _parts_of_workflow(workflow: Path) -> list[Path]:
    """The rules, captions and defaults that the Snakefile includes."""
    there = [workflow / "config.yaml", *sorted((workflow / "workflow").rglob("*"))]
    return [
        path
        for path in there
        if path.is_file() and path.suffix in (".smk", ".rst", ".yaml", ".json")
    ]


def _facts(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {
        "contentSize": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
        "encodingFormat": kind,
    }
