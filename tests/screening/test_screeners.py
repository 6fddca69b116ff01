"""Who must be one of the reviewers of a record, and how many records somebody is offered."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from review.db import Database
from review.history.actions import writing
from review.people.actions import leave_review
from review.people.queries import person_known
from review.screening import conduct, queries, serving, standings
from review.screening.rules import CIRCLE, interval_of, is_offered
from review.screening.screeners import ask_of
from review.screening.vocabulary import Stage, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, say, the_review
from tests.tiers import WHOLE

ABSTRACT = Stage.TITLE_ABSTRACT
PEOPLE = ("anna", "ben", "cleo")


def _asked(database: Database, who: str, *, is_core: bool = False, share: float | None = None):  # type: ignore[no-untyped-def] # returns nothing
    with writing(database, attributed()) as session:
        review = the_review(session)
        for one in PEOPLE:
            joined(session, review, one)
        person = person_known(session, who)
        assert person is not None
        ask_of(session, review, person, stage=ABSTRACT, is_core=is_core, share=share)


def _served(database: Database, who: str, *, count: int = 10, in_share: bool = True) -> list[int]:
    with writing(database, attributed(who)) as session:
        person = person_known(session, who)
        assert person is not None
        served = serving.serve(
            session, the_review(session), person, stage=ABSTRACT, now=NOW, count=count,
            in_share=in_share,
        )  # fmt: skip
        serving.release(session, person, now=NOW)
        assert served.left == len(served.records)
        return list(served.records)


def test_the_last_decision_is_kept_for_one_who_must_be_among_them(database: Database) -> None:
    make_review(database)
    one, two = import_records(database, ["One", "Two"])
    _asked(database, "anna", is_core=True)
    say(database, "ben", Verdict.INCLUDE, one)
    assert _served(database, "cleo") == [two]
    assert _served(database, "anna") == [one, two]
    with writing(database, attributed("cleo")) as session:
        refused = queries.ledger(session, the_review(session)).refusal(
            ABSTRACT, one, person_known(session, "cleo").id  # type: ignore[union-attr] # joined
        )  # fmt: skip
    assert refused is not None
    assert "kept for one of those who must be among its reviewers" in refused
    say(database, "anna", Verdict.INCLUDE, two)
    assert _served(database, "cleo") == [two]


def test_who_must_be_among_them_and_left_keeps_nothing_waiting(database: Database) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    _asked(database, "anna", is_core=True)
    say(database, "ben", Verdict.INCLUDE, one)
    assert _served(database, "cleo") == []
    with writing(database, attributed()) as session:
        leave_review(session, the_review(session).id, "anna", actor="tester")
    assert _served(database, "cleo") == [one]


def test_shares_split_the_records_and_nobody_is_refused_beyond_theirs(database: Database) -> None:
    make_review(database)
    records = import_records(database, [f"Record {i}" for i in range(10)])
    _asked(database, "anna", share=0.5)
    _asked(database, "ben", share=0.5)
    annas, bens = _served(database, "anna"), _served(database, "ben")
    assert sorted(annas + bens) == records
    assert 4 <= len(annas) <= 6
    assert _served(database, "cleo") == records
    assert _served(database, "anna", in_share=False) == records
    say(database, "anna", Verdict.EXCLUDE, bens[0])
    with database.reading() as session:
        review = the_review(session)
        ben = person_known(session, "ben")
        assert ben is not None
        assert standings.left_for(session, review, stage=ABSTRACT, person=ben.id) == 10


def test_shares_beside_a_stage_of_one_reviewer(database: Database) -> None:
    make_review(database)
    records = import_records(database, [f"Record {i}" for i in range(40)])
    with writing(database, attributed()) as session:
        conduct.set_stage(session, the_review(session), ABSTRACT, required=1, blind=True)
    for who, share in zip(PEOPLE, (0.25, 0.25, 0.5), strict=True):
        _asked(database, who, share=share)
    found = [record for who in PEOPLE for record in _served(database, who, count=40)]
    assert sorted(found) == records


@settings(max_examples=200 if WHOLE else 50, deadline=None)
@given(
    st.dictionaries(st.integers(1, 99), st.floats(0.05, 1), min_size=1, max_size=8),
    st.integers(1, 10_000_000),
)
def test_each_record_is_offered_to_as_many_as_whole_shares_are_given(
    shares: dict[int, float], first: int
) -> None:
    total = sum(shares[person] for person in sorted(shares))
    intervals = [interval_of(shares, person) for person in shares]
    for record in range(first, first + 50):
        offered = sum(is_offered(record, interval) for interval in intervals)
        assert int(total - 1e-5) <= offered <= int(total + 1e-5) + 1


@settings(max_examples=100 if WHOLE else 20, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=9))
def test_shares_that_make_a_whole_leave_no_place_of_the_circle_to_nobody(parts: list[int]) -> None:
    """Every place: shares were rounded one by one, and a record between two was never offered."""
    shares = {person: part / sum(parts) for person, part in enumerate(parts)}
    intervals = [interval_of(shares, person) for person in shares]
    offered = np.zeros(CIRCLE, int)
    for begins, places in intervals:
        offered[(begins + np.arange(places)) % CIRCLE] += 1
    assert offered.min() == offered.max() == 1
    assert [is_offered(7, one) for one in intervals].count(True) == 1


@given(
    st.dictionaries(st.integers(1, 99), st.floats(0.05, 1), min_size=1, max_size=8),
    st.integers(1, 10_000_000),
)
def test_any_run_of_records_is_shared_out_alike(shares: dict[int, float], first: int) -> None:
    run = range(first, first + 1000)
    for person, share in shares.items():
        mine = sum(is_offered(record, interval_of(shares, person)) for record in run)
        assert abs(mine / 1000 - share) < 0.01
