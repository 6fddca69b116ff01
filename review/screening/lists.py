"""Lists of records with what was said of them, for those who may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload

from review.citations.models import Record
from review.citations.rules import warning_of
from review.db import in_parts
from review.history.kept import kept
from review.people.models import Person, identity
from review.protocol.models import Review
from review.screening.models import Decision, ExclusionReason, Withdrawal
from review.screening.queries import STANDS
from review.screening.vocabulary import Stage, Verdict

Asked = Sequence[int] | sa.Select[int]
"""Records by number, or by a query for their numbers, which spares naming many of them."""


def _among(column: InstrumentedAttribute[int], asked: Asked) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions that a record is asked for, part by part."""
    if isinstance(asked, sa.Select):
        return iter([column.in_(asked)])
    return (column.in_(some) for some in in_parts(asked))


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said."""

    who: str
    verdict: Verdict
    reason: str | None
    note: str | None


def newest_on(session: Session, records: Asked, stage: Stage) -> Mapping[int, Mapping[int, Said]]:
    """Return what each person said last of some records at a stage, the newest saying last.

    By record and the person's identity. Decisions alike come in one row, for of very many decisions
    few differ in more than their record.
    """
    labels = {reason.id: reason.label for reason in session.scalars(sa.select(ExclusionReason))}
    people = {one.id: one for one in session.scalars(sa.select(Person))}
    kinds = (Decision.person_id, Decision.verdict, Decision.reason_id, Decision.note)
    numbers = [
        sa.func.aggregate_strings(sa.cast(column, sa.String), ",")
        for column in (Decision.id, Decision.record_id)
    ]
    said: list[tuple[int, int, int, Said]] = []
    for asked in _among(Decision.record_id, records):
        alike = (
            sa.select(*kinds).add_columns(*numbers).where(asked, Decision.stage == stage, STANDS)
        )
        rows = session.execute(alike.group_by(*kinds))
        for person, verdict, reason, note, ids, of in rows:
            who = people[person].identity
            saying = Said(people[person].name, verdict, labels.get(reason), note)
            said += [
                (int(number), int(record), who, saying)
                for number, record in zip(ids.split(","), of.split(","), strict=True)
            ]
    found: dict[int, dict[int, Said]] = {}
    for _, record, who, saying in sorted(said):
        of_record = found.setdefault(record, {})
        of_record.pop(who, None)
        of_record[who] = saying
    return found


class Titled(NamedTuple):
    """A record in a list."""

    record: int
    title: str | None
    year: int | None
    warning: str | None
    """``RETRACTED`` or what else its file says of the work, where its results may not stand."""


def titled(session: Session, review: Review, records: Asked) -> list[Titled]:
    """Return title and year of some records of a review, with warnings, in order of import."""
    said = sa.select(Record.id, Record.notices).where(
        Record.review_id == review.id, Record.says_something()
    )
    warnings = {number: warning_of(notices) for number, notices in session.execute(said)}
    return [
        Titled(number, title, year, warnings.get(number))
        for asked in _among(Record.id, records)
        for number, title, year in session.execute(
            sa.select(Record.id, Record.title, Record.year).where(asked).order_by(Record.id)
        )
    ]


def own_decisions(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    person: int | None,
    only: Asked | None = None,
) -> dict[int, Decision]:
    """Return a person's newest decision on each record at a stage, by record; of some, or all."""
    theirs = (
        sa.select(Decision)
        .join(Decision.record)
        .join(Decision.person)
        .where(Record.review_id == review.id, Decision.stage == stage, identity == person, STANDS)
        .options(joinedload(Decision.reason))
        .order_by(Decision.id)
    )
    return {
        decision.record_id: decision
        for asked in ([sa.true()] if only is None else _among(Decision.record_id, only))
        for decision in session.scalars(theirs.where(asked))
    }


def newest_of(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    person: int,
    before: int | None = None,
    after: int | None = None,
    limit: int | None = None,
    verdict: Verdict | None = None,
    containing: str | None = None,
    among: Sequence[int] | None = None,
) -> Sequence[Decision]:
    """Return a person's newest decision on each record at a stage, the last one first.

    A page of them begins `before` a decision and has at most `limit`; those `after` a decision
    come the other way round. `verdict`, `containing` (in title or abstract) and `among` (records)
    choose some.
    """
    asked: list[sa.ColumnElement[bool]] = []
    if before is not None:
        asked.append(Decision.id < before)
    if after is not None:
        asked.append(Decision.id > after)
    if verdict is not None:
        asked.append(Decision.verdict == verdict)
    if containing:
        asked.append(Record.contains(containing))
    if among is not None:
        asked.append(Decision.record_id.in_(among))
    return session.scalars(
        newest_asked(session, review, stage=stage, person=person)
        .where(*asked)
        .order_by(Decision.id.desc() if after is None else Decision.id)
        .limit(limit)
    ).all()


@kept(Person)
def names_of(session: Session, person: int) -> Sequence[int]:
    """Return the ids of all names of a person."""
    return tuple(session.scalars(sa.select(Person.id).where(identity == person)))


def newest_asked(
    session: Session, review: Review, *, stage: Stage, person: int
) -> sa.Select[Decision]:
    """Ask for a person's newest decision on each record at a stage, in no order."""
    names = list(names_of(session, person))  # not as a query, which would have all of them read
    return newest_said().params(review=review.id, stage=stage, names=names)


@cache
def newest_said() -> sa.Select[Decision]:
    """Ask for the newest decisions on records of a `review` at a `stage` under some `names`."""
    names: sa.BindParameter[int] = sa.bindparam("names", expanding=True)
    later = aliased(Decision)
    replaced = sa.exists().where(
        later.record_id == Decision.record_id,
        later.stage == Decision.stage,
        later.id > Decision.id,
        later.person_id.in_(names),
        sa.not_(sa.exists().where(Withdrawal.decision_id == later.id)),
    )
    return (
        sa.select(Decision)
        .join(Decision.record)
        .where(
            Record.review_id == sa.bindparam("review"),
            Decision.stage == sa.bindparam("stage", type_=Decision.stage.type),
            Decision.person_id.in_(names),
            STANDS,
            sa.not_(replaced),
        )
        .options(joinedload(Decision.reason))
    )
