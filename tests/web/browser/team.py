"""A team on a server that tests may kill, and what somebody does at the page of a trial."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from review.db import Database, database_at
from review.history.actions import Attribution, writing
from review.people.accounts.actions import end_sessions, set_password
from review.people.accounts.secrets import hasher
from review.people.actions import person_called
from review.protocol.queries import review_called
from tests.loaded import PATIENCE

PASSWORD = "four plain words"
A, B, C = "Demonstration reviewer A", "Demonstration reviewer B", "Demonstration adjudicator C"
WAITING = "Synthetic 09 (to be entered)"


def study_called(database: Database, label: str = WAITING) -> int:
    """Return the number of a study of the invented review."""
    from review.extraction.queries import study_called

    with database.reading() as session:
        return study_called(session, review_called(session, "invented"), label).id


@dataclass
class Server:
    """`review serve` of a copy of the demonstration in which three people have accounts."""

    file: Path
    port: int
    program: subprocess.Popen[str] | None = None

    @property
    def home(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The file, opened beside the server."""
        database = database_at(f"sqlite:///{self.file}")
        yield database
        database.close()

    def start(self) -> None:
        """Serve, and wait until it is said where."""
        self.program = subprocess.Popen(
            [sys.executable, "-m", "review", "serve", "--port", str(self.port), "--no-browser"],
            env={**os.environ, "REVIEW_DATABASE_URL": f"sqlite:///{self.file}"},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.program.stdout is not None
        assert self.program.stdout.readline().startswith("http://")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the program, or kill it as a power cut does."""
        assert self.program is not None
        self.program.send_signal(how)
        self.program.wait(PATIENCE)
        if self.program.stdout is not None:
            self.program.stdout.close()

    def end_sessions_of(self, name: str) -> None:
        """Sign somebody out everywhere."""
        now = datetime.now(UTC)
        with (
            self.database() as database,
            writing(database, Attribution(actor=name, at=now)) as session,
        ):
            end_sessions(session, person_called(session, name), now=now)


@contextmanager
def team_server(demonstration: Path, folder: Path) -> Iterator[Server]:
    """Serve a copy of the demonstration to a team."""
    file = folder / "team.db"
    shutil.copy(demonstration, file)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Server(file, free.getsockname()[1])
    now = datetime.now(UTC)
    stored = hasher().hash(PASSWORD)
    with server.database() as database:
        for name in (A, B, C):
            with writing(database, Attribution(actor=name, at=now)) as session:
                set_password(session, person_called(session, name), stored, now=now)
    server.start()
    try:
        yield server
    finally:
        if server.program is not None and server.program.poll() is None:
            server.stop()


@dataclass
class Entering:
    """Somebody at the page of a trial, with the keyboard."""

    page: Page
    said: list[str] = field(default_factory=list)

    @classmethod
    def signed_in(cls, chromium: Browser, server: Server, name: str) -> Entering:
        """Open a browser of somebody's own and sign in."""
        page = chromium.new_context(viewport={"width": 1400, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        made = cls(page)
        page.on("pageerror", lambda error: made.said.append(str(error)))
        page.goto(f"{server.home}/sign-in")
        page.get_by_label("Name or e-mail address").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{server.home}/")
        return made

    def keys(self, *what: str) -> None:
        """Press keys that have names, type everything else."""
        for one in what:
            if one in ("Tab", "Enter", "Escape") or "+" in one or one.startswith("Arrow"):
                self.page.keyboard.press(one)
            else:
                self.page.keyboard.type(one)

    def cell(self, field_: str, row: int = 0) -> Locator:
        """Return a cell of the rows of results."""
        return self.page.locator(f"tr.cells input[data-in=row][data-field={field_}]").nth(row)

    @property
    def saved(self) -> Locator:
        """What the page says about saving."""
        return self.page.locator("#saved")

    def is_saved(self) -> None:
        """Wait until the page says that all is saved."""
        expect(self.saved).to_contain_text("Saved", timeout=60_000)

    def two_arms(self) -> None:
        """Enter both arms of the invented report by keys."""
        expect(self.page.get_by_role("button", name="Add an arm")).to_be_enabled()
        for label, mode in (("Video", "videoc"), ("In person", "face")):
            self.keys("Alt+a", label, "Tab", "CBT for panic", "Tab", mode, "Tab", "52")

    def alliance(self) -> None:
        """Begin the block of the working alliance by keys; the cursor stands in its first cell."""
        self.keys("Alt+n", "Working Alliance Inventory, mean", "Tab", "client", "Tab", "Tab", "itt")
        self.cell("n").focus()

    def text(self, words: str) -> Locator:
        """Return a line of the report."""
        return self.page.locator(".textLayer span", has_text=words).first
