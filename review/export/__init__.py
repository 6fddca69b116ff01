"""Read-only: what authors take out of a review, as files that say the same each time."""

from review.export.cells import Cell, Interval, Kind
from review.export.csv import render_csv, write_csv
from review.export.docx import render_docx, write_docx
from review.export.files import Format, write_tables
from review.export.latex import render_latex, write_latex
from review.export.printing import NumberStyle, printed
from review.export.tables import Alignment, Column, Footnote, Place, Spanner, Table
from review.export.xlsx import render_xlsx, write_xlsx

__all__ = [
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
    "render_latex",
    "render_xlsx",
    "write_csv",
    "write_docx",
    "write_latex",
    "write_tables",
    "write_xlsx",
]
