"""The protocol of a review: question, outcomes, reasons, planned analyses, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.extraction.appraisal.catalogue import SHIPPED
from review.extraction.appraisal.queries import adopted_tools, assessors_required
from review.living.job.schedule import DueSearch, mode_of
from review.living.reports.published import PublishedLine, published_lines
from review.protocol.models import Review
from review.protocol.queries import current_versions, instruments, outcomes, plan_of
from review.screening.queries import reasons, stage_rules
from review.screening.vocabulary import STAGE_WORDS, Stage


@dataclass(frozen=True, slots=True)
class InstrumentLine:
    """An instrument with its direction in words."""

    slug: str
    name: str
    direction: str
    range: str


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """An outcome with what measures it."""

    slug: str
    name: str
    description: str
    instruments: tuple[InstrumentLine, ...]


@dataclass(frozen=True, slots=True)
class StageLine:
    """How a stage of screening is done."""

    stage: Stage
    name: str
    required: int
    blind: bool


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A planned analysis in a line."""

    analysis: str
    title: str
    version: int
    frozen: datetime
    model: str


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """All of a protocol."""

    slug: str
    title: str
    question: str
    outcomes: tuple[OutcomeLine, ...]
    analyses: tuple[PlannedLine, ...]
    reasons: tuple[tuple[int, str], ...]
    stages: tuple[StageLine, ...]
    status: str
    because: str | None
    update_when: str | None
    retire_when: str | None
    searches: tuple[DueSearch, ...]
    tools: tuple[tuple[str, str], ...]
    """Adopted ones: name and version."""
    offered: tuple[str, ...]
    """Tools that come with the software and are not adopted."""
    assessors: int
    published: tuple[PublishedLine, ...]


def protocol_view(session: Session, review: Review, *, now: datetime) -> ProtocolView:
    """Return the protocol of a review as it stands."""
    mode = mode_of(session, review, now)
    every = instruments(session, review)
    rules = stage_rules(session, review)
    tools = adopted_tools(session, review)
    have = {tool.slug for tool in tools}
    return ProtocolView(
        slug=review.slug,
        title=review.title,
        question=review.question,
        outcomes=tuple(
            OutcomeLine(
                one.slug, one.name, one.description,
                tuple(
                    InstrumentLine(i.slug, i.name, _direction(i.higher_is_better), _range(i))
                    for i in every
                    if i.outcome_id == one.id
                ),
            )
            for one in outcomes(session, review)
        ),
        analyses=tuple(
            PlannedLine(
                version.analysis.slug, plan.title, version.number, version.frozen_at,
                f"{plan.measure.value}, {plan.method}, {plan.test}",
            )
            for version in current_versions(session, review)
            for plan in (plan_of(version),)
        ),
        reasons=tuple((reason.place, reason.label) for reason in reasons(session, review)),
        stages=tuple(
            StageLine(stage, STAGE_WORDS[stage], rules[stage].required, rules[stage].blind)
            for stage in Stage
        ),
        status=mode.status.value,
        because=mode.because,
        update_when=mode.update_when,
        retire_when=mode.retire_when,
        searches=mode.searches,
        tools=tuple((tool.slug, tool.version) for tool in tools),
        offered=tuple(slug for slug in SHIPPED if slug not in have),
        assessors=assessors_required(session, review),
        published=tuple(published_lines(session, review)),
    )  # fmt: skip


def _direction(higher_is_better: bool | None) -> str:
    if higher_is_better is None:
        return "its direction is not said, so it cannot be pooled"
    return "higher is better" if higher_is_better else "lower is better"


def _range(of: object) -> str:
    lowest, highest = getattr(of, "lowest", None), getattr(of, "highest", None)
    if lowest is None and highest is None:
        return ""
    return (
        f"{'' if lowest is None else f'{lowest:g}'} to {'' if highest is None else f'{highest:g}'}"
    )
