"""Labelled inputs for ensembles of networks: checked, standardised, and those named at which predictions are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key

HELD_OUT_SHARE = 0.25
"""Of the inputs of each class; training never sees them."""


@dataclass(frozen=True)
class Task:
    """What networks learn, and where their predictions are compared.

    Attributes:
        train_inputs: (n_train, d), or (n_train, h, w) for images.
        train_labels: (n_train,) in 0 .. C - 1.
        inputs: (n, d) or (n, h, w), as many of every class, sorted by class.
        labels: (n,).
        classes: C.
    """

    train_inputs: np.ndarray
    train_labels: np.ndarray
    inputs: np.ndarray
    labels: np.ndarray
    classes: int


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


def task_of(inputs: np.ndarray, labels: np.ndarray, each: int, seed: int, *, held_out: bool) -> Task:
    """Hold out a quarter of every class, and take ``each`` inputs of a class, held out or trained, to compare predictions at.

    One mean per pixel and one scale for all, of the training part.

    Args:
        inputs: X (n, d) or (n, h, w), finite numbers.
        labels: y (n,), whole numbers or text.
        each: inputs of every class that predictions are compared at.
        seed: names the split.
        held_out: take these from the held-out part.

    Raises:
        BadInput: shapes that do not fit, values that are not finite, fewer than two classes, too few inputs of a class.

    Example:
        >>> task_of(*digits(), each=5, seed=0, held_out=True).inputs.shape
        (50, 8, 8)
    """
    inputs, labels = np.asarray(inputs), np.asarray(labels)
    if inputs.ndim not in (2, 3) or inputs.dtype.kind not in "buif" or 0 in inputs.shape:
        found = f"shape {inputs.shape}, {inputs.dtype}"
        raise BadInput.field("X", "numbers of shape (n, d), or (n, h, w) for images", found, "save X with one input per row")
    if labels.ndim != 1 or len(labels) != len(inputs) or labels.dtype.kind not in "biuUS":
        found = f"shape {labels.shape}, {labels.dtype}"
        raise BadInput.field("y", f"whole numbers or text of shape ({len(inputs)},)", found, "save y with one label per row of X")
    inputs = inputs.astype(np.float64)
    if not np.isfinite(inputs).all():
        raise BadInput.field("X", "finite numbers", "an infinity or NaN", "remove such rows or fill them in")
    names, codes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise BadInput.field("y", "at least two classes", f"{len(names)}", "give labels that differ")
    draw = np.random.Generator(np.random.Philox(key=stream_key(seed, "sloppiness", "split")))
    compared, trained = [], []
    for code, name in enumerate(names):
        order = draw.permutation(np.flatnonzero(codes == code))
        held = int(HELD_OUT_SHARE * len(order))
        pool = order[:held] if held_out else order[held:]
        if len(pool) < each or held == len(order):
            kind = "held-out" if held_out else "training"
            fix = "lower sloppiness.ensemble.inputs_per_class, or join classes"
            raise BadInput.field("y", f"at least {each} {kind} inputs of every class", f"{len(pool)} of {name}", fix)
        compared.append(pool[:each])
        trained.append(order[held:])
    chosen, rest = np.concatenate(compared), np.sort(np.concatenate(trained))
    centre = inputs[rest].mean(axis=0)
    scale = np.sqrt(np.square(inputs[rest] - centre).mean())
    if scale == 0:
        raise BadInput.field("X", "inputs that differ", "all the same", "look at how X was saved")
    inputs = (inputs - centre) / scale
    return Task(inputs[rest], codes[rest], inputs[chosen], codes[chosen], len(names))


def with_spectrum_power(task: Task, power: float) -> Task:
    """Flattened inputs whose correlation eigenvalues lambda_i are raised to a power, along their own eigenvectors.

    x -> sum_i lambda_i^((power - 1) / 2) u_i <u_i, x>, scaled so that the trace of the correlation stays the same. Directions that the
    data do not have (lambda_i below d eps lambda_1) are left out.

    Args:
        task: inputs and labels.
        power: 1 leaves the eigenvalues, 0 makes them equal.

    Example:
        >>> task = Task(np.diag([4.0, 1.0]), np.array([0, 1]), np.eye(2), np.array([0, 1]), 2)
        >>> with_spectrum_power(task, 0.0).train_inputs.round(6).tolist()
        [[2.915476, 0.0], [0.0, 2.915476]]
    """
    flat, compared = (values.reshape(len(values), -1) for values in (task.train_inputs, task.inputs))
    values, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    present = values > len(values) * np.finfo(np.float64).eps * values[-1]
    values, vectors = values[present], vectors[:, present]
    factors = values ** ((power - 1) / 2) * np.sqrt(values.sum() / (values**power).sum())
    through = (vectors * factors) @ vectors.T
    return Task(flat @ through, task.train_labels, compared @ through, task.labels, task.classes)


def correlation_slope(inputs: np.ndarray) -> float:
    """Slope c of lambda_i ~ e^(-c i): least squares of ln lambda_i of the inputs' correlation over the half with the larger eigenvalues.

    The other half of images' eigenvalues are pixels that never change, or change in few images.

    Args:
        inputs: (n, ...).

    Example:
        >>> round(correlation_slope(np.diag(np.exp(-0.5 * np.arange(8.0)))), 6)
        1.0
    """
    flat = inputs.reshape(len(inputs), -1)
    values = np.linalg.eigvalsh(flat.T @ flat / len(flat))[::-1]
    values = values[values > len(values) * np.finfo(np.float64).eps * values[0]]
    half = np.log(values[: max(len(values) // 2, 2)])
    return float(-np.polyfit(np.arange(len(half)), half, 1)[0]) if len(half) > 1 else 0.0
