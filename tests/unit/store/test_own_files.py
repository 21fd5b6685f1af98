"""A user's .npz or csv file: arrays by name, and one line for everything that may be wrong
with it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.store.user_files import read_user_data

CSV = "age,income,class\n1.5,2,0\n-3,4e2,1\n0,6,1\n"


def test_columns_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    data = read_user_data(tmp_path / "a.csv", ["income", "age"], ["class"])
    np.testing.assert_array_equal(data.inputs["income, age"], [[2, 1.5], [400, -3], [6, 0]])
    np.testing.assert_array_equal(data.targets["class"], [[0], [1], [1]])


def test_truth_values_stand_beside_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("old,income,class\nTrue,2.5,0\nFalse,4,1\n")
    data = read_user_data(tmp_path / "a.csv", ["old", "income"], ["class"])
    np.testing.assert_array_equal(data.inputs["old, income"], [[1, 2.5], [0, 4]])
    assert data.inputs["old, income"].dtype == np.float64


def test_arrays_keep_their_shapes_types_and_order(tmp_path: Path) -> None:
    tokens, images = np.arange(6).reshape(2, 3), np.ones((2, 4, 4), np.float32)
    np.savez(
        tmp_path / "a.npz", images=images, tokens=tokens, y=np.array([1, 0]), unused=np.zeros(7)
    )
    data = read_user_data(tmp_path / "a.npz", ["tokens", "images"], ["y"])
    assert [(name, array.dtype, array.shape) for name, array in data.inputs.items()] == [
        ("tokens", np.dtype(np.int64), (2, 3)),
        ("images", np.dtype(np.float32), (2, 4, 4)),
    ]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


BAD = {
    "another kind": ("a.txt", "x", "problem.file: expected an .npz or .csv file, found a.txt; "),
    "no archive": (
        "a.npz",
        "x",
        (
            ".*a.npz: expected an .npz file of plain arrays,"
            " found a file that is not a zip archive; "
        ),
    ),
    "misspelt column": (
        "a.csv",
        "agee,class\n1,0\n",
        ".*a.csv: expected names among agee, class, found no age; did you mean agee\\?",
    ),
    "text": (
        "a.csv",
        "age,class\n1,0\nold,1\n",
        (
            ".*a.csv, column age: expected numbers, found 'old' in row 1, counted from 0 below the"
            " header; "
        ),
    ),
    "nothing": (
        "a.csv",
        "",
        (
            ".*a.csv: expected a csv file with a header and commas, found No columns to parse from"
            " file; "
        ),
    ),
    "longer rows": (
        "a.csv",
        "age,class\n7,1,0\n8,2,1\n",
        ".*a.csv: expected rows as long as the header, found longer ones; name every column",
    ),
    "a name twice": (
        "a.csv",
        "age,age,class\n7,1,0\n",
        ".*a.csv: expected one column age, found 2; give each column a name of its own",
    ),
    "no rows": ("a.csv", "age,class\n", ".*a.csv: expected rows below the header, found none; "),
    "ragged": (
        "a.csv",
        "age,class\n1,0\n1,2,3,4\n",
        ".*a.csv: expected a csv file with a header and commas, found Error tokenizing data",
    ),
}


@pytest.mark.parametrize(("name", "content", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_gives_one_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}") as caught:
        read_user_data(write(tmp_path, name, content), ["age"], ["class"])
    assert "\n" not in str(caught.value)


def test_no_file_and_no_objects(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"^problem.file: expected a file that can be read, found none at "
    ):
        read_user_data(tmp_path / "a.csv", ["x"], ["y"])
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], dtype=object), y=np.ones(1))
    with pytest.raises(
        BadInput,
        match=r"a.npz: expected an .npz file of plain arrays, found Object arrays cannot be loaded",
    ):
        read_user_data(tmp_path / "a.npz", ["x"], ["y"])
    with pytest.raises(BadInput, match=r"a.npz: expected names among x, y, found no z; "):
        read_user_data(tmp_path / "a.npz", ["z"], ["y"])
