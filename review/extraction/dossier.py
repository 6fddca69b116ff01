"""All that is known of one study, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from review.extraction.vocabulary import ArmRole, Randomised, Therapists
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater


@dataclass(frozen=True, slots=True)
class KnownReport:
    """A publication of the study."""

    citation: str
    doi: str | None


@dataclass(frozen=True, slots=True)
class KnownArm:
    """An arm of the study."""

    arm: str
    treatment: str
    delivery_mode: DeliveryMode | None
    n_randomised: int | None
    role: ArmRole | None = None
    sessions: float | None = None
    therapist_training: str | None = None


@dataclass(frozen=True, slots=True)
class KnownResult:
    """A result as entered; empty `numbers` say that the report does not give them."""

    arm: str
    versus: str | None
    instrument: str
    rater: Rater
    timepoint: str
    analysis_set: AnalysisSet
    numbers: Mapping[str, float]
    page: str | None
    entry: str
    """Kind of entry and whose it is."""


@dataclass(frozen=True, slots=True)
class KnownNote:
    """What a source says that is no number to pool."""

    topic: str
    text: str
    certainty: str
    source: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """A study with its reports, arms, results and notes."""

    study: str
    year: int | None
    registration: str | None
    design: str | None
    country: str | None
    population: str | None
    randomised: Randomised | None
    cluster_size: float | None
    icc: float | None
    therapists: Therapists | None
    setting: str | None
    diagnosis: str | None
    funding: str | None
    excluded_because: str | None
    reports: tuple[KnownReport, ...]
    arms: tuple[KnownArm, ...]
    results: tuple[KnownResult, ...]
    notes: tuple[KnownNote, ...]
