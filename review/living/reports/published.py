"""Published pooled lines, read against margins from the printed numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.protocol.models import PublishedResult, Review
from review.protocol.queries import published_results
from review.synthesis.noninferiority import PublishedReading, reading_of_published


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """A published line and what its numbers say; no reading where no margin applies."""

    outcome: str
    label: str
    doi: str | None
    measure: str
    k: int | None
    estimate: float
    ci: tuple[float, float]
    p: float | None
    direction: str
    source: str
    note: str
    reading: PublishedReading | None


def published_lines(session: Session, review: Review) -> Sequence[PublishedLine]:
    """Return the published lines of a review with their readings, recomputed."""
    return [_line(row) for row in published_results(session, review)]


def _line(row: PublishedResult) -> PublishedLine:
    reading = (
        reading_of_published(row.estimate, row.ci_low, row.ci_high, row.level, row.margins)
        if row.margins
        else None
    )
    return PublishedLine(
        outcome=row.outcome.slug,
        label=row.label,
        doi=row.doi,
        measure=row.measure,
        k=row.k,
        estimate=row.estimate,
        ci=(row.ci_low, row.ci_high),
        p=row.p,
        direction=row.direction,
        source=row.source,
        note=row.note,
        reading=reading,
    )
