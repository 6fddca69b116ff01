"""PDF files of reports as they are kept: known by their content, read in parts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.protocol.models import Review
from review.screening import queries
from review.screening.models import FullText


@dataclass(frozen=True, slots=True)
class StoredPdf:
    """A PDF, without its bytes."""

    sha256: str
    size: int
    name: str
    """The name that it came under."""


def pdf_of_record(session: Session, review: Review, record: int) -> StoredPdf:
    """Return the PDF of a record of a review; raise NotFoundError where it has none."""
    queries.records_numbered(session, review, [record])
    found = queries.newest_retrievals(session, [record]).get(record)
    if found is None or found.full_text is None:
        raise NotFoundError(f"record {record} has no PDF")
    return StoredPdf(
        found.full_text.sha256, found.full_text.size, found.file or f"record-{record}.pdf"
    )


def part_of(session: Session, sha256: str, start: int, length: int) -> bytes:
    """Return some bytes of a PDF, from a place that counts from 0."""
    query = sa.select(sa.func.substr(FullText.content, start + 1, length)).where(
        FullText.sha256 == sha256
    )
    return bytes(session.scalar(query) or b"")
