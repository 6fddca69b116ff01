"""What is kept from one transaction to the next is never other than what the tables say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import sqlalchemy as sa

from review.db import Database, Session, database_at
from review.history.actions import writing
from review.people.models import Membership, Person
from review.people.queries import role_of
from review.people.rules import Role
from review.screening import queries
from review.screening.conduct import set_stage
from review.screening.vocabulary import Stage
from tests.joining import joined
from tests.screening.builders import attributed, make_review, the_review


@pytest.fixture
def databases(database: Database) -> Iterator[list[Database]]:
    """The same database as two processes have it."""
    make_review(database)
    with writing(database, attributed()) as session:
        joined(session, the_review(session), "anna")
    other = database_at(database.address)
    yield [database, other]
    other.close()


def _in_the_table(session: Session) -> Role:
    asked = sa.select(Membership.role).join(Person, Person.id == Membership.person_id)
    return session.scalars(asked.where(Person.handle == "anna")).one()


def _kept(session: Session) -> Role | None:
    return role_of(session, the_review(session).id, "anna")


def _give(session: Session, role: Role) -> None:
    asked = sa.select(Membership).join(Person, Person.id == Membership.person_id)
    session.scalars(asked.where(Person.handle == "anna")).one().role = role
    session.flush()


@contextmanager
def _counting(database: Database) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(database.engine, "before_cursor_execute", note)


def test_an_answer_is_asked_for_once_and_after_each_change_by_whomever(
    databases: list[Database],
) -> None:
    here, there = databases

    def asks() -> bool:
        with _counting(here) as asked, here.reading() as session:
            assert _kept(session) is _in_the_table(session)
        return len([one for one in asked if "membership" in one]) > 1

    assert [asks(), asks(), asks()] == [True, False, False]
    with writing(there, attributed()) as session:
        set_stage(session, the_review(session), Stage.FULL_TEXT, required=1, blind=True)
        _give(session, Role.VIEWER)
    assert [asks(), asks()] == [True, False]


def test_what_was_undone_is_kept_by_nobody(databases: list[Database]) -> None:
    here, _ = databases
    for nested in (True, False):
        with here.reading() as session:
            was = _kept(session)
        with suppress(KeyError), writing(here, attributed()) as session:
            if nested:
                with suppress(IndexError), session.begin_nested():
                    _give(session, Role.VIEWER)
                    assert _kept(session) is Role.VIEWER
                    raise IndexError
                assert _kept(session) is was
            _give(session, Role.STATISTICIAN)
            assert _kept(session) is Role.STATISTICIAN
            raise KeyError
        with here.reading() as session:
            assert _kept(session) is was is _in_the_table(session)


def test_a_reader_who_began_before_a_change_does_not_leave_its_answer_to_others(
    databases: list[Database],
) -> None:
    here, there = databases
    with here.reading() as early:
        was = _in_the_table(early)
        if not here.is_sqlite:  # where a reader keeps a writer waiting without WAL
            with writing(there, attributed()) as session:
                _give(session, Role.VIEWER)
            with here.reading() as late:
                assert _kept(late) is Role.VIEWER
        assert _kept(early) is was
    with here.reading() as session:
        assert _kept(session) is _in_the_table(session)


def test_another_history_in_its_place_is_seen(
    databases: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = databases
    with here.reading() as session:
        assert _kept(session) is _in_the_table(session)
    from review.history import kept

    (state,) = [kept._STATES[pool] for pool in kept._STATES if pool is here.engine.pool]
    monkeypatch.setitem(kept._STATES, here.engine.pool, kept._State(state.seq, "0" * 64))
    kept._STATES[here.engine.pool].found.update(dict.fromkeys(state.found, Role.VIEWER))
    with here.reading() as session:
        assert _kept(session) is _in_the_table(session) is not Role.VIEWER


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_changes_reads_and_rollbacks(databases: list[Database], seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(25):
        database = draw.choice(databases)
        with suppress(KeyError), writing(database, attributed()) as session:
            for _ in range(draw.randint(0, 3)):
                deed = draw.choice(["role", "rule", "read"])
                if deed == "role":
                    _give(session, draw.choice([Role.REVIEWER, Role.VIEWER]))
                elif deed == "rule":
                    required = draw.randint(1, 3)
                    review = the_review(session)
                    set_stage(session, review, Stage.FULL_TEXT, required=required, blind=True)
                    rules = queries.stage_rules(session, review)
                    assert rules[Stage.FULL_TEXT].required == required
                assert _kept(session) is _in_the_table(session)
            if draw.random() < 0.3:
                raise KeyError
        for one in databases:
            with one.reading() as session:
                assert _kept(session) is _in_the_table(session)
                told = queries.stage_rules(session, the_review(session))
                asked = sa.text("SELECT required FROM stage_setting WHERE stage = 'full_text'")
                required = session.scalar(asked)
                assert told[Stage.FULL_TEXT].required == (2 if required is None else required)
