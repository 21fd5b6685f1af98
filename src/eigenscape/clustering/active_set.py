"""Lasso and elastic net of single columns over a shared Gram matrix, exact up to rounding, by an
active set.

A self-expression is sparse: a dozen of hundreds of coefficients are not zero. The active set method
(M. Osborne, B. Presnell, B. Turlach, IMA J. Numer. Anal. 20, 2000; feature-sign search of H. Lee et
al., NIPS 2006) moves from one exact solution on a small support to the next: with G = X^T X, t =
tau / lambda and r = (1 - tau) / lambda,

    min  1/2 c^T G c - g^T c + t |c|_1 + r/2 |c|^2,
    (G_AA + r I) c_A = g_A - t sign(c_A)  on the support A.

A coefficient enters at the largest violation of |g_i - (G c)_i| <= t with the sign that lowers the
objective, and leaves where it becomes zero on the way to the next solution; the objective decreases
with every step, so no support recurs. Entering columns are chosen among the worst violators only (a
working set, as in Celer and skglm), which a pass over all N selects anew until no violation
remains. A pass costs N |A| operations; everything else is small.

A column that depends on the support (duplicates, more points than dimensions) has no curvature of
its own: its pivot is kept at a small positive number, so that the step along it is long and ends
where another coefficient leaves.

Every column is solved independently, in an order of operations that depends only on this column:
its bits depend neither on other columns nor on ranks.
"""

from __future__ import annotations

import numpy as np

from eigenscape.networks.compiled import compiled

VIOLATION = 1e-10
"""Largest tolerated violation of |g_i - (G c)_i| <= t, relative to t: far above rounding, far below
any gap of interest."""

ROUNDING = 1e-14
"""Largest tolerated violation relative to the largest g_i, for penalties so large that t itself is
near rounding: 50 units in the last place."""

PIVOT = 1e-13
"""Smallest pivot relative to G_kk: a column with a smaller one depends on the support. Rounding
errors of a pivot are near 1e-15."""

CANDIDATES = 24
"""Number of violators in the working set: about twice a usual support, so that a column takes few
passes. This is this project's choice."""

_VIOLATION, _ROUNDING, _PIVOT, _CANDIDATES = VIOLATION, ROUNDING, PIVOT, CANDIDATES


@compiled()
def solve_columns(gram, chosen, thresholds, ridges, most):
    """Solve the problems of the chosen columns.

    Args:
        gram: G (N, N), symmetric, C-contiguous.
        chosen: numbers of the columns to solve (m,).
        thresholds: t = tau / lambda of each (m,).
        ridges: r = (1 - tau) / lambda of each (m,).
        most: largest number of steps of one column.

    Returns:
        Coefficients (m, N), one row per column and zero at the column itself; steps (m,); whether
        each met the conditions (m,).
    """
    count = gram.shape[0]
    coefficients = np.zeros((len(chosen), count))
    steps = np.zeros(len(chosen), np.int64)
    done = np.zeros(len(chosen), np.bool_)
    for place in range(len(chosen)):
        steps[place], done[place] = _solve(
            gram, chosen[place], thresholds[place], ridges[place], most, coefficients[place]
        )
    return coefficients, steps, done


@compiled()
def _solve(gram, own, threshold, ridge, most, found):
    """Solve one column into ``found`` (N,); return the number of steps, and whether the
    conditions hold.
    """
    target = gram[own]
    count = len(target)
    room = 32
    active, c, sign = np.empty(room, np.int64), np.empty(room), np.empty(room)
    block, factor = np.empty((room, room)), np.empty((room, room))
    pull, used, step = np.empty(count), 0, 0
    _pull(gram, own, active, c, used, pull)
    size = 0.0
    for k in range(count):
        size = max(size, abs(pull[k]))
    allowed = max(threshold * _VIOLATION, size * _ROUNDING)
    candidates = np.empty(_CANDIDATES, np.int64)
    while True:
        waiting = _worst(pull, threshold + allowed, candidates)
        if (
            waiting == 0
            and _rest(target, block, active, c, sign, used, threshold, ridge) <= allowed
        ):
            for i in range(used):
                found[active[i]] = c[i]
            return step, True
        while True:
            best, violation = -1, allowed
            for place in range(waiting):
                k = candidates[place]
                now = target[k]
                for i in range(used):
                    now -= c[i] * gram[active[i], k]
                if abs(now) - threshold > violation and not _has(active, used, k):
                    best, violation, side = k, abs(now) - threshold, np.sign(now)
            if best >= 0:
                if used == room:
                    room *= 2
                    active, c, sign = _longer(active, room), _longer(c, room), _longer(sign, room)
                    block, factor = _wider(block, room), _wider(factor, room)
                active[used], c[used], sign[used] = best, 0.0, side
                for i in range(used + 1):
                    block[used, i] = block[i, used] = gram[best, active[i]]
                _append(block, factor, used, ridge)
                used += 1
            used, spent = _settle(
                target, block, factor, active, c, sign, used, threshold, ridge, most - step
            )
            step += spent
            if step >= most:
                for i in range(used):
                    found[active[i]] = c[i]
                return step, False
            if best < 0:
                break
        _pull(gram, own, active, c, used, pull)


@compiled()
def _pull(gram, own, active, c, used, pull):
    """Compute the vector g - G c, which determines the entering column; zero on the support and at
    the column itself.
    """
    for k in range(len(pull)):
        pull[k] = gram[own, k]
    for i in range(used):
        row, by = gram[active[i]], c[i]
        for k in range(len(pull)):
            pull[k] -= by * row[k]
    pull[own] = 0.0
    for i in range(used):
        pull[active[i]] = 0.0


@compiled()
def _settle(target, block, factor, active, c, sign, used, threshold, ridge, most):
    """Move to the solution on the support, dropping coefficients that become zero on the way;
    return the size of the support, and the steps.
    """
    way = np.empty(used)
    for number in range(1, most + 1):
        for i in range(used):
            way[i] = target[active[i]] - threshold * sign[i] - ridge * c[i]
            for k in range(used):
                way[i] -= block[i, k] * c[k]
        for i in range(used):
            for k in range(i):
                way[i] -= factor[i, k] * way[k]
            way[i] /= factor[i, i]
        for i in range(used - 1, -1, -1):
            way[i] /= factor[i, i]
            for k in range(i):
                way[k] -= factor[i, k] * way[i]
        share, leaves = 1.0, -1
        for i in range(used):
            if way[i] * sign[i] < 0.0 and -c[i] / way[i] < share:
                share, leaves = -c[i] / way[i], i
        for i in range(used):
            c[i] += share * way[i]
        if leaves < 0:
            return used, number
        while leaves >= 0:  # more than one may meet zero, and rounding may take them past it
            _remove(block, factor, active, c, sign, used, leaves)
            used -= 1
            leaves = -1
            for i in range(used):
                if c[i] * sign[i] <= 0.0:
                    leaves = i
    return used, most


@compiled()
def _worst(pull, bound, candidates):
    """Fill in the largest violators, as many as fit, and return their number."""
    filled, least, level = 0, 0, bound
    for k in range(len(pull)):
        now = abs(pull[k])
        if now > level:
            if filled < len(candidates):
                candidates[filled] = k
                filled += 1
            else:  # in the place of the least of them
                candidates[least] = k
            if filled == len(candidates):
                least = 0
                for place in range(1, filled):
                    if abs(pull[candidates[place]]) < abs(pull[candidates[least]]):
                        least = place
                level = abs(pull[candidates[least]])
    return filled


@compiled()
def _has(active, used, k):
    """Whether k is in the support."""
    found = False
    for i in range(used):
        found |= active[i] == k
    return found


@compiled()
def _rest(target, block, active, c, sign, used, threshold, ridge):
    """Return the largest violation of the equations on the support."""
    largest = 0.0
    for i in range(used):
        now = target[active[i]] - threshold * sign[i] - ridge * c[i]
        for k in range(used):
            now -= block[i, k] * c[k]
        largest = max(largest, abs(now))
    return largest


@compiled()
def _append(block, factor, last, ridge):
    """Add the row ``last`` to the Cholesky factor of block + ridge I."""
    pivot = block[last, last] + ridge
    for i in range(last):
        now = block[last, i]
        for k in range(i):
            now -= factor[last, k] * factor[i, k]
        factor[last, i] = now / factor[i, i]
        pivot -= factor[last, i] ** 2
    factor[last, last] = np.sqrt(max(pivot, _PIVOT * block[last, last]))


@compiled()
def _remove(block, factor, active, c, sign, used, place):
    """Remove a row from the support and from the factor; plane rotations make it triangular
    again.
    """
    for i in range(place, used - 1):
        active[i], c[i], sign[i] = active[i + 1], c[i + 1], sign[i + 1]
        for k in range(used):
            block[i, k] = block[i + 1, k]
        for k in range(i + 2):
            factor[i, k] = factor[i + 1, k]
    for i in range(used - 1):
        for k in range(place, used - 1):
            block[i, k] = block[i, k + 1]
    for i in range(place, used - 1):
        length = np.hypot(factor[i, i], factor[i, i + 1])
        cosine, sine = factor[i, i] / length, factor[i, i + 1] / length
        factor[i, i] = length
        for k in range(i + 1, used - 1):
            first, second = factor[k, i], factor[k, i + 1]
            factor[k, i], factor[k, i + 1] = (
                cosine * first + sine * second,
                cosine * second - sine * first,
            )


@compiled()
def _longer(values, room):
    """Return a copy with space for more entries."""
    longer = np.empty(room, values.dtype)
    for i in range(len(values)):
        longer[i] = values[i]
    return longer


@compiled()
def _wider(matrix, room):
    """Return a copy with space for more rows and columns."""
    wider = np.empty((room, room))
    for i in range(len(matrix)):
        for k in range(len(matrix)):
            wider[i, k] = matrix[i, k]
    return wider
