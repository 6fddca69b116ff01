"""What a person sees of records while screening: never more than a blind stage allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.rules import UNSTATED, heading, warning_of
from review.protocol.models import Review
from review.screening import queries
from review.screening.lists import Asked, Said, newest_on, own_decisions, titled
from review.screening.models import Adjudication, Decision
from review.screening.standings import copies_decided, open_conflicts
from review.screening.vocabulary import RetrievalOutcome, Stage, State


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


def _said(row: Decision | Adjudication) -> Said:
    return Said(row.person.name, row.verdict, row.reason.label if row.reason else None, row.note)


def _card(record: Record, stage: Stage, mine: Decision | None, handle: str) -> Card:
    reason = mine.reason.label if mine and mine.reason else None
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
        abstract=record.abstract,
        keywords=tuple(record.keywords),
        source=record.batch.search.source if record.batch.search else UNSTATED,
        file=record.batch.file,
        mine=Said(handle, mine.verdict, reason, mine.note) if mine else None,
    )


def cards(
    session: Session, review: Review, numbers: Sequence[int], *, stage: Stage, handle: str
) -> list[Card]:
    """Return records as a person judges them, with their own decisions and nobody else's."""
    person = queries.person_of(session, handle)
    mine = own_decisions(session, review, stage=stage, person=person, only=numbers)
    return [
        _card(record, stage, mine.get(record.id), handle)
        for record in queries.records_numbered(session, review, numbers)
    ]


def dossier(session: Session, review: Review, number: int, *, stage: Stage, handle: str) -> Dossier:
    """Return what a person may know of a record; raise NotFoundError."""
    (card,) = cards(session, review, [number], stage=stage, handle=handle)
    ledger = queries.ledger(session, review, only=[number])
    shown = ledger.shows_others(stage, number)
    retrieval = queries.newest_retrievals(session, [number]).get(number)
    removal = queries.newest_removal(session, number)
    return Dossier(
        card=card,
        state=ledger.standing(stage, number).state,
        hidden=not shown,
        others=tuple(_said(row) for row in queries.decisions_on(session, number, stage))
        if shown
        else (),
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
