"""The table: a row per network, honest about what is not computed, the same bytes every time."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from builders import small_study

from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult
from eigenscape.networks.rounding import rounding_growth
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.condition_numbers import condition_number_table, write_table
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.stages.common.tables import DESCRIPTIONS, read_table
from eigenscape.stages.common.verified import spectrum_receipt
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder

STUDY = small_study()


def table_of(study: Study, folder: StudyFolder) -> pd.DataFrame:
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    project_networks(study, list(study.grid_architectures()), folder, quiet=True)
    return condition_number_table(study, folder)


def test_every_network_has_a_row_and_every_column_a_meaning(folder: StudyFolder) -> None:
    table = table_of(STUDY, folder)

    assert list(zip(table["depth"], table["width"], strict=True)) == [
        (1, 3),
        (3, 3),
        (1, 5),
        (3, 5),
    ]
    assert table["parameters"].tolist() == [10, 34, 16, 76]
    assert list(table.columns) == ["seed", "depth", "width", *DESCRIPTIONS]


def test_a_network_over_the_limit_has_no_number_and_says_why(folder: StudyFolder) -> None:
    row = table_of(STUDY, folder).iloc[3]

    assert row["status"] == "over_raw_parameter_limit"
    assert (row["samples"], row["rank"], row["route"], row["raw_parameter_limit"]) == (0, 0, "", 60)
    assert (
        row[["log10_cond", "log10_cond_null", "parameters_per_sample", "log10_floor"]].isna().all()
    )


def test_condition_numbers_are_those_of_the_stored_matrices(folder: StudyFolder) -> None:
    table = table_of(STUDY, folder)

    for (_, row), cell in zip(table.iloc[:3].iterrows(), STUDY.computed_cells(), strict=True):
        values = np.linalg.eigvalsh(second_moments.read_second_moment(folder.second_moment(cell)))[
            ::-1
        ]
        assert row["status"] == "finite"
        # eigh is off by P eps lambda_1, here 1e-6 of a smallest eigenvalue nine decades down.
        assert row["log10_cond"] == pytest.approx(np.log10(values[0] / values[-1]), abs=1e-6)
        assert row["log10_gap_at_width"] == pytest.approx(
            np.log10(values[row["width"] - 1] / values[row["width"]]), abs=1e-6
        )
        assert (row["samples"], row["parameters_per_sample"], row["rank"]) == (
            4 * row["parameters"],
            0.25,
            row["parameters"],
        )
        # Marchenko and Pastur at P/N = 1/4: (1 + 1/2)^2 / (1 - 1/2)^2 = 9.
        assert row["log10_cond_null"] == pytest.approx(np.log10(9), abs=1e-12)


def test_every_row_says_how_far_rounding_grows(folder: StudyFolder) -> None:
    """Of the network over the limit too, by its projection; of one that has a raw number alone, by
    its spectrum.
    """
    table = table_of(STUDY, folder)

    for (_, row), architecture in zip(table.iterrows(), STUDY.grid_architectures(), strict=True):
        measured = rounding_growth(sampler_of_network(STUDY, architecture))
        assert row["rounding_growth"] == measured.median
        assert row["gradient_error"] == measured.gradient_error
        if row["rank"]:
            cell = STUDY.grid_cell(architecture)
            facts = spectrum_receipt(cell, folder).facts
            assert {name: facts[name] for name in measured.facts} == measured.facts


def test_null_directions_give_no_number_of_decades(folder: StudyFolder) -> None:
    table = table_of(small_study(prior={"kind": "lecun_normal"}), folder)

    assert table["status"].tolist()[:3] == ["rank_deficient"] * 3
    assert np.isposinf(table["log10_cond"][:3]).all()
    # Without biases: L w + 1 directions of P carry no gradient.
    assert table["rank"].tolist()[:3] == [10 - 4, 34 - 10, 16 - 6]


@pytest.mark.parametrize("prior", ["standard_normal", "lecun_normal"])
def test_csv_survives_the_round_trip_to_the_last_bit(folder: StudyFolder, prior: str) -> None:
    study = small_study(prior={"kind": prior})
    table = table_of(study, folder)
    write_table(table, folder.table, study)

    pd.testing.assert_frame_equal(read_table(folder.table), table, check_exact=True)


def test_netcdf_has_the_same_numbers_over_depth_and_width(folder: StudyFolder) -> None:
    table = table_of(STUDY, folder)
    write_table(table, folder.table, STUDY)

    with xr.open_dataset(folder.table.with_suffix(".nc"), engine="scipy") as dataset:
        assert dict(dataset.sizes) == {"seed": 1, "depth": 2, "width": 2}
        assert dataset["depth"].values.tolist() == [1, 3]
        for _, row in table.iterrows():
            point = dataset.sel(seed=0, depth=row["depth"], width=row["width"])
            np.testing.assert_equal(float(point["log10_cond"]), row["log10_cond"])
            assert int(point["parameters"]) == row["parameters"]
        assert all(
            dataset[name].attrs["long_name"] == meaning for name, meaning in DESCRIPTIONS.items()
        )
        assert dataset.attrs["study"] == "small"
        assert dataset.attrs["study_prior"] == "{'kind': 'standard_normal'}"


def test_the_same_table_gives_the_same_bytes(folder: StudyFolder, tmp_path: Path) -> None:
    table = table_of(STUDY, folder)
    for name in ("one", "other"):
        write_table(table, tmp_path / name / "t.csv", STUDY)

    for kind in ("csv", "nc"):
        assert (tmp_path / "one" / f"t.{kind}").read_bytes() == (
            tmp_path / "other" / f"t.{kind}"
        ).read_bytes()


def test_a_cell_that_is_not_finished_is_named(folder: StudyFolder) -> None:
    table_of(STUDY, folder)
    missing = folder.receipt(folder.spectrum(STUDY.computed_cells()[1]))
    missing.unlink()

    with pytest.raises(DamagedResult, match=r"d03-w003/spectrum\.receipt\.json: no receipt"):
        condition_number_table(STUDY, folder)


def test_a_spectrum_with_other_numbers_is_not_put_into_the_table(folder: StudyFolder) -> None:
    table_of(STUDY, folder)
    receipt = folder.receipt(folder.spectrum(STUDY.computed_cells()[0]))
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), "digest": "0" * 32}))

    with pytest.raises(DamagedResult, match="not those that the receipt confirms"):
        condition_number_table(STUDY, folder)
