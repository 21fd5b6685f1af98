"""The bracket on matrices whose condition number is known, over many seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import draws, orthogonal, sampler, second_moment

from eigenscape.active_subspace.bracket import (
    Bracket,
    bracket,
    coordinates,
    extrapolated,
    extreme_pairs,
)
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture


class GaussianGradients:
    """Stands in for a `Sampler`: gradients are N(0, C) with a C that is known."""

    def __init__(self, root: np.ndarray, seed: int, samples: int) -> None:
        self.gradients = np.random.default_rng(seed).standard_normal((samples, len(root))) @ root

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        return self.gradients[first : first + count], np.zeros(count)


def root_of(decades: float, size: int = 40) -> np.ndarray:
    """A square root of a C with geometrically spaced eigenvalues over ``decades``, in a random
    basis.
    """
    basis = orthogonal(size, seed=1)
    return (basis * 10 ** np.linspace(0, -decades / 2, size)) @ basis.T


def bracket_of(source: GaussianGradients) -> Bracket:
    gradients = source.gradients
    half = len(gradients) // 2
    whole, first = (
        gradients.T @ gradients / len(gradients),
        gradients[:half].T @ gradients[:half] / half,
    )
    values = np.linalg.eigvalsh(whole)
    return bracket(
        source,
        len(gradients),
        whole,
        first,
        float(np.log10(values[-1] / values[0])),
        replicates=40,
        key=1,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("decades", [0.0, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("ratio", [4, 16])
def test_bracket_contains_the_truth(decades: float, ratio: int) -> None:
    """Each end misses by fluctuation in at most 2.5 % of the cases, so at most 5 of 40 trials, but
    for a chance of 1 in 100.
    """
    contained = 0
    for seed in range(40):
        found = bracket_of(GaussianGradients(root_of(decades), seed, ratio * 40))
        contained += found.low <= decades <= found.high
    assert contained >= 35


def test_bracket_narrows_as_samples_grow() -> None:
    widths = [
        np.mean(
            [
                bracket_of(GaussianGradients(root_of(3.0), seed, ratio * 40)).width
                for seed in range(10)
            ]
        )
        for ratio in (4, 16, 64)
    ]
    assert widths[0] > widths[1] > widths[2]


def test_extrapolation_is_nearer_the_truth_than_the_sample_value() -> None:
    """Mean errors over 20 trials, for isotropic and for graded C."""
    for decades in (0.0, 3.0):
        found = [
            bracket_of(GaussianGradients(root_of(decades), seed, 4 * 40)) for seed in range(20)
        ]
        sample_error = abs(np.mean([b.sample for b in found]) - decades)
        assert abs(np.mean([b.extrapolated for b in found]) - decades) < 0.7 * sample_error


def test_extrapolation_needs_two_usable_sample_sizes() -> None:
    assert math.isnan(extrapolated({100: 5.0, 150: 4.0}, 100))
    assert math.isnan(extrapolated({400: 5.0}, 100))


def test_extrapolation_recovers_a_linear_law() -> None:
    values = {n: 2.0 + 0.5 * 50 / n for n in (100, 200)}
    assert extrapolated(values, 50) == pytest.approx(2.0, abs=1e-12)
    assert extrapolated({100: 1.0, 200: 1.1}, 50) == 1.0, "noise must not correct upwards"


def test_too_few_samples_for_two_halves_give_no_lower_end() -> None:
    found = bracket_of(GaussianGradients(root_of(1.0), 0, 70))
    assert math.isnan(found.split_half)
    assert found.width == math.inf


@pytest.mark.parametrize("decades", [1.0, 8.0])
def test_extreme_pairs_agree_with_eigh(decades: float) -> None:
    root = root_of(decades, size=60)
    matrix = root @ root.T
    values, vectors = np.linalg.eigh(matrix)
    found = extreme_pairs((matrix + matrix.T) / 2)
    assert found is not None
    # Lanczos stops at a relative residual of 1e-6; eigenvalues are then good to its square
    np.testing.assert_allclose(found[0], values[[-1, 0]], rtol=1e-6)
    assert np.abs(np.sum(found[1] * vectors[:, [-1, 0]], axis=0)).min() > 1 - 1e-4


@pytest.mark.parametrize(
    ("size", "count", "pairs"), [(2, 1, 2), (4, 1, 2), (12, 8, 12), (20, 8, 16), (60, 8, 16)]
)
def test_extreme_pairs_are_as_many_as_there_are(size: int, count: int, pairs: int) -> None:
    values = np.geomspace(1.0, 1e-3, size)
    found = extreme_pairs(np.diag(values), count)
    assert found is not None
    expected = (
        values if pairs == size else np.concatenate([values[: pairs // 2], values[-(pairs // 2) :]])
    )
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)
    assert found[1].shape == (size, pairs)


def test_extreme_pairs_of_a_singular_matrix_are_not_made_up() -> None:
    assert extreme_pairs(np.ones((5, 5))) is None


def test_coordinates_are_those_of_the_gradients() -> None:
    source = sampler(Architecture(2, 4))
    directions = orthogonal(Architecture(2, 4).parameters)[:, :3]
    gradients, _ = source.block(0, 300)
    expected = gradients.copy() @ directions
    np.testing.assert_allclose(
        coordinates(source, 300, directions), expected, rtol=1e-9, atol=1e-12
    )


def test_interval_is_fluctuation_about_the_sample_value() -> None:
    """Its width agrees with the spread of sample values over independent data, two-sided 1.96
    standard deviations, within 40 %.
    """
    found = [bracket_of(GaussianGradients(root_of(3.0), seed, 16 * 40)) for seed in range(30)]
    assert all(b.interval.low < b.sample < b.interval.high for b in found)
    spread = np.std([b.sample for b in found], ddof=1)
    assert np.mean([b.interval.high - b.interval.low for b in found]) == pytest.approx(
        2 * 1.96 * spread, rel=0.4
    )


def test_the_first_quarter_takes_part_where_it_has_full_rank() -> None:
    source = GaussianGradients(root_of(3.0), 5, 16 * 40)
    gradients = source.gradients
    moments = [gradients[:n].T @ gradients[:n] / n for n in (640, 320, 160, 30)]
    values = [
        float(np.log10(np.divide(*np.linalg.eigvalsh(moment)[[-1, 0]]))) for moment in moments[:3]
    ]
    found = bracket(
        source,
        640,
        moments[0],
        moments[1],
        values[0],
        first_quarter=moments[2],
        replicates=20,
        key=1,
    )  # type: ignore[arg-type]
    assert [found.sample, found.at_half, found.at_quarter] == pytest.approx(values, abs=1e-5)
    assert found.extrapolated == pytest.approx(
        extrapolated({640: values[0], 320: values[1], 160: values[2]}, 40), abs=1e-4
    )
    without = bracket(source, 640, moments[0], moments[1], values[0], replicates=20, key=1)  # type: ignore[arg-type]
    assert without.at_quarter == math.inf
    assert without.extrapolated != found.extrapolated


@pytest.mark.parametrize("size", [20, 60])
@pytest.mark.parametrize("decades", [12.0, 24.0, 37.0])
def test_long_spectra_have_a_bracket_and_an_interval(size: int, decades: float) -> None:
    """Independent columns over ``decades``: the variances of the extreme ones are mean squares of
    16 P normals, whose logs have a standard error of sqrt(2/N), both together 2/sqrt(N).
    """
    source = GaussianGradients(np.diag(10.0 ** -np.linspace(0, decades / 2, size)), 3, 16 * size)
    gradients = source.gradients
    half = len(gradients) // 2
    whole, first = (second_moment(rows) for rows in (gradients, gradients[:half]))
    value = spectrum_of(whole).log10_condition

    found = bracket(source, len(gradients), whole, first, value, replicates=200, key=1)  # type: ignore[arg-type]

    assert found.low < decades < found.high
    assert found.at_half == pytest.approx(spectrum_of(first).log10_condition, abs=1e-6)
    expected = 2 * 1.96 * 2 / math.sqrt(len(gradients)) / math.log(10)
    assert found.interval.high - found.interval.low == pytest.approx(expected, rel=0.4)
    assert found.interval.low < value < found.interval.high


@pytest.mark.parametrize("size", [12, 20, 60])
def test_outermost_vectors_of_a_long_spectrum_keep_its_grading(size: int) -> None:
    """The mean square along each vector is its eigenvalue, though 37 decades lie between them: each
    component is right relative to its own size.
    """
    gradients = draws(16 * size, size) * 10.0 ** np.random.default_rng(4).permutation(
        -np.linspace(0, 18.5, size)
    )
    matrix = second_moment(gradients)
    expected = spectrum_of(matrix).eigenvalues
    outer = expected if size <= 16 else np.r_[expected[:8], expected[-8:]]

    found = extreme_pairs(matrix, 8)

    assert found is not None
    # P eps / lambda_min(A), about 1/4, for the values; Lanczos' 1e-6, squared, along the vectors
    np.testing.assert_allclose(found[0], outer, rtol=1e-12)
    np.testing.assert_allclose(np.mean((gradients @ found[1]) ** 2, axis=0), outer, rtol=1e-10)


def test_excluded_samples_take_no_part_in_either_half() -> None:
    """A quarter of them, all in the first half, are rows of 0; the split-half value by hand, where
    scales cancel.
    """
    source = GaussianGradients(root_of(3.0), 7, 400)
    gradients = source.gradients
    gradients[:100] = 0.0
    parts = [part.T @ part for part in (gradients, gradients[:200], gradients[200:])]
    bases = [np.linalg.eigh(part)[1][:, [-1, 0]] for part in parts[1:]]
    means = np.mean(
        np.concatenate([gradients[:200] @ bases[1], gradients[200:] @ bases[0]]) ** 2, axis=0
    )

    found = bracket(
        source, 400, parts[0] / 300, parts[1] / 200, 4.0, replicates=10, key=1, excluded=100
    )  # type: ignore[arg-type]

    # Lanczos: 1e-6 of the vectors
    assert found.split_half == pytest.approx(np.log10(means[0] / means[1]), abs=1e-4)
