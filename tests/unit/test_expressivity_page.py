"""The code and the configuration of docs/expressivity.md run."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from eigenscape.config.study import Study

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_gives_what_its_comments_say() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "expressivity.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102 - the page's own example
    found = names["found"]
    assert len(found.latent_lengths) == 3
    assert found.transitions[0] == 8
    assert found.error_estimate == 0.0


def test_the_configuration_for_a_cluster_is_a_study_of_its_own() -> None:
    study = Study.from_mapping(yaml.safe_load((DOCS / "expressivity" / "cluster.yaml").read_text()))
    assert study.study != Study().study


def test_every_image_of_the_page_is_there() -> None:
    images = re.findall(r"\]\((images/[a-z_]+\.png)\)", (DOCS / "expressivity.md").read_text())
    assert len(images) == 7
    assert all((DOCS / image).exists() for image in images)
