"""References, the paper and the crate of a study."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import zipfile
from pathlib import Path

import pypdf
import pytest
import yaml
from finished_study import FINDINGS
from rocrate.rocrate import ROCrate

from eigenscape import __version__
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.reporting import crate, paper, references
from eigenscape.reporting.references import uses
from eigenscape.reporting.references.library import library
from eigenscape.stages.common.configure import load_study
from eigenscape.store.layout import StudyFolder

ROOT = Path(__file__).parents[3]
ALONE = {
    name: {"enabled": False}
    for name in ("expressivity", "clustering", "sloppiness", "model_constrained")
}


def test_references_are_those_of_the_sciences_and_methods_that_a_study_uses() -> None:
    alone, whole = references.as_text(Study.from_mapping(ALONE)), references.as_text(Study())
    for number in ("1606.05336", "1203.1005", "2505.08915", "2105.12033", "2208.04995"):
        assert number in whole
        assert number not in alone
    for text in (alone, whole):
        assert "1304.2070" in text
        assert "10.1145/2063384.2063405" in text
    plain = references.as_text(
        Study.from_mapping({"model_constrained": {"cases": ["deconvolution-tnet"]}})
    )
    assert "2412.07010" in whole, "a case of the default study is TAEN"
    assert "2412.07010" not in plain
    assert "2105.12033" in plain
    squares = references.as_text(
        Study.from_mapping({"clustering": {"graph": {"method": "least_squares"}}})
    )
    assert "Lu, C.-Y.;" in squares
    assert "1203.1005" not in squares


def test_every_publication_of_the_library_is_cited_somewhere() -> None:
    cited = {use.key for each in uses.USES.values() for use in each}
    assert cited | {"eigenscape"} == set(library())
    assert all(
        reference.venue or reference.link
        for reference in library().values()
        if reference.key != "eigenscape"
    )


def test_bibtex_has_each_reference_once_in_letters_that_any_bibtex_reads() -> None:
    text = references.as_bibtex(Study())
    keys = re.findall(r"^@\w+\{(\w+),$", text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(references.references_of(Study()))
    assert text.count("{") == text.count("}")
    assert r"M{\"o}lder, Felix and Jablonski, Kim Philipp" in text
    assert "Computing in Science \\& Engineering" in text
    assert "author = {{The eigenscape developers}}" in text
    assert all(re.fullmatch(r"10\.\d{4,5}/\S+", doi) for doi in re.findall(r"doi = \{(.*)\}", text))
    assert all(
        re.fullmatch(r"\d{4}\.\d{4,5}", number) for number in re.findall(r"eprint = \{(.*)\}", text)
    )


def test_the_citation_file_has_what_the_format_requires() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == __version__
    assert all(
        {"name"} <= set(author) or {"family-names", "given-names"} <= set(author)
        for author in citation["authors"]
    )
    assert f"{citation['title']} Version {__version__}" == references.this_program().title
    assert all(
        {"type", "title", "authors"} <= set(reference) for reference in citation["references"]
    )


def test_the_paper_has_the_findings_and_figures_as_vectors_and_the_same_bytes_again(
    finished: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = StudyFolder(Path(shutil.copytree(finished.root, tmp_path / "small")))
    study = load_study(copy)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    path = paper.write_paper(study, copy)
    first = path.read_bytes()
    read = pypdf.PdfReader(path)
    words = " ".join("".join(page.extract_text() for page in read.pages).split())

    assert read.metadata is not None
    assert str(read.metadata.creation_date_raw) == "D:19700102000000+00'00'"
    for text in (
        FINDINGS[0]["finding"],
        "holds under a condition",
        "Figure 2.",
        "Constantine, P. G.",
        "λ",
        "∇L(θ",
    ):
        assert text in words
    # A label of the map's axis is text of the figure: it came as letters, not as an image.
    assert "number of parameters" in words
    assert paper.write_paper(study, copy).read_bytes() == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "172800")
    assert paper.write_paper(study, copy).read_bytes() != first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(BadInput, match="SOURCE_DATE_EPOCH: expected seconds since 1970"):
        paper.write_paper(study, copy)


def test_a_crate_is_a_workflow_run_crate_of_these_results(
    finished: StudyFolder, tmp_path: Path
) -> None:
    archived = crate.write_crate(load_study(finished), finished, tmp_path / "study.zip", ROOT)
    read = ROCrate(archived)

    main, root = read.mainEntity, read.root_dataset
    assert read.version == "1.1"  # the profiles are of that version, and know no later context
    assert (main.id, set(main.type) >= {"File", "SoftwareSourceCode", "ComputationalWorkflow"}) == (
        "Snakefile",
        True,
    )
    assert {profile.id for profile in root["conformsTo"]} >= {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }
    (run,) = [entity for entity in root["mentions"] if entity.type == "CreateAction"]
    assert run["instrument"] is main
    assert "actionStatus" not in run  # the last job, report.html, was not run here
    assert [entity.id for entity in run["object"]] == ["results/small/study.json"]
    assert run["startTime"] <= run["endTime"]
    results = {entity.id.removeprefix("results/small/"): entity for entity in run["result"]}
    assert {
        "figures/eigenvectors.pdf",
        "tables/condition_number.csv",
        "cells/d01-w003/spectrum.receipt.json",
    } <= set(results)
    assert not any(".zarr" in name for name in results)
    for name, entity in results.items():
        data = (finished.root / name).read_bytes()
        assert (entity["sha256"], entity["contentSize"]) == (
            hashlib.sha256(data).hexdigest(),
            str(len(data)),
        )
    with zipfile.ZipFile(archived) as archive:
        names = set(archive.namelist())
        graph = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    assert {
        "Snakefile",
        "config.yaml",
        "workflow/rules/common.smk",
        "results/small/tables/findings.csv",
    } <= names
    assert {"numpy", "torch", "eigenscape"} <= {
        entity.get("name") for entity in graph if entity["@type"] == "SoftwareApplication"
    }


def test_a_crate_is_refused_where_it_cannot_be_made(
    finished: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(finished)
    with pytest.raises(BadInput, match="expected the workflow of the study, found no such file"):
        crate.write_crate(study, finished, tmp_path / "new", tmp_path)
    with pytest.raises(
        BadInput, match="expected the path of a new crate, found an output path that exists already"
    ):
        crate.write_crate(study, finished, tmp_path, ROOT)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"^rocrate: .*eigenscape\[crate\]"):
        crate.write_crate(study, finished, tmp_path / "new", ROOT)
    with pytest.raises(BadInput, match=r"^reportlab: .*eigenscape\[paper\]"):
        paper.write_paper(study, finished)
