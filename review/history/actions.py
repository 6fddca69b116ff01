"""Writing with a name to it: every change of a row becomes an event in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.attributes import get_history

from review.canonical import CanonicalText, sha256_of, sha256_of_text, utc_text
from review.db import Base, Database, LedgerSession
from review.history.models import Event
from review.history.queries import APPENDED, HEAD, WROTE, Appended, head, held, raw_rows
from review.history.rules import SEALED_BY, Held, Omitted, hashed, packed, row_digest


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who changes something, in which review and role, when and why."""

    actor: str
    review: str | None = None
    reason: str | None = None
    at: datetime | None = None
    role: str | None = None
    request: str | None = None
    """The number of a request, where a page or a script sent the change."""

    @property
    def time(self) -> datetime:
        """The time given, or now."""
        return self.at or datetime.now(UTC)


@contextmanager
def writing(database: Database, by: Attribution) -> Iterator[Session]:
    """Yield the writing session of one attributed transaction."""
    with database.transaction() as session:
        session.info["attribution"] = by
        yield session


def in_role(session: Session, role: str | None) -> None:
    """Say in which role the rest of a transaction is written, once the edge knows it."""
    session.info["attribution"] = replace(session.info["attribution"], role=role)


def record_step(
    session: Session, action: str, *, entity: str, entity_id: int | None = None, **details: Any
) -> None:
    """Record a step of work that is more than a change of rows, such as a re-pooling."""
    _append(session, [(action, entity, entity_id, None, details or None)])


def rows_told(
    session: Session, **conditions: sa.ColumnElement[bool]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what a step says of rows that came without events of their own: their digests.

    Parameters
    ----------
    conditions
        By table, which of its rows the step brought.
    """
    session.flush()
    told = {}
    for name, condition in conditions.items():
        table = Base.metadata.tables[name]
        columns = [column.name for column in table.columns]
        rows = raw_rows(session, table, columns, condition)
        if found := [(int(row.id), row_digest(row)) for row in rows]:
            told[name] = packed(columns, found)
    return {"rows": told} if told else {}


_Change: TypeAlias = tuple[str, str, int | None, dict[str, Any] | None, dict[str, Any] | None]
"""Action, table, primary key, old and new values."""


class NotAttributedError(AssertionError):
    """A row was about to change in a session that does not say who changes it."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return value.value if isinstance(value, StrEnum) else value


def _columns(row: Base) -> list[str]:
    omitted: Mapping[str, str] = getattr(row, "__history_omits__", {})
    return [
        attribute.key
        for attribute in sa.inspect(type(row)).column_attrs
        if attribute.key not in omitted
    ]


def _digests(row: Base) -> dict[str, str]:
    """Return the SHA-256 of what an event leaves out for its length."""
    omitted: Mapping[str, str] = getattr(row, "__history_omits__", {})
    found = {}
    for key, why in omitted.items():
        if why == Omitted.DIGEST and get_history(row, key).has_changes():
            value = getattr(row, key)
            text = isinstance(value, CanonicalText)
            found[key] = sha256_of_text(value) if text else sha256_of(value)
    return found


def _change(row: Base, *, inserted: bool) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    digests = {"digests": found} if (found := _digests(row)) else {}
    if inserted:
        values = {key: _plain(getattr(row, key)) for key in _columns(row)}
        return None, {k: value for k, value in values.items() if value is not None} | digests
    old, new = {}, {}
    for key in _columns(row):
        changed = get_history(row, key)
        if changed.has_changes():
            old[key] = _plain(changed.deleted[0]) if changed.deleted else None
            new[key] = _plain(changed.added[0]) if changed.added else None
    return old, new | digests


def _identity(row: Base) -> int:
    (identity,) = sa.inspect(type(row)).primary_key_from_instance(row)
    return int(identity)


def _append(
    session: Session,
    changes: Sequence[_Change],
) -> None:
    from review import __version__

    by: Attribution | None = session.info.get("attribution")
    if by is None:
        raise NotAttributedError(changes[0][1])
    seq, previous = head(session)
    at = by.time
    rows = []
    own: list[Appended] = session.info.setdefault(APPENDED, [])
    for action, entity, entity_id, old, new in changes:
        seq += 1
        own.append(Appended(seq, action, entity, entity_id, by.review, new))
        payload = {
            "seq": seq,
            "at": utc_text(at),
            "actor": by.actor,
            "action": action,
            "entity": entity,
            "entity_id": entity_id,
            "review": by.review,
            "old": old,
            "new": new,
            "reason": by.reason,
            "software": __version__,
            "role": by.role,
            "request": by.request or (token_hex(16) if entity in SEALED_BY else None),
            "previous": previous,
        }
        previous = sha256_of(hashed(payload))
        rows.append({**payload, "at": at, "hash": previous})
    session.connection().execute(sa.insert(Event), rows)
    session.info[WROTE] = True
    session.info[HEAD] = seq, previous  # no other writer appends before this transaction ends


def _is_audited(row: object) -> bool:
    return isinstance(row, Base) and held(type(row)) is Held.EVENTS


@sa_event.listens_for(LedgerSession, "before_flush")
def _refuse_what_history_forbids(session: Session, context: UOWTransaction, rows: Any) -> None:
    del context, rows
    if session.info.get("read_only") and (session.new or session.dirty or session.deleted):
        raise NotAttributedError("a reading session was about to write")
    for row in session.deleted:
        if _is_audited(row):
            raise NotAttributedError(f"rows of {type(row).__name__} are never deleted")


@sa_event.listens_for(LedgerSession, "after_flush")
def _record_changes(session: Session, context: UOWTransaction) -> None:
    del context
    changes: list[_Change] = []
    for inserted, rows in ((True, session.new), (False, session.dirty)):
        audited = [row for row in rows if _is_audited(row)]
        audited.sort(key=lambda row: (row.__tablename__, _identity(row)))
        for row in audited:
            old, new = _change(row, inserted=inserted)
            if new:
                action = "insert" if inserted else "update"
                changes.append((action, row.__tablename__, _identity(row), old, new))
    if changes:
        _append(session, changes)


@sa_event.listens_for(LedgerSession, "do_orm_execute")
def _refuse_bulk_changes(state: ORMExecuteState) -> None:
    if (state.is_update or state.is_delete) and state.bind_mapper is not None:
        entity = state.bind_mapper.class_
        if held(entity) is Held.EVENTS:
            raise NotAttributedError(f"{entity.__name__} changes row by row, so that history sees")


@sa_event.listens_for(Base, "after_mapper_constructed", propagate=True)
def _refuse_a_table_that_history_does_not_know(mapper: Mapper[Any], class_: type[Any]) -> None:
    del mapper
    if "__audited__" in vars(class_):
        raise NotAttributedError(f"{class_.__name__} says __audited__; it is __held__ = Held...")
