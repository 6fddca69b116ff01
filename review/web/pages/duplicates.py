"""Records that may be one: looked at side by side, settled, taken back."""

from __future__ import annotations

from fastapi import Query
from starlette.responses import Response

from review.citations.duplicates import undo_pair
from review.citations.groups import duplicates_of, linked_pairs, settle, take_back_last
from review.errors import InvalidDataError
from review.people.rules import Deed
from review.tasks.actions import ask_for
from review.tasks.kinds import COMPARE
from review.tasks.running import start
from review.web.render import page, to
from review.web.routes import Routes
from review.web.uploads import all_of, number_in
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

AT_ONCE = 50
"""Linked pairs on a page."""

MOST = 2**31 - 1


def _back(visit: Visit, skip: int) -> Response:
    return to(visit.path("duplicates", skip=skip) if skip else visit.path("duplicates"))


@routes.get("/r/{review}/duplicates", Deed.LOOK)
def duplicates(visit: Visiting, skip: int = Query(0, ge=0, le=MOST)) -> Response:
    """Show the next records that may be one."""
    with visit.reading() as session:
        view = duplicates_of(session, visit.review_of(session), viewer=visit.person, skipped=skip)
    return page(visit, "duplicates.html", view)


@routes.post("/r/{review}/duplicates", Deed.COLLECT)
def decide(visit: Visiting, sent: Sent) -> Response:
    """Keep what was said of a card."""
    pairs = [number_in(one) for one in all_of(sent, "pair")]
    same = [number_in(one) for one in all_of(sent, "same")]
    verdict = sent.get("verdict")
    if verdict not in ("duplicate", "different"):
        raise InvalidDataError("say whether these are one work or not")
    with visit.writing() as session:
        settle(
            session, visit.review_of(session), pairs, same=same,
            as_one=verdict == "duplicate", person=visit.person, now=visit.now,
        )  # fmt: skip
    return _back(visit, number_in(sent.get("skip")))


@routes.post("/r/{review}/duplicates/undo", Deed.COLLECT)
def undo(visit: Visiting, sent: Sent) -> Response:
    """Take back what I said last."""
    with visit.writing() as session:
        take_back_last(session, visit.review_of(session), person=visit.person, now=visit.now)
    return _back(visit, number_in(sent.get("skip")))


@routes.post("/r/{review}/duplicates/compare", Deed.COLLECT)
def compare(visit: Visiting) -> Response:
    """Compare the records that are new with all others, in the background."""
    with visit.writing() as session:
        review = visit.review_of(session)
        number = ask_for(session, review.id, COMPARE, by=visit.person, now=visit.now).id
    start(visit.database, number, actor=visit.person)
    return to(visit.path(*COMPARE.page, number))


@routes.get("/r/{review}/duplicates/linked", Deed.LOOK)
def linked(visit: Visiting, after: int = Query(0, ge=0, le=MOST)) -> Response:
    """List the pairs that are linked, also those that nobody looked at."""
    with visit.reading() as session:
        review = visit.review_of(session)
        found = linked_pairs(session, review, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    more = visit.path("duplicates", "linked", after=shown[-1].pair) if len(found) > AT_ONCE else ""
    first = visit.path("duplicates", "linked") if after else ""
    return page(visit, "duplicates_linked.html", shown, first=first, next=more)


@routes.post("/r/{review}/duplicates/{pair}/undo", Deed.COLLECT)
def part(visit: Visiting, pair: int, sent: Sent) -> Response:
    """Part a pair that the rules linked, or take back what anybody said of it."""
    with visit.writing() as session:
        undo_pair(
            session, visit.review_of(session), pair=pair, person=visit.person, now=visit.now
        )  # fmt: skip
    back = "linked" if sent.get("from") == "linked" else ""
    return to(visit.path("duplicates", "linked") if back else visit.path("duplicates"))
