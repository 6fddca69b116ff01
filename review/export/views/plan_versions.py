"""The versions of a plan as a page shows them: what each changed, and the newest in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.export.views.analysis import Headline
from review.export.views.current import remembered
from review.export.views.tabs import head_of
from review.history.models import Event
from review.living.reports.differences import ValueChange, plan_differences
from review.living.runs import queries
from review.protocol.models import AnalysisVersion, Review
from review.protocol.queries import plan_of, versions
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """A frozen version of a plan, and what it changed."""

    number: int
    frozen: datetime
    by: str
    reason: str | None
    sha256: str
    differences: tuple[ValueChange, ...]
    """To the version before; none of the first."""
    runs: tuple[int, ...]
    """The runs that followed it."""
    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanVersionsView:
    """All versions of a plan, the newest first."""

    head: Headline
    versions: tuple[PlanVersion, ...]
    plan: Plan
    lines: tuple[tuple[str, str], ...]
    """The newest plan in words."""


def plan_versions_of(session: Session, review: Review, analysis: str) -> PlanVersionsView:
    """Return all versions of an analysis' plan with their differences."""
    return remembered(
        session,
        review,
        (plan_versions_of, analysis),
        lambda: _plan_versions_of(session, review, analysis),
    )


def _plan_versions_of(session: Session, review: Review, analysis: str) -> PlanVersionsView:
    found = versions(session, review, analysis)
    plans = [plan_of(version) for version in found]
    makers = _makers(session, found)
    runs = queries.runs(session, review, analysis)
    made = []
    for i, (version, plan) in enumerate(zip(found, plans, strict=True)):
        before = plans[i + 1] if i + 1 < len(plans) else None
        who, why = makers.get(version.id, ("", None))
        made.append(
            PlanVersion(
                number=version.number,
                frozen=version.frozen_at,
                by=who,
                reason=why,
                sha256=version.sha256,
                differences=tuple(plan_differences(before, plan)) if before else (),
                runs=tuple(run.number for run in runs if run.version_id == version.id),
                plan=plan,
            )
        )
    return PlanVersionsView(
        head=head_of(session, review, analysis),
        versions=tuple(made),
        plan=plans[0],
        lines=tuple(plan_lines(plans[0])),
    )


def _makers(
    session: Session, found: Sequence[AnalysisVersion]
) -> dict[int, tuple[str, str | None]]:
    rows = session.execute(
        sa.select(Event.entity_id, Event.actor, Event.reason).where(
            Event.entity == AnalysisVersion.__tablename__,
            Event.action == "insert",
            Event.entity_id.in_([version.id for version in found]),
        )
    )
    return {row.entity_id: (row.actor, row.reason) for row in rows if row.entity_id is not None}


def plan_lines(plan: Plan) -> list[tuple[str, str]]:
    """Return what a plan says, a line a choice that was made or matters, in words."""
    said = plan.model_dump(mode="json")
    lines = []
    for name, value in said.items():
        if value in (None, [], {}, "") or name == "title":
            continue
        lines.append((name.replace("_", " "), _words(value)))
    return lines


def _words(value: object) -> str:
    if isinstance(value, dict):
        parts = [(name, part) for name, part in value.items() if part not in (None, [], "")]
        return "; ".join(f"{name.replace('_', ' ')} {_words(part)}" for name, part in parts)
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
