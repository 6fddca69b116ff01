"""Many differing cells of two entries settled at once. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from review.errors import NotFoundError, ReviewError
from review.extraction.comparison import ROW
from review.extraction.consensus import Sides, resolve
from review.extraction.drafts.errors import CellsError
from review.extraction.vocabulary import Taken
from review.protocol.models import Review


class Settling(StrEnum):
    """Whose value a consensus takes of a cell."""

    FIRST = "first"
    SECOND = "second"
    OTHER = "other"
    LEAVE_OUT = "leave_out"
    """Nobody's: the cell stays empty, a whole result does not enter."""


class Choice(NamedTuple):
    """What is decided of one cell."""

    cell: str
    taken: Settling
    value: str | None
    reason: str


def settle_cells(
    session: Session,
    review: Review,
    found: Sides,
    choices: Sequence[Choice],
    *,
    person: str,
    now: datetime,
) -> int:
    """Settle cells, all or none; return how many.

    Raises CellsError with all that cannot be, by cell.
    """
    cells = {cell.id: cell for cell in found.comparison.differing}
    wrong: list[tuple[str, str]] = []
    for choice in choices:
        try:
            cell = cells.get(choice.cell)
            if cell is None:
                raise NotFoundError("its values have changed; look at them again")
            taken, value = Taken.OTHER, choice.value or ""
            if choice.taken is Settling.LEAVE_OUT:
                value = ""
                if cell.field == ROW:  # a row is left out by taking the side that does not have it
                    taken = Taken.SECOND if cell.second is None else Taken.FIRST
            else:
                taken = Taken(choice.taken.value)
            resolve(
                session, review, found, choice.cell, taken=taken,
                value=value if taken is Taken.OTHER else None, reason=choice.reason,
                person=person, now=now,
            )  # fmt: skip
        except ReviewError as error:
            wrong.append((choice.cell, str(error)))
    if wrong:
        raise CellsError(wrong)
    return len(choices)
