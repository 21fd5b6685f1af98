"""Labelled inputs: checked, standardised, and split so that the graphs see inputs that training does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key

HELD_OUT_SHARE = 0.25
"""Of the inputs of each class; training never sees them."""


@dataclass(frozen=True)
class Split:
    """Inputs for training, and held-out ones with as many of each class for the graphs.

    Attributes:
        train_inputs: (n, d), or (n, h, w) for images.
        train_labels: (n,) in 0 .. K - 1.
        inputs: (N, d) or (N, h, w), N = K times the same number of each class, sorted by class.
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


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 8 x 8 digits of scikit-learn, (1797, 8, 8) and (1797,); they come with the package.

    Source: E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI 1998.

    Example:
        >>> digits()[0].shape
        (1797, 8, 8)
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - a second to import

    images, labels = load_digits(return_X_y=True)
    return images.reshape(-1, 8, 8), labels


def split(inputs: np.ndarray, labels: np.ndarray, each: int, seed: int) -> Split:
    """Hold out a quarter of every class, take ``each`` inputs of a class from it, and standardise all by the training part.

    One mean per pixel and one scale for all: pixels that never change stay zero.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.
        each: held-out inputs of every class that the graphs take.
        seed: names the split.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes, too few inputs of a class.

    Example:
        >>> found = split(*digits(), each=5, seed=0)
        >>> found.inputs.shape, found.classes
        ((50, 8, 8), 10)
    """
    inputs, labels = np.asarray(inputs), np.asarray(labels)
    if inputs.ndim not in (2, 3) or inputs.dtype.kind not in "buif" or 0 in inputs.shape:
        found = f"shape {inputs.shape}, {inputs.dtype}"
        raise BadInput.field("X", "numbers of shape (n, d), or (n, h, w) for images", found, "save X with one input per row")
    if labels.ndim != 1 or len(labels) != len(inputs) or labels.dtype.kind not in "biuUS":
        found = f"shape {labels.shape}, {labels.dtype}"
        raise BadInput.field("y", f"whole numbers or text of shape ({len(inputs)},)", found, "save y with one label per row of X")
    inputs = inputs.astype(float)
    if not np.isfinite(inputs).all():
        raise BadInput.field("X", "finite numbers", "an infinity or NaN", "remove such rows or fill them in")
    names, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise BadInput.field("y", "at least two classes", f"{len(names)}", "give labels that differ")
    needed = int(np.ceil(each / HELD_OUT_SHARE))
    if counts.min() < needed:
        poorest = names[counts.argmin()]
        raise BadInput.field(
            "y",
            f"at least {needed} inputs of every class",
            f"{counts.min()} of {poorest}",
            "lower clustering.inputs_per_class, or join classes",
        )
    draw = np.random.Generator(np.random.Philox(key=stream_key(seed, "clustering", "split")))
    chosen, train = [], []
    for code in range(len(names)):
        order = draw.permutation(np.flatnonzero(codes == code))
        held = max(int(HELD_OUT_SHARE * len(order)), each)
        chosen.append(order[:each])
        train.append(order[held:])
    kept, trained = np.concatenate(chosen), np.sort(np.concatenate(train))
    centre = inputs[trained].mean(axis=0)
    scale = np.sqrt(np.square(inputs[trained] - centre).mean())
    if scale == 0:
        raise BadInput.field("X", "inputs that differ", "all the same", "look at how X was saved")
    inputs = (inputs - centre) / scale
    return Split(inputs[trained], codes[trained], inputs[kept], codes[kept], len(names))
