"""Reading tools, appraisals and what they amount to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import NotFoundError, Remedy
from review.extraction.appraisal.catalogue import SHIPPED
from review.extraction.appraisal.form import Answered, Appraisal, Judged, Target
from review.extraction.appraisal.models import (
    AppraisalAnswer,
    AppraisalJudgement,
    AppraisalRow,
    AppraisalSetting,
    AppraisalTool,
)
from review.extraction.appraisal.rules import (
    ASSESSORS,
    Cast,
    Difference,
    Settled,
    differences,
    seen_by,
    shows_others,
    standing,
)
from review.extraction.appraisal.sealing import seal_of
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import Kind, State
from review.extraction.models import Study
from review.history.queries import noted
from review.independent.seals import broken
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a target stands: who judged it, and what counts, if anything yet."""

    target: Target
    study_id: int
    tool: Tool
    state: State
    required: int
    assessors: tuple[str, ...]
    counts: Appraisal | None
    last_at: datetime


def adopted_tools(session: Session, review: Review) -> Sequence[AppraisalTool]:
    """Return the tools of a review, each version, in order of adoption."""
    return session.scalars(
        sa.select(AppraisalTool)
        .where(AppraisalTool.review_id == review.id)
        .order_by(AppraisalTool.id)
    ).all()


def tool_of(row: AppraisalTool) -> Tool:
    """Return the tool as it was adopted."""
    return Tool.model_validate(row.definition)


def adopted_tool(session: Session, review: Review, slug: str) -> AppraisalTool:
    """Return the newest adopted version of a tool; raise NotFoundError with the remedy."""
    rows = [row for row in adopted_tools(session, review) if row.slug == slug]
    if not rows:
        have = ", ".join(sorted({row.slug for row in adopted_tools(session, review)})) or "none"
        remedy = Remedy("adopt it with", f"review rob adopt {slug}") if slug in SHIPPED else None
        raise NotFoundError(
            f"review {review.slug} has no tool {slug!r} (it has: {have})", remedy=remedy
        )
    return rows[-1]


def _tools_called(session: Session, review: Review, name: str | None) -> list[AppraisalTool]:
    rows = adopted_tools(session, review)
    if name is None:
        return list(rows)
    found = [row for row in rows if name in (row.slug, row.family)]
    if not found:
        adopted_tool(session, review, name)
    return found


def assessors_required(session: Session, review: Review) -> int:
    """Return how many assess each result."""
    found = session.scalar(
        sa.select(AppraisalSetting.assessors).where(AppraisalSetting.review_id == review.id)
    )
    return ASSESSORS if found is None else found


@dataclass(frozen=True, slots=True)
class _Key:
    """What an appraisal is about, in the database's own terms."""

    slug: str
    study_id: int
    outcome_id: int | None
    instrument_id: int | None
    timepoint: str | None


_SelectT = TypeVar("_SelectT", bound=sa.Select[Any])


def _of(query: _SelectT, tools: Sequence[AppraisalTool], study: Study | None) -> _SelectT:
    query = query.where(AppraisalRow.tool_id.in_([tool.id for tool in tools]))
    return query if study is None else query.where(AppraisalRow.study_id == study.id)


def _rows(
    session: Session, tools: Sequence[AppraisalTool], study: Study | None
) -> Sequence[AppraisalRow]:
    query = sa.select(AppraisalRow).options(
        joinedload(AppraisalRow.tool),
        joinedload(AppraisalRow.study),
        joinedload(AppraisalRow.outcome),
        joinedload(AppraisalRow.instrument),
        joinedload(AppraisalRow.person),
    )
    return session.scalars(_of(query, tools, study).order_by(AppraisalRow.id)).all()


def _target(row: AppraisalRow) -> Target:
    return Target(
        study=row.study.label,
        outcome=row.outcome.slug if row.outcome else None,
        instrument=row.instrument.slug if row.instrument else None,
        timepoint=row.timepoint,
    )


class _Contents:
    """Answers and judgements of many appraisals, read in two queries."""

    def __init__(self, session: Session, tools: Sequence[AppraisalTool], study: Study | None):
        chosen = _of(sa.select(AppraisalRow.id), tools, study)
        self.answers: dict[int, dict[str, Answered]] = defaultdict(dict)
        for answer in session.scalars(
            sa.select(AppraisalAnswer)
            .where(AppraisalAnswer.appraisal_id.in_(chosen))
            .order_by(AppraisalAnswer.id)
        ):
            self.answers[answer.appraisal_id][answer.question] = Answered(
                answer.answer, answer.support
            )
        self.domains: dict[int, dict[str, Judged]] = defaultdict(dict)
        for judged in session.scalars(
            sa.select(AppraisalJudgement)
            .where(AppraisalJudgement.appraisal_id.in_(chosen))
            .order_by(AppraisalJudgement.id)
        ):
            self.domains[judged.appraisal_id][judged.domain] = Judged(
                judged.judgement, judged.proposed, judged.support
            )

    def cast(self, row: AppraisalRow) -> Cast:
        return Cast(
            id=row.id,
            person=row.person.name,
            kind=row.kind,
            appraisal=Appraisal(
                target=_target(row),
                answers=self.answers[row.id],
                domains=self.domains[row.id],
                overall=Judged(row.overall, row.overall_proposed, row.overall_support),
            ),
        )


def _by_target(
    session: Session, review: Review, name: str | None, study: Study | None
) -> dict[_Key, tuple[AppraisalTool, list[AppraisalRow], list[Cast]]]:
    """Return the appraisals of each target by the newest version of the tool used on it."""
    tools = _tools_called(session, review, name)
    contents = _Contents(session, tools, study)
    grouped: dict[_Key, list[AppraisalRow]] = defaultdict(list)
    for row in _rows(session, tools, study):
        key = _Key(row.tool.slug, row.study_id, row.outcome_id, row.instrument_id, row.timepoint)
        grouped[key].append(row)
    found = {}
    for key, rows in grouped.items():
        newest_tool = max((row.tool for row in rows), key=lambda tool: tool.id)
        counted = [row for row in rows if row.tool_id == newest_tool.id]
        found[key] = (newest_tool, counted, [contents.cast(row) for row in counted])
    return found


def standings(
    session: Session, review: Review, name: str | None, *, study: Study | None = None
) -> list[Standing]:
    """Return where every appraised target stands.

    Parameters
    ----------
    session : Session
        To read with.
    review : Review
        Whose targets.
    name : str or None
        A tool's slug, or the family of several (``rob2``); None for every adopted tool.
    study : Study, optional
        Only this study's.

    Returns
    -------
    list of Standing
        By study, outcome, instrument and timepoint; targets that nobody judged are not there.
    """
    required = assessors_required(session, review)
    found = []
    for key, (row, rows, cast) in _by_target(session, review, name, study).items():
        state, counts = standing(cast, required=required)
        found.append(
            Standing(
                target=cast[0].appraisal.target,
                study_id=key.study_id,
                tool=tool_of(row),
                state=state,
                required=required,
                assessors=tuple(dict.fromkeys(c.person for c in cast if c.kind is Kind.ASSESSOR)),
                counts=counts,
                last_at=max(r.judged_at for r in rows),
            )
        )
    return sorted(found, key=lambda s: (_sortable(s.target), s.tool.slug))


def _sortable(target: Target) -> tuple[str, str, str, str]:
    return (
        target.study,
        target.outcome or "",
        target.instrument or "",
        target.timepoint or "",
    )


def cast_on(session: Session, tool: AppraisalTool, study: Study, target: Target) -> list[Cast]:
    """Return all appraisals of a study's target by one version of a tool, in order of time."""
    return [one for one in casts_of(session, tool, study) if one.appraisal.target == target]


def casts_of(session: Session, tool: AppraisalTool, study: Study) -> list[Cast]:
    """Return all appraisals of a study by one version of a tool, in order of time.

    For callers that show a person their own alone.
    """
    contents = _Contents(session, [tool], study)
    return [contents.cast(row) for row in _rows(session, [tool], study)]


def reason_of(session: Session, appraisal: int) -> str | None:
    """Return why a consensus is what it is."""
    return session.scalar(sa.select(AppraisalRow.reason).where(AppraisalRow.id == appraisal))


def judgements(session: Session, review: Review, tool: str) -> dict[Target, Settled]:
    """Return the overall judgement that counts for every target of a review.

    Parameters
    ----------
    session : Session
        To read with.
    review : Review
        Whose targets.
    tool : str
        A tool's slug, or the family of several (``rob2`` takes parallel, cluster and crossover).

    Returns
    -------
    dict of Target to Settled
        Targets that are awaited or in conflict are not there. `judgement_of` finds the one for a
        result.
    """
    return {
        s.target: Settled(
            target=s.target,
            study_id=s.study_id,
            tool=s.tool.slug,
            version=s.tool.version,
            judgement=s.counts.overall.judgement,
            label=s.tool.judgement(s.counts.overall.judgement).label,
            state=s.state,
            domains={key: judged.judgement for key, judged in s.counts.domains.items()},
        )
        for s in standings(session, review, tool)
        if s.counts is not None
    }


@dataclass(frozen=True, slots=True)
class Said:
    """One appraisal as it may be shown."""

    person: str
    kind: Kind
    appraisal: Appraisal


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a person may see of a target's appraisals."""

    target: Target
    tool: Tool
    state: State
    hidden: int
    """How many other assessors' appraisals are withheld while some are awaited."""
    said: tuple[Said, ...]
    differences: tuple[Difference, ...]


def sheets(
    session: Session,
    review: Review,
    name: str | None,
    *,
    handle: str,
    study: Study | None = None,
) -> list[Sheet]:
    """Return the appraisals that a person may see, target by target.

    Until a target has all its assessors each sees nothing but their own.
    """
    required = assessors_required(session, review)
    found = []
    for row, _, cast in _by_target(session, review, name, study).values():
        seen = seen_by(cast, handle, required=required)
        others = {c.person for c in cast} - {c.person for c in seen}
        found.append(
            Sheet(
                target=cast[0].appraisal.target,
                tool=tool_of(row),
                state=standing(cast, required=required)[0],
                hidden=len(others),
                said=tuple(Said(c.person, c.kind, c.appraisal) for c in seen),
                differences=() if others else tuple(differences(cast)),
            )
        )
    return sorted(found, key=lambda s: (_sortable(s.target), s.tool.slug))


@dataclass(frozen=True, slots=True)
class CompleteCast:
    """All appraisals of a target that has all its assessors."""

    target: Target
    tool: Tool
    cast: tuple[Cast, ...]


def complete_casts(
    session: Session, review: Review, name: str | None, *, study: Study | None = None
) -> list[CompleteCast]:
    """Return the appraisals of each target that has all its assessors."""
    required = assessors_required(session, review)
    found = [
        CompleteCast(cast[0].appraisal.target, tool_of(row), tuple(cast))
        for row, _, cast in _by_target(session, review, name, study).values()
        if shows_others(cast, required=required)
    ]
    return sorted(found, key=lambda c: (_sortable(c.target), c.tool.slug))


def judged_twice(session: Session, review: Review, person: int) -> list[str]:
    """Return the targets that one person judged under two names, as sentences."""
    tools = adopted_tools(session, review)
    names: dict[str, set[int]] = defaultdict(set)
    for row in _rows(session, tools, None):
        if row.person.identity == person:
            names[f"{_target(row)}, {row.tool.slug}"].add(row.person_id)
    return sorted(target for target, used in names.items() if len(used) > 1)


def broken_seals(session: Session, review: Review) -> list[str]:
    """Return the appraisals that are not what was sealed, as sentences; none in a sound ledger."""
    tools = adopted_tools(session, review)
    contents = _Contents(session, tools, None)
    rows = _rows(session, tools, None)
    sealed = noted(session, "appraisal", "seal")
    return [
        f"{_target(row)} by {row.person.name}, {row.tool.slug}"
        for row in broken(rows, lambda row: seal_of(row, contents.cast(row).appraisal), sealed)
    ]
