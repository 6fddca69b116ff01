"""What a run keeps of what entered it, with its provenance, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
)

from review.canonical import sha256_of
from review.extraction.numbers import ReportedNumbers
from review.extraction.vocabulary import Positive
from review.protocol.attenuation import reliabilities
from review.protocol.characteristics import OWN
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant


class RunPart(BaseModel):
    """A frozen part of what a run keeps, with the fields that it says, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_empty(value: object) -> bool:
    return value is None or value is False or value == ()


T = TypeVar("T")
_Later = Annotated[T, Field(exclude_if=_is_empty)]
"""What later software added is kept only where it is given: older runs stay as they are stored."""


_HASHED_EMPTY: Final = 10
"""The first numbers, which the first version hashed, reported or not; later ones where given."""

_LATER: Final = ("positive", "df1", "p_sides", "residual_sd", "r_squared", "person_years")
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
    kept = numbers._asdict()
    for name in _LATER:
        if kept[name] is None:
            del kept[name]
    return kept


def hashed(numbers: ReportedNumbers) -> dict[str, object]:
    """Return what of reported numbers counts in a fingerprint."""
    pairs = list(zip(ReportedNumbers._fields, numbers, strict=True))
    later = (pair for pair in pairs[_HASHED_EMPTY:] if pair[1] is not None)
    return dict([*pairs[:_HASHED_EMPTY], *later])


class Source(RunPart):
    """Where a result stands: its row, whose entry it is of, report and page."""

    result_id: int
    entry_kind: str
    report: str | None
    page: str | None


class ArmInput(RunPart):
    """One result that entered an analysis."""

    arm: str
    numbers: Annotated[ReportedNumbers, PlainValidator(_read), PlainSerializer(as_stored)]
    source: Source


class Characteristic(RunPart):
    """What a trial has of one characteristic: its value, or why there is none."""

    name: str
    value: str | int | float | None = None
    because: str | None = None


class TrialInput(RunPart):
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
    treatments: _Later[tuple[str, ...]] = ()
    """Of a network: which treatment it compares with which, as the plan calls them; a trial of
    several treatments stands there with each of the others against its first."""
    with_instrument: _Later[str | None] = None
    """Of an association that is corrected for unreliability: what measured the predictor."""
    measured: _Later[str | None] = None
    """Of several outcomes taken together: which one, as the plan calls it. With random effects:
    which of the results of its study."""
    characteristics: Annotated[
        tuple[Characteristic, ...], Field(exclude_if=lambda told: not told)
    ] = ()
    """What the plan's subgroups and meta-regressions ask for beyond `OWN`, as it was then."""

    @property
    def unit(self) -> tuple[int, str | None, str | None]:
        """What tells it from the others: its study; of single arms also side and arm.

        Of a network the two treatments, of several outcomes or results which one.
        """
        if self.treatments:
            return self.study_id, self.treatments[0], self.treatments[1]
        if self.measured is not None:
            return self.study_id, self.measured, None
        if self.side is None:
            return self.study_id, None, None
        return self.study_id, self.side, self.intervention[0].arm

    @property
    def told_apart(self) -> str:
        """What tells it from others of its study: treatments, an outcome, a result; else none."""
        return " - ".join(self.treatments) or self.measured or ""

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
        ids = [item.source.result_id for item in inputs]
        for part in self.parts:
            ids += part.result_ids
        return frozenset(ids)

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
            **({"treatments": list(self.treatments)} if self.treatments else {}),
            **({"measured": self.measured} if self.measured is not None else {}),
        }

    def measured_by(self, names: Sequence[str]) -> list[object]:
        """What measured it, and what it has of characteristics, of parts each by itself."""
        if self.parts:
            return [part.measured_by(names) for part in self.parts]
        own = [str(self.characteristic(name)) for name in names]
        return [self.instrument, self.with_instrument, *own]

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


class LeftOut(RunPart):
    """A study of the outcome that an analysis did not use, and why."""

    study: str
    reason: str
    remedy: str | None = Field(default=None, exclude=True)
    """What would let it enter; told when it is selected, and not stored with a run."""
    detail: str | None = Field(default=None, exclude=True)
    """What it has instead; not stored."""
    another_question: bool = Field(default=False, exclude=True)
    """Whether its arms are known, and are none that the plan asks about; not stored."""


class Alternative(RunPart):
    """What a sensitivity variant selects instead of the primary analysis' trials."""

    variant: Variant
    label: str
    trials: tuple[TrialInput, ...]


def _numbers_of(trials: Sequence[TrialInput]) -> list[dict[str, object]]:
    """What the effects depend on, in an order that no renaming of a study changes."""
    return [trial.computed_from for trial in sorted(trials, key=lambda trial: trial.study_id)]


class RunInputs(RunPart):
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
        if self.plan.by_instrument:
            own = reliabilities(self.plan.reliability).characteristics
            chosen = [self.trials, *(other.trials for other in self.alternatives)]
            hashed["measured_by"] = [
                trial.measured_by(own)
                for trials in chosen
                for trial in sorted(trials, key=lambda trial: trial.study_id)
            ]
        return sha256_of(hashed)
