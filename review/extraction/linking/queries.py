"""Reading which study each included report belongs to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.rules import warning_of
from review.extraction.linking.models import ReportLink
from review.extraction.linking.rules import (
    Candidate,
    KnownStudy,
    Suggestion,
    registrations,
    sample_sizes,
    suggest,
    surname,
    surname_of_label,
)
from review.extraction.models import Report, Study
from review.extraction.queries import arms, reports, studies
from review.protocol.models import Review
from review.screening.queries import records_numbered
from review.screening.standings import standing_in
from review.screening.vocabulary import Box


@dataclass(frozen=True, slots=True)
class IncludedReport:
    """A report that was included, and its study where it has one."""

    record: int
    title: str | None
    warning: str | None
    """``RETRACTED`` or what else its file says of the work, where its results may not stand."""
    authors: tuple[str, ...]
    year: int | None
    doi: str | None
    study: str | None


def links(session: Session, review: Review, *, at: datetime | None = None) -> dict[int, int]:
    """Return the study that each linked record belongs to now, or did at a time."""
    query = (
        sa.select(ReportLink.record_id, ReportLink.study_id)
        .join(ReportLink.record)
        .where(Record.review_id == review.id)
        .order_by(ReportLink.id)
    )
    if at is not None:
        query = query.where(ReportLink.linked_at <= at)
    newest = {row.record_id: row.study_id for row in session.execute(query)}
    return {record: study for record, study in newest.items() if study is not None}


def newest_link(session: Session, record: int) -> ReportLink | None:
    """Return the row that counts for a record."""
    return session.scalar(
        sa.select(ReportLink)
        .where(ReportLink.record_id == record)
        .order_by(ReportLink.id.desc())
        .limit(1)
    )


def included_reports(session: Session, review: Review) -> list[IncludedReport]:
    """Return the reports that were included, in order of import, with their studies."""
    included = standing_in(session, review, Box.INCLUDED)
    linked = links(session, review)
    labels = {study.id: study.label for study in studies(session, review)}
    return [
        IncludedReport(
            record=record.id,
            title=record.title,
            warning=warning_of(record.notices),
            authors=tuple(record.authors),
            year=record.year,
            doi=record.doi,
            study=labels[linked[record.id]] if record.id in linked else None,
        )
        for record in records_numbered(session, review, included)
    ]


def _known_studies(session: Session, review: Review) -> list[KnownStudy]:
    found = studies(session, review)
    ids = [study.id for study in found]
    records: dict[int, list[Record]] = defaultdict(list)
    linked = links(session, review)
    for record in records_numbered(session, review, list(linked)):
        records[linked[record.id]].append(record)
    published: dict[int, list[Report]] = defaultdict(list)
    for report in reports(session, ids):
        published[report.study_id].append(report)
    randomised: dict[int, int] = defaultdict(int)
    for arm in arms(session, ids):
        randomised[arm.study_id] += arm.n_randomised or 0
    return [
        _known_study(study, records[study.id], published[study.id], randomised[study.id])
        for study in found
    ]


def _known_study(
    study: Study, records: list[Record], published: list[Report], randomised: int
) -> KnownStudy:
    texts = [_text(record) for record in records]
    cited = [r.citation for r in published]
    numbers = [study.registration or "", *texts, *cited]
    first = {surname(record.authors[0]) for record in records if record.authors}
    return KnownStudy(
        id=study.id,
        label=study.label,
        registrations=frozenset().union(*map(registrations, numbers)),
        first_authors=frozenset({*first, surname_of_label(study.label)} - {""}),
        authors=frozenset(surname(a) for record in records for a in record.authors),
        sizes=frozenset({randomised} - {0}).union(*map(sample_sizes, texts)),
        dois=frozenset(
            doi.lower() for doi in (*(r.doi for r in published), *(r.doi for r in records)) if doi
        ),
    )


def _text(record: Record) -> str:
    return " ".join([record.title or "", record.abstract_known or "", *record.keywords])


def suggestions(session: Session, review: Review) -> list[Suggestion]:
    """Return for each included report without a study those it may belong to."""
    waiting = [r.record for r in included_reports(session, review) if r.study is None]
    known = _known_studies(session, review) if waiting else []
    return [
        suggestion
        for record in records_numbered(session, review, waiting)
        for suggestion in suggest(
            Candidate(
                record=record.id,
                registrations=registrations(_text(record)),
                authors=tuple(map(surname, record.authors)),
                sizes=sample_sizes(_text(record)),
                doi=record.doi,
            ),
            known,
        )
    ]
