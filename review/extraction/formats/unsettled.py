"""Doubts about how the ready effects of a release were read, from its rows and its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.formats.queries import releases, rows_of
from review.extraction.formats.signs import proof_of
from review.extraction.models import Entry, Result, Study, reported_column
from review.extraction.plausibility.finding import Finding, Kind, Severity
from review.extraction.vocabulary import Format, Level, Positive
from review.protocol.models import Review
from review.wording import counted

UNLIKELY: Final = 0.01
"""Probability below which a majority of effects below zero is no chance."""


@dataclass(frozen=True, slots=True)
class _Ready:
    result_id: int
    study_id: int
    study: str
    estimate: float


def release_findings(session: Session, review: Review) -> Iterator[Finding]:
    """Yield a doubt about each newest release whose ready effects have no proved sign.

    A release that older software took as differences of scores, and whose own numbers show that
    it holds something else, leaves the analyses that use it without a conclusion; so does one
    whose sign nothing shows, where most of its effects would favour the second arm.
    """
    newest = {release.source: release for release in releases(session, review)}
    for release in newest.values():
        if release.format is not Format.METAPSY:
            continue
        effects = _ready(session, release)
        if effects:
            yield from _finding(session, release, effects)


def _ready(session: Session, release: ImportedRelease) -> list[_Ready]:
    estimate = reported_column("estimate")
    query = (
        sa.select(Result.id, Study.id, Study.label, estimate)
        .join(SourceResult, SourceResult.result_id == Result.id)
        .join(SourceLine, SourceLine.id == SourceResult.source_line_id)
        .join(Entry, Entry.id == Result.entry_id)
        .join(Study, Study.id == Entry.study_id)
        .where(
            SourceLine.release_id == release.id,
            Result.level == Level.CONTRAST,
            reported_column("metric") == "SMD",
            estimate.is_not(None),
        )
        .distinct()
        .order_by(Study.label, Result.id)
    )
    return [
        _Ready(result, study, label, given)
        for result, study, label, given in session.execute(query)
        if given is not None
    ]


def _finding(
    session: Session, release: ImportedRelease, effects: Sequence[_Ready]
) -> Iterator[Finding]:
    place = f"release {release.number} of {release.source}"
    n = counted(len(effects), "ready effect")
    again = (
        "import the file again, or: review extract reread"
        f"{'' if release.source == release.format.value else f' --source {release.source}'}"
    )
    below = sum(effect.estimate < 0 for effect in effects)
    told = f"{below} of them are below zero"
    kind = Kind.SIGN_UNPROVED
    if release.reading is None:
        proof = proof_of(rows_of(session, release))
        if proof.positive is Positive.HIGHER:
            return
        if proof.positive is Positive.BETTER:
            kind = Kind.SIGN_UNSETTLED
            message = (
                f"{n} taken as arm 1 minus arm 2, but {counted(len(proof.better), 'row')} of the "
                f"file show that a positive g means that arm 1 did better; {again}"
            )
        else:
            message = (
                f"{n} taken as arm 1 minus arm 2, which no row of the file shows ({told}); look "
                f"at one trial's report, and say which with: {again} --positive better (or higher)"
            )
    elif release.reading["why"] in ("format", "before"):
        better = release.reading["positive"] == Positive.BETTER.value
        if better and _is_lopsided(below, len(effects)):
            kind = Kind.SIGN_UNSETTLED
        meant = "did better" if better else "scored higher"
        message = (
            f"{n} taken to be positive where arm 1 {meant}, which no row of the file shows "
            f"({told}); look at one trial's report, and say which with: {again} --positive better "
            "(or higher)"
        )
    else:
        return
    yield Finding(
        kind=kind,
        severity=Severity.DOUBT,
        study_id=effects[0].study_id,
        study=effects[0].study,
        place=place,
        message=message,
        numbers={"release": release.number, "source": release.source, "effects": len(effects)},
        results=tuple(effect.result_id for effect in effects),
    )


def _is_lopsided(below: int, n: int) -> bool:
    """Whether more effects are below zero than chance allows (one-sided sign test)."""
    chance: float = sum(comb(n, k) for k in range(below, n + 1)) / 2**n
    return chance < UNLIKELY
