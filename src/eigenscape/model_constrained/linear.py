"""Closed forms of the optima of linear networks Psi(y) = W y + b with linear forward maps: the
targets of training.

With Gamma and Lambda the covariances of unknowns and observations (W_u = Gamma^-1, W_y = Lambda^-1
in `losses`), training pairs as columns U (m, n), Y (q, n), bars for means, Y_c = Y - ybar 1^T, and
+ for the pseudo-inverse, the optimum of mcDNN of least norm predicts at any y the Tikhonov solution

    u = argmin 1/2 |y' - G u|^2_{Lambda^-1} + 1/(2 alpha) |u - u_0|^2_{Gamma^-1},
    y' = y,
    u_0 = ubar + U_c Y_c^+ (y - ybar) - alpha Gamma G^T Lambda^-1 (I - Y_c Y_c^+)(y - ybar).

TNet is the same with u_0 fixed; where Y_c has full row rank it predicts exactly (I + alpha G^T
G)^-1 (u_0 + alpha G^T y), for Gamma = Lambda = I, and otherwise y is replaced by ybar + Y_c Y_c^+
(y - ybar). This is this project's derivation; the published page prints the two weights
interchanged.

The second moment of the gradient is known as well: see `second_moment`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LinearNetwork:
    """The network Psi(y) = W y + b.

    Attributes:
        weight: W, (m, q).
        bias: b, (m,).
    """

    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """Return the predictions (..., m) at y (..., q)."""
        return np.asarray(y @ self.weight.T + self.bias)


def mc_dnn_optimum(
    u: np.ndarray,
    y: np.ndarray,
    forward: np.ndarray,
    alpha: float,
    gamma: np.ndarray | None = None,
    noise: np.ndarray | None = None,
) -> LinearNetwork:
    """Return the optimum of `losses.mc_dnn` of least norm.

    The gradient vanishes where A (W ybar + b) = Gamma^-1 ubar + alpha G^T Lambda^-1 ybar, and W =
    A^-1 (Gamma^-1 U_c + alpha G^T Lambda^-1 Y_c) Y_c^+, with A = Gamma^-1 + alpha G^T Lambda^-1 G.

    Args:
        u: unknowns, (n, m).
        y: observations, (n, q).
        forward: G, (q, m).
        alpha: weight of the model.
        gamma: Gamma, (m, m); the identity by default.
        noise: Lambda, (q, q); the identity by default.

    Example:
        >>> pairs = np.eye(3)
        >>> # the blend (2 y + 3 y) / (1 + 3)
        >>> mc_dnn_optimum(2 * pairs, pairs, np.eye(3), alpha=3.0)(pairs[0]).round(12) + 0.0
        array([1.25, 0.  , 0.  ])
    """
    gamma_inverse = np.linalg.inv(np.eye(u.shape[1]) if gamma is None else gamma)
    noise_inverse = np.linalg.inv(np.eye(y.shape[1]) if noise is None else noise)
    system = gamma_inverse + alpha * forward.T @ noise_inverse @ forward
    pulled = alpha * forward.T @ noise_inverse
    u_mean, y_mean = u.mean(axis=0), y.mean(axis=0)
    centred = (y - y_mean).T
    weight = np.linalg.solve(
        system, gamma_inverse @ (u - u_mean).T + pulled @ centred
    ) @ np.linalg.pinv(centred)
    return LinearNetwork(
        weight, np.linalg.solve(system, gamma_inverse @ u_mean + pulled @ y_mean) - weight @ y_mean
    )


def tnet_optimum(
    u_0: np.ndarray,
    y: np.ndarray,
    forward: np.ndarray,
    alpha: float,
    gamma: np.ndarray | None = None,
    noise: np.ndarray | None = None,
) -> LinearNetwork:
    """Return the optimum of `losses.tnet` of least norm: mcDNN with u_0 (m,) instead of every u."""
    return mc_dnn_optimum(np.tile(u_0, (len(y), 1)), y, forward, alpha, gamma, noise)


def second_moment(
    u: np.ndarray,
    y: np.ndarray,
    forward: np.ndarray,
    alpha: float,
    variances: np.ndarray,
    u_precision: np.ndarray | float = 1.0,
    y_precision: np.ndarray | float = 1.0,
    constant: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return C = E[grad L grad L^T] of `losses.mc_dnn` for Psi(y) = y W + b, over independent
    parameters of mean 0; exact, for any alpha.

    The parameters Theta, (q + 1, m), are the rows of W (q, m) and then b, in the order of the
    parameter vector. With X = [Y 1], (n, q + 1), and A = W_u + alpha G^T W_y G the gradient is
    affine,

        grad L = H vec(Theta) - c,   H = X^T X / n (x) A,
        c = vec(X^T (U W_u + alpha (Y - 1 g^T) W_y G)) / n,

    where vec takes rows one after the other, so that C = H Sigma H + c c^T with Sigma the
    variances: quadratic in alpha. TNet is the same with u_0 for every u. This is this project's
    derivation.

    Args:
        u: unknowns, (n, m).
        y: observations, (n, q).
        forward: G, (q, m).
        alpha: weight of the model.
        variances: the variances of the parameters, ((q + 1) m,).
        u_precision: W_u, (m, m), or a number that multiplies the identity.
        y_precision: W_y, (q, q), or a number.
        constant: g, (q,), of an affine forward map G u + g.

    Example:
        >>> # L = (w + b - 1)^2 / 2 + alpha (w + b - 1)^2 / 2,
        >>> # so the gradient is (1 + alpha)(w + b - 1)(1, 1)
        >>> one = np.ones((1, 1))
        >>> second_moment(one, one, one, 1.0, np.ones(2))  # 4 (1 + 1 + 1)
        array([[12., 12.],
               [12., 12.]])
    """
    w_u, w_y = (
        np.eye(len(a.T)) * p if np.ndim(p) == 0 else np.asarray(p)
        for a, p in ((u, u_precision), (y, y_precision))
    )
    x = np.concatenate([y, np.ones((len(y), 1))], axis=1)
    slope = np.kron(x.T @ x / len(x), w_u + alpha * forward.T @ w_y @ forward)
    at_zero = (x.T @ (u @ w_u + alpha * (y - constant) @ w_y @ forward) / len(x)).ravel()
    return np.asarray((slope * variances) @ slope + np.outer(at_zero, at_zero))


def tikhonov(
    y: np.ndarray,
    u_0: np.ndarray,
    forward: np.ndarray,
    alpha: float,
    gamma: np.ndarray | None = None,
    noise: np.ndarray | None = None,
) -> np.ndarray:
    """Return the u of least |y - G u|^2_{Lambda^-1} + |u - u_0|^2_{Gamma^-1} / alpha, for y (...,
    q) and u_0 (..., m).

    The solution is that of one least-squares problem in the factors of the weights, and not of the
    normal equations from which the optima are computed.

    Example:
        >>> tikhonov(np.array([4.0]), np.array([0.0]), np.eye(1), alpha=3.0)
        array([3.])
    """
    m, q = forward.shape[1], forward.shape[0]
    root_gamma = np.linalg.inv(np.linalg.cholesky(np.eye(m) if gamma is None else gamma)) / np.sqrt(
        alpha
    )
    root_noise = np.linalg.inv(np.linalg.cholesky(np.eye(q) if noise is None else noise))
    right = np.concatenate(
        [
            np.atleast_2d(y) @ root_noise.T,
            np.broadcast_to(np.atleast_2d(u_0) @ root_gamma.T, (len(np.atleast_2d(y)), m)),
        ],
        axis=1,
    )
    solution = np.linalg.lstsq(
        np.concatenate([root_noise @ forward, root_gamma]), right.T, rcond=None
    )[0].T
    return np.asarray(solution.reshape(*y.shape[:-1], m))
