"""Cells without events: the constant that is added, and the trials that are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from review.arrays import Bools, Floats
from review.conventions import AddTo
from review.effects.effects import RowNote
from review.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class ZeroCells:
    """What is done about cells without events.

    Parameters
    ----------
    add
        Constant added to each cell of a row that the rule touches; of rates to the events of each
        arm.
    to
        Which rows it touches.
    drop00
        Whether trials without events, or with events only, in both arms have no effect.
    by_arm
        Treatment-arm continuity correction (Sweeting, Sutton & Lambert 2004, Stat Med 23:1351): of
        the constant's double, each arm gets its share of the trial's participants, so that no
        effect stays none where arms differ in size. Of tables of two arms.

    Raises
    ------
    InvalidDataError
        If the constant is negative or not a number.
    """

    add: float = 0.5
    to: AddTo = AddTo.ONLY0
    drop00: bool = False
    by_arm: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.add < float("inf"):
            raise InvalidDataError(f"The constant added to cells is 0 or more; {self.add} is not.")
        if self.to not in tuple(AddTo):
            raise InvalidDataError(
                f"A constant is added to {', '.join(AddTo)}; {self.to!r} is none of these."
            )


HALF_ADDED = ZeroCells()
"""For measures that do not exist with zero cells: metafor's default."""

NOTHING_ADDED = ZeroCells(add=0.0)
"""For measures that exist with zero cells: metafor adds nothing unless told to."""


EACH_CELL: Final = "each cell"
EACH_ARM: Final = "the events of each arm"
"""What is added to: the cells of a table of persons; of rates events alone, time has no cells."""


def treat_zero_cells(
    cells: Sequence[Floats],
    rule: ZeroCells,
    *,
    uninformative: Bools | None = None,
    shares: Sequence[Floats] | None = None,
    where: str = EACH_CELL,
) -> tuple[tuple[Floats, ...], tuple[RowNote, ...]]:
    """The cells with the rule's constant added, and notes on the rows that it touched.

    Parameters
    ----------
    cells
        Counts, (k,) each.
    rule
        What to add, and where.
    uninformative : (k,)
        Trials without events, or with events only, in both arms; dropped if the rule says so.
        A dropped trial does not count as one with a zero cell (``if0all``).
    shares : (k,) each
        Of each cell's arm in the participants of its trial; needed where the rule goes by arm.
    where
        What the constant is added to, in the words of a note.

    Raises
    ------
    InvalidDataError
        A rule that goes by arm, of cells that are not of two arms.

    Returns
    -------
    cells, notes
        Cells of dropped trials are NaN.

    Examples
    --------
    >>> cells, notes = treat_zero_cells([np.array([0.0, 3.0]), np.array([9.0, 7.0])], ZeroCells())
    >>> [cell.tolist() for cell in cells], notes[0].text
    ([[0.5, 3.0], [9.5, 7.0]], '0.5 added to each cell')
    """
    kept = list(cells)
    notes: list[RowNote] = []
    if rule.drop00 and uninformative is not None:
        kept = [np.where(uninformative, np.nan, cell) for cell in kept]
        notes = [
            RowNote(int(row), "no effect: no events, or events only, in both arms", excludes=True)
            for row in np.flatnonzero(uninformative)
        ]
    if rule.by_arm and shares is None:
        raise InvalidDataError("A treatment-arm continuity correction is of tables of two arms.")
    has_zero = np.any([cell == 0.0 for cell in kept], axis=0)
    touched = {
        AddTo.ALL: np.ones_like(has_zero),
        AddTo.IF0ALL: np.full_like(has_zero, has_zero.any()),
        AddTo.ONLY0: has_zero,
        AddTo.NONE: np.zeros_like(has_zero),
    }[rule.to]
    if rule.add == 0.0:
        return tuple(kept), tuple(notes)
    known = ~np.any([np.isnan(cell) for cell in kept], axis=0)
    added = (
        [2 * rule.add * share for share in shares or ()] if rule.by_arm else [rule.add] * len(kept)
    )
    told = [np.broadcast_to(one, touched.shape) for one in added]
    notes += [
        RowNote(
            int(row),
            f"{told[0][row]:.3g} and {told[-1][row]:.3g} added to each cell of the two arms"
            if rule.by_arm
            else f"{rule.add:g} added to {where}",
        )
        for row in np.flatnonzero(touched & known)
    ]
    pairs = zip(kept, told, strict=True)
    return tuple(np.where(touched, cell + one, cell) for cell, one in pairs), tuple(notes)
