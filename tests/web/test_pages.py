"""Every page of a review opens, says what it is of, and obeys the policy."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from tests.conftest import NOW
from tests.living.fixture import enter

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
    f"{A}/all": "Every run.*Without each trial.*Not the headline.*Left out.*Version 1",
    "/r/cbt-delivery/studies": "76 of 76 studies",
    "/r/cbt-delivery/studies?q=choi": "\\d of 76 studies.*Choi \\(2012\\)",
    "/r/cbt-delivery/s/1": "Where the numbers went.*History",
    "/r/cbt-delivery/records": "No record is like that",
    "/r/cbt-delivery/flow": "Records identified|Records screened",
    "/r/cbt-delivery/history": "50 events a page",
    "/r/cbt-delivery/history?entity=run&verify=true": "The history is intact",
}


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
