"""Every change is an event, and every tampering shows."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from review.canonical import sha256_of
from review.db import Database
from review.history.actions import Attribution, NotAttributedError, record_step, writing
from review.history.models import Event
from review.history.queries import events, head, payload, verify
from review.history.rules import (
    GENESIS,
    Anchor,
    Link,
    check_chain,
    check_links,
    packed,
    row_digest,
    unpacked,
)
from review.people.actions import person_called
from review.people.models import Person
from review.protocol.actions import add_outcome, new_review
from review.protocol.models import Outcome
from review.protocol.specs import OutcomeSpec, ReviewSpec

Chain = list[tuple[dict[str, Any], str]]


def chain_of(length: int) -> Chain:
    chain: Chain = []
    previous = GENESIS
    for seq in range(1, length + 1):
        event = {"seq": seq, "new": {"value": seq}, "previous": previous}
        previous = sha256_of(event)
        chain.append((event, previous))
    return chain


def anchor_of(chain: Chain) -> Anchor:
    return Anchor(chain[-1][0]["seq"], chain[-1][1], "a release")


lengths = st.integers(min_value=4, max_value=30)


@given(lengths)
def test_an_untouched_chain_is_intact(length: int) -> None:
    chain = chain_of(length)
    assert check_chain(chain, [anchor_of(chain)]).intact


@given(lengths, st.data())
def test_an_edit_a_deletion_and_a_swap_are_named(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    edited = copy.deepcopy(chain)
    edited[at][0]["new"]["value"] = -1
    assert check_chain(edited).problems == (f"event {at + 1} was altered after it was written",)
    deleted = chain[:at] + chain[at + 1 :]
    assert check_chain(deleted).problems[0].startswith(f"event {at + 1} is missing")
    swapped = [*chain[:at], chain[at + 1], chain[at], *chain[at + 2 :]]
    assert not check_chain(swapped).intact


@given(lengths, st.data())
def test_an_edit_with_its_own_hash_made_new_breaks_the_next_link(
    length: int, data: st.DataObject
) -> None:
    chain = chain_of(length)
    at = data.draw(st.integers(0, length - 2))
    event = {**chain[at][0], "new": {"value": -1}}
    chain[at] = (event, sha256_of(event))
    assert check_chain(chain).problems == (f"event {at + 2} is not chained to event {at + 1}",)


@given(lengths, st.data())
def test_a_cut_and_a_rewritten_tail_show_against_an_anchor_only(
    length: int, data: st.DataObject
) -> None:
    chain = chain_of(length)
    anchor = anchor_of(chain)
    kept = data.draw(st.integers(1, length - 1))
    cut = chain[:kept]
    rewritten = list(cut)
    previous = cut[-1][1]
    for seq in range(kept + 1, length + 1):
        event = {"seq": seq, "new": {"value": "forged"}, "previous": previous}
        previous = sha256_of(event)
        rewritten.append((event, previous))
    for tampered in (cut, rewritten):
        assert check_chain(tampered).intact
        (problem,) = check_chain(tampered, [anchor]).problems
        assert "a release" in problem


@given(lengths, st.data())
def test_a_check_since_an_event_takes_it_as_it_is(length: int, data: st.DataObject) -> None:
    links = [Link(e["seq"], e["previous"], sha256_of(e), stored) for e, stored in chain_of(length)]
    after, at = data.draw(st.integers(1, length - 1)), data.draw(st.integers(0, length - 1))
    links[at] = links[at]._replace(made="altered")
    found = check_links(links[after - 1 :], after=after)
    assert (found.events, found.head_seq) == (length - after, length)
    assert found.intact == (at < after)


def test_a_row_has_one_digest_whichever_database_it_comes_from() -> None:
    """SQLite gives 1 where PostgreSQL gives True, and bytes for a memoryview."""
    assert row_digest([True, b"\x01", "a", None]) == row_digest([1, memoryview(b"\x01"), "a", None])
    assert len(row_digest([])) == 12
    assert row_digest(["a", None]) != row_digest([None, "a"])


@given(st.dictionaries(st.integers(1, 60), st.binary(min_size=12, max_size=12)))
def test_rows_are_unpacked_as_they_were_packed(rows: dict[int, bytes]) -> None:
    ordered = sorted(rows.items())
    kept = packed(["a", "b"], ordered)
    assert kept["columns"] == ["a", "b"]
    assert list(unpacked(kept)) == ordered
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(kept["ids"]))


def test_a_change_is_an_event_with_who_when_what_old_new_and_why(
    database: Database, by: Attribution
) -> None:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
        outcome = add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        outcome_id = outcome.id
    correction = Attribution(actor="ben", review="r", reason="typing error", at=by.at)
    with writing(database, correction) as session:
        session.get_one(Outcome, outcome_id).name = "Working alliance"
    with database.reading() as session:
        newest = events(session, viewer=None, limit=1)[0]
        shown = newest.plain
        assert verify(session).intact
    assert shown["actor"] == "ben"
    assert shown["at"] == "2026-11-23T09:15:00.000000Z"
    assert (shown["action"], shown["entity"], shown["entity_id"]) == (
        "update",
        "outcome",
        outcome_id,
    )
    assert (shown["old"], shown["new"]) == ({"name": "Alliance"}, {"name": "Working alliance"})
    assert (shown["review"], shown["reason"]) == ("r", "typing error")


def test_an_event_says_in_which_role_and_by_which_request(
    database: Database, by: Attribution
) -> None:
    told = replace(by, role="lead", request="4f1d")
    for one in (by, told):
        with writing(database, one) as session:
            record_step(session, "export", entity="run", entity_id=3)
    with database.reading() as session:
        newest, older = events(session, viewer=None)
        assert verify(session).intact
        rows = session.scalars(sa.select(Event).order_by(Event.seq)).all()
        assert [sha256_of(payload(row)) for row in rows] == [row.hash for row in rows]
    assert (newest.plain["role"], newest.plain["request"]) == ("lead", "4f1d")
    assert {"role", "request"}.isdisjoint(older.plain)  # so that older hashes stay what they were


def test_a_role_that_is_taken_out_of_an_event_shows(database: Database, by: Attribution) -> None:
    with writing(database, replace(by, role="viewer")) as session:
        record_step(session, "export", entity="run", entity_id=3)
    with database.reading() as session:
        event = session.scalars(sa.select(Event)).one()
        event.role = None
        assert not check_chain([(payload(event), event.hash)]).intact


def test_pages_of_events_follow_one_another(database: Database, by: Attribution) -> None:
    for actor in ("ada", "ben", "ada", "ada"):
        with writing(database, replace(by, actor=actor)) as session:
            record_step(session, "export", entity="run", entity_id=3)
    with database.reading() as session:
        page = events(session, viewer=None, actor="ada", limit=2)
        assert [event.seq for event in page] == [4, 3]
        assert [e.seq for e in events(session, viewer=None, actor="ada", before=3)] == [1]
        later = by.time + timedelta(seconds=1)
        assert events(session, viewer=None, since=later) == []
        assert len(events(session, viewer=None, until=later)) == 4


def test_a_step_of_work_is_an_event(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        record_step(session, "export", entity="run", entity_id=3, files=2)
    with database.reading() as session:
        (event,) = events(session, viewer=None)
    assert (event.action, event.entity_id, event.new) == ("export", 3, {"files": 2})


def test_a_rolled_back_change_leaves_no_event_and_no_gap(
    database: Database, by: Attribution
) -> None:
    def fail() -> None:
        with writing(database, by) as session:
            person_called(session, "ada")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with writing(database, by) as session:
        person_called(session, "ben")
    with database.reading() as session:
        assert [event.seq for event in events(session, viewer=None)] == [1]
        assert head(session)[0] == 1


def test_a_change_without_a_name_is_refused(database: Database) -> None:
    def change() -> None:
        with database.transaction() as session:
            person_called(session, "ada")

    with pytest.raises(NotAttributedError):
        change()
    with database.reading() as session:
        assert session.scalars(sa.select(Person)).all() == []


def test_bulk_changes_and_deletions_that_history_would_miss_are_refused(
    database: Database, by: Attribution
) -> None:
    def delete_by_unit_of_work() -> None:
        with writing(database, by) as session:
            session.delete(person_called(session, "ada"))

    with writing(database, by) as session:
        person_called(session, "ada")
        with pytest.raises(NotAttributedError):
            session.execute(sa.update(Person).values(handle="x"))
        with pytest.raises(NotAttributedError):
            session.execute(sa.delete(Person))
    with pytest.raises(NotAttributedError, match="never deleted"):
        delete_by_unit_of_work()


def test_tampering_in_the_database_itself_is_found(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        for handle in ("ada", "ben", "cyd"):
            person_called(session, handle)
    drop = (
        "DROP TRIGGER event_no_update"
        if database.is_sqlite
        else "DROP TRIGGER event_frozen ON event"
    )
    with database.transaction() as session:
        session.execute(sa.text(drop))
        session.execute(sa.text("UPDATE event SET actor = 'mallory' WHERE seq = 2"))
    with database.reading() as session:
        report = verify(session)
    assert report.problems == ("event 2 was altered after it was written",)


def test_events_cannot_be_changed_through_the_session(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        person_called(session, "ada")

    def change() -> None:
        with database.transaction() as session:
            session.execute(sa.text("UPDATE event SET actor = 'mallory'"))

    with pytest.raises(sa.exc.DBAPIError, match="rows of event are never changed"):
        change()
    with database.reading() as session:
        assert [event.actor for event in session.scalars(sa.select(Event))] == ["tester"]
