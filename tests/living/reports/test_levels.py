"""Random effects that live: made anew when inputs change, explained by shares and by variances."""

from __future__ import annotations

from typing import Any

from review.db import Database
from review.export.contents.absolute import Absolute, absolute_of
from review.export.contents.findings import participants_of
from review.export.contents.levels import variances_table
from review.export.drawings.forest import forest_of
from review.export.runs import latest_runs
from review.export.tracing.origins import found_at
from review.extraction.actions import exclude_study
from review.history.actions import Attribution, writing
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.reports.full import full_report, next_trial
from review.living.reports.levels import (
    levels_sections,
    moved_variances,
    moved_variances_section,
)
from review.living.reports.selected import chosen_of
from review.living.runs import queries
from review.living.runs.contents import RunInputs
from review.living.runs.levels import LevelsLine
from review.living.runs.scales import scale_of_run
from review.protocol.actions import revise_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW
from tests.living.estimates.test_levels import planned, run, trials_of
from tests.living.levels import LATER, TRIALS, Told, begin, enter, levels_plan
from tests.living.reports.shares import shares_add_up
from tests.tiers import MOSTLY_ON_SQLITE


def again(database: Database) -> RepoolReport:
    return repool(database, actor="t", now=lambda: NOW)


@MOSTLY_ON_SQLITE
def test_a_model_is_made_anew_exactly_when_its_inputs_change(
    database: Database, by: Attribution
) -> None:
    begin(database, by, levels_plan(margin=0.3))
    enter(database, by)
    (first,) = again(database).recomputed
    assert first.report.sentence.startswith(
        "7 trials with all results of at a distance against in person: "
    )
    assert again(database).recomputed == []
    # one more result of a trial that is there is a correction of it, no trial
    told = Told("NL", [("haq", "therapist", 8, TRIALS["Synthetic 2"].results[0][3])])
    enter(database, by, {"Synthetic 2": told})
    (second,) = again(database).recomputed
    (gained,) = second.report.corrected
    assert (gained.where, gained.what, gained.new) == (
        "Synthetic 2", "result", "haq, therapist, week 8",
    )  # fmt: skip
    assert second.report.added == ()
    enter(database, by, LATER)
    (third,) = again(database).recomputed
    assert third.report.added == ("Synthetic 8",)
    with database.reading() as session:
        review = review_called(session, "levels")
        full = full_report(session, review, "levels", 2, 3)
        runs = queries.runs(session, review, "levels")
        assert all(recompute(run).reproduced for run in runs)
        ahead = next_trial(session, review, "levels")
    shares_add_up(full, "Synthetic 8 added")
    assert "Random effects" in [section.heading for section in full.sections]
    (moved,) = moved_variances(full.report.levels)
    assert moved.startswith("Variances of random effects moved: of result within study from ")
    assert ahead.outlook is None
    assert any("not forecast" in note for note in ahead.notes)


@MOSTLY_ON_SQLITE
def test_shares_of_trials_and_of_another_plan_sum_to_the_change(
    database: Database, by: Attribution
) -> None:
    begin(database, by, levels_plan())
    enter(database, by)
    again(database)
    enter(database, by, LATER)
    with writing(database, by) as session:
        review = review_called(session, "levels")
        exclude_study(session, review, label="Synthetic 2", reason="retracted")
        changed = levels_plan(random=["study + instrument"], rho=0.4)
        revise_analysis(session, review, AnalysisSpec(slug="levels", plan=changed), now=NOW)
    again(database)
    with database.reading() as session:
        full = full_report(session, review_called(session, "levels"), "levels", 1, 2)
    shares_add_up(full, "another model (plan)", "Synthetic 2 removed", "Synthetic 8 added")
    told = " ".join(change.words for change in full.report.plan_changes)
    assert "random effects from study / result to study + instrument" in told


@MOSTLY_ON_SQLITE
def test_a_plan_that_took_one_effect_takes_all_and_shares_add_up(
    database: Database, by: Attribution
) -> None:
    begin(database, by, levels_plan(random=[], several_results="aggregate", test="t"))
    enter(database, by)
    again(database)
    with writing(database, by) as session:
        review = review_called(session, "levels")
        spec = AnalysisSpec(slug="levels", plan=levels_plan())
        revise_analysis(session, review, spec, now=NOW)
    again(database)
    with database.reading() as session:
        full = full_report(session, review_called(session, "levels"), "levels", 1, 2)
    report = full.report
    assert (report.added, report.removed) == ((), ())
    assert any(change.what == "random" for change in report.plan_changes)
    assert report.corrected == ()
    shares_add_up(full, "another model (plan)")


@MOSTLY_ON_SQLITE
def test_every_number_of_the_table_and_every_row_of_the_figure_is_of_a_result(
    database: Database, by: Attribution
) -> None:
    begin(database, by, levels_plan(random=["country / study / result"], several_arms="covariance"))
    enter(database, by)
    again(database)
    with database.reading() as session:
        runs = latest_runs(session, review_called(session, "levels"))
        (run,) = runs
        levels = run.results.levels
        assert levels is not None
        table = variances_table("Levels", runs)
        for row, place in zip(table.rows, table.origins, strict=True):
            assert place is not None
            key, *path = place.split("/")
            assert run.key.startswith(key)
            found = found_at((run.inputs, run.results), [*path, "sigma2"])
            assert row[3] == found
        assert levels.shared == 4  # video and phone of one trial, two results each
        forest = forest_of(run.inputs, run.results)
        people, silent = participants_of(run.inputs, run.results)
        found = absolute_of(run.inputs, run.results)
        assert (people, silent) == (82 + 71 + 59 + 51 + 98 + 64 + 88, 0)  # each once
        assert isinstance(found, Absolute)
        assert "pooled over 4 trials with this instrument" in found.basis
    assert len(forest.rows) == levels.effects == 15
    assert "Synthetic 3, wai, client, week 4, phone" in [row.label for row in forest.rows]
    assert "random effects of country, study within country, result within study" in forest.note
    assert "4 comparisons share a comparator" in forest.note


@MOSTLY_ON_SQLITE
def test_a_result_without_a_name_of_its_group_is_left_out_with_its_reason(
    database: Database, by: Attribution
) -> None:
    begin(database, by, levels_plan(random=["study + therapists"]), levels_plan(phi=0.8))
    enter(database, by)
    report = again(database)
    assert report.failed == []
    assert [one.name.analysis for one in report.waiting] == ["levels"]
    with database.reading() as session:
        review = review_called(session, "levels")
        (run,) = queries.runs(session, review, "levels-2")
        levels = queries.snapshot_of(run)[1].levels
        assert levels is not None
        assert levels.phi == 0.8
        told = " ".join(one for row in chosen_of(session, review, "levels") for one in row.left_out)
    assert "therapists is not reported; the plan's random effects need it" in told


FEW: dict[str, list[Any]] = {
    "study": list("AABBC"),
    "yi": [0.1, 0.5, 0.3, 0.9, 0.2],
    "vi": [0.04] * 5,
}


def told(random: str, **columns: list[str]) -> tuple[LevelsLine, str]:
    plan = planned(random, rho=0.5)
    trials = trials_of(plan, {**FEW, **columns})
    results = run(plan, trials)
    assert results.levels is not None
    scale = scale_of_run(RunInputs(plan=plan, trials=trials, left_out=()))
    first, *_ = levels_sections(results, scale)
    return results.levels, " ".join(first.sentences)


def test_groups_that_join_all_results_leave_no_robust_interval() -> None:
    line, words = told("study + country", country=["x", "y", "x", "y", "y"])
    assert (line.clusters, line.robust) == (1, None)
    assert "the groups join all results, so that none is independent" in words


def test_a_group_alone_is_told_and_one_that_gets_company_has_moved() -> None:
    alone, words = told("country / study / result", country=["x"] * 5)
    assert "country: one group only: nothing differs between groups." in words
    later, _ = told("country / study / result", country=list("xxxxy"))
    (moved,) = moved_variances((alone, later))
    assert "of country from none: one group only: nothing differs between groups to " in moved
    (section,) = moved_variances_section((alone, later))
    assert section.rows[0][0] == "country"


def test_what_stays_is_said_to_stay_and_other_analyses_say_nothing() -> None:
    line, _ = told("study / result")
    assert list(moved_variances((line, line))) == ["No variance of a random effect moved."]
    assert moved_variances_section((line, line))[0].sentences == ("None moved.",)
    assert moved_variances_section((None, line)) == list(moved_variances((None, line))) == []
