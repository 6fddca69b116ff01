"""The studies that are to be entered, as one person may know where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from review.extraction import queries
from review.extraction.assigning.queries import assigned
from review.extraction.doubts import doubts
from review.extraction.drafts.queries import drafts_of
from review.extraction.models import Entry
from review.extraction.vocabulary import EntryKind
from review.people.queries import members
from review.people.rules import Deed, may
from review.protocol.models import Review


class Stand(StrEnum):
    """Where a study is on its way into the analyses."""

    OPEN = "to be entered"
    ENTERING = "being entered"
    AGREEING = "to be agreed on"
    SINGLE = "entered by one person"
    AGREED = "agreed on by two"


class Next(StrEnum):
    """What one person has to do about a study."""

    START = "start"
    GO_ON = "go on"
    AGREE = "agree"
    LOOK = "look at doubts"


@dataclass(frozen=True, slots=True)
class StudyTask:
    """A study, where it stands, and what is one person's to do."""

    id: int
    study: str
    year: int | None
    reports: int
    stand: Stand
    asked: tuple[str, ...]
    """Who is asked to enter it."""
    mine: str
    """How far the person's own entry is; nothing where there is none."""
    finished_by: tuple[str, ...]
    """Others whose entry is finished; what it says, nobody learns here."""
    doubts: int
    """Open ones, about what counts and about the person's own entry."""
    results: int
    """That count."""
    next: Next | None


@dataclass(frozen=True, slots=True)
class ExtractionQueue:
    """What is to be entered in a review."""

    tasks: tuple[StudyTask, ...]
    extractors: tuple[str, ...]
    """Who may be asked."""
    open: int
    """Studies that nobody has entered, which `share_out` gives to people."""


_OWN: Final = "yours is finished"
_DRAFT: Final = "draft of"


def extraction_queue(session: Session, review: Review, *, viewer: str) -> ExtractionQueue:
    """Return the studies of a review, those that wait for the person first."""
    every = [s for s in queries.studies(session, review) if s.excluded_because is None]
    ids = [study.id for study in every]
    entries: dict[int, list[Entry]] = {number: [] for number in ids}
    for entry in queries.entries(session, ids):
        entries[entry.study_id].append(entry)
    asked = assigned(session, review)
    reports = Counter(report.study_id for report in queries.reports(session, ids))
    counted = queries.numbers_of_results(session, review)
    open_doubts = _doubts(session, review, viewer)
    typed = {draft.study_id: draft.saved_at for draft in drafts_of(session, review, viewer)}
    tasks = []
    for study in every:
        stand = stand_of(entries[study.id])
        mine = _mine(entries[study.id], viewer)
        if study.id in typed:
            mine = f"{_DRAFT} {typed[study.id]:%Y-%m-%d %H:%M} UTC"
        doubted = open_doubts[study.label]
        given = asked.get(study.id, ())
        tasks.append(
            StudyTask(
                id=study.id,
                study=study.label,
                year=study.year,
                reports=reports[study.id],
                stand=stand,
                asked=given,
                mine=mine,
                finished_by=tuple(
                    entry.person.name
                    for entry in entries[study.id]
                    if entry.kind is EntryKind.BLIND
                    and entry.finished_at is not None
                    and entry.person.name != viewer
                ),
                doubts=doubted,
                results=counted.get(study.id, 0),
                next=next_of(stand, mine, given, entries[study.id], viewer, doubted),
            )
        )
    return ExtractionQueue(
        tasks=tuple(sorted(tasks, key=lambda task: (task.next is None, task.study.casefold()))),
        extractors=tuple(
            person.handle
            for person, member in members(session, review.id)
            if may(member.role, Deed.EXTRACT) and person.disabled_because is None
        ),
        open=sum(task.stand is Stand.OPEN for task in tasks),
    )


def _doubts(session: Session, review: Review, viewer: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for whose in (None, viewer):
        for doubt in doubts(session, review, person=whose):
            if doubt.dismissal is None:
                found[doubt.finding.study] += 1
    return found


def stand_of(entries: Sequence[Entry]) -> Stand:
    """Return where a study stands by its entries."""
    counts = queries.counting(entries)
    if counts is not None:
        return Stand.AGREED if counts.kind is EntryKind.CONSENSUS else Stand.SINGLE
    blind = [entry for entry in entries if entry.kind is EntryKind.BLIND]
    if not blind:
        return Stand.OPEN
    finished = sum(entry.finished_at is not None for entry in blind)
    return Stand.AGREEING if finished == len(blind) >= queries.ENTERED_BY else Stand.ENTERING


def _mine(entries: Sequence[Entry], viewer: str) -> str:
    for entry in entries:
        if entry.kind is EntryKind.BLIND and entry.person.name == viewer:
            return _OWN if entry.finished_at is not None else "yours is begun"
    return ""


def next_of(
    stand: Stand,
    mine: str,
    asked: Sequence[str],
    entries: Sequence[Entry],
    viewer: str,
    doubted: int,
) -> Next | None:
    """Return what a person has to do about a study, None where it waits for others or is done."""
    if stand is Stand.AGREEING:
        return Next.AGREE
    if mine.startswith(_DRAFT):
        return Next.GO_ON
    if stand in (Stand.SINGLE, Stand.AGREED):
        return Next.LOOK if doubted else None
    if mine:
        return None if mine == _OWN else Next.GO_ON
    theirs = {entry.person.name for entry in entries if entry.kind is EntryKind.BLIND}
    free = len(theirs | set(asked)) < queries.ENTERED_BY
    return Next.START if viewer in asked or free else None


def waiting_for(session: Session, review: Review, viewer: str) -> Counter[Next]:
    """Return how many studies wait for a person, by what they have to do."""
    return Counter(
        task.next
        for task in extraction_queue(session, review, viewer=viewer).tasks
        if task.next is not None
    )
