"""What reviewer A said and B may not know yet changes no byte that B is sent (T9)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from review.citations.queries import records_in_scope
from review.config import settings
from review.db import Session, database_at
from review.demonstration import invented
from review.extraction.actions import reopen_entry
from review.extraction.appraisal.drafts import hand_in, keep_draft
from review.extraction.appraisal.form import Target
from review.extraction.drafts.actions import keep_draft as keep_entry_draft
from review.extraction.drafts.form import Form, Stored
from review.extraction.files import read_extraction
from review.extraction.intake import import_extraction
from review.extraction.queries import study_called
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.history.queries import events
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.screening.actions import Choice, decide
from review.screening.vocabulary import Stage, Verdict
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.extraction.appraisal.samples import CLEAN
from tests.web.browser.places import PLACES
from tests.web.conftest import KEY
from tests.web.test_matrix import ALL

SEEN = sorted(
    {path for path in PLACES.values() if "/r/" not in path or "/r/invented" in path}
    | {
        re.sub(r"{\w+(?::\w+)?}", "1", route.path.replace("{review}", "invented"))
        for route in ALL
        if route.methods == {"GET"} and "/static" not in route.path and route.path != "/enter"
    }
)
"""Every address that is looked at, within the invented review."""


SECRET = "Synthetic 07"
"""A trial that A has entered and B has not finished."""
DATA = files("review.demonstration") / "data"


def _random(text: str) -> str:
    """Hashes of the ledger, which hold a random number, and numbers of requests."""
    return re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|\b[0-9a-f]{12}\b", "·", text)


def _appraise(session: Session, review: Review, verdict: Verdict, now: datetime) -> None:
    """A judges a result that B has not: well in one world, badly and with a draft in the other."""
    tool, target = "rob2-parallel", Target("Synthetic 05", "panic")
    fields = {f"answer-{number}": answer for number, answer in CLEAN.items()}
    if verdict is Verdict.EXCLUDE:
        fields |= {"answer-1.2": "N", "answer-3.1": "N", "answer-3.2": "N", "answer-3.3": "Y"}
        fields |= {"answer-3.4": "Y", "why-1.2": "A says so", "quote-1.2": "an open list"}
        draft = Target("Synthetic 06", "panic")
        keep_draft(session, review, tool, draft, fields, handle=invented.A, version=None, now=now)
    hand_in(session, review, tool, target, fields, handle=invented.A, version=None, now=now)


def _enter(session: Session, review: Review, verdict: Verdict, now: datetime) -> None:
    """A enters a trial that B has not finished: other numbers in each world, a draft in one."""
    other = verdict is Verdict.EXCLUDE
    with as_file(DATA / "entry-a.csv") as file:
        rows = [r for r in read_extraction(file) if r.row.study == SECRET]
    typed = []
    for one in rows:
        numbers = one.row.numbers
        said: dict[str, object] = {"timepoint": "secret", "quote": f"A read {other}"}
        if numbers.mean is not None:
            said["numbers"] = numbers._replace(mean=numbers.mean + other)
        typed.append(replace(one, row=one.row.model_copy(update=said)))
    reopen_entry(session, review, study=SECRET, person=invented.A)
    import_extraction(
        session, review, typed, file="a", person=invented.A, kind=EntryKind.BLIND, finished=now
    )
    if other:
        study = study_called(session, review, SECRET)
        form = Form.model_validate({"study": {"cells": {"country": "A alone says so"}}})
        keep_entry_draft(
            session, review, study, version=0, kind=EntryKind.BLIND, form=form,
            made_from=Stored(), person=invented.A, now=now,
        )  # fmt: skip


def _judged(file: Path) -> list[str]:
    """The addresses of what A has judged, or begun to."""
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        review = review_called(session, invented.NAME)
        ids = [study_called(session, review, f"Synthetic {n}").id for n in ("05", "06")]
    database.close()
    return [
        f"{start}/{number}/{what}/rob2-parallel?outcome=panic"
        for number in ids
        for start, what in (
            ("/r/invented/s", "rob"), ("/api/v1/reviews/invented/studies", "appraisals"),
        )
    ]  # fmt: skip


def _entered(file: Path) -> list[str]:
    """The addresses at which an entry could be told."""
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        review = review_called(session, invented.NAME)
        ids = [study_called(session, review, label).id for label in (SECRET, "Synthetic 06")]
    database.close()
    api = "/api/v1/reviews/invented"
    return [
        *(f"/r/invented/s/{number}{what}" for number in ids for what in ("", "/enter", "/agree")),
        *(f"{api}/studies/{number}" for number in ids),
        *(f"{api}/studies/{number}/{what}" for number in ids for what in ("draft", "comparison")),
        f"{api}/results", f"{api}/results.csv", f"{api}/history?entity=result",
        "/r/invented/history?entity=result", "/r/invented/history?verify=true",
    ]  # fmt: skip


@contextmanager
def _world(file: Path, verdict: Verdict, cookies: dict[str, str]) -> Iterator[TestClient]:
    """The demonstration as B sees it, where A said something of a record that B has not read."""
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        now = events(session, viewer=None, limit=1)[0].at + timedelta(days=3)
    by = Attribution(actor=invented.A, review=invented.NAME, at=now)
    with writing(database, by) as session:
        review = review_called(session, invented.NAME)
        (record,) = [
            r.id for r in records_in_scope(session, review) if "record 070" in str(r.title)
        ]
        choice = Choice(record, verdict, note=f"A says {verdict.value}")
        decide(session, review, [choice], stage=Stage.TITLE_ABSTRACT, handle=invented.A, now=now)
        _appraise(session, review, verdict, now)
        _enter(session, review, verdict, now)
    app = create_app(database, WebSettings(key=KEY))
    app.state.now = lambda: now + timedelta(minutes=1)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        client.cookies.update(cookies)
        yield client
    database.close()


def test_what_a_said_changes_no_byte_that_b_is_sent(
    demonstration_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_ACTOR", invented.B)
    settings.cache_clear()
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    shutil.copy(demonstration_file, first)
    database = database_at(f"sqlite:///{first}")
    with TestClient(
        create_app(database, WebSettings(key=KEY)), base_url="http://127.0.0.1:8000"
    ) as door:
        door.get(f"/enter?key={KEY}")
        cookies = dict(door.cookies)
    database.close()
    shutil.copy(first, second)
    judged = _judged(first)
    seen = [*SEEN, *judged, *_entered(first)]
    sent = []
    for file, verdict in ((first, Verdict.INCLUDE), (second, Verdict.EXCLUDE)):
        with _world(file, verdict, cookies) as client:
            sent.append({path: client.get(path) for path in seen})
    include, exclude = sent
    opened = [path for path in seen if include[path].status_code == 200]
    assert len(opened) > 15
    assert set(judged) <= set(opened)
    assert "Demonstration reviewer A" in include[judged[0]].text, "who has judged may be known"
    for path in seen:
        assert include[path].status_code == exclude[path].status_code, path
        assert _random(include[path].text) == _random(exclude[path].text), path
    settings.cache_clear()
