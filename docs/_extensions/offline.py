"""Fails the build if a page would ask another server for anything: styles, scripts, fonts, images,
frames.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ASKS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)=["'](?:https?:)?//[^"']+"""
    r"""|<link\b[^>]*\brel=["'](?:stylesheet|preload|icon|preconnect)["'][^>]*\bhref=["'](?:https?:)?//[^"']+"""
    r"""|(?:url\(|@import\s+)["']?(?:https?:)?//[^"')]+""",
    re.IGNORECASE,
)


def requests(text: str) -> list[str]:
    """What a page or a style would fetch from elsewhere; links that a reader may follow are none of
    it.

    Example:
        >>> requests('<a href="https://a.org">a</a><script src="https://b.org/c.js"></script>')
        ['<script src="https://b.org/c.js']
    """
    return ASKS.findall(text)


def _check(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*")):
        if path.suffix in {".html", ".css"} and (found := requests(path.read_text())):
            raise ExtensionError(f"{path}: expected nothing from other servers, found {found[0]}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at what was built."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
