"""The study of what alpha changes: numbers by another route, the same bits for any number of ranks,
verdicts by their rules.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import small_study
from scipy.linalg import subspace_angles

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.symmetry import project
from eigenscape.catalogue import draw_figures
from eigenscape.errors import BadInput, DamagedResult, Interrupted
from eigenscape.findings.model_constrained import assess_cases
from eigenscape.findings.verdicts import Verdict
from eigenscape.model_constrained.problems import case_named
from eigenscape.networks.symmetry import Symmetry
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.model_constrained.cases import (
    DESCRIPTIONS,
    compute_model_constrained,
    first_half,
    model_constrained_layers,
    read_model_constrained,
)
from eigenscape.stages.model_constrained.tables import write_model_constrained_tables
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_second_moment

SETTINGS = {
    "cases": ["deconvolution-mcdnn", "heat-tnet", "burgers-mctangent"],
    "alpha": [0.0, 1.0, 4.0],
    "width": 2,
    "pairs": 6,  # more than inputs and bias: with fewer, the first layer has exact null directions
    "replicas": 3,
    "training_steps": 5,
    "least_steps": 12,
    "encoder_steps": 10,
    "heat": {"elements": 3, "modes": 3, "observed": 3},
    "deconvolution": {"points": 4, "observed": 3},
    "burgers": {"points": 4, "viscosity": 0.02, "step": 0.02},
}


def study(**settings):
    return small_study(
        model_constrained=SETTINGS | settings, projection={"samples": 100, "replicates": 20}
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = StudyFolder(tmp_path_factory.mktemp("models") / "small")
    rows = [
        row
        for case in SETTINGS["cases"]
        for row in compute_model_constrained(study(), folder, case, quiet=True)
    ]
    return folder, rows


def gradients_of(cell, count):
    sampler = sampler_of(study(), cell)
    return np.concatenate(
        [sampler.block(first, min(37, count - first))[0].copy() for first in range(0, count, 37)]
    )


def test_losses_are_linear_in_alpha(finished):
    """L = L_data + alpha L_model, so g(4) = g(0) + 4 (g(1) - g(0)) at the same parameter vectors,
    and so for C's parts.
    """
    for case in SETTINGS["cases"]:
        at_0, at_1, at_4 = (gradients_of(cell, 5) for cell in study().model_constrained_cells(case))
        np.testing.assert_allclose(at_4, at_0 + 4 * (at_1 - at_0), rtol=1e-10, atol=1e-12)
        assert np.abs(at_1 - at_0).max() > 1e-3


def test_stored_second_moments_and_numbers_are_those_of_the_gradients(finished):
    folder, rows = finished
    for case in SETTINGS["cases"]:
        cells = study().model_constrained_cells(case)
        own = [row for row in rows if row["case"] == case]
        vectors = []
        for cell, row in zip(cells, own, strict=True):
            gradients = gradients_of(cell, cell.samples)
            moment = gradients.T @ gradients / cell.samples
            np.testing.assert_allclose(
                read_second_moment(folder.second_moment(cell)), moment, rtol=1e-9, atol=1e-14
            )
            squares = np.linalg.svd(gradients, compute_uv=False) ** 2
            # Singular values are accurate to eps sigma_1: their squares' ratio to 2 eps 10^(decades
            # / 2), far below 1e-6 here.
            assert row["log10_cond"] == pytest.approx(np.log10(squares[0] / squares[-1]), abs=1e-6)
            assert row["log10_trace"] == pytest.approx(np.log10(np.trace(moment)), abs=1e-9)
            vectors.append(np.linalg.eigh(moment)[1][:, -2:])
        for row, basis in zip(own, vectors, strict=True):
            expected = np.mean(
                np.cos(subspace_angles(basis, vectors[int(case == "heat-tnet")])) ** 2
            )
            assert row["overlap"] == pytest.approx(expected, abs=1e-6)
        reference = own[int(case == "heat-tnet")]  # TNet sees no data at alpha = 0
        assert reference["alpha"] == reference["reference"] == own[0]["reference"]
        assert reference["overlap"] == pytest.approx(1.0, abs=1e-12)
        assert reference["change"] == reference["change_low"] == reference["change_high"] == 0.0
        assert reference["angle"] == pytest.approx(0.0, abs=1e-6)
        assert own[2]["log10_cond_range"] == pytest.approx(own[2]["log10_cond_sym"], abs=1e-9)


def test_shares_of_layers_are_those_of_the_projected_samples(finished):
    _, rows = finished
    cell = study().model_constrained_cells("deconvolution-mcdnn")[2]
    squares = gradients_of(cell, 100) ** 2
    masses = np.array([squares[:, layer.whole].sum() for layer in cell.architecture.layers])
    layers = model_constrained_layers(rows)
    found = layers[(layers["case"] == "deconvolution-mcdnn") & (layers["alpha"] == 4.0)][
        "share"
    ].to_numpy()
    np.testing.assert_allclose(found, masses / masses.sum(), rtol=1e-10)


def test_descent_is_that_of_a_plain_loop(finished):
    _, rows = finished
    cell = study().model_constrained_cells("deconvolution-mcdnn")[1]
    row = next(row for row in rows if row["case"] == "deconvolution-mcdnn" and row["alpha"] == 1.0)
    import torch

    sampler = sampler_of(study(), cell)
    ratios, best = [], row["least_loss"]
    for theta in torch.from_numpy(sampler.parameters(0, 3).copy()):
        loss = sampler.loss.beside(theta)
        start = theta.clone()
        gradient = torch.func.grad(loss)
        step = row["step"] * (loss(start) - best) / (gradient(start) ** 2).sum()
        for _ in range(5):
            theta = theta - step * gradient(theta)
        ratios.append(float(torch.log10((loss(theta) - best) / (loss(start) - best))))
    assert row["log10_excess"] == pytest.approx(np.median(ratios), abs=1e-9)
    # 12 iterations of L-BFGS go below 5 steps of gradient descent from the same points.
    assert row["log10_excess_low"] > -3
    assert 0 <= row["least_doubt"] < 1


def test_a_finished_case_is_read_and_tables_are_written(finished):
    folder, rows = finished
    assert (
        read_model_constrained(study(), folder)
        == rows
        == [
            row
            for case in SETTINGS["cases"]
            for row in compute_model_constrained(study(), folder, case, quiet=True)
        ]
    )
    write_model_constrained_tables(study(), folder)
    table = pd.read_csv(folder.root / "tables" / "model_constrained.csv")
    assert list(table) == list(DESCRIPTIONS)
    import xarray as xr

    with xr.open_dataset(folder.root / "tables" / "model_constrained.nc") as dataset:
        found = dataset["log10_cond_sym"].sel(case="burgers-mctangent", alpha=4.0)
        assert float(found) == rows[-1]["log10_cond_sym"]
        assert found.attrs["long_name"] == DESCRIPTIONS["log10_cond_sym"]


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="deconvolution-mcdnn"):
        compute_model_constrained(study(), StudyFolder(tmp_path), "heat-mcdnn", quiet=True)
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_model_constrained(study(), StudyFolder(tmp_path))


def test_null_directions_are_told_and_drawn(tmp_path):
    """Two pairs of three inputs: the first layer's gradients span two of its four directions a
    unit, whatever alpha is.
    """
    few = study(cases=["deconvolution-mcdnn"], alpha=[0.0, 1.0], pairs=2, training_steps=1)
    folder = StudyFolder(tmp_path / "few")
    rows = compute_model_constrained(few, folder, "deconvolution-mcdnn", quiet=True)
    assert [found["status_sym"] for found in rows] == ["rank_deficient"] * 2
    assert np.isinf(rows[1]["log10_cond"])
    # Two for each of two units, and two pairs can be told apart by two of the four outputs'
    # directions at most.
    assert rows[0]["null_directions"] == rows[1]["null_directions"] >= 4
    cell = few.model_constrained_cells("deconvolution-mcdnn")[1]
    values = projected_eigenvalues(few, cell)
    kept = values[values > 1e-13 * values[0]]
    assert len(values) - len(kept) == rows[1]["null_directions"]
    assert rows[1]["log10_cond_range"] == pytest.approx(np.log10(kept[0] / kept[-1]), abs=1e-6)
    assert np.isfinite(rows[1]["change"])
    for name in ("model_condition", "model_subspace", "model_training"):
        assert len(draw_figures([name], few, folder, tmp_path / "figures")) == 2


def test_an_interrupted_half_of_the_samples_is_gone_on_with(tmp_path, stop_after):
    """The half that angles are compared with: the bits of one row of blocks, wherever it was
    stopped.
    """
    of, folder = study(samples_per_parameter=40), StudyFolder(tmp_path / "half")
    cell = of.model_constrained_cells("deconvolution-mcdnn")[1]
    sampler, half = sampler_of(of, cell), cell.samples // 2
    assert half > 512  # three blocks
    stop_after(2)
    with pytest.raises(Interrupted):
        first_half(cell, folder, sampler)
    assert [path.name for path in (folder.work(cell) / "half").iterdir()] == [
        "slot-00-at-000000512"
    ]
    stop_after(10**6)
    found = first_half(cell, folder, sampler)
    assert np.array_equal(found, sum_of_samples(sampler, range(half)).triangle.matrix(1 / half))
    assert not (folder.work(cell) / "half").exists()


def projected_eigenvalues(of, cell):
    """All eigenvalues of the projected C, descending, from its blocks."""
    gradients = sampler_of(of, cell).block(0, min(100, cell.samples))[0]
    samples = project(gradients, cell.architecture, Symmetry.PERMUTATIONS_AND_SIGNS)
    values = [
        np.repeat(np.linalg.eigvalsh(mean[0]), block.multiplicity)
        for block, mean in zip(samples.blocks, samples.means(), strict=True)
    ]
    return np.sort(np.concatenate(values))[::-1]


def test_a_decoder_sees_what_its_encoder_lets_through(tmp_path):
    """Of TAEN: an encoder of width 2 says [h 1] times a matrix, so the decoder's first layer has
    three of its five directions a unit.
    """
    of = study(cases=["deconvolution-taen"], alpha=[0.0, 1.0, 4.0], pairs=8)
    rows = compute_model_constrained(
        of, StudyFolder(tmp_path / "taen"), "deconvolution-taen", quiet=True
    )
    assert [found["null_directions"] for found in rows[1:]] == [4, 4]
    assert rows[1]["change"] == 0.0
    assert np.isfinite(rows[2]["change"])
    assert of.model_constrained_cells("deconvolution-taen")[0].architecture.sizes == (4, 2, 2, 3)


def test_a_forward_map_of_ones_own(tmp_path):
    """The example of the documentation, through the stage; a file that has changed since is
    refused.
    """
    source = Path(__file__).parents[4] / "docs" / "model_constrained" / "growth.py"
    mine = tmp_path / "growth.py"
    mine.write_bytes(source.read_bytes())
    of = study(
        cases=["growth-tnet"],
        alpha=[0.0, 1.0],
        own={"growth": {"file": str(mine), "points": 6, "observed": 3}},
    )
    rows = compute_model_constrained(of, StudyFolder(tmp_path / "own"), "growth-tnet", quiet=True)
    assert [found["parameters"] for found in rows] == [3 * 2 + 2 + 6 + 2 * 6 + 6] * 2
    case = case_named("growth-tnet", of.model_constrained, of.sampling.seed)
    # By hand: n at t = 1/3, 2/3, 1 of 6 steps, standardised over the 6 pairs, before noise of 5 %.
    grown = np.exp(np.cumsum(case.problem.targets, axis=1) / 6)[:, 1::2]
    standardised = (grown - grown.mean(axis=0)) / np.sqrt(
        np.mean((grown - grown.mean(axis=0)) ** 2)
    )
    noise = case.problem.inputs - standardised
    assert 0.02 < noise.std() < 0.09  # 18 draws of 0.05: within 4 standard errors of 17 %
    mine.write_text(mine.read_text() + "# changed\n")
    with pytest.raises(
        BadInput, match=r"own\.growth: expected the file that the study was configured with"
    ):
        case_named("growth-tnet", of.model_constrained, of.sampling.seed)
    with pytest.raises(
        BadInput, match=r"own\.growth: expected file to name a Python file that can be read"
    ):
        study(own={"growth": {"file": str(tmp_path / "none.py"), "points": 6, "observed": 3}})
    with pytest.raises(BadInput, match=r"expected one of deconvolution-mcdnn.*found growth-tnet"):
        study(cases=["growth-tnet"])
    mine.write_text("x = 1\n")
    empty = study(
        cases=["growth-tnet"], own={"growth": {"file": str(mine), "points": 6, "observed": 3}}
    ).model_constrained
    with pytest.raises(BadInput, match=r"defines case\(name, section, seed\)"):
        case_named("growth-tnet", empty, 0)
    mine.write_text("import nothing_of_this_name\n")
    broken = study(
        cases=["growth-tnet"], own={"growth": {"file": str(mine), "points": 6, "observed": 3}}
    ).model_constrained
    with pytest.raises(BadInput, match="a Python file that runs, found ModuleNotFoundError"):
        case_named("growth-tnet", broken, 0)


def row(case, alpha, change, excess):
    table = dict.fromkeys(DESCRIPTIONS, 1.0) | {
        "case": case,
        "alpha": alpha,
        "change": change,
        "log10_excess": excess,
        "reference": 0.0,
    }
    ends = {"change_low": change - 0.1 * (alpha > 0), "change_high": change + 0.1 * (alpha > 0)}
    return table | ends | {"log10_excess_low": excess - 0.1, "log10_excess_high": excess + 0.1}


def test_verdicts():
    up = [row("a", 0.0, 0.0, -1.0), row("a", 1.0, 0.5, -0.5)]
    down = [row("b", 0.0, 0.0, -1.0), row("b", 1.0, -0.5, -0.5)]
    flat = [row("c", 0.0, 0.0, -1.0), row("c", 1.0, 0.05, -0.5)]

    def verdicts(rows):
        return [finding.verdict for finding in assess_cases(pd.DataFrame(rows))]

    assert verdicts(up) == [Verdict.HOLDS, Verdict.HOLDS]
    assert verdicts(down) == [Verdict.DOES_NOT, Verdict.DOES_NOT]
    assert verdicts(flat) == [Verdict.NOT_SHOWN, Verdict.NOT_SHOWN]
    assert verdicts(up + down) == [Verdict.CONDITION, Verdict.CONDITION]
    # Cases are judged from their reference on, and not at all where null directions come and go.
    tnet = [
        row("d-tnet", 0.0, -1.0, -3.0),
        row("d-tnet", 0.1, 0.0, -1.0),
        row("d-tnet", 1.0, 0.5, -0.5),
    ]
    tnet = [one | {"reference": 0.1} for one in tnet]
    tnet[1] |= {"change_low": 0.0, "change_high": 0.0}
    assert verdicts(tnet) == [Verdict.HOLDS, Verdict.HOLDS]
    nothing = [row("e", 0.0, 0.0, -1.0), row("e", 1.0, np.nan, -0.5)]
    assert verdicts(up + nothing) == [Verdict.HOLDS, Verdict.HOLDS]
    assert verdicts(nothing) == [Verdict.NOT_SHOWN, Verdict.NOT_SHOWN]


def test_a_plan_counts_what_the_section_asks_for():
    from eigenscape.planning import model_constrained
    from eigenscape.planning.machine import CORE

    plain = model_constrained.cases(study())["deconvolution-mcdnn"]
    longer = model_constrained.cases(study(training_steps=1005))["deconvolution-mcdnn"]
    # 1,000 more steps of three alphas, each of 2.5 ms and 21 gradients of 20 us + 20 ns * 6 pairs *
    # 8 units.
    assert CORE.seconds(longer) - CORE.seconds(plain) == pytest.approx(
        3000 * (2.5e-3 + 21 * (20e-6 + 20e-9 * 6 * 8))
    )
