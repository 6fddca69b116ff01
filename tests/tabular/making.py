"""Tables for tests: text of any dialect, and workbooks with what Excel and people put into them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl

from review.tabular.header import Columns
from review.tabular.numbers import Kind
from review.tabular.reading import read_table
from review.tabular.table import Table

COLUMNS = Columns(
    {
        "study": Kind.TEXT, "n": Kind.COUNT, "mean": Kind.NUMBER, "sd": Kind.NUMBER,
        "level": Kind.SHARE, "note": Kind.TEXT, "p": Kind.SHARE, "p_below": Kind.SHARE,
        "delivery_mode": Kind.TEXT,
    },
    ("study",),
    synonyms={"trial": "study"},
    bounds=("p",),
    form="the form",
)  # fmt: skip

HEADER = ("study", "n", "mean", "note")
ROWS = (("A 2001", 20, 9.5, "first"), ("B 2002", 31, 8.25, "second"))


def read(data: bytes | str, sheet: str | None = None, columns: Columns = COLUMNS) -> Table:
    """Read a table; raise FileError with all its problems."""
    content = data.encode() if isinstance(data, str) else data
    table = read_table(content, columns, file="t", sheet=sheet, guides=("columns",))
    if table.problems:
        table.refuse(())
    return table


def cells(table: Table) -> list[dict[str, str]]:
    """Return the cells of the rows."""
    return [dict(line.cells) for line in table.lines]


def workbook(
    *sheets: tuple[str, Sequence[Sequence[Any]]], change: Callable[[Any], None] | None = None
) -> bytes:
    """Return a workbook of named sheets; `change` may do more to it before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets or (("Sheet1", (HEADER, *ROWS)),):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """Return a workbook with the text of one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()) if re.search(part, name) else content)
    return out.getvalue()
