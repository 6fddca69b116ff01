"""The form over a plan: a new analysis, and a new version of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from review.db import Session
from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError, ReviewError
from review.export.views.plan_editor import PlanEditor, Preview, new_plan, plan_editor, preview
from review.extraction.facts import names_of
from review.people.rules import Deed
from review.protocol.actions import plan_analysis, revise_analysis
from review.protocol.choices import CHOICES, GROUPS, Asked
from review.protocol.models import Review
from review.protocol.plan_texts import PlanProblems, plan_from
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.web.errors import sentence
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting
from review.wording import plainly

routes = Routes()


def texts(sent: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return the answers to a plan's questions that a form brought."""
    several = getattr(sent, "getlist", None)
    found: dict[str, str | list[str]] = {}
    for name, choice in CHOICES.items():
        if choice.asked is Asked.SEVERAL:
            found[name] = [str(one) for one in several(name)] if several else []
        else:
            found[name] = str(sent.get(name, "")).replace("\r\n", "\n")
    return found


@routes.get("/r/{review}/a/{analysis}/plan/edit", Deed.PLAN)
def edit_plan(visit: Visiting, analysis: str) -> Response:
    """Show the form over the newest version of a plan."""
    return _blank(visit, analysis)


@routes.get("/r/{review}/analyses/new", Deed.PLAN)
def blank_plan(visit: Visiting) -> Response:
    """Show the form of a new analysis."""
    return _blank(visit, None)


@routes.post("/r/{review}/a/{analysis}/plan/preview", Deed.PLAN)
def preview_plan(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Say what a changed plan would do: a part of the form's page, while somebody types."""
    return _previewed(visit, analysis, sent)


@routes.post("/r/{review}/analyses/new/preview", Deed.PLAN)
def preview_new_plan(visit: Visiting, sent: Sent) -> Response:
    """Say which trials would enter a new analysis: a part of the form's page."""
    return _previewed(visit, None, sent)


@routes.post("/r/{review}/a/{analysis}/plan/edit", Deed.PLAN)
def revise_plan(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Compare a changed plan with the newest version, or freeze it with a reason."""
    return _answered(visit, analysis, sent)


@routes.post("/r/{review}/analyses/new", Deed.PLAN)
def new_analysis(visit: Visiting, sent: Sent) -> Response:
    """Show which trials a new analysis would have, or freeze its plan as version 1."""
    return _answered(visit, None, sent)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a form over a plan brought."""

    texts: Mapping[str, str | list[str]]
    slug: str = ""
    """What a new analysis is called in addresses."""
    why: str = ""


def _view(session: Session, review: Review, analysis: str | None) -> PlanEditor:
    return plan_editor(session, review, analysis) if analysis else new_plan(session, review)


def _blank(visit: Visit, analysis: str | None) -> Response:
    with visit.reading() as session:
        view = _view(session, visit.review_of(session), analysis)
    return _editor(visit, view, _Answers(view.texts), {}, None)


def _previewed(visit: Visit, analysis: str | None, sent: Mapping[str, Any]) -> Response:
    try:
        plan = plan_from(texts(sent))
    except PlanProblems as problems:
        return page(visit, "plan_preview.html", None, errors=problems.errors, choices=CHOICES)
    with visit.reading() as session:
        shown = preview(session, visit.review_of(session), analysis, plan)
    return page(visit, "plan_preview.html", shown, errors={}, choices=CHOICES, new=not analysis)


def _editor(
    visit: Visit,
    view: PlanEditor,
    answers: _Answers,
    errors: Mapping[str, str],
    shown: Preview | None,
    status: int = 200,
) -> Response:
    changed = {name for name, text in answers.texts.items() if text != view.texts[name]}
    here = visit.path("analyses", "new")
    if view.head is not None:
        here = visit.path("a", view.head.analysis, "plan")
    return page(
        visit, "plan_edit.html", view, groups=GROUPS, answers=answers, errors=errors, shown=shown,
        changed=changed if view.head else (), here=here, new=view.head is None, status=status,
    )  # fmt: skip


def _answered(visit: Visit, analysis: str | None, sent: Mapping[str, Any]) -> Response:
    answers = _Answers(
        texts(sent), str(sent.get("slug", "")).strip(), " ".join(str(sent.get("why", "")).split())
    )
    freeze = sent.get("do") == "freeze"
    errors: dict[str, str] = {}
    plan: Plan | None = None
    try:
        plan = plan_from(answers.texts)
    except PlanProblems as problems:
        errors = problems.errors
    with visit.reading() as session:
        review = visit.review_of(session)
        view = _view(session, review, analysis)
        shown = preview(session, review, analysis, plan) if plan is not None else None
    status = 422 if errors else 200
    if freeze:
        if analysis and not answers.why:
            errors["why"] = "Say why the plan changes: every report prints it."
        if analysis and str(sent.get("of")) != str(view.version):
            errors["plan"] = (
                f"Version {view.version} was frozen since you opened this page. Your answers are "
                "here still; look at the differences to it, then freeze."
            )
            status = 409
        elif not errors and plan is not None:
            try:
                frozen = _freeze(visit, analysis, plan, answers)
            except (ValidationError, ReviewError) as error:
                errors.update(_refused(error))
            else:
                return to(visit.path("a", frozen, "plan"))
        status = 409 if status == 409 else 422
    return _editor(visit, view, answers, errors, shown, status)


def _freeze(visit: Visit, analysis: str | None, plan: Plan, answers: _Answers) -> str:
    spec = AnalysisSpec(slug=analysis or answers.slug, plan=plan)
    write = revise_analysis if analysis else plan_analysis
    with visit.writing(answers.why or None) as session:
        review = visit.review_of(session)
        write(session, review, spec, now=visit.now, names=names_of(session, review))
    return spec.slug


def _refused(error: ValidationError | ReviewError) -> dict[str, str]:
    """Return what a plan was not frozen for, by field."""
    if isinstance(error, ValidationError):
        return {"slug": sentence(plainly(error.errors(include_url=False)[0]))}
    if isinstance(error, AlreadyExistsError):
        return {"slug": sentence(str(error))}
    if isinstance(error, (InvalidDataError, NotFoundError)):
        return {"plan": sentence(str(error))}
    raise error
