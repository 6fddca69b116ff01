"""Reading the event log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of_text, utc_text
from review.db import in_parts
from review.history.models import Event
from review.history.rules import (
    GENESIS,
    SEALED_BY,
    Anchor,
    ChainReport,
    Held,
    Link,
    check_links,
    hashed,
    payload_text,
)

HEAD: Final = "head"
"""Where a session keeps the newest event of its transaction."""

WROTE: Final = "wrote"
"""Where a session says that its transaction wrote an event, which may have been undone since."""

APPENDED: Final = "appended"
"""Where a session keeps the events that its transaction wrote."""

_PAYLOAD = (
    "seq", "at", "actor", "action", "entity", "entity_id", "review", "old", "new", "reason",
    "software", "role", "request", "previous",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as far as a person may read it."""

    seq: int
    at: datetime
    actor: str
    action: str
    entity: str
    entity_id: int | None
    review: str | None
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    """``{"sealed": "blind entry"}`` where the values are another person's, and not to be seen."""
    reason: str | None
    software: str
    role: str | None
    request: str | None
    previous: str
    hash: str

    @property
    def plain(self) -> dict[str, Any]:
        """What is printed of it; without role and request where the event does not say them."""
        values = {name: getattr(self, name) for name in (*_PAYLOAD, "hash")}
        return hashed({**values, "at": utc_text(self.at)})


def events(
    session: Session,
    *,
    viewer: str | None,
    review: str | None = None,
    entity: str | None = None,
    entity_id: int | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> Sequence[Seen]:
    """Return events as far as a person may read them, the newest first.

    Parameters
    ----------
    viewer
        The handle of who reads; None sees what nobody may hide.
    review, entity, entity_id, actor
        Only those of one review, table, row, or person.
    since, until
        Only those from a time on, and up to before a time.
    before
        Only those older than the one of this number: the next page begins at the last one shown.
    limit
        How many.
    """
    query = sa.select(Event).order_by(Event.seq.desc()).limit(limit)
    wanted = {"review": review, "entity": entity, "entity_id": entity_id, "actor": actor}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(getattr(Event, name) == value)
    if since is not None:
        query = query.where(Event.at >= since)
    if until is not None:
        query = query.where(Event.at < until)
    if before is not None:
        query = query.where(Event.seq < before)
    found = session.scalars(query).all()
    sealed = sealed_among(session, {event.entity for event in found}, viewer)
    return [_seen(event, sealed=(event.entity, event.entity_id) in sealed) for event in found]


def events_of(
    session: Session, rows: Mapping[str, Sequence[int]], *, viewer: str | None, limit: int
) -> Sequence[Seen]:
    """Return the newest events of some rows, given by table, as far as a person may read them."""
    wanted = [
        sa.and_(Event.entity == entity, Event.entity_id.in_(ids))
        for entity, ids in rows.items()
        if ids
    ]
    query = sa.select(Event).where(sa.or_(sa.false(), *wanted)).order_by(Event.seq.desc())
    found = session.scalars(query.limit(limit)).all()
    sealed = sealed_among(session, {event.entity for event in found}, viewer)
    return [_seen(event, sealed=(event.entity, event.entity_id) in sealed) for event in found]


def sealed_among(
    session: Session, tables: Collection[str], viewer: str | None
) -> set[tuple[str, int | None]]:
    """Return the rows of some tables whose values a person may not read yet."""
    modules = {SEALED_BY[table] for table in tables if table in SEALED_BY}
    rows: set[tuple[str, int | None]] = set()
    for module in sorted(modules):
        rows |= import_module(module).sealed_rows(session, viewer)
    return rows


def _seen(event: Event, *, sealed: bool) -> Seen:
    values = {name: getattr(event, name) for name in (*_PAYLOAD, "hash")}
    if sealed:
        values |= {"old": None, "new": {"sealed": "blind entry"}, "request": None}
    return Seen(**values)


def payload(event: Event) -> dict[str, Any]:
    """Return what an event's hash covers."""
    values = {name: getattr(event, name) for name in _PAYLOAD}
    return hashed({**values, "at": utc_text(event.at)})


def noted(session: Session, entity: str, column: str) -> dict[int, Any]:
    """Return what the history noted of a column when each row of a table was made, by id."""
    rows = session.execute(
        sa.select(Event.entity_id, Event.new).where(
            Event.entity == entity, Event.action == "insert"
        )
    )
    return {number: new.get(column) for number, new in rows if number is not None and new}


def head(session: Session) -> tuple[int, str]:
    """Return seq and hash of the newest event, (0, zeros) when there is none."""
    written: tuple[int, str] | None = session.info.get(HEAD)
    if written is not None:
        return written
    row = session.execute(
        sa.select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)
    ).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


class Appended(NamedTuple):
    """An event that the transaction itself wrote."""

    seq: int
    action: str
    entity: str
    entity_id: int | None
    review: str | None
    new: Mapping[str, Any] | None


def appended(session: Session, *, after: int) -> Sequence[Appended] | None:
    """Return the events after one where this transaction wrote them all, None for older ones too.

    Nobody else appends while it lasts, so that these need not be asked for.
    """
    own: Sequence[Appended] = session.info.get(APPENDED, ())
    if not own or own[0].seq > after + 1:
        return None
    return [one for one in own if one.seq > after]


def held(class_: type[Any]) -> Held:
    """Return how the history holds the rows of a model."""
    return getattr(class_, "__held__", Held.EVENTS)


AT_A_TIME: Final = 5_000
"""Rows that a database hands over at once."""


def raw_rows(
    session: Session,
    table: sa.Table,
    columns: Sequence[str],
    *conditions: sa.ColumnElement[bool],
) -> Iterator[sa.Row[Any]]:
    """Yield rows as they are stored, in the order of their keys, without reading them all first."""
    named = [sa.type_coerce(table.c[name], sa.types.NullType()).label(name) for name in columns]
    query = sa.select(*named).where(*conditions).order_by(*table.primary_key.columns)
    streamed = session.connection().execute(
        query, execution_options={"stream_results": True, "max_row_buffer": AT_A_TIME}
    )
    for part in streamed.partitions(AT_A_TIME):
        rows: Sequence[Any] = part
        yield from rows


def links(
    session: Session, *, after: int = 0, seen: Callable[[int], None] | None = None
) -> Iterator[Link]:
    """Yield the events as the chain sees them, in order, from event `after` on.

    `seen` is told now and then how many there were.
    """
    table = Event.__table__
    assert isinstance(table, sa.Table)
    rows = raw_rows(session, table, (*_PAYLOAD, "hash"), table.c.seq >= after)
    for count, row in enumerate(rows):
        yield Link(row.seq, row.previous, sha256_of_text(payload_text(row)), row.hash)
        if seen is not None and count % AT_A_TIME == 0:
            seen(count)


def verify(
    session: Session,
    anchors: Sequence[Anchor] = (),
    *,
    after: int = 0,
    seen: Callable[[int], None] | None = None,
) -> ChainReport:
    """Check the chain from event `after` on, and that it goes through every anchor."""
    earlier = [anchor.seq for anchor in anchors if anchor.seq < after]
    before = {
        seq: hash_
        for part in in_parts(earlier)
        for seq, hash_ in session.execute(
            sa.select(Event.seq, Event.hash).where(Event.seq.in_(part))
        )
    }
    found = links(session, after=after, seen=seen)
    return check_links(found, anchors, after=after, before=before)
