"""Plans of every kind, made by chance: a trial is added, one corrected, one removed, or the plan.

What moved is named and its parts sum to the whole, every number of the tables stands at its origin,
and the scripts in R and Python compute all of it again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from review.export.contents.effects import results_table
from review.export.contents.pooled import pooled_data, pooled_table
from review.export.contents.reported import reported_table
from review.export.contents.variants import variants_data
from review.export.reproduction.script import write_scripts
from review.export.runs import LatestRun
from review.export.tables.cells import Interval, Kind
from review.export.tracing.origins import found_at
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.attribution import explain
from review.living.reports.changes import compare
from review.living.reports.shares import BY_PLAN
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Snapshot
from review.protocol.rules import Plan
from tests.export.reproduction.programs import python, rscript
from tests.export.reproduction.synthetic import arm, plan, trial
from tests.tiers import seeds

Numbers = dict[str, Any]
Arms = Callable[[random.Random], tuple[Numbers, ...]]
"""What the arms of a trial report, by chance: two of a contrast, else one."""


def means(chance: random.Random) -> tuple[Numbers, ...]:
    return tuple(
        {"n": chance.randrange(20, 70), "mean": round(chance.gauss(m, 0.4), 2),
         "sd": round(chance.uniform(1.5, 2.5), 2)}
        for m in (5.8, 5.3)
    )  # fmt: skip


def medians(chance: random.Random) -> tuple[Numbers, ...]:
    def one(middle: float) -> Numbers:
        median = round(chance.gauss(middle, 0.5), 1)
        low, high = round(chance.uniform(1, 2), 1), round(chance.uniform(1, 3), 1)
        return {"n": chance.randrange(20, 70), "median": median, "q1": median - low,
                "q3": median + high}  # fmt: skip

    return one(11.0), one(9.5)


def changed(chance: random.Random) -> tuple[Numbers, ...]:
    before = round(chance.gauss(20, 1), 1)
    return (
        {
            "n": chance.randrange(20, 70), "baseline_mean": before, "baseline_sd": 5.1,
            "mean": round(before + chance.gauss(4, 1), 1), "sd": 5.6,
            "correlation": chance.choice((None, 0.6)),
        },
    )  # fmt: skip


def both_changed(chance: random.Random) -> tuple[Numbers, ...]:
    one, other = changed(chance), changed(chance)
    return ({**one[0], "correlation": None}, {**other[0], "correlation": None})


def events(chance: random.Random) -> tuple[Numbers, ...]:
    return tuple(
        {"n": chance.randrange(30, 70), "events": chance.choice((0, 1, 3, 6, 9))} for _ in range(2)
    )


def common(chance: random.Random) -> tuple[Numbers, ...]:
    return tuple(
        {"n": chance.randrange(40, 90), "events": chance.randrange(8, 30)} for _ in range(2)
    )


def rates(chance: random.Random) -> tuple[Numbers, ...]:
    def one() -> Numbers:
        years = round(chance.uniform(20, 90), 1)
        return {"events": chance.choice((0, 4, 9, 14, 21)), "person_years": years}

    return one(), one()


def correlation(chance: random.Random) -> tuple[Numbers, ...]:
    r = round(chance.uniform(0.05, 0.5), 2)
    return ({"n": chance.randrange(30, 90), "estimate": r, "metric": "r"},)


ALONE: Final = {"kind": "single_arm"}
ASSOCIATED: Final = {"kind": "association", "predicts": "symptoms", "measure": "ZCOR"}
REFERENCE: Final = ("wai = 5.5 (0.9); Invented 2001", "cals = 60 (7.2); Invented 2002")
KINDS: Final[dict[str, tuple[Arms, dict[str, Any], dict[str, Any]]]] = {
    "means": (means, {"measure": "SMD"}, {"method": "DL"}),
    "medians": (medians, {"measure": "SMD"}, {"medians": "qe"}),
    "medians-md": (medians, {"measure": "MD", "medians": "bc"}, {"medians": "mln"}),
    "change-assumed": (
        both_changed, {"measure": "SMD", "scores": "change", "change_correlation": 0.5},
        {"change_correlation": 0.7},
    ),
    "within-smcr": (
        changed, {**ALONE, "measure": "SMCR", "change_correlation": 0.5},
        {"change_correlation": 0.3},
    ),
    "within-smcc": (
        changed, {**ALONE, "measure": "SMCC", "change_correlation": 0.5}, {"method": "PM"},
    ),
    "rates": (rates, {"measure": "IRR"}, {"zero_cells": {"add": 0.25}}),
    "rates-mh": (rates, {"measure": "IRR", "method": "MH"}, {}),
    "rates-difference": (rates, {"measure": "IRD"}, {"method": "DL"}),
    "rates-alone": (
        lambda chance: rates(chance)[:1], {**ALONE, "measure": "IRLN"}, {"method": "DL"},
    ),
    "linked": (
        means, {"measure": "MD", "target_instrument": "wai", "reference_scores": REFERENCE},
        {"reference_scores": ("wai = 5.5 (0.8); Invented 2001", REFERENCE[1])},
    ),
    "reliability": (
        means, {"measure": "SMD", "reliability": ("wai = 0.81",)}, {"reliability": ("wai = 0.9",)},
    ),
    "correlations": (
        correlation, {**ASSOCIATED, "reliability": ("wai = 0.93", "bdi = 0.86")},
        {"reliability": ("wai = 0.93",)},
    ),
    "tacc": (
        events, {"measure": "OR", "zero_cells": {"by_arm": True}}, {"zero_cells": {"add": 0.25}},
    ),
    "risks": (common, {"measure": "RR", "baseline_risks": (0.1, 0.3)}, {"test": "knha"}),
    "bayes": (
        means, {"measure": "SMD", "margin": 0.5, "bayes": {"mean": 0.1, "mean_sd": 1}},
        {"method": "DL"},
    ),
    "bayes-ratio": (common, {"measure": "OR", "bayes": {"tau": "half-Cauchy", "scale": 0.3}}, {}),
    "heterogeneity": (means, {"measure": "SMD", "heterogeneity": ("rater",)}, {"method": "ML"}),
}  # fmt: skip
"""What trials of a kind report, its plan, and another plan of it."""


def planned(given: dict[str, Any]) -> Plan:
    chosen = {"test": "z", "variants": ("leave_one_out",), "moderators": ("year",), **given}
    if chosen.get("method") == "MH":
        chosen |= {"variants": (), "moderators": ()}
    return plan(chosen.pop("measure"), **chosen)


def made(chance: random.Random, kind: str, number: int) -> TrialInput:
    """A trial of a kind by chance, named so that sentences can be read."""
    numbers = KINDS[kind][0](chance)
    alone = len(numbers) == 1
    other = kind == "linked" and number % 3 == 0
    return trial(
        number,
        study=f"Synthetic {number}",
        instrument="cals" if other else "wai",
        with_instrument="bdi" if kind == "correlations" else None,
        intervention=(arm("video", **numbers[0]),),
        comparator=() if alone else (arm("in person", **numbers[1]),),
        side="video" if alone else None,
        higher_is_better=not kind.startswith("rates"),
    )


def run_of(chosen: Plan, trials: dict[int, TrialInput]) -> Snapshot:
    inputs = RunInputs(plan=chosen, trials=tuple(trials.values()), left_out=())
    return inputs, pool_inputs([(inputs, trial_effects(inputs))])[0]


def edited(
    chance: random.Random, kind: str, trials: dict[int, TrialInput]
) -> tuple[dict[int, TrialInput], set[str]]:
    """Add, correct or exclude some trials by chance, and say which."""
    after, happened = dict(trials), set[str]()
    if chance.random() < 0.8:
        after[len(trials) + 1] = made(chance, kind, len(trials) + 1)
        happened.add(f"Synthetic {len(trials) + 1} added")
    if chance.random() < 0.8 or not happened:
        second = after[2]
        while after[2].computed_from == second.computed_from:
            after[2] = made(chance, kind, 2)
        happened.add("Synthetic 2 corrected")
    if chance.random() < 0.8:
        del after[3]
        happened.add("Synthetic 3 removed")
    return after, happened


def snapshots(seed: int, kind: str) -> tuple[Snapshot, Snapshot, set[str]]:
    chance = random.Random(f"{seed} {kind}")
    trials = {n: made(chance, kind, n) for n in range(1, 9)}
    chosen = planned(KINDS[kind][1])
    after, happened = edited(chance, kind, trials)
    return run_of(chosen, trials), run_of(chosen, after), happened


def add_up(old: Snapshot, new: Snapshot) -> list[str]:
    """Hold that the parts of a change are the whole; return what they are of."""
    found = explain(old, new, outlook=False)
    assert found.shares is not None, found.notes
    for name in ("estimate", "lower", "upper", "tau2", "in_order"):
        total = getattr(found.shares.total, name)
        if total is not None:
            parts = sum(getattr(one, name) for one in found.shares.shares)
            assert parts == pytest.approx(total, abs=1e-9), name
    moved = new[1].pooled.estimate - old[1].pooled.estimate
    assert found.shares.total.estimate == pytest.approx(moved, abs=1e-6)
    return [one.what for one in found.shares.shares]


@pytest.mark.parametrize("seed", seeds(2, 40))
@pytest.mark.parametrize("kind", KINDS)
def test_what_happened_to_trials_is_named_and_sums(kind: str, seed: int) -> None:
    old, new, happened = snapshots(seed, kind)
    assert set(add_up(old, new)) == happened


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("kind", [kind for kind, (_, _, other) in KINDS.items() if other])
def test_what_another_plan_does_is_its_own_and_no_trial_is_called_corrected(
    kind: str, seed: int
) -> None:
    old, new, happened = snapshots(seed, kind)
    _, given, other = KINDS[kind]
    chosen = planned({**given, **other})
    replanned = run_of(chosen, {t.study_id: t for t in new[0].trials})
    named = set(add_up(old, replanned))
    assert named & {BY_PLAN, "another model (plan)"}
    assert happened <= named <= {*happened, BY_PLAN, "another model (plan)"}
    assert set(add_up(new, replanned)) <= {BY_PLAN, "another model (plan)"}


def test_another_measure_is_not_divided() -> None:
    old, new, _ = snapshots(0, "within-smcr")
    trials = {t.study_id: t for t in new[0].trials}
    other = run_of(planned({**KINDS["within-smcr"][1], "measure": "MC"}), trials)
    found = explain(old, other, outlook=False)
    assert found.shares is None
    assert "another measure" in " ".join(found.notes)


def latest(kind: str, seed: int) -> LatestRun:
    old, new, _ = snapshots(seed, kind)
    return LatestRun(kind, 2, *new, compare(old, new), "0" * 64)


PARTNER: Final = {"low": "high", "high": "low"}


def within(value: object) -> list[object]:
    """A number, or those of an interval."""
    if isinstance(value, Interval):
        return [value.low, value.high]
    return list(value) if isinstance(value, tuple | list) else [value]


def shown(run: LatestRun, path: list[str], column: str) -> set[object]:
    """What a column may show of what stands at its origin: of ratios the ratio, of what is pooled
    on a scale that nobody reads what it is transformed back to."""
    snapshot, scale = (run.inputs, run.results), run.scale
    stem, _, end = column.rpartition("_")
    names = [column, *([f"{stem}_{PARTNER[end]}"] if end in PARTNER and stem else [])]
    if column.startswith("back"):  # is computed of its row, at the row's origin
        names = ["yi" if path[0] == "effects" else "estimate", "ci"]
    found = [x for name in names for x in within(found_at(snapshot, [*path, name]))]
    numbers = [x for x in found if isinstance(x, float)]
    if column.startswith("back"):
        assert scale.natural is not None
        return {scale.natural.back(x) for x in numbers}
    return {*found, *(scale.value(x) for x in numbers if scale.as_ratio)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_stands_at_its_origin(kind: str) -> None:
    run = latest(kind, 0)
    data = (pooled_data("T", [run]), reported_table("T", [run]), variants_data("T", [run]))
    seen = 0
    for table in (pooled_table("T", [run]), results_table(run), *data):
        for row, at in zip(table.rows, table.origins, strict=True):
            assert at is not None
            for column, cell in zip(table.columns, row, strict=True):
                if column.kind is Kind.TEXT or cell is None or column.key.startswith("run"):
                    continue
                allowed = shown(run, at.split("/")[1:], column.key)
                assert {*within(cell)} <= allowed, (table.title, at, column.key)
                seen += 1
    assert seen > 40


@pytest.mark.parametrize("program", [python, rscript])
@pytest.mark.parametrize("seed", seeds(1, 10))
def test_scripts_compute_all_kinds_again(
    seed: int, program: Callable[[Path], Any], tmp_path: Path
) -> None:
    write_scripts("Every kind", [latest(kind, seed) for kind in KINDS], tmp_path)
    done = program(tmp_path / ("reproduce.py" if program is python else "reproduce.R"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "all agree" in done.stdout
