"""What the layers of the headline carry: from the gradients themselves, once, and reversed where
the prior is.
"""

from __future__ import annotations

import numpy as np
import pytest
from builders import small_study

from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.errors import DifferentWork
from eigenscape.stages.active_subspace.importance import (
    criticality_table,
    family_table,
    headline_importance,
    importance_table,
    shares_of,
    slope_of,
)
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.layout import StudyFolder

SWEEP = {"depth": 6, "width": 10, "samples": 200, "bias_std": 0.3, "weight_std": [0.5, 3.0]}
STUDY = small_study(
    headline={"depth": 5, "width": 4, "samples": 400},
    projection={"samples": 100, "replicates": 100},
    criticality=SWEEP,
)


@pytest.fixture
def computed(folder: StudyFolder) -> StudyFolder:
    compute_second_moment(STUDY, STUDY.headline_cell, folder, execution=Execution(quiet=True))
    compute_spectrum(STUDY, STUDY.headline_cell, folder, vectors=True)
    return folder


def test_shares_are_those_of_the_gradients_and_the_prior_reverses_their_order(
    computed: StudyFolder,
) -> None:
    content = headline_importance(STUDY, computed)
    architecture = STUDY.headline_cell.architecture
    own, other = content["priors"]
    assert (own["prior"], other["prior"]) == ("standard_normal", "pytorch_default")
    gradients, _ = sampler_of_network(STUDY, architecture).block(0, 400)
    masses = np.array([(gradients[:, layer.whole] ** 2).sum() for layer in architecture.layers])
    np.testing.assert_allclose(own["shares"], masses / masses.sum(), rtol=1e-12)
    assert shares_of(own, architecture).shares.value.sum() == pytest.approx(1.0)
    slopes = [slope_of(prior, architecture) for prior in content["priors"]]
    assert slopes[1] is not None
    assert slopes[1].slope.low > 0, "under PyTorch's prior later layers matter more"
    assert other["chi_1"] < 1
    assert 0 <= content["subspace_error_width"] <= 1 + 1e-12
    assert 0 <= content["subspace_error_1"] <= 1 + 1e-12


def test_activity_of_the_leading_directions_has_intervals_around_it(computed: StudyFolder) -> None:
    """Activity from the stored eigenpairs, by the formula; the bootstrap within the 2w leading
    directions contains it.
    """
    content = headline_importance(STUDY, computed)
    spectrum = read_verified_spectrum(STUDY.headline_cell, computed)
    assert spectrum.eigenvectors is not None
    weighted = (spectrum.eigenvalues[:4] * spectrum.eigenvectors[:, :4] ** 2).sum(axis=1)
    layers = STUDY.headline_cell.architecture.layers
    expected = np.array([weighted[layer.whole].sum() for layer in layers]) / weighted.sum()
    np.testing.assert_allclose(content["activity"], expected, rtol=1e-12)
    # The dominating layers of a sample of 400; the bootstrap interval of a share that is bounded by
    # 0 and 1 may miss small ones.
    leading = int(np.argmax(expected))
    assert content["activity_low"][leading] < expected[leading] < content["activity_high"][leading]
    table = importance_table(STUDY, content)
    assert table.groupby("prior", sort=False)["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert table["activity"].iloc[: len(layers)].sum() == pytest.approx(1.0)


def test_the_family_of_the_headline_has_intervals_and_a_null(computed: StudyFolder) -> None:
    content = headline_importance(STUDY, computed)
    table = family_table(content).set_index("number")
    spectrum = read_verified_spectrum(STUDY.headline_cell, computed)
    expected = condition_numbers(spectrum, STUDY.headline_cell.architecture)
    # other orders of summation, and eigenvalues over five decades: 1e-9 is far above rounding and
    # far below the intervals
    assert table["value"].to_dict() == pytest.approx(expected, rel=1e-9)
    for name in ("stable_rank", "participation_ratio", "spectral_slope"):
        assert table.loc[name, "low"] < table.loc[name, "value"] < table.loc[name, "high"]
    assert table.loc["log10_diagonal_bound", "null"] == pytest.approx(
        expected["log10_diagonal_bound"]
    )


def test_it_is_computed_once(computed: StudyFolder) -> None:
    first = headline_importance(STUDY, computed)
    path = computed.root / STUDY.headline_cell.folder / "importance.json"
    before = path.stat().st_mtime_ns
    assert headline_importance(STUDY, computed) == first
    assert path.stat().st_mtime_ns == before
    with pytest.raises(DifferentWork, match="replicates"):
        headline_importance(
            small_study(
                headline={"depth": 5, "width": 4, "samples": 400}, projection={"replicates": 101}
            ),
            computed,
        )


def test_the_slope_changes_sign_through_criticality(folder: StudyFolder) -> None:
    """chi_1 < 1 at sigma_w = 0.5 and > 1 at 3: later layers lead in the one, earlier ones in the
    other, at one data point.
    """
    table = criticality_table(STUDY, folder)
    one = table[table["series"] == "1 data point"].set_index("sigma_w")
    assert one.loc[0.5, "chi_1"] < 1 < one.loc[3.0, "chi_1"]
    assert one.loc[0.5, "low"] > 0
    assert one.loc[3.0, "high"] < 0
    assert len(table) == 4
    assert criticality_table(STUDY, folder).equals(table)
