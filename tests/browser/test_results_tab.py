"""A study's results in the browser: the map, a clicked cell, its spectrum, and what is said where
they are damaged.
"""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from browsing import Page
from builders import small_study
from finished_study import compute_small_ensemble, compute_small_study
from selenium.webdriver.common.by import By

from eigenscape.stages.common.configure import load_study
from eigenscape.stages.common.tables import read_table
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.stages.sloppiness.inpca import read_inpca
from eigenscape.store.layout import StudyFolder

pytestmark = pytest.mark.browser

CLICK = """
const figure = document.querySelector("#grid-map .js-plotly-plot");
const [x, y] = arguments;
figure.emit("plotly_click", { points: [{ x, y, curveNumber: 0, \
customdata: figure.data[0].customdata[y][x], data: figure.data[0] }] });
"""
"""What plotly.js does at a click on a cell; where on the screen that cell lies is plotly's
affair."""


@pytest.fixture
def study(results: Path) -> StudyFolder:
    """The small study in the served folder, as new."""
    shutil.rmtree(results / "small", ignore_errors=True)
    return compute_small_study(results)


def open_results(page: Page, query: str = "tab=results") -> None:
    page.open(query)
    page.wait_for(lambda: page.text("results-message") or page.rows("grid-map-numbers"))


def test_without_results_the_tab_says_what_to_do(page: Page, results: Path) -> None:
    shutil.rmtree(results, ignore_errors=True)
    open_results(page)

    assert "make figures" in page.text("results-message")
    assert not page.element("results-figures").is_displayed()


def test_a_study_opens_with_its_map_spectrum_and_provenance(page: Page, study: StudyFolder) -> None:
    open_results(page)
    page.wait_for(lambda: page.rows("spectrum-numbers"))

    assert page.text("results-message") == ""
    assert (
        page.query() == "?tab=results&study=small&number=log10_cond_sym&cell=headline/d02-w004-n80"
    )
    table = read_table(study.table).set_index(["width", "depth"])["log10_cond_sym"]
    shown = {row[0]: [float(value) for value in row[1:]] for row in page.rows("grid-map-numbers")}
    assert shown["3"] == pytest.approx([table[3, 1], table[3, 3]], rel=5e-6)
    eigenvalues = read_verified_spectrum(small_study().headline_cell, study).eigenvalues
    assert page.trace("spectrum", 0, "y") == pytest.approx(eigenvalues, rel=1e-12)
    facts = page.element("provenance").text
    assert "digest" in facts
    assert "standard_normal" in facts


def test_training_trajectories_are_drawn_where_the_study_has_them(
    page: Page, study: StudyFolder
) -> None:
    open_results(page)
    page.wait_for(lambda: page.rows("spectrum-numbers"))
    assert not page.rows("embedding-numbers")

    compute_small_ensemble(study.root.parent)
    open_results(page)
    page.wait_for(lambda: page.rows("embedding-numbers"))
    points = read_inpca(load_study(study), study)[1]["coordinates"][:, 0]
    drawn = [
        value
        for trace in range(4)
        for value in page.trace("embedding", trace, "x")
        if value is not None
    ]
    assert sorted(drawn) == sorted(points.tolist())
    assert [row[1] for row in page.rows("embedding-numbers")] == ["2"] * 4  # replicas


def test_a_click_on_a_cell_opens_it_and_the_address_says_so(page: Page, study: StudyFolder) -> None:
    open_results(page)
    page.wait_for(lambda: page.rows("spectrum-numbers"))
    page.browser.execute_script(CLICK, 1, 0)  # depth 3, width 3
    page.wait_for(
        lambda: (
            page.query().endswith("cell=cells/d03-w003")
            and len(page.trace("spectrum", 0, "y")) == 34
        )
    )

    cell = small_study().cell("cells/d03-w003")
    assert page.trace("spectrum", 0, "y") == pytest.approx(
        read_verified_spectrum(cell, study).eigenvalues, rel=1e-12
    )


def test_an_address_with_another_number_shows_it(page: Page, study: StudyFolder) -> None:
    open_results(page, "tab=results&study=small&number=parameters&cell=cells/d01-w005")

    page.wait_for(lambda: page.rows("grid-map-numbers") == [["3", "10", "34"], ["5", "16", "76"]])
    assert "number of parameters" in page.text("grid-map-explanation")


def test_downloads_hold_the_table_the_spectrum_and_the_cell(
    page: Page, study: StudyFolder, downloads: Path
) -> None:
    open_results(page)
    page.wait_for(lambda: page.rows("spectrum-numbers"))
    cell = small_study().headline_cell
    stored = read_verified_spectrum(cell, study)
    name = f"small-{cell.folder.replace('/', '-')}"
    files = {
        "Table as csv": "small-condition_number.csv",
        "Spectrum as csv": f"{name}-spectrum.csv",
        "Cell as json": f"{name}.json",
    }
    for button, file in files.items():
        page.press(button)
        page.wait_for((downloads / file).exists)

    table = pd.read_csv(downloads / files["Table as csv"])
    assert table["log10_cond_sym"].tolist() == pytest.approx(
        read_table(study.table)["log10_cond_sym"].tolist(), rel=1e-15, nan_ok=True
    )
    header, *lines = (downloads / files["Spectrum as csv"]).read_text().splitlines()
    assert header == "index,eigenvalue"
    assert [float(line.split(",")[1]) for line in lines] == stored.eigenvalues.tolist()
    content = json.loads((downloads / files["Cell as json"]).read_text())
    assert content["eigenvalues"] == stored.eigenvalues.tolist()
    assert content["second_moment_diagonal"] == stored.diagonal.tolist()
    assert content["provenance"]["activation"] == "tanh"


def test_a_damaged_spectrum_is_named_and_the_map_stays(page: Page, study: StudyFolder) -> None:
    study.receipt(study.spectrum(small_study().headline_cell)).unlink()
    open_results(page)

    page.wait_for(lambda: "no receipt" in page.text("results-message"))
    assert page.element("grid-map").is_displayed()
    assert page.rows("spectrum-numbers") == []


@pytest.mark.parametrize(
    "query",
    ["study=nowhere", "study=..%2Fsmall", "number=nothing", "study=small&cell=cells/../study.json"],
)
def test_names_that_are_not_there_are_answered_in_one_line(
    page: Page, study: StudyFolder, query: str
) -> None:
    open_results(page, f"tab=results&{query}")

    page.wait_for(lambda: page.text("results-message"))
    assert ": expected" in page.text("results-message")
    assert page.browser.find_elements(By.CSS_SELECTOR, ".dash-error-card") == []
