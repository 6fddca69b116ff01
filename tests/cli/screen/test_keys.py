"""Screening by keys: pressed in a loop of its own, and once in a terminal of 80 columns."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import Result
from rich.console import Console

from review.cli.screen.keys import Desk, adjudicate_by_keys, screen_by_keys
from review.config import settings
from review.db import Database
from review.history.actions import writing
from review.protocol.actions import add_outcome
from review.protocol.specs import OutcomeSpec
from review.screening import queries
from review.screening.lists import own_decisions
from review.screening.models import Hold
from review.screening.vocabulary import Stage, State, Verdict
from tests.joining import joined
from tests.loaded import PATIENCE
from tests.screening.builders import attributed, import_records, make_review, say, the_review

Press = Callable[..., str]


@pytest.fixture
def press(
    cli: Callable[..., Result], database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Press]:
    """Press keys as somebody: ``press("anna", "iue")``; return what the terminal showed."""
    make_review(database)
    with writing(database, attributed()) as session:
        review = the_review(session)
        add_outcome(session, review, OutcomeSpec(slug="bond", name="Working alliance"))
        for who in ("anna", "ben", "cleo"):
            joined(session, review, who)

    def run(
        who: str,
        keys: str,
        *,
        stage: Stage = Stage.TITLE_ABSTRACT,
        typed: str = "",
        loop: Callable[[Desk], None] = screen_by_keys,
    ) -> str:
        monkeypatch.setenv("REVIEW_ACTOR", who)
        settings.cache_clear()
        pressed = iter(keys)

        def key() -> str:
            try:
                return next(pressed)
            except StopIteration:
                raise KeyboardInterrupt from None

        out = io.StringIO()
        console = Console(file=out, force_terminal=True, width=80, height=24, highlight=False)
        with click.Context(click.Command("screen")):
            loop(Desk(None, stage, console, key, lambda _: typed))
        return out.getvalue()

    yield run
    settings.cache_clear()
    del cli


def said(database: Database, who: str, stage: Stage = Stage.TITLE_ABSTRACT) -> dict[int, str]:
    with database.reading() as session:
        found = own_decisions(
            session, the_review(session), stage=stage, person=queries.person_of(session, who)
        )
        return {record: decision.verdict.value for record, decision in found.items()}


def test_a_key_a_decision_and_the_next_record_comes(press: Press, database: Database) -> None:
    abstracts = ["The working alliance.", "", ""]
    records = import_records(database, ["One", "Two", "Three"], abstracts=abstracts)
    shown = press("anna", "iem")
    assert list(said(database, "anna").items()) == [
        (records[0], "include"), (records[1], "exclude"), (records[2], "maybe"),
    ]  # fmt: skip
    assert "\x1b[1;30;43mworking alliance\x1b[0m" in shown  # a word of the protocol
    assert "Nothing wants your decision on title and abstract." in shown
    assert "3 records still wait for other reviewers: review screen status" in shown
    assert "3 decisions made." in shown
    with database.reading() as session:
        over = datetime.now(UTC)
        assert [hold for hold in session.scalars(sa.select(Hold)) if hold.until > over] == []


def test_a_retraction_stands_before_the_title(
    press: Press, cli: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "retracted.ris"
    file.write_text(
        "TY  - JOUR\nTI  - RETRACTED: A trial of letters\nPY  - 2019\nER  - \n"
        "TY  - JOUR\nTI  - Another trial\nPY  - 2019\nER  - \n"
    )
    cli("import", file)
    numbers = [row["id"] for row in json.loads(cli("records", "list", "--json").stdout)]
    shown = press("anna", "q")
    assert "[RETRACTED] RETRACTED: A trial of letters" in shown
    handed = cli("screen", "next", "--limit", "2").output
    assert f"Record {numbers[0]}: [RETRACTED] RETRACTED: A trial of letters" in handed
    assert f"Record {numbers[1]}: Another trial" in handed
    assert "[RETRACTED]" in cli("screen", "show", numbers[0]).output
    served = json.loads(cli("screen", "next", "--limit", "2", "--json").stdout)
    assert [card["warning"] for card in served["records"]] == ["RETRACTED", None]


def test_undo_takes_back_and_shows_the_record_again(press: Press, database: Database) -> None:
    one, two = import_records(database, ["One", "Two"])
    shown = press("anna", "iuee")
    assert "Taken back: include of record" in shown
    assert said(database, "anna") == {one: "exclude", two: "exclude"}
    with database.reading() as session:
        assert len(queries.decisions_on(session, one, Stage.TITLE_ABSTRACT)) == 2


def test_undo_reaches_back_to_undecided(press: Press, database: Database) -> None:
    one, _ = import_records(database, ["One", "Two"])
    press("anna", "iuq")
    assert said(database, "anna") == {}
    press("anna", "i")
    assert said(database, "anna") == {one: "include"}


def test_notes_reasons_and_skipping(press: Press, database: Database) -> None:
    one, two, three = import_records(database, ["One", "Two", "Three"])
    shown = press("anna", "nsr2ni", typed="check the dose")
    assert "  2  wrong comparator" in shown
    assert said(database, "anna") == {two: "exclude", three: "include"}
    assert "1 record skipped" in shown
    with database.reading() as session:
        (decision,) = queries.decisions_on(session, three, Stage.TITLE_ABSTRACT)
        assert decision.note == "check the dose"
        (decision,) = queries.decisions_on(session, two, Stage.TITLE_ABSTRACT)
        assert (decision.reason and decision.reason.label) == "wrong comparator"
    press("anna", "i")
    assert said(database, "anna")[one] == "include"


def test_a_reason_that_is_not_chosen_decides_nothing(press: Press, database: Database) -> None:
    import_records(database, ["One"])
    assert "nothing was decided" in press("anna", "r\x1bq")
    assert said(database, "anna") == {}


def test_what_waits_elsewhere_is_said(press: Press, database: Database) -> None:
    one, two = import_records(database, ["One", "Two"])
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, one)
    say(database, "anna", Verdict.INCLUDE, two)
    say(database, "ben", Verdict.EXCLUDE, two)
    shown = press("anna", "")
    assert "1 report awaits retrieval: review flow --list awaiting_retrieval" in shown
    assert "1 conflict on title and abstract awaits a third person" in shown


def test_conflicts_are_settled_by_keys(press: Press, database: Database) -> None:
    one, two = import_records(database, ["One", "Two"])
    for record in (one, two):
        say(database, "anna", Verdict.INCLUDE, record)
        say(database, "ben", Verdict.EXCLUDE, record)
    nothing = press("ben", "", loop=adjudicate_by_keys)
    assert "No conflict on title and abstract is left for ben to settle." in nothing
    shown = press("cleo", "iue", loop=adjudicate_by_keys)
    assert "anna: \x1b[32minclude" in shown
    with database.reading() as session:
        now = queries.ledger(session, the_review(session))
        assert now.standing(Stage.TITLE_ABSTRACT, one).state is State.EXCLUDED
        assert now.standing(Stage.TITLE_ABSTRACT, two).state is State.CONFLICT
    press("cleo", "i", loop=adjudicate_by_keys)
    with database.reading() as session:
        now = queries.ledger(session, the_review(session))
        assert now.standing(Stage.TITLE_ABSTRACT, two).state is State.INCLUDED


def test_without_a_terminal_the_way_is_said(cli: Callable[..., Result], database: Database) -> None:
    make_review(database)
    assert "needs a terminal" in cli("screen", status=2).output


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_in_a_terminal(database: Database) -> None:
    make_review(database)
    with writing(database, attributed()) as session:
        joined(session, the_review(session), "anna")
    import_records(database, ["One", "Two"], abstracts=["word " * 600, "short"])
    environment = {
        **os.environ, "REVIEW_DATABASE_URL": f"sqlite:///{database.file}", "REVIEW_ACTOR": "anna",
        "TERM": "xterm", "COLUMNS": "80", "LINES": "24",
    }  # fmt: skip
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "review", "screen"]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    seen = ""

    def until(words: str) -> None:
        nonlocal seen
        begun = time.monotonic()
        while words not in seen:
            assert time.monotonic() - begun < 60, seen
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536).decode(errors="replace")

    until("q leave")
    assert "more lines: space" in seen
    os.write(master, b"i")
    until("Record 1: include")
    os.write(master, b"ue")  # typed ahead: no key is lost
    until("Taken back")
    until("Record 1: exclude")
    os.write(master, b"uq")
    assert process.wait(PATIENCE) == 0
    os.close(master)
    assert said(database, "anna") == {}
