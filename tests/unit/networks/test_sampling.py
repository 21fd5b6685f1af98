"""The generator against its authors' vectors, numpy's functions, and the distributions it
promises.
"""

import numpy as np
import pytest
from builders import EPSILON, draws
from scipy import stats

from eigenscape.architecture import Architecture
from eigenscape.networks.priors import StandardDraw, prior_named
from eigenscape.networks.sampling import fill_parameters, philox4x32
from eigenscape.seeding import prior_key

NORMAL, UNIFORM = StandardDraw.NORMAL, StandardDraw.UNIFORM
COUNT = 400_000

KNOWN_ANSWERS = {
    "zeros": (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    "ones": (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    "pi": (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
}
"""Counter, key and output of philox4x32-10 in the file kat_vectors of Random123 (Salmon et al., SC
2011)."""


def words(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], np.uint64)


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN_ANSWERS.values(), ids=KNOWN_ANSWERS)
def test_bits_are_those_that_the_authors_publish(counter: str, key: str, output: str) -> None:
    assert np.array_equal(philox4x32(words(counter), words(key)), words(output))


@pytest.mark.parametrize(("number", "parameters"), [(0, 5), (3, 6), (2**32 + 7, 4)])
def test_uniforms_are_the_words_of_the_counter_that_the_module_states(
    number: int, parameters: int
) -> None:
    key = 0x0123456789ABCDEF
    drawn = draws(1, parameters, first=number, key=key, draw=UNIFORM)[0]

    pairs = (parameters + 1) // 2
    expected = np.empty(2 * pairs)
    for pair in range(pairs):
        counter = np.array([pair, 0, number % 2**32, number >> 32], np.uint64)
        a, b, c, d = (
            int(word) for word in philox4x32(counter, np.array([key % 2**32, key >> 32], np.uint64))
        )
        expected[pair] = 2 * (((a << 32 | b) >> 12) / 2**52) - 1
        expected[pairs + pair] = 2 * (((c << 32 | d) >> 12) / 2**52) - 1
    assert np.array_equal(drawn, expected[:parameters])


@pytest.mark.parametrize("draw", [NORMAL, UNIFORM])
def test_a_draw_does_not_depend_on_its_batch_or_on_the_order(draw: StandardDraw) -> None:
    whole = draws(40, 17, draw=draw)

    for first, count in [(39, 1), (7, 13), (0, 1), (20, 20)]:
        assert np.array_equal(
            draws(count, 17, first=first, draw=draw), whole[first : first + count]
        )


@pytest.mark.parametrize("draw", [NORMAL, UNIFORM])
@pytest.mark.parametrize("parameters", [1, 5, 35])
def test_an_odd_number_of_parameters_leaves_out_the_last_of_the_even_number(
    draw: StandardDraw, parameters: int
) -> None:
    assert np.array_equal(
        draws(3, parameters, draw=draw), draws(3, parameters + 1, draw=draw)[:, :parameters]
    )


def test_normals_are_box_and_muller_of_the_uniforms() -> None:
    pairs = COUNT // 2
    uniforms = (draws(1, COUNT, draw=UNIFORM)[0] + 1) / 2  # exact: multiples of 2^-52
    first, second = np.longdouble(uniforms[:pairs]), np.longdouble(uniforms[pairs:])
    radius = np.sqrt(-2 * np.log1p(-first))
    angle = 8 * np.arctan(np.longdouble(1)) * second
    expected = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])

    # Half an ulp (eps/2) each from the logarithm's last bits, the root, the angle, the sine and the
    # product make about 3 eps; the reference itself loses up to 2^-61 of the radius where its angle
    # is close to a zero.
    allowed = 4 * EPSILON * np.abs(expected) + 2.0**-61 * np.tile(radius, 2)
    assert np.all(np.abs(draws(1, COUNT)[0] - expected) <= allowed)


def test_normals_have_the_moments_of_the_normal_distribution() -> None:
    z = draws(1, COUNT, key=1)[0]

    # Standard errors of the first four moments: Var z^k = E z^2k - (E z^k)^2 = 1, 2, 15, 96. Five
    # of them are allowed.
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        assert np.mean(z**power) == pytest.approx(moment, abs=5 * np.sqrt(variance / COUNT))


def test_uniforms_have_the_moments_of_the_uniform_distribution() -> None:
    u = draws(1, COUNT, key=2, draw=UNIFORM)[0]

    # On [-1, 1): E u^k = 1/(k + 1) for even k, so Var u^k = 1/(2k + 1) - (E u^k)^2.
    for power, moment in [(1, 0.0), (2, 1 / 3), (3, 0.0), (4, 1 / 5)]:
        variance = 1 / (2 * power + 1) - moment**2
        assert np.mean(u**power) == pytest.approx(moment, abs=5 * np.sqrt(variance / COUNT))
    assert u.min() >= -1
    assert u.max() < 1


@pytest.mark.parametrize("axis", ["parameters", "samples"])
def test_draws_pass_kolmogorov_and_smirnov(axis: str) -> None:
    shape = (1, COUNT) if axis == "parameters" else (COUNT, 1)

    # The probability that a right generator fails at these fixed keys is one in 1,000 a test.
    assert stats.kstest(draws(*shape, key=3).ravel(), "norm").pvalue > 1e-3
    assert (
        stats.kstest(draws(*shape, key=3, draw=UNIFORM).ravel(), "uniform", args=(-1, 2)).pvalue
        > 1e-3
    )


def neighbours() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs of draws that differ in one thing."""
    size = 100_000
    one = draws(2, size, key=prior_key(0, Architecture(2, 3)))
    return {
        "samples": (one[0], one[1]),
        "halves of a pair": (one[0, : size // 2], one[0, size // 2 :]),
        "parameters": (one[0, 1:], one[0, :-1]),
        "seeds": (one[0], draws(1, size, key=prior_key(1, Architecture(2, 3)))[0]),
        "cells": (one[0], draws(1, size, key=prior_key(0, Architecture(3, 3)))[0]),
        "sample numbers 2^32 apart": (
            one[0],
            draws(1, size, first=2**32, key=prior_key(0, Architecture(2, 3)))[0],
        ),
    }


@pytest.mark.parametrize("what", neighbours())
def test_draws_that_differ_in_one_thing_are_uncorrelated(what: str) -> None:
    first, second = neighbours()[what]

    # Correlations of n independent pairs have standard error 1/sqrt(n); squares see dependence that
    # signs hide.
    for one, other in [(first, second), (first**2, second**2)]:
        assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(len(one))


@pytest.mark.parametrize("draw", [NORMAL, UNIFORM])
def test_single_precision_draws_are_the_double_ones_rounded(draw: StandardDraw) -> None:
    single, double = np.empty((50, 33), np.float32), np.empty((50, 33))
    scales = prior_named("lecun_normal").scales(Architecture(2, 4))[:33]
    for filled in (single, double):
        fill_parameters(filled, 3, 9, scales, draw)

    assert np.array_equal(single, double.astype(np.float32))


def test_scales_multiply_draws_in_their_place() -> None:
    scales = 2.0 ** np.arange(-8, 9)
    scaled = np.empty((3, 17))
    fill_parameters(scaled, 0, 5, scales, NORMAL)

    assert np.array_equal(scaled, draws(3, 17, key=5) * scales)
