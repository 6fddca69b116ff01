"""Imports of extraction tables and releases, as the history has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.history.actions import record_step
from review.history.models import Event
from review.protocol.models import Review

STEP: Final = "import"
"""The step of work that the history has of an import of results."""

ENTITY: Final = "extraction"

NAMES: Final = {
    "study": ("study", "studies"),
    "report": ("report", None),
    "arm": ("arm", None),
    "entry": ("entry", "entries"),
    "result": ("result", None),
    "entry_value": ("other value", None),
    "instrument": ("instrument", None),
    "imported_release": ("release", None),
}
"""The tables that an import writes, in words: one, and several where an s does not do."""


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import of results, as the history has it."""

    number: int
    """The number of its event: what `review extract undo` takes."""
    at: datetime
    by: str
    file: str
    rows: int
    added: Mapping[str, int]
    """Rows by table."""
    changed: int
    """Rows that were there and say something else since."""
    undone: str | None
    """Why it was undone; None where it stands."""


def past_imports(session: Session, review: Review) -> list[PastImport]:
    """Return the imports of results into a review, the newest first."""
    undone = {
        (event.new or {}).get("import"): event.reason or "no reason given"
        for event in _steps(session, review, "undo")
    }
    return [_past(event, undone.get(event.seq)) for event in _steps(session, review, STEP)][::-1]


def files_of_results(session: Session, review: Review) -> dict[int, str]:
    """Return the name of the file that each imported result came from, by result id.

    What somebody typed into a form came from no file.
    """
    steps = [event for event in _steps(session, review, STEP) if (event.new or {}).get("first")]
    came: dict[int, str] = {}
    for event in steps:
        new = event.new or {}
        rows = session.scalars(
            sa.select(Event.entity_id).where(
                Event.review == review.slug, Event.entity == "result", Event.action == "insert",
                Event.seq.between(new["first"], event.seq),
            )
        )  # fmt: skip
        came |= {row: new["file"] for row in rows if row is not None}
    return came


def _steps(session: Session, review: Review, action: str) -> list[Event]:
    return list(
        session.scalars(
            sa.select(Event)
            .where(Event.review == review.slug, Event.entity == ENTITY, Event.action == action)
            .order_by(Event.seq)
        )
    )


def _past(event: Event, undone: str | None) -> PastImport:
    new = event.new or {}
    return PastImport(
        number=event.seq,
        at=event.at,
        by=event.actor,
        file=new["file"],
        rows=new["rows"],
        added=new["added"],
        changed=new["changed"],
        undone=undone,
    )


def keep_import(session: Session, *, first: int, file: str, rows: int) -> None:
    """Put an import into the history as a step, from its events: nothing where it did nothing.

    Parameters
    ----------
    first
        The number of the first event of the import.
    file, rows
        What was imported.
    """
    session.flush()
    added: Counter[str] = Counter()
    changed: set[tuple[str, int | None]] = set()
    fresh: set[tuple[str, int | None]] = set()
    events = session.execute(
        sa.select(Event.action, Event.entity, Event.entity_id)
        .where(Event.seq >= first, Event.entity.in_(list(NAMES)))
        .order_by(Event.seq)
    )
    for action, entity, row in events:
        if action == "insert":
            added[entity] += 1
            fresh.add((entity, row))
        elif (entity, row) not in fresh:
            changed.add((entity, row))
    if added or changed:
        record_step(
            session,
            STEP,
            entity=ENTITY,
            file=Path(file).name,
            rows=rows,
            first=first,
            added=dict(added),
            changed=len(changed),
        )
