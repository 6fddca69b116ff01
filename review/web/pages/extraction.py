"""The queue of extraction: what is to be entered, by whom, and what waits for the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from review.errors import InvalidDataError
from review.extraction.assigning.actions import assign, release, share_out
from review.extraction.assigning.rules import ASKED
from review.extraction.assigning.views import Stand, StudyTask, extraction_queue
from review.extraction.queries import study_numbered
from review.people.rules import Deed
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@routes.get("/r/{review}/extract", Deed.LOOK)
def queue(visit: Visiting, show: str = "mine") -> Response:
    """List the studies that wait for the person, or all of them."""
    return _queue(visit, show)


def _queue(visit: Visit, show: str, error: str = "") -> Response:
    with visit.reading() as session:
        view = extraction_queue(session, visit.review_of(session), viewer=visit.person)
    shown = [task for task in view.tasks if _is_shown(task, show)]
    return page(
        visit, "extract.html", view, shown=shown, show=show, error=error,
        status=422 if error else 200,
    )  # fmt: skip


def _is_shown(task: StudyTask, show: str) -> bool:
    if show == "all":
        return True
    if show == "doubts":
        return task.doubts > 0
    if show == "unassigned":
        return task.stand is Stand.OPEN and len(task.asked) < ASKED
    return task.next is not None


def _several(sent: Mapping[str, Any], name: str) -> list[str]:
    several = getattr(sent, "getlist", None)
    return [str(one) for one in several(name)] if several else []


@routes.post("/r/{review}/extract/assign", Deed.EXTRACT)
def give(visit: Visiting, sent: Sent) -> Response:
    """Ask people for the studies that are ticked, or share out all that nobody has entered."""
    people, numbers = _several(sent, "person"), _several(sent, "study")
    show = str(sent.get("show", "mine"))
    chosen = [int(number) for number in numbers if number.isdigit()]
    try:
        with visit.writing() as session:
            review = visit.review_of(session)
            if sent.get("do") == "share":
                share_out(session, review, people, now=visit.now)
            elif not people or not chosen:
                raise InvalidDataError("tick studies and the people who are to enter them")
            else:
                for number in chosen:
                    study = study_numbered(session, review, number)
                    assign(session, review, study, people, now=visit.now)
    except InvalidDataError as error:
        return _queue(visit, show, str(error))
    return to(visit.path("extract", show=show))


@routes.post("/r/{review}/extract/{study}/release", Deed.EXTRACT)
def ask_no_longer(visit: Visiting, study: int, sent: Sent) -> Response:
    """Ask somebody no longer to enter a study."""
    with visit.writing() as session:
        review = visit.review_of(session)
        of = study_numbered(session, review, study)
        because = f"asked no longer, by {visit.person}"
        release(session, of, str(sent.get("person", "")), because=because)
    return to(visit.path("extract", show=str(sent.get("show", "all"))))
