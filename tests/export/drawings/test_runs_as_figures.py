"""Figures of real runs (cbt-delivery) say the numbers of those runs."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from typing import Any

import pytest

from review.db import Database
from review.effects import Measure
from review.errors import InvalidDataError, NotFoundError
from review.export.drawings import leave_one_out
from review.export.drawings.axis import axis_label, favours, measured, notation, sides_of
from review.export.drawings.classes import classes_of_analysis, classes_of_review
from review.export.drawings.columns import field_columns
from review.export.drawings.forest import Sort, forest_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.export.drawings.margins import margins_of
from review.export.drawings.sequential import figure_of, sequential_of
from review.export.drawings.specification import specification_of
from review.export.drawings.versions import versions_of
from review.export.runs import LatestRun
from review.extraction.evidence_queries import evidence_for
from review.extraction.seeds import seed_called
from review.figures import Diamond, ForestRow, Heading
from review.figures.estimates import EstimateRow
from review.figures.layouts import Layout
from review.figures.risk_of_bias import BiasDomain, BiasRow, Category, RiskOfBias
from review.figures.scale import Notation
from review.living.estimates.effects import trial_effects
from review.living.estimates.multiverse import multiverse
from review.living.estimates.pooling import pool_inputs
from review.living.reports.once import past_runs
from review.living.reports.repeated_looks import panel
from review.living.runs.contents import RunInputs
from review.living.runs.digests import digest_of
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import Effect, RunResults
from review.protocol.queries import review_called
from review.protocol.vocabulary import Variant
from review.synthesis.noninferiority import Conclusion

Run = tuple[RunInputs, RunResults]


def planned(run: LatestRun, **changes: object) -> Run:
    """The trials of a run, pooled by another plan."""
    plan = run.inputs.plan.model_copy(update=changes)
    inputs = run.inputs.model_copy(update={"plan": plan})
    return inputs, pool_inputs([(inputs, trial_effects(inputs))])[0]


LEFT_OUT = {
    "Andersson (2005)": (0.764564118, 0.459257350, 1.069870886),
    "Berger (2011)": (0.786774169, 0.473715837, 1.099832502),
    "Choi (2012)": (0.733395080, 0.450910789, 1.015879371),
}
"""metafor 3.8-1 on tests/figures/multimedia.csv without that line: rma(yi, vi, method="REML",
test="adhoc", control=list(threshold=1e-12))."""


@pytest.fixture(scope="module")
def multimedia(delivery_runs: list[LatestRun]) -> LatestRun:
    (run,) = (run for run in delivery_runs if run.analysis == "multimedia")
    return run


def test_every_subgroup_has_its_trials_and_its_own_estimate(multimedia: LatestRun) -> None:
    inputs, results = planned(multimedia, subgroups=("instrument",), margin=0.5)
    forest = forest_of(inputs, results, by="instrument")
    (line,) = results.moderators
    headings = [row.label for row in forest.rows if isinstance(row, Heading)]
    assert headings == [group.label for group in line.lines]
    names = {label: f"Named {label}" for label in headings}
    named = forest_of(inputs, results, by="instrument", instruments=names)
    assert [r.label for r in named.rows if isinstance(r, Heading)] == list(names.values())
    diamonds = [row for row in forest.rows if isinstance(row, Diamond)]
    assert [d.estimate for d in diamonds] == [group.estimate for group in line.lines]
    of = {trial.study: trial.instrument for trial in inputs.trials}
    under = ""
    for row in forest.rows:
        if isinstance(row, Heading):
            under = row.label
        elif isinstance(row, ForestRow):
            assert of[row.label] == under
    assert sum(isinstance(row, ForestRow) for row in forest.rows) == 17
    assert f"Q = {line.stat:.2f}, df = {line.df}" in forest.note
    assert forest.title.endswith("by instrument")


def test_subgroups_that_nobody_planned_are_refused(multimedia: LatestRun) -> None:
    with pytest.raises(NotFoundError, match="no planned subgroups by analysis set"):
        forest_of(multimedia.inputs, multimedia.results, by="analysis_set")


def test_arm_data_are_the_reported_numbers(multimedia: LatestRun) -> None:
    forest = forest_of(multimedia.inputs, multimedia.results, arm_data=True)
    assert forest.column_groups == (("multimedia CBT", 2), ("control", 2))
    assert forest.column_headers == ("n", "Estimate (SE)") * 2
    (row,) = (r for r in forest.rows if isinstance(r, ForestRow) and r.label == "Andersson (2005)")
    # seeds/cbt-delivery/results.csv: -1.5529 with variance 0.0425, -0.214 with variance 0.0208
    assert row.columns == ("36", "−1.55 (0.21)", "49", "−0.21 (0.14)")
    apart = forest_of(multimedia.inputs, multimedia.results, arm_data=True, layout=Layout.REVMAN5)
    assert apart.column_headers == ("Estimate", "SE", "Total") * 2
    (row,) = (r for r in apart.rows if isinstance(r, ForestRow) and r.label == "Andersson (2005)")
    assert row.columns == ("−1.55", "0.21", "36", "−0.21", "0.14", "49")
    assert apart.summaries[0].columns[2::3] == forest.summaries[0].columns[::2]
    alone = forest_of(multimedia.inputs, multimedia.results, layout=Layout.REVMAN5)
    assert alone.column_headers == ("Total multimedia CBT", "Total control")


def test_a_side_without_sizes_has_no_column(multimedia: LatestRun) -> None:
    effects = tuple(
        effect.model_copy(update={"n_comparator": None}) for effect in multimedia.results.effects
    )
    results = multimedia.results.model_copy(update={"effects": effects})
    both = forest_of(multimedia.inputs, multimedia.results)
    assert both.column_headers == ("n multimedia CBT", "n control")
    assert forest_of(multimedia.inputs, results).column_headers == ("n multimedia CBT",)


def test_judgements_stand_with_their_study_and_others_have_none(multimedia: LatestRun) -> None:
    bias = RiskOfBias(
        "Bias", (BiasDomain("Overall", "Overall"),), (Category("Low", "+", "green"),),
        (BiasRow("Clarke (2002)", (0,)),),
    )  # fmt: skip
    forest = forest_of(multimedia.inputs, multimedia.results, bias=bias)
    judged = {r.label: r.judgements for r in forest.rows if isinstance(r, ForestRow)}
    assert judged["Clarke (2002)"] == (0,)
    assert judged["Clarke (2005)"] == ()


def test_logarithms_of_ratios_are_read_as_ratios_unless_the_plan_says_logarithm(
    multimedia: LatestRun,
) -> None:
    def of(effect: str | None) -> RunInputs:
        plan = multimedia.inputs.plan.model_copy(update={"measure": Measure.OR, "effect": effect})
        return multimedia.inputs.model_copy(update={"plan": plan})

    # Lower is better on all instruments of the trials: inside, their signs are turned.
    assert (notation(of(None)), axis_label(of(None))) == (Notation.INVERSE, "Odds ratio")
    assert sides_of(of(None)) == ("favours multimedia CBT", "favours control")
    assert measured(of(None)) == (Notation.RATIO, -1.0)
    better = tuple(t.model_copy(update={"higher_is_better": True}) for t in of(None).trials)
    assert notation(of(None).model_copy(update={"trials": better})) is Notation.RATIO
    assert notation(of("Log odds ratio of dropout")) is Notation.PLAIN
    assert notation(multimedia.inputs) is Notation.PLAIN
    assert favours(multimedia.inputs.plan) == ("favours control", "favours multimedia CBT")


def test_each_estimate_without_a_trial_is_that_of_the_others(multimedia: LatestRun) -> None:
    results = multimedia.results
    figure = leave_one_out_of(multimedia.inputs, results)
    assert figure.rows[0].estimate == figure.reference == results.pooled.estimate
    by_label = {row.label: row for row in figure.rows[1:]}
    assert len(by_label) == 17
    for label, numbers in LEFT_OUT.items():
        row = by_label[label]
        found = (row.estimate, row.ci_low, row.ci_high)
        assert found == pytest.approx(numbers, abs=1e-8)


def test_of_many_trials_those_are_shown_that_move_the_estimate_most(
    multimedia: LatestRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = leave_one_out_of(multimedia.inputs, multimedia.results)
    monkeypatch.setattr(leave_one_out, "MOST_SHOWN", 5)
    figure = leave_one_out_of(multimedia.inputs, multimedia.results)
    every = leave_one_out_of(multimedia.inputs, multimedia.results, every=True)
    assert (every.rows, every.note) == (whole.rows, whole.note)
    assert figure.rows[0] == whole.rows[0]
    assert [row for row in whole.rows if row in figure.rows] == list(figure.rows), "in their order"
    others = [row for row in whole.rows if row not in figure.rows]
    assert len(others) == 17 - 5

    def moved(row: EstimateRow) -> float:
        assert row.estimate is not None
        return abs(row.estimate - multimedia.results.pooled.estimate)

    assert max(map(moved, others)) <= min(map(moved, figure.rows[1:]))
    low, high = (f(one.estimate or math.nan for one in others) for f in (min, max))
    assert "the 5 of 17 trials" in figure.note
    assert f"any one of the 12 others it is {low:.3f} to {high:.3f}." in figure.note
    assert figure.decimals == 3, "so that neighbours differ"


def test_a_single_trial_cannot_be_left_out(multimedia: LatestRun) -> None:
    one = multimedia.inputs.model_copy(update={"trials": multimedia.inputs.trials[:1]})
    figure = leave_one_out_of(one, pool_inputs([(one, trial_effects(one))])[0])
    assert [row.label for row in figure.rows] == ["None: all trials"]
    assert "nothing is left" in figure.note


def test_the_margin_curve_goes_through_the_planned_readings(multimedia: LatestRun) -> None:
    inputs, results = planned(multimedia, margin=0.5, other_margins=(0.25,))
    figure = margins_of(inputs, results)
    assert [(m.margin, m.p) for m in figure.planned] == [
        (r.margin, r.noninferiority_p) for r in results.readings
    ]
    # metafor, as above: pt((b + margin) / se, 16, lower.tail=FALSE)
    assert [m.p for m in figure.planned] == pytest.approx([3.548109e-08, 5.935444e-07], rel=1e-5)
    assert figure.margins[0] == 0.0
    assert figure.margins[-1] >= 0.5
    assert list(figure.p) == sorted(figure.p, reverse=True)
    assert figure.alpha == pytest.approx(0.025)
    at = next(i for i, m in enumerate(figure.margins) if m >= 0.5)
    assert figure.p[at] <= figure.planned[0].p <= figure.p[at - 1]


def test_a_margin_curve_needs_two_arms(multimedia: LatestRun) -> None:
    plan = multimedia.inputs.plan.model_copy(update={"kind": "association"})
    with pytest.raises(InvalidDataError, match="no margin"):
        margins_of(multimedia.inputs.model_copy(update={"plan": plan}), multimedia.results)


def test_versions_are_the_runs_and_bold_where_the_class_changed(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        inputs, _ = snapshot_of(run_numbered(session, review, "multimedia", None))
        figure = versions_of(past_runs(session, review, "multimedia"), inputs)
    first, second = figure.rows
    assert (first.label, first.before, first.after) == (
        "1", ("2026-11-23", "6"), ("inconclusive", "first run"),
    )  # fmt: skip
    assert (second.before[1], second.after) == ("17", ("superior", "11 trials added"))
    assert (first.strong, second.strong) == (False, True)
    # metafor, 17 trials, REML, test="adhoc"
    assert second.estimate == pytest.approx(0.799661, abs=1e-6)


def test_the_class_strip_has_a_cell_for_each_run_and_margin(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        inputs, _ = snapshot_of(run_numbered(session, review, "multimedia", None))
        one = classes_of_analysis(past_runs(session, review, "multimedia"), inputs)
        every = classes_of_review(review.title, past_runs(session, review))
    assert [row.label for row in one.rows] == ["Against no effect"]
    assert one.rows[0].cells == (Conclusion.INCONCLUSIVE, Conclusion.SUPERIOR)
    assert len(every.columns) == 2
    assert [row.cells[-1] for row in every.rows] == [Conclusion.SUPERIOR] * 3


def test_the_planned_specification_is_the_estimate_of_the_run(
    delivery: Database, multimedia: LatestRun
) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        found = multiverse(*evidence_for(session, review, "multimedia"))
    figure = specification_of(multimedia.inputs, found)
    (same,) = (one for one in figure.specified if one.planned)
    assert same.estimate == pytest.approx(multimedia.results.pooled.estimate, abs=1e-12)
    assert same.choices == ("as planned", "REML, Hartung-Knapp, floored", "influential kept")
    assert len({one.choices for one in figure.specified}) == len(figure.specified)


def test_the_sequential_figure_shows_the_looks_of_the_panel(delivery: Database) -> None:
    with delivery.reading() as session:
        review = review_called(session, "cbt-delivery")
        with pytest.raises(InvalidDataError, match="no panel for repeated looks"):
            sequential_of(session, review, "multimedia")
        past = past_runs(session, review, "multimedia")
        inputs, results = snapshot_of(run_numbered(session, review, "multimedia", None))
    margined = [replace(run, digest=replace(run.digest, margin=0.5)) for run in past]
    inputs = inputs.model_copy(update={"plan": inputs.plan.model_copy(update={"margin": 0.5})})
    told = panel(margined, (inputs, results))
    assert told is not None
    figure = figure_of(inputs, told)
    assert [look.k for look in figure.looks] == [6, 17]
    assert [(x.low, x.high) for x in figure.looks] == [x.sequence for x in told.looks]
    assert [x.fraction for x in figure.looks] == [x.fraction for x in told.looks]
    assert figure.title.endswith("(retrospective)")
    assert not figure.two_sided
    assert figure.conventional == pytest.approx(1.959964, abs=1e-6)
    assert all(math.isfinite(look.estimate) for look in figure.looks)


def test_variants_are_lines_of_the_strip_but_trials_left_out_are_not(
    delivery: Database, multimedia: LatestRun
) -> None:
    inputs, results = planned(
        multimedia, margin=0.5, variants=(Variant.FIXED, Variant.LEAVE_ONE_OUT)
    )
    with delivery.reading() as session:
        run = past_runs(session, review_called(session, "cbt-delivery"), "multimedia")[-1]
    strip = classes_of_analysis([replace(run, digest=digest_of((inputs, results)))], inputs)
    assert [row.label for row in strip.rows] == ["Margin 0.50, deciding", "common effect"]


def persons_in_the_file(treatment: str) -> tuple[int, int]:
    """Persons of the arms with a treatment and of their controls, where a trial has both."""
    trials: dict[str, tuple[list[int], list[int]]] = {}
    with (seed_called("cbt-delivery").folder / "results.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        for row in csv.DictReader(file):
            of = trials.setdefault(row["study"], ([], []))
            if row["treatment"] == treatment:
                of[0].append(int(row["n"]))
            elif row["treatment"] in {"Wait list", "TAU", "No treatment", "Placebo"}:
                of[1].append(int(row["n"]))
    compared = [of for of in trials.values() if all(of)]
    return sum(sum(of[0]) for of in compared), sum(sum(of[1]) for of in compared)


def test_totals_and_heterogeneity_of_a_subgroup_are_those_of_its_trials(
    multimedia: LatestRun,
) -> None:
    inputs, results = planned(multimedia, subgroups=("instrument",))
    forest = forest_of(inputs, results, by="instrument")
    of = {trial.study: trial.instrument for trial in inputs.trials}
    effects: dict[str, list[Effect]] = {}
    for effect in results.effects:
        effects.setdefault(str(of[effect.study]), []).append(effect)
    heading = ""
    for row in forest.rows:
        if isinstance(row, Heading):
            heading = row.label
        elif isinstance(row, Diamond):
            mine = effects[heading]
            weights = [1 / e.vi for e in mine]
            centre = math.fsum(w * e.yi for w, e in zip(weights, mine, strict=True)) / sum(weights)
            q = math.fsum(w * (e.yi - centre) ** 2 for w, e in zip(weights, mine, strict=True))
            assert row.fit is not None
            assert row.fit.q == pytest.approx(q, abs=1e-9)  # Cochran 1954, by hand
            assert row.fit.df == len(mine) - 1
            assert row.columns == (
                str(sum(e.n_intervention or 0 for e in mine)),
                str(sum(e.n_comparator or 0 for e in mine)),
            )
            assert row.weight == pytest.approx(sum(e.weight for e in mine))
    (total,) = forest.summaries
    assert total.columns == tuple(map(str, persons_in_the_file("Multimedia CBT")))
    assert forest.difference is not None
    assert forest.difference.stat == results.moderators[0].stat


@pytest.mark.parametrize("sort", Sort)
def test_trials_stand_in_the_order_that_is_asked_for(multimedia: LatestRun, sort: Sort) -> None:
    forest = forest_of(multimedia.inputs, multimedia.results, sort=sort)
    rows = [row for row in forest.rows if isinstance(row, ForestRow)]
    years = {effect.study: effect.year or 0 for effect in multimedia.results.effects}
    orders: dict[Sort, list[Any]] = {
        Sort.YEAR: [(years[row.label], row.label) for row in rows],
        Sort.NAME: [(row.label.casefold(), "") for row in rows],
        Sort.EFFECT: [(row.estimate or 0.0, "") for row in rows],
        Sort.WEIGHT: [(-(row.weight or 0.0), "") for row in rows],
    }
    keys = orders[sort]
    assert keys == sorted(keys)
    assert len(rows) == 17


def test_fields_of_studies_stand_in_columns_and_unknown_ones_are_refused(
    delivery: Database, multimedia: LatestRun
) -> None:
    with delivery.reading() as session:
        review = review_called(session, None)
        fields = field_columns(session, review, ("treatment", "Year"))
        with pytest.raises(NotFoundError, match="a column can be year, design"):
            field_columns(session, review, ("colour",))
    forest = forest_of(multimedia.inputs, multimedia.results, fields=fields)
    assert forest.column_headers[:2] == ("Therapy", "Year")
    rows = [row for row in forest.rows if isinstance(row, ForestRow)]
    assert all(row.label.endswith(f"({row.columns[1]})") for row in rows)
    assert all("Multimedia CBT" in row.columns[0] for row in rows)
    assert forest.summaries[0].columns[:2] == ("", "")
