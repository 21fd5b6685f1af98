"""Time to a duality gap: all columns of a lasso self-expression, scikit-learn's lasso column by
column, and ADMM.

python benchmarks/clustering.py [N ...]

Core-seconds of one thread, runs interleaved, the median of three. Beyond 1,000 inputs scikit-learn
gets one column in ten, and its seconds are multiplied; the plain ADMM is left out. Ours is timed
from the matrix to the certified result, Gram matrix and certificate included. scikit-learn is given
its best: the fastest of its settings and the loosest of its tolerances, in halves of a decade, that
reach the gap on twenty columns; and its Gram matrix, which is not timed.
"""

from __future__ import annotations

import platform
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import process_time

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, lars_path_gram, lasso_path
from threadpoolctl import threadpool_limits

from eigenscape.clustering.gram import Columns, unit_columns
from eigenscape.clustering.optimality import certify
from eigenscape.clustering.sparse import Penalty, penalties, sparse_self_expression
from eigenscape.networks.labelled_data import digit_images

ALPHA = 20.0
GAP = 1e-4
"""Mean over the columns, relative to the objective."""

ADMM_SECONDS = 20.0
"""After which a plain ADMM is given up."""

MOST_WHOLE = 1000
"""Inputs up to which everything is run in full."""

SETTINGS = ("cyclic", "random", "gram", "gram, random", "path on gram", "lars on gram")
"""`path on gram` is the function behind the class `Lasso`, without its checks of the input."""


def layer(count: int, width: int) -> Columns:
    """A random ReLU layer over digits."""
    draw = np.random.default_rng(0)
    images = digit_images()[0].reshape(-1, 64)
    chosen = images[draw.permutation(len(images))[:count]] / 8 - 1
    if count > len(chosen):  # beyond the digits: the same with noise
        more = chosen[draw.integers(0, len(chosen), count - len(chosen))]
        chosen = np.vstack([chosen, more + 0.2 * draw.standard_normal(more.shape)])
    return Columns.of(
        unit_columns(np.maximum(chosen @ draw.standard_normal((64, width)) / 8, 0))[0]
    )


def by_columns(
    columns: Columns, penalty: np.ndarray, setting: str, tolerance: float, chosen: np.ndarray
) -> tuple[float, float]:
    """Seconds of scikit-learn on the chosen columns, and their mean gap.

    A column is kept out of its own expression by zeros in its place, which coordinate descent
    passes over: a copy of X or of its Gram matrix for every column would take longer than the
    descent.
    """
    dimensions, count = columns.matrix.shape
    coefficients, x, gram = (
        np.zeros((count, len(chosen))),
        np.array(columns.matrix, order="F"),
        columns.gram.copy(),
    )
    began = process_time()
    for column, j in enumerate(chosen):
        y, strength = columns.matrix[:, j].copy(), 1 / (dimensions * penalty[j])
        if setting == "lars on gram":
            others = np.delete(np.arange(count), j)
            path = lars_path_gram(
                gram[others, j],
                gram[np.ix_(others, others)],
                n_samples=dimensions,
                method="lasso",
                alpha_min=strength,
                return_path=False,
            )
            coefficients[others, column] = path[2]
            continue
        x[:, j] = 0.0
        if setting == "path on gram":
            gram[j] = gram[:, j] = 0.0
            xy = columns.gram[j].copy()
            xy[j] = 0.0
            options = {
                "precompute": gram,
                "Xy": xy,
                "tol": tolerance,
                "max_iter": 100_000,
                "check_input": False,
            }
            coefficients[:, column] = lasso_path(x, y, alphas=[strength], **options)[1][:, 0]
            x[:, j] = y
            gram[j] = gram[:, j] = columns.gram[j]
            continue
        options = {
            "selection": "random" if "random" in setting else "cyclic",
            "random_state": 0,
            "copy_X": False,
        }
        if "gram" in setting:
            gram[j] = gram[:, j] = 0.0
            options["precompute"] = gram
        model = Lasso(
            strength, fit_intercept=False, tol=tolerance, max_iter=100_000, **options
        ).fit(x, y)
        coefficients[:, column] = model.coef_
        x[:, j] = y
        gram[j] = gram[:, j] = columns.gram[j]
    seconds = process_time() - began
    return seconds, float(
        certify(
            columns, coefficients, None, penalty[chosen], None, 1.0, chosen=chosen
        ).relative_gap.mean()
    )


def best_setting(columns: Columns, penalty: np.ndarray) -> tuple[str, float]:
    """The fastest setting and tolerance on twenty columns."""
    some = np.arange(0, columns.count, columns.count // 20)
    found: list[tuple[float, str, float]] = []
    for setting in SETTINGS:
        for tolerance in 10.0 ** -np.arange(4, 9, 0.5):
            seconds, gap = by_columns(columns, penalty, setting, tolerance, some)
            if gap <= GAP or setting.startswith("lars"):
                found.append((seconds / len(some), setting, tolerance))
                break
    print(
        "   ",
        "; ".join(
            f"{name} {1e3 * each:.2f} ms a column at tol {tol:.0e}" for each, name, tol in found
        ),
        flush=True,
    )
    return min(found)[1:]


def own(columns: Columns) -> tuple[float, float]:
    """Seconds and largest gap of the default route, from the matrix on."""
    began = process_time()
    found = sparse_self_expression(Columns.of(columns.matrix), Penalty(ALPHA))
    return process_time() - began, float(found.certificate.relative_gap.max())


def dense(columns: Columns, penalty: np.ndarray) -> tuple[float, float]:
    """A dense inverse, one lambda, one fixed rho, all columns to the end; the time of looking at
    the gap is not counted.
    """
    count = columns.count
    lam = float(np.median(penalty))
    rho = lam / 10
    seconds, began = 0.0, process_time()
    inverse = np.linalg.inv(lam * columns.gram + rho * np.eye(count))
    c, u, found = np.zeros((count, count)), np.zeros((count, count)), float("nan")
    for number in range(1, 100_001):
        a = inverse @ (lam * columns.gram + rho * (c - u))
        c = np.sign(a + u) * np.maximum(np.abs(a + u) - 1 / rho, 0)
        np.fill_diagonal(c, 0)
        u = u + a - c
        if number % 20 == 0:
            seconds += process_time() - began
            found = float(
                certify(columns, c, None, np.full(count, lam), None, 1.0).relative_gap.mean()
            )
            if found <= GAP or seconds > ADMM_SECONDS:
                break
            began = process_time()
    return seconds, found


def compared(
    first: Callable[[], tuple[float, float]], second: Callable[[], tuple[float, float]]
) -> tuple[list[float], list[float]]:
    """Median seconds and the gap of either, one after the other three times."""
    pairs = [(first(), second()) for _ in range(3)]
    return tuple([median(pair[index][0] for pair in pairs), pairs[0][index][1]] for index in (0, 1))


def row(name: str, seconds: float, gap: str, remark: str) -> None:
    """Print one contestant."""
    print(f"    {name:20} {seconds:8.3f} s  {gap:20} {remark}", flush=True)


def compare(count: int, width: int) -> None:
    """Print the contestants on one layer."""
    columns, every = layer(count, width), np.arange(count)
    penalty = penalties(columns, Penalty(ALPHA))[0]
    print(f"N = {count}, width {width}")
    setting, tolerance = best_setting(columns, penalty)
    own(columns)  # loads the compiled code
    share = 1 if count <= MOST_WHOLE else 10
    (ours, gap), (part, lasso_gap) = compared(
        lambda: own(columns),
        lambda: by_columns(columns, penalty, setting, tolerance, every[::share]),
    )
    theirs = part * share
    row("ours", ours, f"largest gap {gap:.1e}", "")
    row(
        "Lasso per column",
        theirs,
        f"mean gap {lasso_gap:.1e}",
        f"ratio {theirs / ours:.0f} ({setting}, tol {tolerance:.0e})",
    )
    default, default_gap = by_columns(columns, penalty, setting, 1e-4, every[::share])
    default *= share
    row("at its default tol", default, f"mean gap {default_gap:.1e}", f"ratio {default / ours:.0f}")
    if count > MOST_WHOLE:
        return
    seconds, reached = dense(columns, penalty)
    remark = f"ratio {seconds / ours:.0f}" if reached <= GAP else "gap not reached, given up"
    row("plain dense ADMM", seconds, f"mean gap {reached:.1e}", remark)


def main() -> None:
    """Print every layer."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}; scikit-learn's default tol is 1e-4")
    print(
        f"A random ReLU layer over digits; alpha = {ALPHA:g}; mean relative duality gap {GAP:.0e}\n"
    )
    for count in [int(text) for text in sys.argv[1:]] or [500, 1000, 2000]:
        for width in (64, 256):
            compare(count, width)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)  # its gap is printed
    warnings.filterwarnings(
        "ignore", message="Early stopping the lars path", category=ConvergenceWarning
    )
    with threadpool_limits(1):
        main()
