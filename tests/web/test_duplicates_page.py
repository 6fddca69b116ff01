"""Duplicates in the browser: a card, its keys, undo."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from review.db import Database
from tests.citations.test_groups import alike as alike
from tests.citations.test_groups import state_of
from tests.web.test_uploads import token


def _form(client: TestClient, page: str, verdict: str, skip: str = "0") -> dict[str, object]:
    return {
        "token": token(client), "verdict": verdict, "skip": skip,
        "pair": re.findall(r'name="pair" value="(\d+)"', page),
        "same": re.findall(r'name="same" value="(\d+)"', page),
    }  # fmt: skip


def test_a_card_is_settled_put_off_and_taken_back(alike: Database, browser: TestClient) -> None:
    before = state_of(alike)
    page = browser.get("/r/synthetic/duplicates").text
    assert {key: f'aria-keyshortcuts="{key}"' in page for key in "dns"} == dict.fromkeys(
        "dns", True
    )
    assert "<mark>" in page
    assert "Part I and part II are no duplicates" in page
    assert "You have put off all" in browser.get("/r/synthetic/duplicates?skip=900").text
    page = browser.post("/r/synthetic/duplicates", data=_form(browser, page, "different")).text
    assert "are different works" in page
    assert 'aria-keyshortcuts="z"' in page
    assert state_of(alike) != before
    undo = {"token": token(browser), "skip": "0"}
    assert browser.post("/r/synthetic/duplicates/undo", data=undo).status_code == 200
    assert state_of(alike) == before
    assert browser.post("/r/synthetic/duplicates/undo", data=undo).status_code == 422


def test_odd_forms_are_refused(alike: Database, browser: TestClient) -> None:
    before = state_of(alike)
    for odd in ({}, {"verdict": "maybe", "pair": "1"}, {"verdict": "duplicate", "pair": ["9" * 30]},
                {"verdict": "different", "pair": "x"}):  # fmt: skip
        answer = browser.post("/r/synthetic/duplicates", data={"token": token(browser), **odd})
        assert answer.status_code == 422, odd
    assert state_of(alike) == before


def test_a_program_lists_pairs_settles_them_and_takes_that_back(
    alike: Database, browser: TestClient
) -> None:
    del alike
    home, browser.headers["x-token"] = "/api/v1/reviews/synthetic/duplicates", token(browser)
    first = browser.get(home, params={"state": "open", "limit": 1}).json()["items"]
    number = first[0]["id"]
    for verdict, state in (("duplicate", "linked"), ("different", "different"),
                           ("undecided", "open")):  # fmt: skip
        said = browser.post(f"{home}/{number}", json={"verdict": verdict, "reason": "looked"})
        assert (said.status_code, said.json()["state"]) == (200, state), said.text
    assert browser.get(home, params={"state": "open", "limit": 1}).json()["items"][0] == said.json()
    assert browser.post(f"{home}/{number}", json={"verdict": "undecided"}).status_code == 422
    assert browser.post(f"{home}/999999", json={"verdict": "duplicate"}).status_code == 404
