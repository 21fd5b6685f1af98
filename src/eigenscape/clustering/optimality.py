"""The distance of a sparse self-expression from the optimum: the duality gap and the violation of
the KKT conditions.

With nu = lambda (x_j - X c - e) and a multiplier delta of 1^T c = 1 (else 0), weak duality says
that

    D(nu, delta) = nu^T x_j + delta - |nu|^2 / (2 lambda) - sum_{i != j} h*(x_i^T nu + delta)
                <=  the optimum,

for |nu|_inf <= lambda_e if there are outliers; h*(v) = max(|v| - tau, 0)^2 / (2 (1 - tau)) for tau
< 1, and for tau = 1 the indicator of |v| <= 1, which scaling (nu, delta) down meets. A small change
of the iterate is no proof of optimality; a small gap is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.clustering.gram import Columns


@dataclass(frozen=True)
class Certificate:
    """The certificate of every column (m,).

    Attributes:
        objective: value of the primal problem.
        gap: primal minus dual value; with the affine constraint met only up to ``infeasibility``,
            it may be slightly negative.
        kkt: largest violation of x_i^T nu + delta = tau sign(c_i) + (1 - tau) c_i on the support,
            and of
            |x_i^T nu + delta| <= tau elsewhere.
        infeasibility: |1^T c - 1|, or 0.
        rest: |x_j - X c - e|^2, the squared residual.
    """

    objective: np.ndarray
    gap: np.ndarray
    kkt: np.ndarray
    infeasibility: np.ndarray
    rest: np.ndarray

    @property
    def relative_gap(self) -> np.ndarray:
        """The gap over the objective (m,); 0 where both are 0."""
        return self.gap / np.where(self.objective > 0, self.objective, 1.0)


def certify(
    columns: Columns,
    coefficients: np.ndarray,
    outliers: np.ndarray | None,
    penalty: np.ndarray,
    outlier_penalty: float | None,
    tau: float,
    shift: np.ndarray | None = None,
    *,
    chosen: np.ndarray | None = None,
) -> Certificate:
    """Compute the certificate of coefficients (N, m) and outliers (D, m) of m columns.

    Args:
        columns: X.
        coefficients: C, zero where a column would express itself.
        outliers: E, or None.
        penalty: lambda (m,).
        outlier_penalty: lambda_e, or None.
        tau: in (0, 1].
        shift: delta (m,) if the coefficients sum to one, or None.
        chosen: numbers of the columns (m,); None means all in their order.

    Example:
        >>> x = Columns.of(np.array([[1.0, 1.0]]))
        >>> exact = np.array([[0.0, 0.9], [0.9, 0.0]])  # soft(1, 1/lambda) with lambda = 10
        >>> bool(certify(x, exact, None, np.array([10.0, 10.0]), None, 1.0).gap.max() < 1e-12)
        True
    """
    chosen = np.arange(columns.count) if chosen is None else chosen
    x, positions = columns.matrix, np.arange(len(chosen))
    own_columns = x[:, chosen]
    rest = own_columns - x @ coefficients - (0.0 if outliers is None else outliers)
    objective = tau * np.abs(coefficients).sum(axis=0) + (1 - tau) / 2 * np.square(
        coefficients
    ).sum(axis=0)
    objective = objective + penalty / 2 * np.square(rest).sum(axis=0)
    delta = np.zeros(len(chosen)) if shift is None else shift
    nu = penalty * rest
    if outliers is not None and outlier_penalty is not None:
        objective = objective + outlier_penalty * np.abs(outliers).sum(axis=0)
        nu = np.clip(nu, -outlier_penalty, outlier_penalty)
    pull = x.T @ nu + delta
    kkt = np.where(
        coefficients != 0,
        np.abs(pull - tau * np.sign(coefficients) - (1 - tau) * coefficients),
        np.maximum(np.abs(pull) - tau, 0.0),
    )
    kkt[chosen, positions] = pull[chosen, positions] = 0.0
    linear, square = (
        np.einsum("ij,ij->j", nu, own_columns) + delta,
        np.square(nu).sum(axis=0) / penalty,
    )
    if tau < 1:
        dual = (
            linear
            - square / 2
            - np.square(np.maximum(np.abs(pull) - tau, 0.0)).sum(axis=0) / (2 * (1 - tau))
        )
    else:
        largest = np.abs(pull).max(axis=0)
        bound = np.where(largest > 0, 1 / np.maximum(largest, np.finfo(float).tiny), 1.0)
        if outliers is not None:
            bound = np.minimum(bound, 1.0)  # nu is already at the edge of its box
        best = np.divide(linear, square, out=np.zeros_like(linear), where=square > 0)
        scale = np.clip(best, 0.0, bound)
        dual = scale * linear - scale**2 * square / 2
    missing = np.zeros(len(chosen)) if shift is None else np.abs(coefficients.sum(axis=0) - 1)
    return Certificate(
        objective, objective - dual, kkt.max(axis=0), missing, np.square(rest).sum(axis=0)
    )
