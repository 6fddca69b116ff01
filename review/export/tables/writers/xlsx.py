"""Tables as an Excel workbook: a sheet a table, numbers as numbers, never a formula."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from review.errors import InvalidDataError
from review.export.tables.cells import Kind, writable
from review.export.tables.model import Column, Table, flat_cells, flat_names
from review.figures.numbers import fixed
from review.files import replace_file

# The first date a zip archive can hold: a workbook says nothing of when it was written.
CREATED = dt.datetime(1980, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
# Excel's limits: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
LARGEST_NUMBER = 9.99999999999999e307
WIDEST = 60


def render_xlsx(tables: Mapping[str, Table]) -> bytes:
    """The tables as the bytes of one workbook.

    Parameters
    ----------
    tables : mapping of str to Table
        By name; names become sheet names, shortened and made unique where Excel asks for it.

    Returns
    -------
    bytes
        The same for the same tables. Each sheet has one frozen header line with filters, a frozen
        first column and data below, ready to be read by programs: spanners are put before the
        headers (``CBT: n``), an interval takes two columns, infinities are the texts ``∞`` and
        ``−∞``, and so are numbers beyond Excel's 10³⁰⁸. Titles, footnotes and sources
        are on a last sheet, ``Notes``. Numbers keep 16 digits and are shown rounded.

    Raises
    ------
    InvalidDataError
        For a text longer than Excel can hold.
    """
    import xlsxwriter

    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": CREATED})
    formats = {
        "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    names = sheet_names([*tables, "Notes"])
    for sheet_name, table in zip(names, tables.values(), strict=False):
        _write_table(book, book.add_worksheet(sheet_name), table, formats)
    _write_notes(book.add_worksheet(names[-1]), names, list(tables.values()), formats)
    book.close()
    return buffer.getvalue()


def write_xlsx(tables: Mapping[str, Table], path: str | Path) -> Path:
    """Write `render_xlsx`; an existing file is replaced."""
    return replace_file(path, render_xlsx(tables))


def sheet_names(names: list[str]) -> list[str]:
    """Names that Excel accepts, one for each, different from one another in any case of letters.

    Examples
    --------
    >>> sheet_names(["a/b", "A-B", "History"])
    ['a-b', 'A-B (2)', 'History_']
    """
    chosen: list[str] = []
    for name in names:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "-", writable(name)).strip(" '") or "Table"
        if base.lower() == "history":  # Excel keeps it for itself
            base += "_"
        candidate, number = base[:LONGEST_SHEET_NAME].strip(" '"), 1
        while candidate.lower() in {taken.lower() for taken in chosen}:
            number += 1
            suffix = f" ({number})"
            candidate = base[: LONGEST_SHEET_NAME - len(suffix)] + suffix
        chosen.append(candidate)
    return chosen


def _write_table(book: Any, sheet: Any, table: Table, formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 1)
    at = 0
    for c, column in enumerate(table.columns):
        shown = {
            places: book.add_format({"num_format": _number_format(column, places), "valign": "top"})
            for places in {column.places, *_own_places(table, c)}
        }
        for part, header in enumerate(_headers(table, column)):
            _text(sheet, 0, at, header, formats["header"])
            width = len(header)
            for r, row in enumerate(table.rows, start=1):
                value = flat_cells(column, row[c])[part]
                own = shown[table.column_at(r - 1, c).places]
                width = max(width, _write_value(sheet, r, at, value, own, formats["text"]))
            sheet.set_column(at, at, min(WIDEST, max(8, width + 2)))
            at += 1
    sheet.autofilter(0, 0, len(table.rows), at - 1)


def _headers(table: Table, column: Column) -> list[str]:
    above = table.above(column.key)
    header = f"{above}: {column.header}" if above else column.header
    if len(flat_names(column)) == 2:
        return [f"{header}, lower", f"{header}, upper"]
    return [header]


def _own_places(table: Table, at: int) -> set[int]:
    """Return the decimals that rows have in a column for themselves."""
    return {table.column_at(r, at).places for r in range(len(table.rows))}


def _number_format(column: Column, places: int) -> str:
    if column.kind is Kind.TEXT:
        return "General"
    digits = "0" + ("." + "0" * places if places else "")
    return digits + '"%"' if column.kind is Kind.PERCENT else digits


def _write_value(
    sheet: Any, row: int, at: int, value: str | int | float | None, shown: Any, text: Any
) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        _text(sheet, row, at, value, text)
        return max(len(line) for line in value.split("\n"))
    if abs(value) > LARGEST_NUMBER:
        words = fixed(value, 0) if math.isinf(value) else repr(value)
        _text(sheet, row, at, words, text)
        return len(words)
    sheet.write_number(row, at, value, shown)
    return len(f"{value:.2f}")


def _write_notes(
    sheet: Any, names: list[str], tables: list[Table], formats: dict[str, Any]
) -> None:
    sheet.freeze_panes(1, 0)
    lines = [("Sheet", "Part", "Text")]
    for name, table in zip(names, tables, strict=False):
        lines.append((name, "title", table.title))
        lines += [(name, "note", text) for text in table.general]
        for letter, note in table.marked:
            places = ", ".join(_place(table, row, key) for row, key in note.places)
            lines.append((name, f"note {letter} ({places})", note.text))
        if table.source is not None:
            lines.append((name, "source", table.source))
    sheet.autofilter(0, 0, len(lines) - 1, 2)
    for r, line in enumerate(lines):
        for c, words in enumerate(line):
            _text(sheet, r, c, words, formats["header" if r == 0 else "text"])
    for at, width in enumerate((LONGEST_SHEET_NAME, 20, WIDEST)):
        sheet.set_column(at, at, width)


def _place(table: Table, row: int | None, key: str) -> str:
    header = next(column.header for column in table.columns if column.key == key)
    return header if row is None else f"{header}, line {row + 2}"


def _text(sheet: Any, row: int, at: int, text: str, shown: Any) -> None:
    # Excel counts UTF-16 units.
    if len(writable(text).encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise InvalidDataError(
            f'The text beginning "{text[:40]}" is longer than the {LONGEST_TEXT} characters an '
            "Excel cell can hold; export this table in another format."
        )
    sheet.write_string(row, at, writable(text), shown)
