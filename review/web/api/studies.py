"""Studies, and the results of them that count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from review.export.views.results import NUMBERS, CountingResult, results_of
from review.export.views.study import StudyLine, StudyView, studies_of, study_of
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.sending import Csv, dumped, table
from review.web.api.shapes import Cursor, Limit, Page, cut
from review.web.visits import Visiting

routes = resources("studies")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@routes.get("/reviews/{review}/studies", Deed.LOOK, response_model=Page[StudyLine])
def list_studies(
    visit: Visiting,
    review: Slug,
    q: Annotated[str, Query(max_length=200, description="Text in its name.")] = "",
    state: Annotated[
        str, Query(max_length=80, description="How far its extraction is, or excluded.")
    ] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List the studies."""
    del review
    with visit.reading() as session:
        view = studies_of(session, visit.review_of(session))
    found = [
        one
        for one in view.studies
        if q.casefold() in one.study.casefold()
        and state in ("", "excluded" if one.excluded_because else one.state)
    ]
    found.sort(key=lambda one: one.id)
    return dumped(cut(found, cursor, limit, lambda one: f"{one.id:010}"))


@routes.get("/reviews/{review}/studies/{number}", Deed.LOOK, response_model=StudyView)
def get_study(visit: Visiting, review: Slug, number: Number) -> Response:
    """Return all that you may see of a study: every number, where it is from, where it went."""
    del review
    with visit.reading() as session:
        view = study_of(session, visit.review_of(session), number, viewer=visit.person)
    return dumped(view)


@routes.get(
    "/reviews/{review}/results", Deed.LOOK, response_model=Page[CountingResult],
)  # fmt: skip
def list_results(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the results that count, as reported, with their source."""
    del review
    with visit.reading() as session:
        found = results_of(session, visit.review_of(session))
    return dumped(cut(found, cursor, limit, lambda one: f"{one.id:010}"))


@routes.get("/reviews/{review}/results.csv", Deed.LOOK, response_model=None, response_class=Csv)
def get_results_table(visit: Visiting, review: Slug) -> Response:
    """Return all results that count as a table, a column a number."""
    del review
    with visit.reading() as session:
        found = results_of(session, visit.review_of(session))
    names = [field.name for field in fields(CountingResult)]
    at = names.index("numbers")
    return table(_rows(found), [*names[:at], *NUMBERS, *names[at + 1 :]])


def _rows(found: Iterable[CountingResult]) -> Iterator[dict[str, Any]]:
    for one in found:
        row = {field.name: getattr(one, field.name) for field in fields(CountingResult)}
        yield {**row.pop("numbers"), **row}
