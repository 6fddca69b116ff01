"""What an analysis' rules see of the extracted numbers, as plain values.

Tuples, because a job reads and hands over millions of them: those are made and pickled fastest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from review.extraction.entered import ResultKey
from review.extraction.numbers import ReportedNumbers
from review.extraction.vocabulary import ArmRole, Level, Positive, Randomised
from review.protocol.characteristics import Value
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater


class ArmSide(NamedTuple):
    """An arm as an analysis' rules see it."""

    arm_id: int
    label: str
    treatment: str
    delivery_mode: DeliveryMode | None
    role: ArmRole | None = None
    n_randomised: int | None = None


class Allocation(NamedTuple):
    """How a study made its arms, as far as analyses ask."""

    randomised: Randomised | None = None
    cluster_size: float | None = None
    icc: float | None = None
    registration: str | None = None


class ScoreRange(NamedTuple):
    """The scores an instrument can give."""

    lowest: float | None = None
    highest: float | None = None
    step: float | None = None


class Facts(NamedTuple):
    """Characteristics that plans ask for by name; what is not there is not reported."""

    study: Mapping[str, Value]
    arm: Mapping[str, Value]
    versus: Mapping[str, Value]
    """Of the other arm of a contrast."""
    result: Mapping[str, Value]
    of_arms: frozenset[str] = frozenset()
    """Which names are of arms; the others are of studies or results."""


class Evidence(NamedTuple):
    """One result that counts (of the consensus entry, or of the only one), with its context."""

    result_id: int
    entry_kind: str
    study_id: int
    study: str
    year: int | None
    excluded_because: str | None
    outcome: str
    instrument: str
    instrument_name: str
    higher_is_better: bool | None
    rater: Rater
    timepoint: str
    analysis_set: AnalysisSet
    arm: ArmSide
    versus: ArmSide | None
    numbers: ReportedNumbers = ReportedNumbers()
    report: str | None = None
    page: str | None = None
    level: Level = Level.ARM
    design: Allocation = Allocation()
    scale: ScoreRange = ScoreRange()
    weeks: float | None = None
    clusters_analysed: bool | None = None
    favours: str | None = None
    with_instrument: str | None = None
    with_outcome: str | None = None
    with_higher_is_better: bool | None = None
    covariates: str | None = None
    facts: Facts | None = None
    """None where the evidence was read for no plan that asks for any."""

    @property
    def place(self) -> str:
        """What the result is about, for people."""
        return str(
            ResultKey(
                arm=self.arm.label,
                versus_arm=self.versus.label if self.versus else None,
                instrument=self.instrument,
                rater=self.rater.value,
                timepoint=self.timepoint,
                analysis_set=self.analysis_set.value,
                with_instrument=self.with_instrument,
            )
        )


def towards(item: Evidence) -> int | None:
    """Return 1 where the report's words say that a contrast's first arm scored higher, else -1."""
    if item.versus is None or item.favours is None or item.higher_is_better is None:
        return None
    better = {item.arm.label: 1, item.versus.label: -1}.get(item.favours)
    if better is None:
        return None
    return better if item.higher_is_better else -better


def scored_higher(item: Evidence) -> int | None:
    """Return 1 where a positive estimate of a contrast says that its arm scored higher, else -1.

    None where it says that the arm did better, and the instrument not which way that is.
    """
    if item.numbers.positive is not Positive.BETTER:
        return 1
    return None if item.higher_is_better is None else 1 if item.higher_is_better else -1


def did_better(item: Evidence) -> int | None:
    """Return 1 where a positive estimate of a contrast says that its arm did better, else -1."""
    if item.numbers.positive is Positive.BETTER:
        return 1
    return None if item.higher_is_better is None else 1 if item.higher_is_better else -1
