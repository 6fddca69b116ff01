"""How much a decision asks of the database: what was read once is not read again."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from review.config import settings
from review.db import Database, database_at
from review.history.actions import writing
from review.people.models import Membership
from review.people.queries import role_of
from review.people.rules import Role
from review.screening import queries
from review.screening.conduct import set_stage
from review.screening.vocabulary import Stage
from tests.joining import joined
from tests.screening.builders import attributed, make_review, the_review
from tests.web.test_blind_screening import HOME, _ben

A_DECISION, THE_NEXT = 32, 35
"""Statements, with those that admit the person and begin transactions, and with nine for labels and
notes on the records shown and one for copies of a record without an abstract; there were 78 and 45
without these."""


def test_a_decision_and_the_next_record_ask_little(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_ACTOR", "ben")
    settings.cache_clear()
    file = tmp_path / "review.db"
    shutil.copy(sqlite_template, file)
    with closing(database_at(f"sqlite:///{file}")) as own, _ben(own, "all in") as (ben, records):
        ben.ask(HOME)
        first = ben.statements
        ben.client.headers["x-part"] = "1"
        took = []
        for record in records[8:13]:
            shown = ben.ask(HOME, record=record, verdict="exclude")
            assert "data-record" in shown
            took.append(ben.statements)
        assert len(set(took[1:])) == 1
        assert max(took) <= A_DECISION
        assert first <= THE_NEXT


def test_what_is_kept_for_a_transaction_follows_what_is_written_in_it(database: Database) -> None:
    make_review(database)
    with writing(database, attributed()) as session:
        review = the_review(session)
        joined(session, review, "anna")
        assert role_of(session, review.id, "anna") is Role.REVIEWER
        assert queries.stage_rules(session, review)[Stage.FULL_TEXT].required == 2
        set_stage(session, review, Stage.FULL_TEXT, required=1, blind=True)
        assert queries.stage_rules(session, review)[Stage.FULL_TEXT].required == 1
        anna = session.scalars(sa.select(Membership).order_by(Membership.id.desc())).first()
        assert anna is not None
        anna.role = Role.VIEWER
        assert role_of(session, review.id, "anna") is Role.VIEWER
    with database.reading() as session:
        assert role_of(session, the_review(session).id, "anna") is Role.VIEWER
