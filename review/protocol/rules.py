"""A planned analysis as a frozen value, and the protocol file it can be read from."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from review.canonical import sha256_of
from review.effects import Measure
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
"""Lower-case letters and digits, joined by single hyphens or underscores."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]

MethodName = Literal["EE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM"]
TestName = Literal["z", "t", "knha", "adhoc"]


CONTINUOUS: Final = frozenset({Measure.MD, Measure.SMD, Measure.SMDH, Measure.ROM})
DICHOTOMOUS: Final = frozenset({Measure.RR, Measure.OR, Measure.RD, Measure.AS, Measure.PETO})
PLANNABLE: Final = CONTINUOUS | DICHOTOMOUS | {Measure.GEN}
"""The measures of a contrast of arms; GEN is the difference of the arms' own estimates."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ArmRule(_Frozen):
    """Which arms stand on one side of the contrast: those that match every list given."""

    label: Line
    """What outputs call this side."""
    delivery_mode: tuple[DeliveryMode, ...] = ()
    treatment: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _selects_something(self) -> ArmRule:
        if not self.delivery_mode and not self.treatment:
            raise ValueError("give delivery_mode, treatment, or both")
        return self

    def matches(self, *, delivery_mode: DeliveryMode | None, treatment: str) -> bool:
        """Whether an arm belongs to this side."""
        return (not self.delivery_mode or delivery_mode in self.delivery_mode) and (
            not self.treatment or treatment in self.treatment
        )


def _sorted_unique(margins: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(set(margins)))


Margin = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Plan(_Frozen):
    """A planned analysis: what is pooled, how, and against which margins.

    The effect is oriented so that a positive value always favours the intervention. Lists of
    instruments, raters, timepoints and analysis sets are in order of preference: of each study the
    first that is present counts; an empty list accepts any, as long as only one is present.
    """

    title: Line
    outcome: Slug
    intervention: ArmRule
    comparator: ArmRule
    instruments: tuple[Slug, ...] = ()
    raters: tuple[Rater, ...] = ()
    timepoints: tuple[Line, ...] = ()
    analysis_sets: tuple[AnalysisSet, ...] = ()
    measure: Measure = Measure.SMD
    effect: Line | None = None
    """What outputs call the effect, where the measure's own name says too little."""
    method: MethodName = "REML"
    test: TestName = "adhoc"
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    margin: Margin | None = None
    """The noninferiority margin on the scale of the measure; None plans no such reading."""
    other_margins: Annotated[tuple[Margin, ...], AfterValidator(_sorted_unique)] = ()

    @field_validator("measure")
    @classmethod
    def _measure_contrasts_arms(cls, measure: Measure) -> Measure:
        if measure not in PLANNABLE:
            raise ValueError(f"an analysis pools one of {', '.join(sorted(PLANNABLE))}")
        return measure

    @model_validator(mode="after")
    def _margins_have_a_primary(self) -> Plan:
        if self.margin is None and self.other_margins:
            raise ValueError("other_margins need a margin: name the one that decides")
        return self

    @property
    def margins(self) -> tuple[float, ...]:
        """All margins, the deciding one first."""
        if self.margin is None:
            return ()
        return (self.margin, *(m for m in self.other_margins if m != self.margin))

    @property
    def direction(self) -> str:
        """The sentence every output prints."""
        return f"Positive values favour {self.intervention.label}."

    @property
    def sha256(self) -> str:
        """Identifies the plan by its content."""
        return sha256_of(self.model_dump(mode="json"))


class ReviewSpec(_Frozen):
    """A review's question."""

    slug: Slug
    title: Line
    question: str = ""


class OutcomeSpec(_Frozen):
    """An outcome: the construct that instruments measure."""

    slug: Slug
    name: Line
    description: str = ""


class InstrumentSpec(_Frozen):
    """An instrument; pooling refuses one that does not say which way is better."""

    slug: Slug
    name: Line
    outcome: Slug
    higher_is_better: bool | None = None
    lowest: float | None = None
    highest: float | None = None
    step: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The least difference of two persons' scores: 1 for a sum of items, 1/items for their mean."""

    @model_validator(mode="after")
    def _range_is_a_range(self) -> InstrumentSpec:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError("lowest must be below highest")
        return self


class AnalysisSpec(_Frozen):
    """A planned analysis and its name."""

    slug: Slug
    plan: Plan


class PublishedSpec(_Frozen):
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


class ProtocolFile(_Frozen):
    """A review with its outcomes, instruments, planned analyses and published lines."""

    review: ReviewSpec
    outcomes: tuple[OutcomeSpec, ...] = ()
    instruments: tuple[InstrumentSpec, ...] = ()
    analyses: tuple[AnalysisSpec, ...] = ()
    published: tuple[PublishedSpec, ...] = ()
    sources: tuple[Line, ...] = ()
    """Where the data come from; printed by ``review seed list``."""
