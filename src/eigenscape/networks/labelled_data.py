"""Labelled inputs that classifiers are trained on: checked, split, and standardised by their
training part.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput

HELD_OUT_SHARE = 0.25
"""Fraction of the inputs of each class that training never sees."""


@dataclass(frozen=True)
class LabelledData:
    """Inputs for training, and those that an analysis looks at.

    Attributes:
        train_inputs: (n, d), or (n, h, w) for images.
        train_labels: (n,) in 0 .. K - 1.
        inputs: (N, d) or (N, h, w).
        labels: (N,).
        classes: K.
    """

    train_inputs: np.ndarray
    train_labels: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray
    classes: int

    @property
    def images(self) -> bool:
        """Whether inputs have two axes, as a convolutional network needs."""
        return self.inputs.ndim == 3


class Part(StrEnum):
    """Where the inputs come from that an analysis looks at."""

    HELD_OUT = "held_out"
    """Training does not see them."""
    TRAINING = "training"
    """Training sees them."""


@dataclass(frozen=True)
class Classes:
    """Inputs and labels that can be used.

    Attributes:
        inputs: (n, d) or (n, h, w), float64, finite.
        names: (K,), the labels as they were given, sorted.
        codes: (n,) in 0 .. K - 1.
    """

    inputs: np.ndarray
    names: np.ndarray
    codes: np.ndarray


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """The 8 x 8 digits of scikit-learn, (1797, 8, 8) and (1797,); they come with the package.

    Source: E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI 1998.

    Example:
        >>> digit_images()[0].shape
        (1797, 8, 8)
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - a second to import

    images, labels = load_digits(return_X_y=True)
    return images.reshape(-1, 8, 8), labels


def classes_of(inputs: np.ndarray, labels: np.ndarray) -> Classes:
    """Inputs X and labels y, checked.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes.

    Example:
        >>> classes_of(np.eye(3), np.array(["b", "a", "b"])).codes
        array([1, 0, 1])
    """
    inputs, labels = np.asarray(inputs), np.asarray(labels)
    if inputs.ndim not in (2, 3) or inputs.dtype.kind not in "buif" or 0 in inputs.shape:
        found = f"shape {inputs.shape}, {inputs.dtype}"
        raise BadInput.field(
            "X",
            "numbers of shape (n, d), or (n, h, w) for images",
            found,
            "save X with one input per row",
        )
    if labels.ndim != 1 or len(labels) != len(inputs) or labels.dtype.kind not in "biuUS":
        found = f"shape {labels.shape}, {labels.dtype}"
        raise BadInput.field(
            "y",
            f"whole numbers or text of shape ({len(inputs)},)",
            found,
            "save y with one label per row of X",
        )
    inputs = inputs.astype(np.float64)
    if not np.isfinite(inputs).all():
        raise BadInput.field(
            "X", "finite numbers", "an infinity or NaN", "remove such rows or fill them in"
        )
    names, codes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise BadInput.field(
            "y", "at least two classes", f"{len(names)}", "give labels that differ"
        )
    return Classes(inputs, names, codes)


def with_random_labels(labels: np.ndarray, share: float, draw: np.random.Generator) -> np.ndarray:
    """Labels (n,) of which a share, in the mean, is drawn anew from all classes.

    Example:
        >>> labels = np.repeat(["a", "b"], 500)
        >>> noisy = with_random_labels(labels, 0.5, np.random.default_rng(0))
        >>> round(float((noisy != labels).mean()), 2)  # a half of a half
        0.25
    """
    random = draw.choice(np.unique(labels), len(labels))
    return np.where(draw.random(len(labels)) < share, random, labels)


def split(
    inputs: np.ndarray, labels: np.ndarray, each: int, part: Part, draw: np.random.Generator
) -> LabelledData:
    """Hold out a quarter of every class, take ``each`` inputs of a class from one part to look at,
    and standardise all by the training part.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.
        each: inputs of every class that the analysis looks at; they are sorted by class.
        part: where they come from.
        draw: random numbers of the split.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes, too
            few inputs of a class, inputs that are all the same.

    Example:
        >>> data = split(*digit_images(), 5, Part.HELD_OUT, np.random.default_rng(0))
        >>> data.train_inputs.shape, data.inputs.shape, data.classes
        ((1352, 8, 8), (50, 8, 8), 10)
    """
    data = classes_of(inputs, labels)
    evaluated, trained = [], []
    for code, name in enumerate(data.names):
        order = draw.permutation(np.flatnonzero(data.codes == code))
        held, training = np.split(order, [int(HELD_OUT_SHARE * len(order))])
        pool = held if part is Part.HELD_OUT else training
        if len(pool) < each:
            raise BadInput.field(
                "y",
                f"at least {each} {part.replace('_', '-')} inputs of every class",
                f"{len(pool)} of {name}, which has {len(order)}",
                "lower inputs_per_class, or join classes",
            )
        evaluated.append(pool[:each])
        trained.append(training)
    rows, kept = np.sort(np.concatenate(trained)), np.concatenate(evaluated)
    scaled = standardised(data.inputs, rows)
    return LabelledData(
        scaled[rows], data.codes[rows], scaled[kept], data.codes[kept], len(data.names)
    )


def shuffled_digits(
    draw: np.random.Generator, count: int, trained: int
) -> tuple[np.ndarray, np.ndarray]:
    """Digits in random order, as vectors (count, 64), standardised by the first ``trained`` of
    them; and their labels (count,).

    Example:
        >>> pixels, labels = shuffled_digits(np.random.default_rng(0), 100, 75)
        >>> pixels.shape, labels.shape, float(np.square(pixels[:75]).mean().round(9))
        ((100, 64), (100,), 1.0)
    """
    images, labels = digit_images()
    chosen = draw.permutation(len(images))[:count]
    return standardised(images.reshape(len(images), -1)[chosen], slice(trained)), labels[chosen]


def standardised(inputs: np.ndarray, trained: np.ndarray | slice) -> np.ndarray:
    """One mean per input's entry and one scale for all, of the training part: pixels that never
    change stay zero.

    Args:
        inputs: (n, ...).
        trained: which of them training sees.

    Raises:
        BadInput: all training inputs are the same.

    Example:
        >>> standardised(np.array([[0.0], [2.0], [4.0]]), slice(2)).ravel().tolist()
        [-1.0, 1.0, 3.0]
    """
    centred = inputs - inputs[trained].mean(axis=0)
    scale = np.sqrt(np.square(centred[trained]).mean())
    if scale == 0:
        raise BadInput.field("X", "inputs that differ", "all the same", "look at how X was saved")
    return np.asarray(centred / scale)
