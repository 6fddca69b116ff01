"""The pages of a network: league table, pairs, history and robustness, without a script."""

from __future__ import annotations

import re

from review.db import Database
from review.export.drawings.forest import forest_of
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.web.plots import Addresses, forest_table
from tests.conftest import NOW
from tests.living.networks import TRIALS, begin, enter, items_of, network_plan, run_of
from tests.tiers import MOSTLY_ON_SQLITE
from tests.web.conftest import at_home
from tests.web.test_people_pages import check_markup

A = "/r/networks/a/network"

PAGES = {
    A: "League table.*Each treatment against in person.*Every pair: direct, indirect, together",
    f"{A}?without=4": "Without 1 trial",
    f"{A}/history": "Comparisons of the network|comparisons of the network",
    f"{A}/robustness": "Without each trial.*None: all trials",
    f"{A}/looks": "No panel|three trials",
    f"{A}/outlook": "The next trial|being worked out",
    f"{A}/selection": "Counts \\(8\\)",
    f"{A}/plan": "wait list",
    f"{A}/all": "League table",
    f"{A}/row/4": "Synthetic 4",
    f"{A}/downloads": "network",
    "/r/networks": "Network",
    "/r/networks/analyses": "Network",
}


@MOSTLY_ON_SQLITE
def test_every_page_of_a_network_opens(database: Database, by: Attribution) -> None:
    begin(database, by, network_plan())
    few = {name: arms for name, arms in TRIALS.items() if name != "Synthetic 8"}
    enter(database, by, few)
    repool(database, actor="t", now=lambda: NOW)
    enter(database, by, {"Synthetic 8": TRIALS["Synthetic 8"]})
    repool(database, actor="t", now=lambda: NOW)
    with at_home(database) as client:
        for path, words in PAGES.items():
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.text[-2000:])
            assert re.search(words, answer.text, re.DOTALL), (path, words)
            check_markup(answer.text, path)
        figure = client.get(f"{A}/figures/network.svg")
        assert figure.status_code == 200
        form = client.get(f"{A}/plan/edit").text
        assert "wait list: wait list" in form


def test_a_network_is_shown_by_its_subgroups(database: Database, by: Attribution) -> None:
    begin(database, by, network_plan(subgroups=["year"], moderators=["year"]))
    enter(
        database, by,
        {
            name: {arm: {**numbers, "year": 2001 + i % 2} for arm, numbers in arms.items()}
            for i, (name, arms) in enumerate(TRIALS.items())
        },
    )  # fmt: skip
    assert repool(database, actor="t", now=lambda: NOW).failed == []
    with at_home(database) as client:
        plain, by_year = client.get(A).text, client.get(f"{A}?by=year").text
        assert '<option value="year">by year</option>' in plain
        assert "wait list against in person" not in re.sub(r"(?s)<table.*", "", plain)
        assert "wait list against in person" in by_year
        assert "Differences between subgroups" in by_year
        check_markup(by_year, A)
        told = client.get(f"{A}/robustness").text
        assert "a coefficient for each treatment" in told
        assert "Meta-regression by year" in told
        check_markup(told, A)


def test_a_site_and_a_preview_have_the_league_table(database: Database, by: Attribution) -> None:
    begin(database, by, network_plan())
    enter(database, by)
    repool(database, actor="t", now=lambda: NOW)
    with at_home(database) as client:
        text = client.get("/r/networks/preview").text
        pages = re.findall(r'href="([^"#]*analyses[^"#]*)"', text)
        assert pages
        shown = client.get(f"/r/networks/preview/{pages[0].removeprefix('/r/networks/preview/')}")
        assert "League table" in shown.text
        assert ">Treatment<" in shown.text


def test_each_treatment_has_a_picture_of_its_own_on_a_page_that_shows_pictures_again() -> None:
    forest = forest_of(*run_of(network_plan(), items_of()))
    to = Addresses(studies=(None,) * len(forest.rows), study="#study-")
    text = str(forest_table(forest, to, caption="c", pictures=set()))
    drawn = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(forest.rows) == 3
    assert len(set(drawn)) >= 3
    assert "row-" not in text
