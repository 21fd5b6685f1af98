"""All eigenvalues of a large dense symmetric matrix by a reduction in two stages: to a band, then
to tridiagonal form.

Half of a reduction in one stage consists of matrix-vector products, which are limited by memory
bandwidth. A reduction to a band consists almost entirely of matrix products (C. Bischof, B. Lang,
X. Sun, A framework for symmetric band reduction, ACM Trans. Math. Softw. 26, 2000; A. Haidar, H.
Ltaief, J. Dongarra, SC 2011). LAPACK has both stages since 3.7, ``dsytrd_sy2sb`` and
``dsytrd_sb2st``, for values only; SciPy binds neither. They come from the OpenBLAS of the optional
package scipy-openblas32, which is meant for linking. LAPACK's driver of both, ``dsyevd_2stage``,
takes a band of 32; 64 is 5 to 13 % faster from P = 3,000 on (benchmarks/eigensolvers.py).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import importlib.util
from pathlib import Path

import numpy as np
from scipy.linalg import lapack

PACKAGE = "scipy-openblas32"
"""The package with 32-bit integers, the default of LAPACK's interfaces."""

BAND = 64
"""Number of sub-diagonals of the band: the first stage gains from more of them, the second, of 6
P^2 BAND flops, loses."""


@functools.cache
def library() -> ctypes.CDLL | None:
    """Load the OpenBLAS of the optional package, or return None if it is not installed.

    The package itself is not imported: it would load its library globally, and its symbols have the
    same names as SciPy's.
    """
    specification = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if specification is None or specification.origin is None:
        return None
    files = sorted((Path(specification.origin).parent / "lib").glob("libscipy_openblas*"))
    try:
        loaded = ctypes.CDLL(str(files[0])) if files else None
    except OSError:
        return None
    return (
        loaded
        if hasattr(loaded, "scipy_dsytrd_sy2sb_") and hasattr(loaded, "scipy_dsytrd_sb2st_")
        else None
    )


def version() -> str:
    """Return the version of the optional package; empty if it is not installed."""
    return importlib.metadata.version(PACKAGE) if library() is not None else ""


def eigenvalues_in_two_stages(matrix: np.ndarray) -> np.ndarray:
    """Compute all eigenvalues, ascending; `library` must be available.

    Args:
        matrix: (P, P), symmetric, in Fortran order, P > 1; its lower triangle is read, and the
            matrix is destroyed.

    Raises:
        numpy.linalg.LinAlgError: no convergence, or the matrix is not finite.

    Example:
        >>> if library() is not None:
        ...     matrix = np.array([[2.0, 1.0], [1.0, 2.0]], order="F")
        ...     assert np.allclose(eigenvalues_in_two_stages(matrix), [1, 3])
    """
    diagonal, off_diagonal = _tridiagonal(_band(matrix))
    if not (np.isfinite(diagonal).all() and np.isfinite(off_diagonal).all()):
        raise np.linalg.LinAlgError("the tridiagonal form is not finite")
    values, info = lapack.dsterf(diagonal, off_diagonal)
    if info != 0:
        raise np.linalg.LinAlgError(f"dsterf: info = {info}")
    return np.asarray(values)


def _band(matrix: np.ndarray) -> np.ndarray:
    """Reduce a matrix to its lower band (b + 1, P), in Fortran order, with the same eigenvalues:
    sub-diagonal i is in row i.
    """
    size = len(matrix)
    width = min(BAND, size - 1)
    band, scales = np.zeros((width + 1, size), order="F"), np.empty(size)
    shape, rows = (_number(size), _number(width)), _number(width + 1)

    def reduce(work: np.ndarray, length: int) -> None:
        _call(
            "dsytrd_sy2sb",
            b"L",
            *shape,
            matrix,
            _number(size),
            band,
            rows,
            scales,
            work,
            _number(length),
        )

    query = np.zeros(1)
    reduce(query, -1)
    reduce(np.empty(int(query[0])), int(query[0]))
    return band


def _tridiagonal(band: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reduce a band matrix to the diagonal (P,) and off-diagonal (P - 1,) of a tridiagonal matrix
    with the same eigenvalues.
    """
    width, size = len(band) - 1, band.shape[1]
    diagonal, off_diagonal = np.empty(size), np.empty(size)
    shape, rows = (_number(size), _number(width)), _number(width + 1)

    def reduce(reflectors: np.ndarray, reflectors_out: int, work: np.ndarray, length: int) -> None:
        sizes = (reflectors, _number(reflectors_out), work, _number(length))
        _call("dsytrd_sb2st", b"Y", b"N", b"L", *shape, band, rows, diagonal, off_diagonal, *sizes)

    reflectors_out, length = np.zeros(1), np.zeros(1)
    reduce(reflectors_out, -1, length, -1)
    reduce(
        np.empty(int(reflectors_out[0])),
        int(reflectors_out[0]),
        np.empty(int(length[0])),
        int(length[0]),
    )
    return diagonal, off_diagonal[: size - 1]


def _number(value: int) -> ctypes.c_int:
    return ctypes.c_int(value)


def _call(name: str, *arguments: bytes | ctypes.c_int | np.ndarray) -> None:
    """Call a LAPACK routine, all of whose arguments are addresses, and check its ``info``."""
    loaded, info = library(), ctypes.c_int()
    assert loaded is not None  # noqa: S101 - callers have asked
    passed = [
        argument.ctypes.data_as(ctypes.c_void_p) if isinstance(argument, np.ndarray) else argument
        for argument in arguments
    ]
    pointers = [
        ctypes.byref(each) if isinstance(each, ctypes.c_int) else each for each in (*passed, info)
    ]
    getattr(loaded, f"scipy_{name}_")(*pointers)
    if info.value != 0:
        raise np.linalg.LinAlgError(f"{name}: info = {info.value}")
