"""Full texts in the browser, on a copy of the demonstration: matched, served in parts, decided."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from review.db import Database, database_at
from review.demonstration.pdfs import page_of
from review.export.views.fulltexts import full_texts_of, sought_of
from review.protocol.queries import review_called
from review.screening.vocabulary import Box
from review.tasks.running import run
from tests.web.conftest import at_home
from tests.web.test_uploads import token

AT = "/r/invented/fulltexts"


@pytest.fixture
def made(demonstration_file: Path, tmp_path: Path) -> Iterator[Database]:
    database = database_at(f"sqlite:///{shutil.copy(demonstration_file, tmp_path / 'review.db')}")
    yield database
    database.close()


@pytest.fixture
def client(made: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    def at_once(on: Database, number: int, *, actor: str) -> None:
        assert actor == "tester"
        run(on, number)

    monkeypatch.setattr("review.web.uploads.start", at_once)
    with at_home(made) as client:
        yield client


def _lines(text: str) -> list[str]:
    """Return a text in lines, broken between words."""
    return textwrap.wrap(text, 60)


def standing(database: Database, box: Box) -> list[int]:
    with database.reading() as session:
        view = full_texts_of(session, review_called(session, "invented"), state=box.value)
        return [one.record for one in view.reports]


def test_a_pdf_is_served_whole_and_in_parts_and_can_do_nothing(
    made: Database, client: TestClient
) -> None:
    with made.reading() as session:
        view = full_texts_of(session, review_called(session, "invented"), state="")
        record = next(one.record for one in view.reports if one.pdf)
    address = f"{AT}/{record}/pdf"
    whole = client.get(address)
    assert whole.status_code == 200
    assert whole.content.startswith(b"%PDF-")
    assert whole.headers["content-security-policy"].startswith("sandbox")
    assert whole.headers["x-content-type-options"] == "nosniff"
    size = len(whole.content)
    asked = {
        "bytes=0-9": (0, 9), "bytes=10-": (10, size - 1), "bytes=-7": (size - 7, size - 1),
        f"bytes=5-{size * 9}": (5, size - 1), f"bytes=-{size * 2}": (0, size - 1),
    }  # fmt: skip
    for said, (first, last) in asked.items():
        part = client.get(address, headers={"range": said})
        assert (part.status_code, part.content) == (206, whole.content[first : last + 1]), said
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
    for beyond in (f"bytes={size}-", "bytes=-0", "bytes=9-3"):
        assert client.get(address, headers={"range": beyond}).status_code == 416, beyond
    for odd in ("lines=1-2", "bytes=0-1,4-5", "bytes=x-"):
        assert client.get(address, headers={"range": odd}).content == whole.content
    tag = whole.headers["etag"]
    assert client.get(address, headers={"if-none-match": tag}).status_code == 304
    stale = {"range": "bytes=0-9", "if-range": '"another"'}
    assert client.get(address, headers=stale).content == whole.content


def test_pdfs_are_matched_checked_and_kept_all_or_none(made: Database, client: TestClient) -> None:
    with made.reading() as session:
        reports = sought_of(session, review_called(session, "invented"))
        view = full_texts_of(session, review_called(session, "invented"), state="")
    titles = [one.title for one in reports]
    one, other = [r for r in reports if titles.count(r.title) == 1 and r.doi][:2]
    held = {line.record for line in view.reports if line.pdf}
    files = [
        ("by-doi.pdf", page_of([f"https://doi.org/{one.doi}"])),
        ("by-title.pdf", page_of(_lines(str(other.title)))),
        ("unknown.pdf", page_of(["nothing that is known"])),
        ("no.pdf", b"<html>"),
    ]
    answer = client.post(
        f"{AT}/uploads", data={"token": token(client)}, files=[("files", f) for f in files]
    )
    assert answer.status_code == 200
    place = str(answer.url.path)
    page = answer.text
    assert "no.pdf is no PDF" in page
    assert "not recognised" in page
    assert f"Record {one.record}," in page
    assert f"Record {other.record}," in page
    shown = client.get(f"{place}/files/0")
    assert shown.content == files[0][1]
    assert client.get(f"{place}/files/3").status_code == 404
    assert client.get(f"{place}/files/9").status_code == 404
    wrong = {"token": token(client), "record-0": str(one.record), "record-1": str(one.record)}
    assert client.post(f"{place}/attach", data=wrong).status_code == 422
    assert client.post(f"{place}/attach", data={"token": token(client)}).status_code == 422
    missing = {"token": token(client), "record-0": str(one.record), "record-1": "999999"}
    assert client.post(f"{place}/attach", data=missing).status_code == 404
    with made.reading() as session:
        view = full_texts_of(session, review_called(session, "invented"), state="")
        assert {line.record for line in view.reports if line.pdf} == held
    right = {"token": token(client), "record-0": str(one.record), "record-1": str(other.record)}
    assert "2 of 4 kept" in client.post(f"{place}/attach", data=right).text
    assert client.get(f"{AT}/{one.record}/pdf").content == files[0][1]
    assert "2 of 4 kept" in client.post(f"{place}/attach", data=right).text


def test_a_report_that_is_not_retrieved_says_why(made: Database, client: TestClient) -> None:
    waiting = standing(made, Box.AWAITING_RETRIEVAL)
    assert waiting
    form = {"token": token(client), "record": [str(n) for n in waiting]}
    answer = client.post(f"{AT}/missing", data=form)
    assert answer.status_code == 422
    assert 'id="reason-wrong"' in answer.text
    client.post(f"{AT}/missing", data={**form, "reason": "authors did not answer"})
    assert set(waiting) <= set(standing(made, Box.NOT_RETRIEVED))
    page = client.get(f"{AT}?state={Box.NOT_RETRIEVED.value}").text
    assert "authors did not answer" in page


def test_a_report_is_decided_on_its_page(made: Database, client: TestClient) -> None:
    (record, *_) = standing(made, Box.AWAITING_RETRIEVAL)
    retrieved = {"token": token(client)}
    client.post(f"{AT}/{record}/pdf", data=retrieved, files={"pdf": ("a.pdf", page_of(["A"]))})
    assert record in standing(made, Box.AWAITING_ASSESSMENT)
    page = client.get(f"{AT}/{record}").text
    assert 'aria-keyshortcuts="1"' in page
    assert f'data-pdf="{AT}/{record}/pdf"' in page
    said = {
        "token": token(client), "verdict": "exclude 1", "note": "children only",
        "record": str(record), "back": f"{AT}/{record}",
    }  # fmt: skip
    assert f'name="back" value="{AT}/{record}"' in page
    page = client.post("/r/invented/screen/full_text", data=said).text
    assert re.search(r"You said: exclude, .*children only", page, re.DOTALL)


def test_an_included_report_is_linked_to_its_study(made: Database, client: TestClient) -> None:
    included = standing(made, Box.INCLUDED)
    address = f"{AT}/{included[0]}/study"
    nobody = {"token": token(client), "study": "Nobody (1900)"}
    answer = client.post(address, data=nobody)
    assert answer.status_code == 422
    assert 'id="study-wrong"' in answer.text
    page = client.post(address, data={**nobody, "new": "true", "reason": "a test"}).text
    assert "Nobody (1900)</a>" in page
