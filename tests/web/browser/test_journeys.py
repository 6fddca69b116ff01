"""People at work in the browser: what they click, what they read."""

from __future__ import annotations

import csv
import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from review.config import shipped
from tests.web.browser.conftest import Reader

REVIEW = "Cognitive behavioural therapy for adult depression by delivery mode"
MULTIMEDIA = "Multimedia CBT against control"


def test_a_newcomer_reads_why_the_estimate_moved_and_follows_a_number_to_its_row(
    reader: Reader,
) -> None:
    page = reader.open("/")
    page.get_by_role("link", name=REVIEW).click()
    changed = page.get_by_role("region", name="What changed last")
    expect(changed.get_by_role("listitem").first).to_contain_text(
        "With 11 trials added (6 to 17 trials), multimedia CBT against control moved from "
        "0.58 [−0.17, 1.33] to 0.80 [0.50, 1.09]; the conclusion changed from inconclusive to "
        "superior."
    )
    changed.get_by_role("link", name=MULTIMEDIA).click()
    page.get_by_role("navigation", name="This analysis").get_by_role("link", name="History").click()
    expect(
        page.get_by_text(re.compile(r"Choi \(2012\) added: the estimate rose by 0\.11"))
    ).to_be_visible()
    page.get_by_role("navigation", name="This analysis").get_by_role("link", name="Forest").click()
    row = page.get_by_role("row", name=re.compile(r"Choi \(2012\)"))
    expect(row).to_contain_text("1.80 [1.21, 2.38]")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choi (2012)")
    with (shipped("seeds") / "cbt-delivery" / "results.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["study"] == "Choi (2012)"]
    assert len(rows) == 2
    for source in rows:
        expect(page.get_by_text(source["estimate"].replace("-", "−")).first).to_be_visible()
        expect(page.get_by_text(source["page"]).first).to_be_visible()
    a, b = (float(r["estimate"]) for r in sorted(rows, key=lambda r: r["arm"] == "Multimedia CBT"))
    yi = f"{a - b:.4f}"  # the scale falls as people get better
    expect(page.get_by_role("row", name=re.compile("multimedia")).get_by_text(yi)).to_be_visible()


def test_the_printed_key_works_once_and_under_the_names_of_this_machine_only(
    reader: Reader, served: str
) -> None:
    for address, host, status in (
        (served, None, 403),  # the browser has used it
        (reader.home, "evil.example.org", 400),
    ):
        request = Request(address, headers={"Host": host} if host else {})
        with pytest.raises(HTTPError) as refused:
            urlopen(request)
        assert refused.value.code in (status, 401, 403, 421)
        refused.value.close()


def test_a_stranger_on_this_machine_sees_nothing(chromium: Browser, reader: Reader) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{reader.home}/r/cbt-delivery")
    expect(page.locator("body")).not_to_contain_text("Multimedia")
    context.close()


def test_what_if_a_trial_were_left_out_is_shared_by_its_link(reader: Reader) -> None:
    page = reader.open("/r/cbt-delivery/a/multimedia")
    pooled = page.get_by_role("row", name=re.compile("^Pooled"))
    before = pooled.inner_text()
    page.get_by_label("what if trials are left out").check()
    page.get_by_role("button", name="Show").click()
    page.get_by_role("row", name=re.compile(r"Choi \(2012\)")).get_by_role("checkbox").check()
    banner = page.locator("#what-if")
    expect(banner).to_contain_text("not the planned analysis, and nothing is stored")
    expect(banner).to_contain_text("0.80 [0.50, 1.09] would be 0.73 [0.45, 1.02]")
    shared = str(banner.get_by_role("link", name="A link to this question").get_attribute("href"))
    reader.open(shared)
    expect(banner).to_contain_text("would be 0.73 [0.45, 1.02]")
    reader.open("/r/cbt-delivery/a/multimedia")
    assert pooled.inner_text() == before


def test_a_plan_is_revised_and_what_its_version_changes_is_told(reader: Reader) -> None:
    page = reader.open("/r/invented/a/alliance/plan/edit")
    page.get_by_label("Title").fill("Working alliance of invented trials (synthetic data)")
    page.get_by_label("Why the plan changes").fill("a clearer title")
    page.get_by_role("button", name="Freeze as version 2").click()
    expect(page.locator("main")).to_contain_text("a clearer title")
    expect(page.locator("main")).to_contain_text("Version 2")


def test_an_export_is_made_in_the_background_and_downloaded(reader: Reader) -> None:
    page = reader.open("/r/cbt-delivery/exports")
    page.get_by_role("button", name="Make Scripts").click()
    link = page.get_by_role("link", name=re.compile("script")).first
    expect(link).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    assert download.value.path().stat().st_size > 100
    # a poll that meets a database at work is answered 503, and asked again
    reader.said[:] = [said for said in reader.said if "503" not in said]
