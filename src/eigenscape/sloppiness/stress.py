"""The explained stress of an embedding's first k directions.

Directions are ordered by the size of their eigenvalue, whatever its sign: a direction with e_a < 0
makes distances shorter and is as much a part of the geometry as one with e_a > 0.
"""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput

PUBLISHED_CHI_2 = 0.71
"""About what two directions explain of networks of many kinds on CIFAR-10. Source: arXiv
2505.08915, Fig. 1."""


def by_size(eigenvalues: np.ndarray) -> np.ndarray:
    """Return the order of signed eigenvalues (m,) by |e|, largest first; equal ones keep their
    order.

    Example:
        >>> by_size(np.array([1.0, -3.0, 2.0])).tolist()
        [1, 2, 0]
    """
    return np.argsort(-np.abs(eigenvalues), kind="stable")


def explained_stress(eigenvalues: np.ndarray, squares: float | None = None) -> np.ndarray:
    """Return chi_k = 1 - sqrt(sum_{a > k} e_a^2 / sum_a e_a^2) = 1 - |W - W_k|_F / |W|_F, for k = 1
    ... m.

    Source: the quantity is that of J. Mao et al., PNAS 2024, doi 10.1073/pnas.2310002121.

    Args:
        eigenvalues: e (m,), signed, in any order; all of them if ``squares`` is not given.
        squares: sum of e^2 over all, |W|_F^2, if only the leading ones are known.

    Returns:
        (m,), increasing, to 1 if all are given; all 1 if every eigenvalue is zero.

    Raises:
        BadInput: there are no eigenvalues, or one is not finite.

    Example:
        >>> explained_stress(np.array([-4.0, 3.0])).tolist()
        [0.4, 1.0]
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise BadInput.field(
            "eigenvalues",
            "one or more finite numbers, in one row",
            f"shape {values.shape}",
            "give those of W",
        )
    sizes = np.abs(values[by_size(values)])
    if sizes[0] == 0:
        return np.ones(len(sizes))
    # Tails are summed from the small end: 1 - head / total would lose them to rounding.
    relative = np.square(sizes / sizes[0])
    tails = np.cumsum(relative[::-1])[::-1]
    scale = tails[0] if squares is None else max(squares / sizes[0] ** 2, tails[0])
    return np.asarray(1 - np.sqrt((np.append(tails[1:], 0.0) + (scale - tails[0])) / scale))
