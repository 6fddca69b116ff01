"""Writing what helps people screen; nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.people.models import Person
from review.protocol.models import Review
from review.screening import queries as screening
from review.screening.guidance import queries
from review.screening.guidance.models import Eligibility, RecordLabel, TeamNote, TermGroup
from review.screening.guidance.vocabulary import TermKind
from review.screening.vocabulary import Stage

LONGEST_LABEL = 60
LONGEST_NOTE = 4000


def lines_of(text: str) -> list[str]:
    """Return the lines of a text that say something, each once, spaces put right."""
    return list(dict.fromkeys(line for raw in text.splitlines() if (line := " ".join(raw.split()))))


def set_criteria(
    session: Session,
    review: Review,
    *,
    include: Iterable[str],
    exclude: Iterable[str],
    now: datetime,
) -> Eligibility:
    """Make a version of the eligibility criteria; the same as now makes none.

    Raises InvalidDataError where neither list says anything.
    """
    wanted, unwanted = lines_of("\n".join(include)), lines_of("\n".join(exclude))
    if not wanted and not unwanted:
        raise InvalidDataError("criteria need one sentence at least")
    known = queries.criteria(session, review)
    if known is not None and (known.include, known.exclude) == (wanted, unwanted):
        return known
    made = Eligibility(
        review_id=review.id,
        number=known.number + 1 if known is not None else 1,
        include=wanted,
        exclude=unwanted,
        since=now,
    )
    session.add(made)
    session.flush()
    return made


def set_terms(
    session: Session, review: Review, name: str, *, kind: TermKind, terms: Iterable[str]
) -> TermGroup:
    """Say which terms a group marks; a group without terms is shown no more.

    Raises InvalidDataError for a group without a name, or a term of one sign.
    """
    name = " ".join(name.split())
    if not name:
        raise InvalidDataError("a group of terms needs a name")
    wanted = lines_of("\n".join(terms))
    short = [term for term in wanted if len(term.strip("*")) < 2]
    if short:
        raise InvalidDataError(f"a term has two letters at least, not {short[0]!r}")
    group = session.scalar(
        sa.select(TermGroup).where(TermGroup.review_id == review.id, TermGroup.name == name)
    )
    if group is None:
        group = TermGroup(review_id=review.id, name=name, kind=kind, terms=wanted)
        session.add(group)
    group.kind, group.terms = kind, wanted
    session.flush()
    return group


def put_label(
    session: Session,
    review: Review,
    record: int,
    label: str,
    *,
    stage: Stage,
    person: Person,
    now: datetime,
    is_on: bool = True,
) -> bool:
    """Put a label on a record, or take one's own off; return whether that changed anything."""
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL:
        raise InvalidDataError(f"a label has 1 to {LONGEST_LABEL} letters")
    screening.records_numbered(session, review, [record])
    borne = queries.labels_on(session, record, stage, viewer=person, shows_others=False)
    if (label in {one.label for one in borne}) is is_on:
        return False
    session.add(
        RecordLabel(
            record_id=record, stage=stage, person_id=person.id, label=label, is_on=is_on,
            put_at=now,
        )
    )  # fmt: skip
    session.flush()
    return True


def add_note(
    session: Session,
    review: Review,
    record: int,
    text: str,
    *,
    stage: Stage,
    person: Person,
    now: datetime,
) -> None:
    """Say something to the team about a record; raise InvalidDataError for nothing, or too much."""
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise InvalidDataError(f"a note has 1 to {LONGEST_NOTE:,} letters")
    screening.records_numbered(session, review, [record])
    session.add(
        TeamNote(record_id=record, stage=stage, person_id=person.id, text=text, noted_at=now)
    )
    session.flush()
