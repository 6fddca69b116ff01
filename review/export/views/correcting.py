"""A correction of a number that counts: seen first, then made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.export.views.entering import look_at, previews_of
from review.export.views.what_if import TrialPreview
from review.extraction.doubts import findings_of
from review.extraction.drafts.correcting import correct, to_correct
from review.extraction.drafts.errors import FormError, OvertakenError
from review.extraction.drafts.form import Source
from review.extraction.drafts.merging import Change
from review.extraction.models import Result
from review.living.job.freshness import outdated
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Correcting:
    """What a correction changes, or would change."""

    changes: tuple[Change, ...]
    version: int
    """Of the result after it."""
    outdated: tuple[str, ...]
    """Analyses whose newest run has other numbers now."""
    previews: tuple[TrialPreview, ...]
    said: str


def correction_seen(
    session: Session,
    review: Review,
    number: int,
    *,
    version: int,
    cells: Mapping[str, str],
    source: Source | None,
    key: Mapping[str, str],
    viewer: str,
) -> Correcting:
    """Return what a correction would change and do; nothing is stored. Raises as `corrected`."""
    to = to_correct(session, review, number, version=version, cells=cells, source=source, key=key)
    looked = look_at(session, review, to.study.id, to.kind, to.form, to.made_from, viewer)
    if looked.found.clashes:
        raise OvertakenError(looked.found.clashes, to.made_from)
    if looked.wrong:
        raise FormError(looked.wrong)
    raised = findings_of(looked.items, looked.counting.items)
    shown = previews_of(session, review, looked.study, looked.items, raised)
    return Correcting(
        tuple(looked.found.changes), version, (), tuple(shown), "Nothing is stored yet."
    )


def corrected(
    session: Session,
    review: Review,
    number: int,
    *,
    version: int,
    cells: Mapping[str, str],
    source: Source | None,
    key: Mapping[str, str],
    person: str,
    reason: str,
    now: datetime,
) -> Correcting:
    """Correct a result that counts.

    Raises NotFoundError for one that does not, OvertakenError where somebody was faster, FormError
    for cells that cannot be, InvalidDataError where nothing would change.
    """
    to = to_correct(session, review, number, version=version, cells=cells, source=source, key=key)
    saved = correct(session, review, number, to, person=person, reason=reason, now=now)
    return Correcting(
        saved.changes, session.get_one(Result, number).version,
        tuple(sorted(outdated(session, review))), (), saved.said,
    )  # fmt: skip
