"""Analyses: the list of them, and the page of one with a tab for each question."""

from __future__ import annotations

from dataclasses import dataclass
from mimetypes import guess_type
from typing import Annotated, Any, Final

from fastapi import Query
from markupsafe import Markup
from starlette.responses import Response

from review.export.views import analysis as views
from review.export.views.analysis import AnalysisView, Choices, Columns, ForestView, Order
from review.export.views.downloads import Download, downloads_of, figure_of_run, table_of_run
from review.export.views.listed import analyses_of
from review.export.views.plan_versions import plan_versions_of
from review.export.views.row import row_of
from review.export.views.tabs import (
    HistoryView,
    LooksView,
    history_of,
    looks_of,
    outlook_of,
    robustness_of,
    selection_of,
)
from review.figures.cumulative import as_estimates
from review.living.job.multiverse_once import work_out_multiverse
from review.living.reports.once import work_out_firmness
from review.people.rules import Deed
from review.web.later import later
from review.web.plots import Addresses, estimates_table, forest_table
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visit, Visiting

routes = Routes()

TABS: Final = (
    ("forest", "Forest"), ("history", "History"), ("robustness", "Robustness"), ("looks", "Looks"),
    ("outlook", "Outlook"), ("selection", "Selection"), ("plan", "Plan"),
    ("downloads", "Downloads"), ("all", "All on one page"),
)  # fmt: skip
"""The pages of an analysis: name, which is the last part of all addresses but the first, and words.

On the page of all they are anchors.
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is drawn of a view for its tab."""

    plot: Markup | None = None
    versions: Markup | None = None
    cumulative: Markup | None = None
    link: str = ""


def _tab(
    visit: Visit, tab: str, view: object, beside: Beside | None = None, **more: Any
) -> Response:
    return page(visit, "analysis.html", view, tabs=TABS, tab=tab, beside=beside or Beside(), **more)


Studies = Annotated[list[int], Query()]
Shown = Annotated[list[Columns], Query()]


@routes.get("/r/{review}/analyses", Deed.LOOK)
def analyses(visit: Visiting) -> Response:
    """List the analyses of a review with what each says now."""
    with visit.reading() as session:
        view = analyses_of(session, visit.review_of(session))
    return page(visit, "analyses.html", view)


@routes.get("/r/{review}/a/{analysis}", Deed.LOOK)
def analysis(
    visit: Visiting,
    analysis: str,
    run: int | None = None,
    sort: Order = Order.YEAR,
    by: str | None = None,
    columns: Shown = [],  # noqa: B006 -- FastAPI copies it
    without: Studies = [],  # noqa: B006 -- FastAPI copies it
    whatif: bool = False,
) -> Response:
    """Show an analysis: what it says, against which margins, and its trials."""
    chosen = Choices(sort, by or None, frozenset(columns), frozenset(without), switches=whatif)
    with visit.reading() as session:
        view = views.analysis_page(session, visit.review_of(session), analysis, run, chosen)
    return _tab(visit, "forest", view, _forest(visit, analysis, view, run))


@routes.get("/r/{review}/a/{analysis}/all", Deed.LOOK)
def whole(visit: Visiting, analysis: str, run: int | None = None) -> Response:
    """Show all there is to say of an analysis on one page, to read through or to print."""
    with visit.reading() as session:
        review = visit.review_of(session)
        view = views.analysis_page(session, review, analysis, run, Choices())
        past = history_of(session, review, analysis, None, run)
        robust = robustness_of(session, review, analysis, run)
        panel = looks_of(session, review, analysis, run)
        ahead = outlook_of(session, review, analysis, run)
        chosen = selection_of(session, review, analysis)
        planned = plan_versions_of(session, review, analysis)
        files = downloads_of(session, review, analysis)
    if ahead.sections is None:
        later(work_out_firmness, visit.database, ahead.run_id)
    drawn = (
        (view, _forest(visit, analysis, view, run)), (past, _history(visit, analysis, past)),
        (robust, Beside(estimates_table(robust.leave_one_out))), (panel, _looks(panel)),
        (ahead, Beside()), (chosen, Beside()), (planned, Beside()), (files, Beside()),
    )  # fmt: skip
    chapters = [(*tab, *shown) for tab, shown in zip(TABS[:-1], drawn, strict=True)]
    return _tab(visit, "all", view, chapters=chapters)


def _forest(visit: Visit, analysis: str, view: AnalysisView, run: int | None) -> Beside:
    plot = plot_of(visit, analysis, view, run)
    return Beside(plot, link=_address(visit, analysis, view.plot, run))


def plot_of(visit: Visit, analysis: str, view: AnalysisView, run: int | None) -> Markup:
    """Return the forest plot of a view, each head leading to another order of its rows."""
    plot = view.plot
    heads = {"label": Order.NAME, "value": Order.EFFECT, "weight": Order.WEIGHT}
    sorts = {key: _address(visit, analysis, plot, run, order) for key, order in heads.items()}
    now = next((key for key, order in heads.items() if order is plot.chosen.order), "")
    to = Addresses(
        studies=plot.studies,
        study=visit.path("s") + "/",
        sorts=sorts,
        sorted_by=now,
        off=plot.chosen.without,
        switches=plot.chosen.switches,
    )
    return forest_table(plot.forest, to, caption=f"{view.head.title}: every trial of the run")


def _address(
    visit: Visit, analysis: str, plot: ForestView, run: int | None, order: Order | None = None
) -> str:
    """Return the address of this plot, in another order if one is given."""
    chosen = plot.chosen
    asked: list[tuple[str, object]] = []
    if run is not None:
        asked.append(("run", run))
    order = order or chosen.order
    if order is not Order.YEAR:
        asked.append(("sort", order))
    if chosen.by:
        asked.append(("by", chosen.by))
    asked += [("columns", column) for column in sorted(chosen.columns)]
    asked += [("without", study) for study in sorted(chosen.without)]
    if chosen.switches and not chosen.without:
        asked.append(("whatif", "true"))
    return (
        visit.path("a", analysis)
        + ("?" if asked else "")
        + "&".join(f"{name}={value}" for name, value in asked)
    )


@routes.get("/r/{review}/a/{analysis}/row/{study}", Deed.LOOK)
def row(visit: Visiting, analysis: str, study: int, run: int | None = None) -> Response:
    """Show where one row of a forest plot comes from: a part of a page."""
    with visit.reading() as session:
        view = row_of(session, visit.review_of(session), analysis, run, study, viewer=visit.person)
    return page(visit, "row.html", view)


@routes.get("/r/{review}/a/{analysis}/history", Deed.LOOK)
def history(
    visit: Visiting,
    analysis: str,
    since: Annotated[int | None, Query(alias="from")] = None,
    until: Annotated[int | None, Query(alias="to")] = None,
) -> Response:
    """Show every run of an analysis, and what moved between any two of them."""
    with visit.reading() as session:
        view = history_of(session, visit.review_of(session), analysis, since, until)
    return _tab(visit, "history", view, _history(visit, analysis, view))


def _history(visit: Visit, analysis: str, view: HistoryView) -> Beside:
    links = {
        i: f"{visit.path('a', analysis)}?run={number}" for i, number in enumerate(view.numbers)
    }
    return Beside(
        versions=estimates_table(view.versions, links=links),
        cumulative=estimates_table(as_estimates(view.cumulative)) if view.cumulative else None,
    )


@routes.get("/r/{review}/a/{analysis}/robustness", Deed.LOOK)
def robustness(
    visit: Visiting, analysis: str, run: int | None = None, every: bool = False
) -> Response:
    """Show what other choices would have given; if asked, work out every combination of them."""
    with visit.reading() as session:
        view = robustness_of(session, visit.review_of(session), analysis, run)
    if every and view.every is None and view.head.is_newest and visit.review is not None:
        later(work_out_multiverse, visit.database, visit.review, analysis)
    beside = Beside(estimates_table(view.leave_one_out))
    return _tab(visit, "robustness", view, beside, asked=every)


@routes.get("/r/{review}/a/{analysis}/looks", Deed.LOOK)
def looks(visit: Visiting, analysis: str, run: int | None = None) -> Response:
    """Show the panel for repeated looks, which is not the headline."""
    with visit.reading() as session:
        view = looks_of(session, visit.review_of(session), analysis, run)
    return _tab(visit, "looks", view, _looks(view))


def _looks(view: LooksView) -> Beside:
    return Beside(estimates_table(view.sequence) if view.sequence else None)


@routes.get("/r/{review}/a/{analysis}/outlook", Deed.LOOK)
def outlook(visit: Visiting, analysis: str, run: int | None = None) -> Response:
    """Show what would change the conclusion, as soon as that has been worked out."""
    with visit.reading() as session:
        view = outlook_of(session, visit.review_of(session), analysis, run)
    if view.sections is None:
        later(work_out_firmness, visit.database, view.run_id)
    return _tab(visit, "outlook", view)


@routes.get("/r/{review}/a/{analysis}/selection", Deed.LOOK)
def selection(visit: Visiting, analysis: str) -> Response:
    """Show which result of each study counts, and which studies are left out, and why."""
    with visit.reading() as session:
        view = selection_of(session, visit.review_of(session), analysis)
    return _tab(visit, "selection", view)


@routes.get("/r/{review}/a/{analysis}/downloads", Deed.LOOK)
def downloads(visit: Visiting, analysis: str) -> Response:
    """Offer the figures and tables of an analysis as files."""
    with visit.reading() as session:
        view = downloads_of(session, visit.review_of(session), analysis)
    return _tab(visit, "downloads", view)


@routes.get("/r/{review}/a/{analysis}/figures/{drawn}.{kind}", Deed.LOOK)
def figure(
    visit: Visiting, analysis: str, drawn: str, kind: str, run: int | None = None
) -> Response:
    """Return a figure of a run as a file."""
    with visit.reading() as session:
        draw = figure_of_run(session, visit.review_of(session), analysis, run, drawn, kind)
    return _file(draw())


@routes.get("/r/{review}/a/{analysis}/tables/{content}.{kind}", Deed.LOOK)
def table(visit: Visiting, analysis: str, content: str, kind: str) -> Response:
    """Return a table of an analysis as a file."""
    with visit.reading() as session:
        write = table_of_run(session, visit.review_of(session), analysis, content, kind)
    return _file(write())


def _file(found: Download) -> Response:
    kind = guess_type(found.name)[0] or "application/octet-stream"
    head = {"content-disposition": f'attachment; filename="{found.name}"'}
    return Response(found.content, media_type=kind, headers=head)


@routes.get("/r/{review}/a/{analysis}/plan", Deed.LOOK)
def plan(visit: Visiting, analysis: str) -> Response:
    """Show every version of an analysis' plan with what each changed."""
    with visit.reading() as session:
        view = plan_versions_of(session, visit.review_of(session), analysis)
    return _tab(visit, "plan", view)
