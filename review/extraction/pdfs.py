"""PDFs of reports: kept once by content, seen by whoever sees the report. Nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.extraction import queries
from review.extraction.linking.models import ReportLink
from review.extraction.models import Report, ReportPdf, Study
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening.models import FullText
from review.screening.queries import newest_retrievals
from review.screening.retrieval import Pdf, keep_pdf


@dataclass(frozen=True, slots=True)
class KnownPdf:
    """A PDF of a report."""

    report: int
    sha256: str
    name: str
    size: int


def pdfs_of(session: Session, study: int, viewer: str | None) -> list[KnownPdf]:
    """Return the PDFs of a study's reports, as far as a person sees the reports.

    Those that were obtained for screening count too, where their record is linked to a report.
    """
    own = [entry.id for entry in queries.visible_entries(session, [study], viewer)]
    ids = [report.id for report in queries.reports(session, [study], own)]
    rows = session.execute(
        sa.select(ReportPdf.report_id, FullText.sha256, ReportPdf.name, FullText.size)
        .join(FullText, ReportPdf.full_text_id == FullText.id)
        .where(ReportPdf.report_id.in_(ids))
        .order_by(ReportPdf.id)
    )
    found = [KnownPdf(*row) for row in rows]
    linked = {link.record_id: link.report_id for link in _links(session, study)}
    there = {(pdf.report, pdf.sha256) for pdf in found}
    for record, retrieval in newest_retrievals(session, list(linked)).items():
        text, report = retrieval.full_text, linked[record]
        if text is not None and report is not None and (report, text.sha256) not in there:
            name = retrieval.file or f"record-{record}.pdf"
            found.insert(0, KnownPdf(report, text.sha256, name, text.size))
    return found


def _links(session: Session, study: int) -> Sequence[ReportLink]:
    """Return the newest link of each record that is of a study."""
    newest = sa.select(sa.func.max(ReportLink.id)).group_by(ReportLink.record_id)
    return session.scalars(
        sa.select(ReportLink)
        .where(ReportLink.id.in_(newest), ReportLink.study_id == study)
        .order_by(ReportLink.id)
    ).all()


def report_numbered(session: Session, review: Review, number: int, viewer: str | None) -> Report:
    """Return a report that a person may see; raise NotFoundError for any other."""
    report = session.scalar(
        sa.select(Report)
        .join(Study, Report.study_id == Study.id)
        .where(Report.id == number, Study.review_id == review.id)
    )
    if report is not None and report.entry_id is not None:
        seen = queries.visible_entries(session, [report.study_id], viewer)
        if report.entry_id not in {entry.id for entry in seen}:
            report = None
    if report is None:
        raise NotFoundError(f"review {review.slug} has no report {number}")
    return report


def add_pdf(
    session: Session, review: Review, number: int, pdf: Pdf, *, person: str, now: datetime
) -> KnownPdf:
    """Keep a PDF of a report; the same content again changes nothing.

    Raises NotFoundError for a report that the person does not see, InvalidDataError for what is no
    PDF or too large.
    """
    report = report_numbered(session, review, number, person)
    by = member_who_may(session, review.id, person, Deed.EXTRACT)
    content = keep_pdf(session, pdf)
    known = session.scalar(
        sa.select(ReportPdf).where(
            ReportPdf.report_id == report.id, ReportPdf.full_text_id == content.id
        )
    )
    if known is None:
        known = ReportPdf(
            report_id=report.id, full_text_id=content.id, name=pdf.name, person_id=by.id,
            added_at=now,
        )  # fmt: skip
        session.add(known)
        session.flush()
    return KnownPdf(report.id, content.sha256, known.name, content.size)


def pdf_of(
    session: Session, review: Review, number: int, sha256: str | None, viewer: str | None
) -> KnownPdf:
    """Return a PDF of a report, the newest where none is named; raise NotFoundError."""
    report = report_numbered(session, review, number, viewer)
    found = [pdf for pdf in pdfs_of(session, report.study_id, viewer) if pdf.report == number]
    chosen = [pdf for pdf in found if sha256 in (None, pdf.sha256)]
    if not chosen:
        raise NotFoundError(f"report {number} has no such PDF")
    return chosen[-1]
