"""Columns at the door: read as numbers, and refused where they cannot be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Bools, Floats
from review.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class ImpossibleCell:
    """One number that cannot be right; ``row`` counts from 0, the text from 1."""

    row: int
    column: str
    value: float
    reason: str

    def __str__(self) -> str:
        """``row 3, column sd1i: -2 is negative``."""
        return f"row {self.row + 1}, column {self.column}: {self.value:.6g} {self.reason}"


class ImpossibleInputError(InvalidDataError):
    """Rows hold numbers that cannot be right; all of them are told at once."""

    def __init__(self, cells: Sequence[ImpossibleCell]):
        self.cells = tuple(cells)
        super().__init__("; ".join(str(cell) for cell in self.cells) + ".")

    def __reduce__(self) -> tuple[type[ImpossibleInputError], tuple[tuple[ImpossibleCell, ...]]]:
        # workers hand their errors back pickled, by the arguments of this class
        return type(self), (self.cells,)


# Values of a column; None is "not reported", as NaN is.
Values = ArrayLike | Sequence[float | None]

Test = Callable[[Floats], Bools]


class Domain(Enum):
    """What a column may hold: a test that is true for impossible values, and its words."""

    REAL = (lambda x: np.isinf(x), "is not a finite number")
    NOT_NEGATIVE = (lambda x: np.isinf(x) | (x < 0), "is negative or infinite")
    POSITIVE = (lambda x: np.isinf(x) | (x <= 0), "is not above zero")
    SIZE = (lambda x: np.isinf(x) | (x < 1), "is no sample size (it must be at least 1)")
    CORRELATION = (lambda x: np.abs(x) > 1, "is no correlation (it lies between -1 and 1)")
    SHARE = (lambda x: (x < 0) | (x > 1), "does not lie between 0 and 1")
    SIGNED_P = (
        lambda x: (np.abs(x) > 1) | (x == 0),
        "is no signed p value (between -1 and 1, and not 0)",
    )

    def __init__(self, impossible: Test, words: str):
        self.impossible = impossible
        self.words = words


@dataclass(frozen=True, slots=True)
class Column:
    """A column by metafor's name, and what it may hold."""

    name: str
    domain: Domain


def read_columns(
    columns: Mapping[str, Values],
    wanted: Sequence[Column],
    at_most: Sequence[tuple[str, str]] = (),
) -> tuple[Floats, ...]:
    """The wanted columns as arrays of one length, checked.

    Parameters
    ----------
    columns
        Name to values, (k,) or a single number for all rows; None and NaN are missing.
    wanted
        The columns to read; each must be there.
    at_most
        Pairs of names: the first may not exceed the second (events and their total).

    Returns
    -------
    tuple of ndarray, (k,)
        In the order of ``wanted``; NaN where missing.

    Raises
    ------
    ImpossibleInputError
        For values outside their domain, all cells at once.
    InvalidDataError
        If a column is not numeric, or lengths differ.
    """
    arrays = {column.name: _as_floats(column.name, columns[column.name]) for column in wanted}
    lengths = {name: values.shape[0] for name, values in arrays.items() if values.ndim == 1}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InvalidDataError(f"Columns differ in their number of rows: {told}.")
    k = next(iter(lengths.values()), 1)
    arrays = {name: np.broadcast_to(values, (k,)) for name, values in arrays.items()}
    cells = [
        ImpossibleCell(int(row), column.name, float(arrays[column.name][row]), column.domain.words)
        for column in wanted
        for row in np.flatnonzero(column.domain.impossible(arrays[column.name]))
    ]
    cells += [
        ImpossibleCell(int(row), low, float(arrays[low][row]), f"exceeds {high}")
        for low, high in at_most
        for row in np.flatnonzero(arrays[low] > arrays[high])
    ]
    if cells:
        raise ImpossibleInputError(sorted(cells, key=lambda cell: cell.row))
    return tuple(arrays[column.name] for column in wanted)


def _as_floats(name: str, values: Values) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"Column {name} holds something that is not a number.") from error
    if array.ndim > 1:
        raise InvalidDataError(f"Column {name} has {array.ndim} dimensions; one is wanted.")
    return array
