"""Noting what became of full texts, and which records are not screened. Nothing here commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.protocol.models import Review
from review.screening import queries
from review.screening.actions import screener
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
    record: int,
    *,
    outcome: RetrievalOutcome,
    handle: str,
    now: datetime,
    reason: str | None = None,
    pdf: Pdf | None = None,
) -> bool:
    """Note that a report's full text was or was not retrieved; return False if known already.

    Raises InvalidDataError for a record that was not included on title and abstract, a missing
    reason, a file that is no PDF, or a report that reviewers have read already.
    """
    person = screener(session, review, handle)
    queries.records_numbered(session, review, [record])
    ledger = queries.ledger(session, review, only=[record])
    if record in ledger.duplicates:
        raise InvalidDataError(
            f"record {record} is a duplicate of record {ledger.duplicates[record]}"
        )
    if ledger.standing(Stage.TITLE_ABSTRACT, record).state is not State.INCLUDED:
        raise InvalidDataError(f"record {record} was not included on title and abstract")
    missing = outcome is RetrievalOutcome.NOT_RETRIEVED
    if missing != bool(reason):
        raise InvalidDataError("a report that is not retrieved needs a reason, any other none")
    if missing and ledger.cast(Stage.FULL_TEXT, record):
        raise InvalidDataError(f"the full text of record {record} has been read already")
    full_text = _keep_pdf(session, pdf) if pdf else None
    known = queries.newest_retrieval(session, record)
    same = known is not None and (known.outcome, known.reason) == (outcome, reason)
    if known and same and (full_text is None or known.full_text_id == full_text.id):
        return False
    session.add(
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
    session.flush()
    return True


def _keep_pdf(session: Session, pdf: Pdf) -> FullText:
    if len(pdf.content) > MAX_PDF:
        raise InvalidDataError(f"{pdf.name} is larger than {MAX_PDF // 1024 // 1024} MiB")
    if b"%PDF-" not in pdf.content[:1024]:
        raise InvalidDataError(f"{pdf.name} is no PDF")
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
    person = screener(session, review, handle)
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
    session.flush()
    return len(rows)
