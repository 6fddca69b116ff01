"""Adopting tools, appraising, and reaching consensus. Actions never commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.errors import (
    AlreadyExistsError,
    FileError,
    InvalidDataError,
    Problem,
    Remedy,
    ReviewError,
)
from review.extraction.appraisal import queries, sealing
from review.extraction.appraisal.form import Appraisal, Flaw, Form, Target
from review.extraction.appraisal.models import (
    AppraisalAnswer,
    AppraisalJudgement,
    AppraisalRow,
    AppraisalSetting,
    AppraisalTool,
)
from review.extraction.appraisal.places import Place, place_of
from review.extraction.appraisal.rules import Cast, assessed, complete, shows_others, standing
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import Kind, State
from review.independent.seals import nonce
from review.people.models import Person
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Review
from review.wording import counted


class FormError(InvalidDataError):
    """A form that is not complete, or says what cannot be."""

    def __init__(self, target: Target, flaws: Sequence[Flaw]):
        self.flaws = tuple(flaws)
        super().__init__(f"{target}: " + "; ".join(str(flaw) for flaw in flaws))


def adopt_tool(session: Session, review: Review, tool: Tool, *, now: datetime) -> bool:
    """Take a tool into a review, as it is now; return False where the review has it already.

    Raises AlreadyExistsError where another tool has its slug and version, and InvalidDataError
    where its family's other tools have another scale.
    """
    definition = tool.model_dump(mode="json")
    sha256 = sha256_of(definition)
    for row in queries.adopted_tools(session, review):
        if (row.slug, row.version) == (tool.slug, tool.version):
            if row.sha256 == sha256:
                return False
            raise AlreadyExistsError(
                f"review {review.slug} has another {tool.slug} of version {tool.version}; "
                "give the changed tool a version of its own"
            )
        if row.family == tool.family and queries.tool_of(row).scale != tool.scale:
            raise InvalidDataError(
                f"{row.slug} is of family {tool.family} too and has another scale; "
                "give the tool a family of its own"
            )
    session.add(
        AppraisalTool(
            review_id=review.id,
            slug=tool.slug,
            family=tool.family,
            version=tool.version,
            definition=definition,
            sha256=sha256,
            adopted_at=now,
        )
    )
    session.flush()
    return True


def set_assessors(session: Session, review: Review, assessors: int) -> None:
    """Say how many assess each result; raise InvalidDataError outside 1 to 5."""
    if not 1 <= assessors <= 5:
        raise InvalidDataError(f"a result has 1 to 5 assessors, not {assessors}")
    row = session.scalar(sa.select(AppraisalSetting).where(AppraisalSetting.review_id == review.id))
    if row is None:
        row = AppraisalSetting(review_id=review.id, assessors=assessors)
        session.add(row)
    row.assessors = assessors
    session.flush()


def _checked(tool: Tool, form: Form) -> Appraisal:
    appraisal, flaws = complete(tool, form)
    if appraisal is None:
        raise FormError(form.target, flaws)
    return appraisal


def _store(
    session: Session,
    tool: AppraisalTool,
    place: Place,
    person: Person,
    kind: Kind,
    appraisal: Appraisal,
    now: datetime,
    reason: str | None,
) -> AppraisalRow:
    row = AppraisalRow(
        tool_id=tool.id,
        study_id=place.study.id,
        outcome_id=place.outcome.id if place.outcome else None,
        instrument_id=place.instrument.id if place.instrument else None,
        timepoint=place.timepoint,
        person_id=person.id,
        kind=kind,
        overall=appraisal.overall.judgement,
        overall_proposed=appraisal.overall.proposed,
        overall_support=appraisal.overall.support,
        reason=reason,
        judged_at=now,
        nonce=nonce(),
    )
    row.seal = sealing.seal_of(row, appraisal)
    session.add(row)
    session.flush()
    session.add_all(
        AppraisalAnswer(appraisal_id=row.id, question=number, answer=a.answer, support=a.support)
        for number, a in appraisal.answers.items()
    )
    session.add_all(
        AppraisalJudgement(
            appraisal_id=row.id,
            domain=key,
            judgement=j.judgement,
            proposed=j.proposed,
            support=j.support,
        )
        for key, j in appraisal.domains.items()
    )
    session.flush()
    return row


def _refuse_late(cast: Sequence[Cast], handle: str, required: int, target: Target) -> None:
    state, _ = standing(cast, required=required)
    if state is State.SINGLE and handle in assessed(cast):
        return
    if shows_others(cast, required=required):
        raise InvalidDataError(
            f"{target} has its {counted(required, 'assessor')}, and judgements may be seen now; "
            "what is to change is a consensus",
            remedy=Remedy("make one with", "review rob consensus-form, then review rob settle"),
        )


def appraise(
    session: Session, review: Review, slug: str, form: Form, *, handle: str, now: datetime
) -> bool:
    """Store one assessor's appraisal; return False where it says what they said before.

    Parameters
    ----------
    session : Session
        To write with.
    review : Review
        Of the study.
    slug : str
        An adopted tool; its newest version is used.
    form : Form
        Complete by `complete`'s rules.
    handle : str
        The assessor, who may judge again until the last of the assessors has judged.
    now : datetime
        When.

    Returns
    -------
    bool

    Raises
    ------
    InvalidDataError
        For an incomplete form, a target that the tool does not judge, or a target that has all its
        assessors: they are no longer blind to each other.
    NotFoundError
        For an unknown tool, study, outcome or instrument.
    """
    row = queries.adopted_tool(session, review, slug)
    tool = queries.tool_of(row)
    place = place_of(session, review, tool, form.target)
    person = member_who_may(session, review.id, handle, Deed.APPRAISE)
    appraisal = _checked(tool, form)
    cast = queries.cast_on(session, row, place.study, form.target)
    if assessed(cast).get(handle) == appraisal:
        return False
    _refuse_late(cast, handle, queries.assessors_required(session, review), form.target)
    _store(session, row, place, person, Kind.ASSESSOR, appraisal, now, None)
    return True


def settle(
    session: Session,
    review: Review,
    slug: str,
    form: Form,
    *,
    handle: str,
    now: datetime,
    reason: str,
) -> bool:
    """Store a consensus beside the assessors' appraisals; return False where it counts already.

    Raises InvalidDataError before all assessors have judged, without a reason, or for an
    incomplete form.
    """
    if not reason.strip():
        raise InvalidDataError("a consensus needs a reason")
    row = queries.adopted_tool(session, review, slug)
    tool = queries.tool_of(row)
    place = place_of(session, review, tool, form.target)
    person = member_who_may(session, review.id, handle, Deed.APPRAISE)
    cast = queries.cast_on(session, row, place.study, form.target)
    required = queries.assessors_required(session, review)
    state, counts = standing(cast, required=required)
    if state is State.AWAITING:
        have = len(assessed(cast))
        raise InvalidDataError(
            f"{form.target} has {have} of its {required} assessors; the consensus comes after them",
            remedy=Remedy("they judge with", "review rob assess"),
        )
    appraisal = _checked(tool, form)
    if counts == appraisal:
        return False
    _store(session, row, place, person, Kind.CONSENSUS, appraisal, now, reason)
    return True


def appraise_all(
    session: Session,
    review: Review,
    slug: str,
    forms: Sequence[Form],
    *,
    file: str,
    handle: str,
    now: datetime,
) -> int:
    """Store the appraisals of a file, one assessor's, all or none; return how many were new.

    Raises FileError with the problems of all of them, by line; NotAllowedError for somebody who
    does not appraise.
    """
    member_who_may(session, review.id, handle, Deed.APPRAISE)

    def take(form: Form) -> bool:
        return appraise(session, review, slug, form, handle=handle, now=now)

    return _all_or_none(file, forms, take)


def settle_all(
    session: Session,
    review: Review,
    slug: str,
    forms: Sequence[Form],
    *,
    file: str,
    handle: str,
    now: datetime,
    reason: str,
) -> int:
    """Store the consensus on each form of a file, all or none; return how many were new.

    Raises FileError with the problems of all of them, by line; NotAllowedError for somebody who
    does not appraise.
    """
    member_who_may(session, review.id, handle, Deed.APPRAISE)

    def take(form: Form) -> bool:
        return settle(session, review, slug, form, handle=handle, now=now, reason=reason)

    return _all_or_none(file, forms, take)


def _all_or_none(file: str, forms: Sequence[Form], take: Callable[[Form], bool]) -> int:
    problems: list[Problem] = []
    added = 0
    for form in forms:
        try:
            added += take(form)
        except FormError as error:
            problems += [
                Problem(form.line_of(flaw.cell), None, f"{form.target}: {flaw}")
                for flaw in error.flaws
            ]
        except ReviewError as error:
            problems.append(Problem(form.line_of(None), None, error.told))
    if problems:
        raise FileError(file, problems)
    return added
