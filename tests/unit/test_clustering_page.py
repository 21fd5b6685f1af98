"""The code and the configuration of docs/clustering.md run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

from eigenscape.clustering.graphs import affinity_graph
from eigenscape.clustering.modularity import modularity
from eigenscape.config.study import Study

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_gives_what_its_comments_say() -> None:
    first, second = re.findall(
        r"```python\n(.*?)```", (DOCS / "clustering.md").read_text(), re.DOTALL
    )
    names: dict[str, object] = {}
    exec(first, names)  # noqa: S102 - the page's own example
    found = names["found"]
    exec(second, names)  # noqa: S102 - the same on ranks
    np.testing.assert_array_equal(names["found"].coefficients, found.coefficients)
    assert found.verdict == "the inputs express each other"
    assert found.certificate.relative_gap.max() < 1e-9
    assert (
        modularity(affinity_graph(found.coefficients).weights, np.repeat([0, 1, 2], 20)).relative
        > 0.9
    )


def test_the_configurations_are_studies_of_their_own() -> None:
    page = re.findall(r"```yaml\n(.*?)```", (DOCS / "clustering.md").read_text(), re.DOTALL)
    for text in [*page, (DOCS / "clustering" / "cluster.yaml").read_text()]:
        study = Study.from_mapping(yaml.safe_load(text))
        assert study.study != Study().study
    assert study.clustering.seeds >= 10


def test_every_image_of_the_page_is_there() -> None:
    images = re.findall(r"\]\((images/[a-z_]+\.png)\)", (DOCS / "clustering.md").read_text())
    assert len(images) == 5
    assert all((DOCS / image).exists() for image in images)
