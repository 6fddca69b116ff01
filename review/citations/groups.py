"""Records that may be one, a group a card: what a person compares, and what they say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.citations import pair_queries, queries
from review.citations.differences import Piece, differences
from review.citations.duplicates import link_records
from review.citations.models import DuplicateDecision, DuplicatePair, Record
from review.citations.pair_queries import JudgedPair
from review.citations.rules import UNSTATED, PairState, heading, speaks_against, warning_of
from review.citations.vocabulary import Verdict
from review.db import in_parts
from review.errors import InvalidDataError, StaleError
from review.people.actions import person_called
from review.people.models import Person
from review.protocol.models import Review

MOST: Final = 8
"""Records on a card; larger groups are shown in parts."""

_COMPARED: Final = (
    ("title", "Title"), ("authors", "Authors"), ("year", "Year"), ("journal", "Journal"),
    ("volume", "Volume"), ("issue", "Issue"), ("pages", "Pages"), ("doi", "DOI"), ("pmid", "PMID"),
    ("accession", "Number"), ("kind", "Type"), ("abstract", "Abstract"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of all records of a card; where a record differs from the first, it is marked."""

    label: str
    cells: tuple[tuple[Piece, ...], ...]

    @property
    def differs(self) -> bool:
        """Whether the records say different things."""
        return any(piece.differs for cell in self.cells for piece in cell)


@dataclass(frozen=True, slots=True)
class Offered:
    """A record on a card."""

    record: int
    warning: str | None
    source: str
    file: str
    line: int
    stands_for: int
    """How many others were linked to it already."""
    likely: bool
    """Whether nothing speaks against its being the same work as the others."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a pair is asked about."""

    pair: int
    records: tuple[int, int]
    rule: str
    score: float

    @property
    def alike(self) -> str:
        """The score in words."""
        return next(words for least, words in _WORDS if self.score >= least)


_WORDS: Final = (
    (0.9, "nearly everything agrees"), (0.75, "most of it agrees"), (0.6, "much of it agrees"),
    (0.0, "some of it agrees"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """Records that may be one work, to be decided once."""

    records: tuple[Offered, ...]
    fields: tuple[Compared, ...]
    why: tuple[Why, ...]
    parts: bool
    """Whether they may be parts of one series, which are works of their own."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was said of a pair."""

    pair: int
    verdict: Verdict
    by: str
    at: datetime
    records: tuple[int, int]
    title: str


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Where the search for duplicates stands, and the card that comes next."""

    title: str
    waiting: int
    """Groups that wait for a person."""
    skipped: int
    card: Card | None
    linked: int
    """Pairs that are linked."""
    different: int
    new: int
    """Records that were not compared yet."""
    last: tuple[Settled, ...]
    """What was said last, the newest first."""
    mine: Settled | None
    """What the viewer said last and may take back."""


def waiting_groups(pairs: Sequence[JudgedPair]) -> list[tuple[JudgedPair, ...]]:
    """Return the open pairs in groups, pairs that share a work together; the most alike first.

    A group has at most `MOST` records, so that it can be compared.
    """
    clusters = pair_queries.clusters_of(pairs)
    open_ = [pair for pair in pairs if pair.state is PairState.OPEN]
    by_record: dict[int, list[JudgedPair]] = defaultdict(list)
    for pair in open_:
        for record in (pair.earlier_id, pair.later_id):
            by_record[clusters.representative(record)].append(pair)
    found, taken = [], set[int]()
    for first in sorted(open_, key=lambda pair: (-pair.score, pair.id)):
        if first.id in taken:
            continue
        group, members, at = [first], {first.earlier_id, first.later_id}, 0
        taken.add(first.id)
        while at < len(group):
            for record in (group[at].earlier_id, group[at].later_id):
                for pair in by_record[clusters.representative(record)]:
                    grown = members | {pair.earlier_id, pair.later_id}
                    if pair.id not in taken and len(grown) <= MOST:
                        taken.add(pair.id)
                        group.append(pair)
                        members = grown
            at += 1
        found.append(tuple(sorted(group, key=lambda pair: pair.id)))
    return found


def duplicates_of(session: Session, review: Review, *, viewer: str, skipped: int = 0) -> Duplicates:
    """Return the next card after as many as were skipped, and where the search stands."""
    pairs = pair_queries.judged_pairs(session, review)
    groups = waiting_groups(pairs)
    runs = pair_queries.dedupe_runs(session, review)
    last = _settled(session, review, limit=20)
    mine = _newest(session, review, viewer)
    return Duplicates(
        review.title,
        len(groups),
        skipped,
        _card(session, review, pairs, groups[skipped]) if skipped < len(groups) else None,
        sum(pair.state is PairState.LINKED for pair in pairs),
        sum(pair.state is PairState.DIFFERENT for pair in pairs),
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Record)
            .where(Record.review_id == review.id, Record.id > (runs[-1].compared_to if runs else 0))
        )
        or 0,
        tuple(last),
        next(iter(_settled(session, review, only=mine)), None) if mine else None,
    )


def _card(
    session: Session, review: Review, pairs: Sequence[JudgedPair], group: Sequence[JudgedPair]
) -> Card:
    clusters = pair_queries.clusters_of(pairs)
    numbers = sorted({n for pair in group for n in (pair.earlier_id, pair.later_id)})
    found = [queries.record_numbered(session, review, number) for number in numbers]
    doubtful = {
        number
        for pair in group
        if speaks_against(pair.rule)
        for number in (pair.earlier_id, pair.later_id)
    }
    return Card(
        tuple(
            Offered(
                record.id,
                warning_of(record.notices),
                record.batch.search.source if record.batch.search else UNSTATED,
                record.batch.file,
                record.line,
                len(clusters.members(record.id)) - 1,
                record.id not in doubtful,
            )
            for record in found
        ),
        tuple(_compared(found)),
        tuple(Why(p.id, (p.earlier_id, p.later_id), p.rule, p.score) for p in group),
        any("part" in pair.rule for pair in group),
    )


def _compared(records: Sequence[Record]) -> Iterable[Compared]:
    for name, label in _COMPARED:
        texts = [_text(getattr(record, name)) for record in records]
        if not any(texts):
            continue
        first, *others = texts
        marked = [differences(first, text) for text in others]
        mine = marked[0][0] if len(others) == 1 else (Piece(first, False),)
        yield Compared(label, (mine, *(theirs for _, theirs in marked)))


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def settle(
    session: Session,
    review: Review,
    pairs: Sequence[int],
    *,
    same: Iterable[int],
    as_one: bool,
    person: str,
    now: datetime,
) -> int:
    """Keep what a person says of a card; return how many pairs were decided.

    With `as_one`, `same` are the records that are one work: of the pairs of the card, those with
    both records among them are duplicates, those with one are different, and those with none stay
    open. Else all are different.

    Raises
    ------
    StaleError
        Where somebody has decided one of the pairs since the card was shown.
    InvalidDataError
        Where that would join records that were called different.
    """
    known = {pair.id: pair for pair in pair_queries.judged_pairs(session, review)}
    if not pairs or any(number not in known for number in pairs):
        raise InvalidDataError("this card is of another review")
    if any(known[number].state is not PairState.OPEN for number in pairs):
        raise StaleError("somebody has decided this meanwhile; here is the next one")
    members = {n for number in pairs for n in (known[number].earlier_id, known[number].later_id)}
    chosen = members.intersection(same) if as_one else set[int]()
    if as_one and len(chosen) < 2:
        raise InvalidDataError("tick two records or more that are one work")
    by = person_called(session, person)
    said = {number: _verdict(known[number], chosen) for number in pairs}
    others = [pair for pair in known.values() if said.get(pair.id) is None]
    clusters = pair_queries.clusters_of(others)
    apart = [known[n] for n, verdict in said.items() if verdict is Verdict.DIFFERENT]
    for pair in apart:
        clusters.part(pair.earlier_id, pair.later_id)
    rows = []
    for number, verdict in said.items():
        pair = known[number]
        if verdict is None:
            continue
        if verdict is Verdict.DUPLICATE and not clusters.join(pair.earlier_id, pair.later_id):
            raise InvalidDataError(
                f"records {pair.earlier_id} and {pair.later_id} are linked to others that were "
                "called different; take that back first"
            )
        rows.append(
            DuplicateDecision(pair_id=number, person_id=by.id, verdict=verdict, decided_at=now)
        )
    session.add_all(rows)
    session.flush()
    first = min(chosen, default=0)
    for record in sorted(chosen - {first}):
        if clusters.representative(record) != clusters.representative(first):
            link_records(session, review, records=(first, record), person=person, now=now)
            clusters.join(first, record)
    return len(rows)


def _verdict(pair: JudgedPair, same: set[int]) -> Verdict | None:
    if not same:
        return Verdict.DIFFERENT
    inside = len(same.intersection((pair.earlier_id, pair.later_id)))
    return (None, Verdict.DIFFERENT, Verdict.DUPLICATE)[inside]


def take_back_last(session: Session, review: Review, *, person: str, now: datetime) -> list[int]:
    """Take back what a person said last, all of one card; return its pairs, which wait again.

    Raises InvalidDataError where they said nothing that stands.
    """
    pairs = _newest(session, review, person)
    if not pairs:
        raise InvalidDataError("you have decided nothing here that could be taken back")
    by = person_called(session, person)
    session.add_all(
        DuplicateDecision(pair_id=pair, person_id=by.id, verdict=Verdict.UNDECIDED, decided_at=now)
        for pair in pairs
    )
    session.flush()
    return pairs


def _standing(review: Review) -> sa.Select[DuplicateDecision]:
    """Return the query of the newest decision of each pair, the last one first."""
    newest = (
        sa.select(sa.func.max(DuplicateDecision.id))
        .join(DuplicateDecision.pair)
        .where(DuplicatePair.review_id == review.id)
        .group_by(DuplicateDecision.pair_id)
    )
    return (
        sa.select(DuplicateDecision)
        .where(DuplicateDecision.id.in_(newest), DuplicateDecision.verdict != Verdict.UNDECIDED)
        .order_by(DuplicateDecision.id.desc())
    )


def _newest(session: Session, review: Review, handle: str) -> list[int]:
    """Return the pairs of the last card that a person decided and that stands."""
    mine = _standing(review).join(Person, Person.id == DuplicateDecision.person_id)
    last = session.scalar(mine.where(Person.handle == handle).limit(1))
    if last is None:
        return []
    together = DuplicateDecision.decided_at == last.decided_at
    rows = session.scalars(mine.where(Person.handle == handle, together))
    return [row.pair_id for row in rows]


def _settled(
    session: Session, review: Review, *, limit: int = 1, only: Sequence[int] | None = None
) -> list[Settled]:
    query = _standing(review).options(
        joinedload(DuplicateDecision.pair).joinedload(DuplicatePair.later)
    )
    if only is not None:
        query = query.where(DuplicateDecision.pair_id.in_(only[:1]))
    rows = session.scalars(query.limit(limit)).all()
    names: dict[int, str] = {}
    for some in in_parts([row.person_id for row in rows]):
        found = session.execute(sa.select(Person.id, Person.handle).where(Person.id.in_(some)))
        names.update({row.id: row.handle for row in found})
    return [
        Settled(
            row.pair_id, row.verdict, names[row.person_id], row.decided_at,
            (row.pair.earlier_id, row.pair.later_id),
            heading(row.pair.later.title, warning_of(row.pair.later.notices)),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Linked:
    """A pair that is linked, by the rules or by a person."""

    pair: int
    records: tuple[int, int]
    titles: tuple[str, str]
    rule: str
    by_person: bool


def linked_pairs(
    session: Session, review: Review, *, after: int = 0, limit: int = 50
) -> list[Linked]:
    """Return a page of the pairs that are linked, in the order they were found."""
    linked = pair_queries.some_pairs(
        session, review, state=PairState.LINKED, after=after, limit=limit
    )
    ids = sorted({n for pair in linked for n in (pair.earlier_id, pair.later_id)})
    titles = {
        row.id: heading(row.title, warning_of(row.notices))
        for some in in_parts(ids)
        for row in session.execute(
            sa.select(Record.id, Record.title, Record.notices).where(Record.id.in_(some))
        )
    }
    return [
        Linked(
            pair.id, (pair.earlier_id, pair.later_id),
            (titles[pair.earlier_id], titles[pair.later_id]), pair.rule, pair.verdict is not None,
        )
        for pair in linked
    ]  # fmt: skip
