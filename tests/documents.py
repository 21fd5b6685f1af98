"""The project's Markdown files: their code blocks, links and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "docs", "benchmarks", "benchmarks/results", "src/eigenscape/store", "tests/faults")
"""Where Markdown lies; docs/reference is made by the site's build."""

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, what else its first line says, and its
    text.
    """

    page: str
    line: int
    language: str
    info: str
    text: str

    @property
    def name(self) -> str:
        """For the names of tests."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file; the site's own directives are none."""
    text, found = path.read_text(), []
    for match in FENCE.finditer(text):
        language, _, info = match["info"].strip().partition(" ")
        if not language.startswith("{"):
            line = text.count("\n", 0, match.start()) + 1
            found.append(
                Block(str(path.relative_to(ROOT)), line, language, info.strip(), match["text"])
            )
    return found


def prose(path: Path) -> str:
    """The text without fenced blocks."""
    return FENCE.sub("", path.read_text())


def code_spans(path: Path) -> list[str]:
    """What stands between single backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose(path))


def links(path: Path) -> list[str]:
    """Targets of links and images."""
    return LINK.findall(re.sub(r"`[^`\n]+`", "code", prose(path)))


def anchors(path: Path) -> set[str]:
    """The anchors that a repository's web view gives to headings.

    Example:
        >>> "which-number-to-cite" in anchors(ROOT / "docs" / "condition_numbers.md")
        True
    """
    found: set[str] = set()
    for heading in HEADING.findall(prose(path)):
        words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (slug if not number else f"{slug}-{number}") in found:
            number += 1
        found.add(slug if not number else f"{slug}-{number}")
    return found
