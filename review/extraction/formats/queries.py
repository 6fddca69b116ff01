"""Reading releases and what they claim."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.formats.models import ImportedRelease, SourceLine
from review.extraction.formats.source import SourceRow
from review.protocol.models import Review


def releases(session: Session, review: Review) -> Sequence[ImportedRelease]:
    """Return the releases of a review in the order they came."""
    return session.scalars(
        sa.select(ImportedRelease)
        .where(ImportedRelease.review_id == review.id)
        .order_by(ImportedRelease.id)
    ).all()


def newest_release(session: Session, review: Review, source: str) -> ImportedRelease | None:
    """Return the newest release of a source; None before the first."""
    return session.scalar(
        sa.select(ImportedRelease)
        .where(ImportedRelease.review_id == review.id, ImportedRelease.source == source)
        .order_by(ImportedRelease.number.desc())
        .limit(1)
    )


def rows_of(session: Session, release: ImportedRelease) -> list[SourceRow]:
    """Return the rows of a release in the order of its file."""
    lines = session.execute(
        sa.select(SourceLine.line, SourceLine.key, SourceLine.cells)
        .where(SourceLine.release_id == release.id)
        .order_by(SourceLine.id)
    )
    # Canonical JSON sorts keys; the release keeps the order of the columns.
    order = {name: place for place, name in enumerate(release.columns)}
    return [
        SourceRow(
            line,
            dict(sorted(key.items(), key=lambda item: order.get(item[0], len(order)))),
            dict(sorted(cells.items(), key=lambda item: order.get(item[0], len(order)))),
        )
        for line, key, cells in lines
    ]
