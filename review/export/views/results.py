"""The results that count, each with its numbers as reported and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.evidence_queries import evidence
from review.extraction.models import Entry, Result, Study
from review.extraction.numbers import ReportedNumbers
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class CountingResult:
    """A result of the consensus entry, or of the only one, as its report gives it."""

    id: int
    study_id: int
    study: str
    year: int | None
    study_excluded_because: str | None
    outcome: str
    instrument: str
    higher_is_better: bool | None
    rater: str
    timepoint: str
    weeks: float | None
    analysis_set: str
    level: str
    arm: str
    versus_arm: str | None
    with_instrument: str | None
    favours: str | None
    numbers: Mapping[str, float | str | bool]
    """What is reported, by the columns of extraction tables; nothing is converted."""
    entry: str
    """``consensus`` or ``single``; blind entries do not count."""
    report: str | None
    page: str | None
    quote: str | None


NUMBERS = tuple(name for name in ReportedNumbers._fields if name != "towards")
"""What of reported numbers is in reports: `towards` follows from their words."""


def results_of(session: Session, review: Review) -> tuple[CountingResult, ...]:
    """Return the results of a review that count, in the order in which they were entered."""
    found = sorted((item for _, item in evidence(session, [review.id])), key=lambda x: x.result_id)
    quotes = _quotes(session, review)
    return tuple(
        CountingResult(
            id=item.result_id,
            study_id=item.study_id,
            study=item.study,
            year=item.year,
            study_excluded_because=item.excluded_because,
            outcome=item.outcome,
            instrument=item.instrument,
            higher_is_better=item.higher_is_better,
            rater=item.rater.value,
            timepoint=item.timepoint,
            weeks=item.weeks,
            analysis_set=item.analysis_set.value,
            level=item.level.value,
            arm=item.arm.label,
            versus_arm=item.versus.label if item.versus else None,
            with_instrument=item.with_instrument,
            favours=item.favours,
            numbers={
                name: value
                for name in NUMBERS
                if (value := getattr(item.numbers, name)) is not None
            },
            entry=item.entry_kind,
            report=item.report,
            page=item.page,
            quote=quotes.get(item.result_id),
        )
        for item in found
    )


def _quotes(session: Session, review: Review) -> dict[int, str]:
    rows = session.execute(
        sa.select(Result.id, Result.quote)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id == review.id, Result.quote.is_not(None))
    )
    return {row.id: row.quote for row in rows if row.quote}
