"""Tables of records: CSV, TSV and workbooks, whatever the source calls its columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.citations.formats.columns import COLUMNS, NAMES, Header, header_of, plain
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.names import Names
from review.citations.formats.notes import SEPARATOR, notes_on
from review.citations.formats.rows import entry_of_row
from review.errors import FileError, InvalidDataError, Problem
from review.tabular.formulas import guarded, unguarded
from review.tabular.grid import Grid, Row
from review.tabular.reading import unreadable
from review.tabular.separated import DELIMITERS, one_row, said_delimiter
from review.tabular.workbook import read_sheet

_LOOKED_AT: Final = 20
"""Rows at the top among which the header is sought."""

_TITLE_AND_NAMES: Final = 2
_LOST: Final = 200
"""Rows that may be given up before the file is said to be no CSV."""


@dataclass(frozen=True, slots=True)
class _Top:
    line: int
    """Lines before the first row."""
    delimiter: str
    header: Header


def known_columns(first_lines: Sequence[str], columns: Mapping[str, str]) -> int:
    """Return how many of our fields the best header among some lines names."""
    top = _best(first_lines, columns)
    return len(top.header.places) if top is not None else 0


def read_csv(
    text: str,
    *,
    file: str,
    columns: Mapping[str, str] | None = None,
    names: Names | None = None,
) -> Iterator[Item]:
    """Yield the rows of a CSV or TSV file as entries, in order.

    The header may stand below a few lines of preamble. `columns` maps our fields (`COLUMNS`) to
    the file's names where they differ from what we know. A row with more cells than the header,
    or with fewer and no title, is a reject, and so is one whose quotes do not close; reading goes
    on with the line after it. Empty rows are passed over.

    Raises FileError when no column holds titles, and for files with more than a few such rows.
    """
    lines = text.split("\n")
    names = names if names is not None else Names()
    if not columns and is_by_row(lines):
        yield from _read_by_row(lines, names)
        return
    told = _known(columns or {})
    top = _best(lines, told)
    header = _checked(top.header if top else None, told, file, re.split(r"[,;\t|]", lines[0]))
    assert top is not None
    ours = header.cells == _WRITTEN
    place, lost = top.line, 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        cells, used = one_row(lines, place, top.delimiter)
        raw = "\n".join(lines[place : place + used])
        said: tuple[str, ...] = ()
        if cells is None or len(cells) > header.width:
            as_it_stands = lines[place].split(top.delimiter)
            pairs = lines[place].count('"')
            if (
                pairs
                and (pairs % 2 == 0 or top.delimiter == "\t")
                and len(as_it_stands) == header.width
            ):
                cells, used, raw = as_it_stands, 1, lines[place]
                said = ("quotation marks that do not pair up were taken as they stand",)
        if cells is None:
            lost += 1
            if lost > _LOST:
                reason = f"more than {_LOST} rows have quotes that do not match; it is no CSV"
                raise FileError(file, [Problem(place + 1, None, reason)])
            yield Rejected(place + 1, "the quotes of this row do not match", raw)
        elif _is_header(cells, header):
            yield Aside(place + 1, "the header once more")
        elif any(cell.strip() for cell in cells):
            if ours:
                cells = [unguarded(cell) for cell in cells]
            _see(names, header, cells)
            yield entry_of_row(cells, header, place + 1, raw, said)
        place += used


def is_by_row(lines: Sequence[str]) -> bool:
    """Whether each line is a field of a record with its name first, as Embase's "by row" has it."""
    rows = [one_row(lines, n, ",")[0] or [] for n, line in enumerate(lines[:_LOOKED_AT]) if line]
    named = [bool(row) and plain(row[0]) in NAMES for row in rows]
    return (
        len(rows) >= _LEAST_FIELDS
        and plain(rows[0][0] if rows[0] else "") == "title"
        and sum(named) * 3 >= len(rows) * 2
        and not any(plain(cell) in NAMES for row in rows for cell in row[1:])
    )


_LEAST_FIELDS: Final = 3
"""Lines with the names of fields that a record has at the least."""


def _read_by_row(lines: Sequence[str], names: Names) -> Iterator[Item]:
    """Yield records whose fields are lines; each begins at its title."""
    begin, record = 0, dict[str, str]()
    place = 0
    while place <= len(lines):
        cells, used = one_row(lines, place, ",") if place < len(lines) else (["title"], 1)
        name = plain(cells[0]) if cells else ""
        if name == "title" and record:
            header = header_of(list(record), {})
            read = {header.cells[p] for places in header.places.values() for p in places}
            names.see(record, read)
            raw = "\n".join(lines[begin:place]).rstrip("\n")
            yield entry_of_row(list(record.values()), header, begin + 1, raw)
            begin, record = place, {}
        if cells and len(cells) > 1:
            known = [record[cells[0]]] if cells[0] in record else []
            record[cells[0]] = "; ".join([*known, *(cell for cell in cells[1:] if cell.strip())])
        elif cells and cells[0].strip() and place < len(lines):
            yield Aside(place + 1, cells[0].strip()[:200])
        place += used


def sheet_of(
    data: bytes, *, file: str, sheet: str | None, columns: Mapping[str, str] | None
) -> Grid:
    """Return the sheet of a workbook that holds records, or the one named.

    Raises FileError as `read_sheet`, and for merged cells and formulas without a result.
    """
    told = _known(columns or {})
    grid = read_sheet(
        data,
        file=file,
        sheet=sheet,
        fits=lambda rows: any(len(_of(row, told).places) >= _TITLE_AND_NAMES for row in rows),
    )
    problems = unreadable(grid, grid.rows[0].line if grid.rows else 0)
    if problems:
        raise FileError(file, problems)
    return grid


def read_workbook(
    grid: Grid,
    *,
    file: str,
    columns: Mapping[str, str] | None = None,
    names: Names | None = None,
) -> Iterator[Item]:
    """Yield the rows of a sheet as entries, in order; their lines are the rows of the sheet."""
    told = _known(columns or {})
    names = names if names is not None else Names()
    best = max(grid.rows[:_LOOKED_AT], key=lambda row: _of(row, told).strength, default=None)
    shown = grid.rows[0].cells if grid.rows else ()
    header = _checked(_of(best, told) if best else None, told, file, shown)
    assert best is not None
    for row in grid.rows:
        if row.line > best.line and _is_header(row.cells, header):
            yield Aside(row.line, "the header once more")
        elif row.line > best.line:
            _see(names, header, row.cells)
            yield entry_of_row(row.cells, header, row.line, "\t".join(row.cells).rstrip("\t"))


def _is_header(cells: Sequence[str], header: Header) -> bool:
    """Whether a row is the header again, as in files that were joined."""
    return tuple(cell.strip() for cell in cells[: header.width]) == header.cells


def _of(row: Row, columns: Mapping[str, str]) -> Header:
    cells = list(row.cells)
    while cells and not cells[-1].strip():
        cells.pop()
    return header_of(cells, columns)


def _best(lines: Sequence[str], columns: Mapping[str, str]) -> _Top | None:
    """Return the header among the first lines that names most of our fields."""
    best: _Top | None = None
    said = said_delimiter(lines)
    for number, line in enumerate(lines[:_LOOKED_AT]):
        for delimiter in (said,) if said else DELIMITERS:
            if delimiter not in line and number > 0 and best is not None:
                continue
            cells, used = one_row(lines, number, delimiter)
            header = header_of(cells or [], columns)
            if header.strength > (best.header.strength if best else 0):
                best = _Top(number + used, delimiter, header)
    return best


def _known(columns: Mapping[str, str]) -> Mapping[str, str]:
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        raise InvalidDataError(
            f"there is no field {', '.join(unknown)}; there are: {', '.join(COLUMNS)}"
        )
    return columns


def _checked(
    header: Header | None, columns: Mapping[str, str], file: str, shown: Sequence[str]
) -> Header:
    missing = [field for field in columns if header is None or field not in header.places]
    if header is None or "title" not in header.places or missing:
        cells = ", ".join(cell.strip() for cell in shown[:30])
        what = ", ".join(missing) or "title"
        reason = (
            f"no column for {what}; the header has: {cells[:500]}; "
            f"say which with --column {what.split(', ')[0]}=NAME"
        )
        raise FileError(file, [Problem(1, None, reason)])
    return header


def _see(names: Names, header: Header, cells: Sequence[str]) -> None:
    """Note the columns of a row, and which field each is read as."""
    if not names.mapped:
        names.mapped.update(
            {header.cells[places[0]]: field for field, places in header.places.items()}
        )
    read = {header.cells[place] for places in header.places.values() for place in places}
    names.see(dict(zip(header.cells, cells, strict=False)), read)


_WRITTEN: Final = (
    "kind", "title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid",
    "accession", "issn", "url", "language", "keywords", "abstract", "labels",
)  # fmt: skip


def write_csv(entries: Iterable[Entry], notes: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as CSV with a header; the notes on each go into the column ``labels``.

    Text that a spreadsheet would take for a formula gets an apostrophe before it, which
    `read_csv` takes away again from files with this header, and from no others.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_WRITTEN)
    for place, entry in enumerate(entries):
        row = (
            entry.kind or "GEN", entry.title, "; ".join(entry.authors) + _alone(entry.authors),
            entry.year, entry.journal, entry.volume, entry.issue, entry.pages, entry.doi,
            entry.pmid, entry.accession, entry.issn, entry.url, entry.language,
            "; ".join(entry.keywords) + _alone(entry.keywords), entry.abstract,
            SEPARATOR.join(notes_on(entry, notes[place] if notes else ())),
        )  # fmt: skip
        writer.writerow([guarded(v) if isinstance(v, str) else v for v in row])
    return out.getvalue()


def _alone(values: tuple[str, ...]) -> str:
    """Return the semicolon that says that commas in an only value separate nothing."""
    return ";" if len(values) == 1 and _SEPARATES.search(values[0]) else ""


_SEPARATES: Final = re.compile(r"[,|、；]| and | & ", re.IGNORECASE)
