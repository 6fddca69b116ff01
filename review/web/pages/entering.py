"""The pages on which a trial is entered from its report, and two entries are agreed on."""

from __future__ import annotations

from starlette.responses import Response

from review.export.views.entering import trial_preview
from review.export.views.study import study_head
from review.people.rules import Deed
from review.web.api.drafts import LARGE, FormToPreview
from review.web.plots import Addresses, forest_table
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


@routes.post("/r/{review}/s/{study}/enter/preview", Deed.EXTRACT, size=LARGE)
def preview(visit: Visiting, study: int, body: FormToPreview) -> Response:
    """Show what an analysis would be with what is typed: a part of a page; nothing is stored."""
    with visit.reading() as session:
        view = trial_preview(
            session, visit.review_of(session), study, kind=body.entry, form=body.form,
            made_from=body.made_from, viewer=visit.person, analysis=body.analysis,
        )  # fmt: skip
    plot = forest_table(view.forest, Addresses(view.studies, visit.path("s") + "/"))
    return page(visit, "trial_preview.html", view, plot=plot)
