"""A sheet of an Excel workbook as rows; what its cells hold besides text is told."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from io import BytesIO
from itertools import islice
from typing import Any, Final

from review.errors import FileError, Problem
from review.tabular.grid import Grid, Held, Merged, Remark, Row, listed
from review.tabular.numbers import as_text
from review.tabular.separated import LOOKED_AT
from review.wording import counted

MAX_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes of all parts of a workbook unpacked: more than any table of a review, less than a bomb."""

MOST_MERGED: Final = 10_000
"""Ranges of merged cells; no table that people fill in has as many."""

_STRICT: Final = b"purl.oclc.org/ooxml"
"""In the names of another dialect of XLSX, of which openpyxl sees no sheet."""

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 4096
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']"
)
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_HIDDEN_ROW: Final = re.compile(rb"<(?:\w+:)?row\s[^>]*?hidden=[\"'](?:1|true)[\"']")
_TEXT_RESULT: Final = "str"
"""Of a formula whose result is text, empty text too."""
_LITERAL: Final = re.compile(r"\"[^\"]*\"|\\.")
"""Text within a number's format; a percent sign in it multiplies nothing."""


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a workbook of Excel (.xlsx, .xlsm), whatever the file's name."""
    return data.startswith(b"PK") and b"xl/workbook.xml" in data


def read_sheet(
    data: bytes,
    *,
    file: str,
    sheet: str | None,
    fits: Callable[[Sequence[Row]], bool],
    guides: Collection[str] = (),
) -> Grid:
    """Read a sheet: the one named, or the only one that is filled.

    Parameters
    ----------
    data, file
        The workbook, and its name for messages.
    sheet
        Which one; None where the workbook is to say it.
    fits
        Whether the rows at the top of a sheet look like the table.
    guides
        Names of sheets that our own files have beside the table to explain it; no candidates
        where they do not fit.

    Raises
    ------
    FileError
        For what is no workbook, unpacks to more than `MAX_UNPACKED`, has several filled sheets
        and none is named, or not the one that is.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings(), zipfile.ZipFile(BytesIO(data)) as archive:
            warnings.simplefilter(
                "ignore"
            )  # of openpyxl, on styles and lists that nobody asked for
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise FileError(file, [Problem(None, None, "it unpacks to over 256 MiB")])
            if _STRICT in archive.read("xl/workbook.xml"):
                reason = "it is a Strict Open XML workbook; save it as Excel Workbook (.xlsx)"
                raise FileError(file, [Problem(None, None, reason)])
            book = load_workbook(BytesIO(data), read_only=True, data_only=True)
            try:
                chosen, remarks = _chosen(book.worksheets, file, sheet, fits, guides)
                merged, formulas, hidden = _scanned(archive, chosen)
                if len(merged) > MOST_MERGED:
                    reason = f"it has {len(merged):,} ranges of merged cells; unmerge them"
                    raise FileError(file, [Problem(None, None, reason)])
                rows = tuple(_rows(data, chosen, formulas=formulas))
            finally:
                book.close()
    except FileError:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes of its readers
        reason = f"it is not an Excel workbook, or a damaged one ({type(error).__name__})"
        raise FileError(file, [Problem(None, None, reason)]) from None
    if hidden:
        rows_ = counted(hidden, "hidden row (a filter?) is", "hidden rows (a filter?) are")
        reason = f"sheet {chosen.title}: {rows_} read like the others"
        remarks.append(Remark(None, None, reason))
    return Grid(rows, sheet=chosen.title, merged=merged, remarks=tuple(remarks))


def _chosen(
    sheets: Sequence[Any],
    file: str,
    named: str | None,
    fits: Callable[[Sequence[Row]], bool],
    guides: Collection[str],
) -> tuple[Any, list[Remark]]:
    names = [sheet.title for sheet in sheets]
    if named is not None:
        alike = [s for s in sheets if s.title.strip().casefold() == named.strip().casefold()]
        exact = [s for s in sheets if s.title == named] or alike
        if len(exact) != 1:
            reason = f'there is no sheet "{named}"; there is: {listed(names)}'
            raise FileError(file, [Problem(None, None, reason)])
        return exact[0], []
    tops = {sheet.title: [*islice(_rows(None, sheet), LOOKED_AT)] for sheet in sheets}
    filled = [
        sheet
        for sheet in sheets
        if tops[sheet.title] and (sheet.title not in guides or fits(tops[sheet.title]))
    ]
    seen = [sheet for sheet in filled if sheet.sheet_state == "visible"]
    hidden = [sheet.title for sheet in filled if sheet.sheet_state != "visible"]
    if len(seen) != 1:
        if not filled:
            raise FileError(file, [Problem(None, None, "it is empty: no sheet has a cell")])
        told = [
            s.title + ("" if fits(tops[s.title]) else " (without the columns of this table)")
            for s in seen
        ] + [f"{title} (hidden)" for title in hidden]
        what = f"it has {len(told)} sheets" if len(told) > 1 else "its only sheet is hidden"
        reason = f"{what}: {listed(told)}; say which one is meant with --sheet NAME"
        raise FileError(file, [Problem(None, None, reason)])
    remarks = [
        Remark(None, None, f'hidden sheet {title} is not read; --sheet "{title}" reads it')
        for title in hidden
    ]
    empty = [title for title in names if not tops[title]]
    if empty:
        what = "sheet" if len(empty) == 1 else "sheets"
        is_ = "is" if len(empty) == 1 else "are"
        remarks.append(Remark(None, None, f"empty {what} {listed(empty)} {is_} not read"))
    return seen[0], remarks


def _scanned(archive: zipfile.ZipFile, sheet: Any) -> tuple[tuple[Merged, ...], bool, int]:
    """Return merged cells, whether there are formulas, and hidden rows: openpyxl's quick reading
    leaves these out.
    """  # noqa: D205 -- three things in one pass
    merged: dict[str, Merged] = {}
    formulas = False
    hidden: set[int] = set()
    with archive.open(sheet._worksheet_path.lstrip("/")) as part:
        before, offset = b"", 0
        while chunk := part.read(_CHUNK):
            block = before + chunk
            for left, top, right, bottom in _MERGED.findall(block):
                name = f"{left.decode()}{int(top)}:{right.decode()}{int(bottom)}"
                merged[name] = Merged(name, int(top), _number(left), int(bottom), _number(right))
            formulas = formulas or _FORMULA.search(block) is not None
            hidden.update(offset + found.start() for found in _HIDDEN_ROW.finditer(block))
            before = block[-_OVERLAP:]
            offset += len(block) - len(before)
    return tuple(merged.values()), formulas, len(hidden)


def _number(letters: bytes) -> int:
    total = 0
    for letter in letters:
        total = total * 26 + letter - ord("A") + 1
    return total


def _rows(data: bytes | None, sheet: Any, *, formulas: bool = False) -> Iterator[Row]:
    """Yield the rows with a cell; with `formulas` those without a result are told."""
    sheet.reset_dimensions()  # what a file says of its own size may be wrong, and cells get lost
    lacking = _without_result(data, sheet.title) if formulas and data is not None else {}
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        texts: list[str] = []
        held: dict[int, Held] = {}
        for index, cell in enumerate(cells):
            text, what = _cell(cell)
            if not text and (line, index) in lacking and cell.data_type != _TEXT_RESULT:
                text, what = lacking[line, index], Held.FORMULA
            texts.append(text)
            if what is not None:
                held[index] = what
        if any(texts):
            yield Row(line, tuple(texts), held)


def _without_result(data: bytes, title: str) -> dict[tuple[int, int], str]:
    """Return the formulas by row and column; reading with results shows those without as empty."""
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(data), read_only=True, data_only=False)
    try:
        sheet = book[title]
        sheet.reset_dimensions()
        return {
            (line, index): str(cell.value)
            for line, cells in enumerate(sheet.iter_rows(), start=1)
            for index, cell in enumerate(cells)
            if cell.data_type == "f"
        }
    finally:
        book.close()


def _cell(cell: Any) -> tuple[str, Held | None]:
    value = cell.value
    if value is None:
        return "", None
    if isinstance(value, str):
        return value, Held.ERROR if cell.data_type == "e" else None
    if isinstance(value, bool):
        return "yes" if value else "no", Held.YES_NO
    if isinstance(value, (int, float)):
        percent = "%" in _LITERAL.sub("", cell.number_format or "")
        return as_text(value), Held.PERCENT if percent else Held.NUMBER
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(), Held.DATE
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat(), Held.DATE
    return str(value), Held.DATE  # a span of time
