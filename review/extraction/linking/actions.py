"""Linking included reports to studies. Actions never commit."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.errors import AlreadyExistsError, InvalidDataError
from review.extraction.linking import queries
from review.extraction.linking.models import ReportLink
from review.extraction.linking.rules import citation, registrations
from review.extraction.models import Report, Study
from review.extraction.queries import studies, study_called
from review.extraction.twins import near
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening.queries import ledger, records_numbered
from review.screening.vocabulary import Box


def _included(session: Session, review: Review, number: int) -> Record:
    (record,) = records_numbered(session, review, [number])
    if ledger(session, review, only=[number]).box(number) is not Box.INCLUDED:
        raise InvalidDataError(
            f"record {number} is not included at full text; only included reports have a study"
        )
    return record


def _new_study(
    session: Session, review: Review, label: str, record: Record, *, distinct: bool
) -> Study:
    taken = session.scalar(
        sa.select(Study.id).where(Study.review_id == review.id, Study.label == label)
    )
    if taken is not None:
        raise AlreadyExistsError(f"review {review.slug} already has a study {label!r}")
    twin = next((s.label for s in studies(session, review) if near(s.label, label)), None)
    if twin is not None and not distinct:
        raise InvalidDataError(
            f'"{label}" is nearly "{twin}": the same study? Then link the report to that; if they '
            "differ, add --distinct"
        )
    numbers = registrations(f"{record.title or ''} {record.abstract_known or ''}")
    study = Study(
        review_id=review.id,
        label=label,
        year=record.year if record.year and 1800 <= record.year <= 2200 else None,
        registration=", ".join(sorted(numbers)) or None,
    )
    session.add(study)
    session.flush()
    return study


def _report_of(session: Session, study: Study, record: Record) -> Report:
    text = citation(
        authors=record.authors, title=record.title, journal=record.journal, year=record.year
    )
    same = Report.citation == text
    if record.doi:
        same = sa.or_(same, sa.func.lower(Report.doi) == record.doi.lower())
    known = session.scalar(
        sa.select(Report).where(Report.study_id == study.id, same).order_by(Report.id).limit(1)
    )
    if known is not None:
        return known
    report = Report(study_id=study.id, citation=text, doi=record.doi, year=record.year)
    session.add(report)
    session.flush()
    return report


def link_report(
    session: Session,
    review: Review,
    number: int,
    label: str,
    *,
    handle: str,
    now: datetime,
    new: bool = False,
    distinct: bool = False,
    reason: str | None = None,
) -> bool:
    """Link an included report to a study, many to one; return False where it is linked so already.

    With `new` the study is made, with the registration numbers that the record names; a name that
    is nearly that of another study is refused unless `distinct`. A report that
    was linked elsewhere moves. Raises NotFoundError, AlreadyExistsError, or InvalidDataError for a
    record that is not included.
    """
    person = member_who_may(session, review.id, handle, Deed.EXTRACT)
    record = _included(session, review, number)
    current = queries.newest_link(session, number)
    if current is not None and current.study is not None and current.study.label == label:
        return False
    study = (
        _new_study(session, review, label, record, distinct=distinct)
        if new
        else study_called(session, review, label)
    )
    report = _report_of(session, study, record)
    session.add(
        ReportLink(
            record_id=number,
            study_id=study.id,
            report_id=report.id,
            person_id=person.id,
            reason=reason,
            linked_at=now,
        )
    )
    session.flush()
    return True


def unlink_report(
    session: Session, review: Review, number: int, *, handle: str, now: datetime, reason: str
) -> str:
    """Take a report from its study and return the study's name; raise InvalidDataError."""
    person = member_who_may(session, review.id, handle, Deed.EXTRACT)
    records_numbered(session, review, [number])
    current = queries.newest_link(session, number)
    if current is None or current.study is None:
        raise InvalidDataError(f"record {number} is not linked to a study")
    label = current.study.label
    session.add(
        ReportLink(
            record_id=number,
            study_id=None,
            report_id=None,
            person_id=person.id,
            reason=reason,
            linked_at=now,
        )
    )
    session.flush()
    return label
