"""What a reader has before them: a record with its terms marked, and all that helps to decide."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.history.kept import kept
from review.history.withdrawal import prepared
from review.people.models import Person
from review.protocol.models import Review
from review.screening import queries, serving
from review.screening.abstracts import parts_of
from review.screening.guidance import queries as guidance
from review.screening.guidance.models import TermGroup
from review.screening.guidance.queries import Labelled, Note
from review.screening.guidance.vocabulary import TermKind
from review.screening.ledger import Ledger
from review.screening.lists import Said, names_of, newest_of, newest_said
from review.screening.models import Adjudication, Decision, Pilot
from review.screening.places import catch_up
from review.screening.rules import CIRCLE
from review.screening.standings import left_and_done, left_for
from review.screening.terms import Groups, Piece, marked
from review.screening.views import Card, cards
from review.screening.vocabulary import STAGE_WORDS, Stage
from review.screening.waiting import Elsewhere, elsewhere
from review.screening.whose import Whose, whose_queue

PAUSE: Final = timedelta(minutes=5)
"""Between two decisions: longer, and somebody was away."""

PACE: Final = 40
"""Decisions that say how fast somebody is now."""

Pieces = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A record as it lies on the desk."""

    card: Card
    title: Pieces
    abstract: tuple[tuple[str | None, Pieces], ...]
    """The parts of the abstract, with their headings."""
    keywords: tuple[Pieces, ...]
    labels: tuple[Labelled, ...]
    notes: tuple[Note, ...]

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Where else the record is found: name and address."""
        found = []
        if self.card.doi:
            found.append(("doi.org", f"https://doi.org/{self.card.doi}"))
        if self.card.pmid:
            found.append(("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{self.card.pmid}/"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria beside a record."""

    number: int
    include: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Last:
    """What a person decided last."""

    record: int
    title: str | None
    said: Said
    may_be_undone: bool


@dataclass(frozen=True, slots=True)
class PilotPart:
    """A person's part of the open pilot round."""

    number: int
    records: int
    done: int


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around a record and stays as it is from one to the next."""

    again: bool
    """Whether the person asked for this record, which they may have decided on."""
    older: int | None
    newer: int | None
    """Records that the person decided on before this one, and after."""
    criteria: Criteria | None
    terms: Groups
    reasons: tuple[tuple[int, str], ...]
    known_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page of a stage shows."""

    stage: Stage
    words: str
    sheet: Sheet | None
    ahead: Sheet | None
    """What comes next, so that it can be shown at once."""
    refusal: str | None
    """Why nothing can be decided on it."""
    last: Last | None
    """What they decided last."""
    left: int
    beyond: int
    """Records beyond the person's share that want their decision too."""
    done: int
    pace: str | None
    pilot: PilotPart | None
    ranked: bool
    elsewhere: tuple[Elsewhere, ...]
    around: Around | None
    """None where only what changes was asked for."""


@kept(TermGroup)
def terms_of(session: Session, review: Review) -> Groups:
    """Return the terms to mark, those of a kind together."""
    groups = guidance.term_groups(session, review)
    by_kind = {kind: [t for g in groups if g.kind is kind for t in g.terms] for kind in TermKind}
    return tuple((kind, tuple(terms)) for kind, terms in by_kind.items() if terms)


def sheets(
    session: Session,
    review: Review,
    person: Person,
    numbers: Sequence[int],
    *,
    stage: Stage,
    terms: Groups,
    undecided: bool = False,
) -> list[Sheet]:
    """Return records as they lie on a person's desk, in the order asked for."""
    found = cards(
        session, review, numbers, stage=stage, handle=person.handle, undecided=undecided
    )  # fmt: skip
    spoken = sorted(guidance.spoken_of(session, numbers, stage))
    known = queries.ledger(session, review, only=spoken) if spoken else None
    return [_sheet(session, person, card, stage, terms, known) for card in found]


def _sheet(
    session: Session, person: Person, card: Card, stage: Stage, terms: Groups, known: Ledger | None
) -> Sheet:
    labels: Sequence[Labelled] = ()
    notes: Sequence[Note] = ()
    if known is not None and card.record in known.records:
        shows = known.shows_others(stage, card.record)
        asked = (session, card.record, stage)
        labels = guidance.labels_on(*asked, viewer=person, shows_others=shows)
        notes = guidance.notes_on(*asked, viewer=person, shows_others=shows)
    return Sheet(
        card=card,
        title=tuple(marked(card.title or "no title", terms)),
        abstract=tuple(
            (part.heading, tuple(marked(part.text, terms)))
            for part in parts_of(card.abstract or "")
        ),
        keywords=tuple(tuple(marked(word, terms)) for word in card.keywords),
        labels=tuple(labels),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What lies before a person: records that want their decision, or one they asked for again."""

    records: tuple[int, ...]
    again: int | None
    whose: Whose


def take(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    now: datetime,
    again: int | None = None,
    apart_from: Collection[int] = (),
    in_share: bool = True,
) -> Taken:
    """Hold what a person reads next and the one after it, or a record `again`; return them.

    All that is written for a page, so that others wait for no more than this.
    """
    whose = whose_queue(session, review, stage, person.id)
    if again is None:
        records = serving.hand_out(
            session, review, person, stage=stage, now=now, count=2, apart_from=apart_from,
            in_share=in_share, whose=whose,
        )  # fmt: skip
        return Taken(tuple(records), None, whose)
    queries.records_numbered(session, review, [again])
    catch_up(session, review)
    if _refusal(session, review, person, stage, again) is None:
        serving.hold(session, person, stage, [again], now)
    return Taken((again,), again, whose)


def _refusal(
    session: Session, review: Review, person: Person, stage: Stage, record: int
) -> str | None:
    return queries.ledger(session, review, only=[record]).refusal(stage, record, person.id)


def desk(
    session: Session,
    review: Review,
    person: Person,
    taken: Taken,
    *,
    stage: Stage,
    in_share: bool = True,
    whole: bool = True,
) -> Desk:
    """Return what a person sees of the records that `take` gave them, and of their queue.

    Without what stays from one record to the next where not the `whole` is asked for.
    """
    whose, again = taken.whose, taken.again
    refusal = None if again is None else _refusal(session, review, person, stage, again)
    left, done = left_and_done(session, review, stage=stage, whose=whose, in_share=in_share)
    terms = terms_of(session, review)
    found = sheets(
        session, review, person, taken.records, stage=stage, terms=terms, undecided=again is None
    )  # fmt: skip
    last = _last(session, review, person, stage)
    shared = in_share and not left and whose.offered[1] < CIRCLE
    pilots = queries.pilots(session, review) if whose.in_pilot else ()
    return Desk(
        stage=stage,
        words=STAGE_WORDS[stage],
        sheet=found[0] if found else None,
        ahead=found[1] if len(found) > 1 else None,
        refusal=refusal,
        last=last,
        left=left,
        beyond=left_for(session, review, stage=stage, person=person.id) if shared else 0,
        done=done,
        pace=_pace(session, person, stage, left),
        pilot=_pilot(session, person, stage, pilots),
        ranked=queries.newest_ranking(session, review, stage) is not None,
        elsewhere=() if found else tuple(elsewhere(session, review, person)),
        around=_around(session, review, person, stage, again, last, terms) if whole else None,
    )


def _around(
    session: Session, review: Review, person: Person, stage: Stage, again: int | None,
    last: Last | None, terms: Groups,
) -> Around:  # fmt: skip
    older, newer = (last.record if last else None), None
    if again is not None:
        older, newer = _beside(session, review, person, stage, again)
    held = guidance.criteria(session, review)
    return Around(
        again=again is not None,
        older=older,
        newer=newer,
        criteria=Criteria(held.number, tuple(held.include), tuple(held.exclude)) if held else None,
        terms=terms,
        reasons=tuple((r.place, r.label) for r in queries.reasons(session, review)),
        known_labels=tuple(guidance.labels_of(session, review, person)),
    )


def _last(session: Session, review: Review, person: Person, stage: Stage) -> Last | None:
    names = list(names_of(session, person.id))
    found = session.execute(
        _last_asked(), {"review": review.id, "stage": stage, "names": names}
    ).one_or_none()
    if found is None:
        return None
    decision, title, is_settled = found
    reason = decision.reason.label if decision.reason else None
    said = Said(person.handle, decision.verdict, reason, decision.note)
    return Last(decision.record_id, title, said, not is_settled)


@cache
def _last_asked() -> sa.Select[*tuple[Any, ...]]:
    settled = sa.exists().where(
        Adjudication.record_id == Decision.record_id, Adjudication.stage == Decision.stage
    )
    asked = newest_said().add_columns(Record.title, settled)
    return prepared(asked.order_by(Decision.id.desc()).limit(1))


@cache
def _times_asked() -> sa.Select[datetime]:
    return prepared(
        sa.select(Decision.decided_at)
        .where(
            Decision.person_id == sa.bindparam("person"),
            Decision.stage == sa.bindparam("stage", type_=Decision.stage.type),
        )
        .order_by(Decision.id.desc())
        .limit(PACE)
    )


def _beside(
    session: Session, review: Review, person: Person, stage: Stage, again: int
) -> tuple[int | None, int | None]:
    """Return the record that a person decided on before one, and the one after."""
    newest = session.scalar(
        sa.select(sa.func.max(Decision.id)).where(
            Decision.record_id == again, Decision.stage == stage,
            Decision.person_id == person.id, queries.STANDS,
        )
    )  # fmt: skip
    asked = (session, review)
    older = newest_of(*asked, stage=stage, person=person.id, before=newest, limit=1)
    newer = (
        newest_of(*asked, stage=stage, person=person.id, after=newest, limit=1) if newest else ()
    )
    return older[0].record_id if older else None, newer[0].record_id if newer else None


def _pace(session: Session, person: Person, stage: Stage, left: int) -> str | None:
    """Return how long a record takes a person now, and the rest of them at that pace."""
    times = session.scalars(_times_asked(), {"person": person.id, "stage": stage}).all()
    gaps = [(a - b).total_seconds() for a, b in pairwise(times)]
    short = [gap for gap in gaps if 0 < gap < PAUSE.total_seconds()]
    if len(short) < 5:
        return None
    each = statistics.median(short)
    said = f"{each:.0f} s a record" if each < 100 else f"{each / 60:.0f} min a record"
    return f"{said}, {_lasting(each * left)} to go" if left else said


def _lasting(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{max(1, minutes)} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours < 10 else f"{hours:,} h"


def _pilot(
    session: Session, person: Person, stage: Stage, pilots: Sequence[Pilot]
) -> PilotPart | None:
    for pilot in pilots:
        if pilot.stage is stage and pilot.closed_at is None:
            done = session.scalar(
                sa.select(sa.func.count(Decision.record_id.distinct())).where(
                    Decision.record_id.in_(pilot.record_ids), Decision.stage == stage,
                    Decision.person_id == person.id, queries.STANDS,
                )
            )  # fmt: skip
            return PilotPart(pilot.number, len(pilot.record_ids), done or 0)
    return None
