"""Links of all Markdown files lead to files and headings that are there, on the repository's web
view as on the site.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from documents import ROOT, anchors, links, pages


def broken(path: Path) -> list[str]:
    """Relative links without a target."""
    found = []
    for link in links(path):
        target, _, anchor = link.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        linked = (path.parent / target).resolve() if target else path
        if (
            not linked.exists()
            or not linked.is_relative_to(ROOT)
            or (anchor and anchor not in anchors(linked))
        ):
            found.append(link)
    return found


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_has_a_target(path: Path) -> None:
    assert broken(path) == []


def test_a_missing_file_and_a_missing_heading_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "b.md").write_text("# A heading, twice\n\n## A heading, twice\n")
    (tmp_path / "a.md").write_text(
        "[x](b.md) [x](b.md#a-heading-twice-1) [x](b.md#no) [x](c.md) ![x](c.png)"
        " `[x](d.md)`\n\n```text\n[x](e.md)\n```\n"
    )

    assert broken(tmp_path / "a.md") == ["b.md#no", "c.md", "c.png"]


def test_links_to_the_web_are_few_and_encrypted() -> None:
    web = {link for path in pages() for link in links(path) if "://" in link}

    assert all(link.startswith("https://") for link in web), web
