"""Conflicts: what reviewers disagree on, the discussion, and the third person who settles it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from starlette.responses import Response

from review.db import Session
from review.errors import InvalidDataError, NotAllowedError, NotFoundError, StaleError
from review.people.models import Person
from review.people.queries import person_known
from review.people.rules import Deed
from review.screening import actions
from review.screening.actions import screener
from review.screening.choices import Choice
from review.screening.guidance import actions as guidance
from review.screening.settling import conflicts_page, not_settled_since, settling
from review.screening.vocabulary import Stage, Verdict
from review.web.errors import remedy_words, sentence
from review.web.forms import FieldErrors, Form, read
from review.web.pages.screening import DONE, stage_called
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


class RulingForm(Form):
    """How a conflict is settled: ``include``, ``exclude`` or ``exclude 2``."""

    verdict: str = Field(pattern=r"^(include|exclude)( \d{1,4})?$")
    note: str = Field("", max_length=4000)
    seen: int | None = Field(None, ge=0, le=1000)
    """How many adjudications the page showed."""


class LineForm(Form):
    """A line of the discussion."""

    text: str = Field(max_length=guidance.LONGEST_NOTE)


def _viewer(session: Session, visit: Visit) -> Person:
    person = person_known(session, visit.person)
    if person is None:
        raise NotFoundError("nobody is called so")
    return person


@routes.get("/r/{review}/conflicts/{stage}", Deed.LOOK)
def conflicts(visit: Visiting, stage: str, after: int = 0) -> Response:
    """List what reviewers disagree on; all have decided, so that both sides are shown."""
    asked = stage_called(stage)
    with visit.reading() as session:
        view = conflicts_page(
            session, visit.review_of(session), _viewer(session, visit), stage=asked, after=after
        )
    return page(
        visit, "conflicts.html", view, done=DONE,
        first=visit.path("conflicts", stage) if after else "",
        next=visit.path("conflicts", stage, after=view.next) if view.next else "",
    )  # fmt: skip


@routes.get("/r/{review}/conflicts/{stage}/{record}", Deed.LOOK)
def conflict(visit: Visiting, stage: str, record: int) -> Response:
    """Show a conflict with the record, both decisions and the discussion."""
    return _conflict(visit, stage_called(stage), record)


def _conflict(
    visit: Visit, stage: Stage, record: int, *, wrong: str = "", note: str = "", status: int = 200
) -> Response:
    with visit.reading() as session:
        view = settling(
            session, visit.review_of(session), _viewer(session, visit), record, stage=stage
        )
    return page(
        visit, "conflict.html", view, stage=stage, wrong=wrong, done=DONE, note=note,
        status=status,
    )  # fmt: skip


@routes.post("/r/{review}/conflicts/{stage}/{record}", Deed.SCREEN)
def settle(visit: Visiting, stage: str, record: int, sent: Sent) -> Response:
    """Settle a conflict as a third person, and lead to the next one."""
    asked = stage_called(stage)
    try:
        form = read(RulingForm, sent)
        verdict, _, reason = form.verdict.partition(" ")
        with visit.writing() as session:
            review = visit.review_of(session)
            if form.seen is not None:
                not_settled_since(session, record, asked, form.seen)
            actions.adjudicate(
                session, review,
                Choice(record, Verdict(verdict), reason or None, form.note or None),
                stage=asked, handle=visit.person, now=visit.now,
            )  # fmt: skip
            view = settling(session, review, _viewer(session, visit), record, stage=asked)
    except NotAllowedError:
        raise
    except (FieldErrors, InvalidDataError) as error:
        told = " ".join(filter(None, (sentence(str(error)), remedy_words(error.remedy))))
        return _refused(visit, asked, record, told, sent, 422)
    except StaleError as error:
        return _refused(visit, asked, record, sentence(str(error)), sent, 409)
    after = (view.next,) if view.next else ()
    return to(visit.path("conflicts", stage, *after))


def _refused(
    visit: Visit, stage: Stage, record: int, wrong: str, sent: Mapping[str, Any], status: int
) -> Response:
    """Show the conflict as it stands now, with why and with the note that was typed."""
    note = str(sent.get("note", ""))
    try:
        return _conflict(visit, stage, record, wrong=wrong, note=note, status=status)
    except NotFoundError as error:
        typed = f" Your note was: {note}" if note else ""
        raise StaleError(
            f"{error} any more: a reviewer changed what they said, and nothing was stored.{typed}"
        ) from None


@routes.post("/r/{review}/conflicts/{stage}/{record}/discussion", Deed.SCREEN)
def discuss(visit: Visiting, stage: str, record: int, sent: Sent) -> Response:
    """Add a line to the discussion of a conflict."""
    asked = stage_called(stage)
    try:
        form = read(LineForm, sent)
        with visit.writing() as session:
            review = visit.review_of(session)
            guidance.add_note(
                session, review, record, form.text, stage=asked, now=visit.now,
                person=screener(session, review, visit.person),
            )  # fmt: skip
    except FieldErrors as errors:
        return _conflict(visit, asked, record, wrong=sentence(str(errors)), status=422)
    return to(visit.path("conflicts", stage, record))
