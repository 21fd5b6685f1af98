"""The stage: documents that resume, tables whose numbers agree with each other, data of one's own, verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from builders import small_study

from eigenscape.clustering.gram import Columns
from eigenscape.clustering_section import ClusteringSection, SelfExpressionSection
from eigenscape.errors import BadInput, DamagedResult, DifferentWork
from eigenscape.stages import clustering
from eigenscape.stages.clustering import compute_clustering, layer_graph, read_clustering
from eigenscape.stages.clustering_tables import auc, judged, write_clustering_tables
from eigenscape.store.layout import StudyFolder
from eigenscape.study import Study

GRAPHS = {"depth": [3], "width": [12], "channels": 2, "epochs": [0, 4], "seeds": 2, "inputs_per_class": 4, "permutations": 20}
STUDY = small_study(clustering=GRAPHS)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = StudyFolder(tmp_path_factory.mktemp("study"))
    for name in STUDY.clustering.network_names():
        compute_clustering(STUDY, folder, name)
    return folder


def test_every_graph_has_its_row(computed: StudyFolder) -> None:
    tables = read_clustering(STUDY, computed, "perceptron-d03-w012")
    assert len(tables["layers"]) == 2 * 3 * (2 + 1)  # replicas, layers, epochs and the twin's last
    assert len(tables["similarity"]) == 2 * 9 * 3
    last = tables["convergence"][tables["convergence"]["epoch"] == 4]
    np.testing.assert_allclose(last[["cka", "unbiased_cka", "cosine", "linear_cka"]].astype(float), 1)
    rows = tables["similarity"].set_index(["labels", "replica", "epoch", "layer", "other"])["cka"]
    np.testing.assert_allclose(rows, rows.swaplevel("layer", "other").loc[rows.index], rtol=1e-12)
    found = tables["layers"]
    assert (found["modularity"] <= found["modularity_maximum"]).all()
    assert (found["null_low"] <= found["null_median"]).all()
    assert (found["relative_gap"] < 0.5).all()


def test_energy_tells_linear_similarity_and_not_that_of_graphs(computed: StudyFolder) -> None:
    """Without directions a .. b, linear CKA is sqrt(1 - sum of their s^4 / sum of all s^4)."""
    rows = read_clustering(STUDY, computed, "perceptron-d03-w012")["sensitivity"]
    first = rows[rows["layer"] == 1].sort_values("first")
    singles = first[first["first"] == first["last"]]
    assert len(singles) >= 2
    # Two single directions fix the sum of all s^4 in units of the total energy; each gives the same.
    total = singles["energy"] ** 2 / (1 - singles["linear_cka"] ** 2)
    assert total.iloc[0] == pytest.approx(total.iloc[1], rel=1e-6)


def test_documents_are_kept_and_refuse_other_work(computed: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(clustering, "_compute", never)
    compute_clustering(STUDY, computed, "convolutional-c02")
    grown = small_study(clustering=GRAPHS | {"width": [12, 20]})  # another network is no other work
    compute_clustering(grown, computed, "perceptron-d03-w012")
    with pytest.raises(DifferentWork, match="seeds"):
        compute_clustering(small_study(clustering=GRAPHS | {"seeds": 3}), computed, "convolutional-c02")
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_clustering(grown, computed, "perceptron-d03-w020")
    with pytest.raises(BadInput, match="one of perceptron"):
        compute_clustering(STUDY, computed, "transformer")


def test_tables_and_findings_are_written(computed: StudyFolder) -> None:
    write_clustering_tables(STUDY, computed)
    place = computed.root / "tables"
    table, dataset = pd.read_csv(place / "clustering_layers.csv"), xr.load_dataset(place / "clustering.nc", engine="scipy")
    row = table.iloc[0]
    where = {key: row[key] for key in ("network", "labels", "replica", "epoch", "layer")}
    names = [str(name.decode() if isinstance(name, bytes) else name) for name in dataset["network"].values]
    assert names == sorted(STUDY.clustering.network_names())
    assert float(dataset["modularity"].sel(where)) == row["modularity"]
    findings = pd.read_csv(place / "clustering_findings.csv")
    assert len(findings) == 4
    assert set(findings["verdict"]) <= {"holds", "holds under a condition", "does not hold", "not shown either way"}


def rows_of(values: np.ndarray, column: str, epoch: int) -> pd.DataFrame:
    """(replicas, layers) as rows of a table."""
    places = [(replica, layer + 1, value) for (replica, layer), value in np.ndenumerate(values)]
    return pd.DataFrame(places, columns=["replica", "layer", column]).assign(network="perceptron-d04-w008", labels="true", epoch=epoch)


def test_verdicts_follow_made_up_tables() -> None:
    rising = np.tile(np.arange(4.0), (5, 1))
    layers = pd.concat([rows_of(rising, "modularity_relative", 9), rows_of(0 * rising, "modularity_relative", 0)])
    states = [rows_of(np.where(rising <= place, 0.95, 0.3), "cka", place) for place in range(4)]
    blocks = pd.DataFrame(
        [
            {
                "network": f"perceptron-d04-w{width:03d}",
                "labels": "true",
                "epoch": 9,
                "score": width / 100 + replica / 1000,
                "null_high": 0.2,
            }
            for width in (8, 64)
            for replica in range(6)
        ]
    )
    inputs = pd.DataFrame({"network": "a", "input": range(30), "purity": np.arange(30) / 30, "margin": np.arange(30) - 4.0})
    tables = {"layers": layers, "convergence": pd.concat(states), "blocks": blocks, "inputs": inputs}
    assert [finding.verdict.value for finding in judged(tables)] == ["holds"] * 4
    assert "epochs 0, 1, 2, 3" in judged(tables)[1].evidence
    turned = tables | {"layers": pd.concat([rows_of(rising[:, ::-1], "modularity_relative", 9), rows_of(rising, "modularity_relative", 0)])}
    assert judged(turned)[0].verdict.value == "does not hold"


def test_auc_is_the_share_of_ordered_pairs() -> None:
    draw = np.random.default_rng(0)
    purity, right = draw.random(20).round(1), draw.random(20) < 0.6
    pairs = [(a > b) + 0.5 * (a == b) for a in purity[right] for b in purity[~right]]
    assert auc(purity, right) == pytest.approx(np.mean(pairs))
    assert auc(purity, np.ones(20, bool)) is None


def test_layers_without_structure_give_no_graph() -> None:
    draw = np.random.default_rng(0)
    found = layer_graph(draw.standard_normal((15, 3000)), SelfExpressionSection(alpha=1.5))
    assert found.graph is None
    assert found.facts["verdict"] == "no subspace structure"
    ridge = layer_graph(draw.standard_normal((15, 4)), SelfExpressionSection(method="least_squares"))
    assert ridge.graph is not None
    assert ridge.graph.components == 1


def test_a_user_s_own_arrays(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    labels = np.arange(90) % 3
    np.savez(tmp_path / "mine.npz", X=np.eye(3)[labels] * 3 + draw.standard_normal((90, 3)), y=labels)
    small = {"depth": [1], "width": [6], "epochs": [0, 1], "seeds": 2, "inputs_per_class": 5, "permutations": 20, "channels": None}
    study = small_study(clustering=small | {"data": str(tmp_path / "mine.npz")})
    folder = StudyFolder(tmp_path / "results")
    tables = compute_clustering(study, folder, "perceptron-d01-w006")
    assert len(tables["inputs"]) <= 2 * 15
    clustering._digest.cache_clear()
    np.savez(tmp_path / "mine.npz", X=np.zeros((2, 2)), y=[0, 1])
    with pytest.raises(DifferentWork, match="digest_of_data"):
        compute_clustering(study, folder, "perceptron-d01-w006")
    images = small_study(clustering=small | {"channels": 2, "data": str(tmp_path / "mine.npz")})
    np.savez(tmp_path / "mine.npz", X=draw.standard_normal((90, 3)), y=labels)
    with pytest.raises(BadInput, match="channels: null"):
        compute_clustering(images, folder, "convolutional-c02")


@pytest.mark.parametrize(
    ("epochs", "message"), [([1, 5], "increasing numbers from 0"), ([0, 5, 5], "increasing numbers from 0"), ([0], "at least 2")]
)
def test_epochs_are_checked(epochs: list[int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Study.from_mapping({"clustering": {"epochs": epochs}})


def test_names_are_those_of_the_networks() -> None:
    study = Study()
    for name in ClusteringSection().network_names():
        assert clustering._network(study, name).label == name


def test_silent_layers_have_isolated_inputs() -> None:
    x = np.zeros((6, 3))
    x[:4] = [[1, 0, 0], [2, 0.1, 0], [0, 1, 0], [0, 2, 0.1]]
    found = layer_graph(x, SelfExpressionSection())
    assert found.facts["silent"] == found.facts["isolated"] == 2
    assert Columns.of(np.zeros((3, 4))).singular_values.size == 0
