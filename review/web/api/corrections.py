"""Correcting and withdrawing results that count; what a review chose about entering trials."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from review.export.views.correcting import Correcting, corrected, correction_seen
from review.extraction.choices import Choices, choices_of, choose
from review.extraction.drafts.form import Cells, Source
from review.extraction.mending.results import reinstate_result, withdraw_result
from review.extraction.vocabulary import Correction, Preview
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.drafts import Why
from review.web.api.sending import dumped
from review.web.api.shapes import Shape
from review.web.visits import Visiting

routes = resources("entering trials")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
RESULT = "/reviews/{review}/results/{number}"
CHOICES = "/reviews/{review}/extraction-choices"


class ToChange(BaseModel):
    """What a result that counts is to say, and why."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    version: Annotated[int, Field(ge=1)]
    """Of the result that you saw."""
    reason_kind: Correction
    reason: Annotated[str, Field(max_length=2000)] = ""
    cells: Cells = {}
    source: Source | None = None
    key: dict[str, Annotated[str, Field(max_length=500)] | None] = {}
    """Parts of what the result is of; arms by their labels."""
    dry_run: bool = False
    """Show what it would change and do, and store nothing."""


class Done(Shape):
    """What was done."""

    said: str


class ChoicesShape(BaseModel):
    """When the preview shows, and whether arms are agreed before anybody enters a trial blind."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    preview: Preview
    arms_first: bool


@routes.patch(RESULT, Deed.EXTRACT, response_model=Correcting)
def correct_result(visit: Visiting, review: Slug, number: Number, body: ToChange) -> Response:
    """Correct a result that counts; runs before it stay as they are."""
    del review
    key = {name: part for name, part in body.key.items() if part is not None}
    if body.dry_run:
        with visit.reading() as session:
            view = correction_seen(
                session, visit.review_of(session), number, version=body.version,
                cells=body.cells, source=body.source, key=key, viewer=visit.person,
            )  # fmt: skip
        return dumped(view)
    why = f"{body.reason_kind.value}: {body.reason.strip()}".removesuffix(": ")
    with visit.writing(why) as session:
        view = corrected(
            session, visit.review_of(session), number, version=body.version, cells=body.cells,
            source=body.source, key=key, person=visit.person, reason=why, now=visit.now,
        )  # fmt: skip
    return dumped(view)


@routes.post(f"{RESULT}/withdraw", Deed.EXTRACT)
def withdraw(visit: Visiting, review: Slug, number: Number, body: Why) -> Done:
    """Take a result out for good; it stays with the reason, and counts nowhere."""
    del review
    with visit.writing(body.reason) as session:
        done = withdraw_result(
            session, visit.review_of(session), number=number, person=visit.person,
            reason=body.reason,
        )  # fmt: skip
    return Done(said=done.sentence)


@routes.post(f"{RESULT}/reinstate", Deed.EXTRACT)
def reinstate(visit: Visiting, review: Slug, number: Number, body: Why) -> Done:
    """Take a withdrawn result in again."""
    del review
    with visit.writing(body.reason) as session:
        done = reinstate_result(
            session, visit.review_of(session), number=number, person=visit.person,
            reason=body.reason,
        )  # fmt: skip
    return Done(said=done.sentence)


@routes.get(CHOICES, Deed.LOOK)
def get_choices(visit: Visiting, review: Slug) -> ChoicesShape:
    """Return what the review chose about entering trials."""
    del review
    with visit.reading() as session:
        found = choices_of(session, visit.review_of(session))
    return ChoicesShape(preview=found.preview, arms_first=found.arms_first)


@routes.put(CHOICES, Deed.MEMBERS)
def put_choices(visit: Visiting, review: Slug, body: ChoicesShape) -> ChoicesShape:
    """Choose when the preview shows, and whether arms are agreed first; leads do."""
    del review
    with visit.writing() as session:
        choose(session, visit.review_of(session), Choices(body.preview, body.arms_first))
    return body
