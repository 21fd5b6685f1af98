"""The stage `second-moment-kinds`: every row against its own definition, and the identities between
rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from builders import second_moment, small_study

from eigenscape.active_subspace.condition import FAMILY
from eigenscape.active_subspace.other_moments import output_jacobians, per_datum_gradients
from eigenscape.architecture import Architecture
from eigenscape.stages.active_subspace import second_moment_kinds as stage
from eigenscape.stages.active_subspace.second_moment_kinds import (
    DESCRIPTIONS,
    KINDS,
    compute_kinds,
    kinds_table,
)
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store.layout import StudyFolder

NETWORK, SAMPLES, POINTS = Architecture(2, 3), 60, 12
SOURCE = sampler_of_network(small_study(), NETWORK)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "TRAINING_STEPS", 200)
        return kinds_table(small_study(), 2, 3, SAMPLES).set_index("kind")


def leading(matrix: np.ndarray, dimensions: int = 3) -> np.ndarray:
    return np.linalg.eigh(matrix)[1][:, ::-1][:, :dimensions]


def test_every_kind_has_a_row_and_every_column_a_meaning(table: pd.DataFrame) -> None:
    assert list(table.index) == list(KINDS)
    assert list(table.reset_index().columns) == list(DESCRIPTIONS)
    assert table["formula"].to_dict() == KINDS
    assert set(table["depth"]) == {2}
    assert set(table["width"]) == {3}


def test_samples_rows_and_sizes_are_counted(table: pd.DataFrame) -> None:
    one, all_data = (
        ["full_batch", "full_batch_again", "centred", "local_prior"],
        ["per_datum", "gauss_newton"],
    )
    assert set(table.loc[one, "rows"]) == set(table.loc[[*one, *all_data], "samples"]) == {SAMPLES}
    assert set(table.loc[all_data, "rows"]) == {SAMPLES * POINTS}
    assert (
        table.loc[["gauss_newton_at_one", "ntk_gram"], ["samples", "rows"]].to_numpy().tolist()
        == [[1, POINTS]] * 2
    )
    assert table["size"].drop("ntk_gram").unique().tolist() == [NETWORK.parameters]
    assert table.loc["ntk_gram", "size"] == POINTS


def test_traces_are_mean_squared_norms(table: pd.DataFrame) -> None:
    """Two routes to a mean of squares differ by rounding, some tens of eps times the number of
    terms' root: 1e-12 is ample.
    """
    gradients = SOURCE.block(0, 2 * SAMPLES)[0].copy()
    jacobians = output_jacobians(SOURCE, 0, SAMPLES)
    expected = {
        "full_batch": (gradients[:SAMPLES] ** 2).sum() / SAMPLES,
        "full_batch_again": (gradients[SAMPLES:] ** 2).sum() / SAMPLES,
        "centred": gradients[:SAMPLES].var(axis=0).sum(),
        "per_datum": (per_datum_gradients(SOURCE, 0, SAMPLES) ** 2).sum() / (SAMPLES * POINTS),
        "gauss_newton": (jacobians**2).sum() / (SAMPLES * POINTS),
        "gauss_newton_at_one": (jacobians[0] ** 2).sum() / POINTS,
        "ntk_gram": (jacobians[0] ** 2).sum(),
    }
    assert table["trace"].drop("local_prior").to_dict() == pytest.approx(expected, rel=1e-12)
    assert 0 < table.loc["local_prior", "trace"] < np.inf


def test_angles_are_those_of_the_leading_eigenvectors(table: pd.DataFrame) -> None:
    """Cosines are singular values of the product of bases; acos loses half of the digits near 0:
    1e-6 degrees.
    """
    assert table.loc["full_batch", "largest_angle"] < 1e-5
    assert table.loc["full_batch", "overlap"] == pytest.approx(1)
    gradients = SOURCE.block(0, SAMPLES)[0].copy()
    own = leading(second_moment(gradients))
    others = {"per_datum": second_moment(per_datum_gradients(SOURCE, 0, SAMPLES))}
    others["gauss_newton"] = second_moment(
        output_jacobians(SOURCE, 0, SAMPLES).reshape(-1, NETWORK.parameters)
    )
    others["centred"] = np.cov(gradients, rowvar=False, bias=True)
    for kind, matrix in others.items():
        cosines = np.linalg.svd(own.T @ leading(matrix), compute_uv=False)
        assert table.loc[kind, "largest_angle"] == pytest.approx(
            np.degrees(np.arccos(cosines.min())), abs=1e-5
        )
        assert table.loc[kind, "overlap"] == pytest.approx((cosines**2).mean(), abs=1e-9)
        assert table.loc[kind, "subspace"] == 3


def test_ntk_and_gauss_newton_at_one_theta_agree(table: pd.DataFrame) -> None:
    """They share the non-zero spectrum and, by the singular vectors of J, the subspace."""
    pair = table.loc[["ntk_gram", "gauss_newton_at_one"]]
    for member in (
        "stable_rank",
        "participation_ratio",
        "entropy_rank",
        "log10_gap_at_width",
        "overlap",
    ):
        assert pair[member].iloc[0] == pytest.approx(pair[member].iloc[1], rel=1e-8)
    assert pair["rank"].max() <= POINTS < NETWORK.parameters
    assert pair.loc["gauss_newton_at_one", "status"] == "rank_deficient"
    assert np.isinf(pair.loc["gauss_newton_at_one", "log10_cond"])


@pytest.mark.parametrize(
    ("activation", "depth", "width", "points", "rank"),
    [
        ("tanh", 2, 5, 50, None),
        ("tanh", 3, 4, 20, None),
        ("tanh", 1, 2, 6, None),
        ("linear", 2, 5, 50, 2),
    ],
)
def test_ntk_and_gauss_newton_at_one_theta_have_one_rank(
    monkeypatch: pytest.MonkeyPatch,
    activation: str,
    depth: int,
    width: int,
    points: int,
    rank: int | None,
) -> None:
    """Both are products of one J with itself: n above and below P, and with null directions. A
    linear network's J_i is x_i u + v, of rank 2 whatever theta.
    """
    monkeypatch.setattr(stage, "TRAINING_STEPS", 5)
    study = small_study(problem={"points": points}, network={"activation": activation})
    pair = kinds_table(study, depth, width, 60).set_index("kind")
    pair = pair.loc[["ntk_gram", "gauss_newton_at_one"]]

    assert pair["rank"].nunique() == 1
    assert rank is None or pair["rank"].iloc[0] == rank
    assert pair["rank"].iloc[0] <= min(pair["size"])
    for member in ("log10_cond_carrying", "stable_rank", "participation_ratio", "entropy_rank"):
        assert pair[member].iloc[0] == pytest.approx(pair[member].iloc[1], rel=1e-12, nan_ok=True)
    assert pair["trace"].iloc[0] == pytest.approx(points * pair["trace"].iloc[1], rel=1e-12)


def test_the_family_is_whole_but_for_the_layers_of_a_gram_over_data(table: pd.DataFrame) -> None:
    members = [member.name for member in FAMILY]
    assert table.loc[["full_batch", "per_datum", "gauss_newton"], members].notna().all(axis=None)
    without = table.columns[table.loc["ntk_gram"].isna()].tolist()
    assert "log10_layer_ladder" in without
    gram = output_jacobians(SOURCE, 0, 1)[0] @ output_jacobians(SOURCE, 0, 1)[0].T
    values = np.linalg.eigvalsh(gram)
    assert table.loc["ntk_gram", "stable_rank"] == pytest.approx(
        values.sum() / values[-1], rel=1e-12
    )
    diagonal = np.diagonal(gram)
    assert table.loc["ntk_gram", "log10_diagonal_bound"] == pytest.approx(
        np.log10(diagonal.max() / diagonal.min()), rel=1e-9
    )


def test_full_batch_condition_numbers_are_those_of_its_eigenvalues(table: pd.DataFrame) -> None:
    """60 samples of 22 parameters: three decades, of which `eigvalsh` loses 1e-12."""
    values = np.linalg.eigvalsh(second_moment(SOURCE.block(0, SAMPLES)[0].copy()))
    assert table.loc["full_batch", "status"] == "finite"
    assert table.loc["full_batch", "log10_cond"] == pytest.approx(
        np.log10(values[-1] / values[0]), rel=1e-8
    )


def test_the_file_holds_the_table(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, table: pd.DataFrame
) -> None:
    monkeypatch.setattr(stage, "TRAINING_STEPS", 200)
    path = compute_kinds(small_study(), folder, 2, 3, SAMPLES)
    assert path == folder.root / "tables" / "second_moment_kinds.csv"
    pd.testing.assert_frame_equal(pd.read_csv(path).set_index("kind"), table, check_exact=True)


def test_null_directions_are_infinite_and_leave_the_angles_defined() -> None:
    """Odd units without biases on a symmetric grid: gradients of biases vanish identically."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "TRAINING_STEPS", 50)
        found = kinds_table(small_study(prior={"kind": "glorot_uniform"}), 1, 3, 40).set_index(
            "kind"
        )
    assert found.loc["full_batch", "status"] == "rank_deficient"
    assert found.loc["full_batch", "rank"] == 6  # two weights for each unit
    assert np.isinf(found.loc["full_batch", "log10_cond"])
    assert found["largest_angle"].between(0, 90.001).all()
