"""Write the pins of a fresh environment to run.lock, dev.lock and docs.lock, from the requirements
in pyproject.toml.

    python envs/lock.py

torch comes first, by the pin that is there, so that no other build is taken; local version labels
such as +cpu are left out of the lock.
"""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
import venv
from pathlib import Path

HERE = Path(__file__).parent
HEADERS = {
    "run": (
        "# Pins of everything that a run needs: Python 3.11, Linux. `make setup` installs torch"
        " from here first; `make lock` writes it."
    ),
    "dev": "# Pins of the tools for tests and checks, on top of run.lock.",
    "docs": "# Pins of what builds the documentation site, on top of run.lock and dev.lock.",
}
EXTRAS_OF_A_RUN = ("workflow", "explorer", "mpi", "two-stage", "paper")
"""What `make setup` has beside the library's own requirements."""

BUILD_TOOLS = ["hatchling", "editables"]
"""`pip install -e .` without build isolation needs these in the environment."""


def frozen(python: Path) -> set[str]:
    """The pins of an environment."""
    output = subprocess.run(
        [python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True
    ).stdout
    return {line.split("+")[0] for line in output.splitlines() if "==" in line}


def main() -> None:
    """Resolve in a fresh environment and write the locks."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    torch = next(
        line for line in (HERE / "run.lock").read_text().splitlines() if line.startswith("torch==")
    )
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"

        def install(*requirements: str) -> None:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)

        install(torch)
        install(
            *project["dependencies"],
            *(requirement for name in EXTRAS_OF_A_RUN for requirement in extras[name]),
            *BUILD_TOOLS,
        )
        run = frozen(python)
        install(*extras["test"], *extras["dev"])
        # its dependencies serve threads, which the ranks do not use
        install("--no-deps", *extras["scalapack"])
        dev = frozen(python) - run
        install(*extras["docs"])
        docs = frozen(python) - run - dev
    for name, pins in (("run", run), ("dev", dev), ("docs", docs)):
        (HERE / f"{name}.lock").write_text(
            "\n".join([HEADERS[name], *sorted(pins, key=str.lower)]) + "\n"
        )


if __name__ == "__main__":
    main()
