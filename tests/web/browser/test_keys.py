"""Single keys: they click what names them, never while somebody types, and can be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import Reader
from tests.web.browser.places import PLACES
from tests.web.browser.test_every_page import axe, violations


@pytest.fixture
def records(reader: Reader) -> Iterator[Page]:
    """The list of records, with a button that counts how often it was used."""
    page = reader.open(PLACES["records"])
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend",
          `<button type="button" id="it" data-n="0" aria-keyshortcuts="i 1">Include
           <kbd data-key="i">i</kbd></button><button type="button" id="save"
           aria-keyshortcuts="Control+Enter">Save</button><textarea id="note"></textarea>`)"""
    )
    for name in ("it", "save"):
        page.evaluate(
            """name => { const b = document.getElementById(name);
              b.onclick = () => b.dataset.n = Number(b.dataset.n ?? 0) + 1; }""", name,
        )  # fmt: skip
    yield page
    page.evaluate("() => localStorage.clear()")


def test_a_key_clicks_the_button_that_names_it(records: Page) -> None:
    button = records.locator("#it")
    records.keyboard.press("i")
    records.keyboard.press("1")
    expect(button).to_have_attribute("data-n", "2")
    for other in ("Control+i", "Alt+i", "x"):
        records.keyboard.press(other)
    records.locator("#note").press_sequentially("i 1 / ? g a")
    expect(records.locator("#note")).to_have_value("i 1 / ? g a")
    expect(button).to_have_attribute("data-n", "2")
    records.keyboard.press("Control+Enter")
    expect(records.locator("#save")).to_have_attribute("data-n", "1")
    records.locator("h1").click()
    button.evaluate("b => b.disabled = true")
    records.keyboard.press("i")
    expect(button).to_have_attribute("data-n", "2")


def test_a_key_finds_the_search_the_rows_and_the_other_pages(records: Page) -> None:
    records.keyboard.press("/")
    expect(records.locator("#q")).to_be_focused()
    records.keyboard.press("/")
    expect(records.locator("#q")).to_have_value("/")
    records.locator("#q").blur()
    rows = records.locator("[data-walk] tbody a")
    for key, place in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        records.keyboard.press(key)
        expect(rows.nth(place)).to_be_focused()
    records.keyboard.press("g")
    records.keyboard.press("a")
    expect(records).to_have_url(re.compile("/r/invented/analyses$"))


def test_keys_are_listed_switched_off_and_changed(records: Page) -> None:
    records.keyboard.press("?")
    listed = records.get_by_role("dialog", name="Keys of this page")
    expect(listed).to_contain_text("Include")
    expect(listed).to_contain_text("Go to, then: o Overview")
    records.evaluate(axe())
    assert violations(records) == []
    records.keyboard.press("i")  # the page behind does not hear it
    field = listed.get_by_label("Key for: Include").first
    field.fill("/")
    field.blur()
    expect(listed.get_by_role("status")).to_contain_text("is taken: Containing")
    field.fill("y")
    field.blur()
    listed.get_by_role("button", name="Close").click()
    records.keyboard.press("i")
    records.keyboard.press("y")
    button = records.locator("#it")
    expect(button).to_have_attribute("data-n", "1")
    expect(button).to_have_attribute("aria-keyshortcuts", "y 1")
    expect(button.locator("kbd")).to_have_text("y")

    records.get_by_role("button", name="Keys").click()
    listed.get_by_label("Single keys are on").uncheck()
    records.keyboard.press("Escape")
    records.keyboard.press("y")
    expect(button).to_have_attribute("data-n", "1")
    expect(button.locator("kbd")).to_be_hidden()
    records.locator("h1").click()
    records.keyboard.press("Control+Enter")
    expect(records.locator("#save")).to_have_attribute("data-n", "1")
    records.reload()
    records.keyboard.press("/")
    expect(records.locator("#q")).not_to_be_focused()
