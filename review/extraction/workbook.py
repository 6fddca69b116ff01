"""The extraction table as an Excel workbook: one sheet to fill in, one that explains it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from review.extraction.fields import FieldKind, FieldSpec, written
from review.extraction.rules import CHOICES
from review.tabular.formulas import unguarded

GUIDE: Final = "columns"
"""The sheet that explains the other one."""

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
    guide = book.add_worksheet(GUIDE)
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
        sheet.write_string(line, place, f"'{text}" if unguarded(text) != text else text)
