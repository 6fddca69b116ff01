"""Which rows belong to blind entries that a person may not see yet."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.extraction.models import (
    Arm,
    Dismissal,
    Entry,
    EntryValue,
    Note,
    Report,
    ReportPdf,
    Result,
)
from review.extraction.queries import visible
from review.extraction.vocabulary import EntryKind
from review.screening.models import Retrieval


def sealed_rows(session: Session, viewer: str | None) -> set[tuple[str, int]]:
    """Return table and id of the rows that belong to entries hidden from a person."""
    of_study: dict[int, list[Entry]] = defaultdict(list)
    blind = sa.select(Entry).where(Entry.kind == EntryKind.BLIND).options(joinedload(Entry.person))
    for entry in session.scalars(blind):
        of_study[entry.study_id].append(entry)
    hidden = [
        entry.id
        for entries in of_study.values()
        for entry in entries
        if entry not in visible(entries, viewer)
    ]
    if not hidden:
        return set()
    found = {
        (table.__tablename__, row_id)
        for table in (Result, EntryValue, Arm, Report, Note, Dismissal)
        for row_id in session.scalars(
            sa.select(table.id).where(table.entry_id.in_(hidden)).execution_options(withdrawn=True)
        )
    }
    return found | _sealed_pdfs(session, [number for table, number in found if table == "report"])


def _sealed_pdfs(session: Session, reports: list[int]) -> set[tuple[str, int]]:
    """Return the PDFs of reports, and their contents where nothing else has them."""
    rows = session.execute(sa.select(ReportPdf.id, ReportPdf.report_id, ReportPdf.full_text_id))
    of_hidden, seen = set(), set(session.scalars(sa.select(Retrieval.full_text_id)))
    found: set[tuple[str, int]] = set()
    for number, report, content in rows:
        if report in reports:
            found.add(("report_pdf", number))
            of_hidden.add(content)
        else:
            seen.add(content)
    return found | {("full_text", content) for content in of_hidden - seen}
