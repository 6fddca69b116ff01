"""Tables as a Word document: real tables with numbered captions, repeated headers and notes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from review.export.cells import Kind, writable
from review.export.printing import NumberStyle, printed
from review.export.tables import Alignment, Table

# The first date a zip archive can hold: a document says nothing of when it was written.
CREATED = dt.datetime(1980, 1, 1)  # naive: python-docx writes it as UTC
FONT = "Times New Roman"
# Centimetres: A4 with margins of 2.5, and what its two orientations leave for a table.
PAGE = (21.0, 29.7)
MARGIN = 2.5
PORTRAIT, LANDSCAPE = PAGE[0] - 2 * MARGIN, PAGE[1] - 2 * MARGIN
# Mean width of a character of Times New Roman at one point, and a cell's inner margins.
PER_POINT = 0.0185
PADDING = 0.42
SIZES = (10.0, 9.0, 8.0, 7.0)
# Text beyond this many characters wraps rather than widening its column.
WRAPS_FROM = 36


def render_docx(tables: Mapping[str, Table], *, style: NumberStyle = NumberStyle.APA) -> bytes:
    """The tables as the bytes of one Word document, a page a table.

    Parameters
    ----------
    tables : mapping of str to Table
        By name; a name becomes the bookmark ``tab_<name>`` at the table's caption.
    style : NumberStyle
        Of p values and intervals.

    Returns
    -------
    bytes
        The same for the same tables. Captions are numbered by Word's own ``SEQ Table`` field;
        header rows repeat on each page; a table too wide for portrait stands on a landscape page,
        in smaller type where even that is narrow.
    """
    from docx import Document

    document = Document()
    _set_up(document)
    landscape = False
    for number, (name, table) in enumerate(tables.items(), start=1):
        layout = _layout(table, style)
        section = number > 1 and layout.landscape != landscape
        if number == 1 or section:
            _section(document, layout.landscape, new=section)
        landscape = layout.landscape
        _caption(document, number, name, table.title, new_page=number > 1 and not section)
        _table(document, table, layout, style)
        _notes(document, table)
    buffer = BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def write_docx(
    tables: Mapping[str, Table], path: str | Path, *, style: NumberStyle = NumberStyle.APA
) -> Path:
    """Write `render_docx`; an existing file is replaced."""
    target = Path(path)
    target.write_bytes(render_docx(tables, style=style))
    return target


@dataclass(frozen=True, slots=True)
class _Layout:
    widths: tuple[float, ...]  # centimetres
    size: float  # points
    landscape: bool


def _layout(table: Table, style: NumberStyle) -> _Layout:
    """Widths by content: portrait if that does, else landscape, else landscape in smaller type."""
    least, wanted = [], []
    for c, column in enumerate(table.columns):
        cells = [
            printed(column, row[c], style) + table.marks(r, column.key)
            for r, row in enumerate(table.rows)
        ]
        header = column.header + table.marks(None, column.key)
        # Numbers stay on one line; headers and texts may break between words.
        pieces = [w for text in (cells if column.kind is Kind.TEXT else []) for w in text.split()]
        pieces += header.split() + ([] if column.kind is Kind.TEXT else cells)
        least.append(max(map(len, pieces), default=1))
        longest = max(map(len, [header, *cells]))
        wanted.append(max(least[-1], min(longest, WRAPS_FROM)))
    for size, room in [(SIZES[0], PORTRAIT), *((size, LANDSCAPE) for size in SIZES)]:
        narrow, wide = ([PER_POINT * size * n + PADDING for n in x] for x in (least, wanted))
        # Landscape is worth turning the page for once less than seven tenths would be there.
        if sum(narrow) <= room and (room == LANDSCAPE or 0.7 * sum(wide) <= room):
            break
    slack = max(0.0, room - sum(narrow))
    stretch = min(1.0, slack / max(sum(wide) - sum(narrow), 1e-9))
    widths = [a + stretch * (b - a) for a, b in zip(narrow, wide, strict=True)]
    squeeze = min(1.0, room / sum(widths))  # the last resort: words will break
    return _Layout(tuple(w * squeeze for w in widths), size, room == LANDSCAPE)


def _set_up(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name, size in (("Normal", SIZES[0]), ("Caption", SIZES[0])):
        chosen = document.styles[name]
        chosen.font.name, chosen.font.size = FONT, Pt(size)
        chosen.font.color.rgb = RGBColor(0, 0, 0)
        chosen.font.bold = False
        fonts = chosen.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:eastAsia", "w:cs", "w:hAnsi"):
            fonts.set(qn(script), FONT)
    properties = document.core_properties
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = CREATED
    properties.revision = 1


def _section(document: Any, landscape: bool, *, new: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    section = document.add_section() if new else document.sections[0]
    across, down = reversed(PAGE) if landscape else PAGE
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(across), Cm(down)
    section.left_margin = section.right_margin = Cm(MARGIN)
    section.top_margin = section.bottom_margin = Cm(MARGIN)


def _caption(document: Any, number: int, name: str, title: str, *, new_page: bool) -> None:
    from docx.shared import Pt

    paragraph = document.add_paragraph(style="Caption")
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.page_break_before = new_page
    paragraph.paragraph_format.space_after = Pt(6)
    # Word takes 40 characters of letters, digits and underscores.
    bookmark = re.sub(r"\W", "_", f"tab_{name}", flags=re.ASCII)[:40]
    paragraph._p.append(_element("w:bookmarkStart", {"w:id": str(number), "w:name": bookmark}))
    paragraph.add_run("Table ").bold = True
    field = _element("w:fldSimple", {"w:instr": r" SEQ Table \* ARABIC "})
    counted = paragraph.add_run(str(number))
    counted.bold = True
    field.append(counted._r)
    paragraph._p.append(field)
    paragraph._p.append(_element("w:bookmarkEnd", {"w:id": str(number)}))
    paragraph.add_run().add_break()
    paragraph.add_run(writable(title)).italic = True


def _table(document: Any, table: Table, layout: _Layout, style: NumberStyle) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Cm

    spanned = 1 if table.spanners else 0
    grid = document.add_table(rows=0, cols=len(table.columns))
    grid.alignment = WD_TABLE_ALIGNMENT.LEFT
    grid.autofit = False
    for column, width in zip(grid.columns, layout.widths, strict=True):
        column.width = Cm(width)
    last_head = spanned + 1
    for r in range(last_head + len(table.rows)):
        row = grid.add_row()
        properties = row._tr.get_or_add_trPr()
        properties.append(_element("w:cantSplit"))
        if r < last_head:
            properties.append(_element("w:tblHeader"))
        cells = row.cells
        for cell, width in zip(cells, layout.widths, strict=True):
            cell.width = Cm(width)
        if r < spanned:
            _spanners(table, cells, layout.size)
            continue
        for c, column in enumerate(table.columns):
            index = None if r < last_head else r - last_head
            value = column.header if index is None else printed(column, table.rows[index][c], style)
            _fill(cells[c], value, layout.size, column.side, table.marks(index, column.key))
            if index is None:
                _borders(cells[c], bottom=6, **({} if spanned else {"top": 12}))
            if r == last_head + len(table.rows) - 1:
                _borders(cells[c], bottom=12)


def _spanners(table: Table, cells: Any, size: float) -> None:
    for cell in cells:
        _fill(cell, "", size, Alignment.LEFT, "")
        _borders(cell, top=12)
    for spanner in table.spanners:
        first = table.keys.index(spanner.keys[0])
        merged = cells[first].merge(cells[first + len(spanner.keys) - 1])
        for empty in merged.paragraphs[1:]:
            empty._p.getparent().remove(empty._p)
        _fill(merged, spanner.header, size, Alignment.CENTER, "")
        _borders(merged, top=12, bottom=4)


def _fill(cell: Any, text: str, size: float, side: Alignment, marks: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, side.name)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    paragraph.add_run(writable(text)).font.size = Pt(size)
    if marks:
        raised = paragraph.add_run(marks)
        raised.font.superscript = True
        raised.font.size = Pt(size)


def _borders(cell: Any, **eighths: int) -> None:
    """Set rules, in eighths of a point; the order of the sides is the schema's."""
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    old = properties.find(qn("w:tcBorders"))
    if old is not None:
        kept = {side.tag.rpartition("}")[2]: int(side.get(qn("w:sz"))) for side in old}
        eighths = kept | eighths
        properties.remove(old)
    borders = _element("w:tcBorders")
    for side in ("top", "bottom"):
        if side in eighths:
            rule = {"w:val": "single", "w:sz": str(eighths[side]), "w:space": "0"}
            borders.append(_element(f"w:{side}", rule | {"w:color": "000000"}))
    properties.append(borders)


def _notes(document: Any, table: Table) -> None:
    general = [text for text in table.general if text]
    if general:
        _note(document, "Note. ", " ".join(general), italic=True)
    for letter, note in table.marked:
        _note(document, letter, " " + note.text, superscript=True)
    if table.source is not None:
        _note(document, "Source. ", table.source, italic=True)


def _note(
    document: Any, lead: str, text: str, *, italic: bool = False, superscript: bool = False
) -> None:
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(3)
    paragraph.paragraph_format.space_after = Pt(0)
    opening = paragraph.add_run(lead)
    opening.italic, opening.font.superscript = italic, superscript
    paragraph.add_run(writable(text))
    for run in paragraph.runs:
        run.font.size = Pt(SIZES[1])


def _element(tag: str, attributes: Mapping[str, str] | None = None) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        element.set(qn(name), value)
    return element


def _without_times(archive: bytes) -> bytes:
    """The same zip archive with each entry dated 1980, so that only contents count."""
    buffer = BytesIO()
    with ZipFile(BytesIO(archive)) as old, ZipFile(buffer, "w") as new:
        for name in old.namelist():
            entry = ZipInfo(name, date_time=CREATED.timetuple()[:6])
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 0
            new.writestr(entry, old.read(name))
    return buffer.getvalue()
