"""The command line: exit codes, one line for what users do wrong, examples in every help."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builders import small_study
from click.testing import CliRunner, Result

from eigenscape import __version__, cli
from eigenscape.cli import BLAS_THREAD_VARIABLES, main
from eigenscape.cli._group import COMMANDS
from eigenscape.stages.common import configure, signals
from eigenscape.store.layout import StudyFolder


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """Commands set the environment, handlers of signals and the log of their process."""
    environment, handlers = dict(os.environ), logging.getLogger().handlers[:]
    heard = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    }
    level = logging.getLogger().level
    yield
    os.environ.clear()
    os.environ.update(environment)
    for number, handler in heard.items():
        signal.signal(number, handler)
    for handler in logging.getLogger().handlers[:]:
        if handler not in handlers:
            logging.getLogger().removeHandler(handler)
            handler.close()
    for handler in handlers:
        if handler not in logging.getLogger().handlers:
            logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(level)
    signals._requested.clear()


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    folder = StudyFolder(tmp_path / "results" / "small")
    configure.write_study(small_study(), folder)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def assert_one_line(result: Result, exit_code: int, *fragments: str) -> None:
    lines = result.stderr.splitlines()
    assert result.exit_code == exit_code, result.output
    assert len(lines) == 1
    assert lines[0].startswith("eigenscape: ")
    for fragment in fragments:
        assert fragment in lines[0]


def test_every_command_has_a_file_that_is_named_after_it() -> None:
    files = {path.stem for path in Path(cli.__file__).parent.glob("[!_]*.py")}

    assert files == {command.replace("-", "_") for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert f"Usage: main {command}" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_of_the_command(command: str) -> None:
    after = run(command, "--help").stdout.partition("Example:")[2]

    assert f"eigenscape {command}" in after


def test_the_group_has_help_and_a_version() -> None:
    assert all(command in run("-h").stdout for command in COMMANDS)
    assert run("--version").stdout == f"eigenscape, version {__version__}\n"


@pytest.mark.parametrize(
    ("wrong", "fix"), [("plans", "did you mean plan?"), ("qqq", "`eigenscape --help` lists them")]
)
def test_a_command_that_does_not_exist_is_answered_with_the_one_that_was_meant(
    wrong: str, fix: str
) -> None:
    assert_one_line(run(wrong), 2, f"command: expected one of eigenscape's, found {wrong}; {fix}")


def test_a_damaged_second_moment_loses_snakemakes_notes_of_it(folder: StudyFolder) -> None:
    """Otherwise the next run of the workflow would not compute it again."""
    cell, study_file = small_study().headline_cell.folder, ("--study", folder.study)
    note = folder.ledger("second_moment", cell)
    assert run("second-moment", cell, *study_file, "--ledger", note).exit_code == 0
    chunk = folder.root / cell / "second_moment.zarr" / "second_moment/c/0/0"
    chunk.write_bytes(b"")
    other = folder.ledger("second_moment", "cells/d01-w003")
    other.parent.mkdir(parents=True)
    other.write_text("{}")

    assert_one_line(run("spectrum", cell, *study_file), 1, "found damage, now in ")
    assert not note.exists()
    assert other.exists()


def test_threads_are_one_before_any_numerical_library_loads() -> None:
    program = (
        "import sys, os; from eigenscape import cli; before = 'numpy' in sys.modules\n"
        "try: cli.main(['schema'])\n"
        "except SystemExit: pass\n"
        "print(before, [os.environ[name] for name in cli.BLAS_THREAD_VARIABLES], file=sys.stderr)"
    )
    environment = {
        key: value for key, value in os.environ.items() if key not in BLAS_THREAD_VARIABLES
    } | {"OMP_NUM_THREADS": "8"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stderr == "False ['1', '1', '1', '1']\n"


BAD_FILES = {
    "unknown key": ("grid: {dept: [1]}", ["bad.yaml: grid.dept: expected", "did you mean depth?"]),
    "negative": (
        "grid: {width: [-1]}",
        ["bad.yaml: grid.width.0: expected", "found -1", "write grid: {width:"],
    ),
    "no YAML": ("grid: [", ["bad.yaml: expected YAML"]),
    "a list": ("- 1", ["bad.yaml: expected sections", "found list"]),
    "limit": (
        "sampling: {raw_parameter_limit: 3}",
        ["sampling.raw_parameter_limit: expected at least 16", "found 3"],
    ),
}


@pytest.mark.parametrize(("text", "fragments"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_configuration_ends_in_one_line_and_exit_code_2(
    tmp_path: Path, text: str, fragments: list[str]
) -> None:
    (tmp_path / "bad.yaml").write_text(text)

    result = run("plan", "--configfile", tmp_path / "bad.yaml", "--results", tmp_path / "results")

    assert_one_line(result, 2, *fragments)
    assert not (tmp_path / "results").exists()


def test_a_missing_configuration_ends_in_one_line_and_exit_code_2(tmp_path: Path) -> None:
    assert_one_line(
        run("plan", "--configfile", tmp_path / "none.yaml"),
        2,
        "none.yaml: expected a configuration file, found no such file",
    )


def test_a_plan_lists_cells_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(small_study().model_dump()))

    result = run("plan", "--configfile", file, "--results", tmp_path / "results", "--cores", 1)
    brief = run(
        "plan", "--configfile", file, "--results", tmp_path / "results", "--cores", 1, "--brief"
    )

    assert result.exit_code == brief.exit_code == 0
    assert "cells/d03-w003" in result.stdout
    assert len(brief.stdout.splitlines()) == 2
    assert not (tmp_path / "results").exists()


def test_a_plan_refuses_to_mix_two_studies(folder: StudyFolder, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(json.dumps(small_study(sampling={"seed": 5}).model_dump()))

    result = run("plan", "--configfile", file, "--results", folder.root.parent)

    assert_one_line(result, 2, "seed: expected 0", "found 5", "give this study another name")


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (
            ["second-moment", "cells/d09-w009"],
            "cell: expected a computed cell of the study, such as headline/d02-w004-n80",
        ),
        (["spectrum", "cells/d09-w009"], "cell: expected a computed cell of the study"),
        (
            ["cells", "w001-d01to10"],
            "batch: expected one of w003-d01to10, w005-d01to10, found w001-d01to10",
        ),
        (["figure", "portrait"], "figure: expected one of condition_number_projected"),
    ],
)
def test_an_unknown_name_ends_in_one_line_and_exit_code_2(
    folder: StudyFolder, arguments: list[str], fragment: str
) -> None:
    assert_one_line(run(*arguments, "--study", folder.study), 2, fragment)


@pytest.mark.parametrize(
    "command",
    [
        "second-moment any",
        "spectrum any",
        "cells any",
        "condition-number-table",
        "figure eigenvalues",
    ],
)
def test_a_study_that_does_not_exist_ends_in_one_line_and_exit_code_2(
    tmp_path: Path, command: str
) -> None:
    result = run(*command.split(), "--study", tmp_path / "study.json")

    assert_one_line(
        result, 2, "study.json: expected the configuration of a study, found no such file"
    )


@pytest.mark.parametrize(
    "arguments",
    [["second-moment"], ["plan", "--cores", "0"], ["cells", "x", "--device", "tpu"], ["nonsense"]],
)
def test_wrong_usage_has_exit_code_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_is_not_finished_has_exit_code_1_and_one_line(folder: StudyFolder) -> None:
    assert_one_line(
        run("spectrum", "cells/d01-w003", "--study", folder.study),
        1,
        "run the stage second-moment for this cell first",
    )


def test_an_interruption_has_exit_code_75_and_one_line(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "stop_requested", lambda: True)

    result = run("second-moment", "cells/d01-w003", "--study", folder.study)

    assert_one_line(result, 75, "cells/d01-w003: interrupted", "run the same command to resume")


def test_the_stages_run_one_after_the_other(folder: StudyFolder) -> None:
    study, log = ["--study", folder.study], folder.root / "logs" / "run.log"
    steps = [
        [
            "second-moment",
            "headline/d02-w004-n80",
            *study,
            "--log",
            log,
            "--ledger",
            folder.root / "ledger" / "moment.json",
        ],
        ["spectrum", "headline/d02-w004-n80", "--vectors", *study],
        ["cells", "w003-d01to10", *study],
        ["cells", "w005-d01to10", *study, "--ledger", folder.root / "ledger" / "cells.json"],
        ["projection", *study],
        ["condition-number-table", *study],
        ["figure", "parameter_count", *study],
    ]

    for step in steps:
        result = run(*step)
        assert result.exit_code == 0, result.output

    assert (
        json.loads((folder.root / "ledger" / "moment.json").read_bytes())["cell"]
        == "headline/d02-w004-n80"
    )
    assert len(json.loads((folder.root / "ledger" / "cells.json").read_bytes())["spectra"]) == 1
    assert len(folder.table.read_text().splitlines()) == 1 + 4
    assert (folder.root / "figures" / "parameter_count.pdf").read_bytes().startswith(b"%PDF")
    assert f"eigenscape {__version__}" in log.read_text()


def test_a_place_that_cannot_be_written_ends_in_one_line(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise PermissionError(13, "Permission denied", "/results/small")

    monkeypatch.setattr("eigenscape.stages.common.spectrum.compute_spectrum", refuse)

    result = run("spectrum", "cells/d01-w003", "--study", folder.study)

    assert_one_line(
        result,
        2,
        "/results/small: expected a folder that can be written, found Permission denied; check its"
        " permissions",
    )


@pytest.mark.parametrize(
    ("output_format", "file"),
    [("json", "workflow/schemas/config.schema.json"), ("yaml", "config.yaml")],
)
def test_the_schema_and_the_default_configuration_are_printed_as_they_are_kept(
    output_format: str, file: str
) -> None:
    kept = (Path(__file__).parents[2] / file).read_text()

    assert run("schema", "--format", output_format).stdout == kept, (
        f"eigenscape schema --format {output_format} > {file}"
    )


def labelled(**changes: object) -> dict[str, object]:
    """Arrays X (90, 3) and y (90,) of three classes, with changes."""
    return {
        "X": np.random.default_rng(0).standard_normal((90, 3)),
        "y": np.arange(90) % 3,
        **changes,
    }


UNUSABLE_DATA = {
    "missing": (None, "expected a file with arrays X and y, found no such file"),
    "no archive": (
        b"hello",
        "expected an .npz file of plain arrays, found a file that is not a zip archive",
    ),
    "dtype": (
        labelled(X=np.full((90, 3), "a")),
        "X: expected numbers of shape (n, d), or (n, h, w) for images, found shape (90, 3), <U1",
    ),
    "NaN": (
        labelled(X=np.full((90, 3), np.nan)),
        "X: expected finite numbers, found an infinity or NaN",
    ),
    "fractions": (
        labelled(y=np.arange(90) / 2),
        "y: expected whole numbers or text of shape (90,), found shape (90,), float64",
    ),
    # a quarter of 9 inputs of a class is held out
    "few": (
        labelled(y=np.arange(90) > 80),
        (
            "y: expected at least 5 held-out inputs of every class, found 2 of True, which has 9;"
            " lower inputs_per_class"
        ),
    ),
    "pickled": (
        labelled(y=np.array([{}] * 90, object)),
        "expected an .npz file of plain arrays, found Object arrays cannot be loaded",
    ),
    "no labels": ({"X": np.eye(3)}, "expected arrays X and y, found no y"),
}


@pytest.mark.parametrize(("content", "message"), UNUSABLE_DATA.values(), ids=UNUSABLE_DATA)
def test_a_user_s_data_are_refused_in_one_line_that_names_the_field(
    tmp_path: Path, content: object, message: str
) -> None:
    path = tmp_path / "mine.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    folder = StudyFolder(tmp_path / "results")
    configure.write_study(
        small_study(clustering={"data": str(path), "inputs_per_class": 5, "channels": None}), folder
    )
    result = run("clustering", "perceptron-d02-w032", "--study", str(folder.study))
    assert_one_line(result, 2, f"clustering.data: {path}: {message}")
    assert not folder.clustering("perceptron-d02-w032").exists()


@pytest.mark.parametrize("command", [("verify",), ("cite",)])
def test_a_configuration_in_place_of_study_json_is_refused_by_name(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("study: mine\n")
    assert_one_line(
        run(*command, "--study", mine),
        2,
        "--study",
        "expected the study.json among the results",
        f"found {mine}",
    )


@pytest.mark.parametrize(
    ("line", "name"),
    [("study: mine # yes", "mine"), ('study: "a.b-c"', "a.b-c"), ("grid: {}", "sine")],
)
def test_make_paper_takes_the_name_of_the_study_from_its_configuration(
    tmp_path: Path, line: str, name: str
) -> None:
    (tmp_path / "mine.yaml").write_text(f"{line}\n")
    command = [
        "make",
        "--dry-run",
        "--no-print-directory",
        "paper",
        f"CONFIG={tmp_path / 'mine.yaml'}",
    ]
    # not those of `make test`
    alone = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    root = Path(__file__).parents[2]
    printed = subprocess.run(
        command, cwd=root, env=alone, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert printed.splitlines()[-1] == f"eigenscape paper --study results/{name}/study.json"
