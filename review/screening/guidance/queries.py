"""Reading what helps people screen; labels and notes of others only where they may be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.citations.models import Record
from review.people.models import Person
from review.protocol.models import Review
from review.screening.guidance.models import Eligibility, RecordLabel, TeamNote, TermGroup
from review.screening.vocabulary import Stage


def criteria_versions(session: Session, review: Review) -> Sequence[Eligibility]:
    """Return all versions of the eligibility criteria, the newest first."""
    return session.scalars(
        sa.select(Eligibility)
        .where(Eligibility.review_id == review.id)
        .order_by(Eligibility.number.desc())
    ).all()


def criteria(session: Session, review: Review) -> Eligibility | None:
    """Return the criteria that hold now; None where there are none."""
    return session.scalar(
        sa.select(Eligibility)
        .where(Eligibility.review_id == review.id)
        .order_by(Eligibility.number.desc())
        .limit(1)
    )


def term_groups(session: Session, review: Review) -> Sequence[TermGroup]:
    """Return the groups of terms to mark, in order of making; those without terms are left out."""
    found = session.scalars(
        sa.select(TermGroup).where(TermGroup.review_id == review.id).order_by(TermGroup.id)
    )
    return [group for group in found if group.terms]


def spoken_of(session: Session, records: Sequence[int], stage: Stage) -> set[int]:
    """Return those of some records that bear labels or notes of anybody; ask no more of others."""
    return set(session.scalars(_spoken(), {"records": list(records), "stage": stage}))


@cache
def _spoken() -> sa.CompoundSelect[int]:
    some = sa.bindparam("records", expanding=True, type_=sa.Integer)
    stage = sa.bindparam("stage", type_=RecordLabel.stage.type)
    asked = (
        sa.select(table.record_id).where(table.record_id.in_(some), table.stage == stage)
        for table in (RecordLabel, TeamNote)
    )
    return sa.union(*asked)


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody says to the team about a record."""

    who: str
    text: str
    at: datetime


def notes_on(
    session: Session, record: int, stage: Stage, *, viewer: Person | None, shows_others: bool
) -> list[Note]:
    """Return the notes on a record at a stage, the oldest first: one's own, or everybody's.

    `shows_others` is `Ledger.shows_others`: whether its decisions may be seen.
    """
    found = session.scalars(
        sa.select(TeamNote)
        .where(TeamNote.record_id == record, TeamNote.stage == stage)
        .options(joinedload(TeamNote.person))
        .order_by(TeamNote.id)
    )
    return [
        Note(one.person.name, one.text, one.noted_at)
        for one in found
        if shows_others or (viewer is not None and one.person.identity == viewer.identity)
    ]


def notes_counted(session: Session, records: Sequence[int], stage: Stage) -> dict[int, int]:
    """Return how many notes records bear, for those whose decisions may be seen."""
    rows = session.execute(
        sa.select(TeamNote.record_id, sa.func.count().label("notes"))
        .where(TeamNote.record_id.in_(records), TeamNote.stage == stage)
        .group_by(TeamNote.record_id)
    )
    return {row.record_id: row.notes for row in rows}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label that a record bears, and who put it there."""

    label: str
    who: tuple[str, ...]
    mine: bool


def labels_on(
    session: Session, record: int, stage: Stage, *, viewer: Person | None, shows_others: bool
) -> list[Labelled]:
    """Return the labels that a record bears at a stage: one's own, or everybody's."""
    rows = session.scalars(
        sa.select(RecordLabel)
        .where(RecordLabel.record_id == record, RecordLabel.stage == stage)
        .options(joinedload(RecordLabel.person))
        .order_by(RecordLabel.id)
    )
    me = None if viewer is None else viewer.identity
    newest = {(row.label, row.person.identity): row for row in rows}
    by_label: dict[str, list[RecordLabel]] = defaultdict(list)
    for (label, who), row in newest.items():
        if row.is_on and (shows_others or who == me):
            by_label[label].append(row)
    return [
        Labelled(
            label,
            tuple(row.person.name for row in put),
            any(row.person.identity == me for row in put),
        )
        for label, put in sorted(by_label.items())
    ]


def _of(review: Review) -> sa.ColumnElement[bool]:
    """Whether a label is of a review; asked of each label, for these are few and records many."""
    return sa.exists().where(Record.id == RecordLabel.record_id, Record.review_id == review.id)


def labels_of(session: Session, review: Review, viewer: Person) -> list[str]:
    """Return the labels that a person has used, to be offered again."""
    return list(
        session.scalars(
            sa.select(RecordLabel.label)
            .where(RecordLabel.person_id == viewer.id, _of(review))
            .distinct()
            .order_by(RecordLabel.label)
        )
    )


def labelled(session: Session, review: Review, viewer: Person, label: str) -> list[int]:
    """Return the records that bear a label of a person's own, in order of import."""
    rows = session.execute(
        sa.select(RecordLabel.record_id, RecordLabel.stage, RecordLabel.is_on)
        .where(
            _of(review),
            RecordLabel.person_id == viewer.id,
            RecordLabel.label == label,
        )
        .order_by(RecordLabel.id)
    )
    newest = {(record, stage): is_on for record, stage, is_on in rows}
    return sorted({record for (record, _), is_on in newest.items() if is_on})
