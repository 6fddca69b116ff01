"""A trial typed, checked and saved by the routes that the page uses."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.extraction.drafts.entering import NEW, fill, typed
from tests.web.conftest import Team


class Typist:
    """Somebody who enters the new trial through the API, as its page does."""

    def __init__(self, team: Team, who: str, study: int):
        self.client: TestClient = team.client(who)
        self.client.headers["x-token"] = team.form_token(who)
        self.path = f"/api/v1/reviews/alliance/studies/{study}"

    def open(self, entry: str | None = None) -> dict[str, Any]:
        answer = self.client.get(f"{self.path}/draft", params={"entry": entry} if entry else {})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        assert answer.headers["etag"] == f'"{found["version"]}"'
        return found

    def put(self, body: dict[str, Any], version: int) -> Any:
        sent = {name: body[name] for name in ("entry", "form", "made_from")}
        return self.client.put(
            f"{self.path}/draft", json=sent, headers={"if-match": f'"{version}"'}
        )

    def check(self, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        sent = {name: body[name] for name in ("entry", "form", "made_from")}
        answer = self.client.post(f"{self.path}/check", json={**sent, **more})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def save(self, version: int, route: str = "entries") -> Any:
        return self.client.post(f"{self.path}/{route}", json={"version": version})


@pytest.fixture
def study(team: Team) -> int:
    """The trial that is to be entered, beside eight that count."""
    with writing(team.database, Attribution(actor="lead", at=NOW)) as session:
        fill(session, review_called(session, "alliance"))
    listed = team.client("reviewer").get("/api/v1/reviews/alliance/studies?limit=50").json()
    return int(next(one["id"] for one in listed["items"] if one["study"] == NEW))


def filled(opened: dict[str, Any], **rows: dict[str, str]) -> dict[str, Any]:
    form = typed(**rows).model_dump(mode="json")
    return {"entry": opened["entry"], "form": form, "made_from": opened["made_from"]}


def test_a_trial_is_typed_checked_saved_and_counts(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    opened = anna.open()
    assert (opened["version"], opened["entry"], opened["closed"]) == (0, "single", None)
    assert {c["name"] for c in opened["known"]["columns"]} > {"n", "mean", "sd", "treatment"}
    body = filled(opened)
    told = anna.check(body, preview="alliance")
    assert told["problems"] == []
    (effect,) = told["effects"]
    # Hedges g of 5.6 (0.9), n 50, against 5.8 (0.8), n 49, by hand: -0.2329, J 0.99226
    assert effect["yi"] == pytest.approx(-0.2329, abs=5e-4)
    assert effect["state"] == "counts"
    assert effect["rows"] == ["x1", "x2"]
    assert told["directions"][0]["sentence"] == (
        "Higher is better; Video is 0.2 lower than In person: that is worse."
    )
    assert (told["preview"]["before"]["k"], told["preview"]["after"]["k"]) == (8, 9)
    kept = anna.put(body, 0)
    assert kept.status_code == 200, kept.text
    assert anna.open()["form"] == body["form"]
    saved = anna.save(kept.json()["version"])
    assert saved.status_code == 200, saved.text
    assert saved.json()["results_added"] == 2
    after = anna.open()
    assert (after["version"], len(after["form"]["blocks"][0]["rows"])) == (0, 2)
    row = after["form"]["blocks"][0]
    assert row["source"]["pdf_page"] == 4
    results = anna.client.get("/api/v1/reviews/alliance/results?limit=50").json()["items"]
    assert sum(one["study"] == NEW for one in results) == 2
    repool(team.database, actor="lead", now=lambda: NOW)
    run = anna.client.get("/api/v1/reviews/alliance/analyses/alliance/runs/1").json()
    shown = told["preview"]["after"]  # what would be is what then is
    assert (run["pooled"]["estimate"], run["pooled"]["k"]) == (shown["estimate"], shown["k"])
    assert run["pooled"]["ci"] == [shown["low"], shown["high"]]
    again = anna.check({**after, "form": after["form"]})
    assert (again["problems"], again["changes"], again["conflicts"]) == ([], [], [])


def test_what_is_typed_is_kept_and_what_is_wrong_is_said_by_cell(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    opened = anna.open()
    body = filled(opened, video={"n": "6o", "mean": "5,6", "ci_low": "5", "events": "9"})
    version = anna.put(body, 0).json()["version"]
    assert anna.open()["form"]["blocks"][0]["rows"][0]["cells"]["n"] == "6o"
    told = anna.check(body)
    wrong = {(one["place"]["key"], *one["fields"]) for one in told["problems"]}
    assert {("x1", "n"), ("x1", "mean"), ("x1", "ci_low", "ci_high")} <= wrong
    refused = anna.save(version)
    assert refused.status_code == 422
    fields = {one["field"] for one in refused.json()["errors"]}
    assert {"row:x1:n", "row:x1:mean", "row:x1:ci_low", "row:x1:ci_high"} <= fields
    assert anna.open()["version"] == version  # nothing typed is lost


def test_two_windows_of_one_person_lose_nothing(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    opened = anna.open()
    first = anna.put(filled(opened), 0).json()["version"]
    stale = anna.put(filled(opened, video={"n": "51"}), 0)
    assert stale.status_code == 409
    assert stale.json()["draft"]["version"] == first
    assert stale.json()["draft"]["form"]["blocks"][0]["rows"][0]["cells"]["n"] == "50"
    assert anna.client.put(f"{anna.path}/draft", json=filled(opened)).status_code == 428


def test_nobody_else_sees_a_draft(team: Team, study: int) -> None:
    anna, ben = Typist(team, "reviewer", study), Typist(team, "adjudicator", study)
    before = ben.open()
    anna.put(filled(anna.open()), 0)
    assert ben.open() == before


def test_somebody_was_faster_three_columns_and_nothing_lost(team: Team, study: int) -> None:
    anna, ben = Typist(team, "reviewer", study), Typist(team, "adjudicator", study)
    anna.save(anna.put(filled(anna.open()), 0).json()["version"])
    mine, his = anna.open(), ben.open()
    rows = his["form"]["blocks"][0]["rows"]
    rows[0]["cells"]["mean"] = "5.5"
    assert ben.save(ben.put(his, 0).json()["version"]).status_code == 200
    rows = mine["form"]["blocks"][0]["rows"]
    rows[0]["cells"].update(mean="5.9", n="52")
    version = anna.put(mine, 0).json()["version"]
    refused = anna.save(version)
    assert refused.status_code == 409
    (clash,) = refused.json()["conflicts"]
    assert (clash["yours"], clash["stored"], clash["was"]) == ("5.9", "5.5", "5.6")
    mine["made_from"] = refused.json()["stored"]  # having seen it, she takes her own
    version = anna.put(mine, version).json()["version"]
    assert anna.save(version).status_code == 200
    cells = ben.open()["form"]["blocks"][0]["rows"][0]["cells"]
    assert (cells["mean"], cells["n"]) == ("5.9", "52")


def test_two_enter_blind_and_finish(team: Team, study: int, database: Database) -> None:
    del database
    anna, ben = Typist(team, "reviewer", study), Typist(team, "adjudicator", study)
    body = filled(anna.open("blind"))
    told = anna.check(body, preview="alliance")
    assert told["preview"] is None  # it steers nobody who enters blind
    assert told["effects"][0]["state"] == "counts"
    refused = anna.client.post(f"{anna.path}/preview", json={**body, "analysis": "alliance"})
    assert refused.status_code == 403
    version = anna.put(body, 0).json()["version"]
    assert anna.save(version, "finish").json()["finished"] is True
    his = ben.open("blind")
    assert his["form"]["arms"] == []  # what she calls the arms is hers until both have finished
    assert his["form"]["reports"] == []
    assert ben.save(ben.put(filled(his), 0).json()["version"], "finish").status_code == 200
    assert anna.open("blind")["closed"] is not None


def test_a_pdf_of_a_report_is_kept_and_sent_in_parts(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    anna.save(anna.put(filled(anna.open()), 0).json()["version"])
    (report,) = anna.open()["form"]["reports"]
    path = f"/api/v1/reviews/alliance/reports/{report['id']}/pdf"
    content = b"%PDF-1.7 synthetic, no real page" + bytes(range(256))
    pdf = {"content-type": "application/pdf"}
    kept = anna.client.put(f"{path}?name=New.pdf", content=content, headers=pdf)
    assert kept.status_code == 200, kept.text
    assert anna.client.put(path, content=content, headers=pdf).json() == kept.json()
    assert anna.client.put(path, content=b"no pdf", headers=pdf).status_code == 422
    (known,) = anna.open()["known"]["pdfs"]
    assert (known["report"], known["name"], known["url"]) == (
        report["id"], "New.pdf", kept.json()["url"],
    )  # fmt: skip
    part = team.client("viewer").get(known["url"], headers={"range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, content[5:10])
    assert "sandbox" in part.headers["content-security-policy"]
    assert team.client("zoe").get(known["url"]).status_code == 404
    assert team.client().get(known["url"]).status_code == 401


def test_events_in_person_time_are_typed_like_other_numbers(team: Team, study: int) -> None:
    anna = Typist(team, "reviewer", study)
    opened = anna.open()
    gives = {one["name"]: one["columns"] for one in opened["known"]["gives"]}
    assert gives["rate"] == ["n", "events", "person_years"]
    none = {"mean": "", "sd": ""}
    many = {**none, "n": "50", "events": "61"}
    told = anna.check(filled(opened, video=many))
    assert any("enter person_years beside them" in str(one) for one in told["problems"])
    body = filled(
        opened,
        video={**many, "person_years": "48.5"},
        person={**none, "events": "70", "person_years": "47"},
    )
    assert anna.check(body)["problems"] == []
    saved = anna.save(anna.put(body, 0).json()["version"])
    assert saved.json()["results_added"] == 2
    again = anna.open()["form"]["blocks"][0]["rows"][0]["cells"]
    assert (again["events"], again["person_years"]) == ("61", "48.5")
