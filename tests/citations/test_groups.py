"""Cards of records that may be one: grouped, settled, taken back."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.citations import groups, pair_queries
from review.citations.actions import undo_batch
from review.citations.models import DuplicateDecision
from review.citations.pair_queries import JudgedPair
from review.citations.rules import PairState
from review.citations.vocabulary import Band, Verdict
from review.db import Database
from review.errors import InvalidDataError, StaleError
from review.history.actions import Attribution, writing
from review.people.actions import person_called
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from tests.citations.test_imports import TITLES, dedupe, ris, take
from tests.conftest import NOW

LONG = "Working alliance in therapy by video and in person, a randomised trial of sixty adults"


def pairs_of(edges: list[tuple[int, int, str]]) -> list[JudgedPair]:
    bands = {"open": Band.POSSIBLE, "linked": Band.CERTAIN, "different": Band.POSSIBLE}
    return [
        JudgedPair(
            number, min(a, b), max(a, b), bands[state], 0.5 + number % 5 / 10, "like title",
            Verdict.DIFFERENT if state == "different" else None,
        )
        for number, (a, b, state) in enumerate(edges, start=1)
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.integers(1, 14),
            st.integers(15, 28),
            st.sampled_from(["open", "linked", "different"]),
        ),
        unique_by=lambda edge: edge[:2],
    )
)
def test_every_open_pair_is_on_one_card_and_no_card_is_too_large(
    edges: list[tuple[int, int, str]],
) -> None:
    pairs = pairs_of(edges)
    found = groups.waiting_groups(pairs)
    asked = [pair.id for group in found for pair in group]
    assert sorted(asked) == [pair.id for pair in pairs if pair.state is PairState.OPEN]
    for group in found:
        records = {n for pair in group for n in (pair.earlier_id, pair.later_id)}
        assert len(records) <= groups.MOST


@pytest.fixture
def alike(database: Database, by: Attribution) -> Database:
    """Three records of one title whose journals say nothing: pairs for a person."""
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester")
    for name, year in (("a", 2001), ("b", 2003), ("c", 2005)):
        take(database, by, ris(LONG, year=year), name=f"{name}.ris")
    take(database, by, ris(f"{LONG}, part I", f"{LONG}, part II"), name="p.ris")
    dedupe(database, by)
    return database


def state_of(database: Database) -> dict[tuple[int, int], PairState]:
    with database.reading() as session:
        pairs = pair_queries.judged_pairs(session, review_called(session, "synthetic"))
        return {(pair.earlier_id, pair.later_id): pair.state for pair in pairs}


def card_of(database: Database, skipped: int = 0) -> groups.Duplicates:
    with database.reading() as session:
        review = review_called(session, "synthetic")
        return groups.duplicates_of(session, review, viewer="tester", skipped=skipped)


def settle(database: Database, by: Attribution, *same: int, as_one: bool = True) -> int:
    view = card_of(database)
    assert view.card is not None
    return say(database, by, view.card, *same, as_one=as_one)


def say(
    database: Database, by: Attribution, card: groups.Card, *same: int, as_one: bool = True
) -> int:
    with writing(database, by) as session:
        return groups.settle(
            session, review_called(session, "synthetic"), [why.pair for why in card.why],
            same=same, as_one=as_one, person="tester", now=by.time,
        )  # fmt: skip


def take_back(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        review = review_called(session, "synthetic")
        groups.take_back_last(session, review, person="tester", now=by.time)


def test_parts_of_a_series_are_never_linked_without_a_person_nor_ticked(alike: Database) -> None:
    assert PairState.LINKED not in state_of(alike).values()
    card = card_of(alike).card
    assert card is not None
    assert card.parts
    ticked = {one.record for one in card.records if one.likely}
    doubtful = {n for why in card.why if "part" in why.rule for n in why.records}
    assert doubtful
    assert not ticked & doubtful


def test_a_group_is_decided_once_and_taken_back_whole(alike: Database, by: Attribution) -> None:
    before = state_of(alike)
    view = card_of(alike)
    assert view.card is not None
    first, second, *rest = [one.record for one in view.card.records]
    settle(alike, by, first, second)
    with alike.reading() as session:
        clusters = pair_queries.clusters(session, review_called(session, "synthetic"))
        assert clusters.members(first) == (first, second)
        assert all(clusters.members(other) == (other,) for other in rest)
    mine = card_of(alike).mine
    assert mine is not None
    assert mine.by == "tester"
    later = Attribution("tester", at=NOW + timedelta(minutes=1))
    take_back(alike, later)
    after = state_of(alike)
    assert {pair: state for pair, state in after.items() if pair in before} == before
    assert card_of(alike).mine is None
    with pytest.raises(InvalidDataError, match="nothing here"):
        take_back(alike, later)


def test_who_comes_second_is_told_and_changes_nothing(alike: Database, by: Attribution) -> None:
    view = card_of(alike)
    assert view.card is not None
    settle(alike, by, as_one=False)
    before = state_of(alike)
    with pytest.raises(StaleError):
        say(alike, by, view.card, *(one.record for one in view.card.records))
    assert state_of(alike) == before


def test_one_record_alone_is_no_duplicate(alike: Database, by: Attribution) -> None:
    with pytest.raises(InvalidDataError, match="two records or more"):
        settle(alike, by, 1)


def test_pairs_that_are_asked_for_are_those_that_the_whole_list_has(
    database: Database, by: Attribution
) -> None:
    """Every verdict after every other, on certain and possible pairs, one batch taken back."""
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester")
    for place, name in enumerate("abcde"):
        take(database, by, ris(TITLES[0], doi="10.1/x") + b"\n" * place, name=f"{name}.ris")
    for place, name in enumerate("fghi"):
        take(database, by, ris(LONG, year=2001 + 2 * place), name=f"{name}.ris")
    take(database, by, ris(f"{LONG}, part I", f"{LONG}, part II"), name="p.ris")
    take(database, by, ris(LONG, year=1999), name="z.ris")
    dedupe(database, by)
    draw = random.Random(1)
    with writing(database, by) as session:
        review = review_called(session, "synthetic")
        every = pair_queries.judged_pairs(session, review)
        assert {pair.band for pair in every} == {Band.CERTAIN, Band.POSSIBLE}
        newest = max(pair.later_id for pair in every)  # of the batch that is taken back
        for pair in every:
            said = draw.choices([*Verdict], k=draw.randrange(4)) if pair.later_id != newest else ()
            for verdict in said:
                session.add(
                    DuplicateDecision(
                        pair_id=pair.id, person_id=person_called(session, "tester").id,
                        verdict=verdict, reason=None, decided_at=NOW,
                    )
                )  # fmt: skip
    for undone in (False, True):
        if undone:
            with writing(database, by) as session:
                undo_batch(session, review_called(session, "synthetic"), number=11, reason="twice")
        with database.reading() as session:
            review = review_called(session, "synthetic")
            every = pair_queries.judged_pairs(session, review)
            by_score = sorted(every, key=lambda pair: (-pair.score, pair.id))
            assert pair_queries.some_pairs(session, review) == every
            for state in PairState:
                so = [pair for pair in every if pair.state is state]
                assert len(so) > 3, state
                middle = so[1].id
                asked = {
                    tuple(so): pair_queries.some_pairs(session, review, state=state),
                    tuple(so[2:4]): pair_queries.some_pairs(
                        session, review, state=state, after=middle, limit=2
                    ),
                    tuple(p for p in by_score if p.state is state): pair_queries.some_pairs(
                        session, review, state=state, by_score=True
                    ),
                }
                assert all(list(wanted) == found for wanted, found in asked.items())
                assert pair_queries.count_pairs(session, review, state) == len(so)
            record = every[0].later_id
            assert pair_queries.some_pairs(session, review, record=record) == [
                pair for pair in every if record in (pair.earlier_id, pair.later_id)
            ]
            clusters = pair_queries.clusters(session, review)
            for record in {p.earlier_id for p in every} | {p.later_id for p in every}:
                around = pair_queries.pairs_around(session, [record])
                assert pair_queries.clusters_of(around).members(record) == clusters.members(record)
