"""The stage: bundles that resume with the same bits, tables whose numbers agree with each other,
verdicts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from builders import small_study

from eigenscape.catalogue import FIGURES
from eigenscape.catalogue.rows import Results
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import BadInput, DamagedResult, DifferentWork
from eigenscape.figures.style import save
from eigenscape.findings.sloppiness import assess_embedding, inpca_findings
from eigenscape.networks.labelled_data import Part, digit_images, split, with_random_labels
from eigenscape.provenance.state import State
from eigenscape.provenance.verify import repair, verify_study
from eigenscape.seeding import generator
from eigenscape.sloppiness.distances import bhattacharyya_distances
from eigenscape.sloppiness.geodesic import riemann_length
from eigenscape.sloppiness.inpca import embed
from eigenscape.stages.common.labelled_inputs import ensemble_task
from eigenscape.stages.sloppiness import trajectories
from eigenscape.stages.sloppiness.inpca import compute_inpca, read_inpca, read_points
from eigenscape.stages.sloppiness.inpca_tables import write_inpca_tables
from eigenscape.stages.sloppiness.trajectories import compute_trajectories, read_trajectories
from eigenscape.store.array_files import receipt_of
from eigenscape.store.layout import StudyFolder

ENSEMBLE = {
    "powers": [1.0],
    "depth": [1],
    "width": [6],
    "channels": 2,
    "steps": 12,
    "checkpoints": 4,
    "seeds": 2,
}
ENSEMBLE |= {"inputs_per_class": 2, "replicates": 20, "sgd_rate": 0.5}
STUDY = small_study(sloppiness={"ensemble": ENSEMBLE})


def computed_in(folder: StudyFolder, study: Study = STUDY) -> StudyFolder:
    for name in study.sloppiness.ensemble.network_names():
        compute_trajectories(study, folder, name)
    compute_inpca(study, folder, OneRank())
    return folder


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return computed_in(StudyFolder(tmp_path_factory.mktemp("study")))


def test_every_trajectory_is_there_and_starts_are_shared_by_optimisers(
    computed: StudyFolder,
) -> None:
    found = read_trajectories(STUDY, computed, "perceptron-d01-w006")
    assert found.steps.tolist() == [0, 1, 3, 4, 8, 12]  # 0, 1, 3, 12 and 0, 4, 8, 12
    assert found.log_probabilities.shape == (2, 2, 6, 20, 10)
    np.testing.assert_array_equal(
        found.log_probabilities[0, :, 0], found.log_probabilities[1, :, 0]
    )
    np.testing.assert_allclose(
        np.exp(found.log_probabilities.astype(float)).sum(axis=-1), 1, atol=1e-6
    )
    with pytest.raises(BadInput, match="one of linear, perceptron-d01-w006, convolutional-c02"):
        compute_trajectories(STUDY, computed, "transformer")


def test_label_noise_is_other_work_whose_title_says_so(
    computed: StudyFolder, tmp_path: Path
) -> None:
    """The truth of the comparison is noisy too; without noise the labels are those of the data."""
    study = small_study(sloppiness={"ensemble": ENSEMBLE | {"label_noise": 0.5}})
    with pytest.raises(DifferentWork, match="label_noise"):
        read_trajectories(study, computed, "linear")
    images, labels = digit_images()
    seed = STUDY.sampling.seed
    random = with_random_labels(labels, 0.5, generator(seed, "sloppiness", "label noise"))
    for one, truth in ((STUDY, labels), (study, random)):
        task, each = ensemble_task(one), ENSEMBLE["inputs_per_class"]
        again = split(images, truth, each, Part.TRAINING, generator(seed, "sloppiness", "split"))
        np.testing.assert_array_equal(task.train_labels, again.train_labels)
        np.testing.assert_array_equal(task.inputs, again.inputs)
    folder = computed_in(StudyFolder(tmp_path), study)
    figure = FIGURES["explained_stress"].draw(Results(study, folder))
    assert "digits with 50% random labels" in figure.get_suptitle()


def test_tables_agree_with_the_trajectories(computed: StudyFolder) -> None:
    tables, arrays = read_inpca(STUDY, computed)
    points = read_points(STUDY, computed)
    chosen = points.table["logarithmic"].to_numpy()
    own = bhattacharyya_distances(points.log_probabilities[chosen])
    values = embed(own).eigenvalues
    spectra = tables["spectra"].set_index("set")
    assert spectra.loc["all", "points"] == 3 * 2 * 2 * 4 == len(arrays["coordinates"])
    np.testing.assert_allclose(arrays["eigenvalues"][:10], values[:10], rtol=1e-9)
    squares = np.square(values)
    assert spectra.loc["all", "chi_2"] == pytest.approx(
        1 - np.sqrt(squares[2:].sum() / squares.sum())
    )
    rows = tables["trajectories"]
    assert len(rows) == 12
    last = points.table["trajectory"] == 5
    steps = bhattacharyya_distances(points.log_probabilities[last.to_numpy()])
    assert rows["length"].iloc[5] == pytest.approx(riemann_length(np.diag(steps, 1)))
    # own directions are the best of any: a truncated eigendecomposition is the nearest matrix of
    # its rank
    assert (tables["crossed"]["stress"] <= tables["crossed"]["own_stress"] + 1e-9).all()
    assert set(tables["crossed"]["family"]) == {
        "linear",
        "nonlinear",
        "perceptron",
        "convolutional",
    }
    labels = points.labels
    entropy = -points.log_probabilities[chosen][:, np.arange(20), labels].astype(float).mean(axis=1)
    np.testing.assert_allclose(arrays["distance_to_truth"], entropy / 2, rtol=1e-5)


def test_results_are_kept_and_a_run_that_was_killed_ends_with_the_same_bits(
    computed: StudyFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed again")

    again = computed_in(StudyFolder(tmp_path / "again"))
    with monkeypatch.context() as patch:
        patch.setattr(trajectories, "_train", never)
        computed_in(again)
        receipt_of(again.embedding).unlink()  # killed between the file and its receipt
        compute_inpca(STUDY, again, OneRank())
    receipt_of(again.trajectories("linear")).unlink()
    computed_in(again)
    for names in (STUDY.sloppiness.ensemble.network_names(), ["embedding"]):
        for name in names:
            here, there = (
                (f.embedding if name == "embedding" else f.trajectories(name))
                for f in (again, computed)
            )
            assert here.read_bytes() == there.read_bytes()
    other = small_study(sloppiness={"ensemble": ENSEMBLE | {"steps": 13}})
    with pytest.raises(DifferentWork, match="steps"):
        read_trajectories(other, again, "linear")


def test_damage_is_found_and_repaired(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    compute_trajectories(STUDY, folder, "linear")
    path = folder.trajectories("linear")
    path.write_bytes(path.read_bytes()[:-5])
    findings = verify_study(STUDY, folder, quiet=True)
    damaged = [finding for finding in findings if finding.state is State.DAMAGED]
    assert [finding.paths for finding in damaged] == [(receipt_of(path), path)]
    repair(damaged, folder)
    assert not path.exists()
    compute_trajectories(STUDY, folder, "linear")
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_inpca(STUDY, folder)


def test_files_can_be_read_by_others(computed: StudyFolder) -> None:
    write_inpca_tables(STUDY, computed)
    tables_folder = computed.root / "tables"
    _, arrays = read_inpca(STUDY, computed)
    with xr.open_dataset(tables_folder / "sloppiness.nc", engine="scipy") as dataset:
        np.testing.assert_array_equal(dataset["coordinates"], arrays["coordinates"])
        assert "imaginary" in dataset["eigenvalue"].attrs["long_name"]
    points = pd.read_csv(tables_folder / "sloppiness_points.csv")
    assert points.columns[:3].tolist() == ["network", "family", "optimiser"]
    assert len(inpca_findings(STUDY, computed)) == 4


@pytest.mark.parametrize(
    "name", ["trajectory_embedding", "inpca_scree", "explained_stress", "training_progress"]
)
def test_every_figure_is_drawn(computed: StudyFolder, tmp_path: Path, name: str) -> None:
    figure = FIGURES[name].draw(Results(STUDY, computed))
    figure.draw_without_rendering()
    labels = {axes.get_xlabel() for axes in figure.axes} | {
        axes.get_ylabel() for axes in figure.axes
    }
    if name == "trajectory_embedding":
        _, arrays = read_inpca(STUDY, computed)
        expected = "direction 2 (imaginary)" if arrays["eigenvalues"][1] < 0 else "direction 2"
        assert expected in labels
        assert len(save(figure, tmp_path, name)) == 2


def test_verdicts_follow_their_rules() -> None:
    ends = {
        f"{name}{end}": 0.5 for name in ("slope", "chi_2", "chi_3") for end in ("", "_low", "_high")
    }
    plain = {
        **ends,
        "r_squared": 0.99,
        "decades": 3.0,
        "chi_50": 1.0,
        "imaginary_share": 0.1,
        "verdict": "hyper-ribbon",
    }
    spectra = pd.DataFrame(
        [{**plain, "set": name} for name in ("all", "all, linear spacing", "family linear")]
    )
    crossed = pd.DataFrame(
        {
            "family": ["nonlinear"],
            "axes": ["linear"],
            "directions": [3],
            "stress": [0.75],
            "own_stress": [0.9],
        }
    )
    kinds = ("seed", "optimiser", "architecture", "family")
    equal = pd.DataFrame(
        {"progress": [0.5] * 4, "differ_in": kinds, "distance": [0.1, 0.2, 0.3, 0.4]}
    )

    def verdicts() -> list[str]:
        return [
            finding.verdict.value
            for finding in assess_embedding(
                {"spectra": spectra, "crossed": crossed, "equal": equal}
            )
        ]

    assert verdicts() == ["not shown either way", "holds", "holds", "holds"]
    for chi_2, words in ((0.95, "more than"), (0.71, "as much as"), (0.5, "less than")):
        ends = {f"chi_2{end}": chi_2 + width for end, width in (("_low", -0.02), ("_high", 0.02))}
        tables = {
            "spectra": spectra.assign(chi_2=chi_2, **ends),
            "crossed": crossed,
            "equal": equal,
        }
        thin = assess_embedding(tables)[0]
        assert f"two directions explain {words} in the published ensemble" in thin.condition
        assert "published for CIFAR-10: about 0.71" in thin.evidence
    spectra["chi_3_low"] = [0.6, 0.4, 0.6]
    spectra.loc[2, "verdict"] = "low-dimensional, not a hyper-ribbon"
    crossed["stress"] = 0.7
    equal["distance"] = [0.1, 0.35, 0.3, 0.4]
    assert verdicts() == [
        "holds under a condition",
        "holds under a condition",
        "does not hold",
        "does not hold",
    ]
    spectra["chi_3_low"] = 0.6
    assert verdicts()[0] == "holds"
