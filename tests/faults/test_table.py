"""README.md of this folder says what the test modules say."""

from faults.table import FOLDER, table


def test_the_readme_is_in_step() -> None:
    assert (FOLDER / "README.md").read_text() == table(), (
        "run: python tests/faults/table.py > tests/faults/README.md"
    )


def test_every_row_has_its_marker() -> None:
    rows = [path for path in FOLDER.glob("test_*.py") if path.name != "test_table.py"]
    assert len(rows) >= 25
    assert all("pytest.mark.faults" in path.read_text() for path in rows)
