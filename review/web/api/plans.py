"""Plans that programs write: a new analysis, and a new version of one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from review.errors import StaleError
from review.export.views.plan_versions import PlanVersion, plan_versions_of
from review.extraction.facts import names_of
from review.people.rules import Deed
from review.protocol.actions import plan_analysis, revise_analysis
from review.protocol.frozen import Slug as Name
from review.protocol.queries import versions
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.web.api import Slug, resources
from review.web.api.runs import A, Analysis
from review.web.api.sending import dumped
from review.web.visits import Visit, Visiting

routes = resources("analyses")

Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class NewAnalysis(BaseModel):
    """An analysis to plan; its plan is frozen as version 1."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    analysis: Name
    plan: Plan
    because: Annotated[str | None, Field(max_length=2000)] = None


class NewVersion(BaseModel):
    """A changed plan, and why it changes: every report prints it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    of: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """The version that was changed; 409 where a newer one is there."""
    plan: Plan
    because: Reason


@routes.post(A, Deed.PLAN, status_code=201, response_model=PlanVersion)
def new_analysis(visit: Visiting, review: Slug, body: NewAnalysis) -> Response:
    """Plan an analysis."""
    del review
    spec = AnalysisSpec(slug=body.analysis, plan=body.plan)
    with visit.writing(body.because) as session:
        found = visit.review_of(session)
        plan_analysis(session, found, spec, now=visit.now, names=names_of(session, found))
    return _newest(visit, body.analysis)


@routes.post(f"{A}/{{analysis}}/versions", Deed.PLAN, status_code=201, response_model=PlanVersion)
def new_version(visit: Visiting, review: Slug, analysis: Analysis, body: NewVersion) -> Response:
    """Freeze a changed plan as a new version."""
    del review
    with visit.writing(body.because) as session:
        found = visit.review_of(session)
        newest = versions(session, found, analysis)[0]
        if newest.number != body.of:
            raise StaleError(f"version {newest.number} of {analysis!r} is the newest by now")
        spec = AnalysisSpec(slug=newest.analysis.slug, plan=body.plan)
        revise_analysis(session, found, spec, now=visit.now, names=names_of(session, found))
    return _newest(visit, analysis)


def _newest(visit: Visit, analysis: str) -> Response:
    with visit.reading() as session:
        view = plan_versions_of(session, visit.review_of(session), analysis)
    answer = dumped(view.versions[0])
    answer.status_code = 201
    return answer
