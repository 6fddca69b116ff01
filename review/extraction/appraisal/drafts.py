"""Appraisals that are being typed: kept for their author, seen by nobody else.

Actions never commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import StaleError
from review.extraction.appraisal import queries
from review.extraction.appraisal.actions import appraise, settle
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.models import AppraisalDraft, AppraisalTool
from review.extraction.appraisal.places import Place, place_of
from review.extraction.appraisal.typed import REASON, form_of, kept
from review.extraction.appraisal.vocabulary import Kind
from review.people.queries import member_who_may, person_known
from review.people.rules import Deed
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed of an appraisal."""

    given: Mapping[str, str]
    saved_at: datetime
    version: int


def _row(
    session: Session, tool: AppraisalTool, place: Place, person_id: int, kind: Kind
) -> AppraisalDraft | None:
    outcome, instrument = place.outcome, place.instrument
    return session.scalar(
        sa.select(AppraisalDraft).where(
            AppraisalDraft.tool_id == tool.id,
            AppraisalDraft.study_id == place.study.id,
            AppraisalDraft.outcome_id.is_not_distinct_from(outcome.id if outcome else None),
            AppraisalDraft.instrument_id.is_not_distinct_from(
                instrument.id if instrument else None
            ),
            AppraisalDraft.timepoint.is_not_distinct_from(place.timepoint),
            AppraisalDraft.person_id == person_id,
            AppraisalDraft.kind == kind,
        )
    )


def draft_of(
    session: Session,
    tool: AppraisalTool,
    place: Place,
    *,
    handle: str,
    kind: Kind = Kind.ASSESSOR,
) -> Draft | None:
    """Return a person's own draft; None where they have typed nothing."""
    person = person_known(session, handle)
    row = None if person is None else _row(session, tool, place, person.id, kind)
    return None if row is None else Draft(row.given, row.saved_at, row.version)


def own_drafts(
    session: Session, tools: Sequence[AppraisalTool], handle: str
) -> dict[tuple[int, int, int | None, int | None, str | None, Kind], datetime]:
    """Return when a person saved their drafts, by tool, study and the rest of the target."""
    person = person_known(session, handle)
    if person is None:
        return {}
    rows = session.scalars(
        sa.select(AppraisalDraft).where(
            AppraisalDraft.tool_id.in_([tool.id for tool in tools]),
            AppraisalDraft.person_id == person.id,
        )
    )
    return {
        (r.tool_id, r.study_id, r.outcome_id, r.instrument_id, r.timepoint, r.kind): r.saved_at
        for r in rows
    }


def keep_draft(
    session: Session,
    review: Review,
    slug: str,
    target: Target,
    fields: Mapping[str, object],
    *,
    handle: str,
    kind: Kind = Kind.ASSESSOR,
    version: int | None,
    now: datetime,
) -> Draft:
    """Keep what a person has typed, as it is, complete or not.

    Parameters
    ----------
    fields
        By the names of `typed.names_of`; others are left out.
    version
        Of the draft that the page was made from; None for a page without one. In another tab the
        person may have typed on.

    Raises
    ------
    StaleError
        Where the draft is not of that version any more; what is stored stays.
    NotFoundError, NotAllowedError, InvalidDataError
        As `actions.appraise`.
    """
    row = queries.adopted_tool(session, review, slug)
    tool = queries.tool_of(row)
    place = place_of(session, review, tool, target)
    person = member_who_may(session, review.id, handle, Deed.APPRAISE)
    draft = _row(session, row, place, person.id, kind)
    if (draft.version if draft else None) != version:
        raise StaleError(
            f"your draft of {target} was changed in another window; "
            "look at it there, or load this page again"
        )
    given = kept(tool, fields)
    if draft is None:
        draft = AppraisalDraft(
            tool_id=row.id,
            study_id=place.study.id,
            outcome_id=place.outcome.id if place.outcome else None,
            instrument_id=place.instrument.id if place.instrument else None,
            timepoint=place.timepoint,
            person_id=person.id,
            kind=kind,
            given=given,
            saved_at=now,
        )
        session.add(draft)
    elif draft.given != given:
        draft.given, draft.saved_at = given, now
    session.flush()
    return Draft(draft.given, draft.saved_at, draft.version)


def drop_draft(
    session: Session,
    review: Review,
    slug: str,
    target: Target,
    *,
    handle: str,
    kind: Kind = Kind.ASSESSOR,
) -> None:
    """Remove a person's own draft, if there is one: it was handed in, or is not wanted."""
    row = queries.adopted_tool(session, review, slug)
    place = place_of(session, review, queries.tool_of(row), target)
    person = member_who_may(session, review.id, handle, Deed.APPRAISE)
    draft = _row(session, row, place, person.id, kind)
    if draft is not None:
        session.delete(draft)
        session.flush()


def hand_in(
    session: Session,
    review: Review,
    slug: str,
    target: Target,
    fields: Mapping[str, object],
    *,
    handle: str,
    kind: Kind = Kind.ASSESSOR,
    version: int | None,
    settled: int = 0,
    now: datetime,
) -> bool:
    """Take a draft over as an appraisal or a consensus, and remove it; all or nothing.

    Parameters
    ----------
    fields
        As the page has them, which may be newer than the draft.
    version
        Of the draft that the page was made from; None for a page without one.
    settled
        The consensus that the page was made from, 0 for none.

    Returns
    -------
    bool
        False where it says what was said before.

    Raises
    ------
    StaleError
        Where the draft, or the consensus, was changed since.
    FormError
        For what is missing or wrong, by question and domain.
    NotFoundError, NotAllowedError, InvalidDataError
        As `actions.appraise` and `actions.settle`.
    """
    keep_draft(
        session, review, slug, target, fields, handle=handle, kind=kind, version=version, now=now
    )
    row = queries.adopted_tool(session, review, slug)
    tool = queries.tool_of(row)
    form = form_of(tool, target, kept(tool, fields))
    if kind is Kind.CONSENSUS:
        study = place_of(session, review, tool, target).study
        decided = [one.id for one in queries.cast_on(session, row, study, target) if not one.stands]
        if (decided[-1] if decided else 0) != settled:
            raise StaleError(f"somebody settled {target} since you opened this page; look at it")
        reason = str(fields.get(REASON, ""))
        new = settle(session, review, slug, form, handle=handle, now=now, reason=reason)
    else:
        new = appraise(session, review, slug, form, handle=handle, now=now)
    drop_draft(session, review, slug, target, handle=handle, kind=kind)
    return new
