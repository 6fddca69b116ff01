"""The pages on which a trial is entered from its report, and two entries are agreed on."""

from __future__ import annotations

from starlette.responses import Response

from review.export.views.study import study_head
from review.people.rules import Deed
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visiting

routes = Routes()


@routes.get("/r/{review}/s/{study}/enter", Deed.EXTRACT)
def enter(visit: Visiting, study: int) -> Response:
    """Show the form of a trial beside its report; its script asks for the person's draft."""
    with visit.reading() as session:
        view = study_head(session, visit.review_of(session), study)
    return page(visit, "enter.html", view)


@routes.get("/r/{review}/s/{study}/report/{report}", Deed.LOOK)
def report_window(visit: Visiting, study: int, report: int) -> Response:
    """Show a report alone, in a window for a second screen: it talks to the page of the form."""
    with visit.reading() as session:
        view = study_head(session, visit.review_of(session), study)
    return page(visit, "report_window.html", view, report=report)


@routes.get("/r/{review}/s/{study}/agree", Deed.EXTRACT)
def agree(visit: Visiting, study: int) -> Response:
    """Show where two blind entries of a trial differ, to be decided cell by cell."""
    with visit.reading() as session:
        view = study_head(session, visit.review_of(session), study)
    return page(visit, "agree.html", view)
