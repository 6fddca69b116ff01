"""Risk of bias on pages and through the API: two people, blind, and a third."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from review.extraction.appraisal.actions import adopt_tool
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.models import Study
from review.history.actions import Attribution, writing
from review.protocol.actions import add_outcome
from review.protocol.queries import review_called
from review.protocol.specs import OutcomeSpec
from tests.conftest import NOW
from tests.extraction.appraisal.samples import CLEAN
from tests.web.conftest import Team

TYPED = {f"answer-{number}": answer for number, answer in CLEAN.items()}
PAGE = "/r/alliance/s/1/rob/rob2-parallel"
API = "/api/v1/reviews/alliance/studies/1/appraisals/rob2-parallel"


@pytest.fixture
def appraising(team: Team) -> Team:
    """The team with a study and a tool."""
    with writing(team.database, Attribution(actor="lead", review="alliance", at=NOW)) as session:
        review = review_called(session, "alliance")
        add_outcome(session, review, OutcomeSpec(slug="panic", name="Panic"))
        session.add(Study(id=1, review_id=review.id, label="Day (2002)"))
        session.flush()
        adopt_tool(session, review, shipped_tool("rob2-parallel"), now=NOW)
    return team


def _client(team: Team, who: str) -> TestClient:
    client = team.client(who)
    client.headers["x-token"] = team.form_token(who)
    return client


def _send(team: Team, who: str, fields: dict[str, str], do: str = "finish", **more: str) -> Any:
    return _client(team, who).post(PAGE, data={"outcome": "panic", "do": do, **more, **fields})


def test_two_judge_blind_and_a_third_settles(appraising: Team) -> None:
    team = appraising
    assert "which result?" in team.client("reviewer").get(PAGE).text
    assert _send(team, "reviewer", {**TYPED, "why-1.1": "a secret word"}).status_code == 303
    other = team.client("adjudicator").get(f"{PAGE}?outcome=panic").text
    assert "judged by reviewer (1 of 2)" in other
    assert "a secret word" not in other
    assert "Not to be seen yet" in team.client("viewer").get(f"{PAGE}?outcome=panic").text
    assert _send(team, "adjudicator", {**TYPED, "answer-1.2": "N"}).status_code == 303
    seen = team.client("viewer").get(f"{PAGE}?outcome=panic").text
    assert "a secret word" in seen
    assert "Settle" not in seen
    late = _send(team, "statistician", TYPED)
    assert late.status_code == 422
    assert "what is to change is a consensus" in late.text
    settle = team.client("lead").get(f"{PAGE}?outcome=panic&settle=true").text
    assert settle.count("differs</span>") >= 2
    nameless = _send(team, "lead", TYPED, settling="true")
    assert nameless.status_code == 422
    assert 'id="reason-wrong"' in nameless.text
    done = _send(team, "lead", TYPED, settling="true", reason="sealed envelopes")
    assert done.headers["location"] == f"{PAGE}?outcome=panic"
    shown = team.client("viewer").get(f"{PAGE}?outcome=panic").text
    assert "sealed envelopes" in shown
    assert "overall <b>Low</b>" in shown
    assert 'aria-label="Low"' in team.client("viewer").get("/r/alliance/rob").text


def test_all_that_is_missing_is_said_beside_its_question_and_nothing_typed_is_lost(
    appraising: Team,
) -> None:
    fields = {**TYPED, "answer-1.1": "", "judgement-D5": "high", "why-3.1": "kept text"}
    refused = _send(appraising, "reviewer", fields)
    assert refused.status_code == 422
    for place in ("1.1-wrong", "D5-wrong"):
        assert f'id="{place}"' in refused.text
    assert "kept text" in refused.text
    assert 'id="judgement-D5-high" name="judgement-D5" value="high" checked' in refused.text


def test_a_draft_of_another_window_is_409_with_what_was_typed(appraising: Team) -> None:
    assert _send(appraising, "reviewer", {"answer-1.1": "Y"}, do="save").status_code == 303
    stale = _send(appraising, "reviewer", {"answer-1.1": "N", "why-1.1": "mine"}, do="save")
    assert stale.status_code == 409
    assert "another window" in stale.text
    assert "mine" in stale.text
    again = appraising.client("reviewer").get(f"{PAGE}?outcome=panic").text
    assert 'id="answer-1.1-Y" name="answer-1.1" value="Y" checked' in again
    assert _send(appraising, "reviewer", {}, do="discard").status_code == 303
    assert "Nothing saved yet" in appraising.client("reviewer").get(f"{PAGE}?outcome=panic").text


def test_programs_keep_a_draft_read_what_follows_and_hand_in(appraising: Team) -> None:
    mine, other = _client(appraising, "reviewer"), _client(appraising, "adjudicator")
    body = {"outcome": "panic", "fields": {"answer-2.1": "N", "answer-2.2": "N", "answer-2.6": "Y"}}
    told = mine.put(f"{API}/draft", json=body).json()
    by_key = {one["key"]: one for one in told["domains"]}
    assert (by_key["D2"]["proposed"], by_key["D2"]["asked"]) == ("Low", ["2.1", "2.2", "2.6"])
    assert by_key["D1"]["unanswered"] == ["1.1", "1.2", "1.3"]
    assert by_key["Overall"]["judged"] is None
    assert mine.put(f"{API}/draft", json=body).status_code == 409
    assert mine.get(API, params={"outcome": "panic"}).json()["given"] == body["fields"]
    assert other.get(API, params={"outcome": "panic"}).json()["given"] == {}
    half = mine.post(API, json={**body, "version": told["version"]})
    assert half.status_code == 422
    assert "D1: its questions have no answers" in half.json()["detail"]
    done = mine.post(API, json={**body, "fields": TYPED, "version": told["version"]})
    assert done.json() == {"new": True}
    (task,) = other.get("/api/v1/reviews/alliance/appraisals").json()["items"]
    assert (task["todo"], task["finished_by"], task["overall"]) == ("assess", ["reviewer"], None)
    assert "Low" not in other.get(API, params={"outcome": "panic"}).json()["state"]
    viewer = _client(appraising, "viewer")
    assert viewer.put(f"{API}/draft", json=body).status_code == 403


def test_what_waits_is_said_on_the_first_page(appraising: Team) -> None:
    assert "risk of bias of 1 result" in appraising.client("reviewer").get("/r/alliance").text
    assert "risk of bias of" not in appraising.client("viewer").get("/r/alliance").text
