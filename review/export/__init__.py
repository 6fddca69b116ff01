"""Read-only: what authors take out of a review, as files that say the same each time."""

from review.export.tables.cells import Cell, Interval, Kind
from review.export.tables.model import Alignment, Column, Footnote, Place, Spanner, Table
from review.export.tables.printing import NumberStyle, printed
from review.export.tables.writers.csv import render_csv, write_csv
from review.export.tables.writers.docx import render_docx, write_docx
from review.export.tables.writers.files import DATA, Format, write_tables
from review.export.tables.writers.html import render_html, write_html
from review.export.tables.writers.json import render_json, write_json
from review.export.tables.writers.latex import render_latex, write_latex
from review.export.tables.writers.markdown import render_markdown, write_markdown
from review.export.tables.writers.xlsx import render_xlsx, write_xlsx

__all__ = [
    "DATA",
    "Alignment",
    "Cell",
    "Column",
    "Footnote",
    "Format",
    "Interval",
    "Kind",
    "NumberStyle",
    "Place",
    "Spanner",
    "Table",
    "printed",
    "render_csv",
    "render_docx",
    "render_html",
    "render_json",
    "render_latex",
    "render_markdown",
    "render_xlsx",
    "write_csv",
    "write_docx",
    "write_html",
    "write_json",
    "write_latex",
    "write_markdown",
    "write_tables",
    "write_xlsx",
]
