"""Reviews with records, for tests: rows as an import makes them, without a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from review.citations.models import Batch, DedupeRun, DuplicatePair, Record, Search
from review.citations.vocabulary import Band, Format, SourceKind
from review.db import Database, Session
from review.history.actions import Attribution, writing
from review.protocol.actions import new_review
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from review.screening.actions import Decided, decide
from review.screening.choices import Choice
from review.screening.conduct import add_reason
from review.screening.vocabulary import Stage, Verdict
from tests.conftest import NOW
from tests.joining import joined

REASONS = ("wrong population", "wrong comparator", "no outcome of interest")


def _surname(number: int) -> str:
    return "Author" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def attributed(actor: str = "tester", at: datetime = NOW, slug: str = "alliance") -> Attribution:
    return Attribution(actor=actor, review=slug, at=at)


def make_review(database: Database) -> None:
    """Make the review `alliance` with three reasons for exclusion."""
    with writing(database, attributed()) as session:
        review = new_review(
            session,
            ReviewSpec(slug="alliance", title="Alliance by video", question="?"),
            owner="tester",
        )
        for label in REASONS:
            add_reason(session, review, label)


def the_review(session: Session, slug: str = "alliance") -> Review:
    return review_called(session, slug)


def import_records(
    database: Database,
    titles: Sequence[str],
    *,
    source: str = "PubMed",
    kind: SourceKind | None = SourceKind.DATABASE,
    at: datetime = NOW,
    abstracts: Sequence[str | None] | None = None,
    notices: Sequence[list[str]] = (),
    slug: str = "alliance",
) -> list[int]:
    """Store one batch and return the ids of its records."""
    with writing(database, attributed(at=at, slug=slug)) as session:
        review = the_review(session, slug)
        search = None
        if kind is not None:
            search = Search(
                review_id=review.id, kind=kind, source=source, ran_on="2026-11-20",
                searched_by="tester",
            )  # fmt: skip
            session.add(search)
            session.flush()
        batch = Batch(
            review_id=review.id,
            search_id=search.id if search else None,
            file=f"{source.lower()}.ris",
            sha256=f"{source}{at.isoformat()}{titles[0]}"[:64],
            format=Format.RIS,
            encoding="utf-8",
            read=len(titles) + 1,
            stored=len(titles),
            rejected=1,
            imported_at=at,
        )
        session.add(batch)
        session.flush()
        records = [
            Record(
                review_id=review.id,
                batch_id=batch.id,
                position=position,
                line=position * 10,
                title=title,
                abstract=abstracts[position - 1] if abstracts else None,
                authors=[f"{_surname(position)}, A."],
                year=2020,
                keywords=[],
                remarks=[],
                notices=list(notices),
                raw=f"TY  - JOUR\nTI  - {title}\nER  - \n",
            )
            for position, title in enumerate(titles, start=1)
        ]
        session.add_all(records)
        session.flush()
        return [record.id for record in records]


def link_duplicates(
    database: Database,
    pairs: Sequence[tuple[int, int]],
    *,
    at: datetime = NOW,
    slug: str = "alliance",
) -> None:
    """Link pairs of records as certain duplicates, in one run."""
    with writing(database, attributed(at=at, slug=slug)) as session:
        review = the_review(session, slug)
        run = DedupeRun(
            review_id=review.id, compared_from=0, compared_to=max(map(max, pairs)), rules="1",
            ran_at=at,
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add_all(
            DuplicatePair(
                review_id=review.id, run_id=run.id, earlier_id=earlier, later_id=later,
                band=Band.CERTAIN, score=1.0, rule="same DOI", evidence={},
            )
            for earlier, later in pairs
        )  # fmt: skip


def say(
    database: Database,
    who: str,
    verdict: Verdict,
    *records: int,
    stage: Stage = Stage.TITLE_ABSTRACT,
    reason: str | None = None,
    at: datetime = NOW,
    slug: str = "alliance",
) -> Decided:
    """Let somebody decide the same of some records."""
    choices = [Choice(record, verdict, reason) for record in records]
    with writing(database, attributed(who, at, slug)) as session:
        review = the_review(session, slug)
        joined(session, review, who)
        return decide(session, review, choices, stage=stage, handle=who, now=at)
