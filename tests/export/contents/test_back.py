"""Numbers that nobody reads as they are stand beside what they are transformed back to."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from review.export.contents.effects import results_table
from review.export.contents.pooled import pooled_data, pooled_table
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.export.drawings.specification import specification_of
from review.export.runs import BACK, LatestRun
from review.export.tables.model import EffectInterval, Table
from review.figures.scale import Notation
from review.living.estimates.multiverse import Multiverse, Specification, pool_specified
from review.living.reports.notices import NO_NOTICES
from review.living.reports.run_sections import shown
from review.living.runs.scales import scale_of_run
from tests.export.reproduction.synthetic import (
    association,
    contrasts,
    events,
    means,
    plan,
    rates,
    run,
    single_arm,
)

OF_RATES: Final = {one.inputs.plan.measure.value: one for one in rates()}
RUNS: Final = {
    "ZCOR": association(), "PLO": single_arm("PLO"), "UM.RS": single_arm("PLO", "UM.RS"),
    "IRLN": OF_RATES["IRLN"], "IRS": OF_RATES["IRS"],
}  # fmt: skip
WAYS: Final[dict[str, Callable[[Any], Any]]] = {
    "ZCOR": np.tanh, "PLO": lambda x: 1 / (1 + np.exp(-x)), "IRLN": np.exp,
    "IRS": lambda x: np.maximum(x, 0) ** 2,
}  # fmt: skip
PLAIN: Final = [
    run("or", plan("OR"), events()), run("gen", plan("GEN"), contrasts()), single_arm("MN"),
    association("COR"),
]  # fmt: skip


def cells(table: Table, key: str) -> list[object]:
    return [row[table.keys.index(key)] for row in table.rows]


@pytest.mark.parametrize("found", RUNS.values(), ids=RUNS)
def test_tables_have_each_line_transformed_back(found: LatestRun) -> None:
    back = WAYS[found.inputs.plan.measure.value]
    table, effects = results_table(found), found.results.effects
    estimates = dict(zip((e.study for e in effects), effects, strict=True))
    assert len(table.rows) == len(effects)
    for study, value, limits in zip(
        *(cells(table, key) for key in ("study", "back", "back_ci")), strict=True
    ):
        assert value == pytest.approx(back(estimates[str(study)].yi))
        assert isinstance(limits, EffectInterval)
        assert (limits.low, limits.high) == pytest.approx(back(np.array(estimates[str(study)].ci)))
    line = found.results.pooled
    for table in (pooled_table("Synthetic", [found]), pooled_data("Synthetic", [found])):
        assert cells(table, "back")[0] == pytest.approx(back(line.estimate))
        assert line.natural is not None
        assert cells(table, "read_as")[0] == line.natural.scale


def test_numbers_that_are_read_as_they_are_have_no_such_columns() -> None:
    keys = {column.key for column in BACK}
    for found in PLAIN:
        assert not keys & {*results_table(found).keys}
    assert not keys & {*pooled_table("Synthetic", PLAIN).keys}
    assert not keys & {*pooled_data("Synthetic", PLAIN).keys}
    assert keys <= {*pooled_data("Synthetic", [*PLAIN, RUNS["ZCOR"]]).keys}


@pytest.mark.parametrize("found", RUNS.values(), ids=RUNS)
def test_a_run_is_told_with_each_line_transformed_back(found: LatestRun) -> None:
    sections = shown((found.inputs, found.results), NO_NOTICES, newest=True)
    scale = scale_of_run(found.inputs)
    trials = sections[0]
    told = [row[trials.headers.index(scale.read_as)] for row in trials.rows]
    assert told == [scale.beside(e.yi, e.ci) for e in found.results.effects]
    back = WAYS[found.inputs.plan.measure.value]
    first = found.results.effects[0]
    assert float(told[0].split()[0]) == pytest.approx(float(back(first.yi)), abs=0.005)
    pooled = {row[0]: row[1] for row in sections[1].rows}
    assert f"({scale.read_as} [" in pooled["prediction interval"]
    for section in sections[2:]:
        assert (scale.read_as in section.headers) is section.heading.startswith(
            ("Sensitivity", "Subgroups")
        )


@pytest.mark.parametrize("found", RUNS.values(), ids=RUNS)
def test_figures_are_written_on_the_scale_that_is_read(found: LatestRun) -> None:
    back = WAYS[found.inputs.plan.measure.value]
    alone = found.inputs.plan.kind.value == "single_arm"
    for figure in (
        forest_of(found.inputs, found.results),
        cumulative_of(found.inputs, found.results),
        leave_one_out_of(found.inputs, found.results),
    ):
        said = figure.notation
        assert said.natural is not None
        assert figure.null_line is not alone
        assert "log" not in figure.effect_label.casefold()
        low, high = found.results.pooled.ci
        assert float(said.written(low, 6).replace("−", "-")) == pytest.approx(
            float(back(low)), abs=1e-6
        )
        marks = said.ticks(low, high)
        assert marks
        for at, label in marks:
            assert low <= at <= high
            assert float(label.replace("−", "-")) == pytest.approx(float(back(at)), abs=1e-9)
        assert said.decimals(low, high) >= 2


def test_a_normal_test_of_few_trials_that_differ_is_cautioned() -> None:
    def notes(**more: Any) -> str:
        found = run("few", plan(**{"measure": "SMD", **more}), means())
        sections = shown((found.inputs, found.results), NO_NOTICES, newest=True)
        return " ".join(x for section in sections for x in section.sentences)

    assert "takes t on 7 degrees of freedom" in notes(test="z")
    assert "too narrow" not in notes(test="adhoc") + notes(test="z", method="EE")


def test_a_mean_of_single_arms_has_no_test_against_nothing_and_no_class() -> None:
    for found in (single_arm("MN"), RUNS["PLO"]):
        forest = forest_of(found.inputs, found.results)
        assert "overall effect" not in forest.note
        steps = cumulative_of(found.inputs, found.results).steps
        assert {step.conclusion for step in steps} == {""}
        left_out = leave_one_out_of(found.inputs, found.results)
        assert not any(row.strong for row in left_out.rows)
        assert "In bold" not in left_out.note
    related = cumulative_of(RUNS["ZCOR"].inputs, RUNS["ZCOR"].results)
    assert {step.conclusion for step in related.steps} <= {"positive", "inconclusive", "negative"}


def test_proportions_near_their_ends_have_ticks_that_stand_apart() -> None:
    def labels(low: float, high: float) -> list[str]:
        return [label for _, label in Notation.PROPORTION.ticks(low, high)]

    assert labels(math.log(0.002 / 0.998), math.log(0.3 / 0.7)) == ["0.01", "0.05", "0.2"]
    assert labels(math.log(0.2 / 0.8), math.log(0.91 / 0.09)) == [f"0.{n}" for n in range(2, 10)]
    assert Notation.CORRELATION.text(0.5, 0.1, 0.9) == "0.46 [0.10, 0.72]"


@pytest.mark.parametrize(
    ("name", "words"),
    [("PLO", {None}), ("ZCOR", {"positive", "inconclusive", "negative"})],
)
def test_combinations_are_concluded_as_their_kind_is(name: str, words: set[str | None]) -> None:
    inputs = RUNS[name].inputs
    told = pool_specified(
        [
            (Specification(inputs.plan, "as planned", model, influential=True), inputs)
            for model in (("REML", "adhoc"), ("DL", "z"), ("EE", "z"))
        ]
    )
    lines = [line for _, line in told]
    assert all(line.estimate is not None for line in lines)
    assert {line.conclusion for line in lines} <= words
    found = Multiverse(tuple(lines), (), scale_of_run(inputs))
    assert specification_of(inputs, found).null_line is (name == "ZCOR")
