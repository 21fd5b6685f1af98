"""A user's data: named arrays with one row per data point, and what must hold of them before a
network sees them.

Every complaint names the array, and is made before anything runs: a wrong shape or a NaN would
otherwise be found hours later, or, where shapes broadcast, never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.networks.problems import Problem

MOST_POINTS = 10**6
"""Largest number of data points, as for the sine: every gradient is that of the full batch."""

MOST_CLASSES = 100_000
"""Beyond, numbers that are no classes (years, prices) are the likelier reason."""


@dataclass(frozen=True)
class UserData:
    """Arrays that networks are given, and those that outputs are compared with.

    Attributes:
        inputs: by name, each (n, ...).
        targets: by name, each (n, ...).

    Example:
        >>> data = UserData({"x": np.eye(3)}, {"y": np.arange(3)})
        >>> data.points, data.digest == UserData({"x": np.eye(3)}, {"y": np.arange(3)}).digest
        (3, True)
    """

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]

    @property
    def points(self) -> int:
        """The number of data points, n."""
        return len(next(iter(self.inputs.values())))

    @property
    def digest(self) -> str:
        """The digest of names, shapes, types and numbers; the order of names counts, since it is
        that of the arguments.
        """
        state = hashlib.blake2b(digest_size=16)
        for role, arrays in (("inputs", self.inputs), ("targets", self.targets)):
            for name, array in arrays.items():
                state.update(repr((role, name, array.shape, array.dtype.str)).encode())
                state.update(np.ascontiguousarray(array).tobytes())
        return state.hexdigest()


def require_usable(data: UserData, loss: str) -> None:
    """Refuse arrays that are not numbers, not finite, of different lengths, or no classes where
    classes are asked for.

    Args:
        data: as read.
        loss: ``mse`` or ``cross_entropy``.

    Raises:
        BadInput: naming the array.

    Example:
        >>> require_usable(UserData({"x": np.eye(3)}, {"y": np.array([0, 2, 2])}), "cross_entropy")
        Traceback (most recent call last):
        eigenscape.errors.BadInput: y: expected classes 0 ... 2, each at least once, found no 1;
            number them anew
    """
    for name, array in (*data.inputs.items(), *data.targets.items()):
        if array.dtype.kind not in "buif":
            raise BadInput.field(name, "numbers", f"type {array.dtype}", "save it as numbers")
        if array.ndim == 0 or array.size == 0:
            raise BadInput.field(
                name,
                "an array with a row per data point",
                f"shape {array.shape}",
                "save it with shape (n, ...)",
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            found = (
                f"{np.ravel(array[row])[~np.isfinite(np.ravel(array[row]))][0]} in row {row},"
                " counted from 0"
            )
            raise BadInput.field(
                name, "finite numbers", found, "leave such rows out, or fill them in"
            )
        if len(array) != data.points:
            first = next(iter(data.inputs))
            raise BadInput.field(
                name,
                f"{data.points} rows, as {first} has",
                str(len(array)),
                "save arrays of the same data points",
            )
    if not 2 <= data.points <= MOST_POINTS:
        raise BadInput.field(
            next(iter(data.inputs)),
            f"2 to {MOST_POINTS:,} rows",
            f"{data.points:,}",
            "give other data, or a part of them",
        )
    if loss == "cross_entropy":
        for name, array in data.targets.items():
            _require_classes(name, array)


def _require_classes(name: str, array: np.ndarray) -> None:
    whole = array.astype(np.int64)
    if not np.array_equal(whole, array) or whole.min() < 0 or whole.max() >= MOST_CLASSES:
        wrong = array[(whole != array) | (whole < 0) | (whole >= MOST_CLASSES)].ravel()[0]
        raise BadInput.field(
            name, "classes 0 ... K-1, whole numbers", str(wrong), "number the classes from 0"
        )
    missing = sorted(set(range(int(whole.max()) + 1)) - set(np.unique(whole).tolist()))
    if missing:
        raise BadInput.field(
            name,
            f"classes 0 ... {whole.max()}, each at least once",
            f"no {missing[0]}",
            "number them anew",
        )
    if whole.max() == 0:
        raise BadInput.field(
            name, "two classes or more", "class 0 alone", "give data of several classes"
        )


def regression(data: UserData) -> Problem:
    """The arrays side by side, as fully connected networks take them: inputs (n, p) and targets (n,
    q), every row flattened.

    Example:
        >>> data = UserData({"a": np.ones((4, 2, 3)), "b": np.ones(4)}, {"y": np.ones(4)})
        >>> regression(data).inputs.shape
        (4, 7)
    """
    return Problem(_side_by_side(data.inputs), _side_by_side(data.targets))


def classification(data: UserData) -> Problem:
    """The problem with one array of classes (n,) or (n, 1) as targets: indicators (n, K), 1 at the
    class.

    Raises:
        BadInput: several arrays of classes, or several classes a row: fully connected networks here
            have one softmax.

    Example:
        >>> classification(UserData({"x": np.ones((3, 1))}, {"y": np.array([1, 0, 1])})).targets
        array([[0., 1.],
               [1., 0.],
               [0., 1.]])
    """
    classes = _side_by_side(data.targets).astype(np.int64)
    if classes.shape[1] != 1:
        fix = "give one, or write a module with an output for each"
        raise BadInput.field(
            "problem.targets", "one class per data point", f"{classes.shape[1]} numbers", fix
        )
    return Problem(_side_by_side(data.inputs), np.eye(int(classes.max()) + 1)[classes[:, 0]])


def problem_of_data(data: UserData, loss: str) -> Problem:
    """`classification` for ``cross_entropy``, else `regression`."""
    return classification(data) if loss == "cross_entropy" else regression(data)


def _side_by_side(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.hstack(
        [np.asarray(array, np.float64).reshape(len(array), -1) for array in arrays.values()]
    )
