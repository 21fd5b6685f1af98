"""Angles between leading subspaces: by construction, by full eigensolves, and of plateaus by the
theorem.
"""

import numpy as np
import pytest
from builders import with_spectrum

from eigenscape.active_subspace.leading import leading_directions, leading_vectors, overlap
from eigenscape.active_subspace.symmetry import project
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.symmetry import Symmetry


def test_leading_vectors_span_what_a_full_solve_says():
    moment = with_spectrum(np.array([9.0, 7.0, 2.0, 1.0, 0.5]))
    expected = np.linalg.eigh(moment)[1][:, ::-1][:, :2]
    assert overlap(leading_vectors(moment, 2), expected) == pytest.approx(1.0, abs=1e-12)
    with pytest.raises(BadInput, match="count"):
        leading_vectors(moment, 6)


def test_overlap_of_a_turned_plane():
    turn = 0.7
    plane = np.eye(5)[:, :2]
    turned = np.column_stack(
        [np.eye(5)[:, 0], np.cos(turn) * np.eye(5)[:, 1] + np.sin(turn) * np.eye(5)[:, 4]]
    )
    assert overlap(plane, turned) == pytest.approx((1 + np.cos(turn) ** 2) / 2, rel=1e-12)


def test_a_turned_block_is_seen_at_its_angle():
    """Depth 1, width 2: gradients along (cos t, sin t, 0) of every unit's (W1, b1, W2) have that
    leading direction.
    """
    architecture = Architecture(1, 2)

    def of(turn):
        rows = np.zeros((2, 7))
        for unit in range(2):
            rows[unit, [unit, 2 + unit]] = np.cos(turn), np.sin(turn)
        return leading_directions(project(rows, architecture, Symmetry.PERMUTATIONS_AND_SIGNS))

    assert of(0.0).degrees_from(of(np.radians(25.0)))[0] == pytest.approx(25.0, abs=1e-9)
    assert of(0.0).degrees_from(of(np.radians(1e-7)))[0] == pytest.approx(1e-7, rel=1e-6)
    output_bias = np.zeros((1, 7))
    output_bias[0, 6] = 1.0
    other = leading_directions(project(output_bias, architecture, Symmetry.PERMUTATIONS_AND_SIGNS))
    assert of(0.0).degrees_from(other)[0] == 90.0


def test_weights_choose_samples():
    rows = np.zeros((2, 7))
    rows[0, 0], rows[1, 6] = 1.0, 2.0
    samples = project(rows, Architecture(1, 2), Symmetry.PERMUTATIONS_AND_SIGNS)
    found = leading_directions(samples, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert [samples.blocks[block].label for block in found.blocks] == ["W1, b1, W2", "b2"]
