"""Ranking the records that are left, and what it has saved so far.

A ranking learns from complete records only, those that all required reviewers decided. So it is the
same for everybody, and tells a blinded reviewer nothing of what another has decided so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.citations.models import Record
from review.db import Database
from review.history.actions import Attribution, writing
from review.independent.judgement import newest
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.screening import queries
from review.screening.models import Decision, Ranking
from review.screening.ranking import MODEL, certainty_scores, mixed_order
from review.screening.renewal import labels_of
from review.screening.stopping import (
    RecallEstimate,
    StoppingTest,
    recall_from_random,
    stopping_test,
    work_saved,
)
from review.screening.vocabulary import RANDOM_SHARE, Stage


@dataclass(frozen=True, slots=True)
class RankingReport:
    """A ranking in a few words; scores of single records are not part of it."""

    id: int
    stage: Stage
    made_at: datetime
    model: str
    software: str
    seed: int
    random_share: float
    learned_included: int
    learned_excluded: int
    ranked: int
    new: bool
    """False where the same input had been ranked before."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What screening in order of a ranking has found, and what it may have missed."""

    stage: Stage
    records: int
    screened: int
    relevant: int
    test: StoppingTest
    recall: RecallEstimate
    work_saved: float | None
    """Over sampling, if screening stopped now, at the estimated recall."""


@dataclass(frozen=True, slots=True)
class _Corpus:
    """What a ranking is made from."""

    records: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[bool | None, ...]


def _corpus(session: Session, review: Review, stage: Stage) -> _Corpus:
    labels = labels_of(queries.ledger(session, review), stage)
    rows = session.execute(
        sa.select(Record.id, Record.title, Record.abstract_known.label("abstract"), Record.keywords)
        .where(Record.review_id == review.id)
        .order_by(Record.id)
    )
    kept = [row for row in rows if row.id in labels]
    return _Corpus(
        records=tuple(row.id for row in kept),
        texts=tuple(
            "\n".join([row.title or "", row.abstract or "", *row.keywords]) for row in kept
        ),
        labels=tuple(labels[row.id] for row in kept),
    )


def _software() -> str:
    try:
        return f"scikit-learn {version('scikit-learn')}"
    except PackageNotFoundError:
        return "scikit-learn"


def prioritise(
    database: Database,
    by: Attribution,
    slug: str,
    *,
    stage: Stage = Stage.TITLE_ABSTRACT,
    seed: int = 1,
    random_share: float = RANDOM_SHARE,
) -> RankingReport:
    """Rank the records of a stage that are not settled, and keep the ranking.

    Reads, learns with no transaction open, then writes; run twice on the same ledger it makes one
    ranking. Raises what `review.screening.ranking.certainty_scores` raises.
    """
    with database.reading() as session:
        review = review_called(session, slug)
        corpus = _corpus(session, review, stage)
        review_id = review.id
    key = sha256_of(
        [stage.value, corpus.records, corpus.texts, corpus.labels, seed, random_share, MODEL]
    )
    scores = certainty_scores(corpus.texts, corpus.labels, seed=seed)
    left = [index for index, label in enumerate(corpus.labels) if label is None]
    order = mixed_order(scores[left], random_share=random_share, seed=seed)
    places = [
        [corpus.records[left[one.index]], round(one.score, 6), int(one.at_random)] for one in order
    ]
    with writing(database, by) as session:
        ranking = session.scalar(
            sa.select(Ranking).where(Ranking.review_id == review_id, Ranking.key == key)
        )
        is_new = ranking is None
        if ranking is None:
            ranking = Ranking(
                review_id=review_id,
                stage=stage,
                made_at=by.time,
                model=MODEL,
                software=_software(),
                seed=seed,
                random_share=random_share,
                learned_included=sum(label is True for label in corpus.labels),
                learned_excluded=sum(label is False for label in corpus.labels),
                key=key,
                places=places,
                places_sha256=sha256_of(places),
            )
            session.add(ranking)
            session.flush()
        return _report(ranking, is_new=is_new)


def _report(ranking: Ranking, *, is_new: bool) -> RankingReport:
    return RankingReport(
        id=ranking.id,
        stage=ranking.stage,
        made_at=ranking.made_at,
        model=ranking.model,
        software=ranking.software,
        seed=ranking.seed,
        random_share=ranking.random_share,
        learned_included=ranking.learned_included,
        learned_excluded=ranking.learned_excluded,
        ranked=len(ranking.places),
        new=is_new,
    )


def outlook(
    session: Session,
    review: Review,
    stage: Stage,
    *,
    target: float = 0.95,
    confidence: float = 0.95,
) -> Outlook:
    """Return what was found and may have been missed, judged by settled records alone.

    Records count in the order in which their last required decision came.
    """
    ledger = queries.ledger(session, review)
    labels = labels_of(ledger, stage)
    settled = {record: label for record, label in labels.items() if label is not None}
    last = {
        record: max(ballot.id for ballot in newest(ledger.cast(stage, record)).values())
        for record in settled
    }
    order = [settled[record] for record in sorted(settled, key=lambda record: last[record])]
    by_chance = [
        record
        for record in session.scalars(
            sa.select(Decision.record_id)
            .join(Decision.record)
            .where(
                Record.review_id == review.id,
                Decision.stage == stage,
                Decision.at_random.is_(sa.true()),
            )
            .distinct()
        )
        if record in settled
    ]
    found = sum(order)
    estimate = recall_from_random(
        found=found,
        unseen=len(labels) - len(settled),
        drawn=len(by_chance),
        drawn_relevant=sum(settled[record] for record in by_chance),
        level=0.95,
    )
    return Outlook(
        stage=stage,
        records=len(labels),
        screened=len(settled),
        relevant=found,
        test=stopping_test(order, records=len(labels), target=target, confidence=confidence),
        recall=estimate,
        work_saved=work_saved(records=len(labels), screened=len(settled), recall=estimate.recall)
        if labels and estimate.recall is not None
        else None,
    )
