"""The stage `sensitivity`: numbers by a second route, null directions where theory puts them,
nothing computed twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from builders import sampler, small_study

from eigenscape.active_subspace.staircase import staircase
from eigenscape.active_subspace.symmetry import project
from eigenscape.architecture import Architecture
from eigenscape.config.sizes import BLOCK
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult, DifferentWork, Interrupted, NotFiniteGradient
from eigenscape.networks import functional
from eigenscape.networks.activations import ACTIVATIONS, activation_named
from eigenscape.networks.mean_field import mean_field_of
from eigenscape.networks.priors import PRIORS, prior_named
from eigenscape.networks.problems import Problem, sine_regression
from eigenscape.networks.sampling import fill_parameters
from eigenscape.networks.symmetry import symmetry_of
from eigenscape.seeding import stream_key
from eigenscape.stages.active_subspace import sensitivity as stage
from eigenscape.stages.active_subspace.sensitivity import (
    DESCRIPTIONS,
    INTERVALS,
    Loss,
    Sweep,
    compute_sensitivity,
    projected_by_loss,
    read_sensitivity,
)
from eigenscape.store.layout import StudyFolder

NETWORK = Architecture(2, 3)
SIZE = {"depth": 2, "width": 3, "samples": 40, "replicates": 20}
SWEEP = Sweep(("[-1, 1]", "[0, 2pi]"), (5, 8), ("standard_normal", "he_normal"), ("tanh", "relu"))


def table(sweep: Sweep = SWEEP, study: Study = small_study()) -> pd.DataFrame:
    """What is written, without files."""
    size = SIZE["samples"], SIZE["replicates"]
    rows = [stage._rows(study, NETWORK, *size, sweep, *pair) for pair in sweep.pairs]
    return stage._as_table(list(itertools.chain(*rows)))


def torch_gradients(
    activation: str, prior: str, problem: Problem, samples: int, loss: Loss
) -> np.ndarray:
    """(N, P) by torch.func of the loss itself, at the documented draws."""
    thetas = np.empty((samples, NETWORK.parameters))
    chosen = prior_named(prior)
    fill_parameters(
        thetas, 0, stream_key(0, "sensitivity", *NETWORK.sizes), chosen.scales(NETWORK), chosen.draw
    )
    x, y = (torch.as_tensor(array) for array in (problem.inputs, problem.targets))
    squared = functional.mean_squared_residual(x, y, NETWORK, activation_named(activation))
    function = squared if loss is Loss.MSE else lambda theta: torch.sqrt(squared(theta))
    return functional.gradients_and_losses(torch.from_numpy(thetas), function)[0].numpy()


def test_every_setting_has_a_row_and_every_column_a_meaning() -> None:
    found = table()
    assert list(found.columns) == list(DESCRIPTIONS)
    settings = list(
        found[["activation", "prior", "interval", "points", "loss"]].itertuples(
            index=False, name=None
        )
    )
    expected = itertools.product(
        ("tanh", "relu"),
        ("standard_normal", "he_normal"),
        ("[-1, 1]", "[0, 2pi]"),
        (5, 8),
        ("mse", "rmse"),
    )
    assert settings == list(expected)
    assert set(found["parameters"]) == {NETWORK.parameters}
    assert set(found["samples"]) == {40}


def test_the_default_is_all_that_was_asked() -> None:
    sweep = Sweep()
    assert [INTERVALS[name] for name in sweep.intervals] == [
        (-1, 1),
        (0, 1),
        (-np.pi, np.pi),
        (0, 2 * np.pi),
    ]
    assert sweep.points == (20, 50, 200)
    assert (set(sweep.priors), set(sweep.activations)) == (set(PRIORS), set(ACTIVATIONS))


@pytest.mark.parametrize("loss", Loss)
@pytest.mark.parametrize(
    ("activation", "prior"), [("tanh", "standard_normal"), ("relu", "he_normal")]
)
def test_numbers_are_those_of_torch_gradients_of_the_loss_itself(
    activation: str, prior: str, loss: Loss
) -> None:
    found = (
        table()
        .set_index(["activation", "prior", "interval", "points", "loss"])
        .loc[(activation, prior, "[0, 2pi]", 8, str(loss))]
    )
    gradients = torch_gradients(activation, prior, sine_regression((0, 2 * np.pi), 8), 40, loss)
    stairs = staircase(
        project(gradients, NETWORK, symmetry_of(activation_named(activation), prior_named(prior))),
        replicates=20,
        key=stream_key(0, "sensitivity bootstrap", *NETWORK.sizes),
        relative_noise=1e-15,
    )
    # gradients agree to 1e-12 of their layer, and eigenvalues span 10^4 to 10^5: 1e-7 of the
    # smallest, in decades
    expected = tuple(stairs.log10_condition)
    # 40 samples are fewer than 50 effective ones
    assert found["status"] == str(stairs.status) == "heavy_tailed"
    assert found[
        ["log10_cond_sym", "log10_cond_sym_low", "log10_cond_sym_high"]
    ].tolist() == pytest.approx(expected, abs=1e-6)

    squares = (gradients**2).sum(axis=0)
    for name, layer in (("share_first", NETWORK.layers[0]), ("share_last", NETWORK.layers[-1])):
        assert found[name] == pytest.approx(squares[layer.whole].sum() / squares.sum(), rel=1e-9)
        assert 0 < found[f"{name}_low"] <= found[name] <= found[f"{name}_high"] < 1


def test_null_directions_are_where_theory_puts_them() -> None:
    """Odd units without biases on a symmetric grid, with an odd target: gradients of biases vanish
    identically (F6).
    """
    sweep = Sweep(
        tuple(INTERVALS), (6, 9), ("standard_normal", "glorot_uniform"), ("tanh", "linear", "relu")
    )
    found = table(sweep)
    expected = (
        found["activation"].isin(["tanh", "linear"])
        & (found["prior"] == "glorot_uniform")
        & found["interval"].str.startswith("[-")
    )
    assert (found["status"] == np.where(expected, "rank_deficient", "heavy_tailed")).all()
    assert np.array_equal(np.isinf(found["log10_cond_sym"]), expected)


def test_mean_field_depends_on_prior_and_activation_alone() -> None:
    found = table()
    for (activation, prior), rows in found.groupby(["activation", "prior"]):
        field = mean_field_of(activation_named(activation), prior_named(prior), NETWORK)
        assert set(rows["chi_1"]) == {field.chi_1}
        assert set(rows["log10_ladder"]) == {field.log10_layer_profile(2)}


def test_a_row_depends_on_its_setting_and_on_the_seed_alone() -> None:
    alone = table(Sweep(("[0, 2pi]",), (8,), ("he_normal",), ("relu",)))
    whole = table()
    same = whole[
        (
            whole[["activation", "prior", "interval", "points"]]
            == ["relu", "he_normal", "[0, 2pi]", 8]
        ).all(axis=1)
    ]
    pd.testing.assert_frame_equal(alone, same.reset_index(drop=True), check_exact=True)
    other = table(study=small_study(sampling={"seed": 1}))
    assert (other["log10_cond_sym"] != whole["log10_cond_sym"])[
        np.isfinite(whole["log10_cond_sym"])
    ].all()


def test_gradients_are_projected_in_blocks_without_a_change() -> None:
    source = sampler(NETWORK)
    whole = projected_by_loss(source, BLOCK + 7)
    assert whole[Loss.MSE].samples == whole[Loss.RMSE].samples == BLOCK + 7
    first = projected_by_loss(source, BLOCK)
    for loss in Loss:
        for long, short in zip(whole[loss].contributions, first[loss].contributions, strict=True):
            np.testing.assert_array_equal(long[:BLOCK], short)


def test_single_precision_gives_nearly_the_same_numbers() -> None:
    """The largest relative error of a gradient is about n eps = 1e-6, of the least plateau 10^5
    times that at the worst.
    """
    sweep = Sweep(("[0, 1]",), (8,), ("standard_normal",), ("tanh",))
    double, single = (
        table(sweep),
        table(sweep, study=small_study(sampling={"precision": "float32"})),
    )
    assert (double["log10_cond_sym"] != single["log10_cond_sym"]).all()
    np.testing.assert_allclose(single["log10_cond_sym"], double["log10_cond_sym"], atol=0.05)


def test_the_table_on_disk_is_the_table(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    path = compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP)
    assert path == folder.root / "tables" / "sensitivity.csv"
    pd.testing.assert_frame_equal(read_sensitivity(path), table(), check_exact=True)
    assert "sensitivity: 4 of 4 pairs" in capsys.readouterr().err


def test_what_is_known_is_not_computed_again(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    path = compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True)
    before = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(stage, "_rows", lambda *_: pytest.fail("computed again"))
    assert compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP).read_bytes() == before
    assert capsys.readouterr().err == ""


def test_an_interrupted_stage_resumes_with_the_same_bytes(
    folder: StudyFolder,
    tmp_path,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: Callable[[int], None],
) -> None:
    whole = compute_sensitivity(
        small_study(), StudyFolder(tmp_path / "whole"), **SIZE, sweep=SWEEP, quiet=True
    ).read_bytes()
    with monkeypatch.context():
        stop_after(3)
        with pytest.raises(Interrupted):
            compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True)
    assert len(list(folder.root.rglob("*.json"))) == 3
    assert not (folder.root / "tables").exists()
    stop_after(1)
    assert (
        compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True).read_bytes()
        == whole
    )


def test_other_work_and_damage_are_refused(folder: StudyFolder) -> None:
    compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True)
    with pytest.raises(DifferentWork, match="expected samples 41, found 40"):
        compute_sensitivity(
            small_study(), folder, **{**SIZE, "samples": 41}, sweep=SWEEP, quiet=True
        )
    document = folder.root / "sensitivity" / "d02-w003" / "tanh-he_normal.json"
    document.write_text(document.read_text().replace("rank_deficient", "finite"))
    with pytest.raises(DamagedResult, match="tanh-he_normal"):
        compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True)


def test_another_problem_of_the_study_is_the_same_work(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Problem, activation and prior are what is varied, so the study's own take no part."""
    compute_sensitivity(small_study(), folder, **SIZE, sweep=SWEEP, quiet=True)
    monkeypatch.setattr(stage, "_rows", lambda *_: pytest.fail("computed again"))
    other = small_study(
        problem={"points": 33}, network={"activation": "relu"}, prior={"kind": "he_normal"}
    )
    compute_sensitivity(other, folder, **SIZE, sweep=SWEEP, quiet=True)


def test_a_loss_of_zero_has_no_root() -> None:
    """Odd units without biases give 0 at x = 0, which is the target there."""
    nothing = sampler(
        NETWORK, prior="he_normal", problem=Problem(np.zeros((2, 1)), np.zeros((2, 1)))
    )
    with pytest.raises(
        NotFiniteGradient, match="sample 0 of d02-w003: expected a positive loss, found 0"
    ):
        projected_by_loss(nothing, 3)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"intervals": ("[0, 3]",)}, r"interval: expected one of \[-1, 1\], .*, found \[0, 3\]"),
        ({"points": (1, 5)}, r"points: expected numbers of at least 2, found \[1, 5\]"),
        ({"priors": ("cauchy",)}, "prior.kind: .* found cauchy"),
        ({"activations": ("gelu",)}, "network.activation: .* found gelu"),
    ],
)
def test_settings_that_do_not_exist_are_refused(keys: dict[str, tuple], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Sweep(**keys)
