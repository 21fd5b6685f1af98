"""One-dimensional deconvolution: a function on [0, 1] is observed through a Gaussian blur at some
points.

    y_i = h sum_j k(s_i, t_j) u_j,  k(s, t) = (2 pi b^2)^(-1/2) exp(-(s - t)^2 / (2 b^2)),  h = 1/m,

with t_j the midpoints of m equal cells and s_i the q observed ones among them, evenly spaced. The
map is linear, so all results have a closed form. The unknown is drawn from a smooth Gaussian prior
with precision proportional to (d I - Laplacian)^2, without flux at the ends. This setting is the
project's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Deconvolution:
    """The map u (..., m) -> y (..., q).

    Attributes:
        matrix: G, (q, m), float64.

    Example:
        >>> blur = Deconvolution(blur_matrix(20, 10, 0.05))
        >>> blur(torch.ones(3, 20, dtype=torch.float64)).shape
        torch.Size([3, 10])
    """

    matrix: np.ndarray

    @property
    def unknowns(self) -> int:
        """The number of unknowns, m."""
        return int(self.matrix.shape[1])

    @property
    def observations(self) -> int:
        """The number of observations, q."""
        return int(self.matrix.shape[0])

    def __call__(self, u: torch.Tensor) -> torch.Tensor:
        """Return G u."""
        return u @ torch.as_tensor(self.matrix, dtype=u.dtype, device=u.device).T


def blur_matrix(points: int, observed: int, blur: float) -> np.ndarray:
    """Return G, (q, m): the blur with standard deviation ``blur`` (length of the interval: 1), by
    the midpoint rule.

    Raises:
        BadInput: there are more observations than points, or none.

    Example:
        >>> # an inner point sees all of the kernel, an end a half
        >>> blur_matrix(200, 3, 0.05).sum(axis=1).round(3)
        array([0.52, 1.  , 0.52])
    """
    if not 1 <= observed <= points:
        raise BadInput.field(
            "observed",
            f"a whole number from 1 to points, {points}",
            str(observed),
            "write observed: 12",
        )
    centres = (np.arange(points) + 0.5) / points
    seen = (
        centres[np.round(np.linspace(0, points - 1, observed)).astype(int)]
        if observed > 1
        else centres[[points // 2]]
    )
    kernel = np.exp(-((seen[:, None] - centres) ** 2) / (2 * blur**2)) / np.sqrt(
        2 * np.pi * blur**2
    )
    return np.asarray(kernel / points)


def smooth_prior_factor(points: int, correlation: float = 0.2) -> np.ndarray:
    """Return a factor F (m, m) with F F^T the prior covariance of u, scaled to mean variance 1.

    F is the inverse of (d I - Laplacian) on the cells, d = 1/correlation^2: correlations decay over
    about that length. The precision is its square, so that draws F z are differentiable functions.

    Example:
        >>> factor = smooth_prior_factor(30)
        >>> round(float(np.mean(np.sum(factor**2, axis=1))), 12)
        1.0
    """
    off = -np.ones(points - 1) * points**2
    negative_laplacian = np.diag(off, 1) + np.diag(off, -1)
    negative_laplacian -= np.diag(negative_laplacian.sum(axis=1))
    factor = np.linalg.inv(negative_laplacian + np.eye(points) / correlation**2)
    return np.asarray(factor / np.sqrt(np.mean(np.sum(factor**2, axis=1))))
