"""A document as a Word file: heading styles, captions that Word counts, origins at each number."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final

from review.export.manuscript.document import (
    Cite,
    Entries,
    FigureBlock,
    Heading,
    Manuscript,
    Number,
    Paragraph,
    Reference,
    ReferenceList,
    Span,
    TableBlock,
    Term,
)
from review.export.manuscript.literature import items, mention
from review.export.tables.cells import writable
from review.export.tables.layout import MARGIN, PAGE
from review.export.tables.printing import NumberStyle
from review.export.tables.writers.docx import add_table, document_bytes, new_document, portrait
from review.export.tables.writers.docx_origins import Marks
from review.export.tables.writers.docx_styles import FONT, element
from review.export.tracing.origins import LEDGER

WIDEST: Final = PAGE[0] - 2 * MARGIN
TALLEST: Final = PAGE[1] - 2 * MARGIN - 2.5
"""Centimetres that a figure may take; 2.5 are left for its caption."""

HEADINGS: Final = {"Title": 16, "Subtitle": 11, "Heading 1": 14, "Heading 2": 12, "Heading 3": 11}
"""Styles and their sizes in points."""

KINDS: Final = {"table": ("Table", "tab_"), "figure": ("Figure", "fig_")}
"""What captions say, and what their bookmarks begin with."""


def render_word(manuscript: Manuscript, style: NumberStyle = NumberStyle.APA) -> bytes:
    """Return a document as the bytes of a ``.docx`` file, the same for the same document."""
    document = new_document(manuscript.title, manuscript.english)
    _set_up(document)
    document.add_paragraph(writable(manuscript.title), style="Title")
    if manuscript.subtitle:
        document.add_paragraph(writable(manuscript.subtitle), style="Subtitle")
    writer = _Writer(document, manuscript, style)
    for block in manuscript.blocks:
        writer.add(block)
    return document_bytes(document)


class _Writer:
    """Adds blocks at the end of a document."""

    def __init__(self, document: Any, manuscript: Manuscript, style: NumberStyle) -> None:
        self.document = document
        self.style = style
        self.mark = manuscript.mark
        self.elsewhere = manuscript.elsewhere
        self.marks = Marks(document)
        self.ordinals = {
            "table": manuscript.ordinals("table"), "figure": manuscript.ordinals("figure")
        }  # fmt: skip

    def add(self, block: object) -> None:
        """Add one block; what follows a landscape table begins an upright page."""
        match block:
            case TableBlock(name, table):
                add_table(self.document, name, table, style=self.style, mark=self.mark)
                self.marks = Marks(self.document)
                return
            case Heading(level, text):
                portrait(self.document)
                self.document.add_paragraph(writable(text), style=f"Heading {level}")
            case Paragraph(spans):
                portrait(self.document)
                paragraph = self.document.add_paragraph()
                for span in spans:
                    self.span(paragraph, span)
            case FigureBlock():
                portrait(self.document)
                self.figure(block)
            case ReferenceList(works):
                portrait(self.document)
                self.document.add_paragraph("References", style="Heading 1")
                for work in works:
                    entry = self.document.add_paragraph(writable(work.entry), style="Bibliography")
                    self.marks.mark(entry, f"ref_{work.key}")
            case Entries(lines):
                for line in lines:
                    self.document.add_paragraph(writable(line), style="Bibliography")

    def span(self, paragraph: Any, span: Span) -> None:
        """Add a piece of a sentence; a number gets the hidden bookmark of its origin."""
        match span:
            case str():
                paragraph.add_run(writable(span))
            case Number(_, text, _, origin):
                run = paragraph.add_run(text.replace(" ", "\u00a0"))
                if not origin.startswith(f"{LEDGER}/"):
                    self.marks.mark_number(run, origin)
            case Term(text):
                paragraph.add_run(text).italic = True
            case Cite(key):
                paragraph.add_run(f"({mention(items()[key])})")
            case Reference() if (span.kind, span.name) in self.elsewhere:
                paragraph.add_run(self.elsewhere[span.kind, span.name].replace(" ", "\u00a0"))
            case _:
                kind, prefix = KINDS[span.kind]
                number = self.ordinals[span.kind][span.name]
                field = element(
                    "w:fldSimple", {"w:instr": f" REF {bookmark(prefix + span.name)} \\h "}
                )
                field.append(paragraph.add_run(f"{kind} {number}")._r)
                paragraph._p.append(field)

    def figure(self, block: FigureBlock) -> None:
        """Add a figure with its alternative text, and its caption where the style has it.

        APA sets number and title above a figure (7th ed., 7.25), AMA and Cochrane below.
        """
        from docx.shared import Cm

        above = self.style is NumberStyle.APA
        if above:
            self.caption(block)
        holder = self.document.add_paragraph()
        holder.paragraph_format.keep_with_next = not above
        shape = holder.add_run().add_picture(BytesIO(block.png))
        shrink = min(1.0, Cm(WIDEST) / shape.width, Cm(TALLEST) / shape.height)
        shape.width, shape.height = int(shape.width * shrink), int(shape.height * shrink)
        described = shape._inline.docPr
        described.set("descr", writable(block.alternative))
        described.set("title", writable(block.title))
        if not above:
            self.caption(block)

    def caption(self, block: FigureBlock) -> None:
        """Add the number, which Word counts, and the title of a figure."""
        caption = self.document.add_paragraph(style="Caption")
        caption.paragraph_format.keep_with_next = self.style is NumberStyle.APA
        caption.add_run(f"Figure {self.mark}").bold = True
        field = element("w:fldSimple", {"w:instr": r" SEQ Figure \* ARABIC "})
        counted = caption.add_run(str(self.ordinals["figure"][block.name]))
        counted.bold = True
        field.append(counted._r)
        caption._p.append(field)
        self.marks.mark(caption, bookmark(f"fig_{block.name}"))
        caption.add_run().add_break()
        caption.add_run(writable(block.title)).italic = True


def bookmark(name: str) -> str:
    """Return a name as Word takes it: 40 letters, digits and underscores at the most."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)[:40]


def _set_up(document: Any) -> None:
    """Give headings the font of the text, and the reference list its hanging indent."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    for name, size in HEADINGS.items():
        chosen = document.styles[name]
        chosen.font.name, chosen.font.size = FONT, Pt(size)
        chosen.font.bold, chosen.font.color.rgb = name != "Subtitle", RGBColor(0, 0, 0)
        fonts = chosen.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{script}"), None)
        for script in ("w:eastAsia", "w:cs", "w:hAnsi"):
            fonts.set(qn(script), FONT)
        for spread in chosen.element.get_or_add_rPr().findall(qn("w:spacing")):
            chosen.element.rPr.remove(spread)
        chosen.paragraph_format.space_before, chosen.paragraph_format.space_after = Pt(12), Pt(4)
    title = document.styles["Title"].element.get_or_add_pPr()
    for rule in title.findall(qn("w:pBdr")):
        title.remove(rule)
    document.styles["Caption"].paragraph_format.space_before = Pt(12)
    foot = document.sections[0].footer.paragraphs[0]  # later sections take theirs from the first
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    page = element("w:fldSimple", {"w:instr": " PAGE "})
    page.append(foot.add_run("1")._r)
    foot._p.append(page)
    text = document.styles["Normal"].paragraph_format
    text.space_after, text.line_spacing = Pt(6), 1.15
    works = document.styles.add_style("Bibliography", WD_STYLE_TYPE.PARAGRAPH)
    works.base_style = document.styles["Normal"]
    works.paragraph_format.left_indent = Cm(1)
    works.paragraph_format.first_line_indent = Cm(-1)
