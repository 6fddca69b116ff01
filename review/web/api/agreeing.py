"""Two blind entries of a trial, compared and settled cell by cell."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from review.export.views.agreeing import (
    AgreedOn,
    ComparisonPage,
    comparison_page,
    consensus_previews,
    decide,
)
from review.export.views.what_if import TrialPreview
from review.extraction.consensus import reach_consensus, sides
from review.extraction.drafts.settling import Choice, Settling
from review.extraction.queries import study_numbered
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.sending import dumped
from review.web.api.shapes import Shape
from review.web.visits import Visiting

routes = resources("entering trials")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Tolerance = Annotated[float, Field(ge=0, le=1000)]
STUDY = "/reviews/{review}/studies/{number}"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ToSettle(_Body):
    """A cell, and whose value holds."""

    id: Annotated[str, Field(max_length=12)]
    taken: Settling
    value: Annotated[str, Field(max_length=20_000)] | None = None
    """The other value, as a file would have it."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class CellsToSettle(_Body):
    """Cells that are settled at once."""

    cells: Annotated[list[ToSettle], Field(min_length=1, max_length=2000)]
    tolerance: Tolerance = 0.0


class ToAgree(_Body):
    """The consensus of two entries."""

    tolerance: Tolerance = 0.0
    preview: bool = False
    """Show what it would do, what is open counting as the first's, and store nothing."""


class Consensus(Shape):
    """The consensus, or what it would do."""

    entry: int | None
    previews: list[TrialPreview]


@routes.get(f"{STUDY}/comparison", Deed.LOOK, response_model=ComparisonPage)
def compare(
    visit: Visiting,
    review: Slug,
    number: Number,
    tolerance: Annotated[float, Query(ge=0, le=1000)] = 0.0,
) -> Response:
    """Return two finished entries of a study, cell by cell."""
    del review
    with visit.reading() as session:
        view = comparison_page(session, visit.review_of(session), number, tolerance=tolerance)
    return dumped(view)


@routes.post(f"{STUDY}/resolutions", Deed.EXTRACT, response_model=AgreedOn, size=1024 * 1024)
def settle(visit: Visiting, review: Slug, number: Number, body: CellsToSettle) -> Response:
    """Settle cells in which the entries differ, all or none."""
    del review
    chosen = [Choice(c.id, c.taken, c.value, c.reason) for c in body.cells]
    with visit.writing() as session:
        view = decide(
            session, visit.review_of(session), number, chosen, tolerance=body.tolerance,
            person=visit.person, now=visit.now,
        )  # fmt: skip
    return dumped(view)


@routes.post(f"{STUDY}/consensus", Deed.EXTRACT, response_model=Consensus)
def agree(visit: Visiting, review: Slug, number: Number, body: ToAgree) -> Response:
    """Make the consensus that counts from then on; neither entry changes."""
    del review
    if body.preview:
        with visit.reading() as session:
            shown = consensus_previews(
                session, visit.review_of(session), number, viewer=visit.person,
                tolerance=body.tolerance,
            )  # fmt: skip
        return dumped({"entry": None, "previews": shown})
    with visit.writing() as session:
        found = visit.review_of(session)
        study = study_numbered(session, found, number)
        both = sides(session, found, study.label, tolerance=body.tolerance)
        entry = reach_consensus(session, found, both, person=visit.person, now=visit.now)
        made = entry.id
    return dumped({"entry": made, "previews": ()})
