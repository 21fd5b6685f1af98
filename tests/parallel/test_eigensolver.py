"""The distributed eigensolver under real MPI ranks, against LAPACK and the route on one rank; and
how it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from builders import EPSILON, graded_matrix, ill_conditioned_graded_matrix, with_spectrum
from on_ranks import on_ranks

from eigenscape.active_subspace.spectrum import SpectrumStatus, spectrum_of
from eigenscape.config.study import Study
from eigenscape.distributed.peak_memory import peak_bytes
from eigenscape.stages.common.configure import write_study
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.verified import read_confidence, read_verified_spectrum
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import create_array, digest_of_matrix

pytestmark = pytest.mark.mpi

PROGRAM = Path(__file__).with_name("solve_on_grid.py")
GRIDS = [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2)]


def run(ranks: int, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start ranks of a Python program, one thread each."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    launch = [*on_ranks(ranks), *command]
    return subprocess.run(
        launch, capture_output=True, text=True, timeout=200, check=False, env=environment
    )


def stored(folder: Path, matrix: np.ndarray) -> None:
    """A store with a matrix in it, as the stage `second-moment` writes one."""
    size = len(matrix)
    group = zarr.create_group(folder / "matrix.zarr")
    create_array(group, "second_moment", (size, size), ("parameter", "parameter_"))[...] = matrix
    create_array(group, "gradient_mean", (size,), ("parameter",))[...] = 0.0
    (folder / "matrix.digest").write_text(digest_of_matrix(matrix, np.zeros(size)))


def solved(
    folder: Path, matrix: np.ndarray, grid: tuple[int, int], kind: str, *samples: int
) -> dict[str, np.ndarray]:
    """What the ranks of a grid find."""
    stored(folder, matrix)
    finished = run(
        grid[0] * grid[1], str(PROGRAM), str(folder), *map(str, grid), kind, *map(str, samples)
    )
    assert finished.returncode == 0, finished.stderr
    assert "illegal value" not in finished.stderr + finished.stdout, "ScaLAPACK refused an argument"
    with np.load(folder / "solved.npz") as file:
        return dict(file)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_values_and_vectors_are_those_of_lapack(tmp_path: Path, grid: tuple[int, int]) -> None:
    """Blocks of 64 over 261 rows: a last block that is not full, and ranks with unequal parts."""
    matrix = with_spectrum(np.logspace(0, -6, 261))
    found = solved(tmp_path, matrix, grid, "vectors")
    values, vectors = found["values"], found["vectors"]
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix)[::-1], rtol=0, atol=1e-13)
    np.testing.assert_allclose(values, np.logspace(0, -6, 261), rtol=0, atol=1e-13)
    # backward stable: |C V - V L| and |V^T V - 1| are a small multiple of P eps = 6e-14
    np.testing.assert_allclose(matrix @ vectors, vectors * values, rtol=0, atol=261 * EPSILON)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(261), rtol=0, atol=261 * EPSILON)
    assert (vectors[np.abs(vectors).argmax(axis=0), range(261)] > 0).all()


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_values_alone_are_those_of_lapack(tmp_path: Path, grid: tuple[int, int]) -> None:
    matrix = with_spectrum(np.logspace(0, -6, 261), seed=1)
    found = solved(tmp_path, matrix, grid, "values")
    np.testing.assert_allclose(
        found["values"], np.linalg.eigvalsh(matrix)[::-1], rtol=0, atol=1e-13
    )
    assert found["vectors"].size == 0


@pytest.mark.parametrize("size", [3, 70])
def test_matrices_of_less_than_a_block_a_rank(tmp_path: Path, size: int) -> None:
    matrix = with_spectrum(np.linspace(2, 1, size))
    found = solved(tmp_path, matrix, (1, 2), "vectors")
    np.testing.assert_allclose(found["values"], np.linspace(2, 1, size), rtol=0, atol=1e-13)
    np.testing.assert_allclose(
        matrix @ found["vectors"], found["vectors"] * found["values"], rtol=0, atol=2e-13
    )


@pytest.mark.parametrize("grid", [(1, 2), (2, 1)], ids=str)
def test_several_chunks_of_the_store(tmp_path: Path, grid: tuple[int, int]) -> None:
    """1,100 parameters in random order of size: three chunks of the lower triangle, dealt out and
    sorted on the way.
    """
    matrix = graded_matrix(1100, 4)
    found = solved(tmp_path, matrix, grid, "vectors")
    largest = float(found["values"][0])
    np.testing.assert_allclose(
        found["values"], np.linalg.eigvalsh(matrix)[::-1], rtol=0, atol=1e-13 * largest
    )
    residual = matrix @ found["vectors"] - found["vectors"] * found["values"]
    np.testing.assert_allclose(
        residual, np.zeros_like(matrix), rtol=0, atol=1100 * EPSILON * largest
    )


@pytest.mark.parametrize("grid", [(1, 1), (1, 3), (2, 2)], ids=str)
def test_long_spectra_are_resolved_as_on_one_rank(tmp_path: Path, grid: tuple[int, int]) -> None:
    """26 decades; relative errors are P eps cond(A), and A, a Gram matrix of four times as many
    rows as columns, has condition 9.
    """
    matrix = graded_matrix(150, 26)
    found, reference = solved(tmp_path, matrix, grid, "values"), spectrum_of(matrix)
    assert (str(found["status"]), str(found["route"])) == ("finite", "graded")
    np.testing.assert_allclose(found["values"], reference.eigenvalues, rtol=150 * EPSILON * 9)


@pytest.mark.parametrize("grid", [(1, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("least", [1e-12, 1e-16])
def test_a_factor_is_trusted_by_the_smallest_eigenvalue_of_the_scaled_matrix(
    tmp_path: Path, grid: tuple[int, int], least: float
) -> None:
    """P eps / lambda_min(A), which bounds the errors, is 0.03 at lambda_min(A) = 1e-12 and 333 at
    1e-16.
    """
    matrix = ill_conditioned_graded_matrix(150, 26, least)
    found, reference = solved(tmp_path, matrix, grid, "values"), spectrum_of(matrix)
    assert (str(found["status"]) == "finite") == (least == 1e-12) == reference.resolved
    if least == 1e-12:
        np.testing.assert_allclose(found["values"], reference.eigenvalues, rtol=0.03)


@pytest.mark.parametrize(
    ("matrix", "samples", "status", "rank"),
    [
        (np.diag([4.0, 0.0, 1.0, 1e-14]), 100, SpectrumStatus.RANK_DEFICIENT, 3),
        (
            np.ones((6, 6)),
            5,
            SpectrumStatus.RANK_DEFICIENT,
            1,
        ),  # fewer samples than parameters: the rank is at most N
        (
            np.ones((6, 6)),
            100,
            SpectrumStatus.BELOW_FLOOR,
            1,
        ),  # a null direction that only pivoting would tell from rounding
        (np.diag([1.0, 0.5]), 2, SpectrumStatus.UNDERSAMPLED, 2),
    ],
)
def test_what_the_smallest_eigenvalue_is_worth(
    tmp_path: Path, matrix: np.ndarray, samples: int, status: SpectrumStatus, rank: int
) -> None:
    found = solved(tmp_path, matrix, (1, 2), "values", samples)
    assert (str(found["status"]), int(found["rank"])) == (status, rank)
    np.testing.assert_allclose(
        found["values"], np.linalg.eigvalsh(matrix)[::-1], rtol=0, atol=6 * 6 * EPSILON
    )


@pytest.mark.parametrize(("size", "kind"), [(3000, "values"), (2000, "vectors")])
def test_no_rank_takes_more_memory_than_is_said(tmp_path: Path, size: int, kind: str) -> None:
    """Two ranks. With values alone, a rank that held C whole beside its part would be over."""
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    solved(tmp_path, np.exp(-distance / 3.0), (1, 2), kind)
    grown = [int((tmp_path / f"peak-{rank}.txt").read_text()) for rank in range(2)]
    assert max(grown) <= peak_bytes(size, 2, vectors=kind == "vectors")
    assert max(grown) >= 8 * size * size / 2, "less than the matrix itself: nothing was measured"


def study_in(folder: Path, **sections: dict[str, object]) -> tuple[Study, StudyFolder]:
    """A study whose headline has its second moment."""
    study = Study.from_mapping({"study": "ranks", "grid": {"depth": [1], "width": [5]}, **sections})
    study_folder = StudyFolder(folder)
    write_study(study, study_folder)
    compute_second_moment(study, study.headline_cell, study_folder, execution=Execution(quiet=True))
    return study, study_folder


def spectrum(
    study: Study, folder: StudyFolder, ranks: int, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the stage for the headline as the workflow does."""
    stage = (
        "-m",
        "eigenscape",
        "spectrum",
        study.headline_cell.folder,
        "--ranks",
        str(ranks),
        "--study",
        str(folder.study),
    )
    return run(ranks, *stage, *options, **variables)


@pytest.mark.parametrize(
    ("sections", "ranks"),
    [
        (
            {"headline": {"depth": 2, "width": 32, "samples": 1300}},
            2,
        ),  # 1,153 parameters: three chunks of the lower triangle
        (
            {
                "headline": {"depth": 2, "width": 10, "samples": 600},
                "prior": {"kind": "lecun_normal"},
            },
            3,
        ),  # null biases
    ],
)
def test_the_stage_says_what_it_says_on_one_rank(
    tmp_path: Path, sections: dict[str, dict[str, object]], ranks: int
) -> None:
    study, alone = study_in(tmp_path / "alone", **sections)
    shutil.copytree(alone.root, tmp_path / "together")
    together = StudyFolder(tmp_path / "together")
    cell = study.headline_cell
    compute_spectrum(study, cell, alone, vectors=True)
    finished = spectrum(study, together, ranks, "--vectors")
    assert finished.returncode == 0, finished.stderr

    expected, found = read_verified_spectrum(cell, alone), read_verified_spectrum(cell, together)
    assert (found.status, found.route, found.rank) == (
        expected.status,
        expected.route,
        expected.rank,
    )
    largest = expected.eigenvalues[0]
    np.testing.assert_allclose(
        found.eigenvalues, expected.eigenvalues, rtol=0, atol=1e-13 * largest
    )
    assert np.array_equal(found.diagonal, expected.diagonal)
    assert found.eigenvectors is not None
    assert expected.eigenvectors is not None
    # vectors of well separated eigenvalues agree to eps lambda_1 / gap, signs included
    separated = np.flatnonzero(-np.diff(expected.eigenvalues) > 1e-3 * largest)
    alone_in_its_gap = [index for index in separated if index == 0 or index - 1 in separated]
    assert alone_in_its_gap
    for index in alone_in_its_gap:
        np.testing.assert_allclose(
            found.eigenvectors[:, index], expected.eigenvectors[:, index], rtol=0, atol=1e-9
        )

    receipt = json.loads(together.receipt(together.spectrum(cell)).read_text())
    assert (receipt["ranks"], receipt["vectors"]) == (ranks, True)
    assert all(np.isnan(value) for value in read_confidence(cell, together).values())
    before = together.receipt(together.spectrum(cell)).stat().st_mtime_ns
    assert spectrum(study, together, ranks).returncode == 0
    assert together.receipt(together.spectrum(cell)).stat().st_mtime_ns == before, (
        "a confirmed spectrum was computed again"
    )


SMALL = {"headline": {"depth": 2, "width": 8, "samples": 200}}


def test_without_a_library_the_message_says_what_to_do(tmp_path: Path) -> None:
    study, folder = study_in(tmp_path, **SMALL)
    finished = spectrum(study, folder, 2, EIGENSCAPE_SCALAPACK=str(tmp_path / "libnothing.so"))
    assert finished.returncode == 2
    assert (
        "EIGENSCAPE_SCALAPACK: expected the file of a ScaLAPACK library, found" in finished.stderr
    )
    assert "Traceback" not in finished.stderr
    assert not folder.receipt(folder.spectrum(study.headline_cell)).exists()


def test_a_library_that_is_none_is_refused(tmp_path: Path) -> None:
    study, folder = study_in(tmp_path, **SMALL)
    other = next(iter(Path(np.__file__).parent.glob("_core/_multiarray_umath*.so")))
    finished = spectrum(study, folder, 2, EIGENSCAPE_SCALAPACK=str(other))
    assert finished.returncode == 2
    assert 'pip install "eigenscape[scalapack]"' in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("chunk", ["second_moment/c/1/0", "gradient_mean/c/0"])
def test_damage_that_one_rank_finds_ends_all_ranks(tmp_path: Path, chunk: str) -> None:
    """Each chunk is read by one rank; the others must not wait for it."""
    study, folder = study_in(tmp_path, headline={"depth": 2, "width": 32, "samples": 50})
    damaged = folder.second_moment(study.headline_cell) / chunk
    data = bytearray(damaged.read_bytes())
    data[9] ^= 1
    damaged.write_bytes(data)
    finished = spectrum(study, folder, 2)
    assert finished.returncode == 1
    assert "cannot be read" in finished.stderr
    assert "run again" in finished.stderr
    assert not folder.receipt(folder.spectrum(study.headline_cell)).exists()


def test_a_second_moment_that_its_receipt_does_not_confirm_is_refused(tmp_path: Path) -> None:
    study, folder = study_in(tmp_path, **SMALL)
    receipt = folder.receipt(folder.second_moment(study.headline_cell))
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), "digest": "0" * 32}))
    finished = spectrum(study, folder, 2)
    assert finished.returncode == 1
    assert "the numbers are not those that the receipt confirms" in finished.stderr
