"""``review people`` on both databases: joining is an act, and two names can be one person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result

from review.config import settings
from review.db import Database
from review.screening.vocabulary import Verdict
from tests.screening.builders import import_records, make_review, say

Team = Callable[..., Result]


@pytest.fixture
def team(
    cli: Callable[..., Result], database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """Run a command as somebody, None for nobody named; the owner is tester, four records wait."""
    make_review(database)
    import_records(database, [f"Title {i}" for i in range(4)])

    def run(who: str | None, *arguments: Any, status: int = 0) -> Result:
        if who is None:
            monkeypatch.delenv("REVIEW_ACTOR", raising=False)
        else:
            monkeypatch.setenv("REVIEW_ACTOR", who)
        settings.cache_clear()
        return cli(*map(str, arguments), status=status)

    yield run
    settings.cache_clear()


def roles(team: Team) -> dict[str, str]:
    found = json.loads(team("tester", "people", "list", "--json").stdout)
    return {row["name"]: row["role"] for row in found}


def test_whoever_makes_a_review_leads_it_and_nobody_else_is_in_it(team: Team) -> None:
    assert roles(team) == {"tester": "lead"}


def test_a_decision_makes_nobody_a_reviewer(team: Team) -> None:
    refused = team("anna", "screen", "decide", 1, "i", status=1)
    assert "review people add anna" in refused.output
    assert roles(team) == {"tester": "lead"}
    assert "anna is reviewer of alliance." in team("anna", "people", "add", "anna").output
    team("anna", "screen", "decide", 1, "i")
    near = team("ana", "screen", "decide", 1, "i", status=1)
    assert "did you mean anna?" in near.output
    assert roles(team) == {"anna": "reviewer", "tester": "lead"}


def test_a_name_that_is_nearly_anothers_is_asked_about(team: Team) -> None:
    team("tester", "people", "add", "anna")
    asked = team("tester", "people", "add", "ana", status=1)
    assert "did you mean anna?" in asked.output
    assert "review people add ana --new" in asked.output
    team("tester", "people", "add", "ana", "--new")
    assert set(roles(team)) == {"ana", "anna", "tester"}


@pytest.mark.parametrize(
    "judgement",
    [
        ("screen", "decide", "1", "include"),
        ("screen", "adjudicate", "1", "include"),
        ("screen", "next"),
        ("screen", "remove", "1", "--reason", "too old"),
        ("extract", "finish", "Day 2002"),
        ("extract", "reopen", "Day 2002", "--reason", "x"),
        ("extract", "resolve", "Day 2002"),
        ("grade", "rate", "alliance", "--design", "randomised"),
    ],
)
def test_nobody_judges_without_a_name(team: Team, judgement: tuple[str, ...]) -> None:
    refused = team(None, *judgement, status=1)
    assert "who are you?" in refused.output
    assert "export REVIEW_ACTOR=" in refused.output


@pytest.mark.parametrize(
    "change",
    [
        ("screen", "decide", "1", "include"),
        ("screen", "remove", "1", "--reason", "x"),
        ("screen", "retrieve", "1"),
        ("study", "exclude", "Day 2002", "--reason", "x"),
        ("outcome", "add", "mood", "--name", "Mood"),
        ("dedupe", "run"),
        ("people", "add", "vera", "--role", "lead"),
        ("people", "add", "friend"),
    ],
)
def test_a_viewer_changes_nothing(team: Team, change: tuple[str, ...]) -> None:
    team("tester", "people", "add", "vera", "--role", "viewer")
    assert "vera is viewer" in team("vera", *change, status=1).output


def test_a_viewer_does_not_import(team: Team, tmp_path: Any) -> None:
    team("tester", "people", "add", "vera", "--role", "viewer")
    file = tmp_path / "a.ris"
    file.write_text("TY  - JOUR\nTI  - One\nER  - \n")
    assert "vera is viewer" in team("vera", "import", file, status=1).output


def test_leads_make_leads_and_one_remains(team: Team) -> None:
    team("tester", "people", "add", "anna")
    assert "tester is lead and can change that" in team(
        "anna", "people", "add", "ben", "--role", "lead", status=1
    ).output.replace("\n", " ")
    assert "only lead" in team("tester", "people", "leave", "tester", status=1).output
    team("tester", "people", "add", "anna", "--role", "lead")
    team("tester", "people", "leave", "tester")
    assert roles(team) == {"anna": "lead", "tester": "viewer"}


def test_a_renamed_person_is_the_same(team: Team, database: Database) -> None:
    say(database, "anna", Verdict.INCLUDE, 1)
    assert "taken" in team("tester", "people", "rename", "anna", "tester", status=1).output
    team("tester", "people", "rename", "anna", "anna berg")
    shown = json.loads(team("anna berg", "screen", "show", 1, "--json").stdout)
    assert shown["card"]["mine"]["verdict"] == "include"
    assert "review people add anna" in team("anna", "screen", "decide", 1, "e", status=1).output
    history = team("tester", "history", "--entity", "person", "--json").stdout
    assert json.loads(history)[0]["old"] == {"handle": "anna"}


def test_two_names_of_one_person_count_once(team: Team, database: Database) -> None:
    say(database, "ana", Verdict.INCLUDE, 1, 2)
    say(database, "anna", Verdict.INCLUDE, 1, 3)
    say(database, "ben", Verdict.INCLUDE, 2)
    before = _decisions(database)
    merged = team("tester", "people", "merge", "ana", "anna", "--reason", "a slip")
    assert "record 1, title and abstract" in merged.output
    assert "record 2" not in merged.output
    assert _decisions(database) == before  # as it was written
    assert roles(team) == {"anna": "reviewer", "ben": "reviewer", "tester": "lead"}
    status = json.loads(team("tester", "screen", "status", "--json").stdout)
    assert status["decided_under_two_names"] == [{"stage": "title_abstract", "record": 1}]
    assert status["stages"][0]["states"] == {
        "awaiting": 3, "conflict": 0, "included": 1, "excluded": 0,
    }  # fmt: skip
    assert {s["who"]: s["decided"] for s in status["stages"][0]["reviewers"]} == {
        "anna": 3, "ben": 1, "tester": 0,
    }  # fmt: skip
    queue = json.loads(team("ben", "screen", "next", "-n", "9", "--json").stdout)
    assert [card["record"] for card in queue["records"]] == [1, 3, 4]
    told = team("ana", "screen", "decide", 4, "i", status=1)
    assert "export REVIEW_ACTOR=anna" in told.output
    assert "another name of anna" in team("tester", "people", "add", "ana", status=1).output
    assert team("tester", "verify").exit_code == 0


def test_agreement_is_between_persons_not_names(team: Team, database: Database) -> None:
    say(database, "ana", Verdict.INCLUDE, 1, 2)
    say(database, "anna", Verdict.EXCLUDE, 3)
    for record, verdict in ((1, Verdict.INCLUDE), (2, Verdict.EXCLUDE), (3, Verdict.EXCLUDE)):
        say(database, "ben", verdict, record)
    team("tester", "people", "merge", "ana", "anna", "--reason", "a slip")
    found = json.loads(team("tester", "screen", "agreement", "--json").stdout)
    assert [(p["first"], p["second"], p["kappa"]["n"]) for p in found["pairs"]] == [
        ("anna", "ben", 3)
    ]


def test_a_merged_person_neither_settles_their_own_conflict(team: Team, database: Database) -> None:
    say(database, "ana", Verdict.INCLUDE, 1)
    say(database, "ben", Verdict.EXCLUDE, 1)
    team("tester", "people", "add", "anna", "--new")
    team("tester", "people", "merge", "ana", "anna", "--reason", "a slip")
    refused = team("anna", "screen", "adjudicate", 1, "include", status=1)
    assert "third person" in refused.output


def _decisions(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT * FROM decision ORDER BY id"))
