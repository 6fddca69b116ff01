"""Imports of extraction files and releases, and taking one back. Never commits.

The history knows what an import did, row by row. Undoing it withdraws what it added and gives back
what it changed, as long as all of it is as the import left it and nothing was built on it since.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.db import Base, UtcDateTime, in_parts
from review.errors import InvalidDataError, NotFoundError, Remedy
from review.extraction.fields import written
from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.mending.acts import Mended, needs_reason
from review.extraction.mending.naming import DISTINCT
from review.extraction.models import Arm, Dismissal, Entry, EntryValue, Report, Result, Study
from review.extraction.past_imports import ENTITY, NAMES, past_imports
from review.extraction.queries import UNDONE
from review.extraction.sealing import sealed_rows
from review.extraction.vocabulary import EntryKind
from review.history.actions import record_step
from review.history.models import Event
from review.history.references import Reference, references, said_of
from review.history.withdrawal import Withdrawable
from review.protocol.models import Instrument, Review
from review.wording import counted

_TABLES: Final[Mapping[str, type[Base]]] = {
    kind.__tablename__: kind
    for kind in (Study, Report, Arm, Entry, Result, EntryValue, Instrument, ImportedRelease)
}
"""What an import writes (`NAMES`)."""

DRAFTS: Final = ("draft", "appraisal_draft")
"""Tables whose rows only their authors see."""


@dataclass
class _Undo:
    """An import on its way back."""

    inserted: dict[str, dict[int, dict[str, Any]]]
    """Values as the import left them, by table and id."""
    updated: dict[tuple[str, int], tuple[dict[str, Any], dict[str, Any]]]
    """Values before and after, by table and id."""


def undo_import(
    session: Session, review: Review, *, number: int, person: str, reason: str
) -> Mended:
    """Take an import back: what it added is withdrawn, what it changed is as before.

    `person` undoes it, and may not see others' blind entries.

    Raises
    ------
    NotFoundError
        If the review has no import of that number.
    InvalidDataError
        If it was undone before, or something was decided on it, which is named.
    """
    why = needs_reason(reason)
    known = {past.number: past for past in past_imports(session, review)}
    if number not in known:
        raise NotFoundError(
            f"review {review.slug} has no import {number}",
            remedy=Remedy("see them with", "review extract imports"),
        )
    past = known[number]
    if past.undone is not None:
        raise InvalidDataError(f"import {number} ({past.file}) was undone before: {past.undone}")
    step = session.get_one(Event, number)
    undo = _read(session, (step.new or {})["first"], number)
    rows = _rows(session, undo)
    unseen = sealed_rows(session, person)
    if rows.keys() & unseen:
        raise InvalidDataError(
            f"import {number} ({past.file}) is of a blind entry that you may not see yet: "
            f"{past.by} can undo it"
        )
    since = [*_changed_since(rows, undo), *_built_since(session, undo, unseen, person)]
    if since:
        raise InvalidDataError(
            f"import {number} ({past.file}) cannot be undone, because something was decided on it "
            f"since: {'; '.join(since)}"
        )
    details = _give_back(rows, undo)
    session.flush()
    for table, ids in undo.inserted.items():
        for row_id in ids:
            row = rows[table, row_id]
            assert isinstance(row, Withdrawable)
            row.withdrawn_because = f"{UNDONE} ({past.file}): {why}"
    count = [counted(len(ids), *NAMES[table]) for table, ids in undo.inserted.items() if ids]
    mended = Mended(
        f"the import of {past.file} by {past.by} was undone",
        (f"withdrawn: {', '.join(count) or 'nothing'}", *details),
    )
    session.flush()
    record_step(session, "undo", entity=ENTITY, said=mended.sentence, **{"import": number})
    return mended


def _read(session: Session, first: int, last: int) -> _Undo:
    """Return what the events of an import did, the net of it."""
    undo = _Undo(defaultdict(dict), {})
    events = session.scalars(
        sa.select(Event)
        .where(Event.seq >= first, Event.seq < last, Event.entity.in_(list(_TABLES)))
        .order_by(Event.seq)
    )
    for event in events:
        assert event.entity_id is not None
        new = dict(event.new or {})
        if event.action == "insert":
            undo.inserted[event.entity][event.entity_id] = new
        elif event.action == "update" and event.entity_id in undo.inserted[event.entity]:
            undo.inserted[event.entity][event.entity_id].update(new)
        elif event.action == "update":
            old, later = undo.updated.get((event.entity, event.entity_id), ({}, {}))
            undo.updated[event.entity, event.entity_id] = (
                {**(event.old or {}), **old},
                {**later, **new},
            )
    return undo


def _rows(session: Session, undo: _Undo) -> dict[tuple[str, int], Base]:
    wanted: dict[str, set[int]] = {table: set(ids) for table, ids in undo.inserted.items()}
    for table, row_id in undo.updated:
        wanted.setdefault(table, set()).add(row_id)
    found: dict[tuple[str, int], Base] = {}
    for table, ids in wanted.items():
        kind: Any = _TABLES[table]
        for part in in_parts(sorted(ids)):
            query = sa.select(kind).where(kind.id.in_(part)).execution_options(withdrawn=True)
            found.update(((table, row.id), row) for row in session.scalars(query))
    return found


_NOT_COMPARED: Final = frozenset({"version", "id"})


def _changed_since(rows: Mapping[tuple[str, int], Base], undo: _Undo) -> list[str]:
    """Return the rows that are not as the import left them."""
    left = {
        **{(t, i): values for t, ids in undo.inserted.items() for i, values in ids.items()},
        **{place: new for place, (_, new) in undo.updated.items()},
    }
    changed: Counter[str] = Counter()
    names: dict[str, set[str]] = defaultdict(set)
    for (table, row_id), values in left.items():
        row = rows[table, row_id]
        columns = values if (table, row_id) in undo.updated else _columns(type(row))
        differing = {
            name
            for name in columns
            if name not in _NOT_COMPARED and _plain(getattr(row, name)) != values.get(name)
        }
        if differing:
            changed[table] += 1
            names[table] |= differing
    return [
        f"{counted(n, *NAMES[table])} changed ({', '.join(sorted(names[table]))})"
        for table, n in changed.items()
    ]


def _columns(kind: type[Base]) -> list[str]:
    return [attribute.key for attribute in sa.inspect(kind).column_attrs]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return getattr(value, "value", value)


def _built_since(
    session: Session, undo: _Undo, unseen: Set[tuple[str, int]], person: str
) -> list[str]:
    """Return what refers to the rows of the import, did not come with it, and may be told.

    What a blind entry or a draft of others holds may not; that there is the entry, may.
    """
    own: dict[str, set[int]] = {table: set(ids) for table, ids in undo.inserted.items()}
    releases = sorted(own.get("imported_release", ()))
    undone = sa.select(ImportedRelease.id).where(ImportedRelease.withdrawn_because.is_not(None))
    lines = set(
        session.scalars(
            sa.select(SourceLine.id)
            .where(sa.or_(SourceLine.release_id.in_(releases), SourceLine.release_id.in_(undone)))
            .execution_options(withdrawn=True)
        )
    )
    own["source_line"] = lines
    own["source_result"] = set(
        session.scalars(sa.select(SourceResult.id).where(SourceResult.source_line_id.in_(lines)))
    )
    own["dismissal"] = set(
        session.scalars(sa.select(Dismissal.id).where(Dismissal.reason == DISTINCT))
    )
    found: list[Reference] = []
    for table in ("study", "report", "arm", "entry", "result", "instrument"):
        if own.get(table):
            found += references(session, table, own[table], apart_from=own, unaudited=True)
    told = [
        one
        for one in found
        if (one.table, one.id) not in unseen
        and (one.table not in DRAFTS or one.by in (None, person))
    ]
    return [*said_of(told), *_agreed_since(session, undo), *_released_since(session, releases)]


def _agreed_since(session: Session, undo: _Undo) -> list[str]:
    """Return the studies whose blind entries came with the import and have a consensus by now."""
    entries = undo.inserted.get("entry", {})
    blind = {v["study_id"] for v in entries.values() if v["kind"] == EntryKind.BLIND.value}
    agreed = session.scalars(
        sa.select(Study.label)
        .join(Entry, Entry.study_id == Study.id)
        .where(Study.id.in_(blind), Entry.kind == EntryKind.CONSENSUS)
        .order_by(Study.label)
    ).all()
    return [f"the consensus of {label}" for label in agreed]


def _released_since(session: Session, releases: list[int]) -> list[str]:
    later = []
    for number in releases:
        mine = session.get_one(ImportedRelease, number)
        newer = session.scalars(
            sa.select(ImportedRelease).where(
                ImportedRelease.review_id == mine.review_id,
                ImportedRelease.source == mine.source,
                ImportedRelease.number > mine.number,
            )
        )
        later += [f"release {release.number} of {release.source}" for release in newer]
    return later


def _give_back(rows: Mapping[tuple[str, int], Base], undo: _Undo) -> list[str]:
    """Set what was changed to what it was; return it in words."""
    said = []
    for (table, row_id), (old, new) in undo.updated.items():
        row = rows[table, row_id]
        columns = sa.inspect(type(row)).columns
        for name in new:
            if name in _NOT_COMPARED:
                continue
            setattr(row, name, _typed(columns[name].type, old.get(name)))
            what, _ = NAMES[table]
            said.append(
                f"{what} {row_id}: {name} {written(new[name]) or 'empty'} is "
                f"{written(old.get(name)) or 'empty'} again"
            )
    return said


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return datetime.fromisoformat(value) if isinstance(kind, UtcDateTime) else value
