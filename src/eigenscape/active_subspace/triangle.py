"""The lower triangle of a symmetric sum ``sum_b G_b^T G_b``, as strips of columns.

Strip s holds columns [512 s, 512 s + 512) and the rows from 512 s down, in Fortran order: all
strips together take about P^2/2 numbers and half of a GEMM's work. The square on the diagonal of a
strip is updated by one ``dsyrk``, and the rest by one ``dgemm``. Bits are reproducible with one
BLAS thread (`second_moment` ensures it): OpenBLAS splits products by its threads. Two strips make a
band of 1,024 columns, the width of a stored chunk.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

STRIP = 512
"""Number of columns in a strip: wide enough that dgemm, which copies its rows into cache for every
strip anew, comes within a few per cent of dsyrk's rate (256: within 8 to 10), narrow enough that
the unused half of the square on the diagonal is little memory (6 % at P = 4,096)."""

BAND = 1024
"""Number of columns in a band and in a stored chunk: 1024 x 1024 float64 is 8 MB."""

_TILE = 128
"""Number of rows and columns that are transposed at once: two such squares fit in the second-level
cache, unlike whole bands."""

_POINTER, _INT, _DOUBLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_double


@functools.cache
def _blas(name: str, arguments: int) -> Callable[..., None]:
    """Return a routine of SciPy's BLAS by address: unlike its Python wrappers it accepts leading
    dimensions, so no strip is copied.
    """
    from numba.extending import get_cython_function_address  # noqa: PLC0415

    return ctypes.CFUNCTYPE(None, *[_POINTER] * arguments)(
        get_cython_function_address("scipy.linalg.cython_blas", name)
    )


def _dgemm() -> Callable[..., None]:
    return _blas("dgemm", 13)


def _dsyrk() -> Callable[..., None]:
    return _blas("dsyrk", 10)


def strip_starts(parameters: int) -> range:
    """Return the first column of every strip."""
    return range(0, parameters, STRIP)


def band_count(parameters: int) -> int:
    """Return the number of bands of 1,024 columns, the last one narrower."""
    return -(-parameters // BAND)


def _starts(parameters: int, bands: Sequence[int] | None) -> list[int]:
    """Return the first columns of the strips of some bands, in order; of all bands for None."""
    return [start for start in strip_starts(parameters) if bands is None or start // BAND in bands]


def _strip_shape(start: int, parameters: int) -> tuple[int, int]:
    return parameters - start, min(STRIP, parameters - start)


class Triangle:
    """A running sum of Gram matrices, lower triangle only: all of it, or the bands that one rank
    owns.

    Attributes:
        parameters: P.
        starts: first column of every strip that is held.
        strips: arrays (P - start, <= 512) in Fortran order. Entries above the diagonal inside a
            strip's square are undefined.

    Example:
        >>> triangle = Triangle(2)
        >>> triangle.add_gram(np.array([[1.0, 2.0]]))
        >>> triangle.strips[0]
        array([[1., 0.],
               [2., 4.]])
    """

    def __init__(self, parameters: int, bands: Sequence[int] | None = None) -> None:
        self.parameters = parameters
        self.starts = _starts(parameters, bands)
        self.strips = [
            np.zeros(_strip_shape(start, parameters), order="F") for start in self.starts
        ]

    def add_gram(self, gradients: np.ndarray) -> None:
        """Add G^T G for G (B, P), C-contiguous float64."""
        rows, parameters = gradients.shape
        base = gradients.ctypes.data
        one, count, leading = _DOUBLE(1.0), _INT(rows), _INT(parameters)
        dgemm, dsyrk = _dgemm(), _dsyrk()
        lower, plain, transposed = (ctypes.c_char(letter) for letter in (b"L", b"N", b"T"))
        of = ctypes.addressof
        for start, strip in zip(self.starts, self.strips, strict=True):
            width, below = _INT(strip.shape[1]), _INT(strip.shape[0] - strip.shape[1])
            height = _INT(strip.shape[0])
            # G in C order is G^T in Fortran order: strip += (G^T)[start:, :]
            # (G^T)[start:start+width, :]^T
            columns, rest = (
                base + first * gradients.itemsize for first in (start, start + width.value)
            )
            square, rectangle = strip.ctypes.data, strip.ctypes.data + width.value * strip.itemsize
            dsyrk(
                *(of(a) for a in (lower, plain, width, count, one)),
                columns,
                of(leading),
                of(one),
                square,
                of(height),
            )
            if below.value > 0:
                factors = (rest, of(leading), columns, of(leading))
                dgemm(
                    *(of(a) for a in (plain, transposed, below, width, count, one)),
                    *factors,
                    of(one),
                    rectangle,
                    of(height),
                )

    def add(self, other: Triangle) -> Triangle:
        """Add another sum to this one, in place; returns self."""
        for strip, other_strip in zip(self.strips, other.strips, strict=True):
            strip += other_strip
        return self

    def band(self, band: int) -> list[np.ndarray]:
        """Return the strips of one band; an empty list if it is not held."""
        return [
            strip
            for start, strip in zip(self.starts, self.strips, strict=True)
            if start // BAND == band
        ]

    def matrix(self, scale: float = 1.0) -> np.ndarray:
        """Return the full symmetric matrix (P, P), times ``scale``; every band must be held."""
        return assemble(self.parameters, {band: self.band(band) for band in self.bands}, scale)

    @property
    def bands(self) -> list[int]:
        """Return the bands that are held, in order."""
        return sorted({start // BAND for start in self.starts})


class DeviceTriangle:
    """A running sum of Gram matrices on a GPU (or, for tests, in torch on the CPU), with one
    ``addmm`` per strip.

    Example:
        >>> import torch
        >>> triangle = DeviceTriangle(2, torch.device("cpu"))
        >>> triangle.add_gram(torch.tensor([[1.0, 2.0]], dtype=torch.float64))
        >>> triangle.to_host().strips[0]
        array([[1., 2.],
               [2., 4.]])
    """

    def __init__(
        self, parameters: int, device: torch.device, bands: Sequence[int] | None = None
    ) -> None:
        import torch  # noqa: PLC0415 - only this route needs it

        self.parameters, self._device, self._bands, self._starts = (
            parameters,
            device,
            bands,
            _starts(parameters, bands),
        )
        self._strips: list[Any] = [
            torch.zeros(_strip_shape(start, parameters), dtype=torch.float64, device=device)
            for start in self._starts
        ]

    def add_gram(self, gradients: torch.Tensor) -> None:
        """Add G^T G for G (B, P) on the device; the sum is float64 whatever the type of G."""
        wide = gradients.double()
        for start, strip in zip(self._starts, self._strips, strict=True):
            strip.addmm_(wide[:, start:].T, wide[:, start : start + strip.shape[1]])

    def to_host(self) -> Triangle:
        """Return the sum as a `Triangle` in host memory; from a GPU through one buffer of pinned
        memory, which it can write at full speed.
        """
        import torch  # noqa: PLC0415

        host = Triangle(self.parameters, self._bands)
        largest = max((strip.numel() for strip in self._strips), default=0)
        pinned = torch.empty(largest, dtype=torch.float64, pin_memory=self._device.type == "cuda")
        for strip, other_strip in zip(host.strips, self._strips, strict=True):
            staged = pinned[: other_strip.numel()].view(other_strip.shape)
            staged.copy_(other_strip)
            strip[...] = staged.numpy()
        return host

    def load(self, host: Triangle) -> None:
        """Continue from a sum in host memory, of the same bands."""
        import torch  # noqa: PLC0415

        for strip, other_strip in zip(self._strips, host.strips, strict=True):
            strip.copy_(torch.from_numpy(other_strip))


def assemble(parameters: int, bands: dict[int, list[np.ndarray]], scale: float) -> np.ndarray:
    """Assemble the full symmetric matrix (P, P) from all bands, times ``scale``.

    Example:
        >>> triangle = Triangle(2)
        >>> triangle.add_gram(np.array([[1.0, 2.0]]))
        >>> assemble(2, {0: triangle.band(0)}, 0.5)
        array([[0.5, 1. ],
               [1. , 2. ]])
    """
    full = np.empty((parameters, parameters))
    for band, strips in bands.items():
        start = band * BAND
        columns = band_columns(strips, scale)
        stop = start + columns.shape[1]
        full[start:, start:stop] = columns
        for row in range(0, len(columns), _TILE):
            for column in range(0, stop - start, _TILE):
                tile = columns[row : row + _TILE, column : column + _TILE]
                full[
                    start + column : start + column + tile.shape[1],
                    start + row : start + row + len(tile),
                ] = tile.T
    return full


def band_columns(strips: list[np.ndarray], scale: float) -> np.ndarray:
    """Return the columns of one band from its diagonal down, (P - start, <= 1024), its square
    symmetric, times ``scale``.
    """
    height, width = strips[0].shape[0], sum(strip.shape[1] for strip in strips)
    columns = np.empty((height, width))
    column = 0
    for strip in strips:
        stop = column + strip.shape[1]
        for row in range(0, len(strip), STRIP):
            columns[column + row : column + row + STRIP, column:stop] = (
                strip[row : row + STRIP] * scale
            )
        _mirror(columns[column:stop, column:stop])
        columns[column:stop, stop:] = columns[stop:width, column:stop].T
        column = stop
    return columns


def _mirror(square: np.ndarray) -> None:
    """Copy the lower triangle of a square to its upper one, in place, tile by tile."""
    for row in range(0, len(square), _TILE):
        rows = slice(row, row + _TILE)
        diagonal = np.tril(square[rows, rows])
        square[rows, rows] = diagonal + np.tril(diagonal, -1).T
        square[:row, rows] = square[rows, :row].T
