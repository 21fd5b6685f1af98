"""Every code block of the documentation runs, and every command that it names exists with the
options that it gives.

Python is executed, page by page; configurations are read as studies; commands are parsed by the
program that they call (Click's and Snakemake's own parsers, the Makefile's targets), and the cheap
ones run on a small study. What is checked by its name only stands in `NAMED_ONLY`, with the reason.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from documents import ROOT, Block, blocks, code_spans, pages
from finished_study import compute_small_study

from eigenscape.cli import main
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.common.configure import load_study
from eigenscape.store.layout import StudyFolder

BLOCKS = [block for path in pages() for block in blocks(path)]
LANGUAGES = {"console", "sh", "python", "yaml", "text", "diff"}

NAMED_ONLY = {
    "git": "needs the address of the repository",
    "cd": "of the shell",
    "export": "of the shell; the variables are the reader's",
    "source": "of the shell; .venv is made by `make setup`, which CI runs",
    ".": "of the shell; as source",
    "pip": "downloads; what `make setup-dev` installs, CI installs",
    "python3.11": "makes an environment, as `make setup` does",
    "ls": "of the shell",
}
"""Commands of blocks that are not run or parsed here, and why."""

RUN = ("--version", "--help", "schema", "verify", "figure")
"""Cheap enough to run wherever a page shows them; the other sub-commands are parsed, and run by
tests of their own."""


def of(*languages: str) -> list[Block]:
    """Blocks of some languages; those on how to add something are run in a copy, by
    test_how_to_add.py.
    """
    return [
        block
        for block in BLOCKS
        if block.language in languages and block.info not in ("after-edits", "file")
    ]


def commands(text: str) -> list[list[str]]:
    """The commands of a block: lines after "$ ", or all lines where there is no such sign; && and
    comments are of the shell.
    """
    lines = text.replace("\\\n", " ").splitlines()
    marked = [line[2:] for line in lines if line.startswith("$ ")]
    found = []
    for line in marked or lines:
        words = shlex.split(line, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            command = words[:end]
            if ">" in command:  # the shell's, into a file
                command = command[: command.index(">")]
            while command and re.fullmatch(r"[A-Z_]+=.*", command[0]):
                command = command[1:]
            found += [command] if command else []
            words = words[end + 1 :]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it: finished studies of the names that the pages use, and the
    configurations that they show.
    """
    root = tmp_path_factory.mktemp("reader")
    small = compute_small_study(root / "results").root
    study = load_study(StudyFolder(small))
    project_networks(study, [study.headline_cell.architecture], StudyFolder(small), quiet=True)
    headline = next(path.name for path in (small / "headline").iterdir())
    for name in ("sine", "sine-1"):
        study = root / "results" / name
        shutil.copytree(small, study)
        (study / "study.json").write_text(
            json.dumps(json.loads((small / "study.json").read_text()) | {"study": name})
        )
        (study / "headline" / "d05-w035-n10000").symlink_to(study / "headline" / headline)
    shutil.copytree(root / "results" / "sine", root / "archive" / "last-year")
    (root / "config.yaml").symlink_to(ROOT / "config.yaml")
    (root / "docs").symlink_to(ROOT / "docs")
    (root / "examples").symlink_to(ROOT / "examples")
    for block in of("yaml"):
        if named := re.match(r"# ([a-z]+\.yaml)\n", block.text):
            (root / named[1]).write_text(block.text)
    return root


def test_every_block_names_its_language() -> None:
    assert {block.name: block.language for block in BLOCKS if block.language not in LANGUAGES} == {}


@pytest.mark.parametrize("page", sorted({block.page for block in of("python")}))
def test_python_runs(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    for block in of("python"):
        if block.page == page:
            exec(compile(block.text, block.name, "exec"), names)  # noqa: S102 - the project's own pages


@pytest.mark.parametrize("block", of("yaml"), ids=lambda block: block.name)
def test_a_configuration_is_a_study_with_a_name_of_its_own(block: Block) -> None:
    assert Study.from_mapping(yaml.safe_load(block.text)).study != Study().study


def command_named(name: str) -> click.Command:
    _, command, _ = main.resolve_command(click.Context(main), [name])
    assert command is not None
    return command


def parse_eigenscape(words: list[str]) -> None:
    """By Click, as the program would; nothing is run."""
    if words and words[0].startswith("-"):
        with main.make_context("eigenscape", list(words), resilient_parsing=True):
            return
    command_named(words[0]).make_context(words[0], list(words[1:])).close()


def parse_make(words: list[str]) -> None:
    """Targets and settings are in the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    for word in words:
        name, is_setting, _ = word.partition("=")
        assert re.search(
            rf"^{name} \?=" if is_setting else rf"^{name}:.*## ", makefile, re.MULTILINE
        ), f"make {word}: not in the Makefile"


def parse_snakemake(words: list[str]) -> None:
    """By Snakemake's parser; profiles and configurations are there."""
    from snakemake.cli import get_argument_parser, parse_args

    given = [
        word
        for word in words
        if word != "--profile" and not (ROOT / word / "config.v9+.yaml").exists()
    ]
    assert "--profile" not in words or len(given) == len(words) - 2, "profile: no such folder"
    assert get_argument_parser(None)
    _, arguments = parse_args([*given, "--cores", "1"] if "--cores" not in given else given)
    for file in arguments.configfile or []:
        assert Path(file).exists(), file


def parse_python(words: list[str]) -> None:
    """A program of the repository that knows the options, or the package by -m."""
    if "eigenscape" in words:
        assert words[: words.index("eigenscape")] in (["-m"], ["-m", "mpi4py", "-m"])
        return parse_eigenscape(words[words.index("eigenscape") + 1 :])
    program = (ROOT / words[0]).read_text()
    for option in words[1:]:
        assert not option.startswith("--") or f'"{option}"' in program, (
            f"{words[0]} has no {option}"
        )
    return None


def parse(words: list[str]) -> None:
    """One command."""
    program, rest = Path(words[0]).name or words[0], words[1:]
    if program == "mpiexec":
        assert rest[0] == "-n"
        assert int(rest[1]) > 0
        return parse(rest[2:])
    known = {
        "eigenscape": parse_eigenscape,
        "make": parse_make,
        "snakemake": parse_snakemake,
        "python": parse_python,
    }
    if program in known:
        return known[program](rest)
    assert program in NAMED_ONLY, f"{program}: neither parsed nor listed in NAMED_ONLY"
    return None


@pytest.mark.parametrize("block", of("console", "sh"), ids=lambda block: block.name)
def test_commands_are_understood(
    block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    found = commands(block.text)

    assert found
    for words in found:
        parse(words)


def cheap() -> list[str]:
    """Commands of all pages that are run."""
    found = {
        shlex.join(words)
        for block in of("console", "sh")
        for words in commands(block.text)
        if words[:1] == ["eigenscape"]
    }
    return sorted(command for command in found if command.split()[1] in RUN)


@pytest.mark.parametrize("command", cheap())
def test_cheap_commands_run(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(main, shlex.split(command)[1:])

    assert done.exit_code == 0, done.output


def test_what_is_wrong_is_not_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(click.NoSuchOption):
        parse(shlex.split("eigenscape verify --fix --study results/sine/study.json"))
    with pytest.raises(BadInput, match="found nothing"):
        parse(["eigenscape", "nothing"])
    with pytest.raises(SystemExit):
        parse(["snakemake", "--no-such-option"])
    for wrong in (
        "make nothing",
        "make figures COLOUR=x",
        "curl x",
        "python benchmarks/headline.py --nothing",
        "snakemake --profile nowhere",
    ):
        with pytest.raises(AssertionError):
            parse(wrong.split())


SPANS = sorted(
    {
        (str(path.relative_to(ROOT)), span)
        for path in pages()
        for span in code_spans(path)
        if re.match(r"(eigenscape|make) [a-z]", span)
    }
)


@pytest.mark.parametrize(("page", "span"), SPANS)
def test_commands_in_prose_have_their_options(page: str, span: str) -> None:
    """A sentence may leave arguments out, so only names are checked: of the command and of its
    options.
    """
    program, name, *rest = [word for word in re.sub(r"[\[\]]", "", span).split() if word != "..."]
    if program == "make":
        return parse_make([name, *rest])
    options = {option for parameter in command_named(name).params for option in parameter.opts} | {
        "--help"
    }
    assert {word for word in rest if word.startswith("--")} <= options, page
    return None
