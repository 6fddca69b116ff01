"""What a person sees of records while screening: never more than a blind stage allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import AddedAbstract, Batch, Record, Search
from review.citations.pair_queries import clusters_of, pairs_around
from review.citations.rules import UNSTATED, heading, warning_of
from review.db import in_parts
from review.history.withdrawal import prepared
from review.people.models import Person
from review.people.queries import members, person_known
from review.people.rules import Deed, may
from review.protocol.models import Review
from review.screening import queries, serving
from review.screening.guidance import queries as guidance
from review.screening.guidance.queries import Labelled, Note
from review.screening.lists import Asked, Said, newest_of, newest_on, own_decisions, titled
from review.screening.models import Adjudication, Decision, LateDecision
from review.screening.progress import StageProgress
from review.screening.standings import (
    copies_decided,
    decided_copies,
    late_links,
    left_for,
    open_conflicts,
    progress,
)
from review.screening.vocabulary import RetrievalOutcome, Stage, State, Verdict
from review.screening.waiting import elsewhere


@dataclass(frozen=True, slots=True)
class Card:
    """A record as a reviewer judges it."""

    record: int
    stage: Stage
    warning: str | None
    """``RETRACTED`` or what else its file says of the work, where its results may not stand."""
    title: str | None
    authors: tuple[str, ...]
    year: int | None
    journal: str | None
    doi: str | None
    pmid: str | None
    abstract: str | None
    abstract_from: str | None
    """Where the abstract is from that its file has not: its copy, or where somebody found it."""
    keywords: tuple[str, ...]
    source: str
    file: str
    mine: Said | None

    @property
    def heading(self) -> str:
        """What the record is called, after the warning, if there is one."""
        return heading(self.title, self.warning)


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a person may know of a record at a stage."""

    card: Card
    state: State
    hidden: bool
    """Whether what others may have decided is withheld, for the stage is blind."""
    others: tuple[Said, ...]
    """Everybody's decisions in order, changed ones too, where they may be shown."""
    late: tuple[Said, ...]
    """What came after all that were wanted, where decisions may be shown; it counts in nothing."""
    labels: tuple[Labelled, ...]
    notes: tuple[Note, ...]
    """Of labels and notes to the team one's own, and everybody's where decisions may be shown."""
    adjudications: tuple[Said, ...]
    retrieval: RetrievalOutcome | None
    retrieval_reason: str | None
    pdf_sha256: str | None
    removed_because: str | None
    duplicate_of: int | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that reviewers disagree on, with what each of them says now."""

    record: int
    stage: Stage
    title: str | None
    year: int | None
    warning: str | None
    said: tuple[Said, ...]
    copies: tuple[tuple[int, tuple[Said, ...]], ...] = ()
    """Duplicates of it that were decided on before they were found to be, with what was said."""

    @property
    def heading(self) -> str:
        """What the record is called, after the warning, if there is one."""
        return heading(self.title, self.warning)


def _said(row: Decision | Adjudication | LateDecision) -> Said:
    return Said(row.person.name, row.verdict, row.reason.label if row.reason else None, row.note)


def _card(
    record: sa.Row[Any],
    stage: Stage,
    mine: Decision | None,
    handle: str,
    copied: tuple[str, str] | None = None,
) -> Card:
    reason = mine.reason.label if mine and mine.reason else None
    added = f"added from {record.added_from}" if record.added_from else None
    abstract, abstract_from = copied or (record.abstract, added)
    return Card(
        record=record.id,
        stage=stage,
        warning=warning_of(record.notices),
        title=record.title,
        authors=tuple(record.authors),
        year=record.year,
        journal=record.journal,
        doi=record.doi,
        pmid=record.pmid,
        abstract=abstract,
        abstract_from=abstract_from,
        keywords=tuple(record.keywords),
        source=record.source or UNSTATED,
        file=record.file,
        mine=Said(handle, mine.verdict, reason, mine.note) if mine else None,
    )


def cards(
    session: Session,
    review: Review,
    numbers: Sequence[int],
    *,
    stage: Stage,
    handle: str,
    undecided: bool = False,
) -> list[Card]:
    """Return records as a person judges them, with their own decisions and nobody else's.

    None of their own are looked for where they were handed the records as `undecided`.
    """
    mine: Mapping[int, Decision] = {}
    if not undecided:
        person = queries.person_of(session, handle)
        mine = own_decisions(session, review, stage=stage, person=person, only=numbers)
    found = {
        row.id: row
        for some in in_parts(numbers)
        for row in session.execute(_cards_asked(), {"review": review.id, "records": list(some)})
    }
    queries.all_found(review, numbers, found)
    lacking = [number for number in numbers if not found[number].abstract]
    copied = _abstracts_of_copies(session, review, lacking) if lacking else {}
    return [
        _card(found[number], stage, mine.get(number), handle, copied.get(number))
        for number in numbers
    ]


def _abstracts_of_copies(
    session: Session, review: Review, records: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """Return abstracts that duplicates of records have, each with the words for where it is from.

    Of several copies the one that was imported first.
    """
    clusters = clusters_of(pairs_around(session, records))
    copies = {record: clusters.members(record) for record in records}
    wanted = sorted({copy for some in copies.values() for copy in some} - set(records))
    known = {
        row.id: row
        for some in in_parts(wanted)
        for row in session.execute(_cards_asked(), {"review": review.id, "records": list(some)})
        if row.abstract
    }
    found: dict[int, tuple[str, str]] = {}
    for record, some in copies.items():
        row = next((known[copy] for copy in some if copy in known), None)
        if row is not None:
            source = row.added_from or row.source or UNSTATED
            found[record] = row.abstract, f"from its copy, record {row.id} ({source})"
    return found


@cache
def _cards_asked() -> sa.Select[*tuple[Any, ...]]:
    return prepared(
        sa.select(
            Record.id, Record.notices, Record.title, Record.authors, Record.year, Record.journal,
            Record.doi, Record.pmid, Record.abstract_known.label("abstract"),
            Record.newest_added(AddedAbstract.source).label("added_from"), Record.keywords,
            Batch.file, Search.source,
        )
        .join(Record.batch)
        .outerjoin(Batch.search)
        .where(
            Record.review_id == sa.bindparam("review"),
            Record.id.in_(sa.bindparam("records", expanding=True)),
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person is to read next at a stage."""

    cards: tuple[Card, ...]
    left: int
    """Records that want their decision, these and those that others read now included."""
    elsewhere: tuple[str, ...]
    """Where nothing is to be read: what else the review waits for, with the commands for it."""


def next_to_read(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    now: datetime,
    count: int = 1,
    apart_from: Collection[int] = (),
    again: int | None = None,
) -> Reading:
    """Hand the next records to a person, or one of theirs `again`; the session writes holds.

    `apart_from` are records that they skip for now.
    """
    if again is not None:
        serving.hold(session, person, stage, [again], now)
        left = left_for(session, review, stage=stage, person=person.id)
        served = serving.Served((again,), left)
    else:
        served = serving.serve(
            session, review, person, stage=stage, now=now, count=count, apart_from=apart_from
        )
    shown = cards(session, review, served.records, stage=stage, handle=person.handle)
    waits = () if shown else elsewhere(session, review, person)
    return Reading(tuple(shown), served.left, tuple(map(str, waits)))


@dataclass(frozen=True, slots=True)
class MyDecision:
    """What a person decided on a record, in a list of all their decisions."""

    id: int
    """Of the decision; a page of older ones begins before it."""
    record: int
    title: str | None
    year: int | None
    warning: str | None
    said: Said
    at: datetime
    settled_because: str | None
    """Why it can be changed no more; None while it can."""

    @property
    def heading(self) -> str:
        """What the record is called, after the warning, if there is one."""
        return heading(self.title, self.warning)


def my_decisions(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    before: int | None = None,
    limit: int = 50,
    verdict: Verdict | None = None,
    containing: str | None = None,
    among: Sequence[int] | None = None,
) -> list[MyDecision]:
    """Return a page of a person's newest decisions that stand, the last one first.

    Of those with a verdict, with a text in title or abstract, or `among` some records.
    """
    mine = newest_of(
        session, review, stage=stage, person=person.id, before=before, limit=limit,
        verdict=verdict, containing=containing, among=among,
    )  # fmt: skip
    numbers = sorted({decision.record_id for decision in mine})
    ledger = queries.ledger(session, review, only=numbers)
    shown = {one.record: one for one in titled(session, review, numbers)}
    return [
        MyDecision(
            decision.id,
            *shown[decision.record_id],
            Said(
                person.handle,
                decision.verdict,
                decision.reason.label if decision.reason else None,
                decision.note,
            ),
            decision.decided_at,
            ledger.refusal(stage, decision.record_id, person.id),
        )
        for decision in mine
    ]


def dossier(session: Session, review: Review, number: int, *, stage: Stage, handle: str) -> Dossier:
    """Return what a person may know of a record; raise NotFoundError."""
    (card,) = cards(session, review, [number], stage=stage, handle=handle)
    ledger = queries.ledger(session, review, only=[number])
    shown = ledger.shows_others(stage, number)
    viewer = person_known(session, handle)
    asked = (session, number, stage)
    retrieval = queries.newest_retrievals(session, [number]).get(number)
    removal = queries.newest_removal(session, number)
    return Dossier(
        card=card,
        state=ledger.standing(stage, number).state,
        hidden=not shown,
        others=tuple(_said(row) for row in queries.decisions_on(session, number, stage))
        if shown
        else (),
        late=tuple(_said(row) for row in queries.late_on(session, number, stage)) if shown else (),
        labels=tuple(guidance.labels_on(*asked, viewer=viewer, shows_others=shown)),
        notes=tuple(guidance.notes_on(*asked, viewer=viewer, shows_others=shown)),
        adjudications=tuple(_said(row) for row in queries.adjudications_on(session, number, stage)),
        retrieval=retrieval.outcome if retrieval else None,
        retrieval_reason=retrieval.reason if retrieval else None,
        pdf_sha256=retrieval.full_text.sha256 if retrieval and retrieval.full_text else None,
        removed_because=removal.reason if removal and removal.cause.value != "restored" else None,
        duplicate_of=ledger.duplicates.get(number),
    )


def conflicts(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    after: int = 0,
    limit: int | None = None,
) -> list[Conflict]:
    """Return the records that await adjudication at a stage, in order of import.

    A page of them, with `limit`, begins `after` a record. What was said of a copy before it was
    found to be one is there too.
    """
    open_ = open_conflicts(session, review, stage=stage, after=after, limit=limit)
    return conflicts_on(session, review, open_, stage=stage)


def conflicts_on(session: Session, review: Review, open_: Asked, *, stage: Stage) -> list[Conflict]:
    """Return some conflicts, in order of import."""
    shown = titled(session, review, open_)
    copies = copies_decided(session, review)
    every_copy = [copy for one in shown for copy in copies.get(one.record, ())]
    newest = {
        record: tuple(said.values())
        for asked in (open_, every_copy)
        for record, said in newest_on(session, asked, stage).items()
    }
    return [
        Conflict(
            one.record,
            stage,
            one.title,
            one.year,
            one.warning,
            newest.get(one.record, ()),
            tuple((c, newest[c]) for c in copies.get(one.record, ()) if c in newest),
        )
        for one in shown
    ]


@dataclass(frozen=True, slots=True)
class Status:
    """How far the screening of a review is."""

    stages: tuple[StageProgress, ...]
    late_links: tuple[tuple[Stage, int, int], ...]
    """Stage, record and a duplicate of it that was found late and decided on otherwise."""
    decided_copies: tuple[int, ...]
    """Records that were decided on and then found to be duplicates."""
    voted_twice: tuple[tuple[Stage, int], ...]
    """Stage and record where one person decided under two names, which counts once."""


def status(session: Session, review: Review) -> Status:
    """Return how far the screening of a review is, by stage and by whoever may screen."""
    screeners = frozenset(
        person.id for person, member in members(session, review.id) if may(member.role, Deed.SCREEN)
    )
    return Status(
        tuple(progress(session, review, stage, screeners=screeners) for stage in Stage),
        tuple(late_links(session, review)),
        tuple(decided_copies(session, review)),
        tuple(queries.voted_twice(session, review)),
    )
