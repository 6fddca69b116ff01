"""The certainty of the evidence of an analysis (GRADE), rated on its page."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from starlette.responses import Response

from review.errors import InvalidDataError, StaleError
from review.export.views.grade import GradeView, grade_view
from review.extraction.appraisal.certainty import rate_certainty
from review.extraction.appraisal.grade import (
    LOWERS,
    Step,
    certainty,
    problems_of,
    sentence,
    start_of,
)
from review.extraction.appraisal.vocabulary import Certainty, Consideration, Design
from review.people.rules import Deed
from review.web.forms import FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

PLACE = "/r/{review}/a/{analysis}/grade"


class Rating(Form):
    """What a rating says beside its steps, and what the page was made from."""

    design: Design = Design.RANDOMISED
    robins_i: bool = False
    note: str | None = Field(default=None, max_length=2000)
    run: int | None = Field(default=None, ge=1)
    of: int = 0
    """How many ratings there were."""


def steps_of(sent: Mapping[str, object]) -> dict[Consideration, Step]:
    """Return the steps of a form; those of no level and no reason are left out."""
    found = {}
    for one in Consideration:
        text, why = (
            str(sent.get(f"levels-{one.value}", "")),
            str(sent.get(f"reason-{one.value}", "")),
        )
        levels = int(text) if text.isdigit() and len(text) == 1 else 0
        why = " ".join(why.split())
        if levels or why:
            found[one] = Step(-levels if one in LOWERS else levels, why or None)
    return found


@routes.get(PLACE, Deed.LOOK)
def grade(visit: Visiting, analysis: str) -> Response:
    """Show how certain the evidence of an analysis is, and what the newest run says to it."""
    with visit.reading() as session:
        view = grade_view(session, visit.review_of(session), analysis)
    return _page(visit, view, view.given)


def _page(
    visit: Visit,
    view: GradeView,
    given: Mapping[str, str],
    problems: tuple[str, ...] = (),
    *,
    status: int = 200,
) -> Response:
    return page(
        visit, "grade.html", view, given=given, problems=problems, outcome=_outcome(given),
        levels=tuple(Certainty), status=status,
    )  # fmt: skip


def _outcome(given: Mapping[str, object]) -> tuple[str, str, str]:
    """Return the level, where the evidence starts and the sentence that some fields come to."""
    steps, plain = steps_of(given), given.get("design") != Design.NONRANDOMISED.value
    design = Design.RANDOMISED if plain else Design.NONRANDOMISED
    start = start_of(design, robins_i=given.get("robins_i") == "true")
    level = certainty(start, steps).value.replace("_", " ")
    return level, start.value.replace("_", " "), sentence(start, steps).partition(": ")[2]


@routes.post(f"{PLACE}/preview", Deed.APPRAISE)
def preview(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Say what a rating would come to, while somebody types."""
    del analysis
    form, steps = read(Rating, sent), steps_of(sent)
    return page(
        visit, "grade_preview.html", None, outcome=_outcome(sent),
        problems=tuple(problems_of(form.design, steps)),
    )  # fmt: skip


@routes.post(PLACE, Deed.APPRAISE)
def rate(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Rate an analysis; earlier ratings stay."""
    given = {name: text for name, text in sent.items() if isinstance(text, str)}
    with visit.reading() as session:
        view = grade_view(session, visit.review_of(session), analysis)
    try:
        form, steps = read(Rating, sent), steps_of(sent)
    except FieldErrors as wrong:
        told = tuple(f"{name}: {text}" for name, text in wrong.errors.items())
        return _page(visit, view, given, told, status=422)
    problems = tuple(problems_of(form.design, steps))
    if problems:
        return _page(visit, view, given, problems, status=422)
    try:
        with visit.writing(f"certainty of {analysis}") as session:
            review = visit.review_of(session)
            now = grade_view(session, review, analysis)
            if len(now.ratings) != form.of:
                who = now.ratings[0].person
                raise StaleError(
                    f"{who} rated it since you opened this page; what they said: "
                    f"{now.ratings[0].sentence}"
                )
            rate_certainty(
                session, review, analysis, handle=visit.person, now=visit.now,
                design=form.design, steps=steps, robins_i=form.robins_i,
                run_number=form.run, note=form.note,
            )  # fmt: skip
    except StaleError as error:
        with visit.reading() as session:
            view = grade_view(session, visit.review_of(session), analysis)
        return _page(visit, view, given, (str(error),), status=409)
    except InvalidDataError as error:
        return _page(visit, view, given, (str(error),), status=422)
    return to(visit.path("a", analysis, "grade"))
