"""The code and the configurations of docs/model_constrained.md run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from eigenscape.config.study import Study
from eigenscape.model_constrained.problems import case_named

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "model_constrained.md").read_text()


def test_the_examples_give_what_their_comments_say() -> None:
    plate, _, library = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(plate, names)  # noqa: S102 - the page's own example
    assert names["gradient"].shape == (2, 5)
    names = {}
    exec(library, names)  # noqa: S102 - the page's own example
    # E cos^2 = (1 + e^-2) / 2 and (E cos)^2 = e^-1; standard errors are 0.35 / sqrt(1000) and below
    # 0.6 / sqrt(1000).
    expected = np.full((7, 7), np.exp(-1)) + np.eye(7) * ((1 + np.exp(-2)) / 2 - np.exp(-1))
    np.testing.assert_allclose(names["second_moment"], expected, atol=5 * 0.6 / np.sqrt(1000))


def test_the_configurations_are_studies_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DOCS.parent)  # files are named from there
    page = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    kept = [path.read_text() for path in sorted((DOCS / "model_constrained").glob("*.yaml"))]
    assert len(page) >= 2
    assert len(kept) == 2
    for text in [*page, *kept]:
        study = Study.from_mapping(yaml.safe_load(text))
        assert study.study != Study().study
        for case in study.model_constrained.cases:
            found = case_named(case, study.model_constrained, seed=0)
            sizes = study.model_constrained.architecture_of(case).sizes
            assert (found.problem.inputs.shape[1], found.problem.targets.shape[1]) == (
                sizes[0],
                sizes[-1],
            )


def test_the_file_of_the_example_stands_on_the_page_as_it_is() -> None:
    assert (DOCS / "model_constrained" / "growth.py").read_text() in PAGE
    assert (DOCS / "model_constrained" / "growth.yaml").read_text() in PAGE


def test_every_image_of_the_page_is_there() -> None:
    images = re.findall(r"\]\((images/[a-z_]+\.png)\)", PAGE)
    assert len(images) == 3
    assert all((DOCS / image).exists() for image in images)
