"""The page of a study: complete in itself, true to the results, and safe whatever the results
say.
"""

from __future__ import annotations

import base64
import csv
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from builders import small_study
from finished_study import FINDINGS

from eigenscape.catalogue import caption_of
from eigenscape.catalogue.captions import caption_files
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.reporting.report import write_report
from eigenscape.reporting.summary import changed_settings, summary_of, timings_of
from eigenscape.stages.common.configure import load_study
from eigenscape.store.layout import StudyFolder

ROOT = Path(__file__).parents[3]


class Read(HTMLParser):
    """What a page would load, show and link to."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.images: list[dict[str, str]] = []
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        self.anchors.add(found.get("id", ""))
        if tag == "a":
            self.links.append(found["href"])
            return
        if tag == "img":
            self.images.append(found)
        self.loads += [
            found[name]
            for name in ("src", "href", "data", "srcset", "poster", "action")
            if name in found
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def timed(finished: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """With what Snakemake leaves."""
    folder = StudyFolder(
        Path(shutil.copytree(finished.root, tmp_path_factory.mktemp("timed") / "small"))
    )
    for name, seconds in (("cells/a", 2.5), ("cells/b", 4.0), ("findings", 1.0)):
        path = folder.root / "benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"s\th:m:s\tmax_rss\tcpu_time\n99\t-\t1\t1\n{seconds}\t0:00:01\t{100 * seconds}\tNA\n"
        )
    return folder


@pytest.fixture(scope="module")
def page(timed: StudyFolder) -> str:
    return write_report(load_study(timed), timed).read_text()


@pytest.fixture(scope="module")
def read(page: str) -> Read:
    parser = Read()
    parser.feed(page)
    return parser


def test_the_page_loads_nothing(page: str, read: Read) -> None:
    assert read.loads
    assert all(address.startswith("data:") for address in read.loads)
    assert not re.search(r"@import|url\(|<iframe|<link|fetch\(|XMLHttpRequest", page)
    assert all(address.startswith(("#", "data:text/csv", "https://")) for address in read.links)
    assert {address[1:] for address in read.links if address.startswith("#")} <= read.anchors


def test_every_figure_is_inside_with_its_size_and_words(timed: StudyFolder, read: Read) -> None:
    images = {image["src"].partition(",")[2]: image for image in read.images}
    drawn = sorted((timed.root / "figures").glob("*.png"))

    assert len(images) == len(drawn) == 2
    for path in drawn:
        image = images[base64.b64encode(path.read_bytes()).decode()]
        assert image["alt"].startswith(caption_of(path.stem).title)
        assert int(image["width"]) > 500


def test_texts_of_results_are_no_markup(page: str, read: Read) -> None:
    assert "<script>alert" not in page
    assert page.count("<script>") == 1
    for row in FINDINGS:
        for text in row.values():
            assert text in read.text
    assert "b" not in read.tags


def test_findings_numbers_and_settings_are_those_of_the_study(
    timed: StudyFolder, read: Read
) -> None:
    words = " ".join(read.text.split())
    assert "✗ 1 does not hold" in words
    assert "◐holds under a condition" in words
    with timed.table.open() as file:
        rows = list(csv.DictReader(file))
    assert all(f"{float(row['log10_cond_sym']):.2f}" in words for row in rows)
    assert "headline.samples" in words
    # Two jobs of the rule cells took 2.5 and 4 seconds; of each file the last line counts.
    assert [
        (one.rule, one.jobs, one.seconds, one.longest, one.memory) for one in timings_of(timed)
    ] == [
        ("cells", 2, 6.5, 4.0, 400.0),
        ("findings", 1, 1.0, 1.0, 100.0),
    ]


def test_the_same_results_give_the_same_page(timed: StudyFolder, page: str) -> None:
    assert write_report(load_study(timed), timed).read_text() == page


def test_what_differs_from_the_defaults_is_named_and_nothing_else() -> None:
    assert changed_settings(Study()) == []
    changed = {
        name: value
        for name, value, _ in changed_settings(small_study(network={"activation": "relu"}))
    }
    assert changed["network.activation"] == "relu"
    assert changed["grid.depth"] == "[1, 3]"
    assert "prior.kind" not in changed


def test_receipts_say_when_by_what_and_where(timed: StudyFolder) -> None:
    origins = summary_of(load_study(timed), timed).origins
    assert origins.undated == 0
    assert origins.versions["numpy"]
    assert origins.first <= origins.last
    assert sum(origins.machines.values()) == origins.receipts


def test_a_study_that_has_nothing_to_tell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="expected figures and tables of a study that has run, found none"
    ):
        write_report(small_study(), StudyFolder(tmp_path))


def test_a_table_of_the_default_study_s_size_is_inside_to_the_last_byte(
    timed: StudyFolder, tmp_path: Path
) -> None:
    copy = StudyFolder(Path(shutil.copytree(timed.root, tmp_path / "small")))
    data = b"depth,share\n" + b"5,-0.123\n" * 65_000  # 0.6 MB, as tables/layers.csv of 300 networks
    (copy.root / "tables" / "layers.csv").write_bytes(data)
    parser = Read()
    parser.feed(write_report(load_study(copy), copy).read_text())
    inside = [
        unquote_to_bytes(link.partition(",")[2])
        for link in parser.links
        if link.startswith("data:")
    ]
    assert data in inside


def test_without_findings_the_page_says_so(timed: StudyFolder, tmp_path: Path) -> None:
    copy = StudyFolder(Path(shutil.copytree(timed.root, tmp_path / "small")))
    (copy.root / "tables" / "findings.csv").unlink()
    assert "No table of findings is there yet" in write_report(load_study(copy), copy).read_text()


def test_every_caption_has_its_file_for_snakemake() -> None:
    kept = {path.name: path.read_text() for path in (ROOT / "workflow" / "report").glob("*.rst")}
    written = caption_files()
    assert {name: kept.get(name) for name in written} == written, (
        "run: python -m eigenscape.catalogue workflow/report"
    )
    assert set(kept) - set(written) == {"workflow.rst"}
