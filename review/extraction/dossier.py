"""All that is known of one study, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from review.protocol.vocabulary import AnalysisSet, Rater


@dataclass(frozen=True, slots=True)
class KnownReport:
    """A publication of the study."""

    citation: str
    doi: str | None


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
    facts: Mapping[str, Any]
    """By column, in the order of the extraction table; None is not reported."""
    excluded_because: str | None
    reports: tuple[KnownReport, ...]
    arms: tuple[Mapping[str, Any], ...]
    """``arm`` and the facts of each, by column."""
    results: tuple[KnownResult, ...]
    notes: tuple[KnownNote, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """All of it by name, for scripts and for print."""
        return {
            "study": self.study,
            **self.facts,
            "excluded_because": self.excluded_because,
            "reports": [asdict(report) for report in self.reports],
            "arms": [dict(arm) for arm in self.arms],
            "results": [asdict(result) for result in self.results],
            "notes": [asdict(note) for note in self.notes],
        }
