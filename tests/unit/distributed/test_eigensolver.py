"""Reading a stored matrix into parts, without MPI: one rank plays each place of a grid in turn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from builders import graded_matrix

from eigenscape.distributed.eigensolver import DistributedEigenvectors, diagonal_of, read_sorted
from eigenscape.distributed.ranks import OneRank
from eigenscape.distributed.scalapack import ProcessGrid
from eigenscape.errors import DamagedResult
from eigenscape.store.second_moments import LowerTriangle, create_array, digest_of_matrix

SIZE = 1100
"""Three chunks of the lower triangle."""

ALONE = ProcessGrid(OneRank(), lines=1, columns=1, line=0, column=0, library=None, context=0)
MEMBERS = [
    replace(ALONE, lines=2, columns=3, line=line, column=column)
    for line in range(2)
    for column in range(3)
]


@pytest.fixture(scope="module")
def matrix() -> np.ndarray:
    return graded_matrix(SIZE, 4)


@pytest.fixture
def chunks(tmp_path: Path, matrix: np.ndarray) -> LowerTriangle:
    group = zarr.create_group(tmp_path / "cell" / "matrix.zarr")
    create_array(group, "second_moment", matrix.shape, ("parameter", "parameter_"))[...] = matrix
    create_array(group, "gradient_mean", (SIZE,), ("parameter",))[...] = 3.0
    return LowerTriangle(
        tmp_path / "cell" / "matrix.zarr", digest_of_matrix(matrix, np.full(SIZE, 3.0))
    )


def test_every_place_of_a_grid_gets_its_part_in_the_new_order(
    chunks: LowerTriangle, matrix: np.ndarray
) -> None:
    order = np.argsort(-diagonal_of(chunks, SIZE, OneRank()), kind="stable")
    position = np.argsort(order)
    in_order = matrix[np.ix_(order, order)]
    for member in [ALONE, *MEMBERS]:
        part = read_sorted(chunks, position, member)
        assert part.flags.f_contiguous
        assert np.array_equal(part, in_order[np.ix_(member.rows_of(SIZE), member.columns_of(SIZE))])


def test_parts_of_eigenvectors_add_up_to_chunks_in_the_old_order() -> None:
    generator = np.random.default_rng(0)
    size, ascending = 150, generator.standard_normal((150, 150))
    position, signs = generator.permutation(size), generator.choice([-1.0, 1.0], size)
    rows, columns = range(20, 150), range(0, 100)
    parts = [
        DistributedEigenvectors(
            member,
            size,
            position,
            signs,
            ascending[np.ix_(member.rows_of(size), member.columns_of(size))],
        )
        for member in MEMBERS
    ]
    whole = (ascending * signs)[position][:, ::-1]
    assert np.array_equal(
        sum(part.chunk(rows, columns, to=0) for part in parts), whole[20:150, 0:100]
    )


def test_other_numbers_than_the_receipt_confirms_are_damage(chunks: LowerTriangle) -> None:
    group = zarr.open_group(chunks.path, mode="r+")
    group["second_moment"][1050, 3] += 1e-9  # type: ignore[index, operator]
    with pytest.raises(
        DamagedResult, match=r"matrix\.zarr: the numbers are not those that the receipt confirms"
    ):
        read_sorted(chunks, np.arange(SIZE), ALONE)


@pytest.mark.parametrize("chunk", ["0/0", "1/0"])
def test_a_missing_chunk_is_damage(chunks: LowerTriangle, chunk: str) -> None:
    (chunks.path / "second_moment" / "c" / chunk).unlink()
    with pytest.raises(
        DamagedResult,
        match=(
            r"expected finite numbers, found a missing chunk \(row \d+, column 0\); delete .*cell"
            r" and run again"
        ),
    ):
        read_sorted(chunks, np.arange(SIZE), ALONE)


def test_an_asymmetric_matrix_is_damage(chunks: LowerTriangle) -> None:
    zarr.open_group(chunks.path, mode="r+")["second_moment"][7, 9] = 1.0  # type: ignore[index]
    with pytest.raises(DamagedResult, match="expected a symmetric matrix, found an asymmetric one"):
        diagonal_of(chunks, SIZE, OneRank())
