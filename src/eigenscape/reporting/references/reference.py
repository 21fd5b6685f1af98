"""One publication, how it is told, and what a study uses it for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from eigenscape.config.study import Study


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes:
        key: in bibliographies.
        authors: family name first, as "Constantine, Paul G."; "others" at the end stands for more
            of them.
        title: as published.
        year: of publication.
        venue: journal with volume, or proceedings; "" for what stands on arXiv alone.
        arxiv: its number, or "".
        doi: or "".
        url: where there is neither.
        kind: entry type of BibTeX.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    venue: str = ""
    arxiv: str = ""
    doi: str = ""
    url: str = ""
    kind: str = "article"

    @property
    def link(self) -> str:
        """Where it is found."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url

    def text(self) -> str:
        """One line.

        Example:
            >>> Reference("a", ("Doe, Jane", "Roe, R."), "On things", 2001, "J. Things 1").text()
            'Doe, J.; Roe, R.: On things. J. Things 1, 2001.'
        """
        names = "; ".join(_short(name) for name in self.authors).replace("; others", " et al.")
        found = (
            [f"arXiv {self.arxiv}"] * bool(self.arxiv)
            + [f"doi {self.doi}"] * bool(self.doi)
            + [self.url] * bool(self.url)
        )
        where = f"{self.venue}, {self.year}" if self.venue else str(self.year)
        return f"{names}: {self.title}. {'. '.join([where, *found])}."

    def bibtex(self) -> str:
        """One entry."""
        place = {"article": "journal", "inproceedings": "booktitle", "book": "publisher"}.get(
            self.kind, "howpublished"
        )
        fields = {
            # Braces keep the name of a group from being taken for that of a person.
            "author": " and ".join(
                name if ", " in name or name == "others" else f"{{{name}}}" for name in self.authors
            ),
            "title": f"{{{self.title}}}",
            "year": str(self.year),
            place: self.venue,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv" * bool(self.arxiv),
            "doi": self.doi,
            "url": self.url,
        }
        lines = [f"  {name} = {{{_latex(value)}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


def _short(name: str) -> str:
    """Given names as initials."""
    family, _, given = name.partition(", ")
    parts = [part for part in re.split(r"[ .]+", given) if part]
    initials = " ".join("-".join(f"{piece[0]}." for piece in part.split("-")) for part in parts)
    return f"{family}, {initials}" if initials else family


def _latex(text: str) -> str:
    """Letters with accents as LaTeX writes them, so that any BibTeX reads the file."""
    accents = {
        "\u0301": "'",
        "\u0308": '"',
        "\u030c": "v ",
        "\u0303": "~",
        "\u0300": "`",
        "\u0302": "^",
    }
    found = []
    for letter in unicodedata.normalize("NFC", text):
        plain, *marks = list(unicodedata.normalize("NFD", letter))
        known = len(marks) == 1 and marks[0] in accents
        found.append(f"{{\\{accents[marks[0]]}{plain}}}" if known else letter)
    return "".join(found).replace("&", "\\&")


@dataclass(frozen=True)
class Use:
    """A reference and what it is the source of.

    Attributes:
        reference: the publication.
        of: what of it is used.
        when: whether a study does; True for every study of the science.
    """

    reference: Reference
    of: str
    when: Callable[[Study], bool] = lambda study: True
