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
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from starlette.testclient import TestClient

from review.citations.queries import records_in_scope
from review.cli import main
from review.config import settings
from review.db import Session, database_at
from review.demonstration import invented
from review.extraction.actions import dismiss, reopen_entry
from review.extraction.appraisal.drafts import hand_in, keep_draft
from review.extraction.appraisal.form import Target
from review.extraction.doubts import doubts
from review.extraction.drafts.actions import keep_draft as keep_entry_draft
from review.extraction.drafts.actions import take_over
from review.extraction.drafts.form import Form, Stored
from review.extraction.files import read_extraction
from review.extraction.intake import import_extraction
from review.extraction.models import Report, Result
from review.extraction.past_imports import past_imports
from review.extraction.pdfs import add_pdf
from review.extraction.queries import entries, reports, study_called
from review.extraction.sheet import entry_rows
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.history.queries import events
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.screening.actions import decide
from review.screening.choices import Choice
from review.screening.retrieval import Pdf
from review.screening.vocabulary import Stage, Verdict
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.extraction.appraisal.samples import CLEAN
from tests.web.browser.places import PLACES
from tests.web.conftest import KEY
from tests.web.test_matrix import ALL

TO_ENTER, INSTRUMENT = "Synthetic 09 (to be entered)", "pdss"
"""The trial that A enters blind, and on which instrument."""

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


def _type_another(session: Session, review: Review, verdict: Verdict, now: datetime) -> None:
    """A enters a trial blind: other numbers, arms, reports, notes, doubts, PDFs in each world."""
    study = study_called(session, review, TO_ENTER)
    other = verdict is Verdict.EXCLUDE
    label, mean = ("Online", "31.5") if other else ("Video", "14.2")
    blocks: list[dict[str, Any]] = [
        {"key": "b1", "instrument": INSTRUMENT, "rater": "self", "analysis_set": "itt",
         "timepoint": "3 months" if other else "post", "source": {"report": "r1", "page": label},
         "rows": [{"key": "x1", "arm": "a1", "cells": {"n": "40", "mean": mean, "sd": "900"}},
                  {"key": "x2", "arm": "a2", "cells": {"n": "41", "mean": "13", "sd": "9"}}]},
    ]  # fmt: skip
    typed = {
        "study": {"cells": {"country": "Chile" if other else "Peru"}},
        "arms": [{"key": "a1", "label": label, "cells": {"treatment": f"CBT {label}"}},
                 {"key": "a2", "label": "Waiting"}],
        "reports": [{"key": "r1", "citation": f"A report, {label}"}],
        "blocks": blocks,
        "notes": [{"key": "n1", "topic": "funding", "text": f"A notes {label}", "source": "p. 1"}],
    }  # fmt: skip

    def keep(form: dict[str, Any]) -> int:
        return keep_entry_draft(
            session, review, study, version=0, kind=EntryKind.BLIND,
            form=Form.model_validate(form), made_from=Stored(), person=invented.A, now=now,
        ).version  # fmt: skip

    take_over(session, review, study, version=keep(typed), person=invented.A, now=now)
    (doubt, *_) = doubts(session, review, study=TO_ENTER, person=invented.A)
    dismiss(session, study, doubt.finding, person=invented.A, reason=label, now=now)
    own = [e.id for e in entries(session, [study.id])]
    (report,) = [r for r in reports(session, [study.id], own) if r.entry_id is not None]
    pdf = Pdf(f"{label}.pdf", b"%PDF-1.7" + label.encode() * 9)
    add_pdf(session, review, report.id, pdf, person=invented.A, now=now)
    if other:
        keep({"study": {"cells": {"year": "19"}}})


def _typed_by_b(client: TestClient, token: str, study: int, report: int) -> Iterator[str]:
    """Yield what B is told of a form of their own, and of what A may have."""
    client.headers.update({"x-token": token, "origin": "http://127.0.0.1:8000"})
    start = f"/api/v1/reviews/invented/studies/{study}"
    form = {
        "arms": [{"key": "a1", "label": "Video"}, {"key": "a2", "label": "Waiting"}],
        "blocks": [{"key": "b1", "instrument": INSTRUMENT, "rows": [
            {"key": "x1", "arm": "a1", "cells": {"n": "40", "mean": "14.2", "sd": "900"}},
            {"key": "x2", "arm": "a2", "cells": {"n": "41", "mean": "13", "sd": "9"}}]}],
    }  # fmt: skip
    for kind in ("blind", "single"):
        sent = {"entry": kind, "form": form, "made_from": {}}
        analyses = client.get(f"{start}/draft?entry={kind}").json()["known"]["analyses"]
        for analysis in analyses:
            shown = {**sent, "analysis": analysis["slug"]}
            yield client.post(f"{start}/preview", json=shown).text
            yield client.post(f"{start}/check", json={**sent, "preview": analysis["slug"]}).text
    yield client.post(f"{start}/finish", json={}).text
    yield client.post(f"{start}/consensus", json={"preview": True}).text
    pdf = f"/api/v1/reviews/invented/reports/{report}/pdf"
    yield client.put(pdf, content=b"%PDF-1.7", headers={"content-type": "application/pdf"}).text


def _of_the_trial(file: Path) -> tuple[int, int, list[str]]:
    """Return the trial that A enters, the report that A will name, and addresses of both."""
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        study = study_called(session, review_called(session, invented.NAME), TO_ENTER).id
        report = 1 + max(session.scalars(sa.select(Report.id)))
    database.close()
    start = "/api/v1/reviews/invented"
    paths = [
        f"/r/invented/s/{study}", f"/r/invented/s/{study}/enter", f"/r/invented/s/{study}/agree",
        f"{start}/studies/{study}", f"{start}/studies/{study}/draft",
        f"{start}/studies/{study}/draft?entry=blind", f"{start}/studies/{study}/comparison",
        f"{start}/reports/{report}/pdf",
    ]  # fmt: skip
    return study, report, paths


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
        _type_another(session, review, verdict, now)
    app = create_app(database, WebSettings(key=KEY))
    app.state.now = lambda: now + timedelta(minutes=1)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        client.cookies.update(cookies)
        yield client
    database.close()


LISTS = {"list", "status", "queue", "conflicts", "check", "withdrawn", "imports", "selection"}


def _lists(file: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What B reads on the command line of everything that lists without being told of what."""
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{file}")
    settings.cache_clear()
    found = {}
    for group in main.list_commands(click.Context(main)):
        within = main.get_command(click.Context(main), group)
        for name in LISTS & set(within.list_commands(click.Context(within)) if isinstance(
            within, click.Group) else ()):  # fmt: skip
            done = CliRunner().invoke(main, [group, name, "--review", invented.NAME])
            if done.exit_code != 2:  # it is of no review, or wants to be told of what
                found[f"{group} {name}"] = _random(done.output)
    return found


def _tries(imports: list[int], results: list[int]) -> Iterator[tuple[str, ...]]:
    """Yield commands of B's that name, or run into, what A entered and B may not see."""
    why = ("--reason", "a try", "--dry-run")
    for time in ("secret", "3 months", "post"):
        yield "timepoint", "rename", time, "another name", *why
        yield "timepoint", "rename", time, "another name", "--study", TO_ENTER, *why
        yield "timepoint", "rename", "post", time, "--study", SECRET, *why
    yield "treatment", "rename", "CBT Online", "another name", *why
    yield "treatment", "merge", "CBT Online", "--into", "CBT for panic", *why
    yield "reports", "rename", TO_ENTER, "A report, Online", "another name", *why
    for study, arm in ((TO_ENTER, "Online"), (TO_ENTER, "Video"), (SECRET, "Video")):
        yield "arm", "rename", study, arm, "another name", *why
        yield "arm", "merge", study, arm, "--into", "Face to face", *why
    for one, other in ((TO_ENTER, SECRET), (SECRET, TO_ENTER), (SECRET, "Synthetic 01")):
        yield "study", "merge", one, "--into", other, *why
    for study in (TO_ENTER, SECRET):
        yield "study", "rename", study, "another name", *why
        yield "study", "show", study
        yield "study", "exclude", study, "--reason", "a try"
        yield "study", "readmit", study, "--reason", "a try"
        for act in ("trace", "compare", "check", "reopen", "finish"):
            yield "extract", act, study, *(why[:2] if act == "reopen" else ())
        yield "extract", "resolve", study, "open", "--take", "first", "--reason", "a try"
    for one, other in (("wai-s", "wai-12"), ("wai-12", "wai-s"), ("pdss", "wai-s")):
        yield "instrument", "merge", one, "--into", other, *why
        yield "instrument", "rename", one, "another-name", *why
        yield "instrument", "show", one
    for number in imports:
        yield "extract", "undo", str(number), *why
    for number in results:
        yield "extract", "withdraw", str(number), *why
        yield "extract", "rekey", str(number), "--timepoint", "secret", *why


def _told(file: Path, table: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What B is told by commands that would change what A entered, or name it."""
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{file}")
    settings.cache_clear()
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        imports = [
            past.number for past in past_imports(session, review_called(session, "invented"))
        ]
        results = sorted(session.scalars(sa.select(Result.id)))[-4:]
    database.close()
    found = {}
    takes = [("extract", "import", str(table), *kind) for kind in ((), ("--entry", "blind"))]
    for command in [*_tries(imports, results), *takes]:
        done = CliRunner().invoke(main, [*command, "--review", invented.NAME])
        assert not isinstance(done.exception, AssertionError | KeyError | TypeError), command
        found[" ".join(command)] = _random(done.output)
    database = database_at(f"sqlite:///{file}")
    with database.reading() as session:
        found["what B sees then"] = str(entry_rows(
            session, review_called(session, "invented"), kind=EntryKind.BLIND,
            person=invented.B, viewer=invented.B,
        ))  # fmt: skip
    database.close()
    return found


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
    study, report, of_trial = _of_the_trial(first)
    seen = [*SEEN, *judged, *_entered(first), *of_trial]
    sent, told = [], []
    for file, verdict in ((first, Verdict.INCLUDE), (second, Verdict.EXCLUDE)):
        with _world(file, verdict, cookies) as client:
            sent.append({path: client.get(path) for path in seen})
            token = client.get("/api/v1/session").json()["token"]
            told.append([_random(text) for text in _typed_by_b(client, token, study, report)])
    include, exclude = sent
    assert told[0] == told[1]
    assert [path for path in of_trial if include[path].status_code == 200] == [
        path for path in of_trial if not re.search("comparison|pdf", path)
    ]
    opened = [path for path in seen if include[path].status_code == 200]
    assert len(opened) > 15
    assert set(judged) <= set(opened)
    assert "Demonstration reviewer A" in include[judged[0]].text, "who has judged may be known"
    for path in seen:
        assert include[path].status_code == exclude[path].status_code, path
        assert _random(include[path].text) == _random(exclude[path].text), path
    heard = [_lists(file, monkeypatch) for file in (first, second)]
    assert len(heard[0]) > 10
    assert heard[0] == heard[1]
    table = tmp_path / "table.csv"
    times = ("Secret", "3 Months", "POST", "secrets")
    rows = [f"{study},Video,wai-s,{time},40,5,1" for study in (TO_ENTER, SECRET) for time in times]
    table.write_text("\n".join(["study,arm,instrument,timepoint,n,mean,sd", *rows]) + "\n")
    tried = [_told(file, table, monkeypatch) for file in (first, second)]
    assert sum("may not see" in text or "blind" in text for text in tried[0].values()) > 10
    for command, text in tried[0].items():
        assert text == tried[1][command], command
    assert all(name not in tried[0]["what B sees then"] for name in ("'secret'", "'3 months'"))
    settings.cache_clear()
