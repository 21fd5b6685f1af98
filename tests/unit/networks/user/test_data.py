"""A user's arrays: what is refused, by name; what fully connected networks make of them; when two
are the same.
"""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.networks.user.data import UserData, problem_of_data, require_usable

X, Y = np.arange(8.0).reshape(4, 2), np.array([0, 1, 2, 1])

BAD = {
    "text": (
        {"x": np.array(["a", "b"])},
        {"y": np.arange(2)},
        "x: expected numbers, found type <U1; ",
    ),
    "NaN": (
        {"x": np.array([[1.0], [np.nan]])},
        {"y": np.arange(2)},
        "x: expected finite numbers, found nan in row 1, counted from 0; ",
    ),
    "lengths": ({"x": X}, {"y": np.arange(3)}, "y: expected 4 rows, as x has, found 3; "),
    "no rows": (
        {"x": X[:0]},
        {"y": Y[:0]},
        r"x: expected an array with a row per data point, found shape \(0, 2\); ",
    ),
    "scalar": (
        {"x": np.float64(1)},
        {"y": Y},
        r"x: expected an array with a row per data point, found shape \(\); ",
    ),
    "one row": ({"x": X[:1]}, {"y": Y[:1]}, "x: expected 2 to 1,000,000 rows, found 1; "),
    "fractions": (
        {"x": X},
        {"y": Y + 0.5},
        "y: expected classes 0 ... K-1, whole numbers, found 0.5; ",
    ),
    "from one": (
        {"x": X},
        {"y": Y + 1},
        "y: expected classes 0 ... 3, each at least once, found no 0; number them anew",
    ),
    "negative": (
        {"x": X},
        {"y": Y - 1},
        "y: expected classes 0 ... K-1, whole numbers, found -1; ",
    ),
    "one class": ({"x": X}, {"y": 0 * Y}, "y: expected two classes or more, found class 0 alone; "),
}


@pytest.mark.parametrize(("inputs", "targets", "message"), BAD.values(), ids=BAD)
def test_arrays_that_cannot_be_used_are_named(inputs, targets, message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}"):
        require_usable(UserData(inputs, targets), "cross_entropy")


def test_fully_connected_networks_take_rows_side_by_side() -> None:
    data = UserData({"image": np.arange(24).reshape(4, 2, 3), "age": np.arange(4)}, {"y": Y})
    require_usable(data, "cross_entropy")
    problem = problem_of_data(data, "cross_entropy")
    np.testing.assert_array_equal(problem.inputs[1], [6, 7, 8, 9, 10, 11, 1])
    np.testing.assert_array_equal(problem.targets, np.eye(3)[Y])
    np.testing.assert_array_equal(problem_of_data(data, "mse").targets, Y[:, None])


def test_the_digest_is_of_names_order_shapes_types_and_numbers() -> None:
    base = UserData({"a": X, "b": X + 1}, {"y": Y})
    others = [
        UserData({"b": X + 1, "a": X}, {"y": Y}),
        UserData({"a": X, "c": X + 1}, {"y": Y}),
        UserData({"a": X.reshape(4, 2, 1), "b": X + 1}, {"y": Y}),
        UserData({"a": X.astype(np.float32), "b": X + 1}, {"y": Y}),
        UserData({"a": X, "b": np.nextafter(X + 1, 100)}, {"y": Y}),
        UserData({"a": X, "b": X + 1}, {"y": Y[::-1]}),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 7
    assert UserData({"a": np.asfortranarray(X), "b": X + 1}, {"y": Y.copy()}).digest == base.digest
