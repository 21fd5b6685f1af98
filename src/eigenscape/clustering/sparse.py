"""Sparse self-expression: every input as a sparse combination of the others.

For columns x_j of X (D, N), with c_jj = 0,

    min  tau |c|_1 + (1 - tau)/2 |c|^2 + lambda_e |e|_1 + lambda/2 |x_j - X c - e|^2      [1^T c = 1]

tau = 1 is sparse subspace clustering (E. Elhamifar, R. Vidal, TPAMI 35, 2013, arXiv 1203.1005), tau < 1 the elastic net
(C. You et al., CVPR 2016). The columns are independent problems, solved together by ADMM as matrix products;
each has its own penalty and its own step rho, which is balanced while it runs, since a change of rho is free (`gram`).
Columns that have converged leave the batch. What is returned is C, whose zeros are exact, and not the
smooth copy A of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.clustering.gram import Columns
from eigenscape.clustering.optimality import Certificate, certify
from eigenscape.errors import BadInput


class Verdict(StrEnum):
    """What a self-expression is worth."""

    STRUCTURE = "the inputs express each other"
    NO_STRUCTURE = "no subspace structure"
    NOT_CONVERGED = "not converged"


LARGE_RESIDUAL = 0.7
"""|X - X C - E| / |X| beyond which nothing is expressed: half of the squared length is left. This project's choice."""

OVER_RELAXATION = 1.6
"""Of A in the updates of C and the multipliers: 1.5 to 1.8 is advised by Boyd et al., 2011, section 3.4.3."""

BALANCE, FACTOR = 10.0, 2.0
"""rho is doubled or halved where one residual is ten times the other: Boyd et al., 2011, section 3.4.1."""

LOOKED_AT_EVERY = 10
"""Steps between looks at the residuals, which cost as much as half a step; rho is balanced no more often."""


@dataclass(frozen=True)
class Penalty:
    """What is minimised.

    Attributes:
        alpha: how many times the smallest penalty at which some coefficient is not zero; > 1.
        per_column: whether that smallest penalty is each column's own (You et al.) or the least coherent column's,
            one for all (Elhamifar and Vidal).
        tau: weight of the 1-norm, in (0, 1].
        outliers: alpha_e > 1, as a multiple of the smallest lambda_e at which E may be not all of x_j; None: no E.
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
            raise BadInput.field("tau", "a number above 0 and at most 1", repr(self.tau), "write tau: 1.0; tau 0 is LSR, in least_squares")
        if self.outliers is not None and not self.outliers > 0:
            raise BadInput.field("outliers", "a number above 0, or null", repr(self.outliers), "write outliers: 20")


@dataclass(frozen=True)
class SelfExpression:
    """Coefficients and what is known of them.

    Attributes:
        coefficients: C (N, N), exactly sparse, zero diagonal; column j expresses input j.
        outliers: E (D, N), or None.
        penalty: lambda of each column (N,).
        outlier_penalty: lambda_e, or None.
        iterations: of ADMM, of each column (N,).
        converged: (N,) whether both residuals of the column met the tolerance.
        certificate: duality gap, KKT violation and infeasibility of each column.
        residual: |X - X C - E|_F / |X|_F.
        verdict: whether C is worth a graph.
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
    """mu_j = max_{i != j} |x_i^T x_j| (N,): c_j = 0 solves its problem exactly if lambda mu_j <= tau.

    Example:
        >>> coherence(np.array([[1.0, -0.5, 0.1], [-0.5, 1.0, 0.2], [0.1, 0.2, 1.0]])).tolist()
        [0.5, 0.5, 0.2]
    """
    off = np.abs(gram)
    np.fill_diagonal(off, 0.0)
    return np.asarray(off.max(axis=0))


def penalties(columns: Columns, penalty: Penalty) -> tuple[np.ndarray, float | None]:
    """The penalty lambda of every column (N,), and lambda_e.

    lambda_j = alpha tau / mu_j, or alpha tau / min_j mu_j; lambda_e = alpha_e / min_j max_{i != j} |x_i|_1. Columns that
    are orthogonal to all others get the largest lambda among the rest; their coefficients are zero under any.
    """
    mu = coherence(columns.gram)
    related = mu > COHERENT * max(float(np.diag(columns.gram).max()), np.finfo(float).tiny)
    least = float(mu[related].min()) if related.any() else 1.0
    own = np.where(related, mu, least) if penalty.per_column else np.full(columns.count, least)
    if penalty.outliers is None:
        return penalty.alpha * penalty.tau / own, None
    lengths = np.sort(np.abs(columns.matrix).sum(axis=0))
    return penalty.alpha * penalty.tau / own, penalty.outliers / float(lengths[-2])


COHERENT = 1e-12
"""Inner products below this, relative to squared lengths, are rounding of zero."""


def sparse_self_expression(
    columns: Columns, penalty: Penalty | None = None, *, tolerance: float = 1e-4, most_iterations: int = 2000
) -> SelfExpression:
    """Solve all columns by ADMM.

    A column stops when |a - c| and rho |c - c_before| are below tolerance (sqrt(N)/10 + the norms they are compared with),
    as in Boyd et al., 2011, section 3.3.

    Args:
        columns: X with its decomposition; of unit length, as `gram.unit_columns` gives them.
        penalty: what is minimised.
        tolerance: of both residuals.
        most_iterations: after which the verdict is `Verdict.NOT_CONVERGED`.

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
    lam, lam_e = penalties(columns, penalty)
    solver = _Admm(columns, penalty, lam, lam_e)
    solver.run(tolerance, most_iterations)
    c, e = solver.c, solver.e
    rest = columns.matrix - columns.matrix @ c - (0.0 if e is None else e)
    certificate = certify(columns, c, e, lam, lam_e, penalty.tau, solver.shift if penalty.affine else None)
    residual = float(np.linalg.norm(rest) / max(np.linalg.norm(columns.matrix), np.finfo(float).tiny))
    return SelfExpression(
        c, e, lam, lam_e, solver.iterations, solver.done, certificate, residual, verdict_of(residual, bool(solver.done.all()))
    )


def verdict_of(residual: float, converged: bool) -> Verdict:
    """The verdict on a relative residual.

    Example:
        >>> verdict_of(0.99, converged=True).value
        'no subspace structure'
    """
    if residual > LARGE_RESIDUAL:
        return Verdict.NO_STRUCTURE
    return Verdict.STRUCTURE if converged else Verdict.NOT_CONVERGED


class _Admm:
    """State of the iteration: c and u (N, N), e (D, N), the affine multiplier v (N,), all with scaled multipliers.

    The columns that are still active are worked on in a dense copy, and written back as they converge.
    """

    def __init__(self, columns: Columns, penalty: Penalty, lam: np.ndarray, lam_e: float | None) -> None:
        count = columns.count
        self.columns, self.penalty, self.lam, self.lam_e = columns, penalty, lam, lam_e
        self.c = np.zeros((count, count))
        self.e = None if lam_e is None else np.zeros_like(columns.matrix)
        self.shift = np.zeros(count)
        self.iterations, self.done = np.zeros(count, int), np.zeros(count, bool)

    def run(self, tolerance: float, most: int) -> None:
        """Iterate to the tolerance; residuals are looked at every `LOOKED_AT_EVERY` steps, which are then counted."""
        batch = _Batch.start(self.columns, self.lam, self.lam_e)
        absolute = 0.1 * float(np.sqrt(self.columns.count))
        for number in range(1, most + 1):
            before, a = batch.step(self.columns, self.penalty, self.lam_e)
            if number % LOOKED_AT_EVERY and number < most:
                continue
            primal, dual = _norms(a - batch.c), batch.rho * _norms(batch.c - before)
            if self.penalty.affine:
                primal = np.maximum(primal, np.abs(a.sum(axis=0) - 1.0))
            size, force = np.maximum(_norms(a), _norms(batch.c)), batch.rho * _norms(batch.u)
            met = (primal <= tolerance * (absolute + size)) & (dual <= tolerance * (absolute + force))
            self._keep(batch, met, number)
            if met.all():
                return
            batch.balance(primal / (size + TINY), dual / (force + TINY))
            if met.any():
                batch = batch.without(met)

    def _keep(self, batch: _Batch, met: np.ndarray, number: int) -> None:
        at = batch.active
        self.c[:, at], self.iterations[at], self.done[at] = batch.c, number, met
        # The multiplier of 1^T c = 1, unscaled and with the sign that it has in the dual problem.
        self.shift[at] = -batch.rho * batch.v
        if self.e is not None and batch.e is not None:
            self.e[:, at] = batch.e


@dataclass
class _Batch:
    """Columns that have not converged, side by side."""

    active: np.ndarray
    c: np.ndarray
    u: np.ndarray
    v: np.ndarray
    e: np.ndarray | None
    gram: np.ndarray
    target: np.ndarray
    lam: np.ndarray
    rho: np.ndarray

    @classmethod
    def start(cls, columns: Columns, lam: np.ndarray, lam_e: float | None) -> _Batch:
        count, zeros = columns.count, np.zeros((columns.count, columns.count))
        # The source's rho is alpha, for lambda of order alpha too; scaled to a typical singular value it needs fewer balances.
        scale = float(np.mean(np.square(columns.singular_values))) ** 0.5 / 2 if len(columns.singular_values) else 1.0
        e = None if lam_e is None else np.zeros_like(columns.matrix)
        return cls(np.arange(count), zeros, zeros, np.zeros(count), e, columns.gram, columns.matrix, lam, lam * scale)

    def step(self, columns: Columns, penalty: Penalty, lam_e: float | None) -> tuple[np.ndarray, np.ndarray]:
        """One step of all three updates; C before it, and A."""
        before, lam, rho = self.c, self.lam, self.rho
        target = self.gram if self.e is None else self.gram - columns.matrix.T @ self.e
        rhs = lam * target + rho * (before - self.u)
        a = _affine_solve(columns, lam, rho, rhs + rho * (1.0 - self.v)) if penalty.affine else columns.solve(lam, rho, rhs)
        relaxed = OVER_RELAXATION * a + (1 - OVER_RELAXATION) * before + self.u
        self.c = _shrunk(relaxed, penalty.tau / rho)
        if penalty.tau < 1:
            self.c /= 1 + (1 - penalty.tau) / rho
        self.c[self.active, np.arange(len(self.active))] = 0.0
        self.u = relaxed - self.c
        if penalty.affine:
            self.v = self.v + a.sum(axis=0) - 1.0
        if self.e is not None and lam_e is not None:
            self.e = _shrunk(self.target - columns.matrix @ a, lam_e / lam)
        return before, a

    def balance(self, primal: np.ndarray, dual: np.ndarray) -> None:
        """Move rho towards residuals of one size; scaled multipliers follow."""
        factor = np.where(primal > BALANCE * dual, FACTOR, np.where(dual > BALANCE * primal, 1 / FACTOR, 1.0))
        self.rho, self.u, self.v = self.rho * factor, self.u / factor, self.v / factor

    def without(self, met: np.ndarray) -> _Batch:
        """The columns that are left."""
        left = ~met
        e = None if self.e is None else self.e[:, left]
        matrices = (self.c, self.u), (self.gram, self.target)
        (c, u), (gram, target) = [[np.ascontiguousarray(matrix[:, left]) for matrix in pair] for pair in matrices]
        return _Batch(self.active[left], c, u, self.v[left], e, gram, target, self.lam[left], self.rho[left])


def _affine_solve(columns: Columns, lam: np.ndarray, rho: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """(lam X^T X + rho I + rho 1 1^T)^{-1} rhs, by Sherman and Morrison."""
    plain = columns.solve(lam, rho, rhs)
    ones = columns.solve(lam, rho, np.ones_like(rhs))
    return np.asarray(plain - ones * (rho * plain.sum(axis=0) / (1 + rho * ones.sum(axis=0))))


def _shrunk(matrix: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The soft threshold, exactly zero within ``by``."""
    return np.asarray(matrix - np.clip(matrix, -by, by))


TINY = 1e-300


def _norms(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", matrix, matrix)))
