"""A user's .npz: what is read, and one line for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.store.arrays import read_labelled_arrays


def test_arrays_come_back(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "a.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]), other=1
    )
    inputs, labels = read_labelled_arrays(tmp_path / "a.npz")
    assert inputs.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert labels.tolist() == ["a", "b", "a"]


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "unnamed.npz", np.eye(2))
    np.savez(tmp_path / "objects.npz", X=np.array([{"code": 1}], dtype=object), y=[0])
    np.save(tmp_path / "single.npy", np.eye(2))
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    (tmp_path / "text.npz").write_text("X,y")
    whole = tmp_path / "whole.npz"
    np.savez(whole, X=np.eye(50), y=np.arange(50))
    (tmp_path / "half.npz").write_bytes(whole.read_bytes()[:9000])
    expected = {
        "unnamed": "no X and no y",
        "objects": "plain arrays",
        "single": "plain arrays",
        "text": "plain arrays",
        "half": "plain arrays",
    }
    for name, message in (expected | {"absent": "no such file"}).items():
        with pytest.raises(BadInput, match=message) as caught:
            read_labelled_arrays(tmp_path / f"{name}.npz")
        assert "\n" not in str(caught.value)
