"""What each figure shows and how it is read: one text for the report, the paper and Snakemake's own
report.

`python -m eigenscape.catalogue workflow/report` writes the caption files of the workflow;
a test keeps them in step with the rows.
"""

from __future__ import annotations

import re
from pathlib import Path

from eigenscape.catalogue.active_subspace.maps import map_of
from eigenscape.catalogue.reading import STEPS
from eigenscape.catalogue.rows import Caption
from eigenscape.catalogue.sciences import CHAPTERS, FIGURES


def caption_of(figure: str) -> Caption:
    """The caption of a figure; maps of any column of the table share one, as does what has none of
    its own.

    Example:
        >>> caption_of("eigenvalues").title
        'Spectrum of the headline network'
        >>> caption_of("map_participation_ratio").title
        'Map of participation ratio'
    """
    if figure in FIGURES:
        return FIGURES[figure].caption
    if figure.startswith("map_"):
        return map_of(figure.removeprefix("map_")).caption
    return Caption(CHAPTERS[0], figure.replace("_", " ").capitalize(), "Drawn on request.")


def caption_files() -> dict[str, str]:
    """The captions as reStructuredText, by the name of their file: what Snakemake's own report
    shows.
    """
    captions = {row.name: row.caption for row in FIGURES.values()} | {
        Path(target).stem: caption for step in STEPS for target, caption in step.captions.items()
    }
    # Bars, underscores, stars and backquotes would be references and marks there.
    return {
        f"{name}.rst": re.sub(r"([|_*`])", r"\\\1", caption.text) + "\n"
        for name, caption in captions.items()
    }


def write_caption_files(folder: Path) -> None:
    """Write them, one file a figure or table."""
    for name, text in caption_files().items():
        (folder / name).write_text(text)
