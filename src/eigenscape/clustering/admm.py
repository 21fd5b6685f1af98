"""Sparse self-expression by ADMM: the route for outliers and affine columns, and for GPUs.

Columns are solved together by matrix products, each with its own penalty and its own step rho,
which is balanced during the iteration, since a change of rho is free (`gram`). Converged columns
leave the batch. The result is C, whose zeros are exact, and not its smooth copy A. The same code
runs on numpy arrays and on torch tensors of any device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.clustering.gram import Columns

OVER_RELAXATION = 1.6
"""Over-relaxation of A in the updates of C and the multipliers: Boyd et al., 2011, section 3.4.3,
advise 1.5 to 1.8."""

BALANCE, FACTOR = 10.0, 2.0
"""Ratio of the residuals at which rho changes, and the factor of the change: Boyd et al., 2011,
section 3.4.1."""

LOOKED_AT_EVERY = 10
"""Number of steps between checks of the residuals, which cost as much as half a step; rho is
balanced at most as often."""

HOST = "host"
"""Numpy on the processor; every other device is the name of a torch device."""


@dataclass(frozen=True)
class Problem:
    """The problem of some of the columns.

    Attributes:
        chosen: numbers of the columns (m,).
        penalty: lambda of each (m,).
        outlier_penalty: lambda_e, or None.
        tau: weight of the 1-norm, in (0, 1].
        affine: whether coefficients sum to one.
    """

    chosen: np.ndarray
    penalty: np.ndarray
    outlier_penalty: float | None
    tau: float
    affine: bool


@dataclass(frozen=True)
class Solution:
    """The solution of some columns.

    Attributes:
        coefficients: C (N, m).
        outliers: E (D, m), or None.
        shift: multiplier of the affine condition (m,), with the sign that it has in the dual
            problem.
        steps: (m,), number of steps.
        converged: (m,), whether the column met the tolerance.
    """

    coefficients: np.ndarray
    outliers: np.ndarray | None
    shift: np.ndarray
    steps: np.ndarray
    converged: np.ndarray


def solve_by_admm(
    columns: Columns, problem: Problem, *, tolerance: float, most: int, device: str = HOST
) -> Solution:
    """Iterate until every column meets the tolerance, at most ``most`` steps.

    A column stops when |a - c| and rho |c - c_before| are below tolerance (sqrt(N)/10 + the norms
    they are compared with), as in Boyd et al., 2011, section 3.3; both are checked every
    `LOOKED_AT_EVERY` steps.

    Example:
        >>> pair = Columns.of(np.array([[1.0, 1.0]]))
        >>> problem = Problem(np.array([0]), np.array([10.0]), None, 1.0, affine=False)
        >>> solve_by_admm(pair, problem, tolerance=1e-9, most=1000).coefficients.round(6)
        array([[0. ],
               [0.9]])
    """
    count, columns_left = columns.count, len(problem.chosen)
    coefficients = np.zeros((count, columns_left))
    outliers = (
        None if problem.outlier_penalty is None else np.zeros((len(columns.matrix), columns_left))
    )
    shift, steps, done = (
        np.zeros(columns_left),
        np.zeros(columns_left, int),
        np.zeros(columns_left, bool),
    )
    batch = _Batch.start(_Shared.of(columns, device), problem)
    absolute, waiting = 0.1 * float(np.sqrt(count)), np.arange(columns_left)
    for number in range(1, most + 1):
        before, a = batch.step()
        if number % LOOKED_AT_EVERY and number < most:
            continue
        met, primal, dual = batch.met_tolerance(before, a, tolerance, absolute)
        finished = batch.shared.host(met)
        coefficients[:, waiting], shift[waiting] = (
            batch.shared.host(batch.c),
            batch.shared.host(-batch.rho * batch.v),
        )
        steps[waiting], done[waiting] = number, finished
        if outliers is not None:
            outliers[:, waiting] = batch.shared.host(batch.e)
        if finished.all():
            break
        batch.balance(primal, dual)
        if finished.any():
            batch, waiting = batch.of_columns(~met), waiting[~finished]
    return Solution(coefficients, outliers, shift, steps, done)


@dataclass(frozen=True)
class _Shared:
    """The quantities that all columns share, as arrays of one library on one device."""

    xp: Any
    matrix: Any
    gram: Any
    right: Any
    squares: Any
    put: Any
    host: Any

    @classmethod
    def of(cls, columns: Columns, device: str) -> _Shared:
        matrix, gram, right, squares = (
            columns.matrix,
            columns.gram,
            columns.right,
            np.square(columns.singular_values),
        )
        if device == HOST:
            return cls(np, matrix, gram, right, squares, np.asarray, np.asarray)
        import torch  # noqa: PLC0415 - seconds to import, and not needed on the host

        def put(array: np.ndarray) -> Any:
            return torch.from_numpy(np.ascontiguousarray(array)).to(device)

        return cls(
            torch,
            put(matrix),
            put(gram),
            put(right),
            put(squares),
            put,
            lambda tensor: tensor.cpu().numpy(),
        )

    def norms(self, matrix: Any) -> Any:
        """Return the norms of the columns."""
        return self.xp.sqrt(self.xp.einsum("ij,ij->j", matrix, matrix))

    def shrunk(self, matrix: Any, by: Any) -> Any:
        """Apply the soft threshold, exactly zero within ``by``."""
        return matrix - self.xp.clip(matrix, -by, by)

    def solve(self, lam: Any, rho: Any, rhs: Any) -> Any:
        """Solve as `Columns.solve` does."""
        weighted = self.squares[:, None] * lam
        return (rhs - self.right @ (weighted / (weighted + rho) * (self.right.T @ rhs))) / rho

    def affine_solve(self, lam: Any, rho: Any, rhs: Any) -> Any:
        """Solve (lam X^T X + rho I + rho 1 1^T) x = rhs by Sherman and Morrison."""
        plain, ones = self.solve(lam, rho, rhs), self.solve(lam, rho, self.xp.ones_like(rhs))
        return plain - ones * (rho * plain.sum(axis=0) / (1 + rho * ones.sum(axis=0)))


@dataclass
class _Batch:
    """The columns that have not converged: c and u (N, m), e (D, m), the affine v (m,); multipliers
    are scaled.
    """

    shared: _Shared
    problem: Problem
    active: Any
    c: Any
    u: Any
    v: Any
    e: Any
    gram: Any
    target: Any
    lam: Any
    rho: Any

    @classmethod
    def start(cls, shared: _Shared, problem: Problem) -> _Batch:
        put, chosen, lam = shared.put, problem.chosen, problem.penalty
        zeros, none = np.zeros((len(shared.gram), len(chosen))), np.zeros(len(chosen))
        squares = shared.host(shared.squares)
        # The source's rho is alpha, for lambda of order alpha too; scaled to a typical singular
        # value it needs fewer balances.
        scale = float(np.mean(squares)) ** 0.5 / 2 if len(squares) else 1.0
        target = np.ascontiguousarray(shared.host(shared.matrix)[:, chosen])
        gram = np.ascontiguousarray(shared.host(shared.gram)[:, chosen])
        e = None if problem.outlier_penalty is None else put(np.zeros_like(target))
        return cls(
            shared,
            problem,
            put(chosen),
            put(zeros),
            put(zeros.copy()),
            put(none),
            e,
            put(gram),
            put(target),
            put(lam),
            put(lam * scale),
        )

    def step(self) -> tuple[Any, Any]:
        """Perform one step of all updates; return C before the step, and A."""
        shared, tau, before, lam, rho = self.shared, self.problem.tau, self.c, self.lam, self.rho
        target = self.gram if self.e is None else self.gram - shared.matrix.T @ self.e
        rhs = lam * target + rho * (before - self.u)
        a = (
            shared.affine_solve(lam, rho, rhs + rho * (1.0 - self.v))
            if self.problem.affine
            else shared.solve(lam, rho, rhs)
        )
        relaxed = OVER_RELAXATION * a + (1 - OVER_RELAXATION) * before + self.u
        self.c = shared.shrunk(relaxed, tau / rho)
        if tau < 1:
            self.c = self.c / (1 + (1 - tau) / rho)
        self.c[self.active, shared.put(np.arange(len(self.active)))] = 0.0
        self.u = relaxed - self.c
        if self.problem.affine:
            self.v = self.v + a.sum(axis=0) - 1.0
        if self.e is not None:
            self.e = shared.shrunk(
                self.target - shared.matrix @ a, self.problem.outlier_penalty / lam
            )
        return before, a

    def met_tolerance(
        self, before: Any, a: Any, tolerance: float, absolute: float
    ) -> tuple[Any, Any, Any]:
        """Return which columns have met the tolerance, and their relative residuals."""
        xp, norms = self.shared.xp, self.shared.norms
        primal, dual = norms(a - self.c), self.rho * norms(self.c - before)
        if self.problem.affine:
            primal = xp.maximum(primal, xp.abs(a.sum(axis=0) - 1.0))
        size, force = xp.maximum(norms(a), norms(self.c)), self.rho * norms(self.u)
        met = (primal <= tolerance * (absolute + size)) & (dual <= tolerance * (absolute + force))
        return met, primal / (size + TINY), dual / (force + TINY)

    def balance(self, primal: Any, dual: Any) -> None:
        """Adjust rho so that both residuals have a similar size; scaled multipliers follow."""
        up, down = primal > BALANCE * dual, dual > BALANCE * primal
        factor = 1.0 + (FACTOR - 1.0) * up + (1 / FACTOR - 1.0) * down
        self.rho, self.u, self.v = self.rho * factor, self.u / factor, self.v / factor

    def of_columns(self, left: Any) -> _Batch:
        """Return the batch of the given columns only."""
        c, u, gram, target = (
            self._taken(matrix, left) for matrix in (self.c, self.u, self.gram, self.target)
        )
        e = None if self.e is None else self._taken(self.e, left)
        return _Batch(
            self.shared,
            self.problem,
            self.active[left],
            c,
            u,
            self.v[left],
            e,
            gram,
            target,
            self.lam[left],
            self.rho[left],
        )

    def _taken(self, matrix: Any, left: Any) -> Any:
        return np.ascontiguousarray(matrix[:, left]) if self.shared.xp is np else matrix[:, left]


TINY = 1e-300
