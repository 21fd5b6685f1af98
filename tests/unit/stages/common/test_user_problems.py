"""Studies on a user's data and networks: looked at before anything runs, then through the same
stages as the sine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from eigenscape.catalogue import Catalogue, draw_figures
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DifferentWork
from eigenscape.forecast.jobs import jobs_of
from eigenscape.networks.rounding import rounding_growth
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.condition_numbers import (
    condition_number_table,
    layer_table,
    write_table,
)
from eigenscape.stages.active_subspace.importance import (
    criticality_table,
    family_table,
    headline_importance,
    importance_table,
)
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.common.configure import (
    load_study,
    read_study,
    require_same_science,
    workflow_study,
    write_study,
)
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.layout import StudyFolder

NETWORK = """
import functools

import numpy as np
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.body = nn.ModuleList(nn.Linear(2 if i == 0 else width, width) for i in range(depth))
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        for layer in self.body:
            x = torch.tanh(layer(x))
        return self.head(x)


def make(depth, width):
    return Net(depth, width)


def wrong(depth, width):
    return "no network"


def failing(depth, width):
    raise RuntimeError("out of ideas")


def leaving(depth, width):
    raise SystemExit(3)


def drawing(depth, width):
    network = Net(depth, width)
    network.register_buffer("shift", torch.tensor(np.random.rand()))
    return network


part = functools.partial(Net)
"""


def configured(folder: Path, **changes: Any) -> Path:
    """A study of four networks beside its data and its code."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    np.savez(
        folder / "mine.npz",
        x=draw.standard_normal((9, 2)),
        y=np.arange(9) % 3,
        z=draw.standard_normal((9, 2)),
    )
    (folder / "own_network.py").write_text(NETWORK)
    problem = {
        "kind": "module",
        "module": "own_network:make",
        "file": "mine.npz",
        "inputs": ["x"],
        "targets": ["y"],
        "loss": "cross_entropy",
    }
    study = {
        "study": "mine",
        "problem": problem,
        "grid": {"depth": [1, 2], "width": [2, 3]},
        "headline": {"depth": 2, "width": 3, "samples": 120},
        "projection": {"samples": 40, "replicates": 20},
    }
    for section, keys in changes.items():
        study[section] = {**study.get(section, {}), **keys}  # type: ignore[dict-item]
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return folder / "study.yaml"


DATA = {"kind": "data", "module": None}


def test_what_is_found_of_a_module(tmp_path: Path) -> None:
    study = read_study([configured(tmp_path)])
    # Linear(2, w), L - 1 of (w, w), and (w, 3): 6 + 9; 6 + 6 + 9; 9 + 12; 9 + 12 + 12.
    assert [architecture.parameters for architecture in study.grid_architectures()] == [
        15,
        21,
        21,
        33,
    ]
    cell = study.headline_cell
    assert [(layer.name, layer.parameters) for layer in cell.architecture.layers] == [
        ("body.0", 9),
        ("body.1", 12),
        ("head", 12),
    ]
    assert study.problem.points == 9
    assert not any(
        science.enabled
        for science in (
            study.expressivity,
            study.clustering,
            study.sloppiness,
            study.model_constrained,
        )
    )
    assert (
        study.large.architectures()
        == study.projected_architectures()
        == study.trained_architectures()
        == []
    )
    assert json.loads(json.dumps(cell.identity)) == cell.identity
    folder = StudyFolder(tmp_path / "results" / "mine")
    write_study(study, folder)
    assert load_study(folder) == study
    assert study.resolved is not None
    assert json.loads(folder.study.read_text())["found"] == study.resolved.model_dump()
    content = yaml.safe_load((tmp_path / "study.yaml").read_text())
    assert workflow_study(content, [], tmp_path / "results", first=False) == study


def test_every_product_of_a_module(tmp_path: Path) -> None:
    study = read_study([configured(tmp_path)])
    folder = StudyFolder(tmp_path / "results")
    write_study(study, folder)
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    compute_second_moment(study, study.headline_cell, folder, execution=Execution(quiet=True))
    compute_spectrum(study, study.headline_cell, folder, vectors=True)
    table = condition_number_table(study, folder)
    write_table(table, folder.table, study)
    # A number added to all scores changes nothing: w + 1 null directions of the head, whatever
    # else.
    assert table["rank"].tolist() == [15 - 3, 21 - 3, 21 - 4, 33 - 4]
    assert set(table["status"]) == {"rank_deficient"}
    assert np.isfinite(table["log10_cond_carrying"]).all()
    assert table["log10_cond_sym"].isna().all()
    layers = layer_table(study, folder)
    assert layers.groupby(["depth", "width"])["share"].sum().to_numpy() == pytest.approx(1.0)
    assert layers["layer"].tolist()[:2] == ["body.0", "head"]
    content = headline_importance(study, folder)
    shares = importance_table(study, content)
    assert shares["layer"].tolist() == ["body.0", "body.1", "head"]
    diagonal = read_verified_spectrum(study.headline_cell, folder).diagonal
    expected = [
        diagonal[layer.whole].sum() / diagonal.sum()
        for layer in study.headline_cell.architecture.layers
    ]
    np.testing.assert_allclose(shares["share"], expected, rtol=1e-10)
    assert np.all(shares["share_low"] <= shares["share"])
    assert not family_table(content).empty
    for name in ("eigenvalues", "eigenvectors", "layer_importance", "condition_number_carrying"):
        assert draw_figures([name], study, folder, tmp_path / "figures")


def test_fully_connected_networks_on_a_users_data(tmp_path: Path) -> None:
    study = read_study(
        [
            configured(
                tmp_path,
                problem=DATA,
                grid={"depth": [1], "width": [2]},
                headline={"depth": 1, "width": 2},
            )
        ]
    )
    folder = StudyFolder(tmp_path / "results")
    write_study(study, folder)
    assert study.headline_cell.architecture.sizes == (2, 2, 3)
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    project_networks(study, study.projected_architectures(), folder, quiet=True)
    table = condition_number_table(study, folder)
    assert table["rank"].tolist() == [6 + 9 - 3]
    assert table["symmetry"].tolist() == ["permutations_and_signs"]
    layers = layer_table(study, folder)
    assert layers["share"].sum() == pytest.approx(1.0)
    regression = read_study(
        [configured(tmp_path, problem={**DATA, "loss": "mse", "targets": ["z"]})]
    )
    assert regression.headline_cell.architecture.outputs == 2
    gradients, _ = sampler_of(regression, regression.headline_cell).block(0, 3)
    assert gradients.shape == (3, 2 * 3 + 3 + 12 + 8)


def test_a_perceptron_of_the_users_has_the_gradients_of_the_built_in_one(tmp_path: Path) -> None:
    own = read_study([configured(tmp_path)])
    built_in = read_study([configured(tmp_path, problem=DATA)])
    mine, theirs = sampler_of(own, own.headline_cell), sampler_of(built_in, built_in.headline_cell)
    order, start = [], 0
    for layer in built_in.headline_cell.architecture.layers:
        size = layer.fan_in * layer.fan_out
        order += [
            *(start + np.arange(size).reshape(layer.fan_out, layer.fan_in).T.ravel()),
            *range(start + size, start + layer.parameters),
        ]
        start += layer.parameters
    theta = torch.from_numpy(mine.parameters(0, 4)[:, order].copy())
    expected = theirs.loss.on_device(theta)[0].numpy()
    errors = np.linalg.norm(mine.block(0, 4)[0][:, order] - expected, axis=1)
    allowed = rounding_growth(mine, samples=4).row_tolerance * np.linalg.norm(expected, axis=1)
    assert (errors <= allowed).all()


def test_the_first_pattern_that_fits_counts_in_every_process(tmp_path: Path) -> None:
    """A name before a pattern that fits it too: by the alphabet the pattern would come first."""
    path = configured(
        tmp_path,
        prior={"by_name": {"head.bias": {"kind": "normal", "scale": 0.1}, "*.bias": "zero"}},
    )
    folder = StudyFolder(tmp_path / "results")
    write_study(read_study([path]), folder)
    study = load_study(folder)
    theta = sampler_of(study, study.headline_cell).parameters(0, 5)
    assert theta[:, -3:].all()
    assert not theta[:, 6:9].any()


def test_other_data_or_code_is_other_work(tmp_path: Path) -> None:
    study, folder = read_study([configured(tmp_path)]), StudyFolder(tmp_path / "results")
    write_study(study, folder)
    arrays = dict(np.load(tmp_path / "mine.npz"))
    np.savez(tmp_path / "mine.npz", **{**arrays, "z": arrays["z"] + 1})  # not used
    assert read_study([tmp_path / "study.yaml"]) == study
    np.savez(tmp_path / "mine.npz", **{**arrays, "x": arrays["x"] + 1})
    with pytest.raises(
        DifferentWork, match=r"^mine.npz: expected what it held when this study was started"
    ):
        sampler_of(study, study.headline_cell)
    with pytest.raises(DifferentWork, match=r"^problem: expected "):
        require_same_science(read_study([tmp_path / "study.yaml"]), folder)
    np.savez(tmp_path / "mine.npz", **arrays)
    (tmp_path / "own_network.py").write_text(NETWORK + "\n")
    with pytest.raises(DifferentWork, match=r"^own_network:make: expected what it held"):
        sampler_of(study, study.headline_cell)


@pytest.mark.parametrize("name", ["own_network:part", "imports_it:make"])
def test_the_file_that_is_named_counts_and_the_one_that_it_takes_the_factory_from(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in ("own_network", "imports_it"):  # by other tests, from their folders
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    path = configured(tmp_path, problem={"module": name})
    (tmp_path / "imports_it.py").write_text("from own_network import make\n")
    before = read_study([path]).headline_cell.fingerprint
    assert read_study([path]).headline_cell.fingerprint == before
    (tmp_path / "own_network.py").write_text(NETWORK + "\n")
    assert read_study([path]).headline_cell.fingerprint != before


def test_a_program_that_is_no_module_is_refused(tmp_path: Path) -> None:
    path = configured(tmp_path)
    (tmp_path / "own_network.py").write_text(NETWORK + "\nraise SystemExit(2)\n")
    with pytest.raises(
        BadInput,
        match=r"problem.module: expected a Python file for own_network, found SystemExit: 2; ",
    ):
        read_study([path])


def test_a_checkpoint_is_part_of_the_work(tmp_path: Path) -> None:
    path = configured(
        tmp_path,
        prior={"kind": "around", "checkpoint": "trained.pt", "scale": 0.5},
        grid={"depth": [2], "width": [3]},
    )
    (tmp_path / "other").mkdir()
    values = {
        "body.0.weight": (3, 2),
        "body.0.bias": (3,),
        "body.1.weight": (3, 3),
        "body.1.bias": (3,),
        "head.weight": (3, 3),
        "head.bias": (3,),
    }
    torch.save(
        {"state_dict": {name: torch.full(shape, 2.0) for name, shape in values.items()}},
        tmp_path / "trained.pt",
    )
    study = read_study([path])
    theta = sampler_of(study, study.headline_cell).parameters(0, 4000)
    # Standard errors 0.5 / sqrt(4000 * 33) of the mean and 0.5 / sqrt(2 * 4000 * 33) of the
    # deviation; five of them.
    assert theta.mean() == pytest.approx(2.0, abs=5 * 0.5 / np.sqrt(theta.size))
    assert theta.std() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2 * theta.size))
    torch.save(
        {name: torch.full(shape, 2.5) for name, shape in values.items()}, tmp_path / "trained.pt"
    )
    assert read_study([path]).headline_cell.fingerprint != study.headline_cell.fingerprint
    torch.save({"body.0.weight": torch.ones(3, 2)}, tmp_path / "trained.pt")
    with pytest.raises(
        BadInput,
        match=(
            r"study.yaml: prior.checkpoint: expected a tensor for each of 6 names, found none for"
            r" body.0.bias, "
        ),
    ):
        read_study([path])
    torch.save({"net": object}, tmp_path / "trained.pt")
    with pytest.raises(
        BadInput,
        match=(
            r"prior.checkpoint: expected a state_dict in trained.pt, found objects beside tensors,"
            r" which are not"
        ),
    ):
        read_study([path])
    (tmp_path / "trained.pt").write_text("no tensors")
    with pytest.raises(
        BadInput, match=r"prior.checkpoint: expected a state_dict in trained.pt, found "
    ):
        read_study([path])


BAD = {
    "no file": (
        {"problem": {"file": "none.npz"}},
        "problem.file: expected a file in .*, found no none.npz; check its name",
    ),
    "no name": (
        {"problem": {"inputs": ["w"]}},
        "mine.npz: expected names among x, y, z, found no w; ",
    ),
    "no classes": (
        {"problem": {"targets": ["z"]}},
        "mine.npz: z: expected classes 0 ... K-1, whole numbers, found ",
    ),
    "no code": (
        {"problem": {"module": "nowhere:make"}},
        "problem.module: expected a Python file for nowhere, found none beside the conf",
    ),
    "no function": (
        {"problem": {"module": "own_network:mkae"}},
        "problem.module: expected a function mkae in own_network, found Net, make, wrong",
    ),
    "a file's name": (
        {"problem": {"module": "own_network.py:make"}},
        "problem.module: expected package.module:factory, found 'own_network.py:make'; ",
    ),
    "no network": (
        {"problem": {"module": "own_network:wrong"}},
        r"an nn.Module from own_network:wrong\(depth=1, width=2\), found str; ",
    ),
    "a failing one": (
        {"problem": {"module": "own_network:failing"}},
        "failing.*, found RuntimeError: out of ideas; fix the factory",
    ),
    "one that leaves": (
        {"problem": {"module": "own_network:leaving"}},
        "from own_network:leaving.*, found SystemExit: 3; fix the fact",
    ),
    "one that draws": (
        {"problem": {"module": "own_network:drawing"}},
        (
            "problem.module: expected the same values from two calls of own_network:drawing, found"
            " others; draw what torch.manual_seed"
        ),
    ),
    "other inputs": (
        {"problem": {"inputs": ["x", "z"]}},
        r"a module for inputs of shapes \(9, 2\), \(9, 2\), found an error in forward of Net",
    ),
    "other targets": (
        {"problem": {"targets": ["z"], "loss": "mse"}},
        r"an output of shape \(9, 2\), as z has, found \(9, 3\); reshape",
    ),
    "sine with a file": (
        {"problem": {"kind": "sine"}},
        "problem.file: expected nothing for kind sine, found 'mine.npz'; ",
    ),
    "data with a module": (
        {"problem": {"kind": "data"}},
        "problem.module: expected nothing for kind data, found 'own_network:make'; ",
    ),
    "prior by name": (
        {"problem": DATA, "prior": {"by_name": {"*": "zero"}}},
        "prior.by_name: expected a prior by layer for kind data",
    ),
    "unknown entry": (
        {"prior": {"by_name": {"*": "nought"}}},
        "prior.by_name: expected for '\\*' one of zero, own",
    ),
    "no checkpoint": (
        {"prior": {"kind": "around"}},
        "prior.checkpoint: expected a file written by torch.save, found None; ",
    ),
    "no pattern": (
        {"prior": {"by_name": {"conv*": "zero"}}},
        "prior.by_name: expected patterns that fit a parameter .*, found 'conv\\*'; ",
    ),
    "twice": (
        {"problem": {"inputs": ["x", "x"]}},
        "problem.inputs: expected each name once, found 'x' twice; remove one",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        read_study([configured(tmp_path, **changes)])
    assert str(caught.value).startswith(str(tmp_path / "study.yaml"))
    assert "\n" not in str(caught.value)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    study = read_study([configured(tmp_path)])
    assert {"importance", "findings", "criticality", "trainability"} <= set(
        Catalogue(study).left_out
    )
    lines = Catalogue(study).left_out_lines()
    assert len(lines) == 3
    assert all(line.startswith("left out: ") for line in lines)
    assert Catalogue(Study()).left_out == {}
    folder = StudyFolder(tmp_path / "results")
    with pytest.raises(
        BadInput,
        match=(
            r"^figure: expected one that is made of this study, found predictors, which is left"
            r" out; it needs the"
        ),
    ):
        draw_figures(["predictors"], study, folder, tmp_path)
    with pytest.raises(
        BadInput,
        match=(
            r"^problem.kind: expected sine, for what varies the sine and its networks, found"
            r" module; "
        ),
    ):
        criticality_table(study, folder)


@pytest.mark.parametrize(("inputs", "projected"), [(516, 4), (517, 0)])
def test_data_with_many_inputs_are_not_projected(inputs: int, projected: int) -> None:
    """500 samples of (inputs + 2)^2 numbers: 2^27 is passed between 516 and 517 inputs."""
    found = {"file": "a.npz", "digest": "0", "inputs": inputs, "outputs": 1, "folder": "."}
    problem = {"kind": "data", "file": "a.npz", "inputs": ["x"], "targets": ["y"]}
    sizes = {"grid": {"depth": [1, 2], "width": [2, 3]}, "headline": {"depth": 1, "width": 2}}
    study = Study.from_mapping({"study": "wide", "problem": problem, "found": found, **sizes})
    assert len(study.projected_architectures()) == projected
    assert ("predictors" in Catalogue(study).left_out) == (projected == 0)


@pytest.mark.parametrize(("problem", "count"), [({}, 10), (DATA, 13)], ids=["module", "data"])
def test_jobs_are_those_of_the_workflow(
    tmp_path: Path, problem: dict[str, Any], count: int
) -> None:
    """`snakemake --dry-run` counts one more, `all`; a module's study has no projections (2) and no
    findings.
    """
    study = read_study([configured(tmp_path, problem=problem)])
    jobs = jobs_of(study)
    names = {job.name for job in jobs}
    assert len(names) == len(jobs) == count
    assert all(names.issuperset(job.after) for job in jobs)


def test_files_are_found_beside_the_configuration_or_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = configured(tmp_path / "a", problem=DATA)
    (tmp_path / "a" / "mine.npz").rename(tmp_path / "mine.npz")
    monkeypatch.chdir(tmp_path)
    assert read_study([path]).problem.points == 9


def test_a_table_from_csv(tmp_path: Path) -> None:
    path = configured(
        tmp_path, problem={"file": "mine.csv", "inputs": ["a", "b"], "targets": ["class"]}
    )
    pd.DataFrame({"a": np.arange(6.0), "b": np.ones(6), "class": [0, 1, 2, 0, 1, 2]}).to_csv(
        tmp_path / "mine.csv", index=False
    )
    assert sampler_of(read_study([path]), read_study([path]).headline_cell).block(0, 2)[
        0
    ].shape == (2, 33)
