"""Draw every page of the demonstration: light, dark, on a telephone, printed.

Run by: python -m tests.web.browser.screenshots docs/screenshots [NAME...]
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.web.browser.conftest import chromium_path
from tests.web.browser.places import PLACES
from tests.web.browser.team import Entering

WAYS: Final = {
    "light": (1280, "light", "screen"),
    "dark": (1280, "dark", "screen"),
    "390": (390, "light", "screen"),
    "print": (760, "light", "print"),
}
"""Width in pixels (print: A4 without margins), colours, medium."""
TALLEST: Final = 1400
"""Pixels of a page that are kept from its top."""


def _enter(page: Page) -> None:
    """Type the invented trial, with its source."""
    who = Entering(page)
    who.two_arms()
    who.alliance()
    who.keys("50", "Tab", "5.6", "Tab", "0.9")
    who.cell("n", 1).focus()
    who.keys("49", "Tab", "5.8", "Tab", "0.8")
    who.text("5.6 (0.9)").select_text()
    who.keys("Alt+KeyS")
    who.is_saved()
    page.get_by_role("button", name="show the source of Video").click()
    page.locator(".reader-mark").first.wait_for()


def _wait_for_cells(page: Page) -> None:
    page.locator("#cells [data-cell]").first.wait_for()
    page.locator(".reader-page canvas").first.wait_for()


def _wait_for_form(page: Page) -> None:
    page.get_by_role("button", name="Add an arm").wait_for()


FIRST: Final = {"enter": _enter, "enter-again": _wait_for_form, "agree": _wait_for_cells}
"""What is done on a page before it is drawn."""


def _height(page: Page) -> int:
    """The form of a trial has a foot that stays in view: a high window shows what is above it."""
    return 1120 if page.locator("[data-entry]").count() else 900


def _draw(page: Page, way: str, file: Path) -> None:
    width, colours, medium = WAYS[way]
    page.set_viewport_size({"width": width, "height": 844 if width == 390 else _height(page)})
    page.emulate_media(color_scheme=colours, media=medium)  # type: ignore[arg-type] # from WAYS
    page.evaluate("() => scrollTo(0, 0)")
    image = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    image.crop((0, 0, width, min(image.height, TALLEST))).save(file, quality=42, method=6)


def main(folder: Path, names: list[str]) -> None:
    """Make the demonstration, serve it, and draw its pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        program = subprocess.Popen(
            [sys.executable, "-m", "review", "demo", made, "--no-browser"],
            env={**os.environ, "REVIEW_ACTOR": "reader"}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert program.stdout is not None
            address = program.stdout.readline().strip()
            browser = playwright.chromium.launch(
                executable_path=chromium_path(), args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.goto(address)
            for name in names or PLACES:
                page.goto("{0.scheme}://{0.netloc}".format(urlsplit(address)) + PLACES[name])
                page.get_by_text("being worked out").wait_for(state="hidden", timeout=90_000)
                if name in FIRST:
                    page.set_viewport_size({"width": 1280, "height": 900})
                    page.emulate_media(media="screen")
                    FIRST[name](page)
                for way in WAYS:
                    _draw(page, way, folder / f"{name}-{way}.webp")
        finally:
            program.terminate()
            program.wait(timeout=15)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
