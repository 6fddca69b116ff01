"""What looked eligible and was excluded, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from review.citations.models import Record
from review.export.contents.columns import Row
from review.export.tables.model import Column, Kind, Table
from review.extraction.queries import reports, studies
from review.protocol.models import Review
from review.screening.queries import ledger, reasons, records_numbered
from review.screening.vocabulary import Box, Stage

MOST_AUTHORS: Final = 3
"""Named before *et al.*"""

COLUMNS: Final = (
    Column("what", "Excluded"),
    Column("reference", "Reference"),
    Column("reason", "Reason"),
    Column("stage", "When"),
)
DATA_COLUMNS: Final = (
    Column("record", "Record", Kind.INTEGER),
    Column("study", "Study"),
    Column("authors", "Authors"),
    Column("year", "Year", Kind.INTEGER),
    Column("title", "Title"),
    Column("journal", "Journal"),
    Column("doi", "DOI"),
    Column("reason", "Reason"),
    Column("stage", "When"),
)

FULL_TEXT: Final = "full text"
AFTERWARDS: Final = "after inclusion"


def excluded_table(session: Session, review: Review) -> Table:
    """Return the reports excluded at full text and the studies taken out later, for print."""
    rows = [
        (_named(record), _reference(record), reason, FULL_TEXT)
        for record, reason in _reports(session, review)
    ]
    cited = _cited(session, review)
    rows += [
        (study.label, cited.get(study.id), study.excluded_because, AFTERWARDS)
        for study in studies(session, review)
        if study.excluded_because is not None
    ]
    return Table(f"{review.title}: excluded studies with reasons", COLUMNS, tuple(rows))


def excluded_data(session: Session, review: Review) -> Table:
    """Return the same with a column a part of the reference."""
    rows: list[Row] = [
        (
            record.id,
            None,
            "; ".join(record.authors) or None,
            record.year,
            record.title,
            record.journal,
            record.doi,
            reason,
            FULL_TEXT,
        )
        for record, reason in _reports(session, review)
    ]
    rows += [
        (None, s.label, None, s.year, None, None, None, s.excluded_because, AFTERWARDS)
        for s in studies(session, review)
        if s.excluded_because is not None
    ]
    return Table(f"{review.title}: excluded studies with reasons", DATA_COLUMNS, tuple(rows))


def _reports(session: Session, review: Review) -> Iterator[tuple[Record, str]]:
    """Yield the reports excluded at full text, by reason in the protocol's order."""
    now = ledger(session, review)
    labels = {reason.place: reason.label for reason in reasons(session, review)}
    places = {
        record: now.standing(Stage.FULL_TEXT, record).reason
        for record in now.records
        if now.box(record) is Box.REPORT_EXCLUDED
    }
    found = records_numbered(session, review, list(places))
    for record in sorted(found, key=lambda r: (places[r.id] or 0, _named(r).casefold(), r.id)):
        yield record, labels.get(places[record.id] or 0, "no reason of the protocol")


def _cited(session: Session, review: Review) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for report in reports(session, [study.id for study in studies(session, review)]):
        doi = f", doi {report.doi}" if report.doi else ""
        found.setdefault(report.study_id, []).append(f"{report.citation}{doi}")
    return {study: "; ".join(cited) for study, cited in found.items()}


def _named(record: Record) -> str:
    """Return ``Author et al. 2020``, or the title where no author is known."""
    families = [author.partition(",")[0].strip() for author in record.authors]
    if not families:
        return record.title or f"record {record.id}"
    who = f"{families[0]} et al." if len(families) > 2 else " & ".join(families)
    return f"{who} {record.year}" if record.year else who


def _reference(record: Record) -> str | None:
    authors = "; ".join(record.authors[:MOST_AUTHORS])
    if len(record.authors) > MOST_AUTHORS:
        authors += "; et al."
    year = f"({record.year})" if record.year else ""
    parts = (f"{authors} {year}".strip(), record.title, record.journal)
    sentences = [part.rstrip(".") for part in parts if part]
    doi = [f"doi {record.doi}"] if record.doi else []
    return ". ".join([*sentences, *doi]) or None
