"""Training on digits: what is frozen stays, what is trained learns, and the same seed gives the
same numbers.
"""

import numpy as np

from eigenscape.expressivity.training import lengths_in_training, shuffled_split, train_one_layer


def test_three_quarters_of_the_digits_are_trained_on() -> None:
    data = shuffled_split(3)
    assert (len(data.train_inputs), len(data.inputs)) == (1347, 450)


def test_one_trained_layer_learns_far_beyond_chance() -> None:
    found = train_one_layer(3, 32, 1.0, "hard_tanh", runs=2, epochs=8, rate=3e-3, seed=0)
    assert found.layers.tolist() == [2, 3]
    assert found.train.shape == found.test.shape == (2, 2)
    assert found.chance.max() < 0.35
    # ten classes: chance is 0.1
    assert found.test.min() > 0.5


def test_without_steps_nothing_is_learnt() -> None:
    """At a rate of 0 every trained layer is as drawn, so all networks of a run agree with the
    untrained one.
    """
    found = train_one_layer(3, 8, 1.0, "relu", runs=2, epochs=1, rate=0.0, seed=0)
    np.testing.assert_array_equal(found.test, np.broadcast_to(found.chance, (2, 2)))


def test_lengths_start_from_the_drawn_network_and_follow_training() -> None:
    found = lengths_in_training(
        2, 16, 2.0, "hard_tanh", runs=2, epochs=4, measured=2, rate=0.1, seed=1
    )
    assert found.epochs.tolist() == [0, 2, 4]
    assert found.lengths.shape == (2, 3, 3)
    # the curve itself stays
    np.testing.assert_allclose(found.lengths[:, :, 0], found.lengths[:, :1, 0].repeat(3, axis=1))
    assert (found.lengths[:, 1:, 1:] != found.lengths[:, :1, 1:]).all()
    assert (found.test[:, -1] > found.test[:, 0] + 0.3).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    once, again = (
        lengths_in_training(2, 8, 2.0, "relu", runs=1, epochs=1, measured=1, rate=0.1, seed=5)
        for _ in range(2)
    )
    np.testing.assert_array_equal(once.lengths, again.lengths)


def test_a_network_trains_beside_others_as_it_would_alone() -> None:
    alone, beside = (
        lengths_in_training(2, 8, 2.0, "relu", runs=runs, epochs=2, measured=1, rate=0.1, seed=5)
        for runs in (1, 3)
    )
    np.testing.assert_array_equal(alone.lengths[0], beside.lengths[0])
