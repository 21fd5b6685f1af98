"""Time to one duality gap: all columns at once, scikit-learn's lasso column by column, and a plain dense ADMM.

python benchmarks/clustering.py [N ...]
"""

from __future__ import annotations

import sys
import warnings
from time import process_time

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso
from threadpoolctl import threadpool_limits

from eigenscape.clustering.data import digits
from eigenscape.clustering.gram import Columns, unit_columns
from eigenscape.clustering.optimality import certify
from eigenscape.clustering.sparse import Penalty, penalties, sparse_self_expression

TOLERANCE = 1e-4


def layer(count: int, width: int) -> Columns:
    """A random ReLU layer over digits."""
    draw = np.random.default_rng(0)
    images = digits()[0].reshape(-1, 64)
    chosen = images[draw.permutation(len(images))[:count]] / 8 - 1
    if count > len(chosen):  # beyond the digits: the same with noise
        more = chosen[draw.integers(0, len(chosen), count - len(chosen))]
        chosen = np.vstack([chosen, more + 0.2 * draw.standard_normal(more.shape)])
    return Columns.of(unit_columns(np.maximum(chosen @ draw.standard_normal((64, width)) / 8, 0))[0])


def mean_gap(columns: Columns, coefficients: np.ndarray, penalty: np.ndarray) -> float:
    """Mean relative duality gap over the columns."""
    return float(certify(columns, coefficients, None, penalty, None, 1.0).relative_gap.mean())


def by_columns(columns: Columns, penalty: np.ndarray, gap: float) -> tuple[float, float]:
    """Seconds of the loosest of scikit-learn's tolerances, in halves of a decade, that reaches the gap; and its gap."""
    dimensions, count = columns.matrix.shape
    found, seconds = float("nan"), float("nan")
    for tolerance in 10.0 ** -np.arange(2, 9, 0.5):
        coefficients, began = np.zeros((count, count)), process_time()
        for j in range(count):
            others = np.delete(np.arange(count), j)
            model = Lasso(1 / (dimensions * penalty[j]), fit_intercept=False, tol=tolerance, max_iter=20_000)
            coefficients[others, j] = model.fit(np.asfortranarray(columns.matrix[:, others]), columns.matrix[:, j]).coef_
        seconds, found = process_time() - began, mean_gap(columns, coefficients, penalty)
        if found <= gap:
            break
    return seconds, found


def dense(columns: Columns, penalty: np.ndarray, gap: float) -> tuple[float, float]:
    """A dense inverse, one fixed rho, all columns to the end; the time of looking at the gap is not counted."""
    count = columns.count
    lam = float(np.median(penalty))
    rho = lam / 10
    seconds, began = 0.0, process_time()
    inverse = np.linalg.inv(lam * columns.gram + rho * np.eye(count))
    c, u, found = np.zeros((count, count)), np.zeros((count, count)), float("nan")
    for number in range(1, 2001):
        a = inverse @ (lam * columns.gram + rho * (c - u))
        c = np.sign(a + u) * np.maximum(np.abs(a + u) - 1 / rho, 0)
        np.fill_diagonal(c, 0)
        u = u + a - c
        if number % 50 == 0:
            seconds += process_time() - began
            found = mean_gap(columns, c, np.full(count, lam))
            if found <= gap:
                break
            began = process_time()
    return seconds, found


def main() -> None:
    """Print a row per number of inputs and width."""
    print("Core-seconds to one mean relative duality gap; one thread; a random ReLU layer over digits; alpha = 20\n")
    heads = ["eigenscape", "per column", "its gap", "ratio", "dense ADMM", "its gap", "ratio"]
    print(f"{'N':>5} {'width':>6} {'gap':>9}", *(f"{head:>11}" for head in heads))
    for count in [int(text) for text in sys.argv[1:]] or [500, 1000]:
        for width in (64, 256):
            columns = layer(count, width)
            began = process_time()
            found = sparse_self_expression(columns, Penalty(20.0), tolerance=TOLERANCE)
            own = process_time() - began
            gap = mean_gap(columns, found.coefficients, found.penalty)
            lasso, plain = by_columns(columns, found.penalty, gap), dense(columns, penalties(columns, Penalty(20.0))[0], gap)
            cells = [f"{own:.2f}", *(text for t, g in (lasso, plain) for text in (f"{t:.2f}", f"{g:.1e}", f"{t / own:.1f}"))]
            print(f"{count:5} {width:6} {gap:9.1e}", *(f"{cell:>11}" for cell in cells), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)  # its gap is printed
    with threadpool_limits(1):
        main()
