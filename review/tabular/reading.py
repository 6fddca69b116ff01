"""From a file to a table: named columns, numbers with points, every problem and every remark."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.tabular.conversion import with_numbers
from review.tabular.decoding import not_text, text_as_typed
from review.tabular.formulas import unguarded
from review.tabular.grid import Grid, Held, Row, quoted
from review.tabular.header import Columns, Header, fitness, fits, header_of
from review.tabular.numbers import NUMBERS
from review.tabular.separated import NAMES, delimiter_of, lines_of, rows_of, said_delimiter
from review.tabular.table import Line, Table
from review.tabular.workbook import is_workbook, read_sheet

MAX_BYTES: Final = 64 * 1024 * 1024
"""No table of a review that people fill in has this size; a larger file is another file."""


def bytes_of(path: Path, *, most: int = MAX_BYTES) -> bytes:
    """Return a file's bytes; raise FileError for too many of them, InvalidDataError for none."""
    try:
        if path.stat().st_size > most:
            reason = f"it is larger than {most // 1024**2} MiB"
            raise FileError(str(path), [Problem(None, None, reason)])
        return path.read_bytes()
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None


def plain_text(path: Path, *, most: int = MAX_BYTES) -> str:
    """Return the text of a file in UTF-8 or UTF-16; raise FileError, InvalidDataError."""
    return text_of(bytes_of(path, most=most), file=str(path))


def text_of(data: bytes, *, file: str) -> str:
    """Return the text of a file's bytes in UTF-8 or UTF-16; raise FileError.

    Nothing is guessed of what people write for this program alone: another encoding is refused.
    """
    text, remarks = text_as_typed(data, file=file)
    if remarks:
        reason = "it is neither UTF-8 nor UTF-16 text; save it as UTF-8"
        raise FileError(file, [Problem(None, None, reason)])
    return text


def read_grid(
    data: bytes,
    columns: Columns,
    *,
    file: str,
    sheet: str | None = None,
    guides: Collection[str] = (),
) -> Grid:
    """Return the rows of a CSV or XLSX file, told apart by what it holds; raise FileError.

    `columns` tells which delimiter, and which sheet, gives the table that is wanted.
    """

    def score(rows: Sequence[Row]) -> int:
        return fitness(rows, columns)

    if is_workbook(data):
        return read_sheet(
            data, file=file, sheet=sheet, fits=lambda rows: fits(rows, columns), guides=guides
        )
    if file.lower().endswith((".xlsx", ".xlsm", ".xls")) and not_text(data) is None:
        reason = "it is not an Excel workbook but text; let its name end in .csv"
        raise FileError(file, [Problem(None, None, reason)])
    if sheet is not None:
        raise FileError(file, [Problem(None, None, "it is no workbook and has no sheets")])
    text, remarks = text_as_typed(data, file=file)
    lines = lines_of(text)
    said = said_delimiter(lines)
    delimiter = said or delimiter_of(lines, score)
    rows = tuple(rows_of(lines, delimiter, first=1 if said else 0))
    return Grid(rows, delimiter=delimiter, remarks=remarks)


def read_table(
    data: bytes,
    columns: Columns,
    *,
    file: str,
    sheet: str | None = None,
    guides: Collection[str] = (),
) -> Table:
    """Read a table.

    Returns
    -------
    Table
        With the problems found: its `refuse` raises them together with what the caller finds.

    Raises
    ------
    FileError
        For what cannot be opened as a table at all, and for a wrong header, with all that is wrong
        with it.
    """
    grid = read_grid(data, columns, file=file, sheet=sheet, guides=guides)
    if not grid.rows:
        told = f"; {columns.listed_by}" if columns.listed_by else ""
        raise FileError(file, [Problem(None, None, f"it is empty and holds no rows{told}")])
    header = header_of(grid, columns)
    top = grid.rows[header.place]
    places = {name: index for index, name in enumerate(header.names) if name is not None}
    table = Table(
        file,
        tuple(places),
        (),
        (*grid.remarks, *header.remarks),
        (),
        top.line,
        places=places,
        grid=grid,
    )
    rows = grid.rows[header.place + 1 :]
    problems = _header_problems(table, header, top, columns)
    if problems:
        raise FileError(file, problems)
    named = {index: name for name, index in places.items()}
    table = replace(table, problems=tuple(unreadable(grid, top.line, named)))
    numbers = any(columns.known.get(name) in NUMBERS for name in table.columns)
    table = filled(table, rows, width=len(header.names), numbers=numbers)
    return with_numbers(table, columns)


def _header_problems(table: Table, header: Header, top: Row, columns: Columns) -> list[Problem]:
    if top.broken is not None:
        return [table.problem(top.line, None, top.broken)]
    if not header.faults:
        return []
    known = [name for name in header.names if name in columns.known]
    if not known and not any("did you mean" in fault.reason for fault in header.faults):
        needed = " and ".join(columns.needed) or "of its columns"
        cells = " | ".join(cell for cell in top.cells if cell)
        reason = (
            f"it has no column {needed}, so it is not {columns.form} (the header would be "
            f"{quoted(cells)})"
        )
        return [table.problem(top.line, None, reason)]
    return [
        Problem(top.line, f.name, f.reason, table.grid.place(top.line, f.index))
        for f in header.faults
    ]


def unreadable(
    grid: Grid, header_line: int, read: Mapping[int, str] | None = None
) -> list[Problem]:
    """Return the rows, merged cells and formulas of which nobody can say what they hold.

    Parameters
    ----------
    grid
        Of the whole file.
    header_line
        What stands above it is not read.
    read
        Names of the columns that are read, by index; all where it is None.
    """
    problems = [
        grid.problem(row.line, None, None, row.broken)
        for row in grid.rows
        if row.line >= header_line and row.broken is not None
    ]
    problems += _merged(grid, header_line, read)
    problems += [
        grid.problem(row.line, index, read[index] if read else None, _no_value(what, row, index))
        for row in grid.rows
        for index, what in row.held.items()
        if row.line > header_line
        and what in (Held.ERROR, Held.FORMULA)
        and (read is None or index in read)
    ]
    return problems


def _merged(grid: Grid, header_line: int, read: Mapping[int, str] | None) -> list[Problem]:
    problems = []
    for cells in grid.merged:
        within = [i for i in range(cells.left - 1, cells.right) if read is None or i in read]
        if cells.bottom < header_line or not within or cells.top > grid.rows[-1].line:
            continue
        reason = (
            "they are merged, and only the first of them holds the value; unmerge them and fill "
            "in each"
        )
        place = f"sheet {grid.sheet}, cells {cells.name}"
        problems.append(Problem(cells.top, read[within[0]] if read else None, reason, place))
    return problems


def _is_merged(grid: Grid, line: int, index: int) -> bool:
    return any(
        cells.top <= line <= cells.bottom and cells.left <= index + 1 <= cells.right
        for cells in grid.merged
    )


def _no_value(what: Held, row: Row, index: int) -> str:
    if what is Held.ERROR:
        return f"{row.cells[index]} is the error of a formula, not a value"
    return (
        f"the formula {quoted(row.cells[index])} has no result in the file: open it in Excel, save "
        "it, and take that file"
    )


def filled(table: Table, rows: Sequence[Row], *, width: int, numbers: bool) -> Table:
    """Return a table with its lines; of cells that cannot be read the reason is a problem.

    `width` is the number of columns in the header, and `numbers` whether some hold numbers.
    """
    lines: list[Line] = []
    problems: list[Problem] = []
    for row in rows:
        if row.broken is not None:
            continue
        reason = _width_problem(row, width, table.grid, numbers)
        if reason is not None:
            problems.append(table.problem(row.line, None, reason))
            continue
        cells: dict[str, str] = {}
        wrong: set[str] = set()
        for name, index in table.places.items():
            cell = row.cells[index] if index < len(row.cells) else ""
            try:
                cells[name] = unguarded(clean_text(cell)) if cell else ""
            except InvalidDataError as error:
                problems.append(table.problem(row.line, name, str(error)))
                wrong.add(name)
        held: dict[str, Held] = {}
        if row.held:
            held = {n: row.held[i] for n, i in table.places.items() if i in row.held}
            wrong |= {name for name, what in held.items() if what in (Held.ERROR, Held.FORMULA)}
        if table.grid.merged:
            wrong |= {n for n, i in table.places.items() if _is_merged(table.grid, row.line, i)}
        cells |= dict.fromkeys(wrong, "")
        if any(cell.strip() for cell in cells.values()) or wrong:
            lines.append(Line(row.line, cells, held, frozenset(wrong)))
    if not lines and not problems and not table.problems:
        problems.append(Problem(None, None, "it holds no rows"))
    return replace(
        table,
        lines=tuple(lines),
        problems=(*table.problems, *problems),
    )


def _width_problem(row: Row, width: int, grid: Grid, numbers: bool) -> str | None:
    beyond = [cell for cell in row.cells[width:] if cell.strip()]
    if beyond:
        reason = f"more cells than the header has columns: {len(row.cells)} and {width}"
        if grid.delimiter == "," and numbers:
            reason += "; does a number have a decimal comma? Quote it, or write a point"
        return reason
    if grid.delimiter is not None and len(row.cells) < width:
        return (
            f"fewer cells than the header has columns: {len(row.cells)} and {width}, with "
            f"{NAMES[grid.delimiter]} between them"
        )
    return None
