"""What can be said of ScaLAPACK without several ranks: what is refused beforehand, and what a
missing library says.
"""

from pathlib import Path

import pytest

from eigenscape.distributed.block_cyclic import grid_shape, held_count
from eigenscape.distributed.scalapack import require_countable, vectors_work_space
from eigenscape.distributed.scalapack_library import LIBRARY_VARIABLE, load
from eigenscape.errors import BadInput, DoesNotFit


def test_work_that_32_bits_cannot_count_is_refused_with_a_number_of_ranks_that_is_enough() -> None:
    with pytest.raises(
        DoesNotFit,
        match=r"^ranks: expected at least 3 for 50,000 parameters, found 2; .*start more ranks$",
    ):
        require_countable(50_000, 2, vectors=True)
    # by hand: 2 P^2 / R numbers of work space are 2^31 at R = 2.33
    assert 2 * 50_000**2 / 2 > 2**31 > 2 * 50_000**2 / 3
    require_countable(50_000, 3, vectors=True)
    # on 2 x 2, MKL's panels come to that: its own answer was seen to wrap to a negative number
    # there
    with pytest.raises(DoesNotFit, match="expected at least 5 for 50,000 parameters, found 4"):
        require_countable(50_000, 4, vectors=True)
    require_countable(50_000, 2, vectors=False)


def test_the_work_space_is_at_least_what_the_manual_asks() -> None:
    """LWORK of PDSYEVD, from its page, for a few shapes."""
    for size, ranks in [(3, 2), (64, 4), (1000, 6), (100_000, 64)]:
        lines, columns = grid_shape(ranks)
        rows, width = held_count(size, 0, lines), held_count(size, 0, columns)
        tridiagonal = 3 * size + max(64 * (rows + 1), 3 * 64)
        assert (
            vectors_work_space(size, rows, width, lines)
            >= max(1 + 6 * size + 2 * rows * width, tridiagonal) + 2 * size
        )


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(LIBRARY_VARIABLE, str(tmp_path / "libscalapack.so"))
    with pytest.raises(
        BadInput,
        match=(
            r"^EIGENSCAPE_SCALAPACK: expected the file of a ScaLAPACK library, found"
            r" .*libscalapack\.so; correct it"
        ),
    ):
        load()
