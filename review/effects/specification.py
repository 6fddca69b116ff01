"""What a measure needs and how it is computed: the entries of the dispatch table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from review.effects.columns import Column
from review.effects.effects import FloatArray, RowNote
from review.effects.measure import Variance
from review.errors import InvalidDataError


class AddTo(StrEnum):
    """Which rows the constant of a `ZeroCells` rule is added to (metafor's ``to``)."""

    ONLY0 = "only0"
    """Rows that have a zero cell."""
    ALL = "all"
    """Every row."""
    IF0ALL = "if0all"
    """Every row, as soon as one row has a zero cell."""
    NONE = "none"
    """No row."""


@dataclass(frozen=True, slots=True)
class ZeroCells:
    """What is done about cells without events.

    Parameters
    ----------
    add
        Constant added to each cell of a row that the rule touches.
    to
        Which rows it touches.
    drop00
        Whether trials without events, or with events only, in both arms have no effect.
    """

    add: float = 0.5
    to: AddTo = AddTo.ONLY0
    drop00: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.add < float("inf"):
            raise InvalidDataError(f"The constant added to cells is 0 or more; {self.add} is not.")


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of one call of `escalc`."""

    vtype: Variance
    zero_cells: ZeroCells
    correct: bool
    level: float


@dataclass(frozen=True, slots=True)
class Computed:
    """Effects before the last check: yi and vi may be infinite or NaN where none exists."""

    yi: FloatArray
    vi: FloatArray
    notes: tuple[RowNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which papers report what a measure needs.

    Parameters
    ----------
    columns
        What is read, by name.
    canonical
        From those columns to the numbers that the measure computes with, the same for each form.
    at_most
        Pairs of column names: the first may not exceed the second.
    """

    columns: tuple[Column, ...]
    canonical: Callable[[tuple[FloatArray, ...], Options], tuple[FloatArray, ...]]
    at_most: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Specification:
    """A measure: how it may be reported, how it is computed, which variances it knows.

    Parameters
    ----------
    forms
        In order of preference; a row missing in one is filled from the next.
    compute
        From the canonical numbers to yi and vi.
    variances
        Known formulas, the default first.
    zero_cells
        The rule when the caller names none.
    """

    forms: tuple[Form, ...]
    compute: Callable[[tuple[FloatArray, ...], Options], Computed]
    variances: tuple[Variance, ...] = (Variance.LS,)
    zero_cells: ZeroCells = ZeroCells()


def as_given(values: tuple[FloatArray, ...], _: Options) -> tuple[FloatArray, ...]:
    """The columns as they were read: the form is canonical already."""
    return values
