"""Tables as a Word document: real tables with numbered captions, repeated headers and notes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from review.export.tables.cells import Kind, writable
from review.export.tables.layout import MARGIN, PAGE, SIZES, Layout, layout_of
from review.export.tables.model import Alignment, Table
from review.export.tables.printing import NumberStyle, Words, headed, printed
from review.export.tables.writers.docx_origins import Marks
from review.export.tables.writers.docx_styles import (
    TABLE,
    TEXT,
    TEXT_NOTE,
    element,
    set_up,
    style_id,
)
from review.files import replace_file
from review.protocol.vocabulary import English

# The first date a zip archive can hold: a document says nothing of when it was written.
CREATED = dt.datetime(1980, 1, 1)  # naive: python-docx writes it as UTC
# A row of more text than this may break over pages: it could be longer than one.
LONGEST_WHOLE_ROW = 1500
# Rows of one trial, or analysis, that stay on one page; more of them may break between rows.
MOST_TOGETHER = 6


def new_document(title: str = "", language: str = English.GB) -> Any:
    """Return an empty document of A4 pages with our styles, without author or date."""
    from docx import Document

    document = Document()
    set_up(document, language)
    properties = document.core_properties
    properties.title = writable(title)
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = CREATED
    properties.revision = 1
    _turn(document, landscape=False)
    return document


def add_table(
    document: Any,
    name: str,
    table: Table,
    *,
    style: NumberStyle = NumberStyle.APA,
    new_page: bool = False,
    mark: str = "",
) -> int:
    """Add caption, table and notes at the end of a document.

    Parameters
    ----------
    document
        From `new_document`. A table too wide for portrait begins a landscape page, and what
        follows stays on it until another table or `portrait` turns back.
    name : str
        Becomes the bookmark ``tab_<name>`` around the caption's number, for cross-references.
    table : Table
        Each number with an origin is marked by a hidden bookmark, which `review trace` reads.
    style : NumberStyle
        Of all numbers.
    new_page : bool
        Begin a page.
    mark : str
        What stands before the table's number: ``S`` in a supplement.

    Returns
    -------
    int
        The table's number, which Word counts by its own ``SEQ Table`` field.
    """
    layout = layout_of(table, style)
    turned = _turn(document, landscape=layout.landscape)
    number = 1 + len(document.element.xpath(".//w:fldSimple[contains(@w:instr, 'SEQ Table')]"))
    marks = Marks(document)
    title = (f"Table {mark}", table.title)
    _caption(document, number, name, title, marks, new_page=new_page and not turned)
    _table(document, table, layout, style, marks)
    _notes(document, table)
    return number


def portrait(document: Any) -> None:
    """Go on upright: after a landscape table this begins a new page, otherwise it does nothing."""
    _turn(document, landscape=False)


def document_bytes(document: Any) -> bytes:
    """Return the bytes of a document, the same for the same contents."""
    buffer = BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def render_docx(tables: Mapping[str, Table], *, style: NumberStyle = NumberStyle.APA) -> bytes:
    """The tables as the bytes of one Word document, a page a table.

    Parameters
    ----------
    tables : mapping of str to Table
        By name; a name becomes the bookmark ``tab_<name>`` at the table's caption.
    style : NumberStyle
        Of all numbers.

    Returns
    -------
    bytes
        The same for the same tables. Captions are numbered by Word's own ``SEQ Table`` field;
        header rows repeat on each page; a table too wide for portrait stands on a landscape page,
        in smaller type where even that is narrow.
    """
    document = new_document()
    for index, (name, table) in enumerate(tables.items()):
        add_table(document, name, table, style=style, new_page=index > 0)
    return document_bytes(document)


def write_docx(
    tables: Mapping[str, Table], path: str | Path, *, style: NumberStyle = NumberStyle.APA
) -> Path:
    """Write `render_docx`; an existing file is replaced."""
    return replace_file(path, render_docx(tables, style=style))


def _turn(document: Any, *, landscape: bool) -> bool:
    """Make what follows stand upright or on its side; say whether a page began for it."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    section = document.sections[-1]
    asked = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    empty = len(document.element.body) == 1  # the section's own properties
    begins = not empty and section.orientation != asked
    if begins:
        section = document.add_section()
    across, down = reversed(PAGE) if landscape else PAGE
    section.orientation = asked
    section.page_width, section.page_height = Cm(across), Cm(down)
    section.left_margin = section.right_margin = Cm(MARGIN)
    section.top_margin = section.bottom_margin = Cm(MARGIN)
    return begins


def _caption(
    document: Any, number: int, name: str, titled: tuple[str, str], marks: Marks, *, new_page: bool
) -> None:
    word, title = titled
    paragraph = document.add_paragraph(style="Caption")
    paragraph.paragraph_format.page_break_before = new_page
    # Word takes 40 characters of letters, digits and underscores.
    bookmark = re.sub(r"\W", "_", f"tab_{name}", flags=re.ASCII)[:40]
    paragraph.add_run(word).bold = True
    field = element("w:fldSimple", {"w:instr": r" SEQ Table \* ARABIC "})
    counted = paragraph.add_run(str(number))
    counted.bold = True
    field.append(counted._r)
    paragraph._p.append(field)
    marks.mark(paragraph, bookmark)
    paragraph.add_run().add_break()
    paragraph.add_run(writable(title)).italic = True


def _table(document: Any, table: Table, layout: Layout, style: NumberStyle, marks: Marks) -> None:
    grid = _grid(document, table, layout)
    heads = 2 if table.spanners else 1
    if table.spanners:
        _spanners(table, grid.rows[0].cells, layout.size)
    header = grid.rows[heads - 1].cells
    for column, cell in zip(table.columns, header, strict=True):
        words = headed(column, style)
        _fill(cell, words, layout.size, column.side, table.marks(None, column.key))
        cell.paragraphs[0].paragraph_format.keep_with_next = True
        _borders(cell, bottom=6)
    widths = [wide for column in grid._tbl.tblGrid for wide in column.values()]
    together = _together(table)
    for index in range(len(table.rows)):
        row = _row(table, index, widths, layout.size, style, marks, keep=index in together)
        grid._tbl.append(row)


def _together(table: Table) -> set[int]:
    """Return rows that stay with the one below: a trial's arms, the first, the last but one."""
    count = len(table.rows)
    begins = [at for at, row in enumerate(table.rows) if row[0] is not None] or [0]
    kept = {0, count - 2}
    for first, then in zip(begins, [*begins[1:], count], strict=True):
        kept |= set(range(first, then - 1 if then - first <= MOST_TOGETHER else first + 1))
    return {at for at in kept if 0 <= at < count - 1}


def _row(
    table: Table,
    index: int,
    widths: Sequence[str],
    size: float,
    style: NumberStyle,
    marks: Marks,
    *,
    keep: bool,
) -> Any:
    """Return a row of the body, of elements put together here; with `keep` the next one follows.

    python-docx looks for the place of each element that it adds, which took most of the time of a
    long table.
    """
    row, properties = element("w:tr"), element("w:trPr")
    texts = (len(cell) for cell in table.rows[index] if isinstance(cell, str))
    if max(texts, default=0) <= LONGEST_WHOLE_ROW:
        properties.append(element("w:cantSplit"))
    row.append(properties)
    for at, (column, wide) in enumerate(zip(table.columns, widths, strict=True)):
        text = printed(table.column_at(index, at), table.rows[index][at], style)
        if column.kind is not Kind.TEXT:
            text = text.replace(" ", "\u00a0")  # a number stays on its line
        cell, about, paragraph = element("w:tc"), element("w:tcPr"), element("w:p")
        about.append(element("w:tcW", {"w:type": "dxa", "w:w": wide}))
        form = element("w:pPr")
        form.append(element("w:pStyle", {"w:val": style_id(TEXT)}))
        if keep:
            form.append(element("w:keepNext"))
        if column.side is not Alignment.LEFT:
            form.append(element("w:jc", {"w:val": column.side.value}))
        paragraph.append(form)
        for said, raised in ((text, False), (table.marks(index, column.key), True)):
            if said:
                paragraph.append(_run(said, size, raised=raised))
        cell.extend((about, paragraph))
        row.append(cell)
        origin = table.origin(index, at)
        if origin is not None:
            marks.mark_number(paragraph, origin)
    return row


def _run(text: str, size: float, *, raised: bool) -> Any:
    run, form = element("w:r"), element("w:rPr")
    if size != SIZES[0]:
        form.append(element("w:sz", {"w:val": f"{2 * size:g}"}))
    if raised:
        form.append(element("w:vertAlign", {"w:val": "superscript"}))
    if len(form):
        run.append(form)
    said = writable(text)
    if set(said).isdisjoint("\t\r\n"):
        run.add_t(said)  # python-docx looks through a text letter by letter for these
    else:
        run.text = said
    return run


def _grid(document: Any, table: Table, layout: Layout) -> Any:
    """Return the table with its header alone."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Cm

    heads = 2 if table.spanners else 1
    grid = document.add_table(rows=heads, cols=len(table.columns), style=TABLE)
    grid.alignment = WD_TABLE_ALIGNMENT.LEFT
    grid.autofit = False
    for column, width in zip(grid.columns, layout.widths, strict=True):
        column.width = Cm(width)
    for row in grid.rows:
        properties = row._tr.get_or_add_trPr()
        properties.append(element("w:cantSplit"))
        properties.append(element("w:tblHeader"))
        for cell, width in zip(row.cells, layout.widths, strict=True):
            cell.width = Cm(width)
    return grid


def _spanners(table: Table, cells: Any, size: float) -> None:
    for cell in cells:
        _fill(cell, Words("", ""), size, Alignment.LEFT, "")
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for spanner in table.spanners:
        first = table.keys.index(spanner.keys[0])
        merged = cells[first].merge(cells[first + len(spanner.keys) - 1])
        for empty in merged.paragraphs[1:]:
            empty._p.getparent().remove(empty._p)
        _fill(merged, Words("", spanner.header), size, Alignment.CENTER, "")
        _borders(merged, bottom=4)


def _fill(cell: Any, words: Words, size: float, side: Alignment, marks: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph._p.style = style_id(TEXT)  # by its id: python-docx searches all styles for a name
    if side is not Alignment.LEFT:
        paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, side.name)
    runs = [paragraph.add_run(writable(part)) for part in words if part]
    if words.symbol:
        runs[0].italic = True
    if marks:
        runs.append(paragraph.add_run(marks))
        runs[-1].font.superscript = True
    if size != SIZES[0]:
        for run in runs:
            run.font.size = Pt(size)


def _borders(cell: Any, *, bottom: int) -> None:
    """Set a rule under a cell, in eighths of a point."""
    borders = element("w:tcBorders")
    rule = {"w:val": "single", "w:sz": str(bottom), "w:space": "0", "w:color": "000000"}
    borders.append(element("w:bottom", rule))
    cell._tc.get_or_add_tcPr().append(borders)


def _notes(document: Any, table: Table) -> None:
    general = [text for text in table.general if text]
    if general:
        _note(document, "Note. ", " ".join(general))
    for letter, note in table.marked:
        _note(document, letter, " " + note.text, raised=True)
    if table.source is not None:
        _note(document, "Source. ", table.source)


def _note(document: Any, lead: str, text: str, *, raised: bool = False) -> None:
    paragraph = document.add_paragraph(style=TEXT_NOTE)
    opening = paragraph.add_run(lead)
    opening.italic, opening.font.superscript = not raised, raised
    paragraph.add_run(writable(text))


def _without_times(archive: bytes) -> bytes:
    """The same zip archive with each entry dated 1980, so that only contents count."""
    buffer = BytesIO()
    with ZipFile(BytesIO(archive)) as old, ZipFile(buffer, "w") as new:
        for name in old.namelist():
            entry = ZipInfo(name, date_time=CREATED.timetuple()[:6])
            entry.compress_type, entry.create_system = ZIP_DEFLATED, 0
            new.writestr(entry, old.read(name))
    return buffer.getvalue()
