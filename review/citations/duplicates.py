"""Running the comparison of records, and what persons decide of its pairs. Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.citations import pair_queries, queries
from review.citations.compared import keep_keys, kept_keys, keys_of
from review.citations.dedupe.comparison import RULES, compare
from review.citations.dedupe.finding import FoundPair, find_pairs
from review.citations.dedupe.fingerprint import OPENING, Fingerprint, fingerprint
from review.citations.formats.entry import Entry
from review.citations.models import DedupeRun, DuplicateDecision, DuplicatePair, Record
from review.citations.rules import PairState
from review.citations.vocabulary import Band, Verdict
from review.db import in_parts
from review.errors import BusyError, InvalidDataError, Remedy
from review.history.actions import record_step, rows_told
from review.people.actions import person_called
from review.protocol.models import Review

_COMPARED = (
    "kind", "title", "authors", "year", "journal", "volume", "pages", "doi", "pmid", "accession",
    "abstract", "notices",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What comparing the new records of a review found, before any of it is stored."""

    after_run: int | None
    """The run that was the newest when the records were read."""
    compared_from: int
    compared_to: int
    records: int
    """How many records were new."""
    pairs: tuple[FoundPair, ...]
    kept_to: int
    """Keys of records up to this one are kept already, ..."""
    unkept: tuple[Fingerprint, ...]
    """... and those of these are not."""


def compare_new_records(
    session: Session, review: Review, *, coming: Sequence[Fingerprint] = ()
) -> Comparisons:
    """Compare the records that came since the last run with each other and all before them.

    With `coming`, as if these records, which are not stored, were the newest: to say beforehand
    what an import would find.

    Reads only, so that it can take its time while others write. What is linked or judged
    already is taken as it is. Of the earlier records only those are read that share a key with a
    new one, with the groups they are in.
    """
    runs = pair_queries.dedupe_runs(session, review)
    compared_from = runs[-1].compared_to if runs else 0
    kept = kept_keys(session, review)
    unkept = [*_fingerprints(session, review, Record.id > kept.reached), *coming]
    arrived = [record for record in unkept if record.id > compared_from]
    found: list[FoundPair] = []
    if arrived:
        judged = pair_queries.judged_pairs(session, review)
        near = _members(kept.sharing(keys_of(arrived)), judged) if kept.reached else set()
        earlier = _fingerprints_of(session, review, {n for n in near if n <= kept.reached})
        linked = [p for p in judged if p.state is PairState.LINKED]
        parted = [p for p in judged if p.state is PairState.DIFFERENT]
        asked = [p for p in judged if p.state is PairState.OPEN]
        found = find_pairs(
            [*earlier, *unkept],
            is_new=frozenset(record.id for record in arrived),
            links=[(p.earlier_id, p.later_id) for p in linked],
            different=[(p.earlier_id, p.later_id) for p in parted],
            asked=[(p.earlier_id, p.later_id) for p in (*asked, *parted)],
        )
    return Comparisons(
        after_run=runs[-1].id if runs else None,
        compared_from=compared_from,
        compared_to=max((record.id for record in arrived), default=compared_from),
        records=len(arrived),
        pairs=tuple(found),
        kept_to=kept.reached,
        unkept=tuple(unkept),
    )


def _members(records: set[int], judged: Sequence[pair_queries.JudgedPair]) -> set[int]:
    """Return records with all that their links make one group with them."""
    if not records:
        return set()
    clusters = pair_queries.clusters_of(judged)
    return {member for record in records for member in clusters.members(record)}


def _fingerprints(
    session: Session, review: Review, which: sa.ColumnElement[bool]
) -> list[Fingerprint]:
    columns = [getattr(Record, name) for name in _COMPARED if name != "abstract"]
    opening = sa.func.substr(Record.abstract, 1, OPENING).label("abstract")
    rows = session.execute(
        sa.select(Record.id, *columns, opening)
        .where(Record.review_id == review.id, which)
        .order_by(Record.id)
    ).mappings()
    return [
        fingerprint(record_id=row["id"], **{name: row[name] for name in _COMPARED}) for row in rows
    ]


def _fingerprints_of(session: Session, review: Review, ids: set[int]) -> list[Fingerprint]:
    """Return the fingerprints of some records, in order of their ids."""
    return [
        record
        for some in in_parts(sorted(ids))
        for record in _fingerprints(session, review, Record.id.in_(some))
    ]


def store_comparisons(
    session: Session, review: Review, found: Comparisons, *, now: datetime
) -> DedupeRun | None:
    """Store what a comparison found; None, and nothing stored, when no record was new.

    Raises BusyError when another run was stored since the records were read.
    """
    runs = pair_queries.dedupe_runs(session, review)
    if (runs[-1].id if runs else None) != found.after_run:
        raise BusyError("another comparison of this review ended meanwhile; run it again")
    if not found.records:
        return None
    run = DedupeRun(
        review_id=review.id,
        compared_from=found.compared_from,
        compared_to=found.compared_to,
        rules=RULES,
        ran_at=now,
    )
    session.add(run)
    session.flush()
    keep_keys(
        session,
        review,
        found.unkept,
        run=run.id,
        after_id=found.kept_to,
        up_to_id=found.compared_to,
    )
    rows: list[dict[str, Any]] = [
        {
            "review_id": review.id,
            "run_id": run.id,
            "earlier_id": pair.earlier_id,
            "later_id": pair.later_id,
            "band": pair.comparison.band,
            "score": pair.comparison.score,
            "rule": pair.comparison.rule,
            "evidence": pair.comparison.evidence,
        }
        for pair in found.pairs
    ]
    if rows:
        session.execute(sa.insert(DuplicatePair), rows)
    bands = Counter(pair.comparison.band for pair in found.pairs)
    record_step(
        session,
        "dedupe",
        entity="dedupe_run",
        entity_id=run.id,
        records=found.records,
        certain=bands[Band.CERTAIN],
        possible=bands[Band.POSSIBLE],
        pairs_sha256=sha256_of([[r["earlier_id"], r["later_id"], r["rule"]] for r in rows]),
        **rows_told(session, duplicate_pair=DuplicatePair.run_id == run.id),
    )
    return run


def decide_pair(
    session: Session,
    review: Review,
    *,
    pair: int,
    verdict: Verdict,
    person: str,
    now: datetime,
    reason: str | None = None,
) -> DuplicateDecision:
    """Record what a person says of a pair; the newest decision counts, none is overwritten.

    Raises InvalidDataError when the verdict changes nothing, and for "duplicate" when the two
    clusters hold records that were called different.
    """
    found = pair_queries.pair_numbered(session, review, pair)
    judged = pair_queries.pairs_around(session, (found.earlier_id, found.later_id))
    state = next(p.state for p in judged if p.id == pair)
    wanted = {
        Verdict.DUPLICATE: PairState.LINKED,
        Verdict.DIFFERENT: PairState.DIFFERENT,
        Verdict.UNDECIDED: PairState.OPEN,
    }[verdict]
    if state is wanted:
        raise InvalidDataError(f"pair {pair} is {state} already")
    if verdict is Verdict.DUPLICATE:
        others = [p for p in judged if p.id != pair]
        clash = pair_queries.clusters_of(others).separated(found.earlier_id, found.later_id)
        if clash is not None:
            raise InvalidDataError(
                f"that would join records {clash[0]} and {clash[1]}, which were called different",
                remedy=Remedy("take that back first, with", "review dedupe undo"),
            )
    decision = DuplicateDecision(
        pair_id=pair,
        person_id=person_called(session, person).id,
        verdict=verdict,
        reason=reason,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    return decision


def undo_pair(
    session: Session,
    review: Review,
    *,
    pair: int,
    person: str,
    now: datetime,
    reason: str | None = None,
) -> DuplicateDecision:
    """Take a link or a verdict back.

    A pair that was linked without a person becomes "different", and its records part, whatever
    else links them; a person's verdict is taken back, and the pair waits in the queue again.
    """
    pair_queries.pair_numbered(session, review, pair)
    (known,) = pair_queries.some_pairs(session, review, number=pair)
    if known.state is PairState.OPEN:
        raise InvalidDataError(f"nothing was decided of pair {pair}")
    automatic = known.verdict is None
    verdict = Verdict.DIFFERENT if automatic else Verdict.UNDECIDED
    return decide_pair(
        session, review, pair=pair, verdict=verdict, person=person, now=now, reason=reason
    )


def link_records(
    session: Session,
    review: Review,
    *,
    records: tuple[int, int],
    person: str,
    now: datetime,
    reason: str | None = None,
) -> DuplicatePair:
    """Link two records that the comparison had not offered."""
    earlier, later = sorted(records)
    if earlier == later:
        raise InvalidDataError("a record is no duplicate of itself")
    one = queries.record_numbered(session, review, earlier)
    other = queries.record_numbered(session, review, later)
    pair = session.scalar(
        sa.select(DuplicatePair).where(
            DuplicatePair.earlier_id == earlier, DuplicatePair.later_id == later
        )
    )
    if pair is None:
        comparison = compare(_fingerprint_of(one), _fingerprint_of(other))
        pair = DuplicatePair(
            review_id=review.id,
            run_id=None,
            earlier_id=earlier,
            later_id=later,
            band=Band.MANUAL,
            score=comparison.score if comparison else 0.0,
            rule="linked by a person",
            evidence=comparison.evidence if comparison else {},
        )
        session.add(pair)
        session.flush()
        record_step(
            session,
            "offer",
            entity="duplicate_pair",
            entity_id=pair.id,
            records=[earlier, later],
            **rows_told(session, duplicate_pair=DuplicatePair.id == pair.id),
        )
    decide_pair(
        session,
        review,
        pair=pair.id,
        verdict=Verdict.DUPLICATE,
        person=person,
        now=now,
        reason=reason,
    )
    return pair


def _fingerprint_of(record: Record) -> Fingerprint:
    return fingerprint(record_id=record.id, **{name: getattr(record, name) for name in _COMPARED})


@dataclass(frozen=True, slots=True)
class DedupeStats:
    """Where the search for duplicates stands."""

    records: int
    not_compared: int
    """Records that came after the last run."""
    clusters: int
    removed: int
    """Records that an earlier one represents."""
    in_scope: int
    linked: int
    open: int
    different: int
    rules: Mapping[str, int]
    """Pairs by the rule that made them."""


def dedupe_stats(session: Session, review: Review) -> DedupeStats:
    """Return where the search for duplicates stands."""
    ids: Sequence[int] = session.scalars(
        sa.select(Record.id).where(Record.review_id == review.id)
    ).all()
    runs = pair_queries.dedupe_runs(session, review)
    compared_to = runs[-1].compared_to if runs else 0
    judged = pair_queries.judged_pairs(session, review)
    clusters = pair_queries.clusters_of(judged)
    removed = len(clusters.removed())
    states = Counter(pair.state for pair in judged)
    return DedupeStats(
        records=len(ids),
        not_compared=sum(number > compared_to for number in ids),
        clusters=len(clusters.all()),
        removed=removed,
        in_scope=len(ids) - removed,
        linked=states[PairState.LINKED],
        open=states[PairState.OPEN],
        different=states[PairState.DIFFERENT],
        rules=dict(Counter(pair.rule for pair in judged).most_common()),
    )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What comparing records that are not stored yet would find."""

    certain: tuple[FoundPair, ...]
    """Pairs that would be linked; ids of coming records are those that `coming_ids` gave."""
    possible: tuple[FoundPair, ...]
    """Pairs that would wait for a person."""
    removed: int
    """Coming records that an earlier one would represent."""


def coming_ids(session: Session) -> int:
    """Return the id that the first of the coming records may have: above all there are."""
    return (session.scalar(sa.select(sa.func.max(Record.id))) or 0) + 1


def coming(entry: Entry, number: int) -> Fingerprint:
    """Return of an entry that is not stored what is compared."""
    values = {name: getattr(entry, name) for name in _COMPARED}
    values["abstract"] = (entry.abstract or "")[:OPENING] or None
    return fingerprint(record_id=number, **values)


def foresee(session: Session, review: Review, records: Sequence[Fingerprint]) -> Foreseen:
    """Return what comparing coming records with each other and all others would find."""
    if not records:
        return Foreseen((), (), 0)
    first = records[0].id
    pairs = [
        pair
        for pair in compare_new_records(session, review, coming=records).pairs
        if pair.later_id >= first
    ]
    certain = tuple(pair for pair in pairs if pair.comparison.band is Band.CERTAIN)
    possible = tuple(pair for pair in pairs if pair.comparison.band is not Band.CERTAIN)
    known = pair_queries.clusters(session, review)
    for pair in certain:
        known.join(pair.earlier_id, pair.later_id)
    removed = sum(record >= first for record in known.removed())
    return Foreseen(certain, possible, removed)
