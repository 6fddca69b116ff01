"""Analyses: what each says now, the versions of its plan, its runs, and what moved between two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Final, TypeVar

from fastapi import Path, Query
from starlette.responses import Response

from review.export.views.analysis import Headline
from review.export.views.listed import AnalysisLine, analyses_of
from review.export.views.plan_versions import PlanVersion, plan_versions_of
from review.export.views.run import EffectRow, RunLine, RunView, effects_of, run_of, runs_of
from review.export.views.tabs import head_of, history_of
from review.living.reports.pages import Section
from review.living.runs.models import Run
from review.living.runs.queries import run_numbered
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.sending import Csv, Having, dumped, has, table, unchanging
from review.web.api.shapes import Cursor, Limit, Page, cut
from review.web.visits import Visit, Visiting

routes = resources("analyses")

Analysis = Annotated[
    str, Path(description="The short name of an analysis.", min_length=1, max_length=80)
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Of the run.")]
ViewT = TypeVar("ViewT")
Which = Annotated[int | None, Query(ge=1, le=2**31 - 1)]

KEPT: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "You have it already."}}
"""A run never changes: its key is the ETag of all that is read of it."""

A: Final = "/reviews/{review}/analyses"
RUNS: Final = f"{A}/{{analysis}}/runs"


@routes.get(A, Deed.LOOK, response_model=Page[AnalysisLine])
def list_analyses(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the analyses with what each says now."""
    del review
    with visit.reading() as session:
        view = analyses_of(session, visit.review_of(session))
    lines = sorted(view.analyses, key=lambda one: one.analysis)
    return dumped(cut(lines, cursor, limit, lambda one: one.analysis))


@routes.get(f"{A}/{{analysis}}", Deed.LOOK, response_model=Headline)
def get_analysis(visit: Visiting, review: Slug, analysis: Analysis) -> Response:
    """Return what an analysis says now, against which margins, and what must be known beside it."""
    del review
    with visit.reading() as session:
        view = head_of(session, visit.review_of(session), analysis)
    return dumped(view)


@routes.get(f"{A}/{{analysis}}/versions", Deed.LOOK, response_model=Page[PlanVersion])
def list_versions(
    visit: Visiting, review: Slug, analysis: Analysis, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the versions of the plan, each whole and with what it changed."""
    del review
    with visit.reading() as session:
        view = plan_versions_of(session, visit.review_of(session), analysis)
    found = sorted(view.versions, key=lambda one: one.number)
    return dumped(cut(found, cursor, limit, lambda one: f"{one.number:010}"))


@routes.get(RUNS, Deed.LOOK, response_model=Page[RunLine])
def list_runs(
    visit: Visiting, review: Slug, analysis: Analysis, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the runs, the first one first."""
    del review
    with visit.reading() as session:
        found = runs_of(session, visit.review_of(session), analysis)
    return dumped(cut(found, cursor, limit, lambda one: f"{one.number:010}"))


@routes.get(f"{RUNS}/{{number}}", Deed.LOOK, response_model=RunView, responses=KEPT)
def get_run(
    visit: Visiting, review: Slug, analysis: Analysis, number: Number, having: Having = None
) -> Response:
    """Return all that a run keeps; for its conclusion see the analysis, and the change report."""
    del review
    return _of_run(visit, analysis, number, having, run_of, dumped)


@routes.get(
    f"{RUNS}/{{number}}/effects", Deed.LOOK, response_model=list[EffectRow],
    responses=KEPT,
)  # fmt: skip
def get_effects(
    visit: Visiting, review: Slug, analysis: Analysis, number: Number, having: Having = None
) -> Response:
    """Return the effect of each trial of a run."""
    del review
    return _of_run(visit, analysis, number, having, effects_of, dumped)


@routes.get(
    f"{RUNS}/{{number}}/effects.csv", Deed.LOOK, response_model=None, response_class=Csv,
    responses=KEPT,
)  # fmt: skip
def get_effects_table(
    visit: Visiting, review: Slug, analysis: Analysis, number: Number, having: Having = None
) -> Response:
    """Return the effect of each trial of a run as a table."""
    del review
    columns = [field.name for field in fields(EffectRow)]
    return _of_run(
        visit, analysis, number, having, effects_of, lambda rows: table(map(asdict, rows), columns)
    )


def _of_run(
    visit: Visit,
    analysis: str,
    number: int,
    having: str | None,
    read: Callable[[Run], ViewT],
    write: Callable[[ViewT], Response],
) -> Response:
    with visit.reading() as session:
        run = run_numbered(session, visit.review_of(session), analysis, number)
        key = run.key
        found = None if has(key, having) else read(run)
    return unchanging(key, None if found is None else write(found))


@dataclass(frozen=True, slots=True)
class Change:
    """What moved between two runs, and why, in sections."""

    title: str
    since: int | None
    until: int
    sections: tuple[Section, ...]


@routes.get(f"{A}/{{analysis}}/change", Deed.LOOK, response_model=Change)
def get_change(
    visit: Visiting,
    review: Slug,
    analysis: Analysis,
    since: Annotated[Which, Query(alias="from", description="A run; the one before.")] = None,
    until: Annotated[Which, Query(alias="to", description="A run; the newest.")] = None,
) -> Response:
    """Return the change report of two runs, as it may be told now."""
    del review
    with visit.reading() as session:
        view = history_of(session, visit.review_of(session), analysis, since, until)
    return dumped(Change(view.title, view.since, view.until, (*view.brief, *view.rest)))
