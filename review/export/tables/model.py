"""The one table model: typed values in named columns, before any writer rounds or escapes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from string import ascii_lowercase
from typing import NamedTuple

from review.errors import InvalidDataError
from review.export.tables.cells import Cell, EffectInterval, Interval, Kind, typed
from review.figures.numbers import with_minus

__all__ = [
    "Alignment",
    "Cell",
    "Column",
    "EffectInterval",
    "Footnote",
    "Interval",
    "Kind",
    "Place",
    "Spanner",
    "Table",
    "flat_cells",
    "flat_names",
]

_DECIMALS = {Kind.NUMBER: 2, Kind.INTERVAL: 2, Kind.P_VALUE: 3, Kind.PERCENT: 1}


class Alignment(StrEnum):
    """Side of a cell on which its text stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    key : str
        Stable name for scripts, the header in CSV. An interval's limits are ``<key>_low`` and
        ``<key>_high`` there.
    header : str
        What people read.
    kind : Kind
        What its cells hold.
    decimals : int or None
        Digits after the point where numbers are rounded (DOCX, LaTeX) or shown rounded (XLSX).
        None: 2 for numbers and intervals, 3 for p values, 1 for percentages.
    alignment : Alignment or None
        None: text left, all else right.
    beside : str
        The key of the column with the interval of its numbers, whose decimals they have
        (`EffectInterval`); nothing for numbers that are no effects.
    traced : bool
        Whether text tells numbers of its row in words (``63 more per 1,000``), and so has an origin
        as a number has. Numbers always have.
    """

    key: str
    header: str
    kind: Kind = Kind.TEXT
    decimals: int | None = None
    alignment: Alignment | None = None
    traced: bool = False
    beside: str = ""

    @property
    def located(self) -> bool:
        """Whether its cells say where they come from."""
        return self.traced or self.kind is not Kind.TEXT

    @property
    def places(self) -> int:
        """The decimals in force."""
        return _DECIMALS.get(self.kind, 0) if self.decimals is None else self.decimals

    @property
    def side(self) -> Alignment:
        """The alignment in force."""
        if self.alignment is not None:
            return self.alignment
        return Alignment.LEFT if self.kind is Kind.TEXT else Alignment.RIGHT


@dataclass(frozen=True, slots=True)
class Spanner:
    """A header above neighbouring columns, named by their keys."""

    header: str
    keys: tuple[str, ...]


class Place(NamedTuple):
    """A cell that a footnote belongs to: its row from 0, or None for the column's header."""

    row: int | None
    key: str


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note under the table: with places it gets a letter there, without it is a general note."""

    text: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as every writer takes it.

    Attributes
    ----------
    title : str
        Without a number; DOCX and LaTeX number it.
    columns : tuple of Column
        At least one; keys differ.
    rows : tuple of tuple
        One value a column: str for text, int for integers, float for numbers, p values and
        percentages, `Interval` for intervals, None for an empty cell. numpy scalars become Python
        numbers. "Not reported" is None or a text column's words, never a number.
    spanners : tuple of Spanner
        Without overlap.
    footnotes : tuple of Footnote
        In order; those with places get the letters a, b, c... in that order, after z aa, ab...
    source : str or None
        Where the numbers come from.
    origins : tuple of str or None
        One a row, or none at all: where a row's numbers stand, as ``review trace`` takes it
        (``1f0c5a2b9e77/pooled``, `review.export.tracing.origins`). A number's own origin is its
        row's, a slash and its column's key.

    Raises
    ------
    InvalidDataError
        For a row of another length, a value of another kind, NaN, a p value outside 0 to 1, limits
        in the wrong order, a repeated or unknown key, spanners that cannot be drawn, or origins
        that are not one a row.

    Examples
    --------
    >>> columns = (Column("study", "Study"), Column("n", "n", Kind.INTEGER))
    >>> Table("Included studies", columns, (("Clarke (2002)", 177),)).rows[0][1]
    177
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    spanners: tuple[Spanner, ...] = ()
    footnotes: tuple[Footnote, ...] = ()
    source: str | None = None
    origins: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.columns:
            raise InvalidDataError(f'Table "{self.title}" has no columns.')
        names = [name for column in self.columns for name in flat_names(column)]
        if len(set(names)) < len(names):
            raise InvalidDataError(f'Table "{self.title}" uses one column name twice.')
        object.__setattr__(self, "rows", tuple(self._row(i, r) for i, r in enumerate(self.rows)))
        self._check_spanners()
        self._check_footnotes()
        if self.origins and len(self.origins) != len(self.rows):
            raise InvalidDataError(
                f'Table "{self.title}" has {len(self.origins)} origins for {len(self.rows)} rows.'
            )

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns' keys."""
        return tuple(column.key for column in self.columns)

    @property
    def marked(self) -> tuple[tuple[str, Footnote], ...]:
        """The footnotes that belong to cells, each with its letter."""
        notes = [
            Footnote(with_minus(note.text), note.places) for note in self.footnotes if note.places
        ]
        return tuple(zip(_letters(), notes, strict=False))

    @property
    def general(self) -> tuple[str, ...]:
        """The texts of the footnotes that belong to the table as a whole."""
        return tuple(with_minus(note.text) for note in self.footnotes if not note.places)

    def marks(self, row: int | None, key: str) -> str:
        """Letters at a cell (row None: the column's header): ``"a,c"``, or ``""``."""
        placed = (note.places for note in self.footnotes if note.places)
        lettered = zip(_letters(), placed, strict=False)
        return ",".join(letter for letter, places in lettered if (row, key) in places)

    def column_at(self, row: int, at: int) -> Column:
        """Return a column with the decimals that a row of it is printed with."""
        column = self.columns[at]
        place = self.keys.index(column.beside) if column.beside in self.keys else at
        limits = self.rows[row][place]
        if not isinstance(limits, EffectInterval):
            return column
        return replace(column, decimals=limits.decimals)

    def origin(self, row: int, at: int) -> str | None:
        """Origin of the number at a row and a column, both from 0; None where there is none."""
        column = self.columns[at]
        if not self.origins or not column.located or self.rows[row][at] is None:
            return None
        origin = self.origins[row]
        return None if origin is None else f"{origin}/{column.key}"

    def above(self, key: str) -> str | None:
        """The spanner over a column, if it has one."""
        return next((s.header for s in self.spanners if key in s.keys), None)

    def _row(self, number: int, row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        where = f'Table "{self.title}", row {number + 1}'
        if len(row) != len(self.columns):
            raise InvalidDataError(f"{where}: {len(row)} values for {len(self.columns)} columns.")
        cells = []
        for column, value in zip(self.columns, row, strict=True):
            try:
                cells.append(typed(column.kind, value))
            except (TypeError, ValueError) as error:
                raise InvalidDataError(f'{where}, column "{column.key}": {error}.') from None
        return tuple(cells)

    def _check_spanners(self) -> None:
        taken: set[str] = set()
        for spanner in self.spanners:
            first = self.keys.index(spanner.keys[0]) if set(spanner.keys) & set(self.keys) else 0
            if not spanner.keys or self.keys[first : first + len(spanner.keys)] != spanner.keys:
                raise InvalidDataError(
                    f'Table "{self.title}": the columns under "{spanner.header}" are not '
                    "neighbours in this order."
                )
            if taken & set(spanner.keys):
                raise InvalidDataError(f'Table "{self.title}": two spanners over one column.')
            taken |= set(spanner.keys)

    def _check_footnotes(self) -> None:
        for note in self.footnotes:
            for row, key in note.places:
                if key not in self.keys or not (row is None or 0 <= row < len(self.rows)):
                    raise InvalidDataError(
                        f'Table "{self.title}" has a footnote at row {row}, column "{key}", '
                        "which it does not have."
                    )


def _letters() -> Iterator[str]:
    """Yield a to z, then aa to az, ba and so on."""
    for beginning in ("", *ascii_lowercase):
        yield from (beginning + letter for letter in ascii_lowercase)


def flat_names(column: Column) -> tuple[str, ...]:
    """Names where intervals take two columns: ``ci_low`` and ``ci_high``."""
    if column.kind is Kind.INTERVAL:
        return f"{column.key}_low", f"{column.key}_high"
    return (column.key,)


def flat_cells(column: Column, cell: Cell) -> tuple[str | int | float | None, ...]:
    """The cell under each of `flat_names`."""
    if isinstance(cell, Interval):
        return cell.low, cell.high
    return (None, None) if column.kind is Kind.INTERVAL else (cell,)
