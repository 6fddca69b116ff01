"""A later batch is compared with few of the earlier records, and finds what all would give."""

from __future__ import annotations

import random
from typing import Any

import pytest
import sqlalchemy as sa

from review.citations import duplicates, pair_queries
from review.citations.compared import kept_keys
from review.citations.dedupe.fingerprint import Fingerprint, fingerprint
from review.citations.models import ComparedKeys, DuplicatePair, Record
from review.citations.vocabulary import Verdict
from review.db import Database
from review.history.actions import Attribution, writing
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from tests.citations.test_imports import TITLES, decide, dedupe, ris, take


@pytest.fixture
def reviewed(database: Database, by: Attribution) -> Database:
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester")
    return database


def found_pairs(database: Database) -> list[tuple[int, int, str]]:
    with database.reading() as session:
        found = duplicates.compare_new_records(session, review_called(session, "synthetic"))
    return [(p.earlier_id, p.later_id, p.comparison.rule) for p in found.pairs]


def forget_keys(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.delete(ComparedKeys))


@pytest.mark.parametrize("seed", range(4))
def test_an_update_finds_what_a_comparison_with_all_would(
    reviewed: Database, by: Attribution, seed: int
) -> None:
    draw = random.Random(seed)
    words = ["sleep", "video", "therapy", "nurses", "alliance", "distance", "trial", "survey"]
    titles = [" ".join(draw.choices(words, k=8)) for _ in range(40)]
    for batch in range(3):
        some = draw.sample(titles, 15)
        if batch:
            some = [t.upper() if draw.random() < 0.5 else f"Erratum: {t}" for t in some]
        take(reviewed, by, ris(*some, year=2018 + batch % 2), name=f"{batch}.ris")
        quick = found_pairs(reviewed)
        with reviewed.reading() as session:
            was_kept = kept_keys(session, review_called(session, "synthetic")).reached
        assert bool(was_kept) is bool(batch)
        forget_keys(reviewed)
        assert found_pairs(reviewed) == quick
        dedupe(reviewed, by)
        with reviewed.reading() as session:
            reached = kept_keys(session, review_called(session, "synthetic")).reached
            assert reached == max(session.scalars(sa.select(Record.id)))
    with reviewed.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DuplicatePair))


def test_only_records_that_share_a_key_are_read(
    reviewed: Database, by: Attribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(reviewed, by, ris(*TITLES), name="one.ris")
    dedupe(reviewed, by)
    take(reviewed, by, ris(TITLES[0].upper()), name="two.ris")
    read: list[int] = []
    whole = fingerprint

    def noted(**fields: Any) -> Fingerprint:
        read.append(fields["record_id"])
        return whole(**fields)

    monkeypatch.setattr(duplicates, "fingerprint", noted)
    assert [pair[:2] for pair in found_pairs(reviewed)] == [(1, 4)]
    assert sorted(read) == [1, 4]


def test_groups_of_earlier_records_keep_their_verdicts(reviewed: Database, by: Attribution) -> None:
    take(reviewed, by, ris(TITLES[0], doi="10.5555/a"), name="one.ris")
    take(reviewed, by, ris(TITLES[0], doi="10.5555/b"), name="two.ris")
    dedupe(reviewed, by)
    decide(reviewed, by, 1, Verdict.DIFFERENT)
    take(reviewed, by, ris(TITLES[0]), name="three.ris")
    dedupe(reviewed, by)
    with reviewed.reading() as session:
        review = review_called(session, "synthetic")
        groups = pair_queries.clusters(session, review).all()
    assert groups == [(1, 3)]
