"""Somebody at the pages: the one person of a machine, and a team behind https."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database, database_at
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.people.accounts import actions, queries
from review.people.accounts.rules import IDLE, SESSION, Scope
from review.people.accounts.secrets import hasher
from review.people.actions import close_account, join_review, person_called
from review.people.rules import Role
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.conftest import NOW, Prepared
from tests.living.fixture import begin, enter

KEY = "the-key-of-this-start"
ORIGIN = "https://review.example.org"
PASSWORD = "four plain words"


@contextmanager
def at_home(database: Database) -> Iterator[TestClient]:
    """The person of this machine, called tester, who has opened the printed address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW_ACTOR", "tester")
        settings.cache_clear()
        app = create_app(database, WebSettings(key=KEY))
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            client.get(f"/enter?key={KEY}")
            yield client
    settings.cache_clear()


@pytest.fixture
def browser(database: Database) -> Iterator[TestClient]:
    """The person of this machine, on a database of each kind."""
    with at_home(database) as client:
        yield client


@pytest.fixture
def reader(delivery: Database) -> Iterator[TestClient]:
    """The person of this machine, reading cbt-delivery."""
    with at_home(delivery) as client:
        yield client


@pytest.fixture
def stranger(browser: TestClient) -> Callable[[], TestClient]:
    """Make another browser on the same program, without the key."""
    return lambda: TestClient(browser.app, base_url="http://127.0.0.1:8000")


@dataclass
class Team:
    """Reviews ``alliance`` and ``other`` with a member of each role, behind https.

    Handles are the roles; ``closed`` is a reviewer whose account is closed, ``zoe`` is lead of the
    other review. Everybody's password is the same.
    """

    app: FastAPI
    database: Database
    cookies: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW

    def client(self, who: str | None = None, *, cookie: str | None = None) -> TestClient:
        """Return a browser in which somebody is signed in, None for nobody."""
        client = TestClient(self.app, base_url=ORIGIN, follow_redirects=False)
        found = cookie if who is None else self.cookies[who]
        if found is not None:
            client.cookies.set("__Host-review", found, domain="review.example.org")
        client.headers["origin"] = ORIGIN
        return client

    def form_token(self, who: str) -> str:
        """Return what the forms of somebody's session carry."""
        with self.database.reading() as session:
            row = queries.session_of(session, self.cookies[who], self.now)
            assert row is not None
            return row.form_token

    def token(self, who: str, scope: Scope) -> str:
        """Make a token for a script."""
        with writing(self.database, Attribution(actor=who, at=self.now)) as session:
            person = person_called(session, who)
            return actions.make_token(
                session, person, name="R", scope=scope, now=self.now, lasts=timedelta(days=1)
            )

    def wait(self, time: timedelta) -> None:
        """Let time go by."""
        self.now += time


@cache
def _stored() -> str:
    return hasher().hash(PASSWORD)


def team_on(database: Database) -> Team:
    """Make the reviews, the people, their accounts and a session for each."""
    return _behind_https(database, _people(database))


def _behind_https(database: Database, cookies: Mapping[str, str]) -> Team:
    app = create_app(database, WebSettings(origin=ORIGIN))
    team = Team(app, database, dict(cookies))
    app.state.now = lambda: team.now
    return team


def _people(database: Database) -> dict[str, str]:
    cookies = {}
    with writing(database, Attribution(actor="lead", at=NOW)) as session:
        alliance = new_review(session, ReviewSpec(slug="alliance", title="Alliance"), owner="lead")
        new_review(session, ReviewSpec(slug="other", title="Other"), owner="zoe")
        for role in Role:
            if role is not Role.LEAD:
                person = person_called(session, role.value)
                join_review(session, review_id=alliance.id, person=person, role=role)
        closed = person_called(session, "closed")
        join_review(session, review_id=alliance.id, person=closed, role=Role.REVIEWER)
        for who in (*Role, "zoe", "closed"):
            person = person_called(session, str(who))
            actions.set_password(session, person, _stored(), now=NOW)
            cookies[str(who)] = actions.start_session(
                session, person, now=NOW, lasts=SESSION, idle=IDLE, browser="test", address="::1"
            )
        close_account(session, "closed", because="left the group", now=NOW)
    return cookies


@pytest.fixture
def team(database: Database, prepared: Prepared[dict[str, str]]) -> Team:
    """The team, on both databases."""
    return _behind_https(database, prepared(lambda: _people(database)))


@pytest.fixture
def pooled(database: Database, by: Attribution, prepared: Prepared[None]) -> None:
    """A review of made-up trials, pooled once."""

    def make() -> None:
        begin(database, by)
        enter(database, by, range(1, 6))
        repool(database, actor="tester", now=lambda: NOW)

    prepared(make)


@pytest.fixture
def lead(pooled: None, browser: TestClient) -> TestClient:
    """The owner of that review."""
    del pooled  # before anybody enters
    return browser


class Watched:
    """A SQLite file whose every commit by somebody else is seen."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file)

    def version(self) -> int:
        """Return a number that changes with every commit."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])


@pytest.fixture(scope="module")
def watched(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Team, Watched]]:
    """The team on a file, and what sees whether anything was written to it."""
    file = tmp_path_factory.mktemp("watched") / "review.db"
    shutil.copy(sqlite_template, file)
    database = database_at(f"sqlite:///{file}")
    team = team_on(database)
    seen = Watched(file)
    with closing(seen.connection):
        yield team, seen
    database.close()
