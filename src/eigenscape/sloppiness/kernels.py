r"""Kernel machines: gradient descent in function space has the closed form of linear models, at
training points and at others.

f_{t+1} = f_t - (alpha/n) k (f_t - y) with the kernel matrix k (n, n), which takes the place of X
X^T; K = k / n has eigenpairs (lambda_i, u_i). At other points, whose kernel with the training
points is k_* (m, n),

    f_*(t) = f_*(0) + k_* k^{-1} (I - (I - alpha K)^t) (y - f(0)).

Functions at the start are draws of the Gaussian process N(0, sigma_w^2 k), as those of weights w_0
~ N(0, sigma_w^2 I) are, and then f_*(0) = P f(0) + e with P = k_* k^{-1}, e independent of f(0), of
covariance sigma_w^2 (k_** - P k P^T). So f_*(t) = P f(t) + e at every t: the cloud at other points
has the covariance P C P^T + sigma_w^2 (k_** - P k P^T).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import Activation
from eigenscape.networks.functional import network_output
from eigenscape.sloppiness.covariance import TimeAverages, cloud_covariance, cloud_eigenvalues


def gaussian_kernel(first: np.ndarray, second: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return exp(-|x - x'|^2 / 2 l^2), (n, m).

    Example:
        >>> gaussian_kernel(np.zeros((1, 2)), np.array([[1.0, 1.0]]), 1.0).round(4)
        array([[0.3679]])
    """
    return np.asarray(np.exp(-cdist(first, second, "sqeuclidean") / (2 * bandwidth**2)))


def random_features(inputs: np.ndarray, width: int, draw: np.random.Generator) -> np.ndarray:
    """Return relu(W x + b) (2 / width)^1/2 (n, width), W ~ N(0, 1/d), b ~ N(0, 1): X of a model
    that is linear in the features' weights.
    """
    size = inputs.shape[1]
    weights, offsets = (
        draw.standard_normal((size, width)) / np.sqrt(size),
        draw.standard_normal(width),
    )
    return np.asarray(np.maximum(inputs @ weights + offsets, 0.0) * np.sqrt(2 / width))


def tangent_features(
    theta: np.ndarray, inputs: np.ndarray, architecture: Architecture, activation: Activation
) -> np.ndarray:
    """Return J (n, P), the gradient of a network's one output at every input: X of its
    linearisation at theta; J J^T is its tangent kernel.

    Source: A. Jacot, F. Gabriel, C. Hongler, arXiv 1806.07572.

    Raises:
        BadInput: the network has several outputs.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> theta = np.array([2.0, 0.0, 3.0, 1.0])  # (w x + b) v + c
        >>> tangent_features(theta, np.ones((1, 1)), Architecture(1, 1), LINEAR)
        array([[3., 3., 2., 1.]])
    """
    if architecture.outputs != 1:
        raise BadInput.field(
            "outputs", "1", str(architecture.outputs), "take a network of one output"
        )

    def output(parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return network_output(parameters, x[None], architecture, activation)[0, 0]

    parameters, points = (
        torch.tensor(theta, dtype=torch.float64),
        torch.tensor(inputs, dtype=torch.float64),
    )
    return np.asarray(
        torch.func.vmap(torch.func.grad(output), in_dims=(None, 0), chunk_size=64)(
            parameters, points
        )
    )


@dataclass(frozen=True)
class KernelMachine:
    """The eigenbasis of a kernel, and the dependence of other points on it.

    Attributes:
        eigenvalues: lambda_i of k / n (m,), descending, those distinguishable from rounding error.
        vectors: u_i (n, m).
        reading: P u_i = k_* u_i / (n lambda_i) (points, m).
        rest: k_** - P k P^T (points, points), the covariance of the start given the training
            points.
    """

    eigenvalues: np.ndarray
    vectors: np.ndarray
    reading: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(cls, kernel: np.ndarray, count: int) -> KernelMachine:
        """Decompose the kernel matrix (n + points, n + points) of the training points, which come
        first, and of others.

        Raises:
            BadInput: the matrix is not square, or has fewer than n rows.
        """
        if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or not 1 <= count <= len(kernel):
            expected = f"a square matrix of {count} rows or more"
            raise BadInput.field(
                "kernel",
                expected,
                f"shape {kernel.shape}",
                "give training points first, then the others",
            )
        values, vectors = eigh(kernel[:count, :count])
        resolved = values > count * np.finfo(np.float64).eps * values[-1]
        values, vectors = values[resolved][::-1], vectors[:, resolved][:, ::-1]
        reading = kernel[count:, :count] @ vectors / values
        return cls(
            values / count,
            vectors,
            reading,
            kernel[count:, count:] - (reading * values) @ reading.T,
        )

    @property
    def examples(self) -> int:
        """The number of training points, n."""
        return len(self.vectors)

    def training_spectrum(
        self, averages: TimeAverages, targets: np.ndarray, deviation: float
    ) -> np.ndarray:
        """Return the eigenvalues of the cloud at the training points, (m K,), descending.

        Args:
            averages: the averages of rates alpha lambda_i.
            targets: y (n,) or (n, K).
            deviation: sigma_w.
        """
        variances = deviation**2 * self.examples * self.eigenvalues
        return cloud_eigenvalues(averages, self.vectors.T @ targets, variances)

    def other_spectrum(
        self, averages: TimeAverages, targets: np.ndarray, deviation: float
    ) -> np.ndarray:
        """Return the eigenvalues of the cloud at the other points, (points K,), descending;
        arguments are those of `training_spectrum`.

        Outputs cannot be rotated component by component here, since P mixes components: the matrix
        is formed over all outputs.
        """
        sizes = self.vectors.T @ np.asarray(targets, dtype=np.float64).reshape(self.examples, -1)
        variances = deviation**2 * self.examples * self.eigenvalues
        zero = np.zeros(len(variances))
        start_part = (
            self.reading @ cloud_covariance(averages, zero, variances) @ self.reading.T
            + deviation**2 * self.rest
        )
        outputs, points = sizes.shape[1], len(self.reading)
        blocks = np.einsum(
            "pi,ic,ij,jd,qj->cpdq",
            self.reading,
            sizes,
            averages.covariance,
            sizes,
            self.reading,
            optimize=True,
        )
        covariance = blocks.reshape(outputs * points, outputs * points) + np.kron(
            np.eye(outputs), start_part
        )
        return np.asarray(eigh((covariance + covariance.T) / 2, eigvals_only=True)[::-1])
