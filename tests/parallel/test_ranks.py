"""The same study on 1, 2, 3 and 4 MPI ranks: the same bits; and a wrong launch is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from on_ranks import on_ranks

from eigenscape.config.study import Study
from eigenscape.stages.common.configure import write_study
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_gradient_mean, read_second_moment

pytestmark = pytest.mark.mpi

RANKS = [1, 2, 3, 4]


def study_in(folder: Path, **sections: dict[str, object]) -> tuple[Study, StudyFolder]:
    """A study of one headline cell, ready for the stage `second-moment`."""
    study = Study.from_mapping({"study": "ranks", "grid": {"depth": [1], "width": [5]}, **sections})
    study_folder = StudyFolder(folder)
    write_study(study, study_folder)
    return study, study_folder


def second_moment(
    study: Study, folder: StudyFolder, ranks: int, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the stage for the headline as the workflow does."""
    command = [
        *(
            *on_ranks(ranks),
            "-m",
            "eigenscape",
            "second-moment",
        ),
        *(
            study.headline_cell.folder,
            "--ranks",
            str(ranks),
            "--study",
            str(folder.study),
            *options,
        ),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("depth", "width", "samples"),
    [
        (3, 30, 1001),  # two bands of columns, N not divisible by ranks or blocks
        (2, 7, 3),  # N below the ranks, below the slots and below P
        (1, 5, 64),
    ],
)
def test_same_bits_for_any_number_of_ranks(
    tmp_path: Path, depth: int, width: int, samples: int
) -> None:
    matrices, means, digests = [], [], []
    for ranks in RANKS:
        study, folder = study_in(
            tmp_path / f"ranks-{ranks}",
            headline={"depth": depth, "width": width, "samples": samples},
        )
        run = second_moment(study, folder, ranks)
        assert run.returncode == 0, run.stderr
        store = folder.second_moment(study.headline_cell)
        matrices.append(read_second_moment(store))
        means.append(read_gradient_mean(store))
        digests.append(json.loads(folder.receipt(store).read_text())["digest"])
    for matrix, mean in zip(matrices[1:], means[1:], strict=True):
        assert matrix.tobytes() == matrices[0].tobytes()
        assert mean.tobytes() == means[0].tobytes()
    assert len(set(digests)) == 1


def test_interrupted_on_three_ranks_resumes_on_two_with_the_same_bits(tmp_path: Path) -> None:
    """SIGTERM reaches the ranks through mpiexec; what they had is kept, and the next run, with
    fewer ranks, goes on from it.
    """
    sections = {"headline": {"depth": 3, "width": 30, "samples": 60_000}}
    study, folder = study_in(tmp_path / "interrupted", **sections)
    command = [
        *(
            *on_ranks(3),
            "-m",
            "eigenscape",
            "second-moment",
        ),
        *(
            study.headline_cell.folder,
            "--ranks",
            "3",
            "--study",
            str(folder.study),
            "--checkpoint-seconds",
            "0",
        ),
    ]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    shards = folder.shards(study.headline_cell)
    try:
        while running.poll() is None and len(list(shards.glob("node-*/band-*.json"))) < 2:
            try:
                running.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        running.terminate()
        _, messages = running.communicate(timeout=60)
    finally:
        running.kill()
    assert "run the same command to resume" in messages
    assert not folder.receipt(folder.second_moment(study.headline_cell)).exists()
    assert list(shards.glob("node-*/band-*.json"))

    resumed = second_moment(study, folder, 2)
    assert resumed.returncode == 0, resumed.stderr
    _, undisturbed = study_in(tmp_path / "undisturbed", **sections)
    assert second_moment(study, undisturbed, 2).returncode == 0
    store, reference = (
        folder.second_moment(study.headline_cell),
        undisturbed.second_moment(study.headline_cell),
    )
    assert read_second_moment(store).tobytes() == read_second_moment(reference).tobytes()
    assert not shards.exists()


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_bands_dealt_out_give_the_bits_of_samples_dealt_out(tmp_path: Path, ranks: int) -> None:
    """Three bands of columns, so that of four ranks one owns nothing; N divisible by neither blocks
    nor ranks.
    """
    sections = {"headline": {"depth": 3, "width": 33, "samples": 5003}}
    study, by_bands = study_in(tmp_path / "bands", **sections)
    _, by_samples = study_in(tmp_path / "samples", **sections)

    for folder, share in ((by_bands, "bands"), (by_samples, "samples")):
        run = second_moment(study, folder, ranks, "--share", share)
        assert run.returncode == 0, run.stderr

    stores = [folder.second_moment(study.headline_cell) for folder in (by_bands, by_samples)]
    receipts = [
        json.loads(folder.receipt(store).read_text())
        for folder, store in zip((by_bands, by_samples), stores, strict=True)
    ]
    assert [receipt["share"] for receipt in receipts] == ["bands", "samples"]
    assert receipts[0]["digest"] == receipts[1]["digest"]
    assert receipts[0]["mean_loss"] == receipts[1]["mean_loss"]
    assert read_second_moment(stores[0]).tobytes() == read_second_moment(stores[1]).tobytes()


def test_device_buffers_give_the_bits_of_host_buffers(tmp_path: Path) -> None:
    """torch tensors on the CPU handed to MPI as they are: what a GPU with a CUDA-aware MPI does, up
    to the device.
    """
    sections = {"headline": {"depth": 2, "width": 12, "samples": 700}}
    digests = []
    for options in ((), ("--device-buffers",)):
        study, folder = study_in(tmp_path / f"buffers{len(options)}", **sections)
        run = second_moment(study, folder, 2, "--device", "torch", "--share", "bands", *options)
        assert run.returncode == 0, run.stderr
        digests.append(
            json.loads(folder.receipt(folder.second_moment(study.headline_cell)).read_text())[
                "digest"
            ]
        )

    assert digests[0] == digests[1]


def test_a_launcher_that_starts_singletons_is_refused(tmp_path: Path) -> None:
    study, folder = study_in(tmp_path, headline={"depth": 1, "width": 5, "samples": 10})
    command = [
        sys.executable,
        "-m",
        "eigenscape",
        "second-moment",
        study.headline_cell.folder,
        "--ranks",
        "2",
        "--study",
        str(folder.study),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "ranks: expected 2, found 1" in run.stderr
    assert not folder.second_moment(study.headline_cell).exists()


def test_a_failure_on_one_rank_ends_all_ranks(tmp_path: Path) -> None:
    """A prior in float32 whose gradients overflow fails on the rank that draws the sample; the
    others must not wait.
    """
    study, folder = study_in(
        tmp_path,
        headline={"depth": 60, "width": 40, "samples": 64},
        network={"activation": "relu"},
        sampling={"precision": "float32"},
    )
    run = second_moment(study, folder, 2)
    assert run.returncode != 0
    assert "expected a finite gradient" in run.stderr
    assert not folder.receipt(folder.second_moment(study.headline_cell)).exists()


def test_mean_gradient_is_the_mean_over_all_ranks(tmp_path: Path) -> None:
    """Against a plain mean of the gradients themselves, to the rounding of a sum of 50 terms."""
    from eigenscape.stages.common.samplers import sampler_of_network

    study, folder = study_in(tmp_path, headline={"depth": 2, "width": 5, "samples": 50})
    assert second_moment(study, folder, 3).returncode == 0
    gradients, _ = sampler_of_network(study, study.headline_cell.architecture).block(0, 50)
    mean = read_gradient_mean(folder.second_moment(study.headline_cell))
    np.testing.assert_allclose(
        mean, gradients.mean(axis=0), rtol=0, atol=50 * 2.3e-16 * np.abs(gradients).max()
    )
