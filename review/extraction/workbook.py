"""The extraction table as an Excel workbook: one sheet to fill in, one that explains it."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from review.errors import FileError, InvalidDataError, Problem
from review.extraction.fields import GUARD, FieldKind, FieldSpec, written
from review.extraction.rules import CHOICES

MAX_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes of all parts of a workbook unpacked: more than any extraction table, less than a bomb."""

LISTED_ROWS: Final = 5_000
"""Rows in which cells of a choice offer a list."""

# The first date a zip archive can hold: the same table gives the same bytes.
_CREATED: Final = dt.datetime(1980, 1, 1)


def table_workbook(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    fields: Sequence[FieldSpec] = (),
    explained: Mapping[str, str],
) -> bytes:
    """Return a workbook whose first sheet holds the rows and whose second explains the columns.

    Cells of a choice offer its values. Numbers stay numbers where Excel keeps all their digits,
    and are text otherwise, so that reading the file gives back what was written.
    """
    import xlsxwriter

    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": _CREATED})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("results")
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, bold)
        choices = _choices(name, fields)
        if choices and len(",".join(choices)) <= 255:  # Excel's limit of a list in a rule
            sheet.data_validation(
                1, place, LISTED_ROWS, place, {"validate": "list", "source": list(choices)}
            )
    for line, row in enumerate(rows, start=1):
        for place, name in enumerate(columns):
            _write(sheet, line, place, row.get(name))
    guide = book.add_worksheet("columns")
    guide.set_column(1, 1, 100)
    for line, name in enumerate(columns):
        guide.write_string(line, 0, name, bold)
        guide.write_string(line, 1, explained.get(name, ""))
    book.close()
    return buffer.getvalue()


def _choices(name: str, fields: Sequence[FieldSpec]) -> tuple[str, ...]:
    if name in CHOICES:
        return tuple(choice.value for choice in CHOICES[name])
    found = [f.choices for f in fields if f.slug == name and f.kind is FieldKind.CHOICE]
    return found[0] if found else ()


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    if value is None or value == "":
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # xlsxwriter writes 16 digits; a double that needs 17 would come back as its neighbour
    if number and float(f"{value:.16G}") == value:
        sheet.write_number(line, place, value)
    else:
        text = written(value)
        # Reading takes one such apostrophe away: a table that was CSV before has it.
        sheet.write_string(line, place, f"'{text}" if GUARD.match(text) else text)


def xlsx_lines(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield row number and cells, as text, of the first sheet; formulas count by their result.

    Raises
    ------
    FileError
        If it is no workbook, or unpacks to more than `MAX_UNPACKED`.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise FileError(str(path), [Problem(None, None, "it unpacks to over 256 MiB")])
        book = load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError):
        raise FileError(str(path), [Problem(None, None, "it is not an Excel workbook")]) from None
    try:
        width = 0
        for line, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            texts = [_cell(value) for value in cells]
            while len(texts) > max(width, 1) and not texts[-1]:
                texts.pop()  # formatted but empty cells to the right of the table
            width = width or len(texts)
            yield line, texts
    finally:
        book.close()


def _cell(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return written(value)
