"""Searches brought in, duplicates settled, full texts read (J15, J16)."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Page, expect

from review.demonstration.pdfs import page_of
from tests.citations.test_imports import ris
from tests.web.browser.conftest import Reader

AT = "/r/invented"


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def _numbers(page: Page) -> tuple[int, int]:
    """How many groups of duplicates wait, and how many pairs are linked."""
    said = page.locator("main > p").first.inner_text()
    waiting, linked = re.findall(r"([\d,]+) (?:group|pair)", said)
    return int(waiting), int(linked)


def test_three_files_in_one_broken_one_repeated(reader: Reader) -> None:
    """J15, with a reload while it runs."""
    page = reader.open(f"{AT}/searches")
    good = ris("An invented report that nobody else has", "Synthetic singing of whales at night")
    good += b"TY  - JOUR\nKW  - no title\nER  - \n"
    page.get_by_label("Files of one search").set_input_files(
        [
            _file("good.ris", good),
            _file("broken.ris", b"%PDF-1.4 no citations"),
            _file("again.ris", good),
        ]
    )
    page.get_by_role("button", name="Look at the files").click()
    page.wait_for_url("**/uploads/*")
    page.reload()
    expect(page.get_by_text("3 seen, 2 read, 1 rejected")).to_be_visible(timeout=60_000)
    expect(
        page.get_by_text(re.compile(r"Line \d+: neither a title nor an identifier"))
    ).to_be_visible()
    expect(page.get_by_text("this is a PDF")).to_be_visible()
    expect(page.get_by_text("it is the same file as good.ris, which is read once")).to_be_visible()
    page.get_by_role("button", name="Import what is ticked").click()
    expect(page.get_by_text("Say what was searched, such as PsycINFO.")).to_be_visible()
    page.get_by_label("Source", exact=True).fill("Invented Archive")
    page.get_by_label("Date of the search").fill("2026-11-02")
    page.get_by_label("Strategy", exact=True).fill("1. whales*")
    page.get_by_role("button", name="Import what is ticked").click()
    done = re.compile("2 records of 1 file imported")
    expect(page.get_by_text(done)).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text(done)).to_be_visible()
    page = reader.open(f"{AT}/searches")
    expect(page.get_by_role("heading", name="Invented Archive, 2026-11-02")).to_be_visible()
    # a page that is reloaded, and one refused, leave their word on the console
    reader.said[:] = [said for said in reader.said if not re.search("422|503", said)]


def test_pairs_are_settled_by_keys_and_taken_back(reader: Reader) -> None:
    """J16."""
    page = reader.open(f"{AT}/duplicates")
    waiting, linked = _numbers(page)
    assert waiting >= 2
    expect(page.locator("mark").first).to_be_visible()
    page.keyboard.press("s")
    page.wait_for_url("**skip=1")
    page.keyboard.press("d")
    expect(page.get_by_text(re.compile("You said last: .* are one work"))).to_be_visible()
    assert _numbers(page) == (waiting - 1, linked + 1)
    page.keyboard.press("z")
    expect(page.get_by_text("You said last")).to_have_count(0)
    assert _numbers(page) == (waiting, linked)
    reader.open(f"{AT}/duplicates")
    page.keyboard.press("n")
    expect(page.get_by_text(re.compile("You said last: .* are different works"))).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("You said last")).to_have_count(0)
    assert _numbers(page) == (waiting, linked)


def test_a_pdf_is_dropped_matched_checked_and_read_beside_the_decision(reader: Reader) -> None:
    page = reader.open(f"{AT}/fulltexts?state=awaiting_retrieval")
    row = page.get_by_role("row").nth(1)
    number = int(row.get_by_role("checkbox").get_attribute("value") or 0)
    doi = row.get_by_role("link", name=re.compile("^10")).inner_text()
    page.get_by_label("PDF files").set_input_files(
        [_file("x.pdf", page_of(["An invented report.", f"https://doi.org/{doi}"]))]
    )
    page.get_by_role("button", name="Look at the PDFs").click()
    expect(page.get_by_label("Record")).to_have_value(str(number), timeout=60_000)
    page.get_by_role("button", name="Keep them with these reports").click()
    page.get_by_role("link", name=f"record {number}").click()
    expect(page.locator("#reader .textLayer").first).to_contain_text("An invented report.")
    page.get_by_label("Note").fill("a note with i and 1 in it")
    page.get_by_label("Note").blur()
    page.keyboard.press("1")
    expect(page.get_by_text(re.compile("You said: exclude, .*a note with i and 1"))).to_be_visible()
