"""Labelled inputs that classifiers are trained on: checked, and standardised by their training
part.

How inputs are held out is the business of each analysis; what a usable file is, and how it is
scaled, is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput

HELD_OUT_SHARE = 0.25
"""Of the inputs of each class; training never sees them."""


@dataclass(frozen=True)
class LabelledData:
    """Inputs for training, and others, with as many of each class, that an analysis looks at.

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


def standardised(
    data: Classes, trained: list[np.ndarray], chosen: list[np.ndarray]
) -> LabelledData:
    """One mean per input's entry and one scale for all, of the training part: pixels that never
    change stay zero.

    Args:
        data: all inputs.
        trained: of each class, which of them training sees.
        chosen: of each class, which of them the analysis looks at.

    Raises:
        BadInput: all training inputs are the same.

    Example:
        >>> classes = classes_of(np.array([[0.0], [2.0], [4.0]]), np.array([0, 0, 1]))
        >>> found = standardised(classes, [np.array([0, 1])], [np.array([2])])
        >>> found.train_inputs.ravel().tolist()
        [-1.0, 1.0]
        >>> found.inputs.ravel().tolist(), found.labels.tolist()
        ([3.0], [1])
    """
    rows, kept = np.sort(np.concatenate(trained)), np.concatenate(chosen)
    centre = data.inputs[rows].mean(axis=0)
    scale = np.sqrt(np.square(data.inputs[rows] - centre).mean())
    if scale == 0:
        raise BadInput.field("X", "inputs that differ", "all the same", "look at how X was saved")
    inputs = (data.inputs - centre) / scale
    return LabelledData(
        inputs[rows], data.codes[rows], inputs[kept], data.codes[kept], len(data.names)
    )
