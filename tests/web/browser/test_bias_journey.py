"""J11: risk of bias judged by two, blind, and settled."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.extraction.appraisal.samples import CLEAN
from tests.web.browser.conftest import Reader

FIRST = "Demonstration reviewer A"
WORDS = {"Y": "yes", "PY": "probably yes", "PN": "probably no", "N": "no", "NI": "no information"}

SAID_BY_THE_READER = """quote => new BroadcastChannel(
  document.querySelector("form[data-channel]").dataset.channel
).postMessage({kind: "take", report: "1", selection: {page: 2, label: "212", quote}})"""
"""What the window of the report says when somebody selects there and presses Alt+S."""


def test_risk_of_bias_is_judged_by_two_and_settled(reader: Reader) -> None:
    page = reader.open("/r/invented/rob")
    row = page.get_by_role("row", name=re.compile("Synthetic 04.*panic")).first
    expect(row).to_contain_text(FIRST)
    row.get_by_role("link").click()
    expect(page.locator("main")).not_to_contain_text("synthetic report")  # what A gave as support
    saved, proposed = page.locator("[data-saved]"), page.locator("[data-proposed=D1]")
    for number, answer in {**CLEAN, "1.2": "N"}.items():
        question = page.locator(f'[data-question="{number}"]')
        expect(question).to_be_visible()
        question.get_by_role("radio", name=WORDS[answer], exact=True).check()
    expect(proposed).to_have_text("High")
    expect(page.locator("[data-judged=Overall]")).to_have_text("High")
    expect(page.locator('[data-question="2.3"]')).to_be_hidden()
    first = page.locator('[data-question="1.2"]')
    expect(saved).to_contain_text("Draft saved")
    first.get_by_role("radio", name="no", exact=True).focus()
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.evaluate(SAID_BY_THE_READER, "an open list of random numbers")
    expect(saved).to_contain_text("Draft saved")
    page.reload()
    expect(first.get_by_label("Quote from the report")).to_have_value(
        "an open list of random numbers (p. 212)"
    )
    expect(page.get_by_text("0 questions left")).to_be_visible()
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("h1")).to_have_text("Synthetic 04: panic")
    expect(page.locator(".voices.differs").first).to_contain_text(f"{FIRST}: probably yes")
    page.get_by_role("link", name="Settle").click()
    first.get_by_role("radio", name="probably yes", exact=True).check()
    expect(page.locator("[data-judged=Overall]")).to_have_text("Low")
    page.get_by_role("button", name="Store the consensus").click()
    expect(page.locator("#reason-wrong")).to_be_visible()
    reader.said[:] = [said for said in reader.said if "422" not in said]
    page.get_by_label("How the consensus was reached").fill("The protocol names a central service.")
    page.get_by_role("button", name="Store the consensus").click()
    expect(page.locator("main")).to_contain_text("The protocol names a central service.")
    expect(page.locator("header p.row")).to_contain_text("overall Low")
    reader.open("/r/invented/rob")
    lights = page.get_by_role("row", name=re.compile("^Synthetic 04")).last
    expect(lights.get_by_role("img", name="Low")).to_have_count(6)
