"""Sliders move, and the lengths on the page are those of the computation."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import MOVE, Page
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from eigenscape.explorer.network import curve_of, layers_of
from eigenscape.explorer.snapshot import snapshot
from eigenscape.explorer.state import State
from eigenscape.expressivity.analysis import CurveAnalysis, analyse

pytestmark = pytest.mark.browser

SHOWN = 5e-6
"""Relative: the page shows six significant digits."""


def analysis_of(query: str) -> CurveAnalysis:
    state = State.parse(query)
    return analyse(layers_of(state), curve_of(state))


def assert_shows(page: Page, expected: CurveAnalysis) -> None:
    shown = [float(row[1]) for row in page.rows("layers")]
    assert shown == pytest.approx(expected.latent_lengths, rel=SHOWN)
    assert float(page.text("output-variation")) == pytest.approx(
        expected.output_variation, rel=SHOWN
    )
    assert float(page.text("lifted-length")) == pytest.approx(expected.lifted_length, rel=SHOWN)


def test_the_default_view_shows_the_lengths_of_its_network(page: Page) -> None:
    assert len([name for name in page.sliders() if name.startswith("W")]) == 28
    assert_shows(page, analysis_of(""))


def test_a_moved_weight_changes_the_lengths_and_the_address(page: Page) -> None:
    before = page.text("output-variation")
    page.move("W2[3,1]", 4.5)

    assert page.text("output-variation") != before
    assert page.query() == "?edits=2.3.1:4.5"
    assert_shows(page, analysis_of("edits=2.3.1:4.5"))


def test_lengths_of_a_bias_free_relu_network_are_linear_in_the_radius(page: Page) -> None:
    at_four = float(page.text("latent-length"))
    page.move("radius", 1)

    assert float(page.text("curve-length")) == pytest.approx(2 * np.pi, rel=SHOWN)
    assert float(page.text("latent-length")) == pytest.approx(at_four / 4, rel=2 * SHOWN)


def test_two_sliders_moved_at_once_are_both_heard(page: Page) -> None:
    page.drag("W1[1,1]", [value / 10 for value in range(-20, 21, 5)])
    page.move("W2[4,4]", -2.5)

    assert page.query() == "?edits=1.1.1:2,2.4.4:-2.5"
    assert_shows(page, analysis_of("edits=1.1.1:2,2.4.4:-2.5"))


def test_a_shared_address_opens_the_same_view(page: Page) -> None:
    query = (
        "depth=3&width=6&activation=hard_tanh&draw=scaled&sigma_w=2.5&seed=7&edits=2.3.1:4.5"
        "&curve=ellipse&radius=3&angle=30"
    )
    page.open(query)

    assert page.query() == f"?{query}"
    assert page.text("message") == ""
    assert_shows(page, analysis_of(query))
    page.move("seed", 8)
    assert "seed=8" in page.query()
    assert "edits=2.3.1:4.5" in page.query()


def test_a_preset_sets_every_control(page: Page) -> None:
    page.press("Chaotic")
    page.wait_for(lambda: "depth=6" in page.query())
    page.settle()

    assert page.element("depth").get_property("value") == "6"
    assert_shows(page, analysis_of(page.query()))
    assert float(page.text("root-chi")) == pytest.approx(2.8284 / np.sqrt(2), rel=SHOWN)
    page.press("Identity split")
    page.wait_for(lambda: "draw=split" in page.query())
    page.settle()
    assert [row[1] for row in page.rows("layers")] == ["25.1327", "25.1327", "25.1327"]


def test_figures_hold_what_the_computation_gives_after_sliders_moved(page: Page) -> None:
    page.move("W2[3,1]", 4.5)
    found = snapshot(State.parse("edits=2.3.1:4.5"))

    assert page.trace("surface", 0, "z") == pytest.approx(found.surface.ravel(), rel=1e-6, abs=1e-4)
    assert page.trace("lengths", 0, "y") == pytest.approx(found.analysis.latent_lengths, rel=1e-6)
    assert page.trace("sensitivity", 0, "y") == pytest.approx(found.sensitivity, rel=1e-6)
    assert [float(row[1]) for row in page.rows("sensitivity-numbers")] == pytest.approx(
        found.sensitivity, rel=SHOWN
    )


def test_the_camera_stays_where_it_was_turned_to(page: Page) -> None:
    read = (
        "return document.querySelector('#surface"
        " .js-plotly-plot')._fullLayout.scene._scene.getCamera().eye"
    )
    first = page.browser.execute_script(read)
    scene = page.browser.find_element(By.CSS_SELECTOR, "#surface canvas")
    ActionChains(page.browser).move_to_element(scene).click_and_hold().move_by_offset(
        60, 30
    ).release().perform()
    page.wait_for(lambda: page.browser.execute_script(read) != pytest.approx(first, abs=0.01))
    page.wait_for(lambda: page.browser.execute_script(read) == page.browser.execute_script(read))
    turned = page.browser.execute_script(read)
    for name, value in (("W1[1,1]", 3), ("radius", 2), ("depth", 4)):
        page.move(name, value)
        assert page.browser.execute_script(read) == pytest.approx(turned, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("depth=99", "depth: expected a number from 1 to 10"),
        ("edits=<script>", "edits: expected"),
        ("a=b", "a: expected"),
    ],
)
def test_a_wrong_address_shows_the_default_and_says_what_is_wrong(
    page: Page, query: str, said: str
) -> None:
    page.open(query)

    assert page.text("message").startswith(said)
    assert page.query() == ""
    assert_shows(page, analysis_of(""))


def test_a_wrong_field_is_named_and_the_view_stays(page: Page) -> None:
    page.open("curve=points")
    before = page.text("lifted-length")
    page.enter("points", "1:1, 2:two")

    page.wait_for(lambda: page.text("message").startswith("points: expected"))
    assert page.text("lifted-length") == before
    page.enter("points", "1:1, 2:-2, -3:0.5")
    page.wait_for(lambda: page.text("message") == "")
    page.settle()
    assert_shows(page, analysis_of("curve=points&points=1:1,2:-2,-3:0.5"))


def test_the_keyboard_reaches_and_moves_everything(page: Page) -> None:
    slider = page.sliders()["W1[1,1]"]
    before = float(slider.get_property("value"))
    page.browser.execute_script("arguments[0].focus()", slider)
    slider.send_keys(Keys.ARROW_RIGHT)
    page.wait_for(lambda: "edits=1.1.1:" in page.query())
    assert float(page.query().split(":")[1]) == pytest.approx(before + 0.01)

    # Every control has a name that a screen reader says, and every figure numbers beside it.
    assert page.nameless_controls() == []
    assert page.browser.execute_script(
        "return [...document.querySelectorAll('[role=img]')].every((e) => e.ariaLabel ||"
        " e.getAttribute('aria-labelledby'))"
    )
    tab = page.element("tab-network")
    page.browser.execute_script("arguments[0].focus()", tab)
    tab.send_keys(Keys.ARROW_RIGHT)
    page.wait_for(lambda: page.element("tab-results").get_attribute("aria-selected") == "true")
    assert "tab=results" in page.query()


def test_downloads_hold_the_numbers_of_the_page(page: Page, downloads: Path) -> None:
    page.move("W2[3,1]", 4.5)
    page.press("All as json")
    path = downloads / "eigenscape-network.json"
    page.wait_for(path.exists)

    content = json.loads(path.read_text())
    assert content["view"] == "?edits=2.3.1:4.5"
    assert content["latent_lengths"] == pytest.approx(
        analysis_of("edits=2.3.1:4.5").latent_lengths, rel=1e-14
    )


def test_the_csv_download_is_that_of_the_view_in_the_address(page: Page, downloads: Path) -> None:
    page.open("depth=3&radius=2")
    page.press("Numbers as csv")
    path = downloads / "eigenscape-network.csv"
    page.wait_for(path.exists)

    rows = [line.split(",") for line in path.read_text().splitlines() if line[:1].isdigit()]
    assert [float(row[1]) for row in rows] == analysis_of(
        "depth=3&radius=2"
    ).latent_lengths.tolist()


def test_a_slow_answer_is_announced_and_the_sign_goes_away(page: Page, serving: Any) -> None:
    """The server is stopped, as by a long computation, and goes on."""
    assert page.element("computing").get_attribute("role") == "status"
    serving.process.send_signal(signal.SIGSTOP)
    try:
        page.browser.execute_script(MOVE, page.sliders()["W1[1,1]"], "1.5")
        page.wait_for(lambda: page.text("computing") == "Computing …")
    finally:
        serving.process.send_signal(signal.SIGCONT)
    page.settle()
    assert page.text("computing") == ""
    assert page.query() == "?edits=1.1.1:1.5"


def test_nothing_is_asked_of_any_other_server(page: Page) -> None:
    page.browser.get_log("performance")
    page.open("depth=3")
    page.move("W1[1,1]", 1)

    events = [
        json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")
    ]
    asked = {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    assert any(url.startswith(page.address) for url in asked)
    assert {
        url for url in asked if not url.startswith((page.address, "data:", "blob:", "about:"))
    } == set()
    assert [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"] == []
