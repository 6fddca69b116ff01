"""Guessing passwords and codes, with a clock of our own (T17)."""

from __future__ import annotations

import json
import logging
import statistics
import time
from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Final

import pyotp
import pytest

from review.db import Database
from review.errors import TooManyError
from review.people.accounts.actions import begin_attempt
from review.people.accounts.secrets import password_is
from review.web.app import create_app
from review.web.logs import Lines
from review.web.settings import WebSettings
from tests.conftest import NOW
from tests.tiers import MOSTLY_ON_SQLITE, WHOLE
from tests.web.conftest import ORIGIN, PASSWORD, Team


def _guess(team: Team, name: str, password: str, address: str = "203.0.113.1") -> int:
    client = team.client()
    client.headers["x-forwarded-for"] = address
    return client.post("/sign-in", data={"name": name, "password": password}).status_code


def test_a_name_has_ten_wrong_tries_in_five_minutes(team: Team) -> None:
    assert [_guess(team, "lead", f"guess {i}") for i in range(12)] == [401] * 10 + [429] * 2
    assert _guess(team, "lead", PASSWORD) == 429  # right or wrong: nobody learns it
    assert team.client("lead").get("/r/alliance").status_code == 200  # who is in stays in
    team.wait(timedelta(minutes=5, seconds=1))
    assert team.client("lead").get("/r/alliance").status_code == 200
    assert _guess(team, "lead", PASSWORD) == 303


def test_an_address_has_ten_wrong_tries_whatever_the_names(team: Team) -> None:
    assert [_guess(team, f"name{i}", "x") for i in range(11)] == [401] * 10 + [429]
    assert _guess(team, "lead", PASSWORD) == 429


def test_what_nobody_said_is_a_proxy_is_no_other_address(team: Team) -> None:
    told = [_guess(team, f"name{i}", "x", address=f"198.51.100.{i}") for i in range(11)]
    assert told == [401] * 10 + [429]


def test_limits_are_shared_by_workers_and_outlive_a_restart(team: Team) -> None:
    for i in range(10):
        assert _guess(team, "lead", f"guess {i}") == 401
    another = Team(create_app(team.database, WebSettings(origin=ORIGIN)), team.database)
    another.app.state.now = lambda: team.now
    assert _guess(another, "lead", PASSWORD) == 429


GUESSES: Final = 1050 if WHOLE else 200
"""How often somebody guesses; all who do are counted by the same rows, whatever the address."""


@pytest.mark.parametrize(
    ("name", "address", "allowed"),
    [("lead", "1", 10), ("lead", "{}", 10), ("name{}", "1", 10), ("name{}", "{}", 1000)],
    ids=["one-address", "many-addresses", "spraying-from-one", "spraying-from-many"],
)
@MOSTLY_ON_SQLITE
def test_whoever_guesses_however_often_has_few_tries_in_any_five_minutes(
    database: Database, name: str, address: str, allowed: int
) -> None:
    """A thousand guesses a minute; the owner is let in as soon as five minutes are over."""
    let: list[datetime] = []
    guesses = max(GUESSES, allowed + 50)
    with database.transaction() as session:
        for guess in range(guesses):
            now = NOW + guess * timedelta(milliseconds=60)
            subjects = [("name", name.format(guess)), ("address", address.format(guess))]
            try:
                begin_attempt(session, [*subjects, ("all", "")], now=now)
            except TooManyError as error:
                assert 1 <= error.seconds <= 300  # noqa: PT017 -- of every guess but a few
            else:
                let.append(now)
        for place, first in enumerate(let):
            assert bisect_left(let, first + timedelta(minutes=5)) - place <= allowed
        times = int((guesses - 1) * 0.06 / 300) + 1
        assert len(let) == allowed * times
        later = let[-1] + timedelta(minutes=5, seconds=1)
        begin_attempt(session, [("name", "lead"), ("address", "1"), ("all", "")], now=later)


def test_many_tries_at_once_are_all_counted(team: Team) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda i: _guess(team, "lead", f"guess {i}"), range(24)))
    assert (told.count(401), told.count(429)) == (10, 14)


def test_retry_after_says_when_to_come_again(team: Team) -> None:
    for i in range(10):
        _guess(team, "lead", f"guess {i}")
    answer = team.client().post("/sign-in", data={"name": "lead", "password": "x"})
    assert answer.headers["retry-after"] == "300"
    assert "5 minutes" in answer.text


def test_closed_unknown_and_wrong_are_told_the_same(team: Team) -> None:
    pages = set()
    for name, password in (("nobody", PASSWORD), ("lead", "wrong"), ("closed", PASSWORD)):
        answer = team.client().post("/sign-in", data={"name": name, "password": password})
        assert answer.status_code == 401
        pages.add(answer.text.replace(f'value="{name}"', ""))
    assert len(pages) == 1


def test_a_name_that_is_not_there_takes_as_long(team: Team) -> None:
    del team

    def seconds(stored: str | None) -> float:
        times = []
        for _ in range(31 if WHOLE else 7):
            started = time.thread_time()
            password_is(stored, "a guess")
            times.append(time.thread_time() - started)
        return statistics.median(times)

    from review.people.accounts.secrets import hasher, nobodys_hash

    nobodys_hash()
    there, missing = seconds(hasher().hash(PASSWORD)), seconds(None)
    assert abs(there - missing) < 0.5 * there


def test_the_second_factor_has_five_tries(team: Team) -> None:
    lead = team.client("lead")
    token = {"token": team.form_token("lead")}
    shown = lead.post("/account/code", data=token).text
    secret = shown.split("<code>")[1].split("</code>")[0].replace(" ", "")
    codes = pyotp.TOTP(secret)
    done = lead.post("/account/code/confirm", data={**token, "code": codes.at(team.now)})
    assert "Spare codes" in done.text
    team.wait(timedelta(seconds=60))

    client = team.client()
    first = client.post("/sign-in", data={"name": "lead", "password": PASSWORD, "next": "/account"})
    assert first.headers["location"].startswith("/sign-in/code")
    assert client.get("/account").status_code == 303  # the password alone opens nothing
    told = [client.post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(6)]
    assert told == [401] * 5 + [429]
    right = {"code": codes.at(team.now), "next": "/account"}
    assert client.post("/sign-in/code", data=right).status_code == 429
    team.wait(timedelta(minutes=5, seconds=1))
    client.post("/sign-in", data={"name": "lead", "password": PASSWORD})
    right["code"] = codes.at(team.now)
    assert client.post("/sign-in/code", data=right).headers["location"] == "/account"
    assert client.get("/account").status_code == 200


def test_no_password_and_no_link_stands_in_the_log(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    made = team.client("lead").post(
        "/r/alliance/people/invitations",
        data={"token": team.form_token("lead"), "role": "viewer", "note": "Bo"},
    )
    link = made.text.split('<pre id="link">')[1].split("</pre>")[0]
    secret = link.rsplit("/", 1)[1]
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="review.web"):
        assert team.client().get(f"/invitation/{secret}").status_code == 200
        _guess(team, "lead", "a-password-typed\nin-vain")
        team.client("viewer").get("/r/alliance?x=%0Aforged")
    lines = [Lines().format(record) for record in caplog.records]
    assert len(lines) == 3
    assert all("\n" not in line and set(json.loads(line)) >= {"at", "request"} for line in lines)
    assert secret not in "".join(lines)
    assert "in-vain" not in "".join(lines)
    assert json.loads(lines[2])["who"] == "viewer"
    assert json.loads(lines[2])["review"] == "alliance"
