"""Citations in a workbook: its sheet as the lines of a table with tabs."""

from __future__ import annotations

import csv
import io
from typing import Final

from review.citations.formats.csv import NAMES_OF_COLUMNS
from review.citations.formats.entry import Aside
from review.errors import FileError
from review.tabular.decoding import Decoded
from review.tabular.header import Columns, Others
from review.tabular.numbers import Kind
from review.tabular.reading import read_grid, unreadable

_COLUMNS: Final = Columns(dict.fromkeys(NAMES_OF_COLUMNS, Kind.TEXT), others=Others.KEPT)


def workbook_text(data: bytes, *, file: str, sheet: str | None) -> tuple[Decoded, list[Aside]]:
    """Return a sheet as text, a line a row, so that lines are the sheet's rows, and asides.

    Line breaks and tabs within a cell become blanks. Raises FileError as `read_grid`, and for
    merged cells and formulas without a result.
    """
    grid = read_grid(data, _COLUMNS, file=file, sheet=sheet)
    first = grid.rows[0].line if grid.rows else 0
    problems = unreadable(grid, first)
    if problems:
        raise FileError(file, problems)
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    written = 0
    for row in grid.rows:
        out.write("\n" * (row.line - written - 1))
        writer.writerow([" ".join(cell.split()) for cell in row.cells])
        written = row.line
    said = [Aside(remark.line or 1, remark.reason) for remark in grid.remarks]
    return Decoded(out.getvalue(), f"xlsx, sheet {grid.sheet}"), said
