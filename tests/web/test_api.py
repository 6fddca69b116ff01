"""The API: resources, pages of lists, problems, and whatever a program may send (T20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from review.errors import InvalidDataError
from review.people.accounts.rules import Scope
from review.web import jobs
from review.web.api.document import document
from review.web.api.shapes import cursor_of, cut, place_of
from tests.tiers import WHOLE
from tests.web.conftest import ORIGIN, Team, Watched


def _client(team: Team, who: str, scope: Scope = Scope.WRITE) -> TestClient:
    client = TestClient(team.app, base_url=ORIGIN, follow_redirects=False)
    client.headers["authorization"] = f"Bearer {team.token(who, scope)}"
    return client


def test_members_come_in_pages(team: Team) -> None:
    client = _client(team, "lead", Scope.READ)
    found: list[str] = []
    cursor = None
    for _ in range(10):
        page = client.get(
            "/api/v1/reviews/alliance/members", params={"limit": 4, "cursor": cursor or ""}
        ).json()
        found += [one["handle"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["adjudicator", "closed", "lead", "reviewer", "statistician", "viewer"]


def test_an_invitation_is_made_listed_and_taken_back(team: Team) -> None:
    client = _client(team, "lead")
    made = client.post("/api/v1/reviews/alliance/invitations", json={"role": "viewer", "note": "x"})
    assert made.status_code == 201
    assert made.json()["link"].startswith(f"{ORIGIN}/invitation/")
    listed = client.get("/api/v1/reviews/alliance/invitations").json()["items"]
    assert [one["number"] for one in listed] == [made.json()["number"]]
    assert "link" not in listed[0]
    path = f"/api/v1/reviews/alliance/invitations/{listed[0]['number']}"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404


def test_a_member_changes_and_leaves(team: Team) -> None:
    client = _client(team, "lead")
    path = "/api/v1/reviews/alliance/members/viewer"
    assert client.patch(path, json={"role": "statistician"}).json()["role"] == "statistician"
    assert client.delete(path).json()["role"] == "viewer"
    last = client.delete("/api/v1/reviews/alliance/members/lead")
    assert (last.status_code, last.json()["status"]) == (422, 422)
    assert "only lead" in last.json()["detail"]


def test_a_problem_says_what_is_wrong_where(team: Team) -> None:
    client = _client(team, "lead")
    wrong = client.post("/api/v1/reviews/alliance/invitations", json={"role": "king"})
    assert wrong.headers["content-type"] == "application/problem+json"
    body = wrong.json()
    assert (body["status"], body["errors"][0]["field"]) == (422, "role")
    assert body["request"] == wrong.headers["x-request-id"]
    mangled = client.post(
        "/api/v1/reviews/alliance/invitations", json={"role": "viewer", "note": "a\x00b"}
    )
    assert (mangled.status_code, "NUL" in mangled.json()["detail"]) == (422, True)
    nobody = TestClient(team.app, base_url=ORIGIN).get("/api/v1/reviews")
    assert (nobody.status_code, nobody.headers["www-authenticate"][:6]) == (401, "Bearer")
    assert client.get("/api/v1/reviews?cursor=x").status_code == 422
    assert client.get("/api/v1/nothing").json()["title"] == "Not found"


def test_a_job_is_asked_for_as_the_role_allows(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr(jobs, "start", lambda _database, number, **_by: started.append(number))
    refused = _client(team, "reviewer").post(
        "/api/v1/reviews/alliance/jobs", json={"kind": "repool"}
    )
    assert refused.status_code == 403
    client = _client(team, "statistician")
    asked = client.post("/api/v1/reviews/alliance/jobs", json={"kind": "repool"})
    assert asked.status_code == 202
    number = asked.json()["number"]
    assert started == [number]
    assert client.get(f"/api/v1/reviews/alliance/jobs/{number}").json()["outcome"] is None
    busy = client.post("/api/v1/reviews/alliance/jobs", json={"kind": "repool"})
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
    assert client.get(f"/api/v1/reviews/alliance/jobs/{number}/file").status_code == 404
    listed = client.get("/api/v1/reviews/alliance/jobs").json()
    assert [one["number"] for one in listed["items"]] == [number]


def test_cursors_are_of_their_list() -> None:
    assert place_of(cursor_of("a"), str) == ("a",)
    assert place_of("", str) is None
    for wrong in ("x", cursor_of(3), cursor_of("a", 2), "é", "AAAA"):
        with pytest.raises(InvalidDataError):
            place_of(wrong, str)
    page = cut(["a", "b", "c"], None, 2, str)
    assert page.items == ["a", "b"]
    assert cut(["a", "b", "c"], page.next, 2, str).items == ["c"]


@pytest.fixture(scope="module")
def asked(watched: tuple[Team, Watched]) -> Iterator[tuple[Team, Any]]:
    """The team and its OpenAPI document, where tasks are noted and none is started."""
    team, _ = watched
    schema = schemathesis.openapi.from_dict(
        document(team.app), config=SchemathesisConfig.from_dict({})
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "start", lambda *_args, **_named: None)
        yield team, schema


@schemathesis.serializer("application/pdf")
def _pdf(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


CASES: Final = 100 if WHOLE else 3
"""What is sent to each operation; a hundred now and then."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("who", ["lead", None])
def test_whatever_a_program_sends_is_answered_as_the_document_says(
    asked: tuple[Team, Any], who: str | None
) -> None:
    team, schema = asked
    client = TestClient(team.app, base_url=ORIGIN, raise_server_exceptions=False)
    token = team.token(who, Scope.WRITE) if who else ""
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) >= 11
    for operation in operations:
        given(case=operation.as_strategy())(_sending(client, token))()


def _sending(client: TestClient, token: str) -> Callable[..., None]:
    @settings(
        max_examples=CASES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def sent(case: Any) -> None:
        _check(client, case, token)

    return sent


def _check(client: TestClient, case: Any, token: str) -> None:
    if "review" in (case.path_parameters or {}) and token:
        case.path_parameters["review"] = "alliance"
    asked = case.as_transport_kwargs(base_url=ORIGIN)
    body = {"json": asked["json"]} if "json" in asked else {"content": asked.get("data") or b""}
    headers = {name: value for name, value in asked["headers"].items() if name != "Authorization"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    response = client.request(
        asked["method"], asked["url"], params=asked.get("params"), headers=headers, **body
    )
    assert response.status_code < 500 or response.status_code == 503, response.text
    if not token:
        assert response.status_code in (401, 404, 405, 422), (case.path, response.status_code)
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    case.validate_response(response, checks=checks)
