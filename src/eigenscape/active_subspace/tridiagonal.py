"""All eigenvalues and eigenvectors of a dense symmetric matrix, by the separate steps of LAPACK's
divide and conquer.

``A = Q T Q^T`` with T tridiagonal (``dsytrd``), ``T = Z diag(lambda) Z^T`` (``dstedc``), ``W = Q
Z``. LAPACK's own ``dsyevd`` takes the same steps, but the last one in blocks of 32 reflectors,
which run at some 0.6 of the rate of a large product. Here they are applied by LAPACK's ``dlarfb``
in blocks of 128. Columns of Z that are not needed can be left out.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
from numba.extending import get_cython_function_address
from scipy.linalg import lapack

REFLECTORS = 128
"""Number of reflectors in one block: wide enough for the peak of dgemm, narrow enough that forming
the block (P w^2 flops each) costs little."""


def _routine(name: str, arguments: int) -> Callable[..., None]:
    """Return a routine of SciPy's LAPACK by address: its Python wrappers lack some, and copy parts
    of matrices.
    """
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)
    return prototype(get_cython_function_address("scipy.linalg.cython_lapack", name))


_dstedc, _dlarft, _dlarfb = _routine("dstedc", 11), _routine("dlarft", 9), _routine("dlarfb", 15)


def eigenpairs_by_steps(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute all eigenvalues, ascending, and eigenvectors.

    Args:
        matrix: (P, P), symmetric, in Fortran order; its lower triangle is read, and the matrix is
            destroyed.

    Returns:
        values (P,) and orthonormal vectors (P, P) in Fortran order, column j belonging to value j.

    Raises:
        numpy.linalg.LinAlgError: no convergence, or the matrix is not finite.

    Example:
        >>> values, vectors = eigenpairs_by_steps(np.array([[2.0, 1.0], [1.0, 2.0]], order="F"))
        >>> values, (vectors**2).round(15)
        (array([1., 3.]), array([[0.5, 0.5],
               [0.5, 0.5]]))
    """
    size = len(matrix)
    if size == 1:
        return matrix[0].copy(), np.ones((1, 1))
    reduced, diagonal, off_diagonal, scales, _ = lapack.dsytrd(
        matrix, lower=1, lwork=64 * size, overwrite_a=1
    )
    vectors = divide_and_conquer(diagonal, off_diagonal)
    apply_reflectors(reduced, scales, vectors)
    return diagonal, vectors


def divide_and_conquer(diagonal: np.ndarray, off_diagonal: np.ndarray) -> np.ndarray:
    """Compute the eigenvectors (P, P), in Fortran order, of a symmetric tridiagonal matrix, whose
    diagonal is replaced by its eigenvalues, ascending.

    Args:
        diagonal: (P,), overwritten by the eigenvalues.
        off_diagonal: (P - 1,), the elements beside the diagonal; destroyed.

    Raises:
        numpy.linalg.LinAlgError: no convergence, or T is not finite.
    """
    size = len(diagonal)
    if not (np.isfinite(diagonal).all() and np.isfinite(off_diagonal).all()):
        raise np.linalg.LinAlgError("the tridiagonal form is not finite")
    vectors = np.empty((size, size), order="F")
    work, integers = np.empty(1 + 4 * size + size**2), np.empty(3 + 5 * size, dtype=np.int32)
    count, length, integer_length, info = (
        ctypes.c_int(value) for value in (size, len(work), len(integers), 0)
    )
    of_tridiagonal = ctypes.c_char(b"I")
    _dstedc(
        ctypes.addressof(of_tridiagonal),
        ctypes.addressof(count),
        diagonal.ctypes.data,
        off_diagonal.ctypes.data,
        vectors.ctypes.data,
        ctypes.addressof(count),
        work.ctypes.data,
        ctypes.addressof(length),
        integers.ctypes.data,
        ctypes.addressof(integer_length),
        ctypes.addressof(info),
    )
    if info.value != 0:
        raise np.linalg.LinAlgError(f"dstedc: info = {info.value}")
    return vectors


def apply_reflectors(reduced: np.ndarray, scales: np.ndarray, vectors: np.ndarray) -> None:
    """Multiply by Q from the left, in place: Q = H_1 ... H_{P-1}, H_i = 1 - tau_i v_i v_i^T as
    ``dsytrd`` leaves them.

    Args:
        reduced: (P, P), Fortran order; v_i is 1 in row i + 1, and below it has the entries of
            column i.
        scales: (P - 1,), tau.
        vectors: (P, k), Fortran order, overwritten.
    """
    size, columns = vectors.shape
    triangle = np.empty((REFLECTORS, REFLECTORS), order="F")
    work = np.empty((columns, REFLECTORS), order="F")
    forward, columnwise, left, plain = (
        ctypes.c_char(letter) for letter in (b"F", b"C", b"L", b"N")
    )
    leading, side, all_columns = ctypes.c_int(size), ctypes.c_int(REFLECTORS), ctypes.c_int(columns)
    of = ctypes.addressof
    for first in reversed(range(0, size - 1, REFLECTORS)):
        height, width = (
            ctypes.c_int(size - 1 - first),
            ctypes.c_int(min(REFLECTORS, size - 1 - first)),
        )
        panel = reduced.ctypes.data + (first + 1 + first * size) * reduced.itemsize
        shape = (of(forward), of(columnwise), of(height))
        scale = scales.ctypes.data + first * scales.itemsize
        _dlarft(*shape, of(width), panel, of(leading), scale, triangle.ctypes.data, of(side))
        _dlarfb(
            *(
                of(left),
                of(plain),
                of(forward),
                of(columnwise),
                of(height),
                of(all_columns),
                of(width),
            ),
            *(panel, of(leading), triangle.ctypes.data, of(side)),
            *(
                vectors.ctypes.data + (first + 1) * vectors.itemsize,
                of(leading),
                work.ctypes.data,
                of(all_columns),
            ),
        )
