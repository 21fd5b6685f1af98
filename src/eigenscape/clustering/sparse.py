"""Sparse self-expression: every input as a sparse combination of the others.

For columns x_j of X (D, N), with c_jj = 0,

    min  tau |c|_1 + (1 - tau)/2 |c|^2 + lambda_e |e|_1 + lambda/2 |x_j - X c - e|^2     [1^T c = 1]

tau = 1 is sparse subspace clustering (E. Elhamifar, R. Vidal, TPAMI 35, 2013, arXiv 1203.1005), tau
< 1 the elastic net (C. You et al., CVPR 2016). The columns are independent problems. Without
outliers and the affine condition they are solved exactly by an active set (`active_set`), otherwise
to a tolerance (`admm`); either way the certificate bounds the error. Columns are grouped in blocks
of fixed size, each solved and certified independently, so that C has the same bits however the
blocks are distributed over processes (`distributed.self_expression`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np

from eigenscape.clustering.admm import HOST, Problem, Solution, solve_by_admm
from eigenscape.clustering.gram import Columns
from eigenscape.clustering.optimality import Certificate, certify
from eigenscape.errors import BadInput


class Verdict(StrEnum):
    """The quality of a self-expression."""

    STRUCTURE = "the inputs express each other"
    NO_STRUCTURE = "no subspace structure"
    NOT_CONVERGED = "not converged"


LARGE_RESIDUAL = 0.7
"""|X - X C - E| / |X| beyond which the inputs are not expressed: half of the squared length
remains. This is this project's choice."""

BLOCK = 64
"""Number of columns that are solved and certified together: products with a block run at full
speed, and a block of 2,000 inputs fits in a core's cache."""

MOST_ADMM_STEPS = 2000
"""Largest number of ADMM steps: a few hundred are usual, and ten times that distinguishes a hard
problem from a slow one."""

ACTIVE_SET_STEPS = 10
"""Largest number of active-set steps per input: a step adds or drops one coefficient. The hardest
case observed took 1.1 per input."""


@dataclass(frozen=True)
class Penalty:
    """The objective.

    Attributes:
        alpha: the penalty in multiples of the smallest one at which some coefficient is not zero; >
            1.
        per_column: whether that smallest penalty is each column's own (You et al.) or the least
            coherent column's, one for all (Elhamifar and Vidal).
        tau: weight of the 1-norm, in (0, 1].
        outliers: alpha_e > 1, as a multiple of the smallest lambda_e at which E may differ from
            x_j; None means no E.
        affine: whether the coefficients of a column sum to one.
    """

    alpha: float = 50.0
    per_column: bool = True
    tau: float = 1.0
    outliers: float | None = None
    affine: bool = False

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise BadInput.field("alpha", "a number above 0", repr(self.alpha), "write alpha: 50")
        if not 0 < self.tau <= 1:
            raise BadInput.field(
                "tau",
                "a number above 0 and at most 1",
                repr(self.tau),
                "write tau: 1.0; tau 0 is LSR, in least_squares",
            )
        if self.outliers is not None and not self.outliers > 0:
            raise BadInput.field(
                "outliers", "a number above 0, or null", repr(self.outliers), "write outliers: 20"
            )


@dataclass(frozen=True)
class SelfExpression:
    """Coefficients with their certificate.

    Attributes:
        coefficients: C (N, N), exactly sparse, zero diagonal; column j expresses input j.
        outliers: E (D, N), or None.
        penalty: lambda of each column (N,).
        outlier_penalty: lambda_e, or None.
        iterations: steps of each column (N,).
        converged: (N,) whether the column met its conditions.
        certificate: duality gap, KKT violation and infeasibility of each column.
        residual: |X - X C - E|_F / |X|_F.
        verdict: the quality of C.
    """

    coefficients: np.ndarray
    outliers: np.ndarray | None
    penalty: np.ndarray
    outlier_penalty: float | None
    iterations: np.ndarray
    converged: np.ndarray
    certificate: Certificate
    residual: float
    verdict: Verdict


def coherence(gram: np.ndarray) -> np.ndarray:
    """Return mu_j = max_{i != j} |x_i^T x_j| (N,): c_j = 0 solves its problem exactly if lambda
    mu_j <= tau.

    Example:
        >>> coherence(np.array([[1.0, -0.5, 0.1], [-0.5, 1.0, 0.2], [0.1, 0.2, 1.0]])).tolist()
        [0.5, 0.5, 0.2]
    """
    off = np.abs(gram)
    np.fill_diagonal(off, 0.0)
    return np.asarray(off.max(axis=0))


Strengths = tuple[np.ndarray, float | None]
"""The penalty lambda of every column (N,), and lambda_e."""


def penalties(columns: Columns, penalty: Penalty) -> Strengths:
    """Return the penalty lambda of every column (N,), and lambda_e.

    lambda_j = alpha tau / mu_j, or alpha tau / min_j mu_j; lambda_e = alpha_e / min_j max_{i != j}
    |x_i|_1. Columns that are orthogonal to all others get the largest lambda among the others;
    their coefficients are zero for any lambda.
    """
    mu = coherence(columns.gram)
    related = mu > COHERENT * max(float(np.diag(columns.gram).max()), np.finfo(float).tiny)
    least = float(mu[related].min()) if related.any() else 1.0
    smallest = np.where(related, mu, least) if penalty.per_column else np.full(columns.count, least)
    if penalty.outliers is None:
        return penalty.alpha * penalty.tau / smallest, None
    lengths = np.sort(np.abs(columns.matrix).sum(axis=0))
    return penalty.alpha * penalty.tau / smallest, penalty.outliers / float(lengths[-2])


COHERENT = 1e-12
"""Inner products below this, relative to squared lengths, are rounding errors."""


class Route(StrEnum):
    """The method by which columns are solved."""

    ACTIVE_SET = "active set"  # exact; lasso and elastic net
    ADMM = "ADMM"  # to a tolerance; everything


@dataclass(frozen=True)
class SolvedBlock:
    """The solutions of some columns.

    Attributes:
        chosen: their numbers (m,).
        solution: coefficients, outliers, steps.
        certificate: the certificate of these columns.
    """

    chosen: np.ndarray
    solution: Solution
    certificate: Certificate


def column_blocks(count: int, size: int = BLOCK) -> list[np.ndarray]:
    """Divide the numbers of N columns into blocks.

    Example:
        >>> [len(block) for block in column_blocks(150)]
        [64, 64, 22]
    """
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]


def solve_block(
    columns: Columns,
    penalty: Penalty,
    strengths: Strengths,
    chosen: np.ndarray,
    *,
    route: Route | None = None,
    tolerance: float = 1e-4,
    most_iterations: int | None = None,
    device: str = HOST,
) -> SolvedBlock:
    """Solve and certify some columns; the other arguments are those of `sparse_self_expression`.

    Args:
        columns: X.
        penalty: the objective.
        strengths: the `penalties` of both, which depend on the whole Gram matrix and are the same
            for every block.
        chosen: numbers of the columns (m,).
        route: the method; None means the active set wherever it can be used.
        tolerance: tolerance of ADMM.
        most_iterations: largest number of steps per column.
        device: "host", or a device of torch.

    Example:
        >>> pair, penalty = Columns.of(np.array([[1.0, 1.0]])), Penalty(10.0)
        >>> solve_block(
        ...     pair, penalty, penalties(pair, penalty), np.array([1])
        ... ).solution.coefficients
        array([[0.9],
               [0. ]])
    """
    lam, lam_e = strengths[0][chosen], strengths[1]
    simple = lam_e is None and not penalty.affine
    route = route or (Route.ACTIVE_SET if simple and device == HOST else Route.ADMM)
    if route is Route.ADMM:
        problem = Problem(chosen, lam, lam_e, penalty.tau, penalty.affine)
        solution = solve_by_admm(
            columns,
            problem,
            tolerance=tolerance,
            most=most_iterations or MOST_ADMM_STEPS,
            device=device,
        )
    elif not simple or device != HOST:
        raise BadInput.field(
            "route",
            "ADMM, with outliers, the affine condition or a device",
            route.value,
            "leave route out",
        )
    else:
        from eigenscape.clustering.active_set import solve_columns  # noqa: PLC0415

        most = most_iterations or ACTIVE_SET_STEPS * columns.count
        rows, steps, done = solve_columns(
            columns.gram, chosen, penalty.tau / lam, (1 - penalty.tau) / lam, most
        )
        solution = Solution(np.ascontiguousarray(rows.T), None, np.zeros(len(chosen)), steps, done)
    shift = solution.shift if penalty.affine else None
    certificate = certify(
        columns,
        solution.coefficients,
        solution.outliers,
        lam,
        lam_e,
        penalty.tau,
        shift,
        chosen=chosen,
    )
    return SolvedBlock(chosen, solution, certificate)


def assemble(columns: Columns, strengths: Strengths, blocks: list[SolvedBlock]) -> SelfExpression:
    """Assemble the self-expression from all `column_blocks`, in any order.

    Example:
        >>> pair, penalty = Columns.of(np.array([[1.0, 1.0]])), Penalty(10.0)
        >>> strengths = penalties(pair, penalty)
        >>> blocks = [
        ...     solve_block(pair, penalty, strengths, np.array([number])) for number in (1, 0)
        ... ]
        >>> assemble(pair, strengths, blocks).coefficients
        array([[0. , 0.9],
               [0.9, 0. ]])
    """
    lam, lam_e = strengths
    blocks = sorted(blocks, key=lambda block: int(block.chosen[0]))

    def join(parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts, axis=-1)

    solutions = [block.solution for block in blocks]
    outliers = (
        None
        if lam_e is None
        else join([part.outliers for part in solutions if part.outliers is not None])
    )
    names = [each.name for each in fields(Certificate)]
    certificate = Certificate(
        *(join([getattr(block.certificate, name) for block in blocks]) for name in names)
    )
    residual = float(
        np.sqrt(certificate.rest.sum()) / max(np.linalg.norm(columns.matrix), np.finfo(float).tiny)
    )
    coefficients, steps = (
        join([part.coefficients for part in solutions]),
        join([part.steps for part in solutions]),
    )
    done = join([part.converged for part in solutions])
    verdict = verdict_of(residual, bool(done.all()))
    return SelfExpression(
        coefficients, outliers, lam, lam_e, steps, done, certificate, residual, verdict
    )


def sparse_self_expression(
    columns: Columns,
    penalty: Penalty | None = None,
    *,
    route: Route | None = None,
    tolerance: float = 1e-4,
    most_iterations: int | None = None,
    device: str = HOST,
) -> SelfExpression:
    """Solve all columns.

    Args:
        columns: X; columns of unit length, as from `gram.unit_columns`.
        penalty: the objective.
        route: the method; None means the active set wherever it can be used.
        tolerance: tolerance of both residuals of ADMM (`admm.solve_by_admm`); the active set is
            exact up to rounding.
        most_iterations: number of steps of a column after which the verdict is
            `Verdict.NOT_CONVERGED`; None means `MOST_ADMM_STEPS`, or `ACTIVE_SET_STEPS` for every
            input.
        device: "host", or a device of torch ("cuda"), which solves by ADMM, all columns in one
            block.

    Raises:
        BadInput: the active set is requested with outliers, the affine condition or a device.

    Example:
        >>> x = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
        >>> found = sparse_self_expression(Columns.of(x))
        >>> np.round(found.coefficients, 3)
        array([[0.  , 0.98, 0.  , 0.  ],
               [0.98, 0.  , 0.  , 0.  ],
               [0.  , 0.  , 0.  , 0.98],
               [0.  , 0.  , 0.98, 0.  ]])
    """
    penalty = penalty or Penalty()
    options: Any = {
        "route": route,
        "tolerance": tolerance,
        "most_iterations": most_iterations,
        "device": device,
    }
    strengths, size = penalties(columns, penalty), BLOCK if device == HOST else columns.count
    blocks = [
        solve_block(columns, penalty, strengths, block, **options)
        for block in column_blocks(columns.count, size)
    ]
    return assemble(columns, strengths, blocks)


def verdict_of(residual: float, converged: bool) -> Verdict:
    """Return the verdict on a relative residual.

    Example:
        >>> verdict_of(0.99, converged=True).value
        'no subspace structure'
    """
    if residual > LARGE_RESIDUAL:
        return Verdict.NO_STRUCTURE
    return Verdict.STRUCTURE if converged else Verdict.NOT_CONVERGED
