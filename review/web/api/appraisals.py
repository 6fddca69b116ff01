"""Risk of bias: where each result stands, one's own appraisal, and what may be seen of others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from review.db import Session
from review.extraction.appraisal.drafts import drop_draft, hand_in, keep_draft
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.queue import BiasTask, bias_tasks
from review.extraction.appraisal.typed import Reading, reading_of
from review.extraction.appraisal.views import AppraisalView, appraisal_view, target_of, tool_called
from review.extraction.appraisal.vocabulary import Kind
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.sending import dumped
from review.web.api.shapes import Cursor, Limit, Page, Shape, Time, cut
from review.web.visits import Visit, Visiting

routes = resources("risk of bias")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Tool = Annotated[str, Path(description="An adopted tool's name.", max_length=80)]
Part = Annotated[str | None, Query(max_length=200)]
PLACE = "/reviews/{review}/studies/{number}/appraisals/{tool}"


class What(BaseModel):
    """What of a study is judged; instrument and timepoint narrow an outcome down."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    outcome: Annotated[str | None, Field(max_length=200)] = None
    instrument: Annotated[str | None, Field(max_length=200)] = None
    timepoint: Annotated[str | None, Field(max_length=200)] = None
    settling: bool = False
    """Whether it is the consensus that is made."""

    @property
    def kind(self) -> Kind:
        """Whose it is."""
        return Kind.CONSENSUS if self.settling else Kind.ASSESSOR


class Typed(What):
    """What stands in the fields of a form.

    ``answer-1.1``, ``why-1.1`` and ``quote-1.1`` of a question; ``judgement-D1``, ``because-D1``
    and ``cited-D1`` of a domain or of ``Overall``; ``reason`` of a consensus.
    """

    fields: Annotated[dict[str, str], Field(max_length=500)]
    version: Annotated[int | None, Field(ge=1)] = None
    """Of the draft that this follows; null where there is none."""


class Handed(Typed):
    """An appraisal or a consensus that is handed in."""

    settled: Annotated[int, Field(ge=0)] = 0
    """The consensus that this follows, as the appraisal says it; 0 for none."""


class DomainFollows(Shape):
    """What follows from the answers of a domain, or of all."""

    key: str
    questions: list[str]
    asked: list[str]
    unanswered: list[str]
    proposed: str | None
    judged: str | None


class AppraisalDraftKept(Shape):
    """A draft, and what follows from it so far; judgements by their labels."""

    version: int
    saved_at: Time
    unanswered: int
    domains: list[DomainFollows]


class HandedIn(Shape):
    """Whether anything was new."""

    new: bool


@routes.get("/reviews/{review}/appraisals", Deed.LOOK, response_model=Page[BiasTask])
def list_appraisals(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List what is or should be judged, who has judged, and what is yours to do."""
    del review
    with visit.reading() as session:
        found = bias_tasks(session, visit.review_of(session), viewer=visit.person)
    keyed = {id(task): f"{place:06}" for place, task in enumerate(found)}
    return dumped(cut(found, cursor, limit, lambda task: keyed[id(task)]))


@routes.get(PLACE, Deed.LOOK, response_model=AppraisalView)
def get_appraisal(
    visit: Visiting,
    review: Slug,
    number: Number,
    tool: Tool,
    outcome: Part = None,
    instrument: Part = None,
    timepoint: Part = None,
) -> Response:
    """Return an appraisal as you may see it: until all have judged, your own alone."""
    del review
    with visit.reading() as session:
        view = appraisal_view(
            session, visit.review_of(session), number, tool,
            Target("", outcome, instrument, timepoint), viewer=visit.person,
            may=visit.may(Deed.APPRAISE),
        )  # fmt: skip
    return dumped(view)


def _target(visit: Visit, session: Session, number: int, what: What) -> Target:
    part = Target("", what.outcome, what.instrument, what.timepoint)
    return target_of(session, visit.review_of(session), number, part)


@routes.put(f"{PLACE}/draft", Deed.APPRAISE)
def keep_own_draft(
    visit: Visiting, review: Slug, number: Number, tool: Tool, body: Typed
) -> AppraisalDraftKept:
    """Keep what you have typed, complete or not, and say what follows; nobody else sees it."""
    del review
    with visit.writing() as session:
        found = visit.review_of(session)
        draft = keep_draft(
            session, found, tool, _target(visit, session, number, body), body.fields,
            handle=visit.person, kind=body.kind, version=body.version, now=visit.now,
        )  # fmt: skip
        of = tool_called(session, found, tool)
    reading = reading_of(of, draft.given)
    labels = {step.value: step.label for step in of.scale}
    questions = {domain.key: [q.number for q in domain.questions] for domain in of.domains}
    return AppraisalDraftKept(
        version=draft.version, saved_at=draft.saved_at, unanswered=reading.unanswered,
        domains=_follows(reading, labels, questions),
    )  # fmt: skip


def _follows(
    reading: Reading, labels: Mapping[str, str], questions: Mapping[str, list[str]]
) -> list[DomainFollows]:
    found = [
        DomainFollows(
            key=one.key, questions=questions[one.key], asked=list(one.asked),
            unanswered=list(one.unanswered), proposed=labels.get(one.proposed or ""),
            judged=labels.get(one.judged or ""),
        )
        for one in reading.domains
    ]  # fmt: skip
    whole = DomainFollows(
        key="Overall", questions=[], asked=[], unanswered=[],
        proposed=labels.get(reading.proposed or ""), judged=labels.get(reading.judged or ""),
    )  # fmt: skip
    return [*found, whole]


@routes.delete(f"{PLACE}/draft", Deed.APPRAISE, status_code=204)
def drop_own_draft(visit: Visiting, review: Slug, number: Number, tool: Tool, body: What) -> None:
    """Throw your draft away."""
    del review
    with visit.writing() as session:
        drop_draft(
            session, visit.review_of(session), tool, _target(visit, session, number, body),
            handle=visit.person, kind=body.kind,
        )  # fmt: skip


@routes.post(PLACE, Deed.APPRAISE)
def hand_in_appraisal(
    visit: Visiting, review: Slug, number: Number, tool: Tool, body: Handed
) -> HandedIn:
    """Hand an appraisal in, or the consensus of all; your draft is gone then."""
    del review
    reason = body.fields.get("reason", "").strip() or None
    with visit.writing(reason) as session:
        new = hand_in(
            session, visit.review_of(session), tool, _target(visit, session, number, body),
            body.fields, handle=visit.person, kind=body.kind, version=body.version,
            settled=body.settled, now=visit.now,
        )  # fmt: skip
    return HandedIn(new=new)
