"""Pages that are written by the program itself: every command's help, every key of the
configuration, every module's docstrings.

They are made under docs/reference (which git ignores) before the site is read, so they cannot fall
behind the code.
"""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from sphinx.application import Sphinx

from eigenscape.cli import main
from eigenscape.config.files import schema

ROOT = Path(__file__).parents[2]

PACKAGES = {
    "networks": "Networks, problems, priors and gradients",
    "active_subspace": "Active subspace",
    "expressivity": "Expressivity",
    "clustering": "Clustering",
    "sloppiness": "Sloppiness",
    "model_constrained": "Model-constrained networks",
    "distributed": "MPI ranks",
    "store": "Stored results",
    "figures": "Figures",
    "stages": "Stages of the workflow",
}
"""Package: title of its page, in the order in which a reader of the library comes to them."""


def main_page(names: list[str]) -> str:
    """The list of the reference pages."""
    return "\n".join(
        [
            "# API reference",
            "",
            (
                "From the docstrings: formulas, shapes, units, errors, sources, and examples that"
                " the tests run."
            ),
            (
                "The alphabet of shapes (N, P, L, w, n, B) is declared in"
                " {py:mod}`eigenscape.architecture`."
            ),
            "",
            "```{toctree}",
            ":maxdepth: 2",
            "",
            *names,
            "```",
            "",
        ]
    )


def module_pages() -> dict[str, str]:
    """Page: reStructuredText that documents a package, module after module."""
    import eigenscape  # noqa: PLC0415

    pages = {}
    single = [
        found.name
        for found in pkgutil.iter_modules(eigenscape.__path__)
        if not found.ispkg and not found.name.startswith("_")
    ]
    pages["vocabulary"] = _modules(
        "Vocabulary: study, architecture, seeds, errors", [f"eigenscape.{name}" for name in single]
    )
    packages = {
        found.name for found in pkgutil.iter_modules(eigenscape.__path__) if found.ispkg
    } - {"cli", "explorer"}
    for package in [name for name in PACKAGES if name in packages] + sorted(
        packages - set(PACKAGES)
    ):
        whole = import_module(f"eigenscape.{package}")
        names = [f"eigenscape.{package}"] + [
            found.name
            for found in pkgutil.walk_packages(whole.__path__, f"eigenscape.{package}.")
            if not found.name.rpartition(".")[2].startswith("_")
        ]
        pages[package] = _modules(PACKAGES.get(package, package), names)
    return pages


def _modules(title: str, names: list[str]) -> str:
    parts = [title, "=" * len(title), ""]
    for name in names:
        short = f"``{name}``"
        parts += [short, "-" * len(short), "", f".. automodule:: {name}", ""]
    return "\n".join(parts)


def commands_page() -> str:
    """Every command's help, as the terminal shows it."""
    parts = [
        "# Commands",
        "",
        (
            "What `eigenscape COMMAND --help` prints. Snakemake calls most of them; `plan`,"
            " `doctor`, `figure`,"
        ),
    ]
    parts += [
        "`verify` and `explore` are for you.",
        "",
        "Exit codes: 0 done, 2 bad input, 75 interrupted and resumable, 1 anything else.",
        "",
    ]
    listing = click.Context(main)
    for name in main.list_commands(listing):
        command = main.get_command(listing, name)
        with click.Context(
            command, info_name=f"eigenscape {name}", max_content_width=100, terminal_width=100
        ) as context:
            parts += [f"## {name}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(parts)


def configuration_page() -> str:
    """Every key of the configuration with its default, what is allowed, its meaning and its
    source.
    """
    found = schema()
    parts = [
        "# Keys of the configuration",
        "",
        (
            "A study is a YAML file with those keys whose defaults you want changed. Each default's"
            " source is said;"
        ),
        "",
    ]
    parts[-1] = (
        "“this project's choice” means that no publication gives it. The same as JSON schema:"
        " `eigenscape schema`."
    )
    parts += ["", *_section(found, found, "")]
    return "\n".join(parts)


def _section(section: dict[str, Any], whole: dict[str, Any], name: str) -> list[str]:
    rows, below = [], []
    for key, field in section["properties"].items():
        path = f"{name}.{key}" if name else key
        inner = _resolved(field, whole)
        if "properties" in inner:
            below += [
                f"## {path}" if "." not in path else f"### {path}",
                "",
                _cell(inner.get("description", "")),
                "",
            ]
            below += _section(inner, whole, path)
        else:
            rows.append(
                f"| `{key}` | {_default(field)} | {_allowed(field)} |"
                f" {_cell(field.get('description', ''))} |"
            )
    table = (
        ["| key | default | allowed | meaning and source |", "|---|---|---|---|", *rows, ""]
        if rows
        else []
    )
    return table + below


def _resolved(field: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    reference = field.get("$ref", "").rpartition("/")[2]
    return whole["$defs"][reference] if reference else field


def _default(field: dict[str, Any]) -> str:
    text = json.dumps(field.get("default"))
    return f"`{text}`" if len(text) < 60 else f"`{text[:30]}` … `{text[-15:]}`"


def _allowed(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_allowed(part) for part in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        return f"list of {_allowed(field.get('items', {}))}"
    limits = [
        ("minimum", "≥"),
        ("exclusiveMinimum", ">"),
        ("maximum", "≤"),
        ("exclusiveMaximum", "<"),
    ]
    words = [f"{sign} {field[limit]:,}" for limit, sign in limits if limit in field]
    return " ".join([str(field.get("type", "")), ", ".join(words)]).strip()


def _cell(text: str) -> str:
    return (
        text.replace("|", "\\|")
        .replace("\n", " ")
        .replace("*", "\\*")
        .replace("$", "\\$")
        .replace("<", "&lt;")
    )


def results_page() -> str:
    """The kept results of benchmarks, as files to download."""
    title = "Kept results of the benchmarks"
    files = sorted(
        path.name for path in (ROOT / "benchmarks" / "results").iterdir() if path.is_file()
    )
    said = (
        "What the programs under ``benchmarks/`` printed, with date and machine. What they say"
        " together: :doc:`/benchmarks`."
    )
    return "\n".join(
        [
            title,
            "=" * len(title),
            "",
            said,
            "",
            *(f"* :download:`{name} <../../benchmarks/results/{name}>`" for name in files),
            "",
        ]
    )


def write_pages(folder: Path) -> None:
    """Write all pages; what has not changed is not touched, so that Sphinx need not read it
    again.
    """
    modules = module_pages()
    pages = {f"{name}.rst": text for name, text in modules.items()}
    pages |= {"results.rst": results_page()}
    pages |= {
        "index.md": main_page(list(modules)),
        "commands.md": commands_page(),
        "configuration.md": configuration_page(),
    }
    folder.mkdir(exist_ok=True)
    for stale in folder.iterdir():
        if stale.name not in pages:
            stale.unlink()
    for name, text in pages.items():
        if not (folder / name).exists() or (folder / name).read_text() != text:
            (folder / name).write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Before the site is read."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "reference"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
