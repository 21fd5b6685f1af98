"""The stage: documents that resume, tables whose numbers agree with each other, data of one's own,
verdicts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from builders import small_study

from eigenscape.clustering.gram import Columns
from eigenscape.config.clustering import ClusteringSection, SelfExpressionSection
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult, DifferentWork, Interrupted
from eigenscape.findings import clustering as clustering_findings
from eigenscape.findings.clustering import assess_clustering, auc
from eigenscape.stages.clustering import networks as clustering
from eigenscape.stages.clustering.layer_graphs import layer_graph
from eigenscape.stages.clustering.networks import compute_clustering, read_clustering
from eigenscape.stages.clustering.tables import clustering_tables, write_clustering_tables
from eigenscape.stages.common import labelled_inputs
from eigenscape.stages.common.labelled_inputs import require_usable
from eigenscape.store.layout import StudyFolder

GRAPHS = {
    "depth": [3],
    "width": [12],
    "channels": 2,
    "epochs": [0, 4],
    "seeds": 2,
    "inputs_per_class": 4,
    "permutations": 20,
}
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
    np.testing.assert_allclose(
        last[["cka", "unbiased_cka", "cosine", "linear_cka"]].astype(float), 1
    )
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
    # Two single directions fix the sum of all s^4 in units of the total energy; each gives the
    # same.
    total = singles["energy"] ** 2 / (1 - singles["linear_cka"] ** 2)
    assert total.iloc[0] == pytest.approx(total.iloc[1], rel=1e-6)


def test_documents_are_kept_and_refuse_other_work(
    computed: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(clustering, "_read_replica", never)
    compute_clustering(STUDY, computed, "convolutional-c02")
    grown = small_study(clustering=GRAPHS | {"width": [12, 20]})  # another network is no other work
    compute_clustering(grown, computed, "perceptron-d03-w012")
    with pytest.raises(DifferentWork, match="seeds"):
        compute_clustering(
            small_study(clustering=GRAPHS | {"seeds": 3}), computed, "convolutional-c02"
        )
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_clustering(grown, computed, "perceptron-d03-w020")
    with pytest.raises(BadInput, match="one of perceptron"):
        compute_clustering(STUDY, computed, "transformer")


def test_tables_and_findings_are_written(computed: StudyFolder) -> None:
    write_clustering_tables(STUDY, computed)
    tables_folder = computed.root / "tables"
    table, dataset = (
        pd.read_csv(tables_folder / "clustering_layers.csv"),
        xr.load_dataset(tables_folder / "clustering.nc", engine="scipy"),
    )
    row = table.iloc[0]
    where = {key: row[key] for key in ("network", "labels", "replica", "epoch", "layer")}
    names = [
        str(name.decode() if isinstance(name, bytes) else name)
        for name in dataset["network"].values
    ]
    assert names == sorted(STUDY.clustering.network_names())
    assert float(dataset["modularity"].sel(where)) == row["modularity"]


def block_rows(layers: int, replicas: int, *, blocks: bool = True) -> dict[str, pd.DataFrame]:
    """Final scores of a narrow and a wide perceptron, the wide one's higher, and similarities with
    two blocks of layers, or with a band.
    """
    distance = np.abs(np.subtract.outer(np.arange(layers), np.arange(layers)))
    same = np.equal.outer(np.arange(layers) * 2 // layers, np.arange(layers) * 2 // layers)
    matrix = np.where(same, 0.9, 0.1) if blocks else 1 - 0.1 * distance
    where = [
        {
            "network": f"perceptron-d{layers:02d}-w{width:03d}",
            "labels": "true",
            "epoch": 9,
            "replica": replica,
        }
        for width in (8, 64)
        for replica in range(replicas)
    ]
    scores = [
        row
        | {"layers": layers, "banded": 0.1}
        | {"score": float(row["network"][-3:]) / 100 + row["replica"] / 1000}
        for row in where
    ]
    pairs = [
        row | {"layer": first + 1, "other": second + 1, "cka": value}
        for row in where
        for (first, second), value in np.ndenumerate(matrix)
    ]
    return {"blocks": pd.DataFrame(scores), "similarity": pd.DataFrame(pairs)}


def test_a_run_that_was_interrupted_goes_on_from_its_replicas(
    tmp_path: Path,
    computed: StudyFolder,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looks: at the 5 starts of epochs, then at every graph; 2 epochs of 3 layers are 6 graphs a
    replica.
    """
    name, folder = "perceptron-d03-w012", StudyFolder(tmp_path)
    stop_after(5 + 6 + 2)
    with pytest.raises(Interrupted, match=f"{name}: interrupted"):
        compute_clustering(STUDY, folder, name)
    assert [path.name for path in folder.clustering_parts(name).iterdir()] == ["true-0.json"]
    (folder.clustering_parts(name) / "true-1.json").write_text("{torn")
    monkeypatch.undo()
    compute_clustering(STUDY, folder, name)
    assert folder.clustering(name).read_bytes() == computed.clustering(name).read_bytes()
    assert not folder.clustering_parts(name).exists()


def test_a_study_may_leave_it_out(tmp_path: Path) -> None:
    study, folder = small_study(clustering={"enabled": False}), StudyFolder(tmp_path)
    for stage in (
        clustering_tables,
        lambda *_: compute_clustering(study, folder, "perceptron-d02-w032"),
    ):
        with pytest.raises(BadInput, match=r"^clustering.enabled: expected true"):
            stage(study, folder)


def rows_of(values: np.ndarray, column: str, epoch: int) -> pd.DataFrame:
    """(replicas, layers) as rows of a table."""
    values_by_layer = [
        (replica, layer + 1, value) for (replica, layer), value in np.ndenumerate(values)
    ]
    return pd.DataFrame(values_by_layer, columns=["replica", "layer", column]).assign(
        network="perceptron-d04-w008", labels="true", epoch=epoch
    )


def test_verdicts_follow_made_up_tables() -> None:
    rising = np.tile(np.arange(4.0), (7, 1))
    layers = pd.concat(
        [rows_of(rising, "modularity_relative", 9), rows_of(0 * rising, "modularity_relative", 0)]
    )
    states = [rows_of(np.where(rising <= step, 0.95, 0.3), "cka", step) for step in range(4)]
    inputs = pd.DataFrame(
        {
            "network": "a",
            "input": range(30),
            "purity": np.arange(30) / 30,
            "margin": np.arange(30) - 4.0,
        }
    )
    tables = {
        "layers": layers,
        "convergence": pd.concat(states),
        "inputs": inputs,
    } | block_rows(6, replicas=7)
    assert [finding.verdict.value for finding in assess_clustering(tables)] == ["holds"] * 4
    assert "epochs 0, 1, 2, 3" in assess_clustering(tables)[1].evidence
    turned = tables | {
        "layers": pd.concat(
            [
                rows_of(rising[:, ::-1], "modularity_relative", 9),
                rows_of(rising, "modularity_relative", 0),
            ]
        )
    }
    assert assess_clustering(turned)[0].verdict.value == "does not hold"


@pytest.mark.parametrize(
    ("replicas", "blocks", "verdict", "reason"),
    [
        (7, True, "holds", "7 replicas of 6 layers"),
        (7, False, "not shown either way", "7 replicas of 6 layers"),
        (6, True, "not testable", "6 replicas have no p-value below 0.016; 7 would"),
        (3, True, "not testable", "the smallest p is 0.05"),  # 1 / C(6, 3)
    ],
)
def test_blocks_are_not_testable_where_no_outcome_could_be_significant(
    replicas: int, blocks: bool, verdict: str, reason: str
) -> None:
    found = clustering_findings._blocks(block_rows(6, replicas, blocks=blocks))
    assert found.verdict.value == verdict
    assert reason in found.condition
    assert found.replication.startswith("replicas")


def test_layers_of_one_network_are_no_replicas() -> None:
    """Eight layers that rise in each of three replicas: Page's test would say p = (1 / 8!)^3; three
    replicas say no less than 1/8, and seven 1/128.
    """
    for replicas, verdict in ((3, "not testable"), (7, "holds")):
        rising = np.tile(np.arange(8.0), (replicas, 1))
        states = [rows_of(rising * epoch, "modularity_relative", epoch) for epoch in (0, 9)]
        found = clustering_findings._depth({"layers": pd.concat(states)})
        assert found.verdict.value == verdict
        assert f"p = {0.5**replicas:.2g}" in found.evidence
        assert "+1.00 [+1.00, +1.00]" in found.evidence
        few = "3 replicas have no p-value below 0.12; 7 would"
        assert (few in found.condition) == (replicas == 3)


def test_trends_of_one_layer_are_not_testable() -> None:
    one = rows_of(np.ones((7, 1)), "modularity_relative", 9)
    found = clustering_findings._depth({"layers": one})
    assert found.verdict.value == "not testable"
    assert found.evidence == clustering_findings.NO_TREND


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


def test_closed_forms_are_filters_of_the_spectrum() -> None:
    """C = V f(s) V^T of each method from a decomposition of its own; the graph is |C| without its
    diagonal.
    """
    x = np.random.default_rng(1).standard_normal((15, 6)) * [5, 3, 2, 1, 0.1, 0.1]
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    left, s, _ = np.linalg.svd(unit, full_matrices=False)
    filters = {
        "low_rank": (np.maximum(1 - s[0] ** 2 / (20 * s**2), 0), {}),
        "shape_interaction": ((np.arange(6) < 3).astype(float), {"rank": 3}),
    }
    for method, (weights, more) in filters.items():
        section = SelfExpressionSection(method=method, normalisation="none", **more)  # type: ignore[arg-type]
        expected = np.abs(left * weights @ left.T)
        np.fill_diagonal(expected, 0)
        found = layer_graph(x, section)
        assert found.graph is not None
        # entries of order 1, a few roundings
        np.testing.assert_allclose(found.graph.weights, expected, atol=1e-12)
        residual = np.linalg.norm(s * (1 - weights)) / np.linalg.norm(s)
        assert found.facts["residual"] == pytest.approx(residual)
    ridge = np.linalg.inv(unit @ unit.T + s[0] ** 2 / 20 * np.eye(15))
    expected = np.abs(ridge / np.diag(ridge))
    np.fill_diagonal(expected, 0)
    graph = layer_graph(
        x, SelfExpressionSection(method="least_squares", normalisation="none")
    ).graph
    assert graph is not None
    # condition 1e2 of the inverse
    np.testing.assert_allclose(graph.weights, (expected + expected.T) / 2, atol=1e-9)


def test_edges_are_pruned_as_the_configuration_says() -> None:
    x = np.random.default_rng(2).standard_normal((12, 4))
    ridge = SelfExpressionSection(method="least_squares", normalisation="none")
    graphs = [
        layer_graph(x, ridge.model_copy(update=keys)).graph
        for keys in ({}, {"strongest": 2}, {"mass": 0.5}, {"mass": 1.0})
    ]
    whole, strongest, mass, all_mass = (graph.weights for graph in graphs if graph is not None)
    assert ((whole > 0).sum(axis=0) == 11).all()
    assert (strongest > 0).sum() <= 2 * 2 * 12  # two of each column, and their mirror images
    assert (mass > 0).sum() < (whole > 0).sum()
    np.testing.assert_array_equal(all_mass, whole)


def test_identity_has_no_edges_and_no_read_outs() -> None:
    """All N directions of N independent inputs: each is expressed by itself alone."""
    found = layer_graph(np.eye(6) + 0.1, SelfExpressionSection(method="shape_interaction"))
    assert found.facts["isolated"] in (0, 6)  # roundings of zero may stay as edges of size 1e-16


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (
            {"rank": 5},
            (
                r"^clustering.graph.rank: expected null with method sparse, found 5; write method:"
                r" shape_interaction, or rank: null"
            ),
        ),
        (
            {"method": "low_rank", "tau": 0.5},
            r"^clustering.graph.tau: expected 1.0 with method low_rank, found 0.5",
        ),
        (
            {"method": "least_squares", "affine": True},
            r"^clustering.graph.affine: expected false with",
        ),
        (
            {"method": "lasso"},
            (
                r"^clustering.graph.method: expected one of 'sparse', 'least_squares', 'low_rank'"
                r" or 'shape_interaction'"
            ),
        ),
        (
            {"mass": 1.5},
            (
                r"^clustering.graph.mass: expected a number of at most 1.0, found 1.5; write"
                r" clustering: {graph: {mass: 0.9}}"
            ),
        ),
    ],
)
def test_options_of_the_graph_are_checked(graph: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Study.from_mapping({"clustering": {"graph": graph}})


def test_resolution_reaches_modularity(tmp_path: Path) -> None:
    """Q_max = 1 - gamma sum_c (vol_c / 2m)^2, so 1 - Q_max doubles with gamma, and Q falls by the
    same.
    """
    small = GRAPHS | {"depth": [1], "channels": None, "epochs": [0, 1], "shuffled_twin": False}
    tables = [
        compute_clustering(
            small_study(clustering=small | {"resolution": gamma}),
            StudyFolder(tmp_path / str(gamma)),
            "perceptron-d01-w012",
        )
        for gamma in (1.0, 2.0)
    ]
    one, two = (table["layers"] for table in tables)
    np.testing.assert_allclose(
        1 - two["modularity_maximum"], 2 * (1 - one["modularity_maximum"]), rtol=1e-12
    )
    np.testing.assert_allclose(
        one["modularity"] - two["modularity"], 1 - one["modularity_maximum"], rtol=1e-12
    )


def test_a_user_s_own_arrays(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    labels = np.arange(90) % 3
    np.savez(
        tmp_path / "mine.npz", X=np.eye(3)[labels] * 3 + draw.standard_normal((90, 3)), y=labels
    )
    small = {
        "depth": [1],
        "width": [6],
        "epochs": [0, 1],
        "seeds": 2,
        "inputs_per_class": 5,
        "permutations": 20,
        "channels": None,
    }
    study = small_study(clustering=small | {"data": str(tmp_path / "mine.npz")})
    folder = StudyFolder(tmp_path / "results")
    tables = compute_clustering(study, folder, "perceptron-d01-w006")
    assert len(tables["inputs"]) <= 2 * 15
    labelled_inputs._digest.cache_clear()
    np.savez(tmp_path / "mine.npz", X=np.zeros((2, 2)), y=[0, 1])
    with pytest.raises(DifferentWork, match="digest_of_data"):
        compute_clustering(study, folder, "perceptron-d01-w006")
    images = small_study(clustering=small | {"channels": 2, "data": str(tmp_path / "mine.npz")})
    np.savez(tmp_path / "mine.npz", X=draw.standard_normal((90, 3)), y=labels)
    with pytest.raises(BadInput, match="channels: null"):
        compute_clustering(images, folder, "convolutional-c02")
    with pytest.raises(
        BadInput,
        match=r"^clustering.channels: expected null where .* found 2, and X of shape \(n, 3\) in",
    ):
        require_usable(images)


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        ([1, 5], "increasing numbers from 0"),
        ([0, 5, 5], "increasing numbers from 0"),
        ([0], "at least 2"),
    ],
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
