"""Two reviewers screen by keys alone, and one on a phone; then the flow closes (J13, J14)."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, expect

from review.config import settings
from review.db import Database, database_at
from review.demonstration.pdfs import page_of
from review.history.actions import writing
from review.screening.guidance.actions import set_criteria, set_terms
from review.screening.guidance.vocabulary import TermKind
from review.screening.models import Decision
from review.screening.retrieval import note_retrieval
from review.screening.standings import boxes
from review.screening.vocabulary import Box, RetrievalOutcome, Stage
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import attributed, import_records, make_review, the_review

RECORDS = 30
TITLES = "/r/alliance/screen/title_abstract"
TEXTS = "/r/alliance/screen/full_text"
WANTED = (4, 9, 17, 23)
"""Records, by place, that both include; anna alone includes the one of `SPLIT`."""
SPLIT = 12


@dataclass
class Person:
    """Somebody at a browser of their own, and all that its console said."""

    page: Page
    home: str
    said: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the console says."""
        self.said.append(f"{message.type}: {message.text}")

    def open(self, path: str) -> Page:
        """Go to an address."""
        self.page.goto(self.home + path, wait_until="load")
        return self.page


@contextmanager
def _at_a_browser(
    chromium: Browser, database: Database, who: str, patch: pytest.MonkeyPatch, **context: object
) -> Iterator[Person]:
    patch.setenv("REVIEW_ACTOR", who)
    settings.cache_clear()
    config = uvicorn.Config(
        create_app(database, WebSettings(key=f"the-key-of-{who}")), port=0, log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "nothing is served"
        threading.Event().wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened = chromium.new_context(**context)  # type: ignore[arg-type] # options of Playwright
    opened.set_default_timeout(60_000)
    person = Person(opened.new_page(), f"http://127.0.0.1:{port}")
    person.page.on("console", person.hear)
    person.page.on("pageerror", lambda error: person.said.append(str(error)))
    person.open(f"/enter?key=the-key-of-{who}")
    yield person
    opened.close()
    server.should_exit = True
    thread.join(timeout=15)
    assert person.said == []


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A database of one kind: what the browser does is the same on the other."""
    shutil.copy(sqlite_template, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    yield database
    database.close()


@pytest.fixture
def records(sqlite_database: Database) -> list[int]:
    """Thirty records that anna and ben screen; cleo may settle."""
    make_review(sqlite_database)
    with writing(sqlite_database, attributed()) as session:
        review = the_review(session)
        for who in ("anna", "ben", "cleo", "dora"):
            joined(session, review, who)
        set_criteria(session, review, include=["Adults", "By video"], exclude=[], now=NOW)
        set_terms(session, review, "design", kind=TermKind.INCLUDE, terms=["random*"])
    return import_records(
        sqlite_database,
        [f"Record of place {place}" for place in range(1, RECORDS + 1)],
        abstracts=[f"AIM: To see. METHODS: We randomised {place} adults." for place in range(30)],
    )


def _number(page: Page) -> int:
    return int(str(page.locator("#sheet article").get_attribute("data-record")))


def _screen(
    person: Person, path: str, say: Callable[[int], str], act: Callable[[str], None]
) -> int:
    """Decide until nothing is left; return on how many records."""
    page = person.open(path)
    done = 0
    while page.locator("#sheet article").count():
        record = _number(page)
        act(say(record))
        expect(page.locator(f'#sheet article[data-record="{record}"]')).to_have_count(0)
        done += 1
        if page.locator("#sheet article").count():
            expect(page.locator("#told")).to_contain_text(f"Record {record} ")
            expect(page.locator("#told")).not_to_contain_text("Saving")
    return done


def test_two_reviewers_screen_by_keys_alone_a_third_settles_and_the_flow_closes(
    chromium: Browser,
    sqlite_database: Database,
    records: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {records[place - 1] for place in WANTED}
    split = records[SPLIT - 1]

    def anna_says(record: int) -> str:
        return "i" if record in wanted or record == split else "1"

    def ben_says(record: int) -> str:
        return "m" if record == min(wanted) else "i" if record in wanted else "e"

    with ExitStack() as stack:
        anna, ben, cleo = (
            stack.enter_context(_at_a_browser(chromium, sqlite_database, who, monkeypatch))
            for who in ("anna", "ben", "cleo")
        )
        page = anna.open(TITLES)
        expect(page.get_by_role("complementary", name="Decide")).to_contain_text("By video")
        expect(page.locator("#sheet mark").first).to_have_text("randomised")
        page.keyboard.press("n")
        page.keyboard.type("i e m 1 decide nothing here")
        page.keyboard.press("Escape")
        assert _number(page) == records[0]
        page.keyboard.press("e")
        expect(page.locator("#told")).to_contain_text("excluded (i e m 1 decide nothing here)")
        expect(page.get_by_label("Note")).to_have_value("")
        page.keyboard.press("z")
        expect(page.locator("#counts")).to_contain_text("30 left, 0 done")
        page.keyboard.press("h")
        expect(page.get_by_role("button", name="Marks")).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("h")
        assert _screen(anna, TITLES, anna_says, anna.page.keyboard.press) == RECORDS
        assert _screen(ben, TITLES, ben_says, ben.page.keyboard.press) == RECORDS

        page = ben.page
        page.keyboard.press("k")
        expect(page.locator("#sheet")).to_contain_text("You: ")
        page = cleo.open("/r/alliance/conflicts/title_abstract")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"record {split}")
        for said in ("anna", "included", "ben", "excluded"):
            expect(page.get_by_role("complementary")).to_contain_text(said)
        page.keyboard.press("i")
        expect(page.locator("main")).to_contain_text("Nobody disagrees on a record now.")

        _obtain(sqlite_database, [*sorted(wanted), split])
        for reader in (anna, ben):
            keys = reader.page.keyboard.press
            read = _screen(reader, TEXTS, lambda r: "2" if r == split else "i", keys)
            assert read == len(WANTED) + 1

        page = anna.open("/r/alliance/screen")
        expect(page.locator("main")).to_contain_text("30 of 30 decided: 5 included, 25 excluded.")
        expect(page.locator("main")).to_contain_text("5 of 5 decided: 4 included, 1 excluded.")
        page = anna.open("/r/alliance/flow")  # it refuses where a record is nowhere or twice
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page = anna.open("/r/alliance/screen/agreement")
        pair = page.get_by_role("row", name=re.compile("^anna, ben"))
        expect(pair.first).to_contain_text("93.3 %")  # one said maybe where the other included
        expect(pair.nth(1)).to_contain_text("96.7 %")  # forward or not
    with sqlite_database.reading() as session:
        stands = boxes(session, the_review(session))
        assert stands == {Box.INCLUDED: 4, Box.REPORT_EXCLUDED: 1, Box.EXCLUDED: 25}
        assert (
            session.query(Decision).filter_by(stage=Stage.TITLE_ABSTRACT).count() == 2 * RECORDS + 1
        )


def _obtain(database: Database, numbers: list[int]) -> None:
    """Note full texts as retrieved, as whoever obtains them does on their page."""
    with writing(database, attributed("cleo")) as session:
        note_retrieval(
            session, the_review(session), numbers, outcome=RetrievalOutcome.RETRIEVED,
            handle="cleo", now=NOW,
        )  # fmt: skip


PHONE = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
    "device_scale_factor": 1,
}  # fmt: skip


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def _tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).tap()


def test_the_same_on_phones_with_a_thumb_till_the_flow_closes(
    chromium: Browser,
    sqlite_database: Database,
    records: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted, split = {records[4], records[9]}, records[12]
    words = {"include": "Include", "exclude": "Exclude", "wrong": "wrong comparator"}
    with ExitStack() as stack:
        anna, ben, cleo = (
            stack.enter_context(_at_a_browser(chromium, sqlite_database, who, monkeypatch, **PHONE))
            for who in ("anna", "ben", "cleo")
        )
        page = anna.open(TITLES)
        for name in ("Include", "Maybe", "Exclude"):
            box = page.get_by_role("button", name=name, exact=True).bounding_box()
            assert box is not None
            assert box["height"] >= 48  # a thumb, and not a pen (Material, touch targets)
            assert box["width"] >= 96
            assert box["y"] > 700  # where the thumb is
        for who, theirs in ((anna, wanted | {split}), (ben, wanted)):
            said = _screen(
                who, TITLES, lambda r, s=theirs: words["include" if r in s else "exclude"],  # type: ignore[misc] # a default holds the loop's value
                lambda name, at=who.page: _tap(at, name),  # type: ignore[misc] # likewise
            )  # fmt: skip
            assert said == RECORDS
        page = anna.open("/r/alliance/screen/mine")
        expect(page.get_by_role("row")).to_have_count(RECORDS + 1)
        _fits(page)
        page.get_by_role("link", name="Record of place 30").tap()
        expect(page.locator("#sheet")).to_contain_text("You: ")
        _tap(page, "wrong comparator")
        expect(page.locator("#told")).to_contain_text("excluded, wrong comparator")
        _fits(page)

        page = cleo.open("/r/alliance/conflicts/title_abstract")
        _fits(page)
        page.get_by_role("link", name=f"Record of place {records.index(split) + 1}").tap()
        page.get_by_label("Why").fill("the abstract does not tell; the report will")
        _fits(page)
        _tap(page, "Include")
        expect(page.locator("main")).to_contain_text("Nobody disagrees on a record now.")

        page = cleo.open("/r/alliance/fulltexts")
        _fits(page)
        names = [f"{number}.pdf" for number in (*sorted(wanted), split)]
        page.get_by_label("PDF files").set_input_files(
            [_pdf(name, f"Record of place {records.index(int(name[:-4])) + 1}") for name in names]
        )
        _tap(page, "Look at the PDFs")
        expect(page.get_by_role("button", name="Keep them")).to_be_visible(timeout=60_000)
        for place, number in enumerate((*sorted(wanted), split)):
            page.locator(f"#record-{place}").fill(str(number))
        _fits(page)
        _tap(page, "Keep them with these reports")
        expect(page.get_by_text("3 of 3 kept")).to_be_visible()

        for who in (anna, ben):
            for number in (*sorted(wanted), split):
                page = who.open(f"/r/alliance/fulltexts/{number}")
                expect(page.locator("#reader .textLayer").first).to_contain_text("Record of place")
                _fits(page)
                _tap(page, words["wrong" if number == split else "include"])
                expect(page.get_by_text(re.compile("^You said: "))).to_be_visible()
        page.goto(f"{ben.home}/r/alliance/fulltexts/{min(wanted)}")
        page.get_by_label("Study", exact=True).fill("Nobody (2026)")
        _tap(page, "Link")
        expect(page.get_by_role("link", name="Nobody (2026)")).to_be_visible()
        page = anna.open("/r/alliance/screen")
        expect(page.locator("main")).to_contain_text("30 of 30 decided: 3 included, 27 excluded.")
        expect(page.locator("main")).to_contain_text("3 of 3 decided: 2 included, 1 excluded.")
        page = anna.open("/r/alliance/flow")  # it refuses where a record is nowhere or twice
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        _fits(page)
    with sqlite_database.reading() as session:
        stands = boxes(session, the_review(session))
    assert stands == {Box.INCLUDED: 2, Box.REPORT_EXCLUDED: 1, Box.EXCLUDED: 27}


def _pdf(name: str, title: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": page_of([title])}


def test_what_others_did_meanwhile_is_said_and_nothing_is_lost(
    chromium: Browser,
    sqlite_database: Database,
    records: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two tabs, an undo that comes too late, and a conflict that two settle."""
    with ExitStack() as stack:
        anna, ben, cleo, dora = (
            stack.enter_context(_at_a_browser(chromium, sqlite_database, who, monkeypatch))
            for who in ("anna", "ben", "cleo", "dora")
        )
        one, two = anna.open(TITLES), anna.page.context.new_page()
        two.goto(anna.home + TITLES)
        first, second, third = records[:3]
        assert two.locator("#sheet article").get_attribute("data-record") == str(first)
        one.keyboard.press("i")
        expect(one.locator("#told")).to_contain_text(f"Record {first} included")
        two.get_by_label("Note").fill("from the other tab")
        two.get_by_label("Note").blur()
        two.keyboard.press("e")
        expect(two.locator("#told")).to_contain_text("excluded (from the other tab)")
        expect(two.locator("#told")).to_contain_text(
            f"You had decided on record {first} before: this takes its place, and both are kept."
        )
        one.keyboard.press("e")  # the record that both tabs went on to
        expect(one.locator("#told")).to_contain_text(f"Record {second} excluded")
        two.keyboard.press("z")  # of the first, which this tab said last
        expect(two.locator("#sheet article")).to_have_attribute("data-record", str(first))
        two.keyboard.press("i")
        expect(two.locator("#told")).to_contain_text(f"Record {first} included")

        ben.open(TITLES)
        for record in (first, second):
            expect(ben.page.locator("#sheet article")).to_have_attribute("data-record", str(record))
            ben.page.keyboard.press("e")
            expect(ben.page.locator("#told")).to_contain_text(f"Record {record} excluded")
        place = f"/r/alliance/conflicts/title_abstract/{first}"
        cleo.open(place)
        dora.open(place)
        cleo.page.keyboard.press("i")
        expect(cleo.page.locator("main")).to_contain_text("Nobody disagrees on a record now.")
        dora.page.get_by_label("Why").fill("a long reason that must not be lost")
        dora.page.get_by_label("Why").blur()
        dora.page.keyboard.press("e")
        expect(dora.page.get_by_role("alert")).to_contain_text(
            f"Cleo settled record {first} since you opened it, as include; nothing of yours was"
        )
        expect(dora.page.get_by_label("Why")).to_have_value("a long reason that must not be lost")
        expect(dora.page.get_by_role("heading", level=1)).to_contain_text("Settled")
        two.keyboard.press("z")
        expect(two.locator("#told")).to_contain_text(f"Record {first} was adjudicated")
        expect(two.locator("#sheet article")).to_have_attribute("data-record", str(third))
        with sqlite_database.reading() as session:
            stands = boxes(session, the_review(session))
        assert stands[Box.AWAITING_RETRIEVAL] == 1
        for who in (anna, dora):
            who.said[:] = [text for text in who.said if not re.search("409|422", text)]


def test_what_is_not_saved_comes_back_with_its_note_and_why(
    chromium: Browser,
    sqlite_database: Database,
    records: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _at_a_browser(chromium, sqlite_database, "anna", monkeypatch) as anna:
        page = anna.open(TITLES)
        page.route("**/screen/title_abstract", lambda route: route.abort())
        page.get_by_label("Note").fill("worth keeping")
        page.get_by_role("button", name="Exclude", exact=True).click()
        expect(page.get_by_role("alert").first).to_contain_text(
            f"Record {records[0]} was not saved. The server cannot be reached."
        )
        assert _number(page) == records[0]
        expect(page.get_by_label("Note")).to_have_value("worth keeping")
        page.unroute("**/screen/title_abstract")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Exclude", exact=True).click()
        expect(page.locator("#told")).to_contain_text("excluded (worth keeping)")
        anna.said.clear()  # the browser notes what was refused above
