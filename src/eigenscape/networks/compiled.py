"""Compiled functions whose machine code is kept on disk: the first process compiles for some
seconds, later ones load it in a third of one.

numba keeps it beside the source, or else in the user's cache folder, or in NUMBA_CACHE_DIR where
that is set; and tells it apart by the processor, the types and the time and size of the source
file. Where no folder can be written, numba alone would refuse to start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` with its cache on disk, or without one where none can be written: then every
    process compiles for itself.

    Args:
        options: of `numba.njit`.

    Example:
        >>> @compiled(error_model="numpy")
        ... def half(x):
        ...     return x / 2
        >>> half(3.0)
        1.5
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # "no locator available": read-only source and home
            return njit(**options)(function)

    return decorate
