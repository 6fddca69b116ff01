"""Files of a search in the browser: sent, looked at, imported (T10, T13, T25 through the route)."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from review.citations import queries
from review.config import settings
from review.db import Database
from review.history.actions import Attribution, writing
from review.people.accounts.rules import Scope
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from review.tasks.files import folder_of
from review.tasks.running import run
from tests.citations.test_imports import TITLES, ris
from tests.conftest import NOW
from tests.web.conftest import ORIGIN, Team

SEARCH = {
    "search": "new", "source": "PsycINFO", "ran_on": "2026-11-01", "kind": "database",
    "platform": "Ovid", "limits": "English", "strategy": "1. video*", "hits": "3",
}  # fmt: skip


def _at_once(on: Database, number: int, *, actor: str) -> None:
    """Do a task before the answer, where a process would do it after."""
    assert actor == settings().actor
    run(on, number)


@pytest.fixture
def own(browser: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The person of this machine as lead of a review, whose tasks are done before the answer."""
    with writing(database, Attribution("tester", at=NOW)) as session:
        new_review(session, ReviewSpec(slug="alliance", title="Alliance"), owner="tester")

    monkeypatch.setattr("review.web.uploads.start", _at_once)
    return browser


def token(client: TestClient) -> str:
    found = re.search(r'data-token="([^"]+)"', client.get("/account").text)
    assert found is not None
    return found[1]


def send(client: TestClient, *files: tuple[str, bytes]) -> str:
    """Send files; return the address of the page that says what they hold."""
    answer = client.post(
        "/r/alliance/searches/uploads", data={"token": token(client)},
        files=[("files", file) for file in files], follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def bring_in(client: TestClient, place: str, take: list[int], **said: str) -> str:
    """Import what was looked at; return the page that follows."""
    data = {"token": token(client), "take": [str(at) for at in take], **(SEARCH | said)}
    return client.post(f"{place}/import", data=data).text


def counts(database: Database) -> tuple[int, int, int]:
    """Return how many batches, records and searches there are."""
    with database.reading() as session:
        review = review_called(session, "alliance")
        return (
            len(queries.batches(session, review)),
            len(queries.records(session, review)),
            len(queries.searches(session, review)),
        )


def test_three_files_one_broken_one_repeated(own: TestClient, database: Database) -> None:
    good = ris(*TITLES) + b"TY  - JOUR\nAB  - \nER  - \n"
    place = send(own, ("good.ris", good), ("broken.ris", b"\x00\x01nothing"), ("same.ris", good))
    page = own.get(place).text
    assert "4 seen, 3 read, 1 rejected" in page
    assert re.search(r"Line \d+: neither a title nor an identifier", page)
    assert "the same file as good.ris" in page
    assert page.count("not taken") == 2
    assert counts(database) == (0, 0, 0)
    page = bring_in(own, place, [0, 1, 2])
    assert "3 records of 1 file imported" in page
    assert counts(database) == (1, 3, 1)
    with database.reading() as session:
        (search,) = queries.searches(session, review_called(session, "alliance"))
        assert (search.source, search.ran_on, search.hits) == ("PsycINFO", "2026-11-01", 3)
        assert search.strategy == "1. video*"
    again = own.get(send(own, ("other name.ris", good))).text
    assert "Already imported as batch" in again
    assert "/r/alliance/records?batch=" in again
    assert "None of these files has anything to import" in again


def test_duplicates_are_told_before_anything_is_stored(own: TestClient, database: Database) -> None:
    bring_in(own, send(own, ("first.ris", ris(*TITLES, doi="10.1/x"))), [0])
    before = counts(database)
    place = send(own, ("second.ris", ris(TITLES[0], doi="10.1/x") + ris("Another thing of 1950")))
    page = own.get(place).text
    assert "1 of the records is a certain duplicate" in page
    assert "second.ris, line 1" in page
    assert counts(database) == before
    assert "1 pair of certain duplicates linked" in bring_in(own, place, [0])


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    own: TestClient, database: Database
) -> None:
    place = send(own, ("good.ris", ris(*TITLES)))
    answer = own.post(
        f"{place}/import", data={"token": token(own), "take": "0", "search": "new", "hits": "many"}
    )
    assert answer.status_code == 422
    answer = own.post(
        f"{place}/import",
        data={"token": token(own), "take": "0", "search": "new", "limits": "none but years"},
    )
    assert answer.status_code == 422
    assert 'id="source-wrong"' in answer.text
    assert 'id="ran_on-wrong"' in answer.text
    assert "none but years" in answer.text
    assert counts(database) == (0, 0, 0)
    assert "3 records of 1 file imported" in bring_in(own, place, [0])
    assert "3 records of 1 file imported" in bring_in(own, place, [0])  # sent twice, done once
    assert counts(database) == (1, 3, 1)


def test_an_upload_is_for_who_collects_and_is_refused_before_it_is_read(team: Team) -> None:
    body = [("files", ("x.ris", ris(*TITLES)))]
    for who, status in (("viewer", 403), ("zoe", 404), (None, 401)):
        client = team.client(who)
        answer = client.post("/r/alliance/searches/uploads", files=body)
        assert answer.status_code == status, who
    assert not folder_of(team.database).exists()


def test_no_file_is_no_error_of_the_server(own: TestClient) -> None:
    answer = own.post("/r/alliance/searches/uploads", data={"token": token(own)})
    assert answer.status_code == 422
    assert "Choose at least one file." in answer.text


def test_a_program_sends_looks_and_imports(
    team: Team, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setenv("REVIEW_ACTOR", "reviewer")
    settings.cache_clear()
    monkeypatch.setattr("review.web.uploads.start", _at_once)
    client = TestClient(team.app, base_url=ORIGIN)
    client.headers["authorization"] = f"Bearer {team.token('reviewer', Scope.WRITE)}"
    base = "/api/v1/reviews/alliance"
    spec = {"source": "PsycINFO", "ran_on": "2026-11-01", "hits": 3}
    search = client.post(f"{base}/searches", json=spec).json()
    assert (search["source"], search["searched_by"]) == ("PsycINFO", "reviewer")
    sent = client.post(
        f"{base}/uploads",
        files=[("files", ("a.ris", ris(*TITLES))), ("files", ("b.ris", b"%PDF"))],
    )
    assert sent.status_code == 202
    upload = client.get(f"{base}/uploads/{sent.json()['number']}").json()
    assert [one["stored"] for one in upload["files"]] == [3, 0]
    assert "not accepted" in upload["files"][1]["error"]
    assert upload["certain_duplicates"] == 0
    asked = f"{base}/uploads/{upload['number']}/import"
    refused = client.post(asked, json={"files": [0, 1], "search": search["id"]})
    assert refused.status_code == 422
    assert counts(database) == (0, 0, 1)
    job = client.post(asked, json={"search": search["id"]}).json()["job"]
    assert client.get(f"{base}/jobs/{job}").json()["outcome"] == "done"
    assert client.post(asked, json={"search": search["id"]}).json()["job"] == job
    assert counts(database) == (1, 3, 1)
    assert client.post(f"{base}/uploads").status_code == 422
    (batch,) = client.get(f"{base}/batches").json()["items"]
    assert (batch["search_id"], batch["file"]) == (search["id"], "a.ris")
    settings.cache_clear()
