"""Results are copied without Snakemake's records.

Injection: results are copied into a fresh clone, without the folder .snakemake; then the study's
configuration changes: one more depth, or other samples of the projected map. Promise: unchanged,
nothing is done. With more networks the table is made again and holds them all, though every file
that Snakemake looks at is there. What cannot be made of the results that are there is refused in
one line: never old numbers under a new configuration.
"""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from faults.harness import Runs, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.faults]

TABLE = "results/small/tables/condition_number.csv"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A map of one network."""
    place = tmp_path_factory.mktemp("original")
    workflow, runs = Workflow.at(place / "repository"), Runs(place / "output")
    try:
        run = workflow.snakemake(runs, TABLE)
        assert run.wait() == 0, run.output
    finally:
        runs.end()
    return workflow


def in_a_copy(
    original: Workflow, runs: Runs, root: Path, old: str = "", new: str = ""
) -> tuple[int, str]:
    """The same command, with a change of the configuration, where only the results were copied."""
    copy = Workflow.at(root)
    shutil.copytree(original.results, copy.results)
    configuration = root / "small.yaml"
    configuration.write_text(configuration.read_text().replace(old, new))
    run = copy.snakemake(runs, TABLE)
    return run.wait(), run.output


def test_unchanged_nothing_is_done(original, runs, tmp_path) -> None:
    code, output = in_a_copy(original, runs, tmp_path / "copy")
    assert code == 0, output
    assert "Nothing to be done" in output


def test_a_network_more_is_in_the_table(original, runs, tmp_path) -> None:
    """Its batch has the name, and the note, of the batch of the first network."""
    code, output = in_a_copy(original, runs, tmp_path / "copy", "depth: [1]", "depth: [1, 2]")
    assert code == 0, output
    tables = [pd.read_csv(root / TABLE) for root in (original.root, tmp_path / "copy")]
    assert [list(table.depth) for table in tables] == [[1], [1, 2]]
    assert tables[1].log10_cond_sym.notna().all()
    assert tables[1].log10_cond_sym[0] == tables[0].log10_cond_sym[0]


def test_what_was_made_by_other_settings_is_refused(original, runs, tmp_path) -> None:
    copy, setting = tmp_path / "copy", "study: small\nprojection: {samples: 64}"
    code, output = in_a_copy(original, runs, copy, "study: small", setting)
    assert code != 0
    document = "results/small/projection/d01-w005.json"
    (line,) = {line for line in output.splitlines() if line.startswith(f"eigenscape: {document}")}
    assert "give the study another name, or delete the file" in line
    verify = runs.start("eigenscape", "verify", "--study", "results/small/study.json", cwd=copy)
    assert verify.wait() == 1
    assert f"{TABLE}: another configuration made it" in verify.output
