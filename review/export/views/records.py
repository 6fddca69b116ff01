"""Records as pages show them: lists by state, source, file and box of the flow, and one record."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Batch, Record, Search
from review.citations.pair_queries import some_pairs
from review.citations.queries import batches, record_numbered
from review.citations.rules import UNSTATED, warning_of
from review.errors import NotFoundError
from review.export.views.current import remembered
from review.export.views.flow import opened
from review.extraction.linking.queries import links
from review.extraction.models import Study
from review.protocol.models import Review
from review.screening.models import Place
from review.screening.places import are_current
from review.screening.queries import ledger
from review.screening.standings import standing_in
from review.screening.views import Dossier, dossier
from review.screening.vocabulary import STAGE_WORDS, Box, Stage

PAGE: Final = 50

BOX_WORDS: Final = {
    Box.DUPLICATE: "duplicate",
    Box.AUTOMATION: "removed by an automation tool",
    Box.OTHER: "removed for another reason",
    Box.AWAITING_SCREENING: "awaits screening",
    Box.EXCLUDED: "excluded on title and abstract",
    Box.AWAITING_RETRIEVAL: "awaits retrieval",
    Box.NOT_RETRIEVED: "not retrieved",
    Box.AWAITING_ASSESSMENT: "awaits assessment of its full text",
    Box.REPORT_EXCLUDED: "excluded on full text",
    Box.INCLUDED: "included",
}
"""Where a record stands, in words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records somebody wants to see."""

    q: str | None = None
    """Text in title, abstract, DOI or PMID."""
    state: Box | None = None
    source: str | None = None
    batch: int | None = None
    box: str | None = None
    """A box of the flow, or a line within one."""
    after: int = 0
    """The record that the page begins after."""
    most: int = PAGE


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in a list."""

    record: int
    warning: str | None
    title: str | None
    authors: str
    year: int | None
    journal: str | None
    source: str
    state: Box | None
    box: str
    """The state in words."""


@dataclass(frozen=True, slots=True)
class RecordsView:
    """Some records, in order of import."""

    review: str
    wanted: Wanted
    box_label: str | None
    records: tuple[RecordLine, ...]
    total: int
    """Of all that are wanted, on this page or not."""
    next: int | None
    """The record that the next page begins after; None on the last."""
    states: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    files: tuple[tuple[int, str], ...]


def records_of(session: Session, review: Review, wanted: Wanted) -> RecordsView:
    """Return a page of a review's records.

    Raises NotFoundError for a box that the flow does not have.
    """
    at_hand = are_current(session, review)
    conditions: list[sa.ColumnElement[bool]] = [Record.review_id == review.id]
    label = None
    if wanted.q:
        conditions.append(_containing(session, wanted.q))
    if wanted.source:
        of_source = sa.select(Batch.id).join(Search).where(Search.source == wanted.source)
        conditions.append(Record.batch_id.in_(of_source))
    if wanted.batch is not None:
        conditions.append(Record.batch_id == wanted.batch)
    ids: Sequence[int] | None = None
    if wanted.state is not None:
        state = wanted.state
        ids = remembered(
            session, review, (standing_in, state),
            lambda: standing_in(session, review, state), screening=True,
        )  # fmt: skip
    if wanted.box is not None:
        asked = wanted.box
        found = remembered(
            session, review, (opened, asked), lambda: opened(session, review, asked), screening=True
        )
        if found.of_studies:
            raise NotFoundError(f"box {wanted.box!r} counts studies, not records")
        kept = found.ids if ids is None else set(found.ids) & set(ids)
        ids, label = sorted(kept), found.label
    numbers, total = _page(session, conditions, ids, wanted.after, wanted.most)
    shown = numbers[: wanted.most]
    stands = _boxes(session, review, shown, at_hand=at_hand)
    files = batches(session, review)
    named = {batch.search.source for batch in files if batch.search is not None}
    return RecordsView(
        review=review.slug,
        wanted=wanted,
        box_label=label,
        records=tuple(_lines(session, shown, stands)),
        total=total,
        next=shown[-1] if len(numbers) > wanted.most else None,
        states=tuple((box.value, words) for box, words in BOX_WORDS.items()),
        sources=tuple(sorted(named)),
        files=tuple((batch.id, batch.file) for batch in files),
    )


def _containing(session: Session, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a record holds a text, whatever the case of its letters.

    SQLite's LIKE takes no note of the case of a to z, as its lower() does, in half the time.
    """
    columns = Record.searched()
    if session.get_bind().dialect.name == "sqlite":
        return sa.or_(*(column.contains(text, autoescape=True) for column in columns))
    return sa.or_(*(column.icontains(text, autoescape=True) for column in columns))


def _page(
    session: Session,
    conditions: Sequence[sa.ColumnElement[bool]],
    ids: Sequence[int] | None,
    after: int,
    most: int,
) -> tuple[list[int], int]:
    """Return the numbers of a page and one more, and how many records there are in all."""
    if ids is not None and len(conditions) == 1:  # of the whole review: nothing to ask
        begin = bisect_right(ids, after)
        return list(ids[begin : begin + most + 1]), len(ids)
    if ids is None:
        query = sa.select(Record.id).where(*conditions, Record.id > after).order_by(Record.id)
        found = list(session.scalars(query.limit(most + 1)))
        if not after and len(found) <= most:
            return found, len(found)
        total = session.scalar(sa.select(sa.func.count()).select_from(Record).where(*conditions))
        return found, total or 0
    kept: list[int] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        kept += session.scalars(sa.select(Record.id).where(*conditions, Record.id.in_(some)))
    kept.sort()
    return [record for record in kept if record > after][: most + 1], len(kept)


_AT_ONCE: Final = 1000


def _boxes(
    session: Session, review: Review, numbers: Sequence[int], *, at_hand: bool
) -> dict[int, Box]:
    if not numbers:
        return {}
    if not at_hand:
        now = ledger(session, review, only=numbers)
        return {record: now.box(record) for record in numbers}
    rows = session.execute(
        sa.select(Place.record_id, Place.box).where(
            Place.record_id.in_(numbers), Place.stage == Stage.TITLE_ABSTRACT
        )
    )
    return {row.record_id: row.box for row in rows}


def _lines(session: Session, numbers: Sequence[int], stands: dict[int, Box]) -> list[RecordLine]:
    rows = session.execute(
        sa.select(
            Record.id, Record.title, Record.authors, Record.year, Record.journal, Record.notices,
            Search.source,
        )
        .join(Batch, Record.batch_id == Batch.id)
        .outerjoin(Search, Batch.search_id == Search.id)
        .where(Record.id.in_(numbers))
        .order_by(Record.id)
    )  # fmt: skip
    return [
        RecordLine(
            record=row.id,
            warning=warning_of(row.notices),
            title=row.title,
            authors=_authors(row.authors),
            year=row.year,
            journal=row.journal,
            source=row.source or UNSTATED,
            state=stands.get(row.id),
            box=BOX_WORDS[stands[row.id]] if row.id in stands else "",
        )
        for row in rows
    ]


def _authors(names: Sequence[str]) -> str:
    if not names:
        return "no author"
    return f"{names[0]} et al." if len(names) > 1 else names[0]


@dataclass(frozen=True, slots=True)
class PairLine:
    """Another record that this one may be a copy of."""

    record: int
    state: str
    rule: str
    score: float


@dataclass(frozen=True, slots=True)
class StageOfRecord:
    """What a person may see of the decisions on a record at a stage."""

    stage: str
    dossier: Dossier


@dataclass(frozen=True, slots=True)
class RecordView:
    """All of a record that a person may see."""

    record: int
    warning: str | None
    title: str | None
    authors: tuple[str, ...]
    abstract: str | None
    added_from: str | None
    """Where somebody found the abstract; None where it stands in the file, or there is none."""
    facts: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    remarks: tuple[str, ...]
    box: str
    study: tuple[int, str] | None
    """The study that it is a report of."""
    file: str
    line: int | None
    pairs: tuple[PairLine, ...]
    stages: tuple[StageOfRecord, ...]
    raw: str


FACTS: Final = (
    "kind", "year", "journal", "volume", "issue", "pages", "doi", "pmid", "accession", "issn",
    "url", "language",
)  # fmt: skip


def record_of(session: Session, review: Review, number: int, *, viewer: str) -> RecordView:
    """Return all of a record that a person may see; raise NotFoundError."""
    found = record_numbered(session, review, number)
    linked = links(session, review).get(number)
    study = session.get(Study, linked) if linked is not None else None
    now = ledger(session, review, only=[number])
    search = found.batch.search
    facts = [(name, getattr(found, name)) for name in FACTS]
    facts += [
        ("keywords", "; ".join(found.keywords)),
        ("source", search.source if search else UNSTATED),
    ]
    return RecordView(
        record=found.id,
        warning=warning_of(found.notices),
        title=found.title,
        authors=tuple(found.authors),
        abstract=found.abstract_known,
        added_from=found.added[-1].source if found.added else None,
        facts=tuple((name, str(value)) for name, value in facts if value not in (None, "")),
        notices=tuple(": ".join(filter(None, map(str, notice))) for notice in found.notices),
        remarks=tuple(map(str, found.remarks or ())),
        box=BOX_WORDS[now.box(number)],
        study=(study.id, study.label) if study is not None else None,
        file=found.batch.file,
        line=found.line,
        pairs=tuple(
            PairLine(
                pair.later_id if pair.earlier_id == number else pair.earlier_id,
                str(pair.state), pair.rule, pair.score,
            )
            for pair in some_pairs(session, review, record=number)
        ),
        stages=tuple(
            StageOfRecord(
                STAGE_WORDS[stage], dossier(session, review, number, stage=stage, handle=viewer)
            )
            for stage in Stage
        ),
        raw=found.raw,
    )  # fmt: skip
