"""Synthetic trials reported in every way from which an effect follows. No number is a real trial's.

A grid: what was reported, times the design of the analysis behind it, times the plan. What gives no
effect is left out here, and the tests hold how many there are, so that the grid cannot shrink.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from review.errors import ReviewError
from review.export.runs import LatestRun
from review.extraction.vocabulary import Positive
from review.living.estimates.effects import trial_effects
from review.living.runs.contents import RunInputs, TrialInput
from review.protocol.rules import Plan
from tests.export.reproduction.synthetic import THREE_MEANS, arm, of_means, plan, run, shared, trial

MOST = 100
"""Trials of one analysis: R's time for a pooling grows with the cube of them."""

SIZES = {"n": 31, "versus_n": 28}

MEAN_DIFFERENCES: tuple[dict[str, Any], ...] = (
    {"se": 0.55}, {"variance": 0.31}, {"ci_low": 0.1, "ci_high": 2.3},
    {"ci_low": 0.3, "ci_high": 2.1, "ci_level": 0.9}, {"t": 2.1}, {"f": 4.6}, {"f": 4.6, "df1": 1},
    {"p": 0.03}, {"p": 0.02, "p_sides": 1}, {"sd": 2.2}, {"sd": 2.2, "se": 0.5},
    {"sd": 2.2, "ci_low": 0.1, "ci_high": 2.3}, {"residual_sd": 1.9},
    {"residual_sd": 1.9, "t": 2.1},
)  # fmt: skip
"""What stands beside a difference of 1.2."""

STATISTICS: tuple[dict[str, Any], ...] = (
    *({"estimate": 1.2, "metric": "MD", **given} for given in MEAN_DIFFERENCES),
    *(
        {"estimate": 1.2, "metric": "MD of change", "correlation": 0.45, **given}
        for given in (*MEAN_DIFFERENCES, {"sd_change": 2.0}, {"sd_change": 2.0, "se": 0.6})
    ),
    *(
        {"estimate": 0.5, "metric": metric, **given}
        for metric in ("d", "Hedges g")
        for given in (
            {}, {"se": 0.27}, {"variance": 0.07}, {"ci_low": 0.0, "ci_high": 1.0}, {"p": 0.04},
        )
    ),
    {"estimate": 0.06, "metric": "eta squared", "towards": -1},
    {"estimate": 0.06, "metric": "partial eta squared", "towards": 1},
    {"estimate": 0.25, "metric": "r"},
    *(
        {**given, **towards, **metric}
        for given in (
            {"t": 2.1}, {"t": -2.1}, {"f": 4.4}, {"p": 0.03}, {"p": 0.03, "p_sides": 1},
            {"p": 1.0}, {"p_below": 0.05},
        )
        for towards in ({}, {"towards": 1}, {"towards": -1})
        for metric in ({}, {"metric": "MD of change", "correlation": 0.45})
    ),
)  # fmt: skip

RATIOS: tuple[dict[str, Any], ...] = (
    {"estimate": 1.8, "metric": "OR", "ci_low": 1.0, "ci_high": 3.24},
    {"estimate": 1.8, "metric": "OR", "ci_low": 1.1, "ci_high": 2.95, "ci_level": 0.9},
    {"estimate": 1.8, "metric": "OR", "p": 0.04},
    {"estimate": 0.6, "metric": "log OR", "se": 0.3},
    {"estimate": 0.6, "metric": "log OR", "ci_low": 0.0, "ci_high": 1.2},
    {"estimate": 0.6, "metric": "log OR", "p": 0.04},
)

RATE_RATIOS = tuple({**one, "metric": one["metric"].replace("OR", "IRR")} for one in RATIOS)

DESIGNS: tuple[dict[str, Any], ...] = (
    {},
    {"contrast_reversed": True},
    {"higher_is_better": False},
    {"adjusted": True, "r": {"r_squared": 0.3}},
    {"adjusted": True, "r": {"correlation": 0.5}},
    {"cluster_size": 9.0, "icc": 0.04},
    {"cluster_size": 9.0, "icc": 0.04, "clusters_analysed": True},
    {
        "cluster_size": 9.0, "icc": 0.04, "clusters_analysed": True, "adjusted": True,
        "r": {"r_squared": 0.3},
    },
    {"crossover": True, "r": {"correlation": 0.6}},
    {"crossover": True, "adjusted": True, "r": {"r_squared": 0.2}},
    {"adjusted": True, "spread": (arm("video", n=31, sd=2.1), arm("in person", n=28, sd=2.4))},
)  # fmt: skip

ARMS: tuple[dict[str, Any], ...] = (
    {"mean": 6.4, "sd": 2.1},
    {"mean": 6.4, "se": 0.35},
    {"mean": 6.4, "ci_low": 5.7, "ci_high": 7.1},
    {"mean": 6.4, "ci_low": 5.8, "ci_high": 7.0, "ci_level": 0.9},
    {"mean": 6.4, "residual_sd": 1.9},
    {"median": 6.0, "q1": 4.8, "q3": 7.9},
    {"median": 6.0, "minimum": 1.0, "maximum": 12.0},
    {"median": 6.0, "q1": 4.8, "q3": 7.9, "minimum": 1.0, "maximum": 12.0},
)
OF_CHANGE: tuple[dict[str, Any], ...] = (
    {"mean_change": 1.4, "sd_change": 1.8},
    {"mean_change": 1.4, "se": 0.3},
    {"mean_change": 1.4, "ci_low": 0.8, "ci_high": 2.0},
    {"mean": 6.4, "sd": 2.1, "baseline_mean": 5.0, "baseline_sd": 2.0, "correlation": 0.6},
    {"mean": 6.4, "se": 0.4, "baseline_mean": 5.0, "baseline_sd": 2.0, "correlation": 0.6},
    {"mean": 6.4, "sd": 2.1, "baseline_mean": 5.0, "sd_change": 1.7},
    {
        "median": 6.0, "q1": 4.8, "q3": 7.9, "baseline_mean": 5.0, "baseline_sd": 2.0,
        "correlation": 0.6,
    },
)  # fmt: skip
CONTROL = {"n": 28, "mean": 5.3, "sd": 2.2}
EVENT_ARMS: tuple[dict[str, Any], ...] = ({"events": 14}, {"events": 9}, {"events": 0})
CONTROL_EVENTS = {"n": 28, "events": 6}
CONTROL_CHANGE = {"n": 28, "mean_change": 0.4, "sd_change": 1.9}


def _contrasts(statistics: tuple[dict[str, Any], ...]) -> Iterator[dict[str, Any]]:
    for design in DESIGNS:
        for given in statistics:
            rest = {name: value for name, value in design.items() if name != "r"}
            yield {"contrast": arm("video", **{**SIZES, **given, **design.get("r", {})}), **rest}


def _of_arms(ways: tuple[dict[str, Any], ...], control: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for design in DESIGNS:
        if "spread" in design or "contrast_reversed" in design:
            continue
        rest = {name: value for name, value in design.items() if name != "r"}
        for given in ways:
            sides = [
                arm(name, **{**numbers, **design.get("r", {})})
                for name, numbers in (("video", {"n": 31, **given}), ("in person", control))
            ]
            yield {"intervention": sides[:1], "comparator": sides[1:], **rest}


def _computable(chosen: Plan, found: Iterator[dict[str, Any]]) -> list[TrialInput]:
    """Those from which an effect follows."""
    kept: list[TrialInput] = []
    for given in found:
        one = trial(len(kept) + 1, **given)
        try:
            trial_effects(RunInputs(plan=chosen, trials=(one,), left_out=()))
        except ReviewError:
            continue
        kept.append(one)
    return kept


def _several() -> list[TrialInput]:
    """Parts that have parts, contrasts against one comparator, results of two orientations."""
    one, other = of_means(1), shared(2, "split", **THREE_MEANS)
    third = of_means(4, higher_is_better=False)
    against = [
        trial(3, contrast=arm("video", n=n, versus_n=40, estimate=g, metric="SMD", se=0.23))
        for n, g in ((38, 0.4), (35, 0.6))
    ]
    return [
        trial(1, parts=(one, other, third), joined="aggregate"),
        trial(2, parts=(shared(2, "covariance", **THREE_MEANS), one), joined="aggregate"),
        trial(3, parts=tuple(against), joined="covariance"),
        trial(4, contrast=arm("video", **SIZES, estimate=0.3, metric="SMD", se=0.2,
                              positive=Positive.BETTER), higher_is_better=False),
        trial(5, contrast=arm("video", **SIZES, estimate=0.3, metric="SMD", se=0.2,
                              positive=Positive.BETTER), contrast_reversed=True),
    ]  # fmt: skip


def _split_estimates() -> list[TrialInput]:
    numbers = {"n": (30, 28, 31), "estimate": (-1.1, -0.9, -0.3), "variance": (0.04, 0.05, 0.03)}
    return [shared(1, "split", **numbers), shared(2, "covariance", **numbers)]


def conversion_runs() -> list[LatestRun]:
    """One analysis a measure and kind of scores, with every way of reporting that gives effects."""
    found = []
    for slug, chosen, ways in (
        ("contrasts-smd", plan("SMD"), _contrasts(STATISTICS)),
        ("contrasts-change", plan("SMD", scores="change"), _contrasts(STATISTICS)),
        ("contrasts-periods", plan("SMD", crossover_correlation=0.5), _contrasts(STATISTICS)),
        ("contrasts-md", plan("MD"), _contrasts(STATISTICS)),
        ("contrasts-or", plan("OR"), _contrasts(RATIOS)),
        ("contrasts-irr", plan("IRR"), _contrasts(RATE_RATIOS)),
        ("contrasts-gen", plan("GEN"), _contrasts(RATIOS)),
        ("arms-smd", plan("SMD"), _of_arms(ARMS, CONTROL)),
        ("arms-md", plan("MD", crossover_correlation=0.4), _of_arms(ARMS, CONTROL)),
        ("arms-rom", plan("ROM"), _of_arms(ARMS, CONTROL)),
        *(
            (
                f"arms-{m.lower()}",
                plan(m, crossover_correlation=0.4),
                _of_arms(EVENT_ARMS, CONTROL_EVENTS),
            )
            for m in ("OR", "RR", "RD", "AS")
        ),
        ("change-smd", plan("SMD", scores="change"), _of_arms(OF_CHANGE, CONTROL_CHANGE)),
        ("change-md", plan("MD", scores="change"), _of_arms(OF_CHANGE, CONTROL_CHANGE)),
    ):
        trials = _computable(chosen, ways)
        for part, start in enumerate(range(0, len(trials), MOST), 1):
            found.append(run(f"{slug}-{part}", chosen, trials[start : start + MOST]))
    found.append(run("several", plan("SMD", several_arms="covariance"), _several()))
    found.append(run("several-estimates", plan("GEN", several_arms="split"), _split_estimates()))
    skewed = [
        of_means(1), trial(2, intervention=(arm("video", n=31, median=6.0, q1=4.8, q3=7.9),),
                           comparator=(arm("in person", **CONTROL),)),
    ]  # fmt: skip
    found.append(run("skewed", plan("SMD", medians="qe"), skewed))
    return found
