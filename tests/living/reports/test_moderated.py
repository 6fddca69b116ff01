"""Subgroups and meta-regressions before and after: what a change report says of them."""

from __future__ import annotations

from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.living.reports.full import full_report
from review.living.reports.moderated import moderator_sections
from review.living.runs.scales import scale_of_run
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.living.estimates.test_network_moderators import COUNTRIES, items
from tests.living.networks import TRIALS, begin, enter, means, network_plan, run_of


def test_each_line_stands_beside_what_it_was() -> None:
    plan = network_plan(subgroups=["country"], moderators=["year"])
    fewer = [one for one in items() if one.study_id != 8]
    before, after = run_of(plan, fewer), run_of(plan, items())
    scale = scale_of_run(after[0])
    groups, slopes = moderator_sections(before[1].moderators, after[1].moderators, (scale, scale))
    assert groups.heading == "Subgroups by country"
    assert groups.headers == (
        "", "k before", "estimate before", "interval before", "k", "estimate", "interval",
    )  # fmt: skip
    rows = {row[0]: row[1:] for row in groups.rows}
    chile = after[1].moderators[0].lines[1]
    assert rows["Chile"][0] == "3"
    assert rows["Chile"][3:5] == ("4", f"{chile.estimate:.2f}")
    assert "Chile: wait list" in rows
    assert groups.sentences[0].startswith("Test: χ²")
    assert "(before: χ²" in groups.sentences[0]
    labels = [row[0] for row in slopes.rows]
    assert {"year", "video: year", "intrcpt: book"} <= set(labels)
    assert "Test of one coefficient for all treatments: F" in " ".join(slopes.sentences)


def test_without_a_run_before_it_stands_alone_and_what_has_no_answer_says_why() -> None:
    plan = network_plan(subgroups=["country"], moderators=["setting"])
    inputs, results = run_of(plan, items())
    scale = scale_of_run(inputs)
    groups, none = moderator_sections(None, results.moderators, (scale, scale))
    assert groups.headers == ("", "k", "estimate", "interval")
    assert "before" not in " ".join(groups.sentences)
    assert (none.sentences, none.rows, none.headers) == (("no trial has a value of it",), (), ())


def test_a_group_that_is_gone_is_named() -> None:
    plan = network_plan(subgroups=["country"])
    kenya = {**COUNTRIES, 1: "Kenya", 6: "Kenya"}
    before, after = run_of(plan, items(kenya)), run_of(plan, items())
    scale = scale_of_run(after[0])
    (section,) = moderator_sections(before[1].moderators, after[1].moderators, (scale, scale))
    assert section.sentences[-1] == "No longer there: Kenya."


def test_a_full_report_has_them(database: Database, by: Attribution) -> None:
    begin(database, by, network_plan(moderators=["year"]))
    dated = {
        name: {arm: {**numbers, "year": 2001 + 2 * i} for arm, numbers in arms.items()}
        for i, (name, arms) in enumerate(TRIALS.items())
    }
    enter(database, by, dated)
    repool(database, actor="t", now=lambda: NOW)
    later = {"video": means(30, 20.0, 6.0), "in person": means(30, 21.0, 6.0)}
    enter(database, by, {"Synthetic 9": {arm: {**x, "year": 2020} for arm, x in later.items()}})
    repool(database, actor="t", now=lambda: NOW)
    with database.reading() as session:
        full = full_report(session, review_called(session, "networks"), "network", 1, 2)
    (section,) = [one for one in full.sections if one.heading == "Meta-regression by year"]
    assert [row[1:5:3] for row in section.rows if row[0] == "year"] == [("8", "9")]
