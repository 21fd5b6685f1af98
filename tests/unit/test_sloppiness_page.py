"""The code and the configurations of docs/sloppiness.md run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

from eigenscape.config.study import Study

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_gives_what_its_comments_say() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "sloppiness.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)  # noqa: S102 - the page's own example
    found = names["progress"](names["logs"], *names["ends"])
    assert found[0] < 0.2
    assert found[-1] > 0.8
    assert (np.diff(names["found"].explained_stress) > 0).all()


def test_the_configurations_are_studies_of_their_own() -> None:
    page = re.findall(r"```yaml\n(.*?)```", (DOCS / "sloppiness.md").read_text(), re.DOTALL)
    for text in [*page, (DOCS / "sloppiness" / "cluster.yaml").read_text()]:
        study = Study.from_mapping(yaml.safe_load(text))
        assert study.study != Study().study
    assert study.sloppiness.ensemble.seeds >= 10
    assert study.sloppiness.ensemble.points() > 10_000


def test_every_image_of_the_page_is_there() -> None:
    images = re.findall(r"\]\((images/[a-z_]+\.png)\)", (DOCS / "sloppiness.md").read_text())
    assert len(images) == 4
    assert all((DOCS / image).exists() for image in images)
