"""Titles say what was measured: turned data have other titles, and no title states a conclusion."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import eigenscape.figures
from eigenscape.active_subspace.bootstrap import bootstrap_weights
from eigenscape.active_subspace.layer_shares import layer_profile_slope, layer_share_intervals
from eigenscape.architecture import Architecture
from eigenscape.figures.active_subspace.importance import PriorImportance, importance_figure
from eigenscape.figures.active_subspace.layer_profile_sweep import sign_words
from eigenscape.figures.clustering.graph_read_outs import (
    graph_modularity_figure,
    neighbourhood_figure,
)
from eigenscape.figures.clustering.graph_similarity import (
    graph_convergence_figure,
    layer_similarity_figure,
    similarity_sensitivity_figure,
)
from eigenscape.figures.expressivity.dichotomies import dichotomies_figure
from eigenscape.figures.expressivity.digit_training import one_layer_figure, training_lengths_figure
from eigenscape.figures.expressivity.length_growth import length_growth_figure
from eigenscape.figures.expressivity.length_sensitivity import length_sensitivity_figure
from eigenscape.figures.expressivity.transitions import transitions_figure
from eigenscape.figures.sloppiness.phase_map import phase_map_figure
from eigenscape.figures.sloppiness.progress import progress_figure
from eigenscape.figures.sloppiness.scree import explained_stress_figure, scree_figure
from eigenscape.figures.sloppiness.trajectory_theory import (
    kernel_trajectories_figure,
    sgd_trajectories_figure,
    trajectory_slopes_figure,
)

LAYERS = np.arange(1, 6)


def rows(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def trend(sign: float) -> np.ndarray:
    """From 1.2 to 2.0 over five layers, or the other way round."""
    return 1.6 + 0.2 * sign * (LAYERS - 3)


def interval(name: str, values: object) -> dict[str, object]:
    return dict.fromkeys((name, f"{name}_low", f"{name}_high"), values)


def importance(sign: float) -> Figure:
    network = Architecture(4, 6)
    masses = np.tile([layer.parameters for layer in network.layers] * trend(sign), (6, 1))
    weights = bootstrap_weights(6, 20, key=0)
    shares = layer_share_intervals(masses, network, weights)
    slope = layer_profile_slope(masses, network, weights)
    return importance_figure([PriorImportance("glorot", shares, 2.0, slope)], network)


def graphs(sign: float) -> pd.DataFrame:
    """Two replicas of a perceptron of five layers at two epochs."""
    return pd.concat(
        rows(
            network="perceptron-d05-w008",
            labels="true",
            replica=replica,
            epoch=epoch,
            layer=LAYERS,
            modularity_relative=trend(sign) / 4,
            cka=trend(sign) / 2,
            linear_cka=trend(sign) / 2,
            null_low=-0.1,
            null_high=0.1,
        )
        for replica in (0, 1)
        for epoch in (0, 9)
    ).reset_index(drop=True)


def similarity(sign: float) -> Figure:
    where = {"network": "perceptron-d05-w008", "labels": "true", "replica": 0, "epoch": 9}
    first, second = np.meshgrid(LAYERS, LAYERS)
    table = rows(**where, layer=first.ravel(), other=second.ravel(), cka=0.5)
    score = {"blocks": "0 2 5", "score": 0.2 + 0.1 * sign, "banded": 0.1}
    return layer_similarity_figure(table, pd.DataFrame([where | score]))


def neighbours(sign: float) -> Figure:
    purity = np.linspace(0.1, 0.9, 20)[:: int(sign)]
    margin = np.linspace(-1.0, 2.0, 20)
    return neighbourhood_figure(
        rows(network="a", replica=0, input=np.arange(20), purity=purity, margin=margin)
    )


def taken_out(sign: float) -> Figure:
    table = rows(network="a", layer=1, first=[1, 2], last=[1, 2], energy=0.5)
    graph, linear = (0.9, 0.2) if sign > 0 else (0.2, 0.9)
    return similarity_sensitivity_figure(table.assign(graph_cka=graph, linear_cka=linear))


def growth(sign: float) -> Figure:
    setting = {"activation": ["relu", "hard_tanh"], "width": 8, "sigma_w": 2.0, "sigma_b": 0.0}
    rates = rows(
        **setting, sqrt_chi_1=1.1, published_base=1.2, **interval("growth", 1.0 + sign / 4)
    )
    lengths = [rows(**setting, layer=layer, **interval("length", 2.0)) for layer in range(3)]
    return length_growth_figure(pd.concat(lengths), rates)


def transitions(sign: float) -> Figure:
    tables = [
        rows(
            activation=activation,
            width=8,
            sigma_w=2.0,
            sigma_b=0.0,
            layer=np.arange(8),
            length=np.exp(np.arange(8.0)),
            transitions=np.exp(sign * np.arange(8.0)),
        )
        for activation in ("relu", "hard_tanh")
    ]
    return transitions_figure(pd.concat(tables))


def sensitivity(sign: float) -> Figure:
    table = rows(
        activation="relu",
        layer=LAYERS,
        sigma_w=2.0,
        networks=3,
        angle=0.1,
        **interval("radial", 1.0),
        **interval("tangential", trend(sign)),
        **interval("change", 0.1),
    )
    return length_sensitivity_figure(table, table)


def labellings(sign: float) -> Figure:
    counts = interval("dichotomies", 10 * trend(sign))
    return dichotomies_figure(rows(width=8, depth=6, remaining=LAYERS, **counts), 15, 2.8)


def alone(sign: float) -> Figure:
    part = interval("train", trend(sign) / 2) | interval("test", 0.5)
    return one_layer_figure(rows(sigma_w_squared=1.0, layer=LAYERS, **part))


def training(sign: float) -> Figure:
    lengths = interval("relative_length", trend(sign))
    return training_lengths_figure(
        rows(sigma_w_squared=3.0, layer=LAYERS, epoch=9, test=0.9, **lengths)
    )


def phases(sign: float) -> Figure:
    cells = [(10, c, r, 5.0, 0.5, 0.8) for c in (0.1, 1.0) for r in (0.1, 10.0)]
    table = pd.DataFrame(cells, columns=["steps", "decay", "ratio", "reach", "chi_2", "chi_3"])
    verdict = "hyper-ribbon" if sign > 0 else "thick, more than three directions needed"
    return phase_map_figure(table.assign(verdict=verdict), table.head(1), 0.7)


def slopes(sign: float) -> Figure:
    table = rows(decay=0.1, reach=[200.0, 900.0], converged=60.0, checkpoints="linear", chi_2=0.9)
    return trajectory_slopes_figure(table.assign(**interval("slope", 1.5 + 0.2 * sign)))


def kernels(sign: float) -> Figure:
    rates = {"kernel": "rbf", "steps": 10, "theory": 2.7, "start": 0.1}
    both = [rows(**rates, points=name, index=[1, 2], eigenvalue=[1.0, 0.1]) for name in PARTS]
    return kernel_trajectories_figure(pd.concat(both), f"{3 + sign:.0f} hyper-ribbon")


PARTS = ("train", "test")


def noise(sign: float) -> Figure:
    chi = {
        name: [0.5, 0.5 + 0.2 * sign]
        for name in ("chi_2", "chi_3", "simulated_chi_2", "simulated_chi_3")
    }
    lines = rows(variant=["batch 1", "batch 4"], index=1, eigenvalue=1.0, simulated=1.0)
    return sgd_trajectories_figure(rows(variant=["batch 1", "batch 4"], **chi), lines)


def spectra(sign: float) -> pd.DataFrame:
    verdict = "hyper-ribbon" if sign > 0 else "low-dimensional, not a hyper-ribbon"
    numbers = [interval(name, [0.8 + 0.1 * sign]) for name in ("slope", "chi_2", "chi_3")]
    return rows(
        set=["all"], r_squared=0.9, verdict=verdict, **numbers[0], **numbers[1], **numbers[2]
    )


def scree(sign: float) -> Figure:
    values = rows(set="all", direction=[1, 2], eigenvalue=[1.0, 0.1], chi=[0.9, 1.0])
    return scree_figure(values, spectra(sign))


def progress(sign: float) -> Figure:
    points = rows(network=["a"], family="linear", optimiser="sgd", step=0, progress=0.1)
    ends = rows(family=["linear"], optimiser="sgd", progress=0.7 + 0.2 * sign, length=2.0)
    kinds = ["seed", "optimiser", "architecture", "family"]
    equal = rows(progress=0.5, differ_in=kinds, distance=0.2 + 0.01 * sign * np.arange(4))
    return progress_figure(points, ends, equal)


DRAWN: dict[str, Callable[[float], Figure]] = {
    "importance": importance,
    "graph_modularity": lambda sign: graph_modularity_figure(graphs(sign)),
    "graph_convergence": lambda sign: graph_convergence_figure(graphs(sign)),
    "layer_similarity": similarity,
    "neighbourhoods": neighbours,
    "similarity_sensitivity": taken_out,
    "length_growth": growth,
    "transitions": transitions,
    "length_sensitivity": sensitivity,
    "dichotomies": labellings,
    "one_layer_training": alone,
    "training_lengths": training,
    "phase_map": phases,
    "trajectory_slopes": slopes,
    "kernel_trajectories": kernels,
    "sgd_trajectories": noise,
    "inpca_scree": scree,
    "explained_stress": lambda sign: explained_stress_figure(spectra(sign), pd.DataFrame()),
    "training_progress": progress,
}
"""Figures whose titles say what was found, from made-up tables with an effect of either sign."""


def titles(figure: Figure) -> list[str]:
    return [figure.get_suptitle(), *(axes.get_title(loc="left") for axes in figure.axes)]


@pytest.mark.parametrize("name", DRAWN)
def test_turned_data_have_other_titles_with_numbers(name: str) -> None:
    first, second = (titles(DRAWN[name](sign)) for sign in (1.0, -1.0))
    changed = [(one, other) for one, other in zip(first, second, strict=True) if one != other]
    assert changed
    assert all(re.search(r"\d", one) for one, _ in changed)


@pytest.mark.parametrize("name", DRAWN)
def test_titles_fit_the_page(
    name: str, overlaps: Callable[[Figure], list[tuple[str, str]]]
) -> None:
    assert [words for words, over in overlaps(DRAWN[name](1.0)) if over == "figure"] == []


def test_the_sweep_counts_signs_that_were_measured() -> None:
    table = rows(chi_1=[0.5, 2.0], low=[0.1, -0.3], high=[0.3, -0.1])
    assert sign_words(table).endswith("the predicted sign at 2 of 2 scales, the other at 0")
    turned = table.assign(low=-table["high"], high=-table["low"])
    assert sign_words(turned).endswith("the predicted sign at 0 of 2 scales, the other at 2")


def written() -> Iterator[tuple[str, str]]:
    """Texts in the calls that set titles, and of constants, of all modules of figures."""
    folder = Path(eigenscape.figures.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {
                "suptitle",
                "set_title",
            }
            if called or isinstance(node, ast.Assign):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path.name}:{node.lineno}", part.value


CONCLUSIONS = r"published: |published\s+finding|the claim of|property of the prior|matter more"
"""What titles once stated whatever their panels showed."""


def test_no_title_states_a_conclusion_that_was_not_measured() -> None:
    texts = list(written())
    assert len(texts) > 100
    assert [place for place, text in texts if re.search(CONCLUSIONS, text, re.IGNORECASE)] == []
