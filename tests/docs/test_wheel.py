"""`pip install .`: the wheel's metadata say what is true, and the package works where there is no
clone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from documents import ROOT

from eigenscape import __version__


def run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network: the build tools of the environment are taken."""
    folder = tmp_path_factory.mktemp("wheel")
    done = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        folder,
        ROOT,
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_metadata_say_what_is_true(metadata: Message) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert (metadata["Name"], metadata["Version"]) == ("eigenscape", __version__)
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert (
        metadata.get_payload(decode=True).decode().strip()
        == (ROOT / "README.md").read_text().strip()
    )
    assert set(metadata.get_all("Provides-Extra")) == set(project["optional-dependencies"])
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert len(required) == len(project["dependencies"])
    # No address is given while none is known: a link that leads nowhere is worse than none.
    assert all(
        url.partition(", ")[2].startswith("https://") for url in metadata.get_all("Project-URL", [])
    )


def test_the_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tracked = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "eigenscape").rglob("*")
        if path.is_file()
    }
    expected = {name for name in tracked if "__pycache__" not in name}

    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {"eigenscape/py.typed", "eigenscape/explorer/assets/explorer.css"} <= expected


def test_it_works_in_an_environment_of_its_own_outside_the_clone(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    # The libraries are those of this environment: what is tested is the package, not the network.
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    done = run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        wheel,
    )
    assert done.returncode == 0, done.stderr
    libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (site / "libraries.pth").write_text("\n".join(libraries))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    (tmp_path / "away").mkdir()

    def eigenscape(*arguments: object) -> subprocess.CompletedProcess[str]:
        return run(
            tmp_path / "venv" / "bin" / "eigenscape",
            *arguments,
            cwd=tmp_path / "away",
            env=environment,
        )

    where = run(
        python,
        "-c",
        "import eigenscape; print(eigenscape.__file__)",
        cwd=tmp_path / "away",
        env=environment,
    ).stdout.strip()
    assert Path(where).is_relative_to(tmp_path / "venv"), where
    assert eigenscape("--version").stdout == f"eigenscape, version {__version__}\n"
    assert eigenscape("schema").returncode == 0
    (tmp_path / "away" / "mine.yaml").write_text("{study: mine, grid: {depth: [1], width: [5]}}")
    without = eigenscape("plan")
    assert without.returncode == 2
    assert without.stderr.startswith(
        "eigenscape: config.yaml: expected a configuration file, found no such file"
    )
    assert len(without.stderr.splitlines()) == 1
    program = (
        "import yaml; from eigenscape.config.study import Study;"
        " print(Study.from_mapping(yaml.safe_load(open('mine.yaml'))).study)"
    )
    read = run(python, "-W", "ignore", "-c", program, cwd=tmp_path / "away", env=environment)
    assert read.stdout == "mine\n", read.stderr
