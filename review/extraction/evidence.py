"""What an analysis' rules see of the extracted numbers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater


@dataclass(frozen=True, slots=True)
class ArmSide:
    """An arm as an analysis' rules see it."""

    arm_id: int
    label: str
    treatment: str
    delivery_mode: DeliveryMode | None


@dataclass(frozen=True, slots=True)
class Evidence:
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
    metric: str | None
    n: int | None
    versus_n: int | None
    mean: float | None
    sd: float | None
    events: int | None
    estimate: float | None
    se: float | None
    variance: float | None
    ci_low: float | None
    ci_high: float | None
    report: str | None
    page: str | None
