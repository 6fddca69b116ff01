"""The diagnostic figures of a real run show metafor's numbers.

diagnostics.csv is what metafor 3.8-1 makes of the 17 trials of multimedia CBT (diagnostics.R).
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError, NotFoundError
from review.export.drawings.bubble import bubble_of
from review.export.drawings.drapery import drapery_of
from review.export.drawings.funnel import funnel_of
from review.export.drawings.gosh import gosh_of
from review.export.drawings.influence import baujat_of, influence_of
from review.export.runs import LatestRun
from review.figures.numbers import p_words
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind

TOLERANCE = 1e-6
"""Relative; the iterations of both programs stop at 1e-12 or below."""


def _expected() -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    with (Path(__file__).parent / "diagnostics.csv").open() as file:
        for row in csv.DictReader(file):
            found[row["what"]].append(float(row["value"]))
    return found


EXPECTED = _expected()

Run = tuple[RunInputs, RunResults]


@pytest.fixture(scope="module")
def multimedia(delivery_runs: list[LatestRun]) -> Run:
    (run,) = (run for run in delivery_runs if run.analysis == "multimedia")
    return run.inputs, run.results


def few(run: Run, k: int) -> Run:
    """The run as if it had only its first trials; its pooled line stays."""
    inputs, results = run
    return (
        inputs.model_copy(update={"trials": inputs.trials[:k]}),
        results.model_copy(update={"effects": results.effects[:k]}),
    )


def close(found: Any, what: str) -> None:
    np.testing.assert_allclose(found, EXPECTED[what], rtol=TOLERANCE, atol=1e-9, err_msg=what)


def test_the_expected_file_has_every_number() -> None:
    assert len(EXPECTED) == 23
    assert sum(map(len, EXPECTED.values())) == 11 * 17 + 40


def test_baujat_shows_metafors_coordinates(multimedia: Run) -> None:
    points = baujat_of(*multimedia).points
    close([p.heterogeneity for p in points], "baujat_x")
    close([p.influence for p in points], "baujat_y")


def test_baujat_names_the_foremost_trials(multimedia: Run) -> None:
    named = {p.label for p in baujat_of(*multimedia).points if p.named}
    assert {"Choi (2012)", "Gilbody (2007)"} <= named
    assert 3 <= len(named) <= 10
    assert all(p.named for p in baujat_of(*few(multimedia, 5)).points)


def test_of_many_trials_the_most_influential_are_shown_and_the_others_told(
    multimedia: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = influence_of(*multimedia)
    monkeypatch.setattr("review.export.drawings.influence.MOST_SHOWN", 10)
    few = influence_of(*multimedia)
    assert influence_of(*multimedia, every=True) == whole
    k = len(whole.labels)
    assert 10 <= len(few.labels) < k
    assert [label for label in whole.labels if label in few.labels] == list(few.labels)
    assert sum(few.influential) == sum(whole.influential)
    for all_of, some in zip(whole.measures, few.measures, strict=True):
        by_name = dict(zip(whole.labels, all_of.values, strict=True))
        assert [by_name[label] for label in few.labels] == list(some.values)
        assert (some.reference, some.cut_offs) == (all_of.reference, all_of.cut_offs)
    cook = dict(zip(whole.labels, whole.measures[2].values, strict=True))
    rest = max(value for label, value in cook.items() if label not in few.labels)
    shown = sorted((cook[label] for label in few.labels), reverse=True)
    assert shown[9] >= rest
    told = rf"Shown are the {len(few.labels)} of {k} trials .*? Cook’s distance up to ([\d.]+)"
    said = re.search(told, few.note)
    assert said is not None
    assert float(said[1]) == pytest.approx(rest, abs=0.0005)


def test_the_influence_panel_shows_metafors_diagnostics(multimedia: Run) -> None:
    panel = influence_of(*multimedia)
    names = [effect.study for effect in multimedia[1].effects]
    order = [panel.labels.index(name) for name in names]
    assert [m.name for m in panel.measures] == [
        "rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight"
    ]  # fmt: skip
    for measure in panel.measures:
        close([measure.values[i] for i in order], measure.name)
    close([panel.influential[i] for i in order], "influential")
    by_name = {m.name: m for m in panel.measures}
    close([by_name["tau2.del"].reference], "tau2")
    close([by_name["QE.del"].reference], "QE")


def test_the_funnel_shows_metafors_filled_studies_and_eggers_test(multimedia: Run) -> None:
    plain, filled = funnel_of(*multimedia), funnel_of(*multimedia, trim_fill=True)
    assert plain.filled == ()
    assert plain.adjusted is None
    assert len(plain.points) == 17
    close(sorted(p.estimate for p in filled.filled)[::-1], "filled")
    assert filled.adjusted == pytest.approx(EXPECTED["trimfill"][0], rel=TOLERANCE)
    low, high = EXPECTED["trimfill"][1:]
    assert f"4 studies filled in on the left, 0.59 [{low:.2f}, {high:.2f}]" in filled.note
    stat, df, p = EXPECTED["egger"]
    assert f"Egger's test: t({df:g}) = {stat:.2f}, {p_words(p)}." in plain.note


def test_below_ten_trials_there_is_no_test_of_asymmetry(multimedia: Run) -> None:
    assert "Egger" not in funnel_of(*few(multimedia, 9)).note
    assert "With fewer than 10 trials" in funnel_of(*few(multimedia, 9)).note
    assert "Egger" in funnel_of(*few(multimedia, 10)).note


def test_the_bubble_plot_shows_metafors_line_and_bands(multimedia: Run) -> None:
    plot = bubble_of(*multimedia, "year")
    assert not plot.categorical
    for fitted, what in ((plot.fitted[0], "first_year"), (plot.fitted[-1], "last_year")):
        close([fitted.estimate, fitted.ci_low, fitted.ci_high, fitted.pi_low, fitted.pi_high], what)
    assert (plot.fitted[0].at, plot.fitted[-1].at) == (1983.0, 2015.0)
    slope, low, high, p = EXPECTED["slope"]
    said = f"Slope per year {slope:.3f} [{low:.3f}, {high:.3f}], {p_words(p)}".replace("-", "−")
    assert said in plot.note
    assert plot.note.endswith("Not in the plan: exploratory.")
    assert [b.estimate for b in plot.bubbles] == [e.yi for e in multimedia[1].effects]
    assert sum(b.weight for b in plot.bubbles) == pytest.approx(100)


def test_a_planned_moderator_is_the_default_and_no_exploration(multimedia: Run) -> None:
    inputs, results = multimedia
    plan = inputs.plan.model_copy(update={"moderators": ("year",)})
    plot = bubble_of(inputs.model_copy(update={"plan": plan}), results)
    assert plot.moderator == "Year"
    assert "exploratory" not in plot.note
    with pytest.raises(InvalidDataError, match="plans no moderator; name one with --moderator"):
        bubble_of(*multimedia)


def test_categories_are_strips_with_the_groups_own_means(delivery_runs: list[LatestRun]) -> None:
    (run,) = (run for run in delivery_runs if run.analysis == "any-cbt")
    plot = bubble_of(run.inputs, run.results, "instrument")
    assert plot.categorical
    assert sum(group.k or 0 for group in plot.fitted) == len(plot.bubbles) == 70
    (alone,) = (group for group in plot.fitted if group.at == "MADRS")
    (bubble,) = (b for b in plot.bubbles if b.at == "MADRS")
    assert alone.estimate == pytest.approx(bubble.estimate, abs=1e-9)


def test_gosh_has_every_subset_with_metafors_estimate(multimedia: Run) -> None:
    gosh = gosh_of(*multimedia, highlight="Choi")
    assert gosh.estimate.size == 2**17 - 1
    assert gosh.highlight == "Choi (2012)"
    assert gosh.highlighted is not None
    assert gosh.highlighted.sum() == 2**16
    number = sum(2 ** (i - 1) for i in (1, 2, 3, 5, 8))  # bits of the subset, from 1
    close([gosh.estimate[number - 1], gosh.I2[number - 1]], "subset_1_2_3_5_8")
    assert "All 131,071 subsets." in gosh.note


def test_gosh_draws_a_seeded_sample_where_told(multimedia: Run) -> None:
    one, two = (gosh_of(*multimedia, count=500, seed=seed) for seed in (7, 7))
    assert np.array_equal(one.estimate, two.estimate)
    assert not np.array_equal(one.estimate, gosh_of(*multimedia, count=500, seed=8).estimate)
    assert "500 subsets, drawn at random with seed 7." in one.note


def test_a_name_that_no_trial_or_several_have_is_refused(multimedia: Run) -> None:
    with pytest.raises(NotFoundError, match=r"did you mean Clarke \(2002\), Clarke \(2005\)"):
        gosh_of(*multimedia, highlight="Clarke", count=5)
    with pytest.raises(NotFoundError, match="has no trial 'Nobody'"):
        gosh_of(*multimedia, highlight="Nobody", count=5)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_drapery_is_as_wide_as_metafors_interval_at_each_level(
    multimedia: Run, level: float
) -> None:
    drapery = drapery_of(*multimedia)
    (at,) = np.flatnonzero(np.isclose(drapery.p, 1 - level, rtol=0, atol=1e-9))
    assert drapery.pooled is not None
    assert drapery.prediction is not None
    close(
        [curve[at] for of in (drapery.pooled, drapery.prediction) for curve in (of.low, of.high)],
        f"interval_{level}",
    )
    assert len(drapery.studies) == 17


def test_drapery_has_each_trials_own_interval(multimedia: Run) -> None:
    drapery = drapery_of(*multimedia)
    at = int(np.flatnonzero(np.isclose(drapery.p, 0.05, rtol=0, atol=1e-9))[0])
    for curve, effect in zip(drapery.studies, multimedia[1].effects, strict=True):
        assert (curve.low[at], curve.high[at]) == pytest.approx(effect.ci, rel=1e-9)
        assert curve.low[-1] == curve.high[-1] == effect.yi


@pytest.mark.parametrize(
    ("draw", "figure"),
    [
        (baujat_of, "a Baujat plot"),
        (influence_of, "an influence panel"),
        (gosh_of, "a GOSH plot"),
        (lambda i, r: bubble_of(i, r, "year"), "a bubble plot"),
        (lambda i, r: funnel_of(i, r, trim_fill=True), "a funnel plot with trim and fill"),
    ],
)
def test_too_few_trials_and_pooled_counts_are_refused_in_a_sentence(
    multimedia: Run, draw: Any, figure: str
) -> None:
    with pytest.raises(InvalidDataError, match=f"^{figure} needs at least 3 trials; .* 2 trials"):
        draw(*few(multimedia, 2))
    inputs, results = multimedia
    plan = {**inputs.plan.model_dump(), "method": "MH", "measure": "OR", "test": "z"}
    counted = inputs.model_copy(update={"plan": Plan(**plan)})
    with pytest.raises(InvalidDataError, match=f"^{figure} needs an inverse-variance model"):
        draw(counted, results)


def test_single_arms_have_no_line_of_no_effect(multimedia: Run) -> None:
    inputs, results = multimedia
    plan = inputs.plan.model_copy(update={"kind": AnalysisKind.SINGLE_ARM})
    alone = inputs.model_copy(update={"plan": plan})
    for drawn in (
        funnel_of(alone, results),
        bubble_of(alone, results, "year"),
        gosh_of(alone, results, count=5),
        drapery_of(alone, results),
    ):
        assert not drawn.null_line
        assert (drawn.favours_left, drawn.favours_right) == ("", "")
    assert funnel_of(inputs, results).null_line


def test_funnel_and_drapery_take_a_single_trial(multimedia: Run) -> None:
    one = few(multimedia, 1)
    assert len(funnel_of(*one).points) == 1
    assert len(drapery_of(*one).studies) == 1


def test_a_moderator_that_does_not_vary_is_refused(multimedia: Run) -> None:
    inputs, results = few(multimedia, 3)
    same = tuple(t.model_copy(update={"instrument": "bdi"}) for t in inputs.trials)
    inputs = inputs.model_copy(update={"trials": same})
    with pytest.raises(
        InvalidDataError, match=r"on instrument, which 3 trials report: .* one level"
    ):
        bubble_of(inputs, results, "instrument")
