"""Screening for programs: the next records, decisions, conflicts and their adjudication."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field

from review.people.rules import Deed
from review.screening.actions import adjudicate, decide, screener, withdraw
from review.screening.choices import Choice
from review.screening.views import conflicts, my_decisions, next_to_read
from review.screening.vocabulary import Stage, Verdict
from review.web.api import Slug, resources
from review.web.api.records import MOST_NUMBER, Number
from review.web.api.shapes import Cursor, FieldProblem, Limit, Page, Shape, Time, paged, place_of
from review.web.visits import Visiting

routes = resources("screening")

AtStage = Annotated[Stage, Path(description="title_abstract or full_text.")]


class SaidShape(Shape):
    """What one person said."""

    who: str
    verdict: Verdict
    reason: str | None
    note: str | None


class CardShape(Shape):
    """A record as a reviewer judges it; `mine` is what the person said of it before."""

    record: int
    title: str | None
    authors: list[str]
    year: int | None
    journal: str | None
    doi: str | None
    pmid: str | None
    abstract: str | None
    abstract_from: str | None
    """Where the abstract is from that its file has not: its copy, or where somebody found it."""
    keywords: list[str]
    source: str
    warning: str | None
    mine: SaidShape | None


class NextShape(Shape):
    """Records handed out; they wait for the person for ten minutes."""

    records: list[CardShape]
    left: int
    """Records that want the person's decision, these and those that others read now included."""


class SayDecision(BaseModel):
    """What the person says of one record."""

    record: int = Field(ge=1, le=MOST_NUMBER)
    verdict: Verdict
    reason: str | None = Field(None, max_length=200, description="Words or number of a reason.")
    note: str | None = Field(None, max_length=4000)
    request: str | None = Field(
        None, max_length=100, description="Sent twice under one name, decided once."
    )


class SayDecisions(BaseModel):
    """Decisions; each is kept or refused by itself."""

    decisions: list[SayDecision] = Field(min_length=1, max_length=500)


class DecidedShape(Shape):
    """What came of decisions, by record."""

    decided: list[int]
    changed: list[int]
    unchanged: list[int]
    late: list[int]
    """Others decided while the person read; kept beside the decisions, and counts in nothing."""
    refused: list[FieldProblem]


class MyDecisionShape(Shape):
    """What the person decided; `settled_because` says why it can be changed no more."""

    id: int
    record: int
    title: str | None
    said: SaidShape
    at: Time
    settled_because: str | None


class Withdrawn(Shape):
    """Whether anything stood that was taken back."""

    withdrawn: bool


class ConflictShape(Shape):
    """A record that reviewers disagree on, with what each of them says now."""

    record: int
    title: str | None
    year: int | None
    said: list[SaidShape]


class Settle(BaseModel):
    """How a third person settles a conflict."""

    verdict: Verdict
    reason: str | None = Field(None, max_length=200)
    note: str | None = Field(None, max_length=4000)


class Settled(Shape):
    """Whether that changed anything."""

    changed: bool


@routes.get("/reviews/{review}/screening/{stage}/next", Deed.SCREEN)
def next_records(
    visit: Visiting,
    review: Slug,
    stage: AtStage,
    limit: Annotated[int, Query(ge=1, le=100)] = 1,
) -> NextShape:
    """Hand out the next records that want the person's decision; others get other ones."""
    del review
    with visit.writing() as session:
        found = visit.review_of(session)
        reading = next_to_read(
            session, found, screener(session, found, visit.person), stage=stage, now=visit.now,
            count=limit,
        )  # fmt: skip
    cards = [CardShape.model_validate(card) for card in reading.cards]
    return NextShape(records=cards, left=reading.left)


@routes.post("/reviews/{review}/screening/{stage}/decisions", Deed.SCREEN)
def decide_on(visit: Visiting, review: Slug, stage: AtStage, body: SayDecisions) -> DecidedShape:
    """Keep decisions on some records."""
    del review
    choices = [
        Choice(one.record, one.verdict, one.reason, one.note, line=at, request=one.request)
        for at, one in enumerate(body.decisions)
    ]
    with visit.writing() as session:
        done = decide(
            session, visit.review_of(session), choices, stage=stage, handle=visit.person,
            now=visit.now, each_alone=True,
        )  # fmt: skip
    refused = [
        FieldProblem(field=f"decisions.{one.line}", message=one.reason) for one in done.refused
    ]
    return DecidedShape(
        decided=list(done.decided), changed=list(done.changed), unchanged=list(done.unchanged),
        late=list(done.late), refused=refused,
    )  # fmt: skip


@routes.get("/reviews/{review}/screening/{stage}/decisions", Deed.SCREEN)
def list_my_decisions(
    visit: Visiting, review: Slug, stage: AtStage, cursor: Cursor = None, limit: Limit = 50
) -> Page[MyDecisionShape]:
    """List what the person decided, the last one first."""
    del review
    place = place_of(cursor, int)
    with visit.reading() as session:
        found = visit.review_of(session)
        mine = my_decisions(
            session, found, screener(session, found, visit.person), stage=stage,
            before=place[0] if place else None, limit=limit + 1,
        )  # fmt: skip
    shapes = [MyDecisionShape.model_validate(one) for one in mine]
    return paged(shapes, limit, lambda one: (one.id,))


@routes.delete("/reviews/{review}/screening/{stage}/decisions/{number}", Deed.SCREEN)
def take_decision_back(visit: Visiting, review: Slug, stage: AtStage, number: Number) -> Withdrawn:
    """Take back what the person decided on a record; they are undecided."""
    del review
    with visit.writing() as session:
        taken = withdraw(
            session, visit.review_of(session), number, stage=stage, handle=visit.person,
            now=visit.now,
        )  # fmt: skip
    return Withdrawn(withdrawn=taken)


@routes.get("/reviews/{review}/screening/{stage}/conflicts", Deed.LOOK)
def list_conflicts(
    visit: Visiting, review: Slug, stage: AtStage, cursor: Cursor = None, limit: Limit = 50
) -> Page[ConflictShape]:
    """List what reviewers disagree on, in order of import."""
    del review
    place = place_of(cursor, int)
    with visit.reading() as session:
        open_ = conflicts(
            session,
            visit.review_of(session),
            stage=stage,
            after=place[0] if place else 0,
            limit=limit + 1,
        )
    shapes = [ConflictShape.model_validate(one) for one in open_]
    return paged(shapes, limit, lambda one: (one.record,))


@routes.post("/reviews/{review}/screening/{stage}/conflicts/{number}", Deed.SCREEN)
def settle_conflict(
    visit: Visiting, review: Slug, stage: AtStage, number: Number, body: Settle
) -> Settled:
    """Settle a conflict as a third person: include or exclude."""
    del review
    with visit.writing() as session:
        changed = adjudicate(
            session, visit.review_of(session),
            Choice(number, body.verdict, body.reason, body.note), stage=stage,
            handle=visit.person, now=visit.now,
        )  # fmt: skip
    return Settled(changed=changed)
