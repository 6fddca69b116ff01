"""Reading the event log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.history.models import Event
from review.history.rules import GENESIS, Anchor, ChainReport, check_chain

_PAYLOAD = (
    "seq", "at", "actor", "action", "entity", "entity_id", "review", "old", "new", "reason",
    "software", "previous",
)  # fmt: skip


def events(
    session: Session,
    *,
    review: str | None = None,
    entity: str | None = None,
    entity_id: int | None = None,
    limit: int | None = None,
) -> Sequence[Event]:
    """Return events, the newest first."""
    query = sa.select(Event).order_by(Event.seq.desc()).limit(limit)
    if review is not None:
        query = query.where(Event.review == review)
    if entity is not None:
        query = query.where(Event.entity == entity)
    if entity_id is not None:
        query = query.where(Event.entity_id == entity_id)
    return session.scalars(query).all()


def payload(event: Event) -> dict[str, Any]:
    """Return what an event's hash covers."""
    values = {name: getattr(event, name) for name in _PAYLOAD}
    return {**values, "at": utc_text(event.at)}


def head(session: Session) -> tuple[int, str]:
    """Return seq and hash of the newest event, (0, zeros) when there is none."""
    row = session.execute(
        sa.select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)
    ).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _chain(session: Session) -> Iterator[tuple[dict[str, Any], str]]:
    rows = session.scalars(sa.select(Event).order_by(Event.seq).execution_options(yield_per=5_000))
    for event in rows:
        yield payload(event), event.hash
        session.expunge(event)


def verify(session: Session, anchors: Sequence[Anchor] = ()) -> ChainReport:
    """Check the whole chain, and that it goes through every anchor."""
    return check_chain(_chain(session), anchors)
