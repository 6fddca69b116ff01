"""Keeping a draft, throwing it away, and taking it over whole. Actions never commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.errors import InvalidDataError
from review.extraction import queries
from review.extraction.actions import finish_entry
from review.extraction.draft import Draft
from review.extraction.drafts.errors import StaleDraftError
from review.extraction.drafts.form import Form, Stored
from review.extraction.drafts.queries import (
    draft_of,
    kind_for,
)
from review.extraction.drafts.taking import WHILE_ENTERING, Saved, no_open_doubts, take_form
from review.extraction.imported import ImportReport
from review.extraction.models import Study
from review.extraction.vocabulary import EntryKind
from review.people.queries import member_called
from review.protocol.models import Review


def plain_draft(draft: Draft) -> dict[str, Any]:
    """Return a draft as its author's page has it."""
    return {
        "version": draft.version,
        "saved_at": utc_text(draft.saved_at),
        "form": draft.form,
        "made_from": draft.made_from,
    }


def keep_draft(
    session: Session,
    review: Review,
    study: Study,
    *,
    version: int,
    kind: EntryKind,
    form: Form,
    made_from: Stored,
    person: str,
    now: datetime,
) -> Draft:
    """Keep what a person has typed so far, whatever it is; return the draft.

    Parameters
    ----------
    version
        The draft that the page has; 0 where it has none.

    Raises
    ------
    StaleDraftError
        Where another window of the person saved since, or took the draft over.
    """
    draft = _fresh(draft_of(session, study, person), version)
    if draft is None:
        draft = Draft(study_id=study.id, person_id=member_called(session, review.id, person).id)
        session.add(draft)
    draft.made_from = made_from.model_dump(mode="json")
    draft.kind = kind
    draft.form = form.model_dump(mode="json", by_alias=True)
    draft.saved_at = now
    session.flush()
    return draft


def _fresh(draft: Draft | None, version: int) -> Draft | None:
    if (draft.version if draft is not None else 0) != version:
        raise StaleDraftError(plain_draft(draft) if draft is not None else None)
    return draft


def drop_draft(session: Session, study: Study, *, version: int, person: str) -> None:
    """Throw a draft away; raise StaleDraftError where another window saved it since."""
    draft = _fresh(draft_of(session, study, person), version)
    if draft is not None:
        session.delete(draft)
        session.flush()


def take_over(
    session: Session,
    review: Review,
    study: Study,
    *,
    version: int,
    person: str,
    now: datetime,
    reason: str | None = None,
    finish: bool = False,
) -> Saved:
    """Take a draft over whole, in the caller's transaction; the draft is gone then.

    Parameters
    ----------
    version
        Of the draft; 0, with `finish`, where there is none and the entry is finished as it is.
    reason
        Of what is put right: withdrawn, re-keyed, renamed.
    finish
        Also say that the entry is complete: no open doubt without its reason, and of a blind
        entry that it may be compared.

    Raises
    ------
    StaleDraftError
        Where another window saved the draft since.
    OvertakenError
        Where somebody changed what the form changes.
    FormError
        With all that is wrong with the cells; nothing of this is stored then.
    """
    draft = _fresh(draft_of(session, study, person), version)
    if draft is None and not finish:
        raise InvalidDataError("there is nothing to save")
    if draft is None:
        kind = kind_for(queries.entries(session, [study.id]))
        saved = Saved(study.id, None, ImportReport(rows=0), (), 0, 0, 0)
    else:
        kind, form = draft.kind, Form.model_validate(draft.form)
        saved = take_form(
            session, review, study, kind, form, Stored.model_validate(draft.made_from), person,
            now, reason or WHILE_ENTERING,
        )  # fmt: skip
        session.delete(draft)
        session.flush()
    if not finish:
        return saved
    no_open_doubts(session, review, study, kind, person, saved.keys)
    if kind is EntryKind.BLIND:
        finish_entry(session, review, study=study.label, person=person, now=now)
    return replace(saved, finished=True)
