"""Bootstrap of trajectories against embeddings of trajectories that are written out as often as
they are drawn.
"""

from __future__ import annotations

import numpy as np
import pytest
from unit.sloppiness.test_distances import models

from eigenscape.errors import BadInput
from eigenscape.sloppiness.distances import bhattacharyya_distances
from eigenscape.sloppiness.inpca import embed
from eigenscape.sloppiness.resampling import bootstrap_eigenvalues


def test_a_resample_has_the_spectrum_of_repeated_trajectories() -> None:
    logs = models(12, 8, 4)
    trajectories = np.repeat(np.arange(4), 3)
    d = bhattacharyya_distances(logs)
    found = bootstrap_eigenvalues(d, trajectories, 5, key=7)
    draw = np.random.Generator(np.random.Philox(key=7))
    for spectrum, counts in zip(found, draw.multinomial(4, np.full(4, 0.25), size=5), strict=True):
        written = embed(
            bhattacharyya_distances(np.repeat(logs, counts[trajectories], axis=0))
        ).eigenvalues
        kept = int((counts > 0).sum()) * 3
        # weights of mean 1 over the points kept; repetitions are four trajectories again
        np.testing.assert_allclose(spectrum[:kept][: len(written)] * 12 / kept, written, atol=1e-12)
        np.testing.assert_array_equal(spectrum[kept:], 0.0)


def test_one_trajectory_cannot_be_resampled() -> None:
    with pytest.raises(BadInput, match="two or more"):
        bootstrap_eigenvalues(np.zeros((3, 3)), np.zeros(3), 20, key=1)
