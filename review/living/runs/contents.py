"""What a run keeps: its inputs with their provenance, and its results, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from review.canonical import sha256_of
from review.extraction.numbers import ReportedNumbers
from review.extraction.vocabulary import Positive
from review.protocol.characteristics import OWN
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.protocol.vocabulary import Variant
from review.synthesis.noninferiority import Conclusion
from review.synthesis.pooled import TAU2_CI_EMPTY

Interval = tuple[float, float]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_empty(value: object) -> bool:
    return value is None or value is False or value == ()


T = TypeVar("T")
_Later = Annotated[T, Field(exclude_if=_is_empty)]
"""What later software added is kept only where it is given: older runs stay as they are stored."""


_HASHED_EMPTY: Final = frozenset(ReportedNumbers._fields[:10])
"""The numbers that the first version hashed, reported or not; later ones only where given."""

_LATER: Final = frozenset({"positive", "df1", "p_sides", "residual_sd", "r_squared"})
"""Fields that runs of earlier versions did not store; kept where given."""


def _read(stored: object) -> ReportedNumbers:
    if isinstance(stored, ReportedNumbers):
        return stored
    if not isinstance(stored, Mapping) or not stored.keys() <= set(ReportedNumbers._fields):
        raise ValueError("these are no reported numbers")
    numbers = ReportedNumbers(**stored)
    positive = numbers.positive
    return numbers if positive is None else numbers._replace(positive=Positive(positive))


def as_stored(numbers: ReportedNumbers) -> dict[str, object]:
    """Return reported numbers as a run keeps them."""
    pairs = zip(ReportedNumbers._fields, numbers, strict=True)
    return {name: value for name, value in pairs if value is not None or name not in _LATER}


def hashed(numbers: ReportedNumbers) -> dict[str, object]:
    """Return what of reported numbers counts in a fingerprint."""
    pairs = zip(ReportedNumbers._fields, numbers, strict=True)
    return {name: value for name, value in pairs if value is not None or name in _HASHED_EMPTY}


class Source(_Kept):
    """Where a result stands: its row, whose entry it is of, report and page."""

    result_id: int
    entry_kind: str
    report: str | None
    page: str | None


class ArmInput(_Kept):
    """One result that entered an analysis."""

    arm: str
    numbers: Annotated[ReportedNumbers, PlainValidator(_read), PlainSerializer(as_stored)]
    source: Source


class Characteristic(_Kept):
    """What a trial has of one characteristic: its value, or why there is none."""

    name: str
    value: str | int | float | None = None
    because: str | None = None


class TrialInput(_Kept):
    """What one study gave to an analysis.

    A study contributes arms of both sides, or one contrast of two arms; `contrast_reversed` says
    that the reported contrast is comparator minus intervention.
    """

    study_id: int
    study: str
    year: int | None
    instrument: str
    higher_is_better: bool
    rater: str
    timepoint: str
    analysis_set: str
    intervention: tuple[ArmInput, ...] = ()
    comparator: tuple[ArmInput, ...] = ()
    contrast: ArmInput | None = None
    contrast_reversed: bool = False
    cluster_size: float | None = None
    """Mean size of the clusters that the report's numbers take no account of."""
    icc: float | None = None
    crossover: bool = False
    comparator_share: float = 1.0
    """The part of the comparator's participants that this comparison has."""
    parts: tuple[TrialInput, ...] = ()
    """Comparisons or results that make one effect together; the arms above are all of theirs."""
    joined: Literal["aggregate", "split", "covariance"] | None = None
    """How the parts become one."""
    not_used: tuple[str, ...] = ()
    """Results of the outcome that the study has and the plan passes over, and why."""
    adjusted: _Later[bool] = False
    """Whether its statistics hold the SD left after adjustment, which was made that of scores."""
    clusters_analysed: _Later[bool] = False
    """Whether its standard errors hold the design effect already, which was taken out."""
    spread: _Later[tuple[ArmInput, ...]] = ()
    """The arms whose SD standardizes the contrast."""
    side: str | None = None
    """Which of the plan's two sides a single arm is of; None for a contrast of both."""
    characteristics: Annotated[
        tuple[Characteristic, ...], Field(exclude_if=lambda told: not told)
    ] = ()
    """What the plan's subgroups and meta-regressions ask for beyond `OWN`, as it was then."""

    @property
    def unit(self) -> tuple[int, str | None, str | None]:
        """What tells it from the others: its study; of single arms also side and arm."""
        if self.side is None:
            return self.study_id, None, None
        return self.study_id, self.side, self.intervention[0].arm

    @property
    def first_result(self) -> int:
        """The lowest id of its results: the order in which trials entered the database."""
        return min(self.result_ids)

    @property
    def result_ids(self) -> frozenset[int]:
        """The ids of all results that went in."""
        inputs = (*self.intervention, *self.comparator, *self.spread)
        if self.contrast is not None:
            inputs = (*inputs, self.contrast)
        own = frozenset(item.source.result_id for item in inputs)
        return own.union(*(part.result_ids for part in self.parts))

    @property
    def sign(self) -> int:
        """1 where a positive number, as reported, favours the intervention, else -1."""
        reported = self.contrast.numbers if self.contrast is not None else None
        by_itself = reported is not None and reported.positive is Positive.BETTER
        return 1 if (by_itself or self.higher_is_better) != self.contrast_reversed else -1

    @property
    def by_result(self) -> TrialInput:
        """The same with arms and parts in the order of their results, not of their names."""

        def ordered(arms: tuple[ArmInput, ...]) -> tuple[ArmInput, ...]:
            return tuple(sorted(arms, key=lambda arm: arm.source.result_id))

        parts = sorted((part.by_result for part in self.parts), key=lambda p: sorted(p.result_ids))
        return self.model_copy(
            update={
                "intervention": ordered(self.intervention),
                "comparator": ordered(self.comparator),
                "parts": tuple(parts),
            }
        )

    def characteristic(self, name: str) -> str | int | float | None:
        """Return what the trial has of a characteristic; None where it has no one value."""
        if name in OWN:
            several = self._own(name)
            return several[0] if len(several) == 1 else None
        return self._kept(name).value

    def because(self, name: str) -> str:
        """Return why it has no value of a characteristic."""
        several = self._own(name) if name in OWN else ()
        if len(several) > 1:
            return f"its results differ: {', '.join(map(str, several))}"
        return "not reported" if name in OWN else self._kept(name).because or "not reported"

    def _own(self, name: str) -> tuple[str | int | None, ...]:
        """The values of all its parts: several results averaged may be of several raters."""
        of_parts = [value for part in self.parts for value in part._own(name)]
        return tuple(dict.fromkeys(of_parts)) or (getattr(self, name),)

    def _kept(self, name: str) -> Characteristic:
        found = (item for item in self.characteristics if item.name == name)
        return next(found, Characteristic(name=name, because="the run did not keep it"))

    @property
    def computed_from(self) -> dict[str, object]:
        """All that the effect depends on: no names, no provenance."""
        return {
            "study_id": self.study_id,
            "higher_is_better": self.higher_is_better,
            "intervention": [hashed(arm.numbers) for arm in self.intervention],
            "comparator": [hashed(arm.numbers) for arm in self.comparator],
            "contrast": hashed(self.contrast.numbers) if self.contrast else None,
            "contrast_reversed": self.contrast_reversed,
            **self._design,
            **({"side": self.side} if self.side is not None else {}),
        }

    @property
    def _design(self) -> dict[str, object]:
        """What studies of independent persons with one comparison do not have."""
        given: dict[str, object] = {}
        if self.cluster_size is not None:
            given["clusters"] = [self.cluster_size, self.icc]
        if self.crossover:
            given["crossover"] = True
        if self.adjusted:
            given["adjusted"] = True
        if self.clusters_analysed:
            given["clusters_analysed"] = True
        if self.spread:
            given["spread"] = [hashed(arm.numbers) for arm in self.spread]
        if self.comparator_share != 1.0:
            given["comparator_share"] = self.comparator_share
        if self.parts:
            given[str(self.joined)] = [part.computed_from for part in self.parts]
        return given


class LeftOut(_Kept):
    """A study of the outcome that an analysis did not use, and why."""

    study: str
    reason: str
    remedy: str | None = Field(default=None, exclude=True)
    """What would let it enter; told when it is selected, and not stored with a run."""
    detail: str | None = Field(default=None, exclude=True)
    """What it has instead; not stored."""
    another_question: bool = Field(default=False, exclude=True)
    """Whether its arms are known, and are none that the plan asks about; not stored."""


class Alternative(_Kept):
    """What a sensitivity variant selects instead of the primary analysis' trials."""

    variant: Variant
    label: str
    trials: tuple[TrialInput, ...]


def _numbers_of(trials: Sequence[TrialInput]) -> list[dict[str, object]]:
    """What the effects depend on, in an order that no renaming of a study changes."""
    return [trial.computed_from for trial in sorted(trials, key=lambda trial: trial.study_id)]


class RunInputs(_Kept):
    """Everything that entered a run."""

    plan: Plan
    trials: tuple[TrialInput, ...]
    left_out: tuple[LeftOut, ...]
    alternatives: tuple[Alternative, ...] = ()

    @property
    def by_study(self) -> RunInputs:
        """The same in the order in which the studies came, which no renaming of one changes."""

        def ordered(trials: Sequence[TrialInput]) -> tuple[TrialInput, ...]:
            found = (trial.by_result for trial in trials)
            return tuple(sorted(found, key=lambda t: (t.study_id, t.side or "", t.first_result)))

        others = [
            other.model_copy(update={"trials": ordered(other.trials)})
            for other in self.alternatives
        ]
        return self.model_copy(
            update={"trials": ordered(self.trials), "alternatives": tuple(others)}
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the plan and of the numbers; equal fingerprints give equal results.

        Values of moderators are hashed in the order of the trials, which is that of their names:
        another name can change it, and `by_study` tells whether anything else did.
        """
        hashed: dict[str, object] = {
            "plan": self.plan.content,
            "trials": _numbers_of(self.trials),
        }
        if self.alternatives:
            hashed["alternatives"] = [
                [other.label, _numbers_of(other.trials)] for other in self.alternatives
            ]
        by = self.plan.characteristics
        if by:
            hashed["moderators"] = [
                [str(trial.characteristic(name)) for name in sorted(by)] for trial in self.trials
            ]
        return sha256_of(hashed)


class Effect(_Kept):
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


class Natural(_Kept):
    """A pooled result on a scale that people read: the mean transformed back, no average of it."""

    scale: str
    estimate: float
    ci: Interval


_EMPTY_AS_ONCE_TOLD: Final = "tau2 interval empty: Q below its lower quantile; reported as 0 to 0"


class PooledLine(_Kept):
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


class MarginReading(_Kept):
    """What an interval says against a margin (None: against zero alone)."""

    margin: float | None
    conclusion: Conclusion
    z_conclusion: Conclusion
    """The class by the normal interval."""
    noninferiority_p: float | None
    """One-sided; None without a margin."""


class VariantLine(_Kept):
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


class TermLine(_Kept):
    """The joint test of all coefficients of one term of a meta-regression."""

    term: str
    stat: float
    df: int
    ddf: float | None
    p: float


class ModeratorLine(_Kept):
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
    """Of the terms of a formula, where it has several."""
    without: tuple[LeftOut, ...] = ()
    """Trials that entered the analysis and have no value here, and why."""
    remarks: tuple[str, ...] = ()
    """Categories with few trials, and coefficients that the data cannot tell apart."""

    @property
    def beside(self) -> tuple[str, ...]:
        """What is to be said beside its numbers: trials without a value by reason, and remarks."""
        studies: dict[str, list[str]] = {}
        for item in self.without:
            studies.setdefault(item.reason, []).append(item.study)
        told = (f"Without a value ({why}): {'; '.join(of)}." for why, of in studies.items())
        return (*told, *self.remarks)


_OF_A_MODEL_OF_THEIR_OWN: Final = frozenset({Variant.DERSIMONIAN_LAIRD, Variant.THREE_LEVEL})
"""Variants with a variance between trials whatever the plan's model."""


class RunResults(_Kept):
    """What a run computed."""

    effects: tuple[Effect, ...]
    pooled: PooledLine
    readings: Annotated[tuple[MarginReading, ...], Field(min_length=1)]
    """The deciding margin first."""
    variants: tuple[VariantLine, ...] = ()
    moderators: tuple[ModeratorLine, ...] = ()

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
    def headline(self) -> MarginReading:
        """The reading that decides."""
        return self.readings[0]


Snapshot = tuple[RunInputs, RunResults]
"""Everything that a run keeps."""
