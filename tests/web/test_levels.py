"""The pages of an analysis with random effects, without a script."""

from __future__ import annotations

import re

from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from tests.conftest import NOW
from tests.living.levels import LATER, TRIALS, begin, enter, levels_plan
from tests.tiers import MOSTLY_ON_SQLITE
from tests.web.conftest import at_home
from tests.web.test_people_pages import check_markup

A = "/r/levels/a/levels"

PAGES = {
    A: "Random effects.*result within study",
    f"{A}?without=4": "Without 1 trial",
    f"{A}/history": "Synthetic 8",
    f"{A}/robustness": "Without each trial|every trial|without",
    f"{A}/looks": "No panel|three trials|panel",
    f"{A}/outlook": "not forecast|being worked out",
    f"{A}/selection": "Counts",
    f"{A}/plan": "study / result",
    f"{A}/all": "Random effects",
    f"{A}/row/4": "Synthetic",
    f"{A}/downloads": "forest",
}


@MOSTLY_ON_SQLITE
def test_every_page_of_random_effects_opens(database: Database, by: Attribution) -> None:
    begin(database, by, levels_plan(margin=0.3, variants=["leave_one_out", "fixed"]))
    enter(database, by, TRIALS)
    repool(database, actor="t", now=lambda: NOW)
    enter(database, by, LATER)
    repool(database, actor="t", now=lambda: NOW)
    with at_home(database) as client:
        for path, words in PAGES.items():
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.text[-2000:])
            assert re.search(words, answer.text, re.DOTALL), (path, words)
            check_markup(answer.text, path)
        form = client.get(f"{A}/plan/edit").text
        assert "study / result" in form
        assert 'name="phi"' in form
