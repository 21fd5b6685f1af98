"""Counter-based draws: parameter vector number n is a function of (key, n) alone.

The bits are Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3,
SC 2011), checked against the test vectors of its authors. Normals are made from them by Box and
Muller's transform, with logarithm, sine and cosine evaluated by polynomials (the coefficients of
fdlibm's ``e_log``, ``k_sin`` and ``k_cos``) in plain IEEE arithmetic: no math library and no fused
multiply-add has a say, so the same numbers come out everywhere. Numpy's Philox would cost five
times as long and its normals may change between releases (NEP 19).

Counter words: (pair of parameters, 0, n low, n high). Pair j of P parameters gives parameter j and
parameter j + ceil(P/2), which keeps both halves contiguous.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from eigenscape.networks.bits import float_of, integer_of
from eigenscape.networks.compiled import compiled
from eigenscape.networks.priors import StandardDraw

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MANTISSA_SHIFT = np.uint64(12)
_ONE_TO_TWO = np.uint64(0x3FF0000000000000)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)

_LOG_2_HIGH, _LOG_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0
"""1.5 * 2^52: adding and subtracting it rounds to the nearest whole number."""


@njit(inline="always")
def _philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32; every word is held in the low half of a uint64."""
    for _ in range(10):
        product_0 = c0 * _MULTIPLIER_0
        product_1 = c2 * _MULTIPLIER_1
        c0, c2 = (product_1 >> _HALF) ^ c1 ^ k0, (product_0 >> _HALF) ^ c3 ^ k1
        c1, c3 = product_1 & _WORD, product_0 & _WORD
        k0 = (k0 + _WEYL_0) & _WORD
        k1 = (k1 + _WEYL_1) & _WORD
    return c0, c1, c2, c3


@compiled()
def philox4x32(counter, key):
    """The four output words for a counter of four words and a key of two, as uint64 arrays.

    Example:
        >>> words = philox4x32(np.zeros(4, np.uint64), np.zeros(2, np.uint64))
        >>> [f"{int(word):08x}" for word in words]
        ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    words = np.empty(4, np.uint64)
    words[0], words[1], words[2], words[3] = _philox(
        counter[0], counter[1], counter[2], counter[3], key[0], key[1]
    )
    return words


@compiled(error_model="numpy")
def _fill_uniforms(first, second, number, key):
    """Two independent uniforms in [0, 1) with 52 bits for every pair of sample ``number``."""
    k0, k1 = key & _WORD, key >> _HALF
    low, high = np.uint64(number) & _WORD, np.uint64(number) >> _HALF
    for pair in range(first.shape[0]):
        w0, w1, w2, w3 = _philox(np.uint64(pair), np.uint64(0), low, high, k0, k1)
        first[pair] = (
            float_of(np.int64((((w0 << _HALF) | w1) >> _MANTISSA_SHIFT) | _ONE_TO_TWO)) - 1.0
        )
        second[pair] = (
            float_of(np.int64((((w2 << _HALF) | w3) >> _MANTISSA_SHIFT) | _ONE_TO_TWO)) - 1.0
        )


@compiled(error_model="numpy")
def _uniforms_to_normals(first, second):
    """Box and Muller in place: r cos(2 pi u2), r sin(2 pi u2) with r = sqrt(-2 log(1 - u1)).

    Branch-free, so that the compiler vectorises it: selections are made by bit masks.
    """
    for pair in range(first.shape[0]):
        # log(x), x in (0, 1]: x = 2^k m with m in [sqrt(1/2), sqrt(2)), then fdlibm's series in s =
        # f/(2+f), f = m-1
        bits = integer_of(1.0 - first[pair])
        exponent = ((bits >> 52) & 0x7FF) - 1023
        mantissa = float_of((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000)
        large = mantissa > 1.4142135623730951
        mantissa = mantissa * 0.5 if large else mantissa
        k = np.float64(exponent + 1) if large else np.float64(exponent)
        f = mantissa - 1.0
        s = f / (2.0 + f)
        z = s * s
        series = 1.479819860511658591e-01
        series = series * z + 1.531383769920937332e-01
        series = series * z + 1.818357216161805012e-01
        series = series * z + 2.222219843214978396e-01
        series = series * z + 2.857142874366239149e-01
        series = series * z + 3.999999999940941908e-01
        series = series * z + 6.666666666666735130e-01
        series = series * z
        half_square = 0.5 * f * f
        logarithm = k * _LOG_2_HIGH - (
            (half_square - (s * (half_square + series) + k * _LOG_2_LOW)) - f
        )
        radius = np.sqrt(-2.0 * logarithm)

        # sine and cosine of 2 pi u: u = q/4 + t with |t| <= 1/8, then the quadrant q swaps and
        # signs them
        u = second[pair]
        rounded = 4.0 * u + _ROUND
        quadrant = integer_of(rounded)
        angle = (u - 0.25 * (rounded - _ROUND)) * 6.283185307179586476925
        z = angle * angle
        sine = 1.58969099521155010221e-10
        sine = sine * z - 2.50507602534068634195e-08
        sine = sine * z + 2.75573137070700676789e-06
        sine = sine * z - 1.98412698298579493134e-04
        sine = sine * z + 8.33333333332248946124e-03
        sine = sine * z - 1.66666666666666324348e-01
        sine = sine * z * angle + angle
        cosine = -1.13596475577881948265e-11
        cosine = cosine * z + 2.08757232129817482790e-09
        cosine = cosine * z - 2.75573143513906633035e-07
        cosine = cosine * z + 2.48015872894767294178e-05
        cosine = cosine * z - 1.38888888888741095749e-03
        cosine = cosine * z + 4.16666666666666019037e-02
        cosine = 1.0 - 0.5 * z + cosine * z * z
        swapped = -(quadrant & 1)
        sine_bits, cosine_bits = integer_of(sine), integer_of(cosine)
        new_sine = (cosine_bits & swapped) | (sine_bits & ~swapped)
        new_cosine = (sine_bits & swapped) | (cosine_bits & ~swapped)
        first[pair] = radius * float_of(new_cosine ^ (((quadrant + 1) & 2) << 62))
        second[pair] = radius * float_of(new_sine ^ ((quadrant & 2) << 62))


@compiled(error_model="numpy")
def _fill_draws(draws, first_number, key, scales, normal):
    """Rows first_number, first_number + 1, ... of scaled draws, into (B, P)."""
    rows, parameters = draws.shape
    pairs = (parameters + 1) // 2
    first, second = np.empty(pairs), np.empty(pairs)
    for row in range(rows):
        _fill_uniforms(first, second, first_number + row, key)
        if normal:
            _uniforms_to_normals(first, second)
        else:
            for pair in range(pairs):
                first[pair] = 2.0 * first[pair] - 1.0
                second[pair] = 2.0 * second[pair] - 1.0
        for pair in range(pairs):
            draws[row, pair] = first[pair] * scales[pair]
        for pair in range(parameters - pairs):
            draws[row, pairs + pair] = second[pair] * scales[pairs + pair]


def fill_parameters(
    parameters: np.ndarray, first: int, key: int, scales: np.ndarray, draw: StandardDraw
) -> None:
    """Draw parameter vectors ``first``, ``first + 1``, ... into the rows of ``parameters``.

    Draws are made in float64 and rounded to the type of ``parameters``, so a float32 study samples
    the same points.

    Args:
        parameters: (B, P), float64 or float32, overwritten.
        first: number of the first sample.
        key: the stream, from `seeding.prior_key`.
        scales: (P,), from `Prior.scales`.
        draw: normal or uniform.

    Example:
        >>> whole, part = np.empty((4, 3)), np.empty((1, 3))
        >>> fill_parameters(whole, 0, 7, np.ones(3), StandardDraw.NORMAL)
        >>> fill_parameters(part, 2, 7, np.ones(3), StandardDraw.NORMAL)
        >>> bool((whole[2] == part[0]).all())
        True
    """
    _fill_draws(parameters, first, np.uint64(key), scales, draw is StandardDraw.NORMAL)
