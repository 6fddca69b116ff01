"""What a reader must know beside the results: trials left out, open doubts, changed plans."""

from __future__ import annotations

from sqlalchemy.orm import Session

from review.export.tables.model import Column, Footnote, Table
from review.living.reports.notices import HEADINGS
from review.living.reports.noticing import notices_of
from review.protocol.models import Review
from review.protocol.queries import current_versions, plan_of

COLUMNS = (
    Column("analysis", "Analysis"),
    Column("about", "About"),
    Column("study", "Study"),
    Column("what", "What"),
    Column("remedy", "Remedy"),
    Column("key", "Doubt"),
)


def notices_table(session: Session, review: Review) -> Table:
    """Return one row a notice of each planned analysis, with or without a run, as things are."""
    found = notices_of(session, review)
    titles = {v.analysis.slug: plan_of(v).title for v in current_versions(session, review)}
    rows = tuple(
        (
            titles[slug],
            HEADINGS[item.kind],
            item.study,
            f"{item.what} ({item.detail})" if item.detail else item.what,
            item.remedy,
            item.key,
        )
        for slug, notices in found.items()
        for item in notices.items
    )
    return Table(
        title=f"{review.title}: what to know beside the results",
        columns=COLUMNS,
        rows=rows,
        footnotes=(Footnote("As things were when this table was made."),),
    )
