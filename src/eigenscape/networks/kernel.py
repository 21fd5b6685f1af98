"""Loss and gradient of a multilayer perceptron on the CPU, one parameter vector at a time.

One parameter vector with all its activations fits in the processor's cache, where batched forms
stream every layer of every sample through memory; this is 2.7 times faster than batched torch
products (docs/benchmarks.md). The products are SciPy's BLAS through numba's ``np.dot``, one thread.
A row of the result depends on its own parameter vector only, not on the batch it came in.

Forward, with h_0 = x (n, inputs):  z_l = h_{l-1} W_l + b_l,  h_l = phi(z_l),  f = z_{L+1}.
Backward, with d_{L+1} = (2/n) (f - y) / outputs:  dW_l = h_{l-1}^T d_l,
db_l = sum over points of d_l,  d_{l-1} = (d_l W_l^T) phi'(z_{l-1}).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import RELU, SIGMOID, TANH, Activation
from eigenscape.networks.bits import float_of, integer_of
from eigenscape.networks.compiled import compiled
from eigenscape.networks.problems import Problem

_TANH, _RELU, _SIGMOID = TANH.code, RELU.code, SIGMOID.code
_FAST = {"contract", "reassoc", "nsz"}
"""Fused multiply-add and reordered sums are allowed (they vectorise); infinities and NaN keep their
meaning."""

_WIDEST_TRANSPOSED = 128
"""OpenBLAS runs a small D W^T at 0.6 of its rate for H W: up to here W is transposed first
(benchmarks/gradient_kernel.py)."""

_ROUND = 6755399441055744.0
"""1.5 * 2^52: adding and subtracting it rounds to the nearest whole number. The functions that do
so must be compiled on their own, without `reassoc` (LLVM inlines them later): reordering would
cancel the two."""


@njit(fastmath={"contract"})
def _exponential_minus_one(y):
    """e^y - 1 for 0 <= y <= 700 to a few ulp: y = k log 2 + r, Taylor series of e^r - 1 to r^13/13!
    (next term 4e-18).
    """
    rounded = y * 1.4426950408889634 + _ROUND
    k = integer_of(rounded)
    whole = rounded - _ROUND
    r = y - whole * 6.93147180369123816490e-01
    r = r - whole * 1.90821492927058770002e-10
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    p = p * r * r + r
    scale = float_of((k + 1023) << 52)
    return scale * p + (scale - 1.0)


@njit(fastmath={"contract"})
def _tanh(x):
    """tanh(x) to a few ulp, and exactly odd; +-1 to double precision beyond |x| = 20.

    2 x = k log 2 + r, and ``e^r = (Q + r P)/(Q - r P)`` with the polynomials of r^2 of the Cephes
    library (S. L. Moshier, exp.c), so with s = 2^k
    ``tanh x = (s e^r - 1)/(s e^r + 1) = ((s - 1) Q + (s + 1) r P)/((s + 1) Q + (s - 1) r P)``:
    one division, and nothing cancels near 0, where s = 1.
    """
    x = max(min(x, 20.0), -20.0)
    rounded = (x + x) * 1.4426950408889634 + _ROUND
    k = integer_of(rounded)
    whole = rounded - _ROUND
    r = (x + x) - whole * 6.93147180369123816490e-01
    r = r - whole * 1.90821492927058770002e-10
    square = r * r
    p = ((1.26177193074810590878e-4 * square + 3.02994407707441961300e-2) * square + 1.0) * r
    q = (
        (3.00198505138664455042e-6 * square + 2.52448340349684104192e-3) * square
        + 2.27265548208155028766e-1
    ) * square + 2.0
    scale = float_of((k + 1023) << 52)
    less, more = scale - 1.0, scale + 1.0
    return (less * q + more * p) / (more * q + less * p)


@njit(fastmath={"contract"})
def _sigmoid(x):
    """1/(1 + e^{-x}), with full relative accuracy on both sides."""
    grown = _exponential_minus_one(min(abs(x), 700.0)) + 1.0
    return (grown if x >= 0.0 else 1.0) / (grown + 1.0)


@compiled(fastmath=_FAST, error_model="numpy")
def _add_bias_and_activate(z, bias, code):
    """phi(z + b) in place; z is (n, w)."""
    for point in range(z.shape[0]):
        row = z[point]
        for unit in range(row.shape[0]):
            row[unit] += bias[unit]
    flat = z.ravel()
    if code == _TANH:
        for i in range(flat.shape[0]):
            flat[i] = _tanh(np.float64(flat[i]))
    elif code == _RELU:
        for i in range(flat.shape[0]):
            flat[i] = max(flat[i], flat.dtype.type(0))
    elif code == _SIGMOID:
        for i in range(flat.shape[0]):
            flat[i] = _sigmoid(np.float64(flat[i]))


@compiled(fastmath=_FAST, error_model="numpy")
def _multiply_by_derivative(d, h, code):
    """Multiply d by phi'(z) in place, with phi' read off the output h = phi(z)."""
    d, h = d.ravel(), h.ravel()
    one = d.dtype.type(1)
    if code == _TANH:
        for i in range(d.shape[0]):
            d[i] *= one - h[i] * h[i]
    elif code == _RELU:
        for i in range(d.shape[0]):
            d[i] = d[i] if h[i] > 0 else d.dtype.type(0)
    elif code == _SIGMOID:
        for i in range(d.shape[0]):
            d[i] *= h[i] * (one - h[i])


@compiled(fastmath=_FAST, error_model="numpy")
def _column_sums(d, sums):
    """Sum over the n points of d (n, w), four at a time: a quarter of the loads and stores of the
    sums.
    """
    sums[:] = 0
    fours = d.shape[0] - d.shape[0] % 4
    for point in range(0, fours, 4):
        first, second, third, fourth = d[point], d[point + 1], d[point + 2], d[point + 3]
        for unit in range(d.shape[1]):
            sums[unit] += (first[unit] + second[unit]) + (third[unit] + fourth[unit])
    for point in range(fours, d.shape[0]):
        row = d[point]
        for unit in range(row.shape[0]):
            sums[unit] += row[unit]


@compiled(fastmath=_FAST, error_model="numpy")
def _transpose(weights, transposed):
    """W^T, eight columns of W at a time: a cache line of W is read whole, and eight rows of W^T are
    written side by side.
    """
    eights = weights.shape[1] - weights.shape[1] % 8
    for first in range(0, eights, 8):
        for row in range(weights.shape[0]):
            for column in range(first, first + 8):
                transposed[column, row] = weights[row, column]
    for row in range(weights.shape[0]):
        for column in range(eights, weights.shape[1]):
            transposed[column, row] = weights[row, column]


@compiled(fastmath=_FAST, error_model="numpy")
def _gradients(parameters, gradients, losses, x, y, depth, width, code):
    """Rows of gradients (B, P) and losses (B,) at the rows of parameters (B, P)."""
    n, inputs = x.shape
    outputs = y.shape[1]
    dtype = x.dtype
    scale = dtype.type(1.0 / (n * outputs))
    hidden = np.empty((depth, n, width), dtype)
    d, d_below = np.empty((n, width), dtype), np.empty((n, width), dtype)
    residual = np.empty((n, outputs), dtype)
    transposed = np.empty((width, width), dtype)
    first, square = (inputs + 1) * width, (width + 1) * width
    last = first + (depth - 1) * square
    for sample in range(parameters.shape[0]):
        theta, gradient = parameters[sample], gradients[sample]

        np.dot(x, theta[: inputs * width].reshape(inputs, width), hidden[0])
        _add_bias_and_activate(hidden[0], theta[inputs * width : first], code)
        for layer in range(1, depth):
            start = first + (layer - 1) * square
            np.dot(
                hidden[layer - 1],
                theta[start : start + width * width].reshape(width, width),
                hidden[layer],
            )
            _add_bias_and_activate(
                hidden[layer], theta[start + width * width : start + square], code
            )
        np.dot(
            hidden[depth - 1],
            theta[last : last + width * outputs].reshape(width, outputs),
            residual,
        )

        total = 0.0
        bias = theta[last + width * outputs :]
        for point in range(n):
            for output in range(outputs):
                difference = residual[point, output] + bias[output] - y[point, output]
                total += difference * difference
                residual[point, output] = dtype.type(2) * scale * difference
        losses[sample] = total * scale

        np.dot(
            hidden[depth - 1].T,
            residual,
            gradient[last : last + width * outputs].reshape(width, outputs),
        )
        _column_sums(residual, gradient[last + width * outputs :])
        np.dot(residual, theta[last : last + width * outputs].reshape(width, outputs).T, d)
        _multiply_by_derivative(d, hidden[depth - 1], code)
        for layer in range(depth - 1, 0, -1):
            start = first + (layer - 1) * square
            np.dot(
                hidden[layer - 1].T,
                d,
                gradient[start : start + width * width].reshape(width, width),
            )
            _column_sums(d, gradient[start + width * width : start + square])
            weights = theta[start : start + width * width].reshape(width, width)
            if width <= _WIDEST_TRANSPOSED:
                _transpose(weights, transposed)
                np.dot(d, transposed, d_below)
            else:
                np.dot(d, weights.T, d_below)
            _multiply_by_derivative(d_below, hidden[layer - 1], code)
            d, d_below = d_below, d
        np.dot(x.T, d, gradient[: inputs * width].reshape(inputs, width))
        _column_sums(d, gradient[inputs * width : first])


def fill_gradients(
    parameters: np.ndarray,
    gradients: np.ndarray,
    losses: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
) -> None:
    """Losses and loss gradients at many parameter vectors, without a Python loop over them.

    Args:
        parameters: (B, P), float64 or float32, C-contiguous.
        gradients: (B, P), same type, overwritten.
        losses: (B,), same type, overwritten.
        architecture: the network.
        activation: of the hidden units.
        problem: the data; converted to the type of ``parameters``.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> from eigenscape.networks.problems import Problem
        >>> theta = np.array([[2.0, 0.0, 3.0, 1.0]])  # f(x) = 3 (2 x) + 1
        >>> gradient, loss = np.empty((1, 4)), np.empty(1)
        >>> data = Problem(np.ones((1, 1)), np.zeros((1, 1)))
        >>> fill_gradients(theta, gradient, loss, Architecture(1, 1), LINEAR, data)
        >>> loss, gradient
        (array([49.]), array([[42., 42., 28., 14.]]))
    """
    dtype = parameters.dtype
    x, y = np.ascontiguousarray(problem.inputs, dtype), np.ascontiguousarray(problem.targets, dtype)
    _gradients(
        parameters, gradients, losses, x, y, architecture.depth, architecture.width, activation.code
    )
