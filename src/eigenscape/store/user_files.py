"""A user's data from an .npz or csv file: named arrays, read without running code that the file may
contain.
"""

from __future__ import annotations

import difflib
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.networks.user.data import UserData

_KINDS = {".npz": "arrays", ".csv": "columns"}


def read_user_data(path: Path, inputs: Sequence[str], targets: Sequence[str]) -> UserData:
    r"""Read arrays or columns of a file by name.

    Columns of a csv file are stacked side by side: one array for all inputs, and one for all
    targets.

    Args:
        path: an .npz file as numpy.savez wrote it, or a csv file with a header.
        inputs: names of arrays or columns.
        targets: names of arrays or columns.

    Raises:
        BadInput: the file does not exist or is of another kind, a name is missing, or values are
            not numbers.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "a.csv").write_text("x,y,z\n1,2,0\n3,4,1\n")
        ...     read_user_data(Path(folder) / "a.csv", ["x", "y"], ["z"])
        UserData(inputs={'x, y': array([[1, 2],
               [3, 4]])}, targets={'z': array([[0],
               [1]])})
    """
    if path.suffix not in _KINDS:
        raise BadInput.field(
            "problem.file", "an .npz or .csv file", path.name, "save it as one of them"
        )
    if not path.is_file():
        raise BadInput.field(
            "problem.file", "a file that can be read", f"none at {path}", "check its name and path"
        )
    read = _arrays if path.suffix == ".npz" else _columns
    return read(path, inputs, targets)


def _arrays(path: Path, inputs: Sequence[str], targets: Sequence[str]) -> UserData:
    save = "write it with numpy.savez(path, X=inputs, y=labels)"
    if not zipfile.is_zipfile(path):  # numpy would advise to trust it
        raise BadInput.field(
            str(path), "an .npz file of plain arrays", "a file that is not a zip archive", save
        )
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            _require_names(path, [*inputs, *targets], file.files)
            return UserData(
                {name: np.asarray(file[name]) for name in inputs},
                {name: np.asarray(file[name]) for name in targets},
            )
    except BadInput:
        raise
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


def _columns(path: Path, inputs: Sequence[str], targets: Sequence[str]) -> UserData:
    import pandas as pd  # noqa: PLC0415 - half a second that .npz files do not need

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Where rows are longer than the header, pandas would take their first column for an
            # index, and shift the others.
            table = pd.read_csv(path, skipinitialspace=True, index_col=False)
            header = (
                pd.read_csv(
                    path, skipinitialspace=True, index_col=False, header=None, nrows=1, dtype=str
                )
                .iloc[0]
                .tolist()
            )
    except pd.errors.ParserWarning:
        fix = "name every column, also one of row numbers"
        raise BadInput.field(str(path), "rows as long as the header", "longer ones", fix) from None
    except (OSError, ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        found = " ".join(str(error).split())
        raise BadInput.field(
            str(path), "a csv file with a header and commas", found, "save it as plain csv in UTF-8"
        ) from None
    names = [str(name) for name in table.columns]
    _require_names(path, [*inputs, *targets], names)
    if table.empty:
        raise BadInput.field(str(path), "rows below the header", "none", "save the data with it")
    for name in [*inputs, *targets]:
        if header.count(name) > 1:
            raise BadInput.field(
                str(path),
                f"one column {name}",
                f"{header.count(name)}",
                "give each column a name of its own",
            )
        if table[name].dtype.kind not in "buif":
            numbers = pd.to_numeric(table[name], errors="coerce")
            row = int(np.flatnonzero(numbers.isna().to_numpy())[0]) if numbers.isna().any() else 0
            found = f"{table[name].iloc[row]!r} in row {row}, counted from 0 below the header"
            raise BadInput.field(
                f"{path}, column {name}",
                "numbers",
                found,
                "write classes as 0 ... K-1, and numbers with a point",
            )

    def together(names: Sequence[str]) -> dict[str, np.ndarray]:
        return {", ".join(names): np.column_stack([table[name].to_numpy() for name in names])}

    return UserData(together(inputs), together(targets))


def _require_names(path: Path, requested: Iterable[str], available: Sequence[str]) -> None:
    for name in requested:
        if name not in available:
            similar = difflib.get_close_matches(name, available, n=1)
            fix = (
                f"did you mean {similar[0]}?"
                if similar
                else "correct problem.inputs or problem.targets"
            )
            listed = ", ".join(available[:8]) + (", ..." if len(available) > 8 else "")
            raise BadInput.field(
                str(path), f"names among {listed or 'none at all'}", f"no {name}", fix
            )
