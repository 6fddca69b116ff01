"""What a review chose about entering trials. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.models import ExtractionChoices
from review.extraction.vocabulary import EntryKind, Preview
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Choices:
    """When the preview shows, and whether arms are agreed before anybody enters a trial blind."""

    preview: Preview = Preview.DEFAULT
    arms_first: bool = False

    def previews(self, kind: EntryKind) -> bool:
        """Whether somebody who makes an entry of a kind sees what the trial would do."""
        if self.preview is Preview.DEFAULT:
            return kind is not EntryKind.BLIND
        return self.preview is Preview.ALWAYS


def choices_of(session: Session, review: Review) -> Choices:
    """Return what a review chose."""
    row = _row(session, review)
    return Choices(row.preview, row.arms_first) if row is not None else Choices()


def choose(session: Session, review: Review, chosen: Choices) -> Choices:
    """Keep what a review chose; return what it was."""
    before = choices_of(session, review)
    row = _row(session, review)
    if row is None:
        row = ExtractionChoices(review_id=review.id)
        session.add(row)
    row.preview, row.arms_first = chosen.preview, chosen.arms_first
    session.flush()
    return before


def _row(session: Session, review: Review) -> ExtractionChoices | None:
    return session.scalar(
        sa.select(ExtractionChoices).where(ExtractionChoices.review_id == review.id)
    )
