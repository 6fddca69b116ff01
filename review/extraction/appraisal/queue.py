"""What is to be appraised: begun or not, by whom, and what one person has to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction import queries as extraction
from review.extraction.appraisal.drafts import own_drafts
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.models import AppraisalTool
from review.extraction.appraisal.queries import (
    Standing,
    adopted_tools,
    assessors_required,
    standings,
    tool_of,
)
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import About, Kind, State
from review.extraction.models import Entry, Result, Study
from review.extraction.vocabulary import EntryKind, Randomised
from review.protocol.models import Instrument, Outcome, Review
from review.protocol.queries import current_versions, instruments, outcomes, plan_of

_FITTING: Final[Mapping[Randomised | None, tuple[str, ...]]] = {
    Randomised.CLUSTER: ("rob2-cluster",),
    Randomised.CROSSOVER: ("rob2-crossover",),
    Randomised.NOT_RANDOMISED: ("robins-i",),
}
_PARALLEL: Final = ("rob2-parallel", "rob2-parallel-adhering")


class Todo(StrEnum):
    """What one person has to do about a target."""

    ASSESS = "assess"
    GO_ON = "go on"
    """They have a draft."""
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class BiasTask:
    """A target, where it stands, and what is one person's to do."""

    study_id: int
    target: Target
    tool: str
    state: State
    begun: bool
    """Whether anybody has judged it."""
    required: int
    finished_by: tuple[str, ...]
    """Who has judged; what, nobody learns here."""
    overall: str | None
    """The label of the overall judgement that counts."""
    saved_at: datetime | None
    """When the person saved their own draft."""
    todo: Todo | None

    @property
    def about(self) -> str:
        """What of the study is judged."""
        return about(self.target)

    @property
    def query(self) -> dict[str, str]:
        """The target as a query of an address."""
        return query_of(self.target)


def about(target: Target) -> str:
    """Return what of a study a target is."""
    parts = (target.outcome, target.instrument, target.timepoint)
    return ", ".join(part for part in parts if part) or "the study as a whole"


def query_of(target: Target) -> dict[str, str]:
    """Return what of a study a target is, as a query of an address."""
    named = (
        ("outcome", target.outcome),
        ("instrument", target.instrument),
        ("timepoint", target.timepoint),
    )
    return {name: value for name, value in named if value}


def newest_tools(session: Session, review: Review) -> dict[str, tuple[AppraisalTool, Tool]]:
    """Return the newest version of each adopted tool, by slug."""
    return {row.slug: (row, tool_of(row)) for row in adopted_tools(session, review)}


def tool_for(tools: Sequence[str], randomised: Randomised | None) -> str | None:
    """Return the adopted tool that fits how a study was randomised, else the first one.

    Examples
    --------
    >>> tool_for(["rob2-parallel", "rob2-cluster"], Randomised.CLUSTER)
    'rob2-cluster'
    """
    fitting = _FITTING.get(randomised, _PARALLEL)
    return next((slug for slug in (*fitting, *tools) if slug in tools), None)


def outcomes_of(session: Session, review: Review) -> dict[int, list[str]]:
    """Return the outcomes of each study's results that count, by study.

    Blind entries tell nothing here: until a study is agreed on, those of planned analyses stand in
    for what it may report.
    """
    rows = session.execute(
        sa.select(Entry.study_id, Outcome.slug)
        .join(Result, Result.entry_id == Entry.id)
        .join(Instrument, Result.instrument_id == Instrument.id)
        .join(Outcome, Instrument.outcome_id == Outcome.id)
        .join(Study, Entry.study_id == Study.id)
        .where(
            Study.review_id == review.id,
            sa.or_(
                Entry.kind == EntryKind.SINGLE,
                sa.and_(Entry.kind == EntryKind.CONSENSUS, Entry.finished_at.is_not(None)),
            ),
        )
        .distinct()
        .order_by(Entry.study_id, Outcome.slug)
    )
    found: dict[int, list[str]] = {}
    for study_id, slug in rows:
        found.setdefault(study_id, []).append(slug)
    return found


def planned_outcomes(session: Session, review: Review) -> list[str]:
    """Return the outcomes of planned analyses, all of the protocol where nothing is planned."""
    slugs = {row.slug for row in outcomes(session, review)}
    of_plans = [plan_of(version).outcome for version in current_versions(session, review)]
    named = [slug for slug in dict.fromkeys(of_plans) if slug in slugs]
    return named or sorted(slugs)


def bias_tasks(session: Session, review: Review, *, viewer: str) -> list[BiasTask]:
    """Return what is or should be appraised, by study and outcome, as one person may know it."""
    tools = newest_tools(session, review)
    if not tools:
        return []
    drafts = _drafts(session, review, tools, viewer)
    begun = standings(session, review, None)
    found = [_task(one, drafts, viewer) for one in begun]
    seen = {(one.study_id, one.target.outcome) for one in begun}
    planned, of_study = planned_outcomes(session, review), outcomes_of(session, review)
    required = assessors_required(session, review)
    for study in extraction.studies(session, review):
        if study.excluded_because is not None:
            continue
        slug = tool_for(list(tools), study.randomised)
        if slug is None:
            continue
        whole = tools[slug][1].about is About.STUDY
        wanted = [None] if whole else of_study.get(study.id, planned)
        for outcome in wanted:
            if (study.id, outcome) in seen:
                continue
            target = Target(study.label, outcome)
            saved = drafts.get((slug, target))
            found.append(
                BiasTask(
                    study.id, target, slug, State.AWAITING, False, required, (), None, saved,
                    Todo.GO_ON if saved else Todo.ASSESS,
                )
            )  # fmt: skip
    known = {(task.tool, task.target) for task in found}
    found += [
        _narrower(session, review, slug, target, saved, required)
        for (slug, target), saved in drafts.items()
        if (slug, target) not in known
    ]
    return sorted(found, key=lambda task: (task.target.study.casefold(), task.about, task.tool))


def _narrower(
    session: Session, review: Review, slug: str, target: Target, saved: datetime, required: int
) -> BiasTask:
    """Return the task of a draft about a part of what is listed, such as one timepoint."""
    study = extraction.study_called(session, review, target.study)
    return BiasTask(
        study.id, target, slug, State.AWAITING, False, required, (), None, saved, Todo.GO_ON
    )


def _drafts(
    session: Session,
    review: Review,
    tools: Mapping[str, tuple[AppraisalTool, Tool]],
    viewer: str,
) -> dict[tuple[str, Target], datetime]:
    rows = {row.id: slug for slug, (row, _) in tools.items()}
    saved = own_drafts(session, [row for row, _ in tools.values()], viewer)
    if not saved:
        return {}
    labels = {study.id: study.label for study in extraction.studies(session, review)}
    of_outcome = {row.id: row.slug for row in outcomes(session, review)}
    of_instrument = {row.id: row.slug for row in instruments(session, review)}
    return {
        (
            rows[tool_id],
            Target(
                labels[study_id],
                of_outcome.get(outcome_id or 0),
                of_instrument.get(instrument_id or 0),
                timepoint,
            ),
        ): at
        for (tool_id, study_id, outcome_id, instrument_id, timepoint, kind), at in saved.items()
        if kind is Kind.ASSESSOR and study_id in labels
    }


def _task(
    standing: Standing, drafts: Mapping[tuple[str, Target], datetime], viewer: str
) -> BiasTask:
    slug, target = standing.tool.slug, standing.target
    saved = drafts.get((slug, target))
    todo = None
    if standing.state is State.CONFLICT:
        todo = Todo.SETTLE
    elif saved is not None:
        todo = Todo.GO_ON
    elif standing.state is State.AWAITING and viewer not in standing.assessors:
        todo = Todo.ASSESS
    counts = standing.counts
    overall = standing.tool.judgement(counts.overall.judgement).label if counts else None
    return BiasTask(
        standing.study_id, target, slug, standing.state, True, standing.required,
        standing.assessors, overall, saved, todo,
    )  # fmt: skip


def waiting_for(session: Session, review: Review, viewer: str) -> tuple[int, int]:
    """Return how many targets wait for a person's judgement, and how many to be settled."""
    tasks = bias_tasks(session, review, viewer=viewer)
    return (
        sum(task.todo in (Todo.ASSESS, Todo.GO_ON) for task in tasks),
        sum(task.todo is Todo.SETTLE for task in tasks),
    )
