"""The code and the configuration of docs/sloppiness_theory.md run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from eigenscape.config.study import Study
from eigenscape.sloppiness.ribbon import RibbonVerdict

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sloppiness_theory.md").read_text()


def test_the_example_gives_what_its_comments_say() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102 - the page's own example
    assert names["found"].verdict is RibbonVerdict.RIBBON
    assert names["found"].slope.value == pytest.approx(0.97, abs=0.005)
    assert float(names["truth_slope"](10_000)) == pytest.approx(0.93, abs=0.005)


def test_the_configuration_is_a_study_of_its_own() -> None:
    study = Study.from_mapping(
        yaml.safe_load((DOCS / "sloppiness_theory" / "cluster.yaml").read_text())
    )
    assert study.study != Study().study


def test_every_image_of_the_page_is_there() -> None:
    images = re.findall(r"\]\((images/[a-z_]+\.png)\)", PAGE)
    assert len(images) == 4
    assert all((DOCS / image).exists() for image in images)
