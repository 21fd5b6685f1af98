"""The stage: two routes to the same numbers, resumption with the same bits, refusals, damage."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from eigenscape.active_subspace import dual, matrix_free
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult, DifferentWork, DoesNotFit, Interrupted
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.sampling import fill_parameters
from eigenscape.planning import large as cost_large
from eigenscape.planning.large import LargeRoute, large_cell, plan_large
from eigenscape.provenance.state import State
from eigenscape.provenance.verify import verify_study
from eigenscape.seeding import stream_key
from eigenscape.stages.active_subspace.large import compute_large, large_network, read_large
from eigenscape.stages.common import signals
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store import array_files
from eigenscape.store.layout import StudyFolder

QUIET = Execution(quiet=True)
SIZES = {"depth": [3], "width": [14], "samples": 200, "leading": 6, "probes": 3, "steps": 6}
"""P = 463; four tiles."""

RECOMPUTED = {"dual": 0.0020, "matrix_free": 0.0015}
"""Gigabytes that hold the route but not the gradients too."""


def study_of(route: str, **keys: object) -> Study:
    return Study.from_mapping(
        {
            "study": "large",
            "grid": {"depth": [1], "width": [5]},
            "large": {**SIZES, "route": route, **keys},
        }
    )


def computed(study: Study, folder: StudyFolder) -> dict[str, np.ndarray]:
    compute_large(study, study.large.architectures()[0], folder, execution=QUIET)
    return read_large(study, study.large.architectures()[0], folder)


def exact(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, descending, and the diagonal of C."""
    sampler = sampler_of_network(study, study.large.architectures()[0])
    gradients = sampler.block(0, study.large.samples)[0].copy()
    moment = gradients.T @ gradients / len(gradients)
    return np.linalg.eigvalsh(moment)[::-1], np.diagonal(moment)


def normals(study: Study, purpose: str, count: int) -> np.ndarray:
    """The draws of a purpose: a function of the seed and of names."""
    network = study.large.architectures()[0]
    rows = np.empty((count, network.parameters))
    fill_parameters(
        rows,
        0,
        stream_key(0, "large", purpose, *network.sizes),
        np.ones(network.parameters),
        StandardDraw.NORMAL,
    )
    return rows


@pytest.mark.parametrize("route", ["dual", "matrix_free"])
def test_either_route_gives_the_leading_pairs_of_c(route: str, folder: StudyFolder) -> None:
    """Values to the rounding of eigh, 1e-12 lambda_1; traces to summation order."""
    study = study_of(route)
    values, diagonal = exact(study)
    gradients = sampler_of_network(study, study.large.architectures()[0]).block(0, 200)[0]

    found = computed(study, folder)

    np.testing.assert_allclose(found["leading"], values[:6], rtol=0, atol=1e-12 * values[0])
    assert found["residuals"].max() < 1e-7 * values[0]
    np.testing.assert_allclose(found["layer_shares"].sum(axis=1), 1, rtol=1e-12)
    assert found["trace"][0] == pytest.approx(diagonal.sum(), rel=1e-12)
    np.testing.assert_allclose(
        found["layer_masses"],
        [diagonal[layer.whole].sum() for layer in study.large.architectures()[0].layers],
        rtol=1e-12,
    )
    if route == "dual":
        np.testing.assert_allclose(
            found["eigenvalues"], values[:200], rtol=0, atol=1e-12 * values[0]
        )
        assert float(found["square_trace"]) == pytest.approx(np.sum(values**2), rel=1e-11)
    else:
        probes = np.sign(normals(study, "probes", 3))
        np.testing.assert_allclose(
            found["probed_trace"][0],
            np.mean(np.square(probes @ gradients.T).sum(axis=1)) / 200,
            rtol=1e-11,
        )


@pytest.mark.parametrize("route", ["dual", "matrix_free"])
def test_gradients_kept_or_computed_again_give_the_same_bits(
    route: str, folder: StudyFolder
) -> None:
    study, tight = study_of(route), study_of(route, memory_gb=RECOMPUTED[route])
    reasons = [plan_large(each, each.large.architectures()[0]).reason for each in (study, tight)]
    assert ["again" in reason for reason in reasons] == [False, True]

    first = computed(study, folder)
    second = computed(tight, StudyFolder(folder.root / "tight"))

    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }
    # memory is no part of the identity
    compute_large(tight, tight.large.architectures()[0], folder, execution=QUIET)


@pytest.mark.parametrize(
    ("route", "looks"),
    [("dual", 3), ("dual", 14), ("matrix_free", 30), ("matrix_free", 60), ("matrix_free", 90)],
)
def test_interrupted_runs_end_with_the_same_bits(
    route: str,
    looks: int,
    folder: StudyFolder,
    stop_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = study_of(route, memory_gb=RECOMPUTED[route])
    network = study.large.architectures()[0]
    with monkeypatch.context() as patched:
        patched.setattr(signals, "stop_requested", lambda: False)
        reference = computed(study, StudyFolder(folder.root / "undisturbed"))

    interrupted = 0
    for _ in range(40):
        with monkeypatch.context() as patched:
            patched.setattr(signals, "stop_requested", _after(looks))
            try:
                compute_large(study, network, folder, execution=QUIET)
                break
            except Interrupted:
                interrupted += 1
                looks += 7  # a pass that never ends would otherwise be begun for ever
    assert interrupted >= 1
    found = read_large(study, network, folder)
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in reference.items()
    }
    assert not list(folder.work(large_cell(study, plan_large(study, network))).glob("states/*"))


def _after(looks: int) -> Callable[[], bool]:
    seen = iter(range(10**9))
    return lambda: next(seen) >= looks


def test_a_finished_network_is_passed_over_and_damage_is_computed_again(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of("dual")
    network = study.large.architectures()[0]
    reference = computed(study, folder)
    path = folder.large(large_cell(study, plan_large(study, network)))
    made = path.stat().st_mtime_ns
    computed(study, folder)
    assert path.stat().st_mtime_ns == made
    assert [f.state for f in verify_study(study, folder, quiet=True) if path in f.paths] == [
        State.SOUND
    ]

    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert [f.state for f in verify_study(study, folder, quiet=True) if path in f.paths] == [
        State.DAMAGED
    ]
    with pytest.raises(DamagedResult, match=r"spectrum\.npz"):
        read_large(study, network, folder)
    again = computed(study, folder)
    assert again["eigenvalues"].tobytes() == reference["eigenvalues"].tobytes()
    assert len(list(folder.quarantine.iterdir())) == 1


def test_other_work_is_refused(folder: StudyFolder) -> None:
    computed(study_of("dual"), folder)
    other = study_of("dual", leading=7)
    with pytest.raises(DifferentWork, match="leading 7, found 6"):
        compute_large(other, other.large.architectures()[0], folder, execution=QUIET)
    with pytest.raises(BadInput, match="one of d03-w014"):
        large_network(other, "d01-w001")


def test_damaged_states_are_set_aside(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of("matrix_free", memory_gb=RECOMPUTED["matrix_free"])
    network = study.large.architectures()[0]
    reference = computed(study, StudyFolder(folder.root / "undisturbed"))
    with monkeypatch.context() as patched:
        patched.setattr(signals, "stop_requested", _after(60))
        with pytest.raises(Interrupted):
            compute_large(study, network, folder, execution=QUIET)
    (state,) = folder.work(large_cell(study, plan_large(study, network))).glob(
        "states/krylov-*.npz"
    )
    state.write_bytes(state.read_bytes()[:-100])

    found = computed(study, folder)

    assert found["leading"].tobytes() == reference["leading"].tobytes()
    assert len(list(folder.quarantine.iterdir())) == 1


def test_pairs_that_do_not_converge_are_said_so(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(matrix_free, "MOST_PASSES", 2)
    found = computed(study_of("matrix_free"), folder)
    assert not found["converged"]
    assert int(found["passes"]) == 2
    assert "not all of the 6 leading pairs converged" in caplog.text
    values, _ = exact(study_of("matrix_free"))
    nearest = np.abs(found["leading"][:, None] - values).min(axis=1)
    # some eigenvalue lies within the residual
    assert np.all(nearest <= found["residuals"] * (1 + 1e-9))
    assert found["residuals"].max() > 1e-4 * values[0]


def test_the_receipt_says_what_it_took(folder: StudyFolder) -> None:
    study = study_of("dual", memory_gb=RECOMPUTED["dual"])
    plan = plan_large(study, study.large.architectures()[0])
    computed(study, folder)
    receipt = json.loads(array_files.receipt_of(folder.large(large_cell(study, plan))).read_text())
    # 200 samples are 4 tiles; two held: 200 + 128; then vectors and residuals, less what is kept
    # from one pass to the other.
    assert plan.tiles_held == 2
    # a whole tile is kept, and the last, of 8
    assert 8 * 463 * (64 + 8) <= plan.cache_bytes < 8 * 463 * 128
    assert receipt["gradients_computed"] == 200 + 128 + 2 * 200 - (64 + 8)
    assert receipt["memory"]["planned"] == plan.work.memory <= 2.0e6


def test_routes_follow_memory() -> None:
    network = Study.from_mapping({"large": {"depth": [4], "width": [577]}}).large.architectures()[0]
    routes = {}
    for samples, memory in ((1000, 3.0), (20_000, 3.0), (20_000, 30.0), (2_000_000, 3.0)):
        study = Study.from_mapping(
            {"large": {"depth": [4], "width": [577], "samples": samples, "memory_gb": memory}}
        )
        plan = plan_large(study, network)
        assert plan.work.memory <= memory * 1e9
        routes[samples, memory] = plan.route
    assert list(routes.values()) == [
        LargeRoute.DUAL,
        LargeRoute.MATRIX_FREE,
        LargeRoute.DUAL,
        LargeRoute.MATRIX_FREE,
    ]
    with pytest.raises(
        DoesNotFit,
        match=(
            r"large\.memory_gb: expected at least 2\.\d+ for P = 1,002,250 \(dual or matrix_free\),"
            r" found 1;"
        ),
    ):
        plan_large(
            Study.from_mapping({"large": {"depth": [4], "width": [577], "memory_gb": 1.0}}), network
        )
    with pytest.raises(DoesNotFit, match=r"large\.samples: expected at most 32,766"):
        plan_large(
            Study.from_mapping({"large": {"samples": 40_000, "route": "dual", "memory_gb": 100.0}}),
            network,
        )


@pytest.mark.parametrize("route", ["dual", "matrix_free"])
def test_the_peak_is_within_the_plan(route: str, folder: StudyFolder) -> None:
    """What numpy and Python hold at the peak, beside the interpreter, is at most what the plan
    said: O(P (b + k)), never N x P or P x P.
    """
    sizes = {
        "depth": [2],
        "width": [80],
        "samples": 640,
        "memory_gb": 0.0195 if route == "dual" else 0.0175,
        "steps": 2,
    }
    study = study_of(route, **sizes)
    network = study.large.architectures()[0]
    plan = plan_large(study, network)
    sampler_of_network(study, network).block(0, 1)  # compiles, which takes memory of its own
    tracemalloc.start()
    compute_large(study, network, folder, execution=QUIET)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert plan.work.memory <= 1e9 * study.large.memory_gb
    assert peak < plan.work.memory + 10**6  # text, receipts, progress
    assert plan.work.memory < 0.6 * 8 * 640 * network.parameters < 0.1 * 8 * network.parameters**2
    assert peak > 0.5 * plan.work.memory  # or the bound says nothing


def test_numbers_of_the_plan_are_those_of_the_code() -> None:
    samples, held = 330, 4
    blocks = dual.blocks_of_tiles(range(6), held)
    assert cost_large.computed_gradients(samples, held) == sum(
        min(64 * (block[-1] + 1), samples) for block in blocks
    )


def test_a_machine_that_is_too_small_is_refused() -> None:
    study = Study.from_mapping(
        {"large": {"depth": [4], "width": [577], "samples": 1000, "memory_gb": 4.0}}
    )
    cost_large.require_room(study, 4 * 10**9)
    with pytest.raises(
        DoesNotFit,
        match=(
            r"large: memory: expected 3\.\d+ GB for d04-w577, found 3 GB available; lower"
            r" large\.memory_gb"
        ),
    ):
        cost_large.require_room(study, 3 * 10**9)
