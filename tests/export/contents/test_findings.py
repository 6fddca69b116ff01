"""Summary of findings: its arithmetic by closed form, from the database's own numbers."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

import pytest

from review.db import Database
from review.effects.risks import risk_by_difference, risk_by_odds_ratio, risk_by_risk_ratio
from review.export.contents.absolute import (
    Absolute,
    absolute_of,
    comparator_arms,
    comparator_events,
    magnitude,
)
from review.export.contents.findings import finding
from review.export.runs import LatestRun
from review.extraction.actions import exclude_study
from review.extraction.numbers import ReportedNumbers
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.reports.changes import compare
from review.living.runs.contents import ArmInput, RunInputs, Source
from review.living.runs.scales import sign_of
from review.protocol.rules import Plan
from tests.export.contents.synthetic import (
    MOOD,
    asked,
    pooled,
    rate,
    records,
    runs_of,
    tables,
    the_review,
)
from tests.living.estimates.test_counts import COUNTS, METAFOR, plan, side, trials
from tests.living.estimates.test_counts import pooled as pooled_counts


def test_the_handbooks_example_of_an_odds_ratio() -> None:
    # Cochrane Handbook 5.1, 12.5.4.3: OR 0.73 at a risk of 0.3 is 62 fewer per 1,000, NNT 17.
    fewer = 0.3 - risk_by_odds_ratio(0.3, 0.73)
    assert round(1000 * fewer) == 62
    assert math.ceil(1 / fewer) == 17


def test_risks_stay_within_their_bounds() -> None:
    assert risk_by_risk_ratio(0.2, 0.75) == pytest.approx(0.15, abs=1e-15)
    assert risk_by_risk_ratio(0.6, 2.0) == 1.0
    assert risk_by_difference(0.05, -0.2) == 0.0
    assert risk_by_difference(0.95, 0.2) == 1.0
    assert risk_by_odds_ratio(0.0, 5.0) == 0.0


def test_words_of_the_rule_of_thumb() -> None:
    assert [magnitude(x) for x in (0.0, -0.01, 0.194, -0.195, 0.39, 0.4, -0.7, 0.71)] == [
        "trivial", "trivial", "trivial", "small", "small", "moderate", "moderate", "large",
    ]  # fmt: skip


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
def test_absolute_effects_of_metafors_estimates(measure: str) -> None:
    """Fleiss 1993, dying: metafor's estimate applied to the median risk of the controls."""
    results = pooled_counts(plan(measure), trials(higher=False))
    inputs = RunInputs(plan=plan(measure), trials=trials(higher=False), left_out=())
    found = absolute_of(inputs, results)
    assert isinstance(found, Absolute)
    risk = median(c / n for _, _, c, n in COUNTS)
    estimate = METAFOR[measure][0]
    there = {
        "OR": risk * math.exp(estimate) / (1 - risk + risk * math.exp(estimate)),
        "PETO": risk * math.exp(estimate) / (1 - risk + risk * math.exp(estimate)),
        "RR": risk * math.exp(estimate),
        "RD": risk + estimate,
    }[measure]
    assert found.comparator == pytest.approx(1000 * risk, rel=1e-12)
    assert found.intervention == pytest.approx(1000 * there, rel=1e-10)
    assert found.difference == pytest.approx(1000 * (there - risk), rel=1e-8)
    assert found.difference_ci[0] < found.difference < found.difference_ci[1]
    assert found.difference < 0


def test_where_most_comparators_had_no_event_their_pooled_risk_is_assumed() -> None:
    counts = ((1, 50, 0, 50), (2, 60, 0, 40), (1, 40, 3, 60))
    given = tuple(
        trial.model_copy(
            update={"intervention": side(n=n1, events=a), "comparator": side(n=n2, events=c)}
        )
        for trial, (a, n1, c, n2) in zip(trials(higher=False), counts, strict=False)
    )
    inputs = RunInputs(plan=plan("OR"), trials=given, left_out=())
    found = absolute_of(inputs, pooled_counts(plan("OR"), given))
    assert isinstance(found, Absolute)
    assert found.comparator == pytest.approx(1000 * 3 / 150, rel=1e-12)
    assert "events of all participants" in found.basis


def test_a_shared_comparator_of_several_arms_counts_once() -> None:
    part = trials(higher=False)[0]
    twice = part.model_copy(update={"parts": (part, part), "joined": "covariance"})
    assert comparator_events([twice]) == [COUNTS[0][2:]]
    assert len(comparator_arms(twice, "death")) == 1
    assert comparator_arms(twice, "bdi") == []


def test_ready_log_odds_ratios_are_told_as_odds_ratios() -> None:
    planned = Plan.model_validate(
        {**plan("OR").model_dump(), "measure": "GEN", "method": "REML", "test": "z"}
    )
    given = tuple(
        trial.model_copy(
            update={
                "intervention": (),
                "comparator": (),
                "contrast": ArmInput(
                    arm="a",
                    source=Source(result_id=i, entry_kind="single", report=None, page=None),
                    numbers=ReportedNumbers(estimate=math.log(0.8), variance=0.1, metric="log OR"),
                ),
            }
        )
        for i, trial in enumerate(trials(higher=False)[:2], start=1)
    )  # fmt: skip
    inputs = RunInputs(plan=planned, trials=given, left_out=())
    results = pooled_counts(planned, given)
    run = LatestRun("death", 1, inputs, results, compare(None, (inputs, results)), "0" * 64)
    one = finding(run, None)
    assert (one.measure, one.effect) == ("OR", pytest.approx(0.8, rel=1e-12))
    assert not one.oriented
    assert one.absolute == "Not re-expressed: no trial gives the events of its comparator."


def test_the_same_risks_whichever_way_is_better() -> None:
    def of(higher: bool) -> Any:
        given = trials(higher=higher)
        inputs = RunInputs(plan=plan("OR"), trials=given, left_out=())
        return absolute_of(inputs, pooled_counts(plan("OR"), given))

    good, bad = of(True), of(False)
    assert good.difference == pytest.approx(bad.difference, rel=1e-12)
    assert good.difference_ci == pytest.approx(bad.difference_ci, rel=1e-12)


def test_an_event_that_is_good_here_and_bad_there_has_no_risk() -> None:
    given = (*trials(higher=True)[:3], *trials(higher=False)[3:])
    planned = plan("OR", method="REML")
    inputs = RunInputs(plan=planned, trials=given, left_out=())
    assert sign_of(inputs) is None
    found = absolute_of(inputs, pooled_counts(planned, given))
    assert found == "Not re-expressed: the event is good in some trials and bad in others."


def test_an_smd_in_points_of_the_most_used_instrument(database: Database, by: Attribution) -> None:
    pooled(database, by)
    rows = {
        r["analysis"]: r
        for r in records(tables(database, "summary_of_findings")[1]["summary_of_findings"])
    }
    mood = rows["mood"]
    spread = asked(
        database,
        "SELECT result.n, result.mean, result.sd FROM result JOIN arm ON arm.id = result.arm_id "
        "JOIN instrument ON instrument.id = result.instrument_id JOIN study ON study.id = "
        "arm.study_id WHERE instrument.slug = 'bdi' AND arm.label = 'In person' "
        "AND study.excluded_because IS NULL",
    )
    sd = math.sqrt(sum((n - 1) * s * s for n, _, s in spread) / sum(n - 1 for n, _, _ in spread))
    mean = sum(n * m for n, m, _ in spread) / sum(n for n, _, _ in spread)
    line = runs_of(database)["mood"].results.pooled
    # Lower is better on the BDI: what favours video is fewer points.
    assert len(spread) == 3
    assert mood["unit"] == "bdi"
    assert mood["difference"] == pytest.approx(-sd * line.estimate, rel=1e-12)
    assert mood["difference_ci"] == pytest.approx((-sd * line.ci[1], -sd * line.ci[0]), rel=1e-12)
    assert mood["comparator"] == pytest.approx(mean, rel=1e-12)
    assert f"{sd:.2f}" in mood["basis"]
    assert (mood["effect"], mood["measure"]) == (line.estimate, "SMD")
    assert mood["participants"] == sum(v[0] + p[0] for _, _, v, p, _ in MOOD)
    death = rows["death"]
    assert death["participants"] == sum(n1 + n2 for _, n1, _, n2 in COUNTS)
    assert death["effect"] == pytest.approx(math.exp(METAFOR["OR"][0]), abs=1e-9)


def test_print_tells_it_in_the_words_of_grade(database: Database, by: Attribution) -> None:
    pooled(database, by)
    rate(database, by)
    table = tables(database, "summary_of_findings")[0]["summary_of_findings"]
    death, mood = records(table)
    risk = median(c / n for _, _, c, n in COUNTS)
    there = risk_by_odds_ratio(risk, math.exp(METAFOR["OR"][0]))
    assert death["comparator"] == f"{1000 * risk:.0f} per 1,000"
    assert death["intervention"].startswith(f"{1000 * there:.0f} per 1,000 (")
    assert death["difference"].startswith(f"{1000 * (risk - there):.0f} fewer per 1,000 (")
    assert death["effect"] == "OR 0.90 (0.84 to 0.96)"
    assert death["participants"] == f"{sum(n1 + n2 for _, n1, _, n2 in COUNTS):,} (7)"
    assert death["certainty"] == "not rated"
    assert mood["certainty"] == "⊕⊕◯◯ low"
    texts = {letter: note.text for letter, note in table.marked}
    assert [texts[letter] for letter in table.marks(1, "certainty").split(",")] == [
        "Down 1 for risk of bias: no blinding.",
        "Down 1 for imprecision: interval includes none and moderate.",
    ]
    assert mood["comment"].startswith("Small effect; ")
    assert " points lower (" in mood["difference"]
    assert mood["difference"].endswith(" on the Beck Depression Inventory")
    assert table.origin(0, table.keys.index("difference")) == f"{table.origins[0]}/difference"
    assert table.origin(0, table.keys.index("outcome")) is None


def test_a_rating_of_an_older_run_says_so(database: Database, by: Attribution) -> None:
    pooled(database, by)
    rate(database, by)
    with writing(database, by) as session:
        exclude_study(session, the_review(session), label="Synthetic 4", reason="synthetic")
    repool(database, actor="tester")
    table = tables(database, "summary_of_findings")[0]["summary_of_findings"]
    assert any(note.text == "Rated on run 1; the newest is run 2." for note in table.footnotes)


def test_an_md_of_one_instrument_is_told_as_it_is() -> None:
    md = Plan.model_validate(
        {**plan("OR").model_dump(), "measure": "MD", "method": "REML", "test": "z"}
    )
    given = tuple(
        trial.model_copy(
            update={
                "instrument": "bdi",
                "intervention": side(n=v[0], mean=v[1], sd=v[2]),
                "comparator": side(n=p[0], mean=p[1], sd=p[2]),
            }
        )
        for trial, (_, _, v, p, _) in zip(trials(higher=False), MOOD, strict=False)
    )
    inputs = RunInputs(plan=md, trials=given, left_out=())
    results = pooled_counts(md, given)
    found = absolute_of(inputs, results)
    assert isinstance(found, Absolute)
    assert found.difference == -results.pooled.estimate
    assert found.intervention == pytest.approx(found.comparator + found.difference, rel=1e-12)


def test_a_stated_risk_takes_the_place_of_the_trials_and_has_a_number_needed() -> None:
    chosen = plan("RR", baseline_risks=(0.3, 0.5))
    given = trials(higher=False)
    inputs, results = (
        RunInputs(plan=chosen, trials=given, left_out=()),
        pooled_counts(chosen, given),
    )
    found = absolute_of(inputs, results)
    assert isinstance(found, Absolute)
    ratio = math.exp(METAFOR["RR"][0])
    assert found.comparator == 300.0
    assert found.intervention == pytest.approx(300 * ratio)
    assert found.needed is not None
    # the trials' coding: METAFOR is of the events as counted, fewer of them are better
    assert found.needed.startswith(f"NNTB {math.ceil(1 / (0.3 * (1 - ratio)))} (")
    assert found.basis.startswith("Risk as planned. NNTB: persons treated")
    plain = absolute_of(
        RunInputs(plan=plan("RR"), trials=given, left_out=()), pooled_counts(plan("RR"), given)
    )
    assert isinstance(plain, Absolute)
    assert plain.needed is None
