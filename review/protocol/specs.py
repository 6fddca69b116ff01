"""What a protocol file holds: a review, its outcomes, instruments, analyses, published lines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from review.protocol.frozen import Frozen, Line, Slug
from review.protocol.rules import Plan
from review.protocol.values import Margin
from review.protocol.vocabulary import English


class ReviewSpec(Frozen):
    """A review's question."""

    slug: Slug
    title: Line
    question: str = ""
    english: English | None = None
    """The spelling of what is printed, ``en-GB`` (as by default) or ``en-US``."""


class OutcomeSpec(Frozen):
    """An outcome: the construct that instruments measure."""

    slug: Slug
    name: Line
    description: str = ""


class InstrumentSpec(Frozen):
    """An instrument; pooling refuses one that does not say which way is better."""

    slug: Slug
    name: Line
    outcome: Slug
    higher_is_better: bool | None = None
    lowest: float | None = None
    highest: float | None = None
    step: Annotated[float, Field(gt=0)] | None = None
    """The least difference of two persons' scores: 1 for a sum of items, 1/items for their mean."""

    @model_validator(mode="after")
    def _range_is_a_range(self) -> InstrumentSpec:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError("lowest must be below highest")
        return self


class AnalysisSpec(Frozen):
    """A planned analysis and its name."""

    slug: Slug
    plan: Plan


class PublishedSpec(Frozen):
    """A pooled line that somebody published; shown beside ours, never mixed in."""

    outcome: Slug
    label: Line
    doi: str | None = None
    measure: Line
    estimate: float
    ci_low: float
    ci_high: float
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    k: int | None = None
    p: float | None = None
    direction: Line
    """The publication's own words on which sign favours what."""
    margins: tuple[Margin, ...] = ()
    """Against which the line is read; empty where its direction is not certain."""
    source: Line
    note: str = ""

    @model_validator(mode="after")
    def _interval_holds_the_estimate(self) -> PublishedSpec:
        if not self.ci_low <= self.estimate <= self.ci_high:
            raise ValueError("the interval must hold the estimate")
        return self


class ProtocolFile(Frozen):
    """A review with its outcomes, instruments, planned analyses and published lines."""

    review: ReviewSpec
    outcomes: tuple[OutcomeSpec, ...] = ()
    instruments: tuple[InstrumentSpec, ...] = ()
    analyses: tuple[AnalysisSpec, ...] = ()
    published: tuple[PublishedSpec, ...] = ()
    sources: tuple[Line, ...] = ()
    """Where the data come from; printed by ``review seed list``."""
