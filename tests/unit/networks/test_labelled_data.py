"""The split of labelled inputs, its checks, and how inputs are scaled."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.networks.labelled_data import (
    LabelledData,
    Part,
    digit_images,
    shuffled_digits,
    split,
    with_random_labels,
)
from eigenscape.seeding import generator


def split_digits(each: int, part: Part) -> LabelledData:
    return split(*digit_images(), each, part, generator(1, "split"))


def rows_of(inputs: np.ndarray) -> set[bytes]:
    return {row.tobytes() for row in inputs}


def test_the_split_holds_classes_apart_and_in_balance() -> None:
    images, labels = digit_images()
    data = split_digits(7, Part.HELD_OUT)
    np.testing.assert_array_equal(data.labels, np.repeat(np.arange(10), 7))
    assert np.square(data.train_inputs).mean() == pytest.approx(1)
    assert not rows_of(data.inputs) & rows_of(data.train_inputs)
    names = np.array([f"digit {label}" for label in labels])
    words = split(images, names, 7, Part.HELD_OUT, generator(1, "split"))
    np.testing.assert_array_equal(words.inputs, data.inputs)


def test_inputs_that_are_looked_at_may_be_those_of_training() -> None:
    held, trained = (split_digits(3, part) for part in (Part.HELD_OUT, Part.TRAINING))
    np.testing.assert_array_equal(held.train_inputs, trained.train_inputs)
    assert rows_of(trained.inputs) <= rows_of(trained.train_inputs)
    np.testing.assert_array_equal(np.bincount(trained.labels), 3)


def test_shuffled_digits_are_standardised_by_their_training_part_and_not_mixed() -> None:
    pixels, labels = shuffled_digits(generator(3), 1797, 1347)
    np.testing.assert_allclose(pixels[:1347].mean(axis=0), 0, atol=1e-12)
    assert np.square(pixels[:1347]).mean() == pytest.approx(1)
    assert set(labels[:1347]) == set(labels[1347:]) == set(range(10))
    # an image keeps its label: pixels in proportion to those of an image with it
    images, known = digit_images()
    centred = pixels[0] - pixels.min(axis=0)
    scale = np.ptp(pixels, axis=0).max() / 16
    matching = np.abs(images.reshape(-1, 64) - centred / scale).max(axis=1) < 1e-9
    assert known[matching].tolist() == [labels[0]]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_random_labels_are_a_share_of_all_and_any_class(share: float) -> None:
    """Of C classes a label that is drawn anew is another with probability 1 - 1/C; four standard
    deviations of a binomial count.
    """
    _, labels = digit_images()
    noisy = with_random_labels(labels, share, generator(5, "noise"))
    other = 0.9 * share
    spread = (len(labels) * other * (1 - other)) ** 0.5
    assert abs((noisy != labels).sum() - len(labels) * other) <= 4 * spread
    assert set(noisy) == set(labels)
    names = np.array([f"digit {label}" for label in labels])
    assert set(with_random_labels(names, share, generator(5, "noise"))) == set(names)


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((4, 2)), np.array([0, 1, 0]), "one label per row"),
        (np.zeros((4, 2)), np.array([0.5, 1, 0, 1]), "whole numbers or text"),
        (np.full((40, 2), np.nan), np.arange(40) % 2, "finite"),
        (np.ones((40, 2)), np.zeros(40, int), "two classes"),
        (np.ones((40, 2)), np.arange(40) % 2, "inputs that differ"),
        (np.ones((8, 2)), np.arange(8) % 2, "inputs_per_class"),
        (np.array([["a"]]), np.array([0]), "numbers of shape"),
    ],
)
def test_unusable_data_are_refused_in_one_line(
    inputs: np.ndarray, labels: np.ndarray, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        split(inputs, labels, 5, Part.HELD_OUT, generator(0))


@pytest.mark.parametrize(
    ("part", "name"), [(Part.HELD_OUT, "held-out"), (Part.TRAINING, "training")]
)
def test_too_few_inputs_of_a_class_are_told_by_their_part(part: Part, name: str) -> None:
    with pytest.raises(BadInput, match=f"at least 150 {name} inputs of every class"):
        split_digits(150, part)
