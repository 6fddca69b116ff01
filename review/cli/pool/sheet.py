"""A table of studies as ``review pool`` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.effects import required_columns
from review.errors import FileError, Problem, UnreadableFileError
from review.measures import Measure
from review.tabular.conversion import number_column
from review.tabular.grid import Remark
from review.tabular.header import Columns, Others
from review.tabular.numbers import MISSING, Kind
from review.tabular.reading import bytes_of, read_table
from review.tabular.table import Table

LABELS: Final = ("label", "slab", "study", "trial", "author")
"""Columns that name a row where --label does not say which: the first that is there."""

COUNTS: Final = ("ni", "n1i", "n2i", "ai", "bi", "ci", "xi", "x1i", "x2i")
"""metafor's names of whole numbers: ``1,041`` of them is no decimal number."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of studies: its header, its cells and the line each row begins on."""

    file: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...]
    table: Table

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was converted, skipped or guessed in reading it."""
        return self.table.remarks

    def numbers(self, column: str) -> list[float | None]:
        """Return a column as numbers; raise UnreadableFileError naming each cell that is none."""
        if column not in self.table.numeric:
            found = number_column(self.table, column, Kind.NUMBER)
            raise UnreadableFileError(self.file, found.problems)
        cells = [row[column].strip() for row in self.rows]
        return [None if cell.casefold() in MISSING else float(cell) for cell in cells]

    def labels(self, column: str | None) -> list[str]:
        """Return what names the rows; their numbers where no column does."""
        if column is not None and column not in self.header:
            raise UnreadableFileError(self.file, [Problem(1, column, "there is no such column")])
        chosen = column or next((name for name in LABELS if name in self.header), None)
        if chosen is None:
            return [str(index) for index in range(1, len(self.rows) + 1)]
        return [row[chosen] for row in self.rows]


def read_sheet(
    path: Path,
    *,
    renamed: Mapping[str, str] | None = None,
    names: Iterable[str] = (),
    sheet: str | None = None,
) -> Sheet:
    """Read a table of studies, CSV or XLSX; raise UnreadableFileError with every problem.

    Parameters
    ----------
    path
        The file.
    renamed
        The file's columns by metafor's names, where they differ.
    names
        Other columns that the command's options name.
    sheet
        Which sheet of a workbook with several.
    """
    ways = [way for measure in Measure for way in required_columns(measure)]
    kinds = dict.fromkeys((name for way in ways for name in way), Kind.EITHER)
    kinds |= dict.fromkeys(names, Kind.EITHER) | dict.fromkeys(LABELS, Kind.TEXT)
    for name, column in {**{n: n for n in COUNTS}, **(renamed or {})}.items():
        kinds[column] = Kind.EITHER_COUNT if name in COUNTS else Kind.EITHER
    columns = Columns(kinds, others=Others.KEPT)
    try:
        table = read_table(bytes_of(path), columns, file=str(path), sheet=sheet)
        if table.problems:
            table.refuse(())
    except FileError as error:
        raise UnreadableFileError(error.file, error.problems) from None
    return Sheet(
        str(path),
        table.columns,
        tuple(line.cells for line in table.lines),
        tuple(line.line for line in table.lines),
        table,
    )
