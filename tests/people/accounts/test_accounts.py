"""Passwords, sessions, second factors, tokens and invitations, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from review.db import Database, Session
from review.errors import (
    InvalidDataError,
    NotAllowedError,
    NotFoundError,
    SignInError,
    TooManyError,
)
from review.history.actions import Attribution, writing
from review.people import invitations
from review.people.accounts import actions, queries, secrets
from review.people.accounts.models import Attempt, SignIn
from review.people.accounts.rules import IDLE, SESSION, Scope
from review.people.actions import (
    close_account,
    join_review,
    merge_persons,
    person_called,
    reopen_account,
)
from review.people.models import Person
from review.people.queries import role_of
from review.people.rules import Role
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW

HASH = secrets.hasher().hash("four plain words")


@pytest.fixture
def session(database: Database, by: Attribution) -> Iterator[Session]:
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
        yield session


@contextmanager
def later(session: Session, by: timedelta) -> Iterator[datetime]:
    session.info["attribution"] = replace(session.info["attribution"], at=NOW + by)
    yield NOW + by


def open_session(session: Session, person: Person, *, idle: timedelta | None = IDLE) -> str:
    return actions.start_session(
        session, person, now=NOW, lasts=SESSION, idle=idle, browser="b", address="a"
    )


def id_of(session: Session, secret: str, now: datetime = NOW) -> int:
    row = queries.session_of(session, secret, now)
    assert row is not None
    return row.id


def test_a_session_ends_when_nobody_uses_it_and_after_a_day(session: Session) -> None:
    ada = person_called(session, "ada")
    secret = open_session(session, ada)
    number = id_of(session, secret)
    assert queries.session_of(session, secret, NOW + IDLE - timedelta(seconds=1))
    assert queries.session_of(session, secret, NOW + IDLE) is None
    for minutes in range(0, 12 * 60, 20):
        actions.note_use(session, number, now=NOW + timedelta(minutes=minutes))
    assert queries.session_of(session, secret, NOW + SESSION - timedelta(seconds=1))
    assert queries.session_of(session, secret, NOW + SESSION) is None


def test_a_clock_that_is_put_back_ends_a_session(session: Session) -> None:
    secret = open_session(session, person_called(session, "ada"))
    assert queries.session_of(session, secret, NOW - timedelta(seconds=30))
    assert queries.session_of(session, secret, NOW - timedelta(hours=1)) is None


def test_a_renewed_cookie_is_the_same_session_and_the_old_one_is_dead(session: Session) -> None:
    old = open_session(session, person_called(session, "ada"))
    number = id_of(session, old)
    new = actions.renew_session(session, number)
    assert queries.session_of(session, old, NOW) is None
    assert id_of(session, new) == number


def test_a_new_password_ends_the_other_sessions(session: Session) -> None:
    ada = person_called(session, "ada")
    mine, other = open_session(session, ada), open_session(session, ada)
    actions.set_password(session, ada, HASH, now=NOW, keep=id_of(session, mine))
    kept = queries.session_of(session, mine, NOW)
    assert kept is not None
    assert kept.renew
    assert queries.session_of(session, other, NOW) is None
    assert len(queries.sessions_of(session, ada, NOW)) == 1


def test_a_change_of_role_renews_the_sessions(session: Session) -> None:
    ben = person_called(session, "ben")
    secret = open_session(session, ben)
    review = session.scalar(sa.text("SELECT id FROM review"))
    join_review(session, review_id=review, person=ben, role=Role.VIEWER)
    row = queries.session_of(session, secret, NOW)
    assert row is not None
    assert row.renew


def test_a_closed_account_has_no_sessions_and_tokens(session: Session) -> None:
    ben = person_called(session, "ben")
    cookie = open_session(session, ben)
    token = actions.make_token(
        session, ben, name="R", scope=Scope.READ, now=NOW, lasts=timedelta(days=1)
    )
    assert queries.token_of(session, token, NOW)
    close_account(session, "ben", because="left", now=NOW)
    assert queries.session_of(session, cookie, NOW) is None
    assert queries.token_of(session, token, NOW) is None
    reopen_account(session, "ben")
    assert queries.session_of(session, cookie, NOW) is None


def test_another_name_of_a_person_has_no_sessions(session: Session) -> None:
    secret = open_session(session, person_called(session, "adda"))
    merge_persons(session, "adda", "ada", now=NOW)
    assert queries.session_of(session, secret, NOW) is None


def test_passwords_are_argon2id_and_hashed_again_when_the_parameters_change() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert secrets.password_is(HASH, "four plain words")
    assert not secrets.password_is(HASH, "four plain word")
    assert not secrets.password_is(None, "four plain words")
    assert not secrets.password_is("rubbish", "four plain words")
    assert not secrets.is_old(HASH)
    assert secrets.is_old(HASH.replace("t=2", "t=1"))


def test_a_code_works_once_and_near_its_half_minute(session: Session) -> None:
    ada = person_called(session, "ada")
    actions.set_password(session, ada, HASH, now=NOW)
    secret = actions.begin_second_factor(session, ada)
    codes = pyotp.TOTP(secret)
    with pytest.raises(SignInError):
        actions.confirm_second_factor(session, ada, "000000", now=NOW)
    spare = actions.confirm_second_factor(session, ada, codes.at(NOW), now=NOW)
    with pytest.raises(SignInError):
        actions.use_code(session, ada, codes.at(NOW), now=NOW)  # it confirmed already
    soon = NOW + timedelta(seconds=60)
    actions.use_code(session, ada, codes.at(soon)[:3] + " " + codes.at(soon)[3:], now=soon)
    with pytest.raises(SignInError):
        actions.use_code(session, ada, codes.at(soon), now=soon + timedelta(seconds=5))
    with pytest.raises(SignInError):
        actions.use_code(session, ada, codes.at(soon), now=soon + timedelta(seconds=90))
    actions.use_code(session, ada, spare[3].upper(), now=soon)
    with pytest.raises(SignInError):
        actions.use_code(session, ada, spare[3], now=soon)
    assert len(set(spare)) == 10
    with pytest.raises(InvalidDataError):
        actions.begin_second_factor(session, ada)
    actions.end_second_factor(session, ada)
    assert actions.begin_second_factor(session, ada) != secret


def test_ten_failures_close_the_door_for_a_name_and_an_address(session: Session) -> None:
    for i in range(10):
        actions.begin_attempt(session, [("name", "ada"), ("address", f"10.0.0.{i}")], now=NOW)
    with pytest.raises(TooManyError) as told:
        actions.begin_attempt(session, [("name", "ADA"), ("address", "10.1.1.1")], now=NOW)
    assert told.value.seconds == 300
    for i in range(10):
        actions.begin_attempt(session, [("name", f"n{i}"), ("address", "10.9.9.9")], now=NOW)
    with pytest.raises(TooManyError):
        actions.begin_attempt(session, [("name", "new"), ("address", "10.9.9.9")], now=NOW)
    actions.begin_attempt(session, [("name", "ada")], now=NOW + timedelta(minutes=5, seconds=1))


def test_a_right_attempt_does_not_count_and_old_ones_go(session: Session) -> None:
    for _ in range(30):
        actions.forget_attempt(session, actions.begin_attempt(session, [("name", "a")], now=NOW))
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0
    actions.begin_attempt(session, [("name", "a")], now=NOW)
    actions.begin_attempt(session, [("name", "a")], now=NOW + timedelta(days=2))
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_an_invitation_works_once_for_three_days(session: Session) -> None:
    review = session.scalar(sa.text("SELECT id FROM review"))
    made, secret = invitations.invite(
        session, review, role=Role.REVIEWER, note="Ben", by="ada", now=NOW
    )
    assert secret not in str(session.execute(sa.text("SELECT * FROM invitation")).all())
    assert secret not in str(session.execute(sa.text("SELECT * FROM event")).all())
    with pytest.raises(NotFoundError):
        invitations.invitation_of(session, secret, NOW + timedelta(hours=72))
    with pytest.raises(NotFoundError):
        invitations.invitation_of(session, secret + "x", NOW)
    found = invitations.invitation_of(session, secret, NOW + timedelta(hours=71))
    ben = person_called(session, "ben")
    invitations.accept(session, found, ben, now=NOW)
    assert role_of(session, review, "ben") is Role.REVIEWER
    with pytest.raises(NotFoundError):
        invitations.invitation_of(session, secret, NOW)
    with pytest.raises(NotFoundError):
        invitations.withdraw(session, review, made.id, now=NOW)


def test_an_invitation_takes_no_role_away(session: Session) -> None:
    review = session.scalar(sa.text("SELECT id FROM review"))
    _, secret = invitations.invite(session, review, role=Role.VIEWER, note=None, by="x", now=NOW)
    found = invitations.invitation_of(session, secret, NOW)
    with pytest.raises(InvalidDataError, match="already, as lead"):
        invitations.accept(session, found, person_called(session, "ada"), now=NOW)


def test_a_lead_opens_no_account_that_is_somebodys_or_in_other_reviews(session: Session) -> None:
    review = session.scalar(sa.text("SELECT id FROM review"))
    ben = person_called(session, "ben")
    with pytest.raises(NotFoundError):
        invitations.open_door_for_member(session, review, ben, by="ada", now=NOW)
    join_review(session, review_id=review, person=ben, role=Role.REVIEWER)
    _, first = invitations.open_door_for_member(session, review, ben, by="ada", now=NOW)
    _, second = invitations.open_door_for_member(session, review, ben, by="ada", now=NOW)
    with pytest.raises(NotFoundError):
        invitations.invitation_of(session, first, NOW)
    with pytest.raises(NotAllowedError):
        invitations.accept(
            session, invitations.invitation_of(session, second, NOW),
            person_called(session, "cleo"), now=NOW,
        )  # fmt: skip
    other = new_review(session, ReviewSpec(slug="q", title="Q"), owner="zoe")
    join_review(session, review_id=other.id, person=ben, role=Role.LEAD)
    with pytest.raises(NotAllowedError):
        invitations.open_door_for_member(session, review, ben, by="ada", now=NOW)
    cleo = person_called(session, "cleo")
    join_review(session, review_id=review, person=cleo, role=Role.REVIEWER)
    actions.set_password(session, cleo, HASH, now=NOW)
    with pytest.raises(NotAllowedError):
        invitations.open_door_for_member(session, review, cleo, by="ada", now=NOW)


def test_nothing_that_lets_somebody_in_is_stored_or_in_the_history(session: Session) -> None:
    ada = person_called(session, "ada")
    actions.set_password(session, ada, HASH, now=NOW)
    cookie = open_session(session, ada)
    token = actions.make_token(session, ada, name="R", scope=Scope.WRITE, now=NOW, lasts=None)
    session.flush()
    tables = ("sign_in", "api_token", "credential", "event")
    stored = str([session.execute(sa.text(f"SELECT * FROM {t}")).all() for t in tables])
    assert cookie not in stored
    assert token not in stored
    assert "four plain words" not in stored
    events = str(session.execute(sa.text("SELECT * FROM event")).all())
    assert "argon2" not in events
    assert "set-password" in events
    assert session.scalar(sa.select(SignIn.id)) is not None


def test_who_signs_in_by_address_is_one_person(session: Session) -> None:
    ada, ben = person_called(session, "ada"), person_called(session, "ben")
    ada.email = "Ada@example.org"
    session.flush()
    found = queries.person_to_sign_in(session, " ada@EXAMPLE.org ")
    assert found is not None
    assert found.id == ada.id
    ben.email = "ada@example.org"
    session.flush()
    assert queries.person_to_sign_in(session, "ada@example.org") is None
    assert queries.person_to_sign_in(session, "nobody") is None
