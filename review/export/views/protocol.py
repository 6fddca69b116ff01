"""The protocol of a review: question, outcomes, reasons, planned analyses, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.extraction.appraisal.catalogue import SHIPPED
from review.extraction.appraisal.queries import adopted_tools, assessors_required
from review.extraction.choices import choices_of
from review.living.job.schedule import DueSearch, mode_of
from review.living.reports.published import PublishedLine, published_lines
from review.protocol.actions import spec_of
from review.protocol.models import Review
from review.protocol.plan_texts import model_words
from review.protocol.queries import (
    current_versions,
    instrument_called,
    instruments,
    outcome_called,
    outcomes,
    plan_of,
)
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
    preview: str
    """When people who enter a trial see what it does: default, always, never."""
    arms_first: bool
    published: tuple[PublishedLine, ...]


def protocol_view(session: Session, review: Review, *, now: datetime) -> ProtocolView:
    """Return the protocol of a review as it stands."""
    mode = mode_of(session, review, now)
    entering = choices_of(session, review)
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
                model_words(plan),
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
        preview=entering.preview.value,
        arms_first=entering.arms_first,
        published=tuple(published_lines(session, review)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutcomeEditor:
    """A form over an outcome."""

    outcome: str
    name: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class InstrumentEditor:
    """A form over an instrument, or over one that is to be."""

    instrument: str | None
    name: str
    values: Mapping[str, object]
    outcomes: tuple[tuple[str, str], ...]
    analyses: tuple[tuple[str, str], ...]
    """Planned analyses, short name and title, that results of it may enter."""


def outcome_editor(session: Session, review: Review, slug: str) -> OutcomeEditor:
    """Return the form over an outcome; raise NotFoundError."""
    found = outcome_called(session, review, slug)
    values = {"name": found.name, "description": found.description}
    return OutcomeEditor(found.slug, found.name, values)


def new_instrument_editor(session: Session, review: Review, outcome: str) -> InstrumentEditor:
    """Return the form over a new instrument of an outcome."""
    values = {"outcome": outcome, "better": ""}
    return InstrumentEditor(None, "", values, _named_outcomes(session, review), ())


def instrument_editor(session: Session, review: Review, slug: str) -> InstrumentEditor:
    """Return the form over an instrument, and what its changes may move; raise NotFoundError."""
    spec = spec_of(instrument_called(session, review, slug))
    better = {True: "higher", False: "lower", None: "unknown"}[spec.higher_is_better]
    numbers = {
        name: None if value is None else repr(value).removesuffix(".0")
        for name, value in (("lowest", spec.lowest), ("highest", spec.highest), ("step", spec.step))
    }
    values = {"name": spec.name, "outcome": spec.outcome, "better": better, **numbers}
    plans = ((v.analysis.slug, plan_of(v)) for v in current_versions(session, review))
    moved = tuple(
        (analysis, plan.title)
        for analysis, plan in plans
        if spec.outcome in (*plan.measured, plan.predicts)
        and (not plan.instruments or slug in plan.instruments)
    )
    return InstrumentEditor(slug, spec.name, values, _named_outcomes(session, review), moved)


def _named_outcomes(session: Session, review: Review) -> tuple[tuple[str, str], ...]:
    return tuple((one.slug, one.name) for one in outcomes(session, review))


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
