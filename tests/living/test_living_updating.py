"""The tables of the living-updating notes, through the database: trials arrive, jobs run.

Sources of the numbers: docs/living-updating.md, sections 0, 1.3, 1.7, 3.2, 3.3, 3.5 and 6, where
numpy, metafor 3.8-1 and bayesmeta agreed; each is compared to the digits printed there.
"""

from __future__ import annotations

from typing import Any

import pytest

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.appraisal.certainty import rate_certainty
from review.extraction.appraisal.grade import Step
from review.extraction.appraisal.vocabulary import Consideration, Design
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.reports.full import FullReport, full_report, panel_after
from review.living.reports.posterior import posterior_of
from review.living.runs.models import JobOutcome
from review.living.runs.queries import runs, snapshot_of
from review.protocol.actions import plan_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW, Prepared
from tests.joining import joined
from tests.living.fixture import V, Y, begin, enter, trial
from tests.living.job.test_repool import plan
from tests.tiers import MOSTLY_ON_SQLITE

TABLE = {  # k: estimate, se, tau2, z limits, class at 0.5
    4: (-0.3004928, 0.1887256, 0.0617027, -0.670388, 0.069403, "inconclusive"),
    5: (-0.2255205, 0.1338470, 0.0242601, -0.487856, 0.036815, "noninferior"),
    6: (-0.1465015, 0.1118876, 0.0220966, -0.365797, 0.072794, "noninferior"),
    7: (-0.1499531, 0.0951967, 0.0127596, -0.336535, 0.036629, "noninferior"),
    8: (-0.1145352, 0.0753609, 0.0045623, -0.262240, 0.033169, "noninferior"),
}
SEQUENCE = {  # k: confidence sequence, e-value, anytime p
    4: (-0.876326, 0.275341, 1.0631, 0.940648),
    5: (-0.685049, 0.205797, 2.5071, 0.398871),
    6: (-0.550604, 0.219781, 13.944, 0.071715),
    7: (-0.534085, 0.177657, 18.036, 0.055445),
    8: (-0.475738, 0.167992, 80.124, 0.012481),
}
ADHOC = {  # k: Hartung-Knapp limits, floored; z-equivalent against the margin
    4: (-0.901102, 0.300116, 0.900136),
    5: (-0.604872, 0.153831, 1.576357),
    6: (-0.447102, 0.154099, 2.179190),
    7: (-0.387572, 0.087666, 2.533184),
    8: (-0.295820, 0.066749, 3.171423),
}
BELIEF = (0.85395638, 0.93690840, 0.98013810, 0.98936418, 0.99725891)
"""P(mean > -0.5) after k = 4 to 8."""
QUARTER = (0.45073195, 0.56339983, 0.77682805, 0.78926383, 0.89324856)
"""P(mean > -0.25)."""


@pytest.fixture
def arrived(
    database: Database, by: Attribution, prepared: Prepared[list[RepoolReport]]
) -> tuple[Database, list[RepoolReport]]:
    """Four trials, then one at a time; a job after each."""

    def make() -> list[RepoolReport]:
        begin(database, by)
        reports = []
        for numbers in (range(1, 5), range(5, 6), range(6, 7), range(7, 8), range(8, 9)):
            enter(database, by, numbers)
            reports.append(repool(database, actor="t"))
        return reports

    return database, prepared(make)


def report(database: Database, first: int, second: int) -> FullReport:
    with database.reading() as session:
        return full_report(session, review_called(session, None), "alliance", first, second)


def test_each_update_is_the_line_of_the_table(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    database, reports = arrived
    assert [r.outcome for r in reports] == [JobOutcome.RECOMPUTED] * 5
    with database.reading() as session:
        found = [snapshot_of(run)[1] for run in runs(session, review_called(session, None))]
    assert [line.pooled.k for line in found] == list(TABLE)
    for line in found:
        estimate, se, tau2, low, high, conclusion = TABLE[line.pooled.k]
        assert line.pooled.estimate == pytest.approx(estimate, abs=6e-8)
        assert line.pooled.se == pytest.approx(se, abs=6e-8)
        assert line.pooled.tau2 == pytest.approx(tau2, abs=6e-8)
        assert line.pooled.z_ci == pytest.approx((low, high), abs=6e-7)
        assert line.headline.conclusion == conclusion


def test_the_panel_is_the_confidence_sequence_of_the_table(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    panel = report(arrived[0], 1, 5).panel
    assert panel is not None
    assert (panel.updates, panel.prospective, panel.rebased) == (5, False, False)
    assert panel.rho == pytest.approx(5.295977, abs=6e-7)
    for look in panel.looks:
        low, high, e_value, p = SEQUENCE[look.k]
        assert look.sequence == pytest.approx((low, high), abs=6e-7)
        assert look.e_value == pytest.approx(e_value, rel=5e-5)
        assert look.anytime_p == pytest.approx(p, abs=6e-7)
    first, second = panel.looks[:2]
    assert (first.fraction, first.bound) == pytest.approx((0.668008, 2.506339), abs=1e-6)
    assert (second.fraction, second.bound) == pytest.approx((1.328088, 2.015948), abs=1e-6)
    assert second.z == pytest.approx(2.050697, abs=6e-7)
    assert (panel.crossed_at, panel.alpha_spent) == (5, True)
    assert any("Retrospective" in sentence for sentence in panel.sentences)


@MOSTLY_ON_SQLITE
def test_boundaries_of_other_designs_are_those_of_the_notes(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    designs: dict[str, dict[str, object]] = {
        "quarter": {"margin": 0.25, "test": "z"},
        "superiority": {"margin": None, "test": "z", "sequential": {"delta": 0.3}},
        "adhoc": {"margin": 0.5, "test": "adhoc"},
    }
    with writing(database, by) as session:
        review = review_called(session, None)
        for slug, changes in designs.items():
            spec = AnalysisSpec(slug=slug, plan=plan(method="DL", **changes))
            plan_analysis(session, review, spec, now=NOW)
    for numbers in (range(1, 5), range(5, 6), range(6, 7), range(7, 8), range(8, 9)):
        enter(database, by, numbers)
        repool(database, actor="t")
    with database.reading() as session:
        review = review_called(session, None)
        looks = {}
        for slug in designs:
            panel = panel_after(session, review, slug, 5)
            assert panel is not None
            looks[slug] = panel.looks
        adhoc = [snapshot_of(run)[1].pooled for run in runs(session, review, "adhoc")]
        first = full_report(session, review, "adhoc", None, 1).explanation
    quarter = looks["quarter"]
    fractions = [0.167002, 0.332022, 0.475138, 0.656356, 1.047350]
    assert [look.fraction for look in quarter] == pytest.approx(fractions, abs=1e-6)
    bounds = [5.360921, 3.718318, 3.058151, 2.556070, 1.995917]
    assert [look.bound for look in quarter] == pytest.approx(bounds, abs=1e-6)
    zs = [-0.267546, 0.182892, 0.925022, 1.050949, 1.797547]
    assert [look.z for look in quarter] == pytest.approx(zs, abs=1e-6)
    assert "boundary crossed" not in {look.status for look in quarter}
    fractions = [0.240483, 0.478112, 0.684199, 0.945153, 1.508184]
    assert [look.fraction for look in looks["superiority"]] == pytest.approx(fractions, abs=1e-6)
    bounds = [4.423212, 3.038968, 2.491859, 2.074635, 2.380136]
    assert [look.bound for look in looks["superiority"]] == pytest.approx(bounds, abs=2e-6)
    for line, look in zip(adhoc, looks["adhoc"], strict=True):
        low, high, z = ADHOC[line.k]
        assert line.ci == pytest.approx((low, high), abs=6e-7)
        assert look.z is None or look.z == pytest.approx(z, abs=6e-7)
    # the limit of the design in one line: not crossed at the second look, then all error is used up
    spent = "error allowed is used up; this update is not covered"
    assert [look.status for look in looks["adhoc"]][2:] == [spent] * 3
    assert first.outlook is not None
    assert [trial.change for trial in first.outlook.trials] == pytest.approx([0, 0, 0], abs=1e-9)
    assert first.settled


def test_what_is_left_to_believe_is_the_posterior_of_the_notes(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    with arrived[0].reading() as session:
        found = [
            posterior_of(snapshot_of(run)) for run in runs(session, review_called(session, None))
        ]
    told = [{b.margin: b.probability for b in one.beliefs} for one in found]
    assert [one[0.5] for one in told] == pytest.approx(BELIEF, abs=6e-9)
    assert [one[0.25] for one in told] == pytest.approx(QUARTER, abs=6e-9)
    assert told[0][None] == pytest.approx(0.08307734, abs=6e-9)
    assert told[4][None] == pytest.approx(0.07240313, abs=6e-9)


def test_the_report_has_what_moved_before_and_after(
    arrived: tuple[Database, list[RepoolReport]], by: Attribution
) -> None:
    database, _ = arrived
    with writing(database, by) as session:
        review = review_called(session, None)
        step = {Consideration.IMPRECISION: Step(-1, "wide interval")}
        given: dict[str, Any] = {
            "handle": joined(session, review, "ada"),
            "now": NOW,
            "design": Design.RANDOMISED,
        }
        rate_certainty(session, review, "alliance", run_number=2, steps=step, **given)
        rate_certainty(session, review, "alliance", run_number=5, steps={}, **given)
    found = report(database, 3, 5)
    rows = {
        row[0]: row[1:]
        for section in found.sections
        if section.headers == ("", "before", "after")
        for row in section.rows
    }
    assert rows["P(mean effect > -0.50)"] == ("0.980", "0.997")
    assert rows["e-value"] == ("13.94", "80.12")
    assert rows["confidence sequence"] == ("[-0.55, 0.22]", "[-0.48, 0.17]")
    assert rows["information so far, of what is required"][1] != ""
    assert rows["certainty (GRADE)"] == ("moderate (rated on run 2)", "high (rated on run 5)")
    assert rows["participants"] == ("not reported", "not reported")
    assert rows["run"] == ("3", "5")
    assert [stamp.number for stamp in found.runs if stamp is not None] == [3, 5]


def test_the_strip_says_which_class_flipped_at_which_margin(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    found = report(arrived[0], 1, 2)
    primary, normal = found.strip
    assert (primary.analysis, normal.analysis) == ("primary", "normal interval")
    flips = {one.margin: (str(one.before), str(one.after), one.flipped) for one in primary.classes}
    assert flips == {
        0.5: ("inconclusive", "noninferior", True),
        0.25: ("inconclusive", "inconclusive", False),
        0.3: ("inconclusive", "inconclusive", False),
    }
    (section,) = (one for one in found.sections if one.heading == "Conclusion classes")
    assert section.rows[0] == (
        "primary", "inconclusive → noninferior", "inconclusive", "inconclusive", "flipped",
    )  # fmt: skip


def test_each_criterion_of_retirement_says_what_it_is_now(
    arrived: tuple[Database, list[RepoolReport]], by: Attribution
) -> None:
    database, _ = arrived
    early, late = report(database, 1, 2).readiness, report(database, 4, 5).readiness
    assert [c.met for c in early.criteria] == [False, False, None]
    assert early.criteria[0].now == "inconclusive [-0.69, 0.21]"
    assert [c.met for c in late.criteria] == [True, False, None]
    assert "forecast of the next trial; certainty (GRADE)" in late.sentence
    with writing(database, by) as session:
        joined(session, review_called(session, None), "ada")
        rate_certainty(
            session, review_called(session, None), "alliance",
            handle="ada", now=NOW, design=Design.RANDOMISED, steps={}, run_number=5,
        )  # fmt: skip
    assert [c.met for c in report(database, 4, 5).readiness.criteria] == [True, False, True]


def test_who_moved_it_is_the_shapley_table(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    found = report(arrived[0], 1, 5).explanation.shares
    assert found is not None
    expected = {
        "Synthetic 5 added": (0.03780045, 0.09711137, 0.07497226),
        "Synthetic 6 added": (0.07355324, 0.11560214, 0.07901899),
        "Synthetic 7 added": (0.00896463, 0.06054198, -0.00345161),
        "Synthetic 8 added": (0.06563921, 0.13489286, 0.03541788),
    }
    assert {s.what for s in found.shares} == set(expected)
    for share in found.shares:
        told = (share.estimate, share.lower, share.in_order)
        assert told == pytest.approx(expected[share.what], abs=6e-9)
    assert found.total.estimate == pytest.approx(0.1859575, abs=6e-8)
    for name in ("estimate", "lower", "upper", "tau2"):
        parts = sum(getattr(share, name) for share in found.shares)
        assert parts == pytest.approx(getattr(found.total, name), abs=1e-12)
    assert found.data_at_old_tau2 is not None
    assert found.tau2_reestimated is not None
    split = found.data_at_old_tau2 + found.tau2_reestimated
    assert split == pytest.approx(found.total.estimate, abs=1e-12)
    assert found.data_at_old_tau2 == pytest.approx(0.1337458, abs=6e-8)


def test_the_forecast_and_fragility_are_those_of_the_notes(
    arrived: tuple[Database, list[RepoolReport]],
) -> None:
    database, _ = arrived
    with database.reading() as session:
        review = review_called(session, None)
        first = full_report(session, review, "alliance", None, 1).explanation
    assert first.outlook is not None
    chances = {t.per_arm: dict(t.probabilities) for t in first.outlook.trials}
    # the notes hold tau² fixed (tests/synthesis/test_forecast.py); these allow for its uncertainty,
    # as 40,000 draws of Q from chi² with 3 degrees of freedom do: 0.2524, 0.2674, 0.4802
    draws = 0.006
    assert chances[50]["noninferior"] == pytest.approx(0.2524, abs=draws)
    assert chances[50]["inconclusive"] == pytest.approx(0.2674, abs=draws)
    assert chances[50]["inconclusive, statistically worse"] == pytest.approx(0.4802, abs=draws)
    assert chances[100]["noninferior"] == pytest.approx(0.2903, abs=1e-4)
    assert first.outlook.fewest_trials == 3
    assert first.outlook.evpi == pytest.approx(0.0140863, abs=6e-8)
    assert not first.outlook.shown
    last = report(database, 4, 5).explanation.fragility_after
    assert last is not None
    assert (last.removals, last.shift_study) == (3, "Synthetic 8")
    assert last.shift == pytest.approx(-0.572124, abs=6e-7)
    fifth = report(database, 1, 2).explanation.fragility_after
    assert fifth is not None
    assert set(fifth.sets) == {(f"Synthetic {n}",) for n in (1, 2, 4, 5)}
    assert set(last.sets) == {
        tuple(f"Synthetic {n}" for n in gone) for gone in ((4, 5, 8), (4, 6, 8), (5, 6, 8))
    }


def test_mixed_events_are_divided_as_in_the_notes(database: Database, by: Attribution) -> None:
    from review.extraction.actions import exclude_study

    begin(database, by)
    enter(database, by, range(1, 5))
    repool(database, actor="t")
    with writing(database, by) as session:
        review = review_called(session, None)
        rows = [trial(3, -0.58, V[2])]
        import_extraction(session, review, rows, file="fixture", person="ada")
        exclude_study(session, review, label="Synthetic 1", reason="retracted")
    enter(database, by, range(5, 6))
    (item,) = repool(database, actor="t").recomputed
    assert item.explanation is not None
    shares = item.explanation.shares
    assert shares is not None
    told = {share.what: (share.estimate, share.tau2) for share in shares.shares}
    assert told["Synthetic 3 corrected"] == pytest.approx((0.0954219, -0.0521412), abs=6e-8)
    assert told["Synthetic 1 removed"] == pytest.approx((0.0225521, 0.0176375), abs=6e-8)
    assert told["Synthetic 5 added"] == pytest.approx((0.0496300, -0.0271989), abs=6e-8)
    panel = report(database, 1, 2).panel
    assert panel is not None
    assert panel.rebased


def test_a_design_frozen_before_the_first_look_is_called_so(
    database: Database, by: Attribution
) -> None:
    begin(database, by, sequential={})
    for numbers in (range(1, 4), range(4, 6)):
        enter(database, by, numbers)
        repool(database, actor="t", now=lambda: NOW)
    panel = report(database, 1, 2).panel
    assert panel is not None
    assert (panel.prospective, [look.k for look in panel.looks]) == (True, [3, 5])


def test_signals_fire_with_their_thresholds(arrived: tuple[Database, list[RepoolReport]]) -> None:
    _, reports = arrived
    (item,) = reports[1].recomputed
    assert item.explanation is not None
    kinds = {(signal.kind, signal.margin) for signal in item.explanation.signals}
    assert ("conclusion class changed", 0.5) in kinds
    assert item.matters
    assert Y[4] == -0.12
