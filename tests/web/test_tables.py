"""Tables of results in the browser: sent, looked at, asked about, taken in, taken back."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database
from review.extraction import queries
from review.extraction.sheet import entry_rows
from review.history.actions import Attribution, writing
from review.history.queries import head
from review.people.rules import Role
from review.protocol.actions import add_instrument, add_outcome
from review.protocol.queries import review_called
from review.protocol.specs import InstrumentSpec, OutcomeSpec
from review.tasks.files import folder_of
from review.tasks.running import run
from tests.conftest import NOW
from tests.tiers import MOSTLY_ON_SQLITE
from tests.web.conftest import Team
from tests.web.test_uploads import own as own
from tests.web.test_uploads import token

HEADER = "study,arm,treatment,instrument,n,mean,sd\n"
GOOD = "Choi (2012),Online,CBT,bdi,30,12.5,4.1\nChoi (2012),Waiting,none,bdi,31,15.5,4.4\n"
UPLOADS = "/r/alliance/extract/uploads"


@pytest.fixture
def lead(own: TestClient, database: Database) -> TestClient:
    """The person of this machine; their review has an instrument."""
    _measured(database, "tester")
    return own


def _measured(database: Database, actor: str) -> None:
    with writing(database, Attribution(actor, at=NOW)) as session:
        review = review_called(session, "alliance")
        add_outcome(session, review, OutcomeSpec(slug="mood", name="Mood"))
        spec = InstrumentSpec(slug="bdi", name="BDI", outcome="mood", higher_is_better=False)
        add_instrument(session, review, spec)


def _send(client: TestClient, *files: tuple[str, bytes], **said: str) -> tuple[str, str]:
    """Send tables; return the address of what they hold, and the page."""
    answer = client.post(
        UPLOADS, data={"token": token(client), "entry": "", **said},
        files=[("files", file) for file in files],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text[-2000:]
    return answer.url.path, _words(answer.text)


def _post(client: TestClient, address: str, **said: str) -> str:
    answer = client.post(address, data={"token": token(client), **said})
    assert answer.status_code == 200, answer.text[-2000:]
    return _words(answer.text)


def _words(page: str) -> str:
    """Return what a page says, with single blanks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("<main")[1])).split())


def rows_of(database: Database, **which: Any) -> list[Mapping[str, Any]]:
    with database.reading() as session:
        return list(entry_rows(session, review_called(session, "alliance"), **which))


def _events(database: Database) -> int:
    with database.reading() as session:
        return head(session)[0]


def test_a_table_is_looked_at_then_taken_in_then_taken_back(
    lead: TestClient, database: Database
) -> None:
    before = _events(database)
    place, page = _send(lead, ("trials.csv", (HEADER + GOOD).encode()))
    assert "2 rows seen, 2 read, 0 rejected" in page
    assert "New studies 1: Choi (2012) New results 2" in page
    assert "1 study is entered once" in page
    assert (_events(database), rows_of(database)) == (before, [])
    page = _post(lead, f"{place}/import", reason="from the 2012 paper")
    assert "1 table taken in: 1 study and 2 results added, 0 values corrected" in page
    assert [row["mean"] for row in rows_of(database)] == [12.5, 15.5]
    assert _post(lead, f"{place}/import").count("Taken in") == 1  # sent twice, done once
    assert "from the 2012 paper" in lead.get("/r/alliance/history").text

    again, page = _send(lead, ("trials.csv", (HEADER + GOOD).encode()))
    assert "the review says all of it already" in page
    assert "Take it in" not in page
    assert lead.post(f"{again}/import", data={"token": token(lead)}).status_code == 200
    corrected = GOOD.replace("12.5", "11.5")
    place_2, page = _send(lead, ("erratum.csv", (HEADER + corrected).encode()))
    assert "Corrected values 1" in page
    assert re.search(r"Choi \(2012\) .* mean 12.5 11.5", page)
    _post(lead, f"{place_2}/import")
    assert [row["mean"] for row in rows_of(database)] == [11.5, 15.5]
    answer = lead.post(f"{place_2}/undo", data={"token": token(lead), "because": " "})
    assert answer.status_code == 422
    assert "Taken back" in _post(lead, f"{place_2}/undo", because="the wrong erratum")
    assert [row["mean"] for row in rows_of(database)] == [12.5, 15.5]
    assert lead.post(f"{again}/undo", data={"token": token(lead)}).status_code == 404


def test_one_wrong_row_and_its_table_is_not_taken_while_the_others_can_be(
    lead: TestClient, database: Database
) -> None:
    wrong = HEADER + GOOD + "Adams (2015),A,CBT,bdi,many,1,1\nAdams (2015),B,CBT,phq,4,1,-2\n"
    before = _events(database)
    place, page = _send(
        lead, ("wrong.csv", wrong.encode()), ("good.csv", (HEADER + GOOD).encode()),
        ("same.csv", wrong.encode()), ("notes.txt", b"nothing of the kind"),
    )  # fmt: skip
    assert "4 rows seen, 2 read, 2 rejected" in page
    assert re.search(r'Line 4, column n: "many"', page)
    assert "Line 5, column instrument: review alliance has no instrument" in page
    assert "It is the same file as wrong.csv, which is read once" in page
    assert lead.get(place).text.count(">not taken</span>") == 3
    listed = lead.get(f"{place}/rejected").text.splitlines()
    assert listed[0] == "file,line,reason"
    assert any(line.startswith("wrong.csv,4,") for line in listed)
    assert _events(database) == before
    page = _post(lead, f"{place}/import")
    assert "1 table taken in" in page
    assert [row["study"] for row in rows_of(database)] == ["Choi (2012)"] * 2


def test_tables_that_no_longer_do_what_was_shown_are_not_taken_in(
    lead: TestClient, database: Database
) -> None:
    first, _ = _send(lead, ("a.csv", (HEADER + GOOD).encode()))
    second, page = _send(lead, ("b.csv", (HEADER + GOOD.replace("12.5", "1.5")).encode()))
    assert "New results 2" in page
    _post(lead, f"{first}/import")
    page = _post(lead, f"{second}/import")
    assert "Not taken in; nothing was stored" in page
    assert "look at them again" in page
    assert [row["mean"] for row in rows_of(database)] == [12.5, 15.5]
    page = _post(lead, f"{second}/again")
    assert "Corrected values 1" in page


@MOSTLY_ON_SQLITE
def test_names_that_are_nearly_known_ones_are_asked_about(
    lead: TestClient, database: Database
) -> None:
    _post(lead, f"{_send(lead, ('a.csv', (HEADER + GOOD).encode()))[0]}/import")
    near = GOOD.replace("(2012)", "2012").replace("12.5", "9.5")
    place, page = _send(lead, ("b.csv", (HEADER + near).encode()))
    assert "asked about" in page
    assert "Choi 2012” is nearly “Choi (2012)”" in page
    assert "--same" not in page
    page = _post(lead, f"{place}/again", **{"answer-0-0": "same"})
    assert "Corrected values 1" in page
    place, _ = _send(lead, ("b.csv", (HEADER + near).encode()))
    page = _post(lead, f"{place}/again", **{"answer-0-0": "own"})
    assert "New studies 1: Choi 2012" in page
    _post(lead, f"{lead.get(place).url.path}/again")
    assert len(rows_of(database)) == 2


@MOSTLY_ON_SQLITE
def test_an_exported_table_is_refused_where_somebody_changed_a_value_since(
    lead: TestClient, database: Database
) -> None:
    _post(lead, f"{_send(lead, ('a.csv', (HEADER + GOOD).encode()))[0]}/import")
    for kind in ("csv", "xlsx"):
        assert lead.get(f"/r/alliance/extract/tables/template.{kind}").status_code == 200
        taken = lead.get(f"/r/alliance/extract/tables/entered.{kind}").content
        assert "says all of it already" in _send(lead, (f"t.{kind}", taken))[1]
    assert lead.get("/r/alliance/extract/tables/mine.csv").status_code == 200
    assert lead.get("/r/alliance/extract/tables/other.csv").status_code == 404
    book = load_workbook(io.BytesIO(taken))
    sheet = next(s for s in book if "mean" in [c.value for c in s[1]])
    at = [cell.value for cell in sheet[1]].index("mean") + 1
    sheet.cell(2, at).value = 10.5
    made = io.BytesIO()
    book.save(made)
    corrected = (HEADER + GOOD.replace("12.5", "11.5")).encode()
    _post(lead, f"{_send(lead, ('c.csv', corrected))[0]}/import")
    _, page = _send(lead, ("t.xlsx", made.getvalue()))
    assert "somebody changed values after this table was taken from the review" in page.lower()
    assert re.search(r"mean 10\.5 11\.5 2", page)
    assert [row["mean"] for row in rows_of(database)] == [11.5, 15.5]


def test_what_one_sends_nobody_else_sees_and_blind_entries_stay_blind(
    team: Team, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    _measured(database, "lead")

    def at_once(on: Database, number: int, *, actor: str) -> None:
        monkeypatch.setenv("REVIEW_ACTOR", actor)
        settings.cache_clear()
        run(on, number)

    monkeypatch.setattr("review.web.uploads.start", at_once)
    client = team.client(Role.REVIEWER)
    data = {"token": team.form_token("reviewer"), "entry": "blind", "draft": "true"}
    files = [("files", ("secret-name.csv", (HEADER + GOOD).encode()))]
    place = client.post(UPLOADS, data=data, files=files).headers["location"]
    assert client.get(place).status_code == 200
    token_ = {"token": team.form_token("reviewer")}
    assert client.post(f"{place}/import", data=token_).status_code == 303
    assert "taken in" in client.get(place).text
    number = place.rsplit("/", 1)[1]
    seen = (
        place, f"{place}/state", f"{place}/rejected", f"/r/alliance/tasks/{number}",
        f"/api/v1/reviews/alliance/jobs/{number}",
    )  # fmt: skip
    for path in seen:
        assert client.get(path).status_code == 200, path
        for who in ("lead", "adjudicator", "statistician"):
            assert team.client(who).get(path).status_code == 404, (path, who)
    for path in ("extract/tables", "extract", "exports", "studies"):
        assert "secret-name" not in team.client("lead").get(f"/r/alliance/{path}").text, path
    assert "secret-name" in client.get("/r/alliance/extract/tables").text
    assert team.client("lead").get("/api/v1/reviews/alliance/jobs").json()["items"] == []
    with database.reading() as session:
        review = review_called(session, "alliance")
        (study,) = queries.studies(session, review)
        (entry,) = queries.entries(session, [study.id])
        assert (entry.person.name, entry.finished_at) == ("reviewer", None)
    for nobody, status in (("viewer", 403), ("zoe", 404), (None, 401)):
        assert team.client(nobody).post(UPLOADS, files=files).status_code == status
    settings.cache_clear()


def test_no_table_is_no_error_of_the_server(lead: TestClient) -> None:
    for said in ({"entry": ""}, {"entry": "nobody's"}):
        answer = lead.post(UPLOADS, data={"token": token(lead), **said})
        assert answer.status_code == 422
    assert "Choose at least one table." in lead.post(UPLOADS, data={"token": token(lead)}).text


def test_files_of_yesterday_are_said_to_be_gone(lead: TestClient, database: Database) -> None:
    place, _ = _send(lead, ("a.csv", (HEADER + GOOD).encode()))
    for path in sorted(folder_of(database).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    page = _post(lead, f"{place}/import")
    assert "thrown away after a day; send it again" in page
    assert lead.get(f"{place}/rejected").status_code == 404
    assert rows_of(database) == []
