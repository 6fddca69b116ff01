"""Every page of a review opens, says what it is of, and obeys the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from starlette.testclient import TestClient

from review.config import settings
from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.web.app import create_app
from review.web.settings import WebSettings
from tests.conftest import NOW
from tests.living.fixture import begin, enter
from tests.web.conftest import KEY

A = "/r/cbt-delivery/a/multimedia"

PAGES = {
    "/": "what waits|Cognitive behavioural therapy",
    "/r/cbt-delivery": "What changed last.*Multimedia CBT against control.*Where we are",
    "/r/cbt-delivery/analyses": "Multimedia CBT against control.*superior",
    A: "moved from 0.58 \\[−0.17, 1.33\\] to 0.80.*Schmidt \\(1983\\)",
    f"{A}?run=1": "An earlier run",
    f"{A}?sort=weight&columns=arms&columns=country&without=1": "not the planned analysis",
    f"{A}/history": "Every run.*11 trials added.*What moved",
    f"{A}/history?from=1&to=1": "Run 1 of 2",
    f"{A}/robustness": "Without each trial.*None: all trials",
    f"{A}/looks": "Not the headline",
    f"{A}/outlook": "The next trial|being worked out",
    f"{A}/selection": "Counts \\(17\\).*Left out \\(59\\)",
    f"{A}/plan": "Version 1",
    "/r/cbt-delivery/studies": "76 of 76 studies",
    "/r/cbt-delivery/studies?q=choi": "\\d of 76 studies.*Choi \\(2012\\)",
    "/r/cbt-delivery/s/1": "Where the numbers went.*History",
    "/r/cbt-delivery/records": "No record is like that",
    "/r/cbt-delivery/flow": "Records identified|Records screened",
    "/r/cbt-delivery/history": "50 events a page",
    "/r/cbt-delivery/history?entity=run&verify=true": "The history is intact",
}


@pytest.fixture
def reader(delivery: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The person of this machine, reading cbt-delivery."""
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()
    app = create_app(delivery, WebSettings(key=KEY))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get(f"/enter?key={KEY}")
        yield client
    settings.cache_clear()


def test_every_page_opens_and_obeys_the_policy(reader: TestClient) -> None:
    for path, words in PAGES.items():
        answer = reader.get(path)
        assert answer.status_code == 200, path
        assert re.search(words, answer.text, re.DOTALL), path
        assert 'style="' not in answer.text, path
        assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text), path
        assert not re.search(r"\son[a-z]+=", answer.text), path
        ids = re.findall(r'\sid="([^"]+)"', answer.text)
        assert len(ids) == len(set(ids)), path


MISSING = (
    f"{A}?run=9", f"{A}/row/99999", "/r/cbt-delivery/a/none", "/r/cbt-delivery/s/99999",
    "/r/cbt-delivery/records/5", "/r/cbt-delivery/flow/none", "/r/none",
)  # fmt: skip


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_404(reader: TestClient, path: str) -> None:
    assert reader.get(path).status_code == 404


def test_every_link_of_a_page_leads_somewhere(reader: TestClient) -> None:
    text = reader.get(A).text
    links = {link for link in re.findall(r'href="(/r/[^"#]+)"', text) if "/s/" in link}
    assert len(links) == 17
    for link in sorted(links)[:3]:
        assert reader.get(link).status_code == 200


def _form(text: str) -> dict[str, str | list[str]]:
    """Return what a browser would send of a page's last form."""
    page: Any = lxml.html.document_fromstring(text)
    form = page.forms[-1]
    found: dict[str, str | list[str]] = {}
    for name, value in form.form_values():
        if name in found:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
    return found


@pytest.fixture
def lead(database: Database, by: Attribution, browser: TestClient) -> TestClient:
    """The owner of a review of made-up trials, pooled once."""
    begin(database, by)
    enter(database, by, range(1, 6))
    repool(database, actor="tester", now=lambda: NOW)
    return browser


P = "/r/fixture/a/alliance/plan"


def test_a_plan_is_revised_with_a_reason(lead: TestClient) -> None:
    page = lead.get(f"{P}/edit")
    assert "Results of this analysis are there (run 1)" in page.text
    form = _form(page.text)
    form["margin"] = "0.4"
    compared = lead.post(f"{P}/edit", data={**form, "do": "compare"})
    assert compared.status_code == 200
    assert "margin: <del>0.5</del> <ins>0.4</ins>" in compared.text
    assert "Which trials would enter (5)" in compared.text
    assert "-0.45" not in compared.text  # no effect is shown where a plan is chosen
    seen = lead.post(f"{P}/preview", data=form)
    assert "margin: <del>0.5</del> <ins>0.4</ins>" in seen.text
    silent = lead.post(f"{P}/edit", data={**form, "do": "freeze"})
    assert silent.status_code == 422
    assert "Say why the plan changes" in silent.text
    assert 'value="0.4"' in silent.text  # what was typed is there still
    done = lead.post(f"{P}/edit", data={**form, "do": "freeze", "why": "A narrower margin"})
    assert done.url.path == P
    assert "frozen by tester: A narrower margin" in done.text
    again = lead.post(f"{P}/edit", data={**form, "do": "freeze", "why": "Twice"})
    assert again.status_code == 409
    assert "Version 2 was frozen since" in again.text


def test_a_wrong_plan_says_all_that_is_wrong_beside_its_fields(lead: TestClient) -> None:
    form = _form(lead.get(f"{P}/edit").text)
    wrong = {**form, "margin": "minus one", "level": "3", "outcome": "none", "do": "freeze"}
    answer = lead.post(f"{P}/edit", data=wrong)
    assert answer.status_code == 422
    for name in ("margin", "level"):
        marks = f'aria-invalid="true" aria-describedby="{name}-wrong"'
        assert re.search(f'<input id="{name}"[^>]*{marks}', answer.text), name
        assert f'<p class="wrong" id="{name}-wrong">' in answer.text


def test_the_protocol_takes_what_a_lead_changes(lead: TestClient) -> None:
    token = str(_form(lead.get("/r/fixture/protocol").text)["token"])
    at = "/r/fixture/protocol"
    assert "wrong population" in lead.post(
        f"{at}/reasons", data={"token": token, "reason": "wrong population"}
    ).text  # fmt: skip
    paused = {"token": token, "status": "paused"}
    refused = lead.post(f"{at}/living", data=paused)
    assert refused.status_code == 422
    assert "Say why the review is paused" in refused.text
    told = lead.post(f"{at}/living", data={**paused, "because": "no money"})
    assert "no money" in told.text
    search = {"token": token, "source": "PsycINFO", "days": "30"}
    assert "PsycINFO: every 30 days" in lead.post(f"{at}/searches", data=search).text
    stage = {"token": token, "stage": "full_text", "required": "1"}
    assert "1 reviewer a record, who see" in lead.post(f"{at}/stages", data=stage).text
    assert "rob2-parallel, version" in lead.post(
        f"{at}/tools", data={"token": token, "tool": "rob2-parallel"}
    ).text  # fmt: skip


def test_figures_and_tables_are_files(reader: TestClient) -> None:
    assert reader.get(f"{A}/downloads").status_code == 200
    figure = reader.get(f"{A}/figures/forest.svg")
    assert figure.headers["content-type"] == "image/svg+xml"
    assert b"</svg>" in figure.content
    assert "forest_multimedia_run_2.svg" in figure.headers["content-disposition"]
    table = reader.get(f"{A}/tables/study_results.csv")
    assert b"Schmidt (1983)" in table.content
    assert reader.get(f"{A}/figures/none.svg").status_code == 404
    assert reader.get(f"{A}/figures/forest.exe").status_code == 404
    assert reader.get(f"{A}/tables/results.csv").status_code == 404


def test_a_run_that_is_out_of_date_says_so_and_offers_to_compute(
    lead: TestClient, database: Database, by: Attribution
) -> None:
    analysis = "/r/fixture/a/alliance"
    assert "Out of date" not in lead.get(analysis).text
    enter(database, by, range(6, 8))
    text = lead.get(analysis).text
    assert "Out of date" in text
    assert 'action="/r/fixture/pool"' in text
    assert "alliance: run 1 is out of date" in lead.get("/r/fixture").text
    repool(database, actor="tester", now=lambda: NOW)
    text = lead.get(analysis).text
    assert "Out of date" not in text
    assert "With 2 trials added" in text
