"""Sliders move, and the lengths on the page are those of the computation."""

import numpy as np
import pytest
from browsing import Page

from eigenscape.explorer.network import curve_of, layers_of
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
    assert float(page.text("output-variation")) == pytest.approx(expected.output_variation, rel=SHOWN)
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
