"""The projected map: every network, once, the same numbers in any order, and what its document
says.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builders import small_study

from eigenscape.active_subspace import projection
from eigenscape.active_subspace.symmetry import project, require_symmetry
from eigenscape.errors import DamagedResult, DifferentWork, Interrupted
from eigenscape.networks.rounding import rounding_growth
from eigenscape.stages.active_subspace.projection import (
    project_networks,
    projected_eigenvalues,
    require_projection,
)
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store.layout import StudyFolder

STUDY = small_study(projection={"samples": 120, "replicates": 40})


def test_every_network_has_a_document_with_all_its_eigenvalues(folder: StudyFolder) -> None:
    project_networks(STUDY, STUDY.projected_architectures(), folder, quiet=True)
    for architecture in STUDY.projected_architectures():
        content = require_projection(STUDY, architecture, folder)
        values = projected_eigenvalues(content)
        assert len(values) == architecture.parameters
        assert content["log10_cond_sym"] == pytest.approx(np.log10(values[0] / values[-1]))
        assert content["low"] < content["high"]
        assert sum(share["share"] for share in content["layer_shares"]) == pytest.approx(1.0)


def test_a_document_says_how_far_rounding_grows_and_a_run_warns_of_float32_where_that_is_too_far(
    folder: StudyFolder, caplog: pytest.LogCaptureFixture
) -> None:
    """Depth 30, width 30: rounding grows some 10^8-fold, beyond 1/eps of float32, 8e6."""
    study = small_study(
        grid={"depth": [1, 30], "width": [30]},
        sampling={"precision": "float32", "raw_parameter_limit": 100},
        projection={"samples": 10, "replicates": 20},
    )
    shallow, deep = study.grid_architectures()

    project_networks(study, [shallow, deep], folder, quiet=True)

    for architecture in (shallow, deep):
        measured = rounding_growth(sampler_of_network(study, architecture)).facts
        content = require_projection(study, architecture, folder)
        assert {name: content[name] for name in measured} == measured
    warned = [text for text in caplog.messages if "relative error" in text]
    assert len(warned) == 1
    assert warned[0].startswith("d30-w030: gradients in float32 have a relative error of")
    assert warned[0].endswith("use float64")


def test_the_headline_is_projected_where_the_grid_leaves_it_out() -> None:
    assert [a.label for a in STUDY.projected_architectures()] == [
        "d01-w003",
        "d03-w003",
        "d01-w005",
        "d03-w005",
        "d02-w004",
    ]


def test_blocks_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradients are walked in blocks that fit the cache; contributions are per sample, so their
    bits do not depend on it.
    """
    architecture = STUDY.projected_architectures()[1]
    sampler = sampler_of_network(STUDY, architecture)
    symmetry = require_symmetry(sampler)
    whole = projection.projected_samples(sampler, STUDY.projection.samples, symmetry)
    monkeypatch.setattr(projection, "NUMBERS_PER_BATCH", 7 * architecture.parameters)
    pieces = projection.projected_samples(sampler, STUDY.projection.samples, symmetry)
    for one, other in zip(whole.contributions, pieces.contributions, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14, atol=0)


def test_layer_shares_are_those_of_the_gradients(folder: StudyFolder) -> None:
    architecture = STUDY.projected_architectures()[1]
    project_networks(STUDY, [architecture], folder, quiet=True)
    sampler = sampler_of_network(STUDY, architecture)
    content = require_projection(STUDY, architecture, folder)
    gradients, _ = sampler.block(0, content["samples"])
    masses = np.array([(gradients[:, layer.whole] ** 2).sum() for layer in architecture.layers])
    shares = [share["share"] for share in content["layer_shares"]]
    np.testing.assert_allclose(shares, masses / masses.sum(), rtol=1e-12)
    blocks = project(gradients, architecture, require_symmetry(sampler)).blocks
    assert sum(block.size * block.multiplicity for block in blocks) == architecture.parameters


def test_a_document_is_written_once_and_other_work_refused(folder: StudyFolder) -> None:
    architecture = STUDY.projected_architectures()[0]
    project_networks(STUDY, [architecture], folder, quiet=True)
    path = folder.projection(architecture)
    before = path.stat().st_mtime_ns
    project_networks(STUDY, [architecture], folder, quiet=True)
    assert path.stat().st_mtime_ns == before
    other = small_study(projection={"samples": 121, "replicates": 40})
    with pytest.raises(DifferentWork, match="samples"):
        project_networks(other, [architecture], folder, quiet=True)


def test_an_interruption_keeps_what_is_finished(
    folder: StudyFolder, stop_after: Callable[[int], None]
) -> None:
    stop_after(2)
    with pytest.raises(Interrupted, match="run the same command"):
        project_networks(STUDY, STUDY.projected_architectures(), folder, quiet=True)
    assert sum(folder.projection(a).exists() for a in STUDY.projected_architectures()) == 2


def test_a_missing_document_is_named(folder: StudyFolder) -> None:
    with pytest.raises(DamagedResult, match=r"d01-w003\.json: not computed yet"):
        require_projection(STUDY, STUDY.projected_architectures()[0], folder)
