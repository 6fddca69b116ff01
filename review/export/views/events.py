"""The history as people read it: who did what, when, why; blind entries of others stay sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.export.views.current import names_in_history
from review.history.queries import Seen, events, events_of, verify
from review.living.runs.queries import anchors
from review.protocol.models import Review

PAGE: Final = 50
MOST_OF_A_STUDY: Final = 200

VERBS: Final = {
    "insert": "added", "update": "changed", "delete": "removed", "import": "took in",
    "edit": "corrected", "dedupe": "finished", "demonstrate": "filled",
}  # fmt: skip

HIDDEN: Final = frozenset(
    {"id", "version", "entry_id", "arm_id", "study_id", "review_id", "rows", "digests"}
)
"""Columns, and digests for `review verify`, that say nothing to a reader."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One value before and after."""

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event in words."""

    seq: int
    at: datetime
    actor: str
    role: str | None
    """What they were in the review then; older events do not say."""
    done: str
    entity: str
    entity_id: int | None
    cells: tuple[CellChange, ...]
    reason: str | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events somebody wants to see."""

    actor: str | None = None
    entity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """Older than this event: the next page."""
    most: int = PAGE


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some events of a review, the newest first."""

    review: str
    events: tuple[EventLine, ...]
    asked: Asked
    next: int | None
    """The event that the next page begins before; None on the last."""
    actors: tuple[str, ...]
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole history found."""

    events: int
    anchors: int
    head: int
    head_hash: str
    problems: tuple[str, ...]


def history_page(
    session: Session, review: Review, asked: Asked, *, viewer: str | None
) -> HistoryPage:
    """Return a page of a review's history as far as somebody may see it."""
    found = events(
        session, viewer=viewer, review=review.slug, entity=asked.entity, actor=asked.actor,
        since=asked.since, until=asked.until, before=asked.before, limit=asked.most + 1,
    )  # fmt: skip
    named = names_in_history(session, review)
    return HistoryPage(
        review=review.slug,
        events=tuple(map(_line, found[: asked.most])),
        asked=asked,
        next=found[asked.most - 1].seq if len(found) > asked.most else None,
        actors=tuple(sorted(named.actors)),
        entities=tuple(sorted(named.entities)),
    )


def events_of_rows(
    session: Session, rows: Mapping[str, Sequence[int]], *, viewer: str | None
) -> tuple[EventLine, ...]:
    """Return the newest events of some rows, by table, the newest first."""
    return tuple(map(_line, events_of(session, rows, viewer=viewer, limit=MOST_OF_A_STUDY)))


def verified(session: Session) -> Verified:
    """Check that no event was altered, removed or reordered, and that runs noted the same."""
    report = verify(session, anchors(session))
    return Verified(
        report.events, report.anchors, report.head_seq, report.head_hash, report.problems
    )


def _line(event: Seen) -> EventLine:
    sealed = "sealed" in (event.new or {})
    return EventLine(
        seq=event.seq,
        at=event.at,
        actor=event.actor,
        role=event.role,
        done=VERBS.get(event.action, event.action.replace("_", " ")),
        entity=event.entity.replace("_", " "),
        entity_id=event.entity_id,
        cells=() if sealed else tuple(_cells(event.old or {}, event.new or {})),
        reason=event.reason,
        sealed=sealed,
    )


def _cells(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[CellChange]:
    for name in {**old, **new}:
        if name in HIDDEN:
            continue
        was, now = old.get(name), new.get(name)
        if was != now:
            yield CellChange(name.replace("_", " "), _text(was), _text(now))


def _text(value: object, most: int = 160) -> str | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        text = ", ".join(f"{name} {number}" for name, number in value.items()) or "nothing"
    else:
        text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
