"""A trial as one types it: the draft, what is said of it, and taking it over."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from review.errors import VersionNeededError
from review.export.views.entering import CheckedForm, check_form, trial_preview
from review.export.views.entering_page import EnteringPage, entering_page
from review.export.views.what_if import TrialPreview
from review.extraction.actions import reopen_entry
from review.extraction.drafts.actions import drop_draft, keep_draft, take_over
from review.extraction.drafts.form import Form, Stored
from review.extraction.drafts.taking import Saved
from review.extraction.queries import study_numbered
from review.extraction.vocabulary import EntryKind
from review.people.rules import Deed
from review.web.api import Slug, resources
from review.web.api.sending import dumped
from review.web.api.shapes import Shape, Time
from review.web.visits import Visiting

routes = resources("entering trials")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Had = Annotated[
    str | None,
    Header(alias="If-Match", description="The version of the draft that you have; 0 for none."),
]
DRAFT: Final = "/reviews/{review}/studies/{number}/draft"
STUDY: Final = "/reviews/{review}/studies/{number}"
LARGE: Final = 2 * 1024 * 1024
"""Bytes of a form with what it was made from: 1,000 results with a quote each."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class TypedForm(_Body):
    """A form, what it was made from, and the kind of entry that it is for."""

    entry: EntryKind
    form: Form
    made_from: Stored = Stored()


class FormToCheck(TypedForm):
    """The same, and an analysis to show it in."""

    preview: Annotated[str, Field(max_length=200)] | bool = False


class FormToPreview(TypedForm):
    """The same in one analysis."""

    analysis: Annotated[str, Field(max_length=200)]


class TakeOver(_Body):
    """The draft that is taken over."""

    version: Annotated[int, Field(ge=0)] | None = None
    reason: Annotated[str, Field(max_length=2000)] | None = None


class Why(_Body):
    """Why something is done; the reason is kept."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class DraftKept(Shape):
    """That what was typed is kept."""

    version: int
    saved_at: Time


class TakenOver(Shape):
    """What taking a draft over did."""

    study: int
    said: str
    results_added: int
    arms_added: int
    changed: int
    notes: int
    doubts_set_aside: int
    unused_ticks: int
    finished: bool


def version_had(had: str | None) -> int:
    """Return the version that a caller has; raise VersionNeededError where they do not say it."""
    text = (had or "").strip().removeprefix("W/").strip('"')
    if not text.isdigit() or len(text) > 10:
        raise VersionNeededError("say in If-Match which version of the draft you have, 0 for none")
    return int(text)


def _tagged(response: Response, version: int) -> Response:
    response.headers["etag"] = f'"{version}"'
    return response


@routes.get(DRAFT, Deed.EXTRACT, response_model=EnteringPage)
def get_draft(
    visit: Visiting,
    review: Slug,
    number: Number,
    entry: Annotated[EntryKind | None, Query(description="Of which kind.")] = None,
) -> Response:
    """Return your draft of a study, or the form of what your entry says; nobody else's."""
    del review
    with visit.reading() as session:
        view = entering_page(
            session, visit.review_of(session), number, viewer=visit.person, entry=entry
        )
    return _tagged(dumped(view), view.version)


@routes.put(DRAFT, Deed.EXTRACT, response_model=DraftKept, size=LARGE)
def put_draft(
    visit: Visiting, review: Slug, number: Number, body: TypedForm, had: Had = None
) -> Response:
    """Keep what you have typed, whatever it is; no cell is checked, and none counts."""
    del review
    version = version_had(had)
    with visit.writing() as session:
        found = visit.review_of(session)
        draft = keep_draft(
            session, found, study_numbered(session, found, number), version=version,
            kind=body.entry, form=body.form, made_from=body.made_from, person=visit.person,
            now=visit.now,
        )  # fmt: skip
        kept = DraftKept(version=draft.version, saved_at=draft.saved_at)
    return _tagged(JSONResponse(kept.model_dump(mode="json")), kept.version)


@routes.delete(DRAFT, Deed.EXTRACT, status_code=204)
def delete_draft(visit: Visiting, review: Slug, number: Number, had: Had = None) -> None:
    """Throw your draft away."""
    del review
    version = version_had(had)
    with visit.writing() as session:
        study = study_numbered(session, visit.review_of(session), number)
        drop_draft(session, study, version=version, person=visit.person)


@routes.post(f"{STUDY}/check", Deed.EXTRACT, response_model=CheckedForm, size=LARGE)
def check(visit: Visiting, review: Slug, number: Number, body: FormToCheck) -> Response:
    """Say all there is to say of a form while it is typed; nothing is stored."""
    del review
    with visit.reading() as session:
        view = check_form(
            session, visit.review_of(session), number, kind=body.entry, form=body.form,
            made_from=body.made_from, viewer=visit.person,
            preview=body.preview if isinstance(body.preview, str) else None,
        )  # fmt: skip
    return dumped(view)


@routes.post(f"{STUDY}/preview", Deed.EXTRACT, response_model=TrialPreview, size=LARGE)
def preview(visit: Visiting, review: Slug, number: Number, body: FormToPreview) -> Response:
    """Return what an analysis would be with the form; nothing is stored."""
    del review
    with visit.reading() as session:
        view = trial_preview(
            session, visit.review_of(session), number, kind=body.entry, form=body.form,
            made_from=body.made_from, viewer=visit.person, analysis=body.analysis,
        )  # fmt: skip
    return dumped(view)


@routes.post(f"{STUDY}/entries", Deed.EXTRACT)
def save_entry(visit: Visiting, review: Slug, number: Number, body: TakeOver) -> TakenOver:
    """Take your draft over whole; it is gone then."""
    del review
    return _take_over(visit, number, body, finish=False)


@routes.post(f"{STUDY}/finish", Deed.EXTRACT)
def finish(visit: Visiting, review: Slug, number: Number, body: TakeOver) -> TakenOver:
    """Take your draft over, if there is one, and say that your entry is complete."""
    del review
    return _take_over(visit, number, body, finish=True)


def _take_over(visit: Visiting, number: int, body: TakeOver, *, finish: bool) -> TakenOver:
    with visit.writing(body.reason) as session:
        found = visit.review_of(session)
        saved = take_over(
            session, found, study_numbered(session, found, number), version=body.version or 0,
            person=visit.person, now=visit.now, reason=body.reason, finish=finish,
        )  # fmt: skip
        return taken_over(saved)


def taken_over(saved: Saved) -> TakenOver:
    """Return what was done, as it is sent."""
    return TakenOver(
        study=saved.study, said=saved.said, results_added=saved.report.results_added,
        arms_added=saved.report.arms_added, changed=len(saved.changes), notes=saved.notes,
        doubts_set_aside=saved.dismissed, unused_ticks=saved.unused_ticks,
        finished=saved.finished,
    )  # fmt: skip


@routes.post(f"{STUDY}/reopen", Deed.EXTRACT, status_code=204)
def reopen(visit: Visiting, review: Slug, number: Number, body: Why) -> None:
    """Take a finished blind entry of yours up again."""
    del review
    with visit.writing(body.reason) as session:
        found = visit.review_of(session)
        study = study_numbered(session, found, number)
        reopen_entry(session, found, study=study.label, person=visit.person)
