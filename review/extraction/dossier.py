"""All that a person may see of one study, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.extraction import queries
from review.extraction.models import Entry, Result
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.protocol.models import Review
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


def dossier(session: Session, review: Review, label: str, *, viewer: str | None = None) -> Dossier:
    """Return all that a person may see of a study (`visible`); raise NotFoundError."""
    study = queries.study_called(session, review, label)
    every = queries.entries(session, [study.id])
    seen = [entry.id for entry in queries.visible(every, viewer)]
    own = queries.names_seen(every, viewer)
    shown = session.scalars(
        sa.select(Result)
        .where(Result.entry_id.in_(seen))
        .options(
            joinedload(Result.entry).joinedload(Entry.person),
            joinedload(Result.arm),
            joinedload(Result.versus_arm),
            joinedload(Result.instrument),
        )
        .order_by(Result.id)
    ).all()
    return Dossier(
        study=study.label,
        facts={name: getattr(study, name) for name in STUDY_FACTS},
        excluded_because=study.excluded_because,
        reports=tuple(
            KnownReport(r.citation, r.doi) for r in queries.reports(session, [study.id], own)
        ),
        arms=tuple(
            {"arm": a.label, **{name: getattr(a, name) for name in ARM_FACTS}}
            for a in queries.arms(session, [study.id], own)
        ),
        results=tuple(_known_result(result) for result in shown),
        notes=tuple(
            KnownNote(n.topic, n.text, n.certainty, n.source)
            for n in queries.notes(session, [study.id], seen)
        ),
    )


def _known_result(result: Result) -> KnownResult:
    return KnownResult(
        arm=result.arm.label,
        versus=result.versus_arm.label if result.versus_arm else None,
        instrument=result.instrument.name,
        rater=result.rater,
        timepoint=result.timepoint,
        analysis_set=result.analysis_set,
        numbers=result.numbers.given,
        page=result.page,
        entry=f"{result.entry.kind.value}, {result.entry.person.name}",
    )
