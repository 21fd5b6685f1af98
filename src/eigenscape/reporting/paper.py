"""A short paper of a study as PDF, without LaTeX: question, method, findings, figures, provenance,
references.

reportlab sets the text; the figures' own PDFs are laid into the page by pypdf, so they stay
vectors. (matplotlib's PdfPages cannot break paragraphs over pages, and neither it nor reportlab can
place a page of another PDF.) The fonts are those that matplotlib ships, which have the Greek
letters. The same results and the same SOURCE_DATE_EPOCH give the same bytes.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from eigenscape.catalogue import CHAPTERS, METHODS
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.extras import require_extra
from eigenscape.findings.verdicts import Verdict
from eigenscape.reporting.references import references_of
from eigenscape.reporting.report import MARKS, facts_of, no_findings, timing_words
from eigenscape.reporting.summary import DrawnFigure, Summary, summary_of
from eigenscape.store.io_log import note_read
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.version import __version__

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

PAGE = (595.28, 841.89)
"""A4 in points."""

MARGIN = 62.0
"""Points on every side: lines of some 95 letters, what one column of text bears."""

TEXT_WIDTH = PAGE[0] - 2 * MARGIN - 12.0
"""Width of a line: reportlab's frames keep 6 points of their own on either side."""

TALLEST = 330.0
"""Points of a figure's height: two stand on a page with their captions."""

VERDICT_COLOURS = {"holds": "#00664a", "condition": "#8a5a00", "not": "#a63d00", "open": "#57606a"}
"""The colours of the report; each verdict also has its sign and its words."""


def paper_path(folder: StudyFolder) -> Path:
    """Where the paper lies."""
    return folder.root / "paper.pdf"


def write_paper(study: Study, folder: StudyFolder, to: Path | None = None) -> Path:
    """Write the paper of a study: beside its results, or elsewhere.

    Returns:
        Its path.

    Raises:
        BadInput: SOURCE_DATE_EPOCH is no number, or the study has neither figures nor tables yet.
        MissingExtra: a library of the paper is not installed.
    """
    require_extra("paper", "reportlab", "pypdf")
    date = _date()
    summary = summary_of(study, folder)
    tables = (folder.root / "tables" / name for name in ("findings.csv", "condition_number.csv"))
    for shown in (*tables, *(figure.pdf for drawn in summary.figures.values() for figure in drawn)):
        note_read(shown)
    path = to or paper_path(folder)
    write_atomically(path, paper(summary, date))
    return path


def paper(summary: Summary, date: datetime) -> bytes:
    """The paper as PDF, which says that it is of this date."""
    from reportlab.platypus import (  # noqa: PLC0415
        CondPageBreak,
        PageBreak,
        Paragraph,
        SimpleDocTemplate,
        Spacer,
    )

    _register_fonts()
    styles = _styles()
    placed = _Placed()
    story: list[Flowable] = [
        Paragraph(_title(summary), styles["title"]),
        Paragraph(_byline(summary), styles["byline"]),
    ]
    story += [Paragraph("Question", styles["head"]), Paragraph(_question(summary), styles["text"])]
    story += [Paragraph("Method", styles["head"])]
    story += [
        Paragraph(words, styles["text"])
        for chapter, words in METHODS.items()
        if chapter == CHAPTERS[0] or chapter in summary.figures
    ]
    story += [
        CondPageBreak(150),
        Paragraph("Findings", styles["table_head"]),
        *_findings(summary, styles),
        PageBreak(),
    ]
    count = 0
    for science, figures in summary.figures.items():
        for position, figure in enumerate(figures):
            count += 1
            head = [Paragraph(_capital(science), styles["head"])] if position == 0 else []
            story.append(_figure(figure, count, head, styles, placed))
    story += [
        Paragraph("Provenance", styles["head"]),
        Paragraph(_provenance(summary), styles["text"]),
    ]
    story += [Paragraph("References", styles["head"])]
    story += [
        Paragraph(f"[{number}] {escape(one.text())}", styles["small"])
        for number, one in enumerate(references_of(summary.study), 1)
    ]
    story.append(Spacer(1, 1))

    text = io.BytesIO()
    document = SimpleDocTemplate(
        text,
        pagesize=PAGE,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{summary.study.study}: how hard are these networks to train?",
        author="eigenscape",
        subject="A study by eigenscape",
        creator=f"eigenscape {__version__}",
        invariant=1,  # neither dates nor random identifiers, which would change the bytes
    )
    document.build(story, onFirstPage=_footer, onLaterPages=_footer)
    return _with_figures(text.getvalue(), placed, date)


@dataclass
class _Placed:
    """Where figures are to be laid into pages: page, file, left, bottom, scale."""

    figures: list[tuple[int, Path, float, float, float]] = field(default_factory=list)


def _figure(
    figure: DrawnFigure, number: int, head: list[Any], styles: dict[str, Any], placed: _Placed
) -> Any:
    """A figure with its caption, kept on one page with the head above it."""
    import pypdf  # noqa: PLC0415
    from reportlab.platypus import KeepTogether, Paragraph, Spacer  # noqa: PLC0415
    from reportlab.platypus.flowables import Flowable as Base  # noqa: PLC0415

    box = pypdf.PdfReader(figure.pdf).pages[0].mediabox
    width, height = float(box.width), float(box.height)
    scale = min(TEXT_WIDTH / width, TALLEST / height, 1.0)

    class Room(Base):  # type: ignore[misc] # reportlab has no types
        """Empty space of the figure's size, which notes where it came to stand."""

        def wrap(self, available_width: float, _: float) -> tuple[float, float]:
            """The size: as wide as the text, as high as the figure."""
            self.left = (available_width - scale * width) / 2
            return available_width, scale * height

        def draw(self) -> None:
            """Note the position on the page."""
            left, bottom = self.canv.absolutePosition(self.left, 0)
            placed.figures.append((self.canv.getPageNumber() - 1, figure.pdf, left, bottom, scale))

    caption = (
        f"<b>Figure {number}. {escape(figure.caption.title)}.</b> {escape(figure.caption.text)}"
    )
    return KeepTogether([*head, Room(), Spacer(1, 4), Paragraph(caption, styles["caption"])])


def _with_figures(text: bytes, placed: _Placed, date: datetime) -> bytes:
    """Lay the figures' pages into those of the text, and write the date that is asked for."""
    import pypdf  # noqa: PLC0415

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(text))
    for page, path, left, bottom, scale in placed.figures:
        drawn = pypdf.PdfReader(path).pages[0]
        transformation = pypdf.Transformation().scale(scale).translate(left, bottom)
        writer.pages[page].merge_transformed_page(drawn, transformation)
    for page_of_writer in writer.pages:
        page_of_writer.compress_content_streams()
    words = date.strftime("D:%Y%m%d%H%M%S+00'00'")
    writer.add_metadata(
        {"/CreationDate": words, "/ModDate": words, "/Producer": "reportlab, pypdf"}
    )
    whole = io.BytesIO()
    writer.write(whole)
    return whole.getvalue()


def _date() -> datetime:
    """SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), the start of Unix time
    elsewhere: never the time now.

    Raises:
        BadInput: it is no number of seconds.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not re.fullmatch(r"\d{1,11}", seconds):
        raise BadInput.field(
            "SOURCE_DATE_EPOCH",
            "seconds since 1970",
            repr(seconds),
            "write for example $(git log -1 --format=%ct)",
        )
    return datetime.fromtimestamp(int(seconds), UTC)


def _register_fonts() -> None:
    """DejaVu as matplotlib ships it: serif for the text, with Greek and mathematical letters."""
    import matplotlib  # noqa: PLC0415
    from reportlab.lib.fonts import addMapping  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for bold, italic, name in (
        (0, 0, "DejaVuSerif"),
        (1, 0, "DejaVuSerif-Bold"),
        (0, 1, "DejaVuSerif-Italic"),
        (1, 1, "DejaVuSerif-BoldItalic"),
    ):
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{name}.ttf")))
        addMapping("DejaVuSerif", bold, italic, name)
    pdfmetrics.registerFont(TTFont("DejaVuSans", str(fonts / "DejaVuSans.ttf")))


def _styles() -> dict[str, Any]:
    from reportlab.lib.enums import TA_JUSTIFY  # noqa: PLC0415
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415

    text = ParagraphStyle(
        "text", fontName="DejaVuSerif", fontSize=9, leading=13.5, spaceAfter=6, alignment=TA_JUSTIFY
    )
    return {
        "text": text,
        "title": ParagraphStyle(
            "title",
            parent=text,
            fontName="DejaVuSerif-Bold",
            fontSize=16,
            leading=21,
            spaceAfter=6,
            alignment=0,
        ),
        "byline": ParagraphStyle(
            "byline", parent=text, textColor="#57606a", spaceAfter=12, alignment=0
        ),
        "head": ParagraphStyle(
            "head",
            parent=text,
            fontName="DejaVuSerif-Bold",
            fontSize=11,
            leading=15,
            spaceBefore=10,
            keepWithNext=1,
        ),
        # A head that keeps with a table would take the whole of it to the next page.
        "table_head": ParagraphStyle(
            "table_head",
            parent=text,
            fontName="DejaVuSerif-Bold",
            fontSize=11,
            leading=15,
            spaceBefore=10,
        ),
        "caption": ParagraphStyle(
            "caption", parent=text, fontSize=8, leading=11, spaceAfter=16, alignment=0
        ),
        "small": ParagraphStyle(
            "small", parent=text, fontSize=7.5, leading=10.5, spaceAfter=3, alignment=0
        ),
        "cell": ParagraphStyle(
            "cell", parent=text, fontSize=7.5, leading=10, spaceAfter=0, alignment=0
        ),
    }


def _title(summary: Summary) -> str:
    return f"How hard are these networks to train? The study {escape(summary.study.study)}"


def _byline(summary: Summary) -> str:
    made = dict(facts_of(summary))["made"]
    return f"By eigenscape {__version__}, from results of {escape(made)}"


def _question(summary: Summary) -> str:
    study = summary.study
    facts = dict(facts_of(summary))
    return (
        "Neural networks of different depth and width differ in how hard they are to train. This"
        f" study asks what the gradients of their loss say of it, over {escape(facts['grid'])}, for"
        f" the problem {escape(facts['problem'])}, with activation"
        f" {escape(study.network.activation)} and the prior"
        f" {escape(study.prior.kind.replace('_', ' '))}. One network ({escape(facts['headline'])})"
        " is looked at closely. Published findings are assessed by fixed rules."
    )


def _findings(summary: Summary, styles: dict[str, Any]) -> list[Any]:
    """The table of findings, or a sentence where there is none."""
    from reportlab.lib.colors import HexColor  # noqa: PLC0415
    from reportlab.platypus import Paragraph, Table, TableStyle  # noqa: PLC0415

    if not summary.findings:
        return [Paragraph(escape(no_findings(summary.study)), styles["text"])]
    rows = [
        [
            Paragraph(f"<b>{head}</b>", styles["cell"])
            for head in ("Science", "Finding", "Verdict", "Evidence and condition")
        ]
    ]
    for one in summary.findings:
        mark, kind = MARKS[Verdict(one.verdict)] if one.verdict in set(Verdict) else ("?", "open")
        verdict = (
            f'<font color="{VERDICT_COLOURS[kind]}"><font name="DejaVuSans">{mark}</font>'
            f" {escape(one.verdict)}</font>"
        )
        condition = (
            f'<br/><font color="#57606a">{escape(one.condition)}</font>' if one.condition else ""
        )
        if one.replication:
            condition += (
                f'<br/><font color="#57606a">Unit of replication: {escape(one.replication)}.</font>'
            )
        texts = (
            escape(one.science),
            escape(one.finding),
            verdict,
            escape(one.evidence) + condition,
        )
        rows.append([Paragraph(text, styles["cell"]) for text in texts])
    table = Table(
        rows, colWidths=[share * TEXT_WIDTH for share in (0.14, 0.24, 0.15, 0.47)], repeatRows=1
    )
    line = HexColor("#d8dee4")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, line),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return [table]


def _provenance(summary: Summary) -> str:
    origins = summary.origins
    versions = ", ".join(
        f"{name} {'/'.join(sorted(found))}" for name, found in origins.versions.items()
    )
    machines = "; ".join(sorted(origins.machines)) or "not recorded"
    return (
        f"Seed {summary.study.sampling.seed}; every random number is a function of it and of names"
        f" alone. Versions: {escape(versions)}. Machines: {escape(machines)}."
        f" {escape(timing_words(summary)) if summary.timings else ''} Every result has a receipt;"
        " <font name='DejaVuSans'>eigenscape verify --study"
        f" {escape(summary.study.study)}/study.json</font> checks them all, wherever the folder"
        " lies, and <font name='DejaVuSans'>eigenscape show</font> says how one was made and the"
        " command that makes it again."
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _footer(canvas: Any, _: Any) -> None:
    """The number of the page."""
    canvas.setFont("DejaVuSerif", 8)
    canvas.drawCentredString(PAGE[0] / 2, MARGIN / 2, str(canvas.getPageNumber()))
