"""The code of docs/library.md runs, draws its figure, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from base_only import run_with_base_only
from finished_study import compute_small_study
from pages import DOCS, run_page

import eigenscape
from eigenscape.stages.common import signals

PAGE = (DOCS / "library.md").read_text()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], list[str], Path]:
    """The names that the page's code leaves, what each block printed, and the folder that it ran
    in.
    """
    here = tmp_path_factory.mktemp("notebook")
    signals._requested.clear()
    compute_small_study(here / "results").root.rename(here / "results" / "sine")
    names, printed = run_page(PAGE, here)
    return names, printed, here


def test_the_page_prints_what_it_shows(ran: tuple[dict[str, object], list[str], Path]) -> None:
    """On any machine the draws are the same numbers; in the digits shown rounding plays no part."""
    shown = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert [text for text in ran[1] if text] == shown


def test_the_numbers_of_the_text_are_those_of_the_code(
    ran: tuple[dict[str, object], list[str], Path],
) -> None:
    names = ran[0]
    b = np.array([0.7, 0.3])
    assert (b @ b) * np.prod(np.sinh(2 * b) / (2 * b)) == pytest.approx(0.837, abs=5e-4)
    np.testing.assert_allclose(np.abs(names["active"]), b / np.linalg.norm(b), rtol=1e-10)  # type: ignore[call-overload]
    assert names["condition"].low < 2 < names["condition"].high  # type: ignore[attr-defined]
    assert names["own_shares"].sum() == pytest.approx(1)  # type: ignore[attr-defined]
    row = names["table"].query("depth == 1 and width == 5").iloc[0]  # type: ignore[attr-defined]
    assert names["again"].log10_condition == row["log10_cond"]  # type: ignore[attr-defined]
    assert names["again"].low == row["log10_cond_low"]  # type: ignore[attr-defined]


def test_the_figure_is_drawn(ran: tuple[dict[str, object], list[str], Path]) -> None:
    assert (ran[2] / "library_tour.png").stat().st_size > 10_000
    assert (DOCS / "images" / "library_tour.png").exists()


def test_the_page_needs_the_base_requirements_alone(
    ran: tuple[dict[str, object], list[str], Path],
) -> None:
    """No browser page, no Snakemake, no MPI: `pip install eigenscape` is enough."""
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    run = run_with_base_only(program, ran[2])
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "".join(ran[1])


def test_the_page_names_everything_that_there_is() -> None:
    """Every function of the table of contents stands on the page, and everything that the page
    calls exists.
    """
    functions = [name for name in eigenscape.__all__ if name.islower()]
    assert [
        name
        for name in functions
        if name not in PAGE and name not in ("sine_regression", "scaled_normal")
    ] == []
    for name in set(re.findall(r"eigenscape\.([a-zA-Z_]+)", PAGE)):
        assert hasattr(eigenscape, name)
    for name in set(re.findall(r"\bplot\.([a-z_]+)", PAGE)):
        assert hasattr(eigenscape.plot, name)
