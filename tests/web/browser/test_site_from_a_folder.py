"""J17: the pages of a release open from a folder, for everybody."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from review.db import Database
from review.demonstration import invented
from review.export.site.content import data_of, site_of_release
from review.living.releases.releases import release_called
from review.protocol.queries import review_called
from review.web.site import Site
from tests.web.browser.test_every_page import WIDER, axe, violations


def test_a_site_opens_from_a_folder_for_everybody(
    chromium: Browser, demonstration: Database, tmp_path: Path
) -> None:
    with demonstration.reading() as session:
        review = review_called(session, invented.NAME)
        content = site_of_release(session, review, release_called(session, review, "1.0"))
        data = data_of(session, content)
    site = Site(content, lambda: data)
    for name, text in site.files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text)
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_role("link", name="Panic severity").click()
    page.get_by_role("row", name="Synthetic 02").get_by_role("link").click()
    assert page.url.endswith("panic.html#panic-trial-1")
    page.locator("#panic-trial-1").get_by_role("link", name="Synthetic 02").click()
    assert "studies.html#study-" in page.url
    (tmp_path / "report.html").write_bytes(site.report())
    for name in ("report.html", *site.pages()):
        page.goto((tmp_path / name).as_uri())
        page.evaluate(axe())
        assert violations(page, preload=False) == [], name
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate(WIDER) == [], name
        page.set_viewport_size({"width": 1280, "height": 900})
    assert said == []
    context.close()
