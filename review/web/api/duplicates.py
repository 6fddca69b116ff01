"""Pairs of records that may be one, for programs: listed, settled, taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field

from review.citations.duplicates import decide_pair
from review.citations.pair_queries import some_pairs
from review.citations.rules import PairState
from review.citations.vocabulary import Verdict
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.records import MOST_NUMBER
from review.web.api.shapes import Cursor, Limit, Page, Shape, after_of, numbered
from review.web.visits import Visiting

routes = resources("records")


class PairShape(Shape):
    """Two records that may be one: why a rule says so, and what a person said last."""

    id: int
    earlier_id: int
    later_id: int
    score: float
    rule: str
    state: PairState
    verdict: Verdict | None


class SayPair(BaseModel):
    """What a person says of a pair; `undecided` takes back what was said of it before."""

    verdict: Verdict
    reason: str | None = Field(None, max_length=4000)


@routes.get("/reviews/{review}/duplicates", Deed.LOOK)
def list_pairs(
    visit: Visiting,
    review: Slug,
    state: Annotated[PairState | None, Query(description="What a pair is now.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[PairShape]:
    """List pairs of records in the order in which they were found."""
    del review
    after = after_of(cursor)
    with visit.reading() as session:
        found = some_pairs(
            session, visit.review_of(session), state=state, after=after, limit=limit + 1
        )
    return numbered(found, limit, PairShape.model_validate)


@routes.post("/reviews/{review}/duplicates/{pair}", Deed.COLLECT)
def settle_pair(
    visit: Visiting,
    review: Slug,
    pair: Annotated[int, Path(ge=1, le=MOST_NUMBER)],
    body: SayPair,
) -> PairShape:
    """Say whether two records are one; what was said before stays in the history."""
    del review
    with visit.writing() as session:
        found = visit.review_of(session)
        decide_pair(
            session, found, pair=pair, verdict=body.verdict, reason=body.reason,
            person=visit.person, now=visit.now,
        )  # fmt: skip
        session.flush()
        (now,) = some_pairs(session, found, number=pair)
    return PairShape.model_validate(now)
