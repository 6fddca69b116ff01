"""What A decided changes nothing that B meets before B has decided too (T9, screening).

Two worlds that differ in all that A said: verdicts, reasons, notes, labels, notes to the team. In
both, B reads, decides on other records, looks at every page and asks every resource. Each answer is
the same to the byte, in the same order, with the same counts, after the same statements to the
database: an answer that takes the same steps takes the same time.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database, database_at
from review.demonstration.pdfs import page_of
from review.history.actions import writing
from review.people.queries import person_known
from review.screening import serving
from review.screening.actions import decide, withdraw
from review.screening.choices import Choice
from review.screening.conduct import set_stage
from review.screening.guidance.actions import add_note, put_label, set_criteria
from review.screening.retrieval import Pdf, note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, Verdict
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, say, the_review
from tests.tiers import WHOLE

ABSTRACT = Stage.TITLE_ABSTRACT
HOME = "/r/alliance/screen/title_abstract"
TEXTS = "/r/alliance/screen/full_text"
IN = (Verdict.INCLUDE, None, "clearly in")
OUT = (Verdict.EXCLUDE, "1", "clearly out, and long")
DOUBT = (Verdict.MAYBE, None, None)
WORLDS: dict[str, tuple[list[tuple[Verdict, str | None, str | None]], str]] = {
    "all in": ([IN], "yes"), "all out": ([OUT], "no"),
    "in and out": ([IN, OUT, DOUBT], "who knows"), "out and in": ([OUT, DOUBT, IN], "I do"),
}  # fmt: skip
"""What A says of one record after the other, over and over; and A's label."""


def _world(database: Database, world: str) -> list[int]:
    """Records of which A decided on the first eight; nobody knows what but A.

    Two go on to full text, of which one has a PDF; A has read both.
    """
    said, label = WORLDS[world]
    make_review(database)
    records = import_records(database, [f"Record {n:02}" for n in range(1, 21)])
    with writing(database, attributed()) as session:
        review = the_review(session)
        for who in ("anna", "ben", "cleo"):
            joined(session, review, who)
        set_criteria(session, review, include=["Adults"], exclude=[], now=NOW)
        set_stage(session, review, Stage.FULL_TEXT, required=2, blind=True)
    for who in ("anna", "cleo"):  # two that are complete: alike in all worlds
        say(database, who, Verdict.INCLUDE, *records[18:])
    at = NOW + timedelta(minutes=5)
    with writing(database, attributed("anna", at)) as session:
        review, anna = the_review(session), person_known(session, "anna")
        assert anna is not None
        serving.serve(session, review, anna, stage=ABSTRACT, now=at, count=3)
        choices = [Choice(r, *what) for r, what in zip(records[:8], cycle(said), strict=False)]
        decide(session, review, choices, stage=ABSTRACT, handle="anna", now=at)
        put_label(session, review, records[0], label, stage=ABSTRACT, person=anna, now=at)
        add_note(session, review, records[1], label * 9, stage=ABSTRACT, person=anna, now=at)
        serving.serve(session, review, anna, stage=ABSTRACT, now=at, count=2)
    with writing(database, attributed("anna", at)) as session:
        withdraw(session, the_review(session), records[7], stage=ABSTRACT, handle="anna", now=at)
        review, anna = the_review(session), person_known(session, "anna")
        assert anna is not None
        pdfs = (Pdf("report.pdf", page_of(["A report"])), None)
        for record, pdf in zip(records[18:], pdfs, strict=True):
            note_retrieval(
                session, review, [record], outcome=RetrievalOutcome.RETRIEVED, handle="anna",
                now=at, pdf=pdf,
            )  # fmt: skip
        serving.serve(session, review, anna, stage=Stage.FULL_TEXT, now=at, count=1)
        full = [
            Choice(r, Verdict.EXCLUDE if verdict is Verdict.EXCLUDE else Verdict.INCLUDE,
                   "1" if verdict is Verdict.EXCLUDE else None, note)
            for r, (verdict, _, note) in zip(records[18:], cycle(said), strict=False)
        ]  # fmt: skip
        decide(session, review, full, stage=Stage.FULL_TEXT, handle="anna", now=at)
        put_label(session, review, records[18], label, stage=Stage.FULL_TEXT, person=anna, now=at)
        add_note(
            session, review, records[18], label * 9, stage=Stage.FULL_TEXT, person=anna, now=at
        )
    return records


class Ben:
    """B at a browser: every answer, and how many statements it took."""

    def __init__(self, database: Database, client: TestClient) -> None:
        self.client, self.heard, self.statements = client, [], 0  # type: ignore[var-annotated]
        sa.event.listen(database.engine, "before_cursor_execute", self._count)
        token = re.search(r'data-token="([^"]+)"', client.get("/account").text)
        assert token is not None
        self.token = token[1]

    def _count(self, *_: object) -> None:
        self.statements += 1

    def ask(self, path: str, **fields: object) -> str:
        """Ask for an address, or send a form; keep what came."""
        self.statements = 0
        if fields:
            answer = self.client.post(path, data={"token": self.token, **fields})
        else:
            answer = self.client.get(path)
        text = answer.text.replace(self.token, "·")
        text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b", "·", text)
        self.heard.append((path, answer.status_code, text, self.statements))
        return answer.text


@contextmanager
def _ben(database: Database, world: str) -> Iterator[tuple[Ben, list[int]]]:
    records = _world(database, world)
    app = create_app(database, WebSettings(key="key"))
    app.state.now = lambda: NOW + timedelta(minutes=20)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get("/enter?key=key")
        yield Ben(database, client), records


def _live(ben: Ben, records: list[int]) -> None:
    ben.ask(HOME)
    for record in records[:9]:
        ben.ask(f"{HOME}?again={record}")
        ben.ask(f"/r/alliance/records/{record}")
        ben.ask(f"/api/v1/reviews/alliance/records/{record}")
        assert ben.client.get(f"/r/alliance/conflicts/title_abstract/{record}").status_code == 404
    for record, verdict in zip(
        records[8:12], ("include", "exclude 2", "maybe", "exclude"), strict=True
    ):
        ben.ask(HOME, record=record, verdict=verdict, note="mine")
    ben.ask(f"{HOME}/label", record=records[8], label="mine")
    ben.ask(f"{HOME}/note", record=records[2], note="mine of one that A decided")
    ben.ask(f"{HOME}/undo", record=records[9])
    skipped = ",".join(map(str, records[:3]))
    for path in (
        "/", "/r/alliance", "/r/alliance/screen", f"{HOME}?skip={skipped}", f"{HOME}/list?n=50",
        f"{HOME}/list?n=25&q=Record", "/r/alliance/screen/mine", "/r/alliance/screen/agreement",
        "/r/alliance/screen/agreement?final=true", "/r/alliance/conflicts/title_abstract",
        "/r/alliance/criteria", "/r/alliance/records",
        "/r/alliance/records?state=awaiting_screening",
        "/r/alliance/flow", "/r/alliance/history", "/r/alliance/history?actor=anna",
        "/r/alliance/people", "/r/alliance/fulltexts", TEXTS, f"{TEXTS}/list",
        "/r/alliance/conflicts/full_text", "/r/alliance/screen/agreement?stage=full_text",
        "/r/alliance/screen/mine?stage=full_text",
        "/r/alliance/fulltexts?state=awaiting_assessment",
        *(f"/r/alliance/fulltexts/{record}" for record in records[18:]),
        f"/r/alliance/fulltexts/{records[18]}/pdf", f"{TEXTS}?again={records[19]}",
    ):  # fmt: skip
        ben.ask(path)
    ben.ask(f"{TEXTS}/label", record=records[18], label="mine")
    ben.ask(f"{HOME}/leave", record=records[2])
    ben.ask("/r/alliance/screen")
    resources = "/api/v1/reviews/alliance"
    for path in (
        "", "/flow", "/history", "/screening/title_abstract/next?limit=20",
        "/screening/title_abstract/decisions", "/screening/title_abstract/conflicts",
        "/records", "/records?state=awaiting_screening", "/screening/full_text/next?limit=20",
        "/screening/full_text/decisions", "/screening/full_text/conflicts", "/jobs",
    ):  # fmt: skip
        ben.ask(f"{resources}{path}")


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """What makes one fresh database after the other, of either kind."""
    made: list[Database] = []
    names: list[str] = []

    def make() -> Database:
        if request.param == "sqlite":
            file = tmp_path / f"{len(made)}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
            made.append(database_at(f"sqlite:///{file}"))
        else:
            copies = request.getfixturevalue("postgres_copies")
            names.append(copies.make("world", copies.kept[0]))
            server = request.getfixturevalue("postgres_server")
            made.append(Database(server.set(database=names[-1])))
        return made[-1]

    yield make
    for database in made:
        database.close()
    for name in names:
        request.getfixturevalue("postgres_copies").drop(name)


def test_no_key_order_time_or_count_tells_b_what_a_decided(
    fresh: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_ACTOR", "ben")
    settings.cache_clear()
    heard = {}
    for number, world in enumerate(WORLDS):
        database = fresh()
        if number > 1 and not (WHOLE or database.is_sqlite):
            break  # two show what PostgreSQL would order in its own way
        with _ben(database, world) as (ben, records):
            _live(ben, records)
            heard[world] = ben.heard
    first, *others = heard.values()
    assert len(first) > 50
    assert all(status == 200 for _, status, *_ in first), [h[:2] for h in first if h[1] != 200]
    for other in others:
        for (path, status, text, steps), (_, status2, text2, steps2) in zip(
            first, other, strict=True
        ):
            assert (status, text) == (status2, text2), path
            assert steps == steps2, f"{path} asks the database {steps} or {steps2} times"
    settings.cache_clear()


def test_b_sees_all_of_it_once_both_have_decided(
    fresh: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the test above tells something: what is sealed there is shown here."""
    monkeypatch.setenv("REVIEW_ACTOR", "ben")
    settings.cache_clear()
    with _ben(fresh(), "all out") as (ben, records):
        assert "clearly out" not in ben.ask(f"/r/alliance/records/{records[0]}")
        for record in records[:2]:
            ben.ask(HOME, record=record, verdict="include")
        shown = ben.ask(f"/r/alliance/conflicts/title_abstract/{records[0]}")
        assert "clearly out, and long" in shown
        assert "nonono" in ben.ask(f"/r/alliance/conflicts/title_abstract/{records[1]}")
        assert ">no<" in ben.ask(f"{HOME}?again={records[0]}")
        assert "clearly out" not in ben.ask(f"/r/alliance/fulltexts/{records[18]}")
        ben.ask(TEXTS, record=records[18], verdict="include")
        assert "clearly out, and long" in ben.ask(f"/r/alliance/fulltexts/{records[18]}")
    settings.cache_clear()
