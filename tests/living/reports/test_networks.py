"""A network that lives: made anew when inputs change, explained by shares and by comparisons."""

from __future__ import annotations

import pytest

from review.db import Database
from review.extraction.actions import exclude_study
from review.history.actions import Attribution, writing
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.reports.changes import compare
from review.living.reports.full import full_report, next_trial
from review.living.reports.networks import league_section, moved_section
from review.living.runs import queries
from review.living.runs.scales import scale_of_run
from review.protocol.actions import revise_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW
from tests.living.networks import TRIALS, begin, enter, items_of, means, network_plan, run_of, side
from tests.living.reports.shares import shares_add_up

LATER = {"Synthetic 9": {"video": means(40, 20.0, 6.0), "book": means(41, 21.0, 6.0)}}


def again(database: Database) -> RepoolReport:
    return repool(database, actor="t", now=lambda: NOW)


def test_a_network_is_made_anew_exactly_when_its_inputs_change(
    database: Database, by: Attribution
) -> None:
    begin(database, by, network_plan())
    enter(database, by)
    first = again(database)
    assert [(one.name.analysis, one.number) for one in first.recomputed] == [("network", 1)]
    assert first.recomputed[0].report.sentence.startswith(
        "8 trials in a network with video against in person: "
    )
    assert again(database).recomputed == []
    enter(database, by, LATER)
    (second,) = again(database).recomputed
    assert second.report.added == ("Synthetic 9",)
    told = " ".join(s for part in (second.report,) for s in (part.sentence, part.in_brief))
    assert "1 trial added" in told
    with database.reading() as session:
        review = review_called(session, "networks")
        full = full_report(session, review, "network", 1, 2)
        runs = queries.runs(session, review, "network")
        assert all(recompute(run).reproduced for run in runs)
        ahead = next_trial(session, review, "network")
    shares = full.explanation.shares
    assert shares is not None
    assert [share.what for share in shares.shares] == ["Synthetic 9 added"]
    assert shares.total.estimate == pytest.approx(shares.shares[0].estimate)
    headings = [section.heading for section in full.sections]
    assert "Comparisons of the network" in headings
    assert full.standings[1].participants == 660
    assert full.panel is None
    assert ahead.outlook is not None
    assert ahead.outlook.called == "video against in person"
    assert len(ahead.outlook.elsewhere) == 6
    assert ahead.outlook.elsewhere[0].called == "video against in person"
    assert [section.heading for section in ahead.sections][-3:-1] == [
        "The next trial",
        "A next trial elsewhere",
    ]
    assert any("of a network it is not measured" in note for note in ahead.notes)


def test_shares_of_several_events_sum_to_the_change(database: Database, by: Attribution) -> None:
    begin(database, by, network_plan())
    enter(database, by)
    again(database)
    enter(database, by, LATER)
    with writing(database, by) as session:
        review = review_called(session, "networks")
        exclude_study(session, review, label="Synthetic 2", reason="retracted")
        changed = network_plan(method="DL")
        revise_analysis(session, review, AnalysisSpec(slug="network", plan=changed), now=NOW)
    again(database)
    with database.reading() as session:
        full = full_report(session, review_called(session, "networks"), "network", 1, 2)
    shares_add_up(full, "another model (plan)", "Synthetic 2 removed", "Synthetic 9 added")
    assert "excluded: retracted" in full.report.removed[0].reason


def test_a_network_that_falls_apart_keeps_its_run_and_says_why(
    database: Database, by: Attribution
) -> None:
    begin(database, by, network_plan("book"))
    enter(database, by, {"Synthetic 5": {"book": means(9, 1, 1), "video": means(9, 2, 1)}})
    (failed,) = again(database).failed
    assert "no trial of the network has in person" in failed.reason
    enter(database, by, {"Synthetic 1": TRIALS["Synthetic 1"]})
    assert len(again(database).recomputed) == 1
    with writing(database, by) as session:
        review = review_called(session, "networks")
        exclude_study(session, review, label="Synthetic 1", reason="retracted")
    assert "no trial of the network has in person" in again(database).failed[0].reason


def test_a_trial_that_gains_a_treatment_is_corrected_and_not_added() -> None:
    two = {name: arm for name, arm in TRIALS["Synthetic 4"].items() if name != "wait list"}
    before = run_of(network_plan(), items_of({**TRIALS, "Synthetic 4": two}))
    after = run_of(network_plan(), items_of())
    report = compare(before, after)
    assert (report.added, report.removed) == ((), ())
    gained = [c for c in report.corrected if c.what == "comparison"]
    assert [(c.where, c.old, c.new) for c in gained] == [
        ("Synthetic 4", None, "wait list - in person")
    ]


def test_another_name_of_a_treatment_adds_no_trial() -> None:
    waiting = {"label": "waiting", "treatment": ["wait list"]}
    renamed = network_plan(other_treatments=[waiting, side("book")])
    report = compare(run_of(network_plan(), items_of()), run_of(renamed, items_of()))
    assert (report.added, report.removed) == ((), ())
    assert "book" in report.plan_changes[0].words


def test_a_league_table_says_each_pair_twice_with_its_sign_turned() -> None:
    inputs, results = run_of(network_plan(), items_of())
    assert results.network is not None
    section = league_section(results.network, scale_of_run(inputs))
    names = section.headers[1:]
    assert [row[0] for row in section.rows] == list(names)
    for i, one in enumerate(names):
        assert section.rows[i][i + 1] == ""
        for j, other in enumerate(names):
            if i != j:
                line = results.network.comparison(one, other)
                assert section.rows[i][j + 1].startswith(f"{line.estimate:.2f} [")


def test_what_moved_is_told_with_the_furthest_first() -> None:
    one = run_of(network_plan(), items_of())
    two = run_of(network_plan(), items_of({**TRIALS, **LATER}))
    scale = scale_of_run(two[0])
    (section,) = moved_section(one[1].network, two[1].network, (scale, scale))
    size = [abs(float(row[3].replace("−", "-"))) for row in section.rows]
    assert size == sorted(size, reverse=True)
    assert section.rows[0][0].startswith("book") or "book" in section.rows[0][0]
    assert moved_section(None, two[1].network, (scale, scale)) == []
    unmoved = moved_section(two[1].network, two[1].network, (scale, scale))
    assert unmoved[0].sentences[0] == "0 of 6 comparisons moved."
