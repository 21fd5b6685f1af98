"""Files that stand elsewhere in the repository become pages of the site, and links to them lead to
those pages.

Beside each such page lies a stub under docs/, which on the repository's web view is a sentence with
a link. Links to other files of the repository (results, configurations, code) become downloads. And
a page that no list of the index names is put under "More", so that a new page needs no other file
to change.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

OUTSIDE = {
    "README.md": "index",
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "src/eigenscape/store/README.md": "store_protocol",
    "tests/faults/README.md": "fault_matrix",
}
"""File of the repository: page of the site."""

RESULTS = "benchmarks/results"
"""Links to it and into it lead to the page with all its files."""

LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\]\()([^)\s]+)(\))")
TOCTREE = re.compile(r"```\{toctree\}.*?```", re.DOTALL)


def site_links(text: str, file: str) -> str:
    """The text of a Markdown file of the repository, with its relative links made those of a page
    directly under docs/.

    Example:
        >>> site_links("[a](docs/files.md#x) [b](CHANGELOG.md)", "README.md")
        '[a](files.md#x) [b](changelog.md)'
    """

    def turned(match: re.Match[str]) -> str:
        target, hash_mark, anchor = match[2].partition("#")
        if not target or "://" in target:
            return match[0]
        path = os.path.normpath(Path(file).parent / target)
        if path.startswith(RESULTS):
            place, anchor = "reference/results.rst", ""
        else:
            place = f"{OUTSIDE[path]}.md" if path in OUTSIDE else os.path.relpath(ROOT / path, DOCS)
        return f"{match[1]}{place}{hash_mark * bool(anchor)}{anchor}{match[3]}"

    return LINK.sub(turned, text)


def coloured(text: str) -> str:
    """Commands without a prompt are a shell's; Pygments takes them for output and greys them."""
    return re.sub(r"^```(?:console|sh)\b[^\n]*\n(?!\$ )", "```bash\n", text, flags=re.MULTILINE)


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(page))
    if path.suffix != ".md" or path.parent != DOCS:
        return
    files = {name: file for file, name in OUTSIDE.items()}
    if page not in files:
        source[0] = coloured(site_links(source[0], f"docs/{page}.md"))
        return
    app.env.note_dependency(str(ROOT / files[page]))
    lists = "\n\n".join(TOCTREE.findall(source[0]))
    if page == "index":
        lists += _more(app, lists)
    source[0] = coloured(site_links((ROOT / files[page]).read_text(), files[page])) + "\n\n" + lists


def _more(app: Sphinx, lists: str) -> str:
    named = set(re.findall(r"^(?:.*<)?([a-z_/]+)>?$", lists, re.MULTILINE))
    rest = sorted(
        page for page in app.env.found_docs if "/" not in page and page not in named | {"index"}
    )
    return (
        "\n\n```{toctree}\n:hidden:\n:caption: More\n\n" + "\n".join(rest) + "\n```" if rest else ""
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite pages as they are read."""
    app.connect("source-read", _read)
    # its list of further pages depends on what is there
    app.connect("env-get-outdated", lambda *_: ["index"])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
