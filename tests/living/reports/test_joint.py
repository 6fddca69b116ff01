"""Several outcomes that live: made anew when inputs change, explained by shares and by outcomes."""

from __future__ import annotations

from review.db import Database
from review.extraction.actions import exclude_study
from review.history.actions import Attribution, writing
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.reports.changes import compare
from review.living.reports.full import full_report, next_trial
from review.living.reports.joint import joint_sections, moved_outcomes
from review.living.runs import queries
from review.living.runs.scales import scale_of_run
from review.protocol.actions import revise_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW
from tests.living.joint import LATER, TRIALS, begin, enter, items_of, joint_plan
from tests.living.networks import run_of
from tests.living.reports.shares import shares_add_up
from tests.tiers import MOSTLY_ON_SQLITE


def again(database: Database) -> RepoolReport:
    return repool(database, actor="t", now=lambda: NOW)


@MOSTLY_ON_SQLITE
def test_a_model_is_made_anew_exactly_when_its_inputs_change(
    database: Database, by: Attribution
) -> None:
    begin(database, by, joint_plan())
    enter(database, by)
    (first,) = again(database).recomputed
    assert first.report.sentence.startswith(
        "8 trials of several outcomes of video against in person, client’s view: "
    )
    assert again(database).recomputed == []
    # an observer's view is of neither outcome
    enter(database, by, {"Synthetic 1": {"observer": ((40, 5.0, 1.0), (42, 5.1, 1.0))}})
    assert again(database).recomputed == []
    enter(database, by, LATER)
    (second,) = again(database).recomputed
    assert second.report.added == ("Synthetic 9",)
    with database.reading() as session:
        review = review_called(session, "joint")
        full = full_report(session, review, "joint", 1, 2)
        runs = queries.runs(session, review, "joint")
        assert all(recompute(run).reproduced for run in runs)
        ahead = next_trial(session, review, "joint")
    shares = full.explanation.shares
    assert shares is not None
    assert [share.what for share in shares.shares] == ["Synthetic 9 added"]
    headings = [section.heading for section in full.sections]
    assert "Outcomes taken together" in headings
    assert full.standings[1].participants == 676
    assert full.panel is None
    assert ahead.outlook is not None
    assert ahead.outlook.called == "client’s view"
    assert {one.called for one in ahead.outlook.elsewhere} == {"client’s view", "therapist’s view"}
    assert [section.heading for section in ahead.sections][-3:-1] == [
        "The next trial",
        "A next trial elsewhere",
    ]
    assert any("as they are estimated now" in note for note in ahead.notes)


@MOSTLY_ON_SQLITE
def test_shares_of_several_events_sum_to_the_change(database: Database, by: Attribution) -> None:
    begin(database, by, joint_plan())
    enter(database, by)
    again(database)
    enter(database, by, LATER)
    with writing(database, by) as session:
        review = review_called(session, "joint")
        exclude_study(session, review, label="Synthetic 2", reason="retracted")
        changed = joint_plan(rho=0.4, structure="CS")
        revise_analysis(session, review, AnalysisSpec(slug="joint", plan=changed), now=NOW)
    again(database)
    with database.reading() as session:
        full = full_report(session, review_called(session, "joint"), "joint", 1, 2)
    shares_add_up(full, "another model (plan)", "Synthetic 2 removed", "Synthetic 9 added")
    told = " ".join(change.words for change in full.report.plan_changes)
    assert "compound symmetric" in told.casefold()


def test_a_trial_that_gains_an_outcome_is_corrected_and_not_added() -> None:
    fewer = {**TRIALS, "Synthetic 1": {"client": TRIALS["Synthetic 1"]["client"]}}
    before, after = run_of(joint_plan(), items_of(fewer)), run_of(joint_plan(), items_of())
    report = compare(before, after)
    assert (report.added, report.removed) == ((), ())
    gained = [c for c in report.corrected if c.what == "outcome"]
    assert [(c.where, c.old, c.new) for c in gained] == [("Synthetic 1", None, "therapist’s view")]


@MOSTLY_ON_SQLITE
def test_a_model_without_its_deciding_outcome_says_why(database: Database, by: Attribution) -> None:
    begin(database, by, joint_plan())
    enter(database, by, {"Synthetic 5": TRIALS["Synthetic 5"]})
    (failed,) = again(database).failed
    assert "no trial has client’s view, which the plan decides on" in failed.reason


def test_sections_say_outcomes_differences_and_other_correlations() -> None:
    inputs, results = run_of(joint_plan(), items_of())
    outcomes, differences, correlations, assumed = joint_sections(results, scale_of_run(inputs))
    assert [row[0] for row in outcomes.rows] == ["client’s view", "therapist’s view"]
    assert outcomes.rows[0][1] == "7"
    assert differences.rows[0][0] == "therapist’s view - client’s view"
    assert "one mean: F" in differences.sentences[0]
    assert correlations.rows[0][0] == "client’s view and therapist’s view"
    assert [row[0] for row in assumed.rows] == ["0", "0.3", "0.6", "0.9"]
    scale = scale_of_run(inputs)
    later = run_of(joint_plan(), items_of({**TRIALS, **LATER}))
    (told,) = moved_outcomes((results.joint, later[1].joint), (scale, scale))
    assert told.startswith("Of the outcomes moved: client’s view from ")
    assert list(moved_outcomes((None, results.joint), (scale, scale))) == []
