"""Studies whose reports were retracted, corrected or doubted by their journals, as records say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.pair_queries import clusters
from review.citations.queries import notices_of
from review.citations.vocabulary import NoticeKind
from review.extraction.linking.queries import links
from review.extraction.models import Report, Study
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Warned:
    """What a record says of the work that it, and a study, is about."""

    study_id: int
    record: int
    title: str | None
    kind: NoticeKind
    said: str


OF_A_WORK = frozenset(
    {
        NoticeKind.RETRACTED,
        NoticeKind.PARTLY_RETRACTED,
        NoticeKind.CONCERN,
        NoticeKind.CORRECTED,
        NoticeKind.REPUBLISHED,
    }
)
"""Kinds that may change what a study found; comments and updates of it do not."""


def records_warned(session: Session, review: Review) -> dict[int, list[tuple[NoticeKind, str]]]:
    """Return what records say that may change what a work found, by record."""
    told = sa.select(Record).where(Record.review_id == review.id, Record.says_something())
    return {
        record.id: found
        for record in session.scalars(told.order_by(Record.id))
        if (found := [(kind, said) for kind, said in notices_of(record) if kind in OF_A_WORK])
    }


def studies_warned(session: Session, review: Review) -> dict[int, list[Warned]]:
    """Return what records say of studies, by study, in order of records.

    A record is about a study if it, or a duplicate of it, is linked to the study, or if a report
    of the study has its DOI.
    """
    warned = records_warned(session, review)
    if not warned:
        return {}
    linked, same = links(session, review), clusters(session, review)
    numbers = sa.select(Record.id, Record.title, Record.doi).where(Record.id.in_(warned))
    by_doi: dict[str, set[int]] = defaultdict(set)
    dois = (
        sa.select(sa.func.lower(Report.doi), Report.study_id)
        .join(Study, Study.id == Report.study_id)
        .where(Study.review_id == review.id, Report.doi.is_not(None))
    )
    for doi, study in session.execute(dois):
        by_doi[doi].add(study)
    found: dict[int, list[Warned]] = defaultdict(list)
    for record, title, doi in session.execute(numbers.order_by(Record.id)):
        members = {record, *same.members(record)}
        about = {linked[member] for member in members if member in linked}
        about |= by_doi.get(doi or "", set())
        for study in sorted(about):
            found[study] += [
                Warned(study, record, title, kind, said) for kind, said in warned[record]
            ]
    return dict(found)
