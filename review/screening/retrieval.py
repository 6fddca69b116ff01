"""Noting what became of full texts, and which records are not screened. Nothing here commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening import places, queries
from review.screening.ledger import Ledger
from review.screening.models import FullText, Removal, Retrieval
from review.screening.vocabulary import RemovalCause, RetrievalOutcome, Stage, State

MAX_PDF: Final = 100 * 1024 * 1024
"""Bytes; the longest theses with scanned pages stay below."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF on its way in."""

    name: str
    content: bytes


def note_retrieval(
    session: Session,
    review: Review,
    records: Sequence[int],
    *,
    outcome: RetrievalOutcome,
    handle: str,
    now: datetime,
    reason: str | None = None,
    pdf: Pdf | None = None,
) -> int:
    """Note that reports were or were not retrieved, all or none; return how many were news.

    Raises InvalidDataError for a record that was not included on title and abstract, a missing
    reason, a file that is no PDF, or a report that reviewers have read already.
    """
    person = member_who_may(session, review.id, handle, Deed.COLLECT)
    missing = outcome is RetrievalOutcome.NOT_RETRIEVED
    if missing != bool(reason):
        raise InvalidDataError("a report that is not retrieved needs a reason, any other none")
    if pdf is not None and (missing or len(records) != 1):
        raise InvalidDataError("a PDF belongs to one retrieved report")
    queries.records_numbered(session, review, records)
    ledger = queries.ledger(session, review, only=records)
    full_text = keep_pdf(session, pdf) if pdf else None
    known = queries.newest_retrievals(session, records)
    rows = []
    for record in dict.fromkeys(records):
        _check_sought(ledger, record, missing=missing)
        before = known.get(record)
        same = before is not None and (before.outcome, before.reason) == (outcome, reason)
        if before and same and (full_text is None or before.full_text_id == full_text.id):
            continue
        rows.append(
            Retrieval(
                record_id=record,
                person_id=person.id,
                outcome=outcome,
                reason=reason,
                full_text_id=full_text.id if full_text else None,
                file=pdf.name if pdf else None,
                noted_at=now,
            )
        )
    session.add_all(rows)
    places.catch_up(session, review)
    return len(rows)


def _check_sought(ledger: Ledger, record: int, *, missing: bool) -> None:
    if record in ledger.duplicates:
        raise InvalidDataError(
            f"record {record} is a duplicate of record {ledger.duplicates[record]}"
        )
    if ledger.standing(Stage.TITLE_ABSTRACT, record).state is not State.INCLUDED:
        raise InvalidDataError(f"record {record} was not included on title and abstract")
    if missing and ledger.cast(Stage.FULL_TEXT, record):
        raise InvalidDataError(f"the full text of record {record} has been read already")


def check_pdf(name: str, content: bytes) -> str | None:
    """Return why a file is not taken as a PDF; None where it is."""
    if len(content) > MAX_PDF:
        return f"{name} is larger than {MAX_PDF // 1024 // 1024} MiB"
    if b"%PDF-" not in content[:1024]:
        return f"{name} is no PDF"
    return None


def keep_pdf(session: Session, pdf: Pdf) -> FullText:
    """Return a PDF as it is kept, once by its content; raise InvalidDataError for what is none."""
    wrong = check_pdf(pdf.name, pdf.content)
    if wrong is not None:
        raise InvalidDataError(wrong)
    digest = hashlib.sha256(pdf.content).hexdigest()
    known = queries.full_text_known(session, digest)
    if known is None:
        known = FullText(sha256=digest, size=len(pdf.content), content=pdf.content)
        session.add(known)
        session.flush()
    return known


def remove(
    session: Session,
    review: Review,
    records: Sequence[int],
    *,
    cause: RemovalCause,
    reason: str,
    handle: str,
    now: datetime,
) -> int:
    """Take records out before screening, or put them back; return how many changed.

    Raises InvalidDataError for records that somebody decided on: those are excluded, not removed.
    """
    person = member_who_may(session, review.id, handle, Deed.COLLECT)
    queries.records_numbered(session, review, records)
    ledger = queries.ledger(session, review, only=records)
    rows = []
    for record in dict.fromkeys(records):
        if ledger.removals.get(record, RemovalCause.RESTORED) is cause:
            continue
        if cause is not RemovalCause.RESTORED and ledger.cast(Stage.TITLE_ABSTRACT, record):
            raise InvalidDataError(f"record {record} has been screened; exclude it instead")
        rows.append(
            Removal(record_id=record, person_id=person.id, cause=cause, reason=reason, noted_at=now)
        )
    session.add_all(rows)
    places.catch_up(session, review)
    return len(rows)
