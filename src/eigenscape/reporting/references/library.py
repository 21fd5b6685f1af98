"""The publications in `library.bib`, and how they are told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors

from eigenscape.version import __version__

VENUES = ("journal", "booktitle", "publisher", "howpublished")
"""Fields that say where something was published; an entry has one of them at most."""


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
        bibtex: its entry.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: str
    venue: str = ""
    arxiv: str = ""
    doi: str = ""
    url: str = ""
    bibtex: str = ""

    @property
    def link(self) -> str:
        """Where it is found."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url

    def text(self) -> str:
        """One line.

        Example:
            >>> Reference("a", ("Doe, Jane", "Roe, R."), "On things", "2001", "J. Things 1").text()
            'Doe, J.; Roe, R.: On things. J. Things 1, 2001.'
        """
        names = "; ".join(_with_initials(name) for name in self.authors)
        where = [", ".join(filter(None, (self.venue, self.year)))]
        where += [f"arXiv {self.arxiv}"] * bool(self.arxiv)
        where += [f"doi {self.doi}"] * bool(self.doi)
        where += [self.url] * bool(self.url)
        return f"{names.replace('; others', ' et al.')}: {self.title}. {'. '.join(where)}."


@cache
def library() -> dict[str, Reference]:
    """Every publication by its key.

    Example:
        >>> library()["moelder2021"].authors[0], library()["moelder2021"].year
        ('Mölder, Felix', '2021')
    """
    text = (files(__package__) / "library.bib").read_text("utf-8")
    parsed = parse_string(
        text.replace("VERSION", __version__),
        append_middleware=[LatexDecodingMiddleware(), SeparateCoAuthors()],
    )
    references = {}
    for entry in parsed.entries:
        fields = {field.key: field.value for field in entry.fields}
        references[entry.key] = Reference(
            entry.key,
            tuple(fields["author"]),
            fields["title"],
            fields["year"],
            next((fields[name] for name in VENUES if name in fields), ""),
            fields.get("eprint", ""),
            fields.get("doi", ""),
            fields.get("url", ""),
            entry.raw or "",
        )
    return references


def _with_initials(name: str) -> str:
    """Given names as initials."""
    family, _, given = name.partition(", ")
    parts = [part for part in re.split(r"[ .]+", given) if part]
    initials = " ".join("-".join(f"{piece[0]}." for piece in part.split("-")) for part in parts)
    return f"{family}, {initials}" if initials else family
