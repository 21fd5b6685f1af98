"""A user's inputs and labels from an .npz file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from eigenscape.errors import BadInput


def read_labelled_arrays(path: Path, key: str = "clustering.data") -> tuple[np.ndarray, np.ndarray]:
    """Read the arrays X and y of a file written by numpy.savez. Pickled objects are refused, since
    loading them runs code.

    Args:
        path: the file.
        key: the configuration key that names the file, for messages.

    Raises:
        BadInput: the file does not exist, is not an .npz file, lacks an array, or holds objects.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(Path(folder) / "mine.npz", X=np.eye(2), y=[0, 1])
        ...     read_labelled_arrays(Path(folder) / "mine.npz")[1]
        array([0, 1])
    """
    save = "write it with numpy.savez(path, X=inputs, y=labels)"
    try:
        if path.is_file() and not zipfile.is_zipfile(path):  # numpy would advise to trust it
            raise BadInput.field(
                str(path),
                "an .npz file of plain arrays",
                "a file that is not a zip archive",
                save,
            )
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            missing = sorted({"X", "y"} - set(file.files))
            if missing:
                raise BadInput.field(
                    str(path), "arrays X and y", f"no {' and no '.join(missing)}", save
                )
            return np.asarray(file["X"]), np.asarray(file["y"])
    except BadInput:
        raise
    except FileNotFoundError:
        raise BadInput.field(
            str(path), "a file with arrays X and y", "no such file", f"check {key}"
        ) from None
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        TypeError,
        zipfile.BadZipFile,
    ) as error:
        found = " ".join(str(error).split()) or type(error).__name__
        raise BadInput.field(str(path), "an .npz file of plain arrays", found, save) from None
