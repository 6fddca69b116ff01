"""Risk of bias: the lights of a review, one person's appraisal of a result, and the consensus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from review.errors import InvalidDataError, StaleError
from review.extraction.appraisal.actions import FormError
from review.extraction.appraisal.drafts import drop_draft, hand_in, keep_draft
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.overview import bias_review
from review.extraction.appraisal.views import (
    AppraisalView,
    appraisal_view,
    choosing,
    needs_choice,
)
from review.extraction.appraisal.vocabulary import Kind
from review.people.rules import Deed
from review.web.forms import Form, read
from review.web.lights import lights_table, shares_table
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

PLACE = "/r/{review}/s/{study}/rob/{tool}"

Part = Annotated[str, Query(max_length=200)]


@routes.get("/r/{review}/rob", Deed.LOOK)
def bias(visit: Visiting) -> Response:
    """Show the traffic lights of a review, and what waits for the person."""
    with visit.reading() as session:
        view = bias_review(session, visit.review_of(session), viewer=visit.person)
    drawn = [
        (
            family.name,
            lights_table(
                family.lights,
                [
                    visit.path("s", row.study_id, "rob", row.tool, **row.query)
                    for row in family.rows
                ],
            ),
            shares_table(family.lights),
        )
        for family in view.families
    ]
    return page(visit, "bias.html", view, drawn=drawn)


@routes.get(PLACE, Deed.LOOK)
def appraisal(
    visit: Visiting,
    study: int,
    tool: str,
    outcome: Part = "",
    instrument: Part = "",
    timepoint: Part = "",
    settle: bool = False,
    like: bool = False,
    after: Part = "",
) -> Response:
    """Show what a person may see of an appraisal and work on it, or what can be judged."""
    part = Target("", outcome or None, instrument or None, timepoint or None)
    choice = view = None
    with visit.reading() as session:
        review = visit.review_of(session)
        if needs_choice(session, review, tool, part.outcome):
            choice = choosing(session, review, study, tool, viewer=visit.person)
        else:
            view = appraisal_view(
                session, review, study, tool, part, viewer=visit.person,
                may=visit.may(Deed.APPRAISE), settling=settle, like=like, after=after or None,
            )  # fmt: skip
    if view is None:
        return page(visit, "appraisal_choose.html", choice)
    return _page(visit, view, {})


def _page(
    visit: Visit, view: AppraisalView, errors: Mapping[str | None, str], *, status: int = 200
) -> Response:
    return page(visit, "appraisal.html", view, errors=errors, status=status)


class TargetForm(Form):
    """What of a study is judged, and what the page was made from."""

    outcome: str | None = Field(default=None, max_length=200)
    instrument: str | None = Field(default=None, max_length=200)
    timepoint: str | None = Field(default=None, max_length=200)
    settling: bool = False
    draft: int | None = Field(default=None, ge=1)
    settled: int = Field(default=0, ge=0)
    do: str = "save"


@routes.post(PLACE, Deed.APPRAISE)
def work(visit: Visiting, study: int, tool: str, sent: Sent) -> Response:
    """Keep a draft, throw it away, or hand an appraisal or a consensus in."""
    form = read(TargetForm, sent)
    part = Target("", form.outcome, form.instrument, form.timepoint)
    kind = Kind.CONSENSUS if form.settling else Kind.ASSESSOR
    with visit.reading() as session:
        before = appraisal_view(
            session, visit.review_of(session), study, tool, part, viewer=visit.person, may=True,
            settling=form.settling, typed=_typed(sent),
        )  # fmt: skip
    at = visit.path("s", study, "rob", tool, **before.query)
    back = f"{at}{'&' if before.query else '?'}settle=true" if form.settling else at
    try:
        with visit.writing(str(sent.get("reason", "")).strip() or None) as session:
            review = visit.review_of(session)
            if form.do == "finish":
                hand_in(
                    session, review, tool, before.target, sent, handle=visit.person, kind=kind,
                    version=form.draft, settled=form.settled, now=visit.now,
                )  # fmt: skip
                back = at
            elif form.do == "discard":
                drop_draft(session, review, tool, before.target, handle=visit.person, kind=kind)
            else:
                keep_draft(
                    session, review, tool, before.target, sent, handle=visit.person, kind=kind,
                    version=form.draft, now=visit.now,
                )  # fmt: skip
    except FormError as error:
        found: dict[str | None, str] = {}
        for flaw in error.flaws:
            found.setdefault(flaw.cell, flaw.reason)
        return _page(visit, before, found, status=422)
    except StaleError as error:
        return _page(visit, before, {None: str(error)}, status=409)
    except InvalidDataError as error:
        cell = "reason" if form.settling and not str(sent.get("reason", "")).strip() else None
        return _page(visit, before, {cell: str(error)}, status=422)
    return to(back)


def _typed(sent: Mapping[str, object]) -> dict[str, str]:
    return {name: text for name, text in sent.items() if isinstance(text, str)}
