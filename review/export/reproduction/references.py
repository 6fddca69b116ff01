"""The reports of a review's included studies, as references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.formats.entry import Entry
from review.citations.formats.registry import WRITERS
from review.citations.queries import entry_of, listed_records
from review.citations.vocabulary import Format
from review.extraction.linking.models import ReportLink
from review.extraction.linking.queries import included_reports, links
from review.extraction.queries import reports, studies
from review.protocol.models import Review
from review.screening.queries import records_numbered

REFERENCES: Final = {
    "csl-json": WRITERS[Format.CSL_JSON],
    "ris": WRITERS[Format.RIS],
    "bibtex": WRITERS[Format.BIBTEX],
}
"""What reference managers read."""


@dataclass(frozen=True, slots=True)
class BibliographyItem:
    """A report of an included study.

    `cited` is the citation as somebody typed it where no record has the report: its parts are not
    known, so that `entry` has the citation for a title, and no style can arrange it.
    """

    study: str | None
    entry: Entry
    cited: str | None = None


def included_references(session: Session, review: Review) -> list[BibliographyItem]:
    """Return the reports of included studies, by study, year and title, each once.

    Of a record linked to a study, or included at full text, the record is taken; of a report that
    was entered with a study alone, its citation.
    """
    found = {
        ((reference.entry.doi or "").lower() or reference.cited or id(reference)): reference
        for reference in (*_cited(session, review), *_recorded(session, review))
    }
    return sorted(found.values(), key=_place)


def record_references(session: Session, review: Review) -> list[BibliographyItem]:
    """Return all records of a review but duplicates, in order of import."""
    found = listed_records(session, review, in_scope_only=True)
    return [BibliographyItem(None, entry_of(listed.record)) for listed in found]


def _place(reference: BibliographyItem) -> tuple[str, int, str, str]:
    entry = reference.entry
    study, title = reference.study or "", entry.title or ""
    return (study.casefold(), entry.year or 0, title.casefold(), entry.doi or "")


def _recorded(session: Session, review: Review) -> Iterator[BibliographyItem]:
    included = {s.id: s.label for s in studies(session, review) if s.excluded_because is None}
    linked = links(session, review)
    by_record = {record: included[study] for record, study in linked.items() if study in included}
    waiting = {r.record: None for r in included_reports(session, review) if r.record not in linked}
    of = {**waiting, **by_record}
    for record in records_numbered(session, review, sorted(of)):
        yield BibliographyItem(of[record.id], entry_of(record))


def _cited(session: Session, review: Review) -> Iterator[BibliographyItem]:
    included = {s.id: s.label for s in studies(session, review) if s.excluded_because is None}
    with_record = set(
        session.scalars(
            sa.select(ReportLink.report_id).where(ReportLink.study_id.in_(list(included)))
        )
    )
    for report in reports(session, list(included)):
        if report.id in with_record:
            continue
        entry = Entry(line=0, raw="", title=report.citation, year=report.year, doi=report.doi)
        yield BibliographyItem(included[report.study_id], entry, report.citation)
