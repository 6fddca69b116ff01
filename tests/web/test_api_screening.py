"""Screening over the API: records out, decisions in; each is kept or refused by itself."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.screening.vocabulary import Verdict
from tests.screening.builders import import_records, make_review, say

HOME = "/api/v1/reviews/alliance/screening/title_abstract"


@pytest.fixture
def records(database: Database) -> list[int]:
    make_review(database)
    return import_records(database, ["One", "Two", "Three"])


def test_records_are_handed_out_decided_listed_and_taken_back(
    records: list[int], browser: TestClient
) -> None:
    browser.headers["x-token"] = _token(browser)
    handed = browser.get(f"{HOME}/next?limit=2").json()
    assert [one["record"] for one in handed["records"]] == records[:2]
    assert (handed["left"], handed["records"][0]["mine"]) == (3, None)
    sent = [
        {"record": records[0], "verdict": "include", "request": "a"},
        {"record": records[0] + 90, "verdict": "include"},
        {"record": records[1], "verdict": "exclude", "reason": "2", "note": "page 3"},
    ]
    done = browser.post(f"{HOME}/decisions", json={"decisions": sent}).json()
    assert done["decided"] == records[:2]
    assert [one["field"] for one in done["refused"]] == ["decisions.1"]
    again = browser.post(f"{HOME}/decisions", json={"decisions": sent[:1]}).json()
    assert (again["decided"], again["unchanged"]) == ([], records[:1])
    mine = browser.get(f"{HOME}/decisions?limit=1").json()
    assert mine["items"][0]["said"]["reason"] == "wrong comparator"
    older = browser.get(f"{HOME}/decisions", params={"cursor": mine["next"]}).json()
    assert [one["record"] for one in older["items"]] == records[:1]
    assert browser.delete(f"{HOME}/decisions/{records[0]}").json() == {"withdrawn": True}
    assert browser.delete(f"{HOME}/decisions/{records[0]}").json() == {"withdrawn": False}


def test_a_conflict_is_listed_with_both_sides_and_settled_by_a_third(
    records: list[int], database: Database, browser: TestClient
) -> None:
    browser.headers["x-token"] = _token(browser)
    say(database, "anna", Verdict.INCLUDE, records[0])
    say(database, "ben", Verdict.EXCLUDE, records[0])
    (conflict,) = browser.get(f"{HOME}/conflicts").json()["items"]
    assert [one["verdict"] for one in conflict["said"]] == ["include", "exclude"]
    settle = f"{HOME}/conflicts/{records[0]}"
    assert browser.post(settle, json={"verdict": "maybe"}).status_code == 422
    assert browser.post(settle, json={"verdict": "include"}).json() == {"changed": True}
    assert browser.post(settle, json={"verdict": "include"}).json() == {"changed": False}
    assert browser.get(f"{HOME}/conflicts").json() == {"items": [], "next": None}
    late = {"decisions": [{"record": records[0], "verdict": "include"}]}
    refused = browser.post(f"{HOME}/decisions", json=late).json()["refused"]
    assert "adjudicated" in refused[0]["message"]


def _token(browser: TestClient) -> str:
    return browser.get("/account").text.split('data-token="')[1].split('"')[0]
