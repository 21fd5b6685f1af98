"""The gallery shows every figure that can be drawn, once, with its picture and what it says."""

from __future__ import annotations

import re

import pytest
from documents import ROOT, blocks

from eigenscape.catalogue import FIGURES, Catalogue
from eigenscape.config.study import Study

GALLERY = (ROOT / "docs" / "gallery.md").read_text()
SECTIONS = dict(re.findall(r"^### ([a-z_]+)\n(.*?)(?=^##|\Z)", GALLERY, re.MULTILINE | re.DOTALL))


def test_every_figure_has_a_section_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(FIGURES)
    assert len(re.findall("^### ", GALLERY, re.MULTILINE)) == len(FIGURES)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_has_its_picture_a_sentence_and_a_page(name: str) -> None:
    section = SECTIONS[name]

    assert f"](images/{name}.png)" in section
    assert len(re.sub(r"!?\[.*?\]\(.*?\)", "", section).split()) >= 8
    assert "More: [" in section


def test_readme_counts_them() -> None:
    drawn = len(Catalogue(Study()).figures)
    assert f"{drawn} figures, as PDF and PNG" in (ROOT / "README.md").read_text()


def test_readme_is_one_screen_with_two_commands() -> None:
    commands = [
        line
        for block in blocks(ROOT / "README.md")
        if block.language == "console"
        for line in block.text.splitlines()
    ]
    assert len(commands) == 2
    assert len((ROOT / "README.md").read_text().splitlines()) < 70
