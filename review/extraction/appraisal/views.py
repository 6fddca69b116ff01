"""What the pages of risk of bias show to one person; loaded at once, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction import queries as extraction
from review.extraction.appraisal import queries
from review.extraction.appraisal.catalogue import guidance_on
from review.extraction.appraisal.drafts import draft_of
from review.extraction.appraisal.form import Appraisal, Target
from review.extraction.appraisal.models import AppraisalTool
from review.extraction.appraisal.places import place_of
from review.extraction.appraisal.queue import (
    BiasTask,
    about,
    bias_tasks,
    outcomes_of,
    planned_outcomes,
    query_of,
)
from review.extraction.appraisal.rules import (
    OVERALL,
    Cast,
    assessed,
    differences,
    seen_by,
    standing,
)
from review.extraction.appraisal.tool import Domain, Judgement, Tool
from review.extraction.appraisal.typed import (
    Reading,
    fields_of,
    parts_of,
    reading_of,
    shared_fields,
)
from review.extraction.appraisal.vocabulary import About, Answer, Kind, State
from review.extraction.models import Study
from review.extraction.pdfs import pdfs_of
from review.protocol.models import Review
from review.protocol.queries import instruments

ANSWERS: Final[Mapping[Answer, str]] = {
    Answer.YES: "yes",
    Answer.PROBABLY_YES: "probably yes",
    Answer.PROBABLY_NO: "probably no",
    Answer.NO: "no",
    Answer.NO_INFORMATION: "no information",
    Answer.NOT_APPLICABLE: "not applicable",
}


class Mode(StrEnum):
    """What a person does at an appraisal."""

    ASSESS = "assess"
    SETTLE = "settle"
    READ = "read"


@dataclass(frozen=True, slots=True)
class SaidLine:
    """What somebody said of a question or domain, where it may be seen."""

    who: str
    words: str
    comment: str
    quote: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A signalling question."""

    number: str
    text: str
    guidance: str | None
    only_if: str | None
    answers: tuple[tuple[str, str], ...]
    """What it takes: sign and words."""
    said: tuple[SaidLine, ...] = ()
    differs: bool = False


@dataclass(frozen=True, slots=True)
class DomainLine:
    """A domain, or the overall judgement, with its questions."""

    key: str
    name: str
    questions: tuple[QuestionLine, ...]
    has_algorithm: bool
    said: tuple[SaidLine, ...] = ()
    differs: bool = False


@dataclass(frozen=True, slots=True)
class AppraisalView:
    """An appraisal of one target as one person may see it and work on it."""

    study_id: int
    study: str
    target: Target
    about: str
    tool: str
    title: str
    version: str
    source: str
    note: str | None
    scale: tuple[Judgement, ...]
    domains: tuple[DomainLine, ...]
    """The overall judgement last."""
    mode: Mode
    state: State
    required: int
    finished_by: tuple[str, ...]
    own: bool
    """Whether the person has judged."""
    assessors: tuple[str, ...]
    """Whose judgements are shown."""
    given: Mapping[str, str]
    """What stands in the fields."""
    reading: Reading
    saved_at: datetime | None
    draft: int | None
    """The version of the person's draft."""
    settled: int
    """The consensus that was there, 0 for none; another one since is not written over unseen."""
    like: str | None
    """Another result of the study whose answers the person could take over."""
    counts: Mapping[str, str] = field(default_factory=dict)
    """The judgements that count, by domain; empty where nothing counts yet."""
    reason: str | None = None
    """Why the consensus is what it is."""
    reports: tuple[tuple[int, str, str | None, bool], ...] = ()
    """Publications of the study: number, citation, DOI, and whether there is a PDF to read."""

    @property
    def query(self) -> dict[str, str]:
        """The target as a query of an address."""
        return query_of(self.target)

    def label(self, value: str | None) -> str:
        """Return the words of a step of the scale; nothing for None."""
        return next((step.label for step in self.scale if step.value == value), "")


@dataclass(frozen=True, slots=True)
class Choosing:
    """What of a study a tool may judge, to choose from."""

    study_id: int
    study: str
    tool: str
    title: str
    outcomes: tuple[str, ...]
    instruments: tuple[tuple[str, str], ...]
    """Instrument and its outcome."""
    begun: tuple[BiasTask, ...]


def choosing(session: Session, review: Review, number: int, slug: str, *, viewer: str) -> Choosing:
    """Return what of a study can be judged by a tool; raise NotFoundError for either."""
    study = extraction.study_numbered(session, review, number)
    tool = tool_called(session, review, slug)
    of_study = outcomes_of(session, review).get(study.id) or planned_outcomes(session, review)
    return Choosing(
        study.id,
        study.label,
        tool.slug,
        tool.title,
        tuple(of_study),
        tuple((one.slug, one.outcome.slug) for one in instruments(session, review)),
        tuple(
            task
            for task in bias_tasks(session, review, viewer=viewer)
            if task.study_id == study.id and task.tool == slug
        ),
    )


def tool_called(session: Session, review: Review, slug: str) -> Tool:
    """Return the newest adopted version of a tool; raise NotFoundError."""
    return queries.tool_of(queries.adopted_tool(session, review, slug))


def target_of(session: Session, review: Review, number: int, part: Target) -> Target:
    """Return a target with the label of the study of a number; raise NotFoundError."""
    study = extraction.study_numbered(session, review, number)
    return Target(study.label, part.outcome, part.instrument, part.timepoint)


def needs_choice(session: Session, review: Review, slug: str, outcome: str | None) -> bool:
    """Return whether a tool must be told what of a study to judge; raise NotFoundError."""
    tool = tool_called(session, review, slug)
    return tool.about is About.RESULT and outcome is None


def appraisal_view(
    session: Session,
    review: Review,
    number: int,
    slug: str,
    part: Target,
    *,
    viewer: str,
    may: bool,
    settling: bool = False,
    like: bool = False,
    after: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> AppraisalView:
    """Return an appraisal as one person may see it.

    Parameters
    ----------
    number
        The study's.
    slug
        An adopted tool; its newest version.
    part
        The target; the study's own label is put in.
    viewer
        Who looks. Until all assessors have judged, nothing of another is there.
    may
        Whether they may appraise.
    settling
        To make the consensus, where all have judged.
    like
        With the answers that the viewer gave to another result of the study, where they typed
        nothing here yet.
    after
        In settling, begin from all that this assessor said.
    typed
        What stands in the fields of a page that could not be taken.

    Raises
    ------
    NotFoundError
        For an unknown study, tool, outcome or instrument.
    InvalidDataError
        For a target that the tool does not judge, and for settling before all have judged.
    """
    study = extraction.study_numbered(session, review, number)
    target = Target(study.label, part.outcome, part.instrument, part.timepoint)
    row = queries.adopted_tool(session, review, slug)
    tool = queries.tool_of(row)
    place = place_of(session, review, tool, target)
    cast = queries.cast_on(session, row, study, target)
    required = queries.assessors_required(session, review)
    state, counts = standing(cast, required=required)
    own = assessed(cast).get(viewer)
    mode = _mode(cast, required, own is not None, may=may, settling=settling)
    kind = Kind.CONSENSUS if mode is Mode.SETTLE else Kind.ASSESSOR
    draft = draft_of(session, row, place, handle=viewer, kind=kind) if may else None
    others = [] if mode is not Mode.ASSESS else _own_others(session, row, study, target, viewer)
    seen = seen_by(cast, viewer, required=required)
    given: Mapping[str, str] = {}
    if typed is not None:
        given = typed
    elif after is None and draft is not None:
        given = draft.given
    elif mode is Mode.SETTLE:
        given = _to_settle(seen, counts, after)
    elif own is not None:
        given = fields_of(own)
    elif like and others:
        given = fields_of(others[-1])
    shown = seen if mode is not Mode.ASSESS else []
    readable = {pdf.report for pdf in pdfs_of(session, study.id, viewer)}
    decided = [one for one in cast if one.kind is Kind.CONSENSUS]
    return AppraisalView(
        study_id=study.id,
        study=study.label,
        target=target,
        about=about(target),
        tool=tool.slug,
        title=tool.title,
        version=tool.version,
        source=tool.source,
        note=tool.overall_note,
        scale=tool.scale,
        domains=tuple(_lines(tool, shown)),
        mode=mode,
        state=state,
        required=required,
        finished_by=tuple(assessed(cast)),
        own=own is not None,
        assessors=tuple(assessed(shown)),
        given=given,
        reading=reading_of(tool, given),
        saved_at=draft.saved_at if draft else None,
        draft=draft.version if draft else None,
        settled=decided[-1].id if decided else 0,
        like=about(others[-1].target) if others else None,
        counts=_judged(counts),
        reason=queries.reason_of(session, decided[-1].id) if decided else None,
        reports=tuple(
            (one.id, one.citation, one.doi, one.id in readable)
            for one in extraction.reports(session, [study.id])
        ),
    )


def _mode(cast: Sequence[Cast], required: int, own: bool, *, may: bool, settling: bool) -> Mode:
    state, _ = standing(cast, required=required)
    awaited = state is State.AWAITING
    if settling and may:
        if awaited:
            have = len(assessed(cast))
            raise InvalidDataError(
                f"{have} of {required} have judged; the consensus comes after them"
            )
        return Mode.SETTLE
    alone = state is State.SINGLE and own
    return Mode.ASSESS if may and (awaited or alone) else Mode.READ


def _own_others(
    session: Session, row: AppraisalTool, study: Study, target: Target, viewer: str
) -> list[Appraisal]:
    """Return what a person said of other results of a study, the newest last."""
    return [
        one.appraisal
        for one in queries.casts_of(session, row, study)
        if one.person == viewer and one.stands and one.appraisal.target != target
    ]


def _to_settle(
    seen: Sequence[Cast], counts: Appraisal | None, after: str | None
) -> Mapping[str, str]:
    own = assessed(seen)
    if after in own:
        return fields_of(own[after])
    if any(one.kind is Kind.CONSENSUS for one in seen) and counts is not None:
        return fields_of(counts)
    return shared_fields(own.values())


def _judged(counts: Appraisal | None) -> dict[str, str]:
    if counts is None:
        return {}
    every = {**counts.domains, OVERALL: counts.overall}
    return {key: judged.judgement for key, judged in every.items()}


def _lines(tool: Tool, seen: Sequence[Cast]) -> list[DomainLine]:
    differing = {one.cell for one in differences(seen)}
    lines = [
        DomainLine(
            domain.key,
            domain.name,
            tuple(_questions(domain, seen, differing)),
            bool(domain.algorithm),
            _said(tool, domain.key, seen),
            domain.key in differing,
        )
        for domain in tool.domains
    ]
    last = DomainLine(OVERALL, OVERALL, (), True, _said(tool, OVERALL, seen), OVERALL in differing)
    return [*lines, last]


def _questions(domain: Domain, seen: Sequence[Cast], differing: set[str]) -> list[QuestionLine]:
    return [
        QuestionLine(
            number=question.number,
            text=question.text,
            guidance=guidance_on(question),
            only_if=question.only_if,
            answers=tuple(
                (answer.value, ANSWERS[answer]) for answer in Answer if answer in question.allowed
            ),
            said=tuple(
                SaidLine(
                    _who(one),
                    ANSWERS[given.answer],
                    *parts_of(given.support),
                )
                for one in _newest(seen)
                if (given := one.appraisal.answers.get(question.number)) is not None
            ),
            differs=question.number in differing,
        )
        for question in domain.questions
    ]


def _said(tool: Tool, key: str, seen: Sequence[Cast]) -> tuple[SaidLine, ...]:
    found = []
    for one in _newest(seen):
        judged = {**one.appraisal.domains, OVERALL: one.appraisal.overall}.get(key)
        if judged is not None:
            words = tool.judgement(judged.judgement).label
            found.append(SaidLine(_who(one), words, *parts_of(judged.support)))
    return tuple(found)


def _newest(seen: Sequence[Cast]) -> list[Cast]:
    """Return each assessor's newest appraisal, then the newest consensus."""
    of_person = {one.person: one for one in seen if one.stands}
    decided = [one for one in seen if one.kind is Kind.CONSENSUS]
    return [*of_person.values(), *decided[-1:]]


def _who(one: Cast) -> str:
    return one.person if one.stands else f"consensus, {one.person}"
