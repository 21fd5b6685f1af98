"""The code and the configurations of docs/your_own_networks.md run, and the examples are
studies.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from base_only import run_with_base_only

import eigenscape
from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.config.study import Study
from eigenscape.stages.common.configure import read_study
from eigenscape.stages.common.samplers import sampler_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your_own_networks.md").read_text()


def test_the_library_example_gives_a_spectrum() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - the page's own example
    assert [layer.name for layer in names["sampler"].architecture.layers] == ["0", "2"]
    assert eigenscape.spectrum(names["second_moment"]).status is SpectrumStatus.FINITE
    gradients = names["sampler"].block(0, 400)[0]
    np.testing.assert_allclose(
        names["second_moment"].matrix, gradients.T @ gradients / 400, rtol=1e-10, atol=1e-14
    )


def test_the_library_example_needs_the_base_requirements_alone(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    run = run_with_base_only(code, tmp_path)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_configurations_are_whole() -> None:
    found = [
        Study.from_mapping(yaml.safe_load(text))
        for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    ]
    assert [study.problem.kind for study in found] == ["data", "module", "module"]


# With C channels and K = 10 classes: 9 C + C, then 9 C^2 + C, and (4 C + 1) K. With d numbers a
# token: embedding 8 d + d, positions 8 d, per block 4 (d^2 + d) + 2 (2 d^2) + 3 d + 4 d, and (d +
# 1) K.
EXAMPLES = {"cnn": [110, 148, 210, 358], "transformer": [290, 462, 826, 1426]}


@pytest.mark.parametrize(("name", "sizes"), EXAMPLES.items(), ids=EXAMPLES)
def test_the_examples_are_studies(tmp_path: Path, name: str, sizes: list[int]) -> None:
    shutil.copytree(ROOT / "examples" / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("digits", ROOT / "examples" / "digits.py")
    digits = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digits)
    digits.write_digits(str(tmp_path / name / "digits.npz"))
    study = read_study([ROOT / "config.yaml", tmp_path / name / "study.yaml"])
    assert study.problem.points == 50
    assert [architecture.parameters for architecture in study.grid_architectures()] == sizes
    sampler = sampler_of(study, study.headline_cell)
    gradients, losses = sampler.block(0, 4)
    assert np.isfinite(gradients).all()
    # Scores near zero at initialisation: the loss is near log 10, and no gradient of a softmax's
    # scores adds up to anything.
    assert np.all(np.abs(losses - np.log(10)) < 1.5)
    head = gradients[:, sampler.architecture.layers[-1].whole]
    np.testing.assert_allclose(head[:, -10:].sum(axis=1), 0.0, atol=1e-14)
