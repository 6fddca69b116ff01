"""What another site, another session or no page at all sends, changes nothing (T16)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from review.people.accounts.rules import IDLE, SESSION, Scope
from review.people.rules import Deed
from review.web.pages.door import within
from review.web.security import HEADERS
from tests.web.conftest import ORIGIN, PASSWORD, Team, Watched
from tests.web.test_matrix import ALL, _address

UNSAFE = [route for route in ALL if route.methods != {"GET"}]

FORGED: dict[str, dict[str, str]] = {
    "no token": {},
    "another's token": {"x-token": "OTHER"},
    "another site says the browser": {"x-token": "OWN", "sec-fetch-site": "cross-site"},
    "a neighbour says the browser": {"x-token": "OWN", "sec-fetch-site": "same-site"},
    "another origin": {"x-token": "OWN", "origin": "https://evil.example"},
    "no origin at all": {"x-token": "OWN", "origin": "null"},
    "plain text": {"content-type": "text/plain"},
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_form_changes_nothing(watched: tuple[Team, Watched], how: str) -> None:
    team, file = watched
    tokens = {"OWN": team.form_token("lead"), "OTHER": team.form_token("viewer")}
    for route in UNSAFE:
        if route.deed is Deed.ENTER and how in ("no token", "another's token", "plain text"):
            continue  # nobody is known at the door: where it comes from is what counts
        client = team.client("lead")
        client.headers.update({k: tokens.get(v, v) for k, v in FORGED[how].items()})
        before = file.version()
        (method,) = route.methods or {"POST"}
        answer = client.request(method, _address(route), content=b"role=viewer&password=x")
        assert answer.status_code == 403, (method, route.path, answer.text)
        assert file.version() == before, route.path


def test_what_is_sent_is_not_done_by_looking(watched: tuple[Team, Watched]) -> None:
    team, file = watched
    looked_at = {route.path for route in ALL if route.methods == {"GET"}}
    client = team.client("lead")
    before = file.version()
    for route in UNSAFE:
        if route.path not in looked_at:
            assert client.get(_address(route)).status_code in (404, 405), route.path
    assert file.version() == before


def _sign_in(team: Team, who: str, password: str = PASSWORD, **headers: str) -> TestClient:
    client = team.client()
    client.headers.update(headers)
    answer = client.post("/sign-in", data={"name": who, "password": password, "next": "/"})
    assert answer.status_code == 303, answer.text
    return client


def test_a_cookie_that_was_there_before_is_not_the_sessions(team: Team) -> None:
    client = team.client(cookie="planted")
    client.post("/sign-in", data={"name": "lead", "password": PASSWORD})
    found = [cookie for cookie in client.cookies.jar if cookie.name == "__Host-review"]
    assert [cookie.value for cookie in found] != ["planted"]
    assert team.client(cookie="planted").get("/").status_code == 303


def test_cookies_are_of_this_host_over_tls_and_no_script_reads_them(team: Team) -> None:
    answer = team.client().post("/sign-in", data={"name": "lead", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-review=")
    for attribute in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert attribute in cookie
    assert "domain" not in cookie.lower()
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_who_signs_out_is_out(team: Team) -> None:
    client = _sign_in(team, "reviewer")
    assert client.get("/r/alliance").status_code == 200
    old = client.cookies["__Host-review"]
    token = client.get("/session").json()["token"]
    assert client.post("/sign-out", data={"token": token}).headers["location"] == "/sign-in"
    assert team.client(cookie=old).get("/r/alliance").status_code == 303


def test_signing_in_anew_ends_the_session_of_the_same_browser(team: Team) -> None:
    client = _sign_in(team, "reviewer")
    old = client.cookies["__Host-review"]
    client.post("/sign-in", data={"name": "reviewer", "password": PASSWORD})
    assert client.cookies["__Host-review"] != old
    assert team.client(cookie=old).get("/account").status_code == 303


def test_a_session_ends_by_idleness_and_by_age(team: Team) -> None:
    client = _sign_in(team, "reviewer")
    team.wait(IDLE - timedelta(seconds=1))
    assert client.get("/account").status_code == 200
    team.wait(IDLE)
    assert client.get("/account").status_code == 303
    client = _sign_in(team, "reviewer")
    for _ in range(int(SESSION / timedelta(minutes=20)) - 1):
        team.wait(timedelta(minutes=20))
        assert client.get("/session").status_code == 200
    team.wait(timedelta(minutes=20))
    assert client.get("/session").status_code == 303


def test_a_change_of_role_brings_a_new_cookie_and_kills_the_old(team: Team) -> None:
    lead, member = team.client("lead"), team.client("viewer")
    token = team.form_token("lead")
    assert member.get("/r/alliance").status_code == 200
    done = lead.post(
        "/r/alliance/people/viewer/role", data={"token": token, "role": "reviewer", "reason": "x"}
    )
    assert done.status_code == 303, done.text
    form_token = team.form_token("viewer")
    answer = member.get("/r/alliance")
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("__Host-review=")
    assert team.client("viewer").get("/r/alliance").status_code == 303
    assert member.get("/session").json()["token"] == form_token  # open forms still work


def test_a_new_password_ends_the_other_browsers(team: Team) -> None:
    here, there = _sign_in(team, "reviewer"), _sign_in(team, "reviewer")
    token = here.get("/session").json()["token"]
    new = "five other plain words"
    wrong = {"token": token, "current": "x", "password": new, "again": new}
    assert here.post("/account/password", data=wrong).status_code == 422
    done = here.post("/account/password", data={**wrong, "current": PASSWORD})
    assert done.status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    _sign_in(team, "reviewer", new)
    assert team.client().post(
        "/sign-in", data={"name": "reviewer", "password": PASSWORD}
    ).status_code == 401  # fmt: skip


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:x",
        "evil", "/\t/evil.example", "///evil.example", "",
    ],
)  # fmt: skip
def test_after_signing_in_one_stays_here(team: Team, evil: str) -> None:
    assert within(evil) == "/"
    answer = team.client().post(
        "/sign-in", data={"name": "lead", "password": PASSWORD, "next": evil}
    )
    assert answer.headers["location"] == "/"
    assert within("/r/alliance?run=3#top") == "/r/alliance?run=3#top"


def test_a_token_opens_the_api_alone_and_reads_or_writes_as_it_says(team: Team) -> None:
    client = team.client()
    client.headers["authorization"] = f"Bearer {team.token('lead', Scope.READ)}"
    assert client.get("/r/alliance").status_code == 403
    assert client.get("/api/v1/reviews").status_code == 200
    refused = client.post("/api/v1/reviews/alliance/invitations", json={"role": "viewer"})
    assert refused.status_code == 403
    client.headers["authorization"] = f"Bearer {team.token('lead', Scope.WRITE)}"
    made = client.post("/api/v1/reviews/alliance/invitations", json={"role": "viewer"})
    assert made.status_code == 201, made.text
    client.headers["authorization"] = "Bearer nonsense"
    assert client.get("/api/v1/reviews").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"), [("/r/alliance", 200), ("/nothing", 404), ("/r/other", 404)]
)
def test_errors_carry_the_policy_too(team: Team, path: str, status: int) -> None:
    answer = team.client("lead").get(path)
    assert answer.status_code == status
    assert HEADERS.items() <= dict(answer.headers).items()
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_that_is_too_large_is_refused(team: Team) -> None:
    client = team.client("lead")
    client.headers["x-token"] = team.form_token("lead")
    answer = client.post("/account/name", data={"display_name": "x" * 300_000})
    assert answer.status_code == 413

    def endless() -> object:
        for _ in range(400):
            yield b"display_name=" + b"x" * 1000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/account/name", content=endless(), headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_another_name_than_the_origins_is_refused(team: Team) -> None:
    client = team.client("lead")
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"host": "127.0.0.1"}).status_code == 400
    assert ORIGIN.endswith("review.example.org")
