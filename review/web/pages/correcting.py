"""Correcting, re-keying and withdrawing a result that counts: seen first, then done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response

from review.errors import InvalidDataError, StaleError
from review.export.views.correcting import (
    Correcting,
    ResultShown,
    corrected,
    correction_seen,
    result_shown,
)
from review.extraction.drafts.errors import FormError, OvertakenError
from review.extraction.drafts.form import Source
from review.extraction.mending.results import withdraw_result
from review.extraction.vocabulary import Correction
from review.people.rules import Deed
from review.web.errors import sentence
from review.web.forms import Blank, FieldErrors, Form, read, typed
from review.web.render import page, to
from review.web.routes import Routes
from review.web.taking import taking
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

REASONS: Final = (
    (Correction.TYPING, "typing error", "the report says it; it was typed wrongly"),
    (Correction.MISREAD, "misread", "another number of the report was meant"),
    (Correction.ERRATUM, "erratum", "the report was corrected by its authors or journal"),
    (Correction.REPLY, "author's reply", "the authors said it when they were asked"),
    (Correction.OTHER, "another reason", "say which below"),
)
CELL, KEY = "cell-", "key-"


class CorrectForm(Form):
    """Why a result is corrected; its cells are fields by their columns."""

    version: Annotated[int, Field(ge=1)]
    reason_kind: Correction
    because: Annotated[str, Field(max_length=2000)] = ""
    do: str = "look"


class WithdrawForm(Form):
    """Why a result is none."""

    because: Annotated[str, Field(min_length=1, max_length=2000)]


@routes.get("/r/{review}/s/{study}/correct/{result}", Deed.EXTRACT)
def correct(visit: Visiting, study: int, result: int, done: bool = False) -> Response:
    """Show a result that counts with what may be changed of it."""
    view = _shown(visit, study, result)
    values = {f"{CELL}{name}": text for name, _, text in view.cells}
    values |= {f"{KEY}{name}": text for name, text, _ in view.key}
    values |= {"version": str(view.version), "page": view.page, "quote": view.quote}
    return _page(visit, view, Blank(**values), done=done)


@routes.post("/r/{review}/s/{study}/correct/{result}", Deed.EXTRACT)
def correct_now(visit: Visiting, study: int, result: int, sent: Sent) -> Response:
    """Show what a correction does, and make it where that was asked for."""
    view = _shown(visit, study, result)
    try:
        form = read(CorrectForm, sent)
        if form.reason_kind is Correction.OTHER and not form.because:
            raise FieldErrors(typed(sent), {"because": "Say which reason."})
        changed = _changed(view, typed(sent))
        if form.do != "make":
            with visit.reading() as session:
                seen = correction_seen(
                    session, visit.review_of(session), result, version=form.version,
                    viewer=visit.person, **changed,
                )  # fmt: skip
            return _page(visit, view, Blank(**typed(sent)), seen=seen)
        why = f"{form.reason_kind.value}: {form.because}".removesuffix(": ")
        with visit.writing(why) as session:
            corrected(
                session, visit.review_of(session), result, version=form.version,
                person=visit.person, reason=why, now=visit.now, **changed,
            )  # fmt: skip
    except FieldErrors as errors:
        return _page(visit, view, errors, status=422)
    except FormError as error:
        wrong = {CELL + name: one.message for one in error.wrong for name in one.fields or ("",)}
        return _page(visit, view, FieldErrors(typed(sent), wrong), status=422)
    except OvertakenError as error:
        told = FieldErrors({**typed(sent), "version": str(view.version)}, {"": str(error)})
        return _page(visit, view, told, clashes=error.clashes, status=409)
    except (InvalidDataError, StaleError) as error:
        told = FieldErrors(typed(sent), {"": f"{sentence(str(error))}"})
        return _page(visit, view, told, status=422)
    return to(visit.path("s", study, "correct", result, done="true"))


@routes.post("/r/{review}/s/{study}/correct/{result}/withdraw", Deed.EXTRACT)
def withdraw(visit: Visiting, study: int, result: int, sent: Sent) -> Response:
    """Take a result out for good; it stays in the history with the reason."""
    view = _shown(visit, study, result)
    return taking(
        visit, sent, WithdrawForm,
        lambda session, review, form: withdraw_result(
            session, review, number=result, person=visit.person, reason=form.because
        ),
        again=lambda errors: _page(visit, view, Blank(), withdrawing=errors, status=422),
        then=visit.path("s", study),
    )  # fmt: skip


def _shown(visit: Visit, study: int, result: int) -> ResultShown:
    with visit.reading() as session:
        return result_shown(session, visit.review_of(session), result, study)


def _changed(view: ResultShown, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells, key and source that a form changes."""
    cells = {
        name: text for name, _, old in view.cells if (text := sent.get(CELL + name, old)) != old
    }
    if (name := sent.get("more", "")) and sent.get("more-value", ""):
        cells[name] = sent["more-value"]
    key = {name: text for name, old, _ in view.key if (text := sent.get(KEY + name, old)) != old}
    where = {name: sent.get(name, "") for name in ("page", "quote")}
    moved = where != {"page": view.page, "quote": view.quote}
    source = Source(page=where["page"] or None, quote=where["quote"] or None) if moved else None
    return {"cells": cells, "key": key, "source": source}


def _page(
    visit: Visit,
    view: ResultShown,
    form: Blank | FieldErrors,
    *,
    seen: Correcting | None = None,
    clashes: object = (),
    withdrawing: Blank | FieldErrors | None = None,
    done: bool = False,
    status: int = 200,
) -> Response:
    return page(
        visit, "correct.html", view, form=form, seen=seen, clashes=clashes, reasons=REASONS,
        withdrawing=withdrawing or Blank(), done=done, status=status,
    )  # fmt: skip
