"""A planned posterior beside the estimate: its numbers, what it says, where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from review.export.drawings.forest import forest_of
from review.living.reports.bayes import event, moved_posterior_section, posterior_section
from review.living.reports.brief import brief
from review.living.reports.changes import compare
from review.living.reports.differences import plan_differences
from review.living.reports.posterior import posterior_of
from review.living.runs.results import RunResults, Snapshot
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan
from review.synthesis.bayes import MuPrior, TauFamily, TauPrior, posterior
from tests.export.reproduction.synthetic import arm, plan, run, trial

Y = ((20, 5.9, 5.5), (31, 5.2, 5.3), (25, 6.0, 5.1), (40, 5.6, 5.5))


def snapshot(rows: tuple[tuple[float, ...], ...] = Y, **given: Any) -> Snapshot:
    trials = [
        trial(
            i, study=f"Synthetic {i}", intervention=(arm("video", n=n, mean=a, sd=0.9),),
            comparator=(arm("in person", n=n, mean=b, sd=1.0),),
        )
        for i, (n, a, b) in enumerate(rows, 1)
    ]  # fmt: skip
    chosen = plan(given.pop("measure", "SMD"), **given)
    made = run("one", chosen, trials)
    return made.inputs, made.results


def test_its_numbers_are_the_engines_by_the_priors_of_the_plan() -> None:
    stated = {"tau": "half-Cauchy", "scale": 0.3, "mean": 0.1, "mean_sd": 2.0}
    _, results = snapshot(margin=0.5, other_margins=(0.25,), bayes=stated)
    line = results.posterior
    assert line is not None
    found = posterior(
        [e.yi for e in results.effects], [e.vi for e in results.effects],
        tau_prior=TauPrior(TauFamily.HALF_CAUCHY, 0.3), mu_prior=MuPrior(0.1, 2.0),
    )  # fmt: skip
    assert (line.estimate, line.sd, line.median, line.ci, line.pi) == (
        found.mean, found.sd, found.median, found.ci, found.pi
    )  # fmt: skip
    assert (line.tau, line.tau_mean, line.tau_ci) == (
        found.tau_median, found.tau_mean, found.tau_ci
    )  # fmt: skip
    assert [one.margin for one in line.chances] == [0.5, 0.25, None]
    for one in line.chances:
        bound = -(one.margin or 0.0)
        assert one.mean == found.probability_above(bound)
        assert one.new == found.probability_new_above(bound)


def test_it_changes_nothing_of_the_planned_estimate() -> None:
    _, with_it = snapshot(margin=0.5, bayes={})
    _, without = snapshot(margin=0.5)
    assert with_it.model_copy(update={"posterior": None}) == without
    assert "posterior" not in without.model_dump(mode="json")
    assert RunResults.model_validate(with_it.model_dump(mode="json")) == with_it


def test_a_plan_without_it_keeps_its_identity() -> None:
    bare = plan("SMD")
    assert "bayes" not in bare.content
    assert bare.sha256 != plan("SMD", bayes={}).sha256
    assert plan("SMD", bayes={}).bare.bayes is None


def test_by_default_tau_is_half_normal_and_the_mean_flat() -> None:
    inputs, results = snapshot(bayes={})
    (section,) = posterior_section(results.posterior, scale_of_run(inputs))
    assert "half-normal with scale 0.5, mean effect flat" in section.sentences[0]


def test_ratios_are_told_as_ratios_and_the_probability_is_of_an_advantage() -> None:
    trials = [
        trial(i, study=f"Synthetic {i}", higher_is_better=False,
              intervention=(arm("video", n=50, events=a),),
              comparator=(arm("in person", n=50, events=b),))
        for i, (a, b) in enumerate(((5, 12), (8, 10), (4, 15)), 1)
    ]  # fmt: skip
    made = run("one", plan("RR", margin=0.3, bayes={}), trials)
    line, scale = made.results.posterior, scale_of_run(made.inputs)
    assert line is not None
    (section,) = posterior_section(line, scale)
    told = {row[0]: row[1] for row in section.rows}
    assert 0 < float(told["mean effect (median)"]) < 1
    assert told[event(None, scale)] == f"{line.chances[1].mean:.3f}"
    assert event(0.3, scale, new=True) == "P(RR in a new trial < 1.35)"
    assert line.chances[1].mean > 0.95


def test_a_change_report_says_what_the_posterior_was_and_is() -> None:
    old, new = snapshot(Y[:3], margin=0.5, bayes={}), snapshot(margin=0.5, bayes={"scale": 0.3})
    report = compare(old, new)
    told = [s for section in brief(report) for s in section.sentences]
    assert any(s.startswith("By Bayes, the mean effect ") and "; before: " in s for s in told)
    (section,) = moved_posterior_section(report.posterior, report.scales)
    assert section.headers == ("", "before", "after")
    assert section.sentences[1].startswith("Before: τ half-normal with scale 0.5")
    assert moved_posterior_section(compare(old, snapshot()).posterior, report.scales) == []
    same = compare(new, new)
    assert not any("By Bayes" in s for section in brief(same) for s in section.sentences)
    first = compare(None, new)
    (only,) = moved_posterior_section(first.posterior, first.scales)
    assert only.headers == ("", "now")


def test_what_stands_beside_an_interval_is_by_the_plans_priors() -> None:
    inputs, results = snapshot(margin=0.5, bayes={"scale": 0.1})
    found = posterior_of((inputs, results))
    line = results.posterior
    assert line is not None
    assert [one.probability for one in found.beliefs] == [one.mean for one in line.chances]
    assert "priors that the plan states" in found.note


def test_several_effects_of_one_trial_have_none_and_that_is_said() -> None:
    arms = (arm("video", n=20, mean=5.9, sd=1.0), arm("video, long", n=22, mean=5.7, sd=1.0))
    trials = [
        trial(1, study="A", intervention=arms[:1],
              comparator=(arm("in person", n=20, mean=5.5, sd=1.0),)),
        trial(1, study="A", intervention=arms[1:],
              comparator=(arm("in person", n=20, mean=5.5, sd=1.0),)),
    ]  # fmt: skip
    made = run("one", plan("SMD", bayes={}), trials)
    line = made.results.posterior
    assert line is not None
    assert line.estimate is None
    (section,) = posterior_section(line, scale_of_run(made.inputs))
    assert section.sentences == (f"No posterior: {line.note}.",)
    assert "several effects of one trial" in str(line.note)
    assert posterior_of((made.inputs, made.results)).beliefs == ()
    moved = compare(snapshot(bayes={}), (made.inputs, made.results))
    assert any("no posterior" in s for section in brief(moved) for s in section.sentences)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"measure": "MD", "bayes": {}}, "MD has a unit"),
        ({"measure": "SMD", "bayes": {"mean": 0.2}}, "needs its mean_sd"),
        ({"measure": "SMD", "bayes": {"scale": 0}}, "greater than 0"),
        ({"measure": "OR", "method": "MH", "bayes": {}}, "bayes: of inverse-variance models"),
        ({"measure": "SMD", "bayes": {"tau": "uniform"}}, "half-normal"),
    ],
)
def test_priors_that_cannot_hold_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(given.pop("measure"), **given)


def test_a_measure_with_a_unit_takes_a_stated_scale() -> None:
    assert isinstance(plan("MD", bayes={"scale": 4.0}), Plan)
    assert snapshot(measure="MD", bayes={"scale": 4.0})[1].posterior is not None


def test_one_trial_has_a_posterior() -> None:
    _, results = snapshot(Y[:1], bayes={})
    line = results.posterior
    assert line is not None
    assert line.estimate == pytest.approx(results.effects[0].yi, abs=1e-9)
    assert line.tau_ci is not None


def test_a_forest_plot_says_it_below() -> None:
    inputs, results = snapshot(margin=0.5, bayes={})
    line = results.posterior
    assert line is not None
    assert line.median is not None
    assert f"by Bayes (τ half-normal with scale 0.5, mean flat) median {line.median:.2f}" in (
        forest_of(inputs, results).note or ""
    )
    assert "by Bayes" not in (forest_of(*snapshot(margin=0.5)).note or "")


def test_a_changed_prior_is_told_with_what_holds_by_default() -> None:
    old, new = plan("SMD", bayes={}), plan("SMD", bayes={"scale": 0.3, "mean_sd": 2.0})
    told = [change.words for change in plan_differences(old, new)]
    assert told == [
        "scale of the prior of tau from 0.5 to 0.3",
        "SD of the prior of the effect from none (flat) to 2.0",
    ]
    (added,) = plan_differences(plan("SMD"), old)
    assert added.words.startswith("posterior by Bayes from none to tau half-normal, scale 0.5")
