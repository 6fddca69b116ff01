"""What a run keeps of what was computed, as frozen values."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from review.living.runs.contents import LeftOut, RunInputs, RunPart
from review.living.runs.heterogeneity import HeterogeneityLine, told_beside
from review.living.runs.joint import JointLine
from review.living.runs.levels import LevelsLine
from review.living.runs.networks import NetworkLine
from review.living.runs.posterior import PosteriorLine
from review.protocol.rules import WITHOUT_TAU2
from review.protocol.vocabulary import Variant
from review.synthesis.noninferiority import Conclusion
from review.synthesis.pooled import TAU2_CI_EMPTY, i2_from_q

Interval = tuple[float, float]


class Effect(RunPart):
    """One study's effect, oriented so that positive favours the intervention."""

    study_id: int
    study: str
    year: int | None
    n_intervention: int | None
    n_comparator: int | None
    yi: float
    vi: float
    ci: Interval
    weight: float
    """Percent."""
    recipe: str


class Natural(RunPart):
    """A pooled result on a scale that people read: the mean transformed back, no average of it."""

    scale: str
    estimate: float
    ci: Interval


_EMPTY_AS_ONCE_TOLD: Final = "tau2 interval empty: Q below its lower quantile; reported as 0 to 0"


class PooledLine(RunPart):
    """A pooled estimate with everything metafor prints beside it."""

    k: int
    measure: str
    method: str
    test: str
    level: float
    estimate: float
    se: float
    stat: float | None
    ddf: float | None
    p: float | None
    ci: Interval
    z_ci: Interval
    """The normal interval of the same model, as older papers print it."""
    pi: Interval | None
    tau2: float | None
    """None where the model has one common effect."""
    se_tau2: float | None
    tau2_ci: Interval | None
    I2: float
    H2: float
    Q: float
    Q_df: int
    Q_p: float | None
    notes: tuple[str, ...]
    natural: Natural | None = None

    @property
    def I2_q(self) -> float:
        """I² from Q, in percent (Higgins & Thompson 2002); `I2` follows tau² where there is one."""
        return float(i2_from_q(self.Q, self.Q_df))

    @property
    def tau2_ci_empty(self) -> bool:
        """Whether no tau² of zero or more is compatible with so homogeneous effects."""
        return TAU2_CI_EMPTY in self.notes

    @model_validator(mode="before")
    @classmethod
    def _read_as_told_today(cls, values: Any) -> Any:
        """Read the lines of older runs without the zeros that stood for "none"."""
        if not isinstance(values, dict):
            return values
        if values.get("method") in WITHOUT_TAU2:
            values = {**values, "tau2": None}
        if values.get("se") == 0:  # Hartung-Knapp of identical effects: no test
            values = {**values, "stat": None, "p": None}
        notes = list(values.get("notes", ()))
        if _EMPTY_AS_ONCE_TOLD not in notes:
            return values
        told = tuple(TAU2_CI_EMPTY if note == _EMPTY_AS_ONCE_TOLD else note for note in notes)
        return {**values, "tau2_ci": None, "notes": told}


class MarginReading(RunPart):
    """What an interval says against a margin (None: against zero alone)."""

    margin: float | None
    conclusion: Conclusion
    z_conclusion: Conclusion
    """The class by the normal interval."""
    noninferiority_p: float | None
    """One-sided; None without a margin."""


class AgainstLine(RunPart):
    """A treatment of a network against its reference, beside a line of the deciding comparison."""

    treatment: str
    estimate: float
    ci: Interval
    p: float | None = None


class VariantLine(RunPart):
    """One sensitivity analysis or subgroup: its estimate, or why it has none."""

    variant: str
    label: str
    k: int
    estimate: float | None = None
    ci: Interval | None = None
    tau2: float | None = None
    p: float | None = None
    conclusion: str | None = None
    """Against the deciding margin, or zero."""
    note: str | None = None
    others: Annotated[tuple[AgainstLine, ...], Field(exclude_if=lambda lines: not lines)] = ()
    """Of a network: the other treatments against the reference, in the same fit."""


class TermLine(RunPart):
    """The joint test of all coefficients of one term of a meta-regression."""

    term: str
    stat: float
    df: int
    ddf: float | None
    p: float


class ModeratorLine(RunPart):
    """A planned subgroup analysis or meta-regression."""

    moderator: str
    kind: str
    """``subgroups`` or ``meta-regression``."""
    lines: tuple[VariantLine, ...]
    stat: float | None = None
    df: int | None = None
    ddf: float | None = None
    p: float | None = None
    note: str | None = None
    tests: tuple[TermLine, ...] = ()
    """Of the terms of a formula, where it has several; of subgroups of a network that the other
    comparisons with the reference, and all together, differ."""
    without: tuple[LeftOut, ...] = ()
    """Trials that entered the analysis and have no value here, and why."""
    at_mean: VariantLine | None = None
    """The effect where every moderator of a meta-regression is at its mean: an intercept is that
    of a trial of the year 0. None with categories, powers or interactions."""
    remarks: tuple[str, ...] = ()
    """Categories with few trials, and coefficients that the data cannot tell apart."""
    by_treatment: Annotated[tuple[VariantLine, ...], Field(exclude_if=lambda lines: not lines)] = ()
    """Of a meta-regression of a network: the coefficients, were there some for each treatment
    against the reference."""
    alike: Annotated[TermLine | None, Field(exclude_if=lambda line: line is None)] = None
    """Of the same: the test that one coefficient for all treatments is enough."""

    @property
    def beside(self) -> tuple[str, ...]:
        """What is to be said beside its numbers."""
        return told_beside(self.without, self.remarks)


_OF_A_MODEL_OF_THEIR_OWN: Final = frozenset({Variant.DERSIMONIAN_LAIRD, Variant.THREE_LEVEL})
"""Variants with a variance between trials whatever the plan's model."""


class RunResults(RunPart):
    """What a run computed."""

    effects: tuple[Effect, ...]
    pooled: PooledLine
    readings: Annotated[tuple[MarginReading, ...], Field(min_length=1)]
    """The deciding margin first."""
    variants: tuple[VariantLine, ...] = ()
    moderators: tuple[ModeratorLine, ...] = ()
    heterogeneity: Annotated[
        tuple[HeterogeneityLine, ...], Field(exclude_if=lambda lines: not lines)
    ] = ()
    posterior: Annotated[PosteriorLine | None, Field(exclude_if=lambda line: line is None)] = None
    """Beside the pooled line, by the priors that the plan states."""
    network: Annotated[NetworkLine | None, Field(exclude_if=lambda line: line is None)] = None
    """Of a network, whose pooled line is the comparison that the plan decides on."""

    joint: Annotated[JointLine | None, Field(exclude_if=lambda line: line is None)] = None
    """Of several outcomes, whose pooled line is the outcome that the plan decides on."""

    levels: Annotated[LevelsLine | None, Field(exclude_if=lambda line: line is None)] = None
    """Of random effects, whose pooled line is the mean of all results."""

    @model_validator(mode="before")
    @classmethod
    def _common_effects_have_no_tau2(cls, values: Any) -> Any:
        """Read the lines of older runs without the zeros that stood for "no tau²"."""
        if not isinstance(values, dict) or not isinstance(values.get("pooled"), dict):
            return values
        common = values["pooled"].get("method") in WITHOUT_TAU2

        def read(line: dict[str, Any]) -> dict[str, Any]:
            own = line["variant"] == Variant.FIXED or (
                common and line["variant"] not in _OF_A_MODEL_OF_THEIR_OWN
            )
            return {**line, "tau2": None} if own else line

        return {
            **values,
            "variants": [read(line) for line in values.get("variants", ())],
            "moderators": [
                {**one, "lines": [read(line) for line in one["lines"]]}
                for one in values.get("moderators", ())
            ],
        }

    @property
    def investigations(self) -> int:
        """How many planned models look for what makes trials differ."""
        return len(self.moderators) + len(self.heterogeneity)

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """What planned subgroup analyses group trials by."""
        return tuple(line.moderator for line in self.moderators if line.kind == "subgroups")

    @property
    def of_one_mean(self) -> bool:
        """Whether the pooled line is a mean of one effect a trial, and of nothing beside it."""
        return self.network is None and self.joint is None and self.levels is None

    @property
    def headline(self) -> MarginReading:
        """The reading that decides."""
        return self.readings[0]


Snapshot = tuple[RunInputs, RunResults]
"""Everything that a run keeps."""
