"""The solution of K(c) T = f for a plate on the CPU, one plate at a time in cache, by compiled
Cholesky of a band matrix.

The free nodes of e x e squares are e (e + 1); numbered row by row, a node meets at most e + 2
before it, so that K has that many diagonals below its own. A factor takes about e^4 / 2 operations,
and a plate of 16 x 16 squares 80 kB. Library calls for such small matrices cost more than their
arithmetic: see benchmarks/plate_solver.py. Every plate is solved independently, so its bits do not
depend on other plates.
"""

from __future__ import annotations

import numpy as np

from eigenscape.networks.compiled import compiled

_FAST = {"contract", "reassoc", "nsz"}
"""Allowed optimisations: fused multiply-add and reordered sums (they vectorise); infinities and NaN
keep their meaning."""


@compiled(fastmath=_FAST, error_model="numpy")
def solve_plates(conductivity, load, stiffness):
    """Return T (S, e, e + 1) for conductivities c (S, e, e) and loads (S, e, e + 1), all float64
    and C-contiguous.

    Args:
        conductivity: conductivity of every square.
        load: load on the free nodes.
        stiffness: K_0 (4, 4) of a square at conductivity 1, nodes anticlockwise from the lower
            left.

    Returns:
        Temperatures; NaN where K is not positive definite.

    Example:
        >>> k_0 = np.array([[4.0, -1, -2, -1], [-1, 4, -1, -2], [-2, -1, 4, -1], [-1, -2, -1, 4]])
        >>> # a unit force on 2 times 1/2
        >>> solve_plates(np.full((1, 1, 1), 2.0), np.ones((1, 1, 2)), k_0 / 6).round(12)
        array([[[1., 1.]]])
    """
    e = conductivity.shape[1]
    nodes, below = e * (e + 1), e + 2
    band = np.empty((nodes, below + 1))  # band[i, below + j - i] = K_ij, and then L_ij
    local = np.empty(4, np.int64)
    found = np.empty(load.shape)
    for plate in range(conductivity.shape[0]):
        band[:] = 0.0
        for row in range(e):
            for column in range(e):
                upper = row * (e + 1) + column
                local[0], local[1], local[2], local[3] = upper - e - 1, upper - e, upper + 1, upper
                c = conductivity[plate, row, column]
                for a in range(4):
                    for b in range(4):
                        # The lower edge is kept at 0: nodes below the first free row have negative
                        # numbers.
                        if local[b] >= 0 and local[a] >= local[b]:
                            band[local[a], below + local[b] - local[a]] += c * stiffness[a, b]
        right, t = load[plate].ravel(), found[plate].ravel()
        for i in range(nodes):
            own = band[i]
            for j in range(max(0, i - below), i):
                other, first = band[j], max(0, i - below)
                total = 0.0
                own_start, other_start = below + first - i, below + first - j
                for k in range(j - first):
                    total += own[own_start + k] * other[other_start + k]
                own[below + j - i] = (own[below + j - i] - total) * other[below]
            total, known = 0.0, 0.0
            for k in range(max(0, below - i), below):
                total += own[k] * own[k]
                known += own[k] * t[i - below + k]
            # the inverse of L_ii: products are quicker than quotients
            own[below] = 1.0 / np.sqrt(own[below] - total)
            t[i] = (right[i] - known) * own[below]
        for i in range(nodes - 1, -1, -1):
            t[i] *= band[i, below]
            for k in range(max(0, below - i), below):
                t[i - below + k] -= band[i, k] * t[i]
    return found
