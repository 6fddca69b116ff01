"""Every page: accessible in light, dark and on a telephone, nothing too wide, a quiet console."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from starlette.routing import Match

from review.db import Database
from review.web.app import create_app
from review.web.routes import Route
from review.web.settings import WebSettings
from tests.tiers import WHOLE
from tests.web.browser.conftest import Reader
from tests.web.browser.places import NO_PAGES, PLACES

VENDOR = Path(__file__).parent / "vendor"
MISSING = {"not-there"}
"""Pages that are answered with 404, which the browser notes on the console."""


@cache
def axe() -> str:
    """axe-core, the file that VERSIONS names."""
    source = (VENDOR / "axe.min.js").read_bytes()
    assert hashlib.sha256(source).hexdigest() in (VENDOR / "VERSIONS").read_text()
    return source.decode()


def violations(page: Page, **options: Any) -> list[str]:
    """What axe finds, as sentences; what is in order it need not describe, which is slow."""
    wanted = {"resultTypes": ["violations"], **options}
    found = page.evaluate("options => axe.run(document, options)", wanted)
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


COLOURS_WERE_SEEN: Final = {"rules": {"color-contrast": {"enabled": False}}}
"""What is dear, and the same in a narrow window; the long tier asks it all the same."""

WIDER = """() => {
  const seen = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= seen) return [];
  const scrolls = e => e && (/(auto|scroll|hidden|clip)/.test(getComputedStyle(e).overflowX) ||
                             scrolls(e.parentElement === document.body ? null : e.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > seen + 1 && !scrolls(e.parentElement))
    .map(e => e.outerHTML.slice(0, 160));
}"""


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_for_everybody(reader: Reader, name: str) -> None:
    page = reader.open(PLACES[name])
    page.evaluate(axe())
    found = {"light": violations(page)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = violations(page, runOnly=["color-contrast"])
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    found["390 px"] = violations(page, **({} if WHOLE else COLOURS_WERE_SEEN))
    page.set_viewport_size({"width": 320, "height": 700})
    found["wider than 320 px"] = page.evaluate(WIDER)
    page.set_viewport_size({"width": 640, "height": 450})  # a window of 1280 at 200 %
    found["wider than the window at 200 % zoom"] = page.evaluate(WIDER)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    found["wider than the window with letters of 200 %"] = page.evaluate(WIDER)
    assert {how: what for how, what in found.items() if what} == {}
    if name in MISSING:
        reader.said[:] = [said for said in reader.said if "404" not in said]


def test_every_address_that_can_be_opened_is_among_the_pages(demonstration: Database) -> None:
    app = create_app(demonstration, WebSettings())
    unseen = []
    for route in app.routes:
        assert isinstance(route, Route)
        path = route.path
        if "GET" not in (route.methods or ()) or path.startswith("/api/") or path in NO_PAGES:
            continue
        scope = {"type": "http", "method": "GET"}
        paths = [urlsplit(place).path for place in PLACES.values()]
        if not any(route.matches({**scope, "path": p})[0] is Match.FULL for p in paths):
            unseen.append(path)
    assert unseen == []


CONTROLS = """() => [...document.querySelectorAll(
    'a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0
               && e.type !== 'hidden' && !(e.type === 'radio' && !e.checked))
  .map((e, i) => { e.dataset.place = i; return e.outerHTML.slice(0, 120); })"""


@pytest.mark.parametrize("name", ["review", "analysis", "plan-editor", "records", "people"])
def test_the_keyboard_reaches_every_control(reader: Reader, name: str) -> None:
    page = reader.open(PLACES[name])
    controls = page.evaluate(CONTROLS)
    reached = set()
    for _ in range(len(controls) + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.dataset.place"))
    assert [html for place, html in enumerate(controls) if str(place) not in reached] == []
