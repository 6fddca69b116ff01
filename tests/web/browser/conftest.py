"""A Chromium and `review demo`, once a session.

Chromium is the one that REVIEW_CHROMIUM names, or the system's. Where there is none these tests are
skipped with the reason; in CI, or where REVIEW_CHROMIUM names one that does not start, they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.loaded import PATIENCE

expect.set_options(timeout=60_000)  # a busy machine is slow, which is no failure of a page


def chromium_path() -> str | None:
    """The browser that is named or found."""
    named = os.environ.get("REVIEW_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    path = chromium_path()
    problem = None if path else "there is no Chromium; name one with REVIEW_CHROMIUM"
    with sync_playwright() as playwright:
        browser = None
        if path:
            try:
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            except PlaywrightError as error:
                problem = f"{path} does not start: {error}"
        if browser is None:
            wanted = os.environ.get("CI") or os.environ.get("REVIEW_CHROMIUM")
            (pytest.fail if wanted else pytest.skip)(str(problem))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that `review demo` prints, on a copy that tests may write to."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(demonstration_file, folder / "demonstration.db")
    program = subprocess.Popen(
        [sys.executable, "-m", "review", "demo", str(folder), "--no-browser"],
        env={**os.environ, "REVIEW_ACTOR": "tester"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    try:
        address = program.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "nothing is served"
        yield address
    finally:
        program.terminate()
        program.wait(PATIENCE)
        program.stdout.close()


@dataclass
class Reader:
    """A page in the browser, signed in, and all that the console said."""

    page: Page
    home: str
    said: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the console says, with the page it says it of."""
        self.said.append(f"{self.page.url}: {message.type}: {message.text}")

    def open(self, path: str) -> Page:
        """Go to an address of the program."""
        self.page.goto(self.home + path, wait_until="load")
        return self.page


@pytest.fixture(scope="session")
def _signed_in(chromium: Browser, served: str) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(90_000)  # others may have the machine
    parts = urlsplit(served)
    reader = Reader(context.new_page(), f"{parts.scheme}://{parts.netloc}")
    reader.page.on("console", reader.hear)
    reader.page.on("pageerror", lambda error: reader.said.append(f"{reader.page.url}: {error}"))
    reader.page.goto(served, wait_until="load")
    yield reader
    context.close()


@pytest.fixture
def reader(_signed_in: Reader) -> Iterator[Reader]:
    """The person of the demonstration at a wide, light window; any word on the console fails."""
    _signed_in.said.clear()
    _signed_in.page.set_viewport_size({"width": 1280, "height": 900})
    _signed_in.page.emulate_media(color_scheme="light", media="screen")
    yield _signed_in
    assert _signed_in.said == []
