"""The workflow as a user runs it: real Snakemake, real MPI ranks, in a copy of the repository's
root.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_workflow import BIN, LEAN, ROOT, SMALL, environment, repository, snakemake

from eigenscape.catalogue import recipe_of
from eigenscape.cli._group import COMMANDS
from eigenscape.stages.common.configure import load_study
from eigenscape.store.layout import StudyFolder
from eigenscape.store.products import products
from eigenscape.store.spectra import read_spectrum

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1200)]

NUMBERS = ("results/small/tables/condition_number.csv", "results/small/figures/eigenvalues.pdf")
"""What all second moments and spectra, of the map and of the headline, are computed for."""

FIGURES = [
    *(
        "condition_number",
        "condition_number_null",
        "condition_number_projected",
        "criticality",
        "eigenvalues",
        "eigenvectors",
    ),
    *("explained_stress", "inpca_scree", "training_progress", "trajectory_embedding"),
    *(
        "layer_importance",
        "parameter_count",
        "predictors",
        "sensitivity",
        "sufficient_summary",
    ),
    *(
        "dichotomies",
        "length_growth",
        "length_sensitivity",
        "one_layer_training",
        "polytopes",
        "training_lengths",
        "transitions",
    ),
    "large_networks",
    *(
        "graph_convergence",
        "graph_modularity",
        "layer_similarity",
        "neighbourhoods",
        "similarity_sensitivity",
    ),
    *("kernel_trajectories", "phase_map", "sgd_trajectories", "trajectory_slopes"),
    *("model_condition", "model_subspace", "model_training"),
]


def bytes_of(results: Path) -> dict[str, str]:
    """A digest of every file that must not change from run to run: numbers, tables, figures."""
    kinds = ("cells/**/c/**/*", "headline/**/c/**/*", "tables/*", "figures/*")
    files = sorted(path for kind in kinds for path in results.glob(kind) if path.is_file())
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository after one run of the small study."""
    folder = repository(tmp_path_factory.mktemp("workflow"))
    run = snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_all_figures_and_the_table_are_made(finished: Path) -> None:
    results = finished / "results" / "small"
    assert sorted(path.name for path in (results / "figures").iterdir()) == sorted(
        f"{f}.{k}" for f in FIGURES for k in ("pdf", "png")
    )
    made = {
        path.relative_to(results).as_posix()
        for kind in ("figures", "tables")
        for path in (results / kind).iterdir()
    } | {"report.html"}
    assert made <= {
        name
        for receipt in products(StudyFolder(results))
        for name in json.loads(receipt.read_bytes())["files"]
    }
    table = pd.read_csv(results / "tables" / "condition_number.csv")
    assert list(zip(table.depth, table.width, strict=True)) == [(1, 5), (2, 5), (1, 10), (2, 10)]
    findings = pd.read_csv(results / "tables" / "findings.csv")
    assert set(findings.verdict) <= {
        "holds",
        "holds under a condition",
        "does not hold",
        "not shown either way",
        "not testable",
    }
    assert findings.science.value_counts().to_dict() == {
        "active subspace": 6,
        "expressivity": 3,
        "subspace clustering": 4,
        "sloppiness": 4,
        "sloppiness, theory": 8,
        "model-constrained": 2,
    }
    # P = 16, 46, 31 and 141; N = 4 P, never a fixed N
    assert (table.samples == 4 * table.parameters).all()
    assert (table.status == "finite").all()


def test_the_study_verifies(finished: Path) -> None:
    command = [str(BIN / "eigenscape"), "verify", "--study", "results/small/study.json"]
    run = subprocess.run(
        command,
        cwd=finished,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert re.fullmatch(r"\d+ sound\n", run.stdout)


def test_the_second_run_has_nothing_to_do(finished: Path) -> None:
    run = snakemake(finished)
    assert run.returncode == 0
    assert "Nothing to be done" in run.stdout + run.stderr


def test_every_result_has_a_recipe_that_the_workflow_knows_in_another_place_too(
    finished: Path, tmp_path: Path
) -> None:
    """The study's folder alone moves: its study.json is the configuration, and nothing is computed
    again.
    """
    folder = StudyFolder(repository(tmp_path) / "results" / "small")
    shutil.copytree(finished / "results" / "small", folder.root)
    study = load_study(folder)
    results = [path for path in folder.root.rglob("*") if path.is_file() or path.suffix == ".zarr"]
    names = [
        path.relative_to(folder.root)
        for path in results
        if not any(part.suffix == ".zarr" for part in path.parents)
    ]
    recipes = {
        name: recipe_of(study, name.as_posix())
        for name in names
        if not name.name.endswith(".receipt.json")
    }

    assert {name.parts[0] for name, recipe in recipes.items() if recipe is None} == {
        "benchmarks",
        "ledger",
        "logs",
        "receipts",
        "study.json",
    }
    known = [recipe for recipe in recipes.values() if recipe is not None]
    assert {recipe.arguments[0] for recipe in known} <= set(COMMANDS)
    targets = sorted({f"results/small/{recipe.target}" for recipe in known if recipe.target})
    run = snakemake(folder.root.parents[1], "-n", "--", *targets, config=str(folder.study))
    assert run.returncode == 0, run.stderr
    assert "Nothing to be done" in run.stdout + run.stderr


def test_snakemake_s_report_shows_the_figures_by_science_without_a_network(finished: Path) -> None:
    run = snakemake(finished, "--report", "report.html")

    assert run.returncode == 0, run.stderr
    page = (finished / "report.html").read_text()
    for words in (
        "subspace clustering",
        "Spectrum of the headline network",
        "Published findings, assessed",
    ):
        assert words in page
    assert not re.search(r'(src|href)="?http', page)


def test_growing_the_grid_computes_only_the_new_cells(finished: Path) -> None:
    results = finished / "results" / "small"
    old = {path: path.stat().st_mtime_ns for path in results.glob("cells/*/*.receipt.json")}
    assert len(old) == 8
    (finished / "grown.yaml").write_text(SMALL.replace("depth: [1, 2]", "depth: [1, 2, 3]"))
    run = snakemake(finished, config="grown.yaml")
    assert run.returncode == 0, run.stderr
    assert {path: path.stat().st_mtime_ns for path in old} == old
    new = {path.parent.name for path in results.glob("cells/*/*.receipt.json")} - {
        path.parent.name for path in old
    }
    assert new == {"d03-w005"}  # d03-w010 has 251 parameters, over the limit of 150
    table = pd.read_csv(results / "tables" / "condition_number.csv").set_index(["depth", "width"])
    assert table.loc[(3, 10), "status"] == "over_raw_parameter_limit"
    assert pd.isna(table.loc[(3, 10), "log10_cond"])


def test_interrupted_and_run_again_ends_with_the_same_bits(finished: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle (SIGINT to the whole group, as a terminal sends it), then the same
    command.
    """
    folder = repository(tmp_path)
    (folder / "small.yaml").write_text(LEAN)
    command = [str(BIN / "snakemake"), "--cores", "2", "--configfile", "small.yaml", "--", *NUMBERS]
    running = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        receipts = folder / "results" / "small"
        while running.poll() is None and not list(
            receipts.glob("headline/*/second_moment.receipt.json")
        ):
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        running.wait(60)
    finally:
        running.kill()
    assert running.returncode != 0
    kept = (
        folder / "results" / "small" / "headline" / "d02-w010-n400" / "second_moment.receipt.json"
    )
    confirmed = kept.stat().st_mtime_ns
    run = snakemake(folder, "--", *NUMBERS)
    assert run.returncode == 0, run.stderr
    assert kept.stat().st_mtime_ns == confirmed, "what a receipt had confirmed was computed again"
    # `finished` has grown by other tests: compare everything that this study has, save the table
    # and map over the grid
    mine, reference = (
        bytes_of(folder / "results" / "small"),
        bytes_of(finished / "results" / "small"),
    )
    numbers = {
        name: digest
        for name, digest in mine.items()
        if name.startswith(("cells", "headline")) or "eigen" in name
    }
    assert numbers
    assert numbers.items() <= reference.items()


def test_figures_drawn_again_are_the_same_bytes(finished: Path) -> None:
    results = finished / "results" / "small"
    before = bytes_of(results)
    shutil.rmtree(results / "figures")
    run = snakemake(finished, config="grown.yaml")
    assert run.returncode == 0, run.stderr
    assert bytes_of(results) == before


def test_a_second_study_lies_beside_the_first(finished: Path) -> None:
    before = bytes_of(finished / "results" / "small")
    other = LEAN.replace("study: small", "study: other") + "network: {activation: relu}\n"
    (finished / "other.yaml").write_text(other)
    run = snakemake(finished, config="other.yaml")
    assert run.returncode == 0, run.stderr
    assert bytes_of(finished / "results" / "small") == before
    study = json.loads((finished / "results" / "other" / "study.json").read_text())
    assert study["network"]["activation"] == "relu"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "grid: {dept: [1]}",
            "grid.dept: expected one of depth, width, found an unknown key; did you mean depth?",
        ),
        ("grid: {width: [-5]}", "grid.width.0: expected a number of at least 1, found -5"),
        (
            "network: {activation: relu}",
            (
                "activation: expected 'tanh', by which results in results/small were made, found"
                " 'relu'"
            ),
        ),
        (
            "clustering: {data: absent.npz}",
            "clustering.data: absent.npz: expected a file with arrays X and y, found no such file",
        ),
        (
            "sloppiness: {ensemble: {data: absent.npz}}",
            (
                "sloppiness.ensemble.data: absent.npz: expected a file with arrays X and y, found"
                " no such file"
            ),
        ),
        (
            "sampling: {seed: 1}",
            "seed: expected 0, by which results in results/small were made, found 1",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2_before_anything_runs(
    finished: Path, change: str, message: str
) -> None:
    before = bytes_of(finished / "results" / "small")
    (finished / "bad.yaml").write_text(f"study: small\n{change}\n")
    run = snakemake(finished, config="bad.yaml")
    assert run.returncode == 2
    lines = [line for line in run.stderr.splitlines() if line.startswith("eigenscape: ")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in run.stderr
    assert bytes_of(finished / "results" / "small") == before


def test_sciences_may_be_left_out(tmp_path: Path) -> None:
    """Fewer jobs, science by science: experiments or networks, tables, families of figures."""
    folder = repository(tmp_path)
    (folder / "less.yaml").write_text(LEAN)
    every, run = (
        snakemake(folder, "--dry-run", config=f"{name}.yaml") for name in ("small", "less")
    )
    assert run.returncode == 0, run.stderr
    counts = [
        int(re.findall(r"^total +(\d+)", output.stdout + output.stderr, re.MULTILINE)[0])
        for output in (every, run)
    ]
    assert counts[0] - counts[1] == (4 + 5) + (2 + 1 + 1) + (3 + 1 + 3) + (2 + 1 + 1) + (1 + 1 + 1)


def test_the_profile_for_slurm_is_read(tmp_path: Path) -> None:
    """`snakemake --profile slurm` finds its profile; a dry run shows the launcher that it sets. The
    real cluster is issue by issue.
    """
    folder = repository(tmp_path)
    shutil.copytree(ROOT / "slurm", folder / "slurm")
    command = [
        str(BIN / "snakemake"),
        "--profile",
        "slurm",
        "--dry-run",
        "--printshellcmds",
        "--configfile",
        "small.yaml",
    ]
    run = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (
        "srun --kill-on-bad-exit=1 -n 2 python -m mpi4py -m eigenscape second-moment" in run.stdout
    )


def test_read_only_results_are_refused_before_anything_runs(tmp_path: Path) -> None:
    """A folder without write permission, or (for root, whom permissions do not stop) a plain file
    in its place.
    """
    folder = repository(tmp_path)
    results = folder / "results"
    if os.geteuid() == 0:
        results.write_text("in the way")
    else:
        results.mkdir(mode=0o555)
    run = snakemake(folder)
    assert run.returncode == 2
    assert "expected a folder that can be written" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_cell_too_large_for_one_rank_is_solved_by_several(finished: Path, tmp_path: Path) -> None:
    """The same study where a compute node has a tenth of a gigabyte: the headline goes to two
    ranks, with the same spectrum.
    """
    folder = repository(tmp_path)
    target = "results/small/ledger/spectrum/headline/d02-w010-n400.json"
    command = [str(BIN / "snakemake"), "--cores", "2", "--configfile", "small.yaml", "--", target]
    variables = {**environment(), "EIGENSCAPE_NODE_MEMORY": "0.1"}
    run = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, run.stderr
    receipts = [
        json.loads(
            (
                where / "results" / "small" / "headline" / "d02-w010-n400" / "spectrum.receipt.json"
            ).read_text()
        )
        for where in (folder, finished)
    ]
    assert (receipts[0].get("ranks"), receipts[1].get("ranks")) == (2, None)
    assert receipts[0]["vectors"]
    assert receipts[0]["status"] == receipts[1]["status"]
    spectra = [
        where / "results" / "small" / "headline" / "d02-w010-n400" / "spectrum.zarr"
        for where in (folder, finished)
    ]
    together, alone = (read_spectrum(spectrum).eigenvalues for spectrum in spectra)
    assert np.abs(together - alone).max() <= 1e-13 * alone[0]
