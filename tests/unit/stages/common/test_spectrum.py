"""The stage `spectrum`: from a verified second moment, once, and refused where something is
damaged.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from builders import small_study

from eigenscape.active_subspace.spectrum import Route, SpectrumStatus, rounding_variance
from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder

STUDY = small_study(headline={"samples": 200})


def prepared(folder: StudyFolder, study: Study = STUDY) -> Cell:
    compute_second_moment(study, study.headline_cell, folder, execution=Execution(quiet=True))
    return study.headline_cell


def test_eigenvalues_and_vectors_are_those_of_the_stored_matrix(folder: StudyFolder) -> None:
    cell = prepared(folder)
    receipt = json.loads(compute_spectrum(STUDY, cell, folder, vectors=True).read_bytes())
    matrix = second_moments.read_second_moment(folder.second_moment(cell))

    spectrum = read_verified_spectrum(cell, folder)

    assert spectrum.eigenvectors is not None
    by_hand = (spectrum.eigenvectors * spectrum.eigenvalues) @ spectrum.eigenvectors.T
    np.testing.assert_allclose(by_hand, matrix, atol=1e-13 * np.trace(matrix))
    assert np.array_equal(spectrum.diagonal, np.diagonal(matrix))
    assert spectrum.status is SpectrumStatus.FINITE
    assert (receipt["status"], receipt["vectors"], receipt["identity"]) == (
        "finite",
        True,
        cell.identity,
    )


def test_it_is_computed_once_and_again_only_for_vectors(folder: StudyFolder) -> None:
    cell = prepared(folder)

    def made(vectors: bool) -> int:
        return compute_spectrum(STUDY, cell, folder, vectors=vectors).stat().st_mtime_ns

    values_only = made(False)
    assert made(False) == values_only
    assert read_verified_spectrum(cell, folder).eigenvectors is None
    with_vectors = made(True)
    assert with_vectors > values_only
    assert read_verified_spectrum(cell, folder).eigenvectors is not None
    assert made(True) == made(False) == with_vectors


def test_zero_biases_are_reported_as_null_directions(folder: StudyFolder) -> None:
    study = small_study(headline={"samples": 200}, prior={"kind": "lecun_normal"})
    cell = prepared(folder, study)
    compute_spectrum(study, cell, folder, vectors=False)

    spectrum = read_verified_spectrum(cell, folder)

    # 2 x 4 hidden biases and that of the output carry no gradient: odd network, odd data.
    assert (spectrum.status, spectrum.rank) == (
        SpectrumStatus.RANK_DEFICIENT,
        cell.architecture.parameters - 9,
    )


def test_fewer_samples_than_parameters_are_rank_deficient(folder: StudyFolder) -> None:
    study = small_study(headline={"samples": 20})
    cell = prepared(folder, study)
    compute_spectrum(study, cell, folder, vectors=False)

    spectrum = read_verified_spectrum(cell, folder)

    assert (spectrum.status, spectrum.rank) == (SpectrumStatus.RANK_DEFICIENT, 20)
    matrix = second_moments.read_second_moment(folder.second_moment(cell))
    np.testing.assert_allclose(
        spectrum.eigenvalues,
        np.linalg.eigvalsh(matrix)[::-1],
        rtol=0,
        atol=33 * 2.3e-16 * spectrum.eigenvalues[0],
    )
    assert np.array_equal(spectrum.diagonal, np.diagonal(matrix))
    assert spectrum.route is Route.GRADIENTS


def test_a_damaged_second_moment_is_refused_where_it_is_not_solved_either(
    folder: StudyFolder,
) -> None:
    study = small_study(headline={"samples": 20})
    cell = prepared(folder, study)
    flip(folder.second_moment(cell) / "second_moment/c/0/0")

    with pytest.raises(
        DamagedResult,
        match=r"second_moment\.zarr: .* found damage, now in .*; run snakemake again$",
    ):
        compute_spectrum(study, cell, folder, vectors=False)


def test_without_a_second_moment_there_is_none(folder: StudyFolder) -> None:
    with pytest.raises(
        DamagedResult,
        match=r"no receipt, so second_moment\.zarr is not complete; run the stage second-moment",
    ):
        compute_spectrum(STUDY, STUDY.headline_cell, folder, vectors=False)
    with pytest.raises(DamagedResult, match=r"no receipt, so spectrum\.zarr is not complete"):
        read_verified_spectrum(STUDY.headline_cell, folder)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[5] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [flip, Path.unlink])
@pytest.mark.parametrize("chunk", ["second_moment/c/0/0", "gradient_mean/c/0"])
def test_a_damaged_second_moment_is_refused(
    folder: StudyFolder, damage: object, chunk: str
) -> None:
    cell = prepared(folder)
    damage(folder.second_moment(cell) / chunk)  # type: ignore[operator]

    with pytest.raises(
        DamagedResult,
        match=r"second_moment\.zarr: .* found damage, now in .*; run snakemake again$",
    ):
        compute_spectrum(STUDY, cell, folder, vectors=False)
    assert not folder.receipt(folder.spectrum(cell)).exists()


def test_a_second_moment_whose_numbers_the_receipt_does_not_confirm_is_refused(
    folder: StudyFolder,
) -> None:
    cell = prepared(folder)
    receipt = folder.receipt(folder.second_moment(cell))
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), "digest": "0" * 32}))

    with pytest.raises(DamagedResult, match="found damage, now in"):
        compute_spectrum(STUDY, cell, folder, vectors=False)


def test_a_spectrum_of_other_work_is_refused(folder: StudyFolder) -> None:
    compute_spectrum(STUDY, prepared(folder), folder, vectors=False)
    other = small_study(headline={"samples": 200}, network={"activation": "relu"})

    for ask in (
        lambda: compute_spectrum(other, other.headline_cell, folder, vectors=False),
        lambda: read_verified_spectrum(other.headline_cell, folder),
    ):
        with pytest.raises(DifferentWork, match="expected activation 'relu', found 'tanh'"):
            ask()


def test_dust_is_the_squared_rounding_of_each_layers_largest_gradient() -> None:
    architecture = Architecture(1, 2)
    diagonal = np.array([1.0, 9.0, 0.0, 0.0, 0.25, 0.0, 1e-40])

    dust = rounding_variance(diagonal, architecture, relative_noise=1e-3)

    np.testing.assert_allclose(dust, 1e-6 * np.array([9, 9, 9, 9, 0.25, 0.25, 0.25]), rtol=1e-15)
