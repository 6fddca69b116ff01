"""The protocol, and the form over a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field
from starlette.responses import Response

from review.export.views.plan_editor import PlanEditor, Preview, plan_editor, preview
from review.export.views.protocol import protocol_view
from review.extraction.appraisal.actions import adopt_tool
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.facts import names_of
from review.living.job.schedule import set_mode, set_search
from review.living.runs.models import LivingStatus
from review.people.rules import Deed
from review.protocol.actions import revise_analysis
from review.protocol.choices import CHOICES, GROUPS, Asked, PlanProblems, plan_from
from review.protocol.rules import AnalysisSpec, Plan
from review.screening.conduct import add_reason, set_stage
from review.screening.vocabulary import Stage
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@routes.get("/r/{review}/protocol", Deed.LOOK)
def protocol(visit: Visiting) -> Response:
    """Show the protocol, with the forms of what a person may change in it."""
    return _protocol(visit)


def _protocol(visit: Visit, errors: FieldErrors | None = None) -> Response:
    with visit.reading() as session:
        view = protocol_view(session, visit.review_of(session), now=datetime.now(UTC))
    blank = Blank(status=view.status, update_when=view.update_when, retire_when=view.retire_when)
    form = errors or blank
    return page(visit, "protocol.html", view, form=form, status=422 if errors else 200)


class ReasonForm(Form):
    """A reason for exclusion at full text."""

    reason: str = Field(max_length=200)


class StageForm(Form):
    """How a stage is screened."""

    stage: Stage
    required: int = Field(ge=1, le=20)
    blind: bool = False


class ModeForm(Form):
    """How a review is kept alive."""

    status: LivingStatus
    because: str | None = None
    update_when: str | None = None
    retire_when: str | None = None


class SearchForm(Form):
    """How often a source is searched, and when it was."""

    source: str = Field(max_length=200)
    days: int | None = Field(default=None, ge=1, le=3650)
    searched: date | None = None


class ToolForm(Form):
    """A tool for risk of bias."""

    tool: str


@routes.post("/r/{review}/protocol/reasons", Deed.PROTOCOL)
def new_reason(visit: Visiting, sent: Sent) -> Response:
    """Add a reason for exclusion."""
    try:
        form = read(ReasonForm, sent)
    except FieldErrors as errors:
        return _protocol(visit, errors)
    with visit.writing() as session:
        add_reason(session, visit.review_of(session), form.reason)
    return to(f"{visit.path('protocol')}#reasons")


@routes.post("/r/{review}/protocol/stages", Deed.PROTOCOL)
def stage(visit: Visiting, sent: Sent) -> Response:
    """Say how a stage is screened."""
    try:
        form = read(StageForm, sent)
    except FieldErrors as errors:
        return _protocol(visit, errors)
    with visit.writing() as session:
        review = visit.review_of(session)
        set_stage(session, review, form.stage, required=form.required, blind=form.blind)
    return to(f"{visit.path('protocol')}#stages")


@routes.post("/r/{review}/protocol/living", Deed.PROTOCOL)
def living(visit: Visiting, sent: Sent) -> Response:
    """Say how the review is kept alive."""
    try:
        form = read(ModeForm, sent)
        if form.status is not LivingStatus.LIVING and not form.because:
            raise FieldErrors(
                {name: str(value) for name, value in sent.items() if isinstance(value, str)},
                {"because": f"Say why the review is {form.status.value}: readers are told."},
            )
    except FieldErrors as errors:
        return _protocol(visit, errors)
    with visit.writing(form.because) as session:
        set_mode(
            session, visit.review_of(session), status=form.status, because=form.because,
            update_when=form.update_when, retire_when=form.retire_when,
        )  # fmt: skip
    return to(f"{visit.path('protocol')}#living")


@routes.post("/r/{review}/protocol/searches", Deed.PROTOCOL)
def search(visit: Visiting, sent: Sent) -> Response:
    """Say how often a source is searched, or that it was."""
    try:
        form = read(SearchForm, sent)
    except FieldErrors as errors:
        return _protocol(visit, errors)
    day = form.searched
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    with visit.writing() as session:
        set_search(session, visit.review_of(session), form.source, days=form.days, searched=at)
    return to(f"{visit.path('protocol')}#living")


@routes.post("/r/{review}/protocol/tools", Deed.PROTOCOL)
def tool(visit: Visiting, sent: Sent) -> Response:
    """Adopt a tool for risk of bias."""
    try:
        form = read(ToolForm, sent)
    except FieldErrors as errors:
        return _protocol(visit, errors)
    found = shipped_tool(form.tool)
    with visit.writing() as session:
        adopt_tool(session, visit.review_of(session), found, now=datetime.now(UTC))
    return to(f"{visit.path('protocol')}#bias")


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
    with visit.reading() as session:
        view = plan_editor(session, visit.review_of(session), analysis)
    return _editor(visit, view, view.texts, {}, None)


def _editor(
    visit: Visit,
    view: PlanEditor,
    given: Mapping[str, str | list[str]],
    errors: Mapping[str, str],
    shown: Preview | None,
    *,
    why: str = "",
    status: int = 200,
) -> Response:
    changed = {name for name, text in given.items() if text != view.texts[name]}
    return page(
        visit, "plan_edit.html", view, groups=GROUPS, given=given, errors=errors, shown=shown,
        changed=changed, why=why, status=status,
    )  # fmt: skip


@routes.post("/r/{review}/a/{analysis}/plan/preview", Deed.PLAN)
def preview_plan(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Say what a changed plan would do: a part of the form's page, while somebody types."""
    try:
        plan = plan_from(texts(sent))
    except PlanProblems as problems:
        return page(visit, "plan_preview.html", None, errors=problems.errors, choices=CHOICES)
    with visit.reading() as session:
        shown = preview(session, visit.review_of(session), analysis, plan)
    return page(visit, "plan_preview.html", shown, errors={}, choices=CHOICES)


@routes.post("/r/{review}/a/{analysis}/plan/edit", Deed.PLAN)
def revise_plan(visit: Visiting, analysis: str, sent: Sent) -> Response:
    """Compare a changed plan with the newest version, or freeze it with a reason."""
    given, why = texts(sent), " ".join(str(sent.get("why", "")).split())
    freeze = sent.get("do") == "freeze"
    errors: dict[str, str] = {}
    plan: Plan | None = None
    try:
        plan = plan_from(given)
    except PlanProblems as problems:
        errors = problems.errors
    with visit.reading() as session:
        review = visit.review_of(session)
        view = plan_editor(session, review, analysis)
        shown = preview(session, review, analysis, plan) if plan is not None else None
    status = 422 if errors else 200
    if freeze:
        if not why:
            errors["why"] = "Say why the plan changes: every report prints it."
        if str(sent.get("of")) != str(view.version):
            errors["plan"] = (
                f"Version {view.version} was frozen since you opened this page. Your answers are "
                "here still; look at the differences to it, then freeze."
            )
            status = 409
        elif errors or (shown is not None and shown.problem and not shown.differences):
            status = 422
            if shown is not None and shown.problem and not shown.differences:
                errors.setdefault("plan", shown.problem)
    if not freeze or errors or plan is None:
        return _editor(visit, view, given, errors, shown, why=why, status=status)
    with visit.writing(why) as session:
        review = visit.review_of(session)
        names = names_of(session, review)
        spec = AnalysisSpec(slug=analysis, plan=plan)
        revise_analysis(session, review, spec, now=datetime.now(UTC), names=names)
    return to(visit.path("a", analysis, "plan"))
