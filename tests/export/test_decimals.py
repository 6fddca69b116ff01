"""One estimate has the same decimals in every export: as many as its interval needs."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from review.export.contents.pooled import pooled_table
from review.export.drawings.forest import forest_of
from review.export.tables.printing import printed
from review.figures.forest import forest_plot
from review.figures.scale import Notation
from review.living.runs.scales import EffectScale
from review.measures import Measure
from tests.export.manuscript.written import analysed, result
from tests.figures.artists import words

WIDE = {1: (0.30, 0.01), 2: (0.40, 0.02)}
NARROW = {1: (-0.012, 5e-5), 2: (-0.012, 5e-5)}
BESIDE_ZERO = {1: (0.199, 0.02), 2: (0.199, 0.02)}
BESIDE_MARGIN = {1: (-0.30, 0.02), 2: (-0.30, 0.02)}


@pytest.mark.parametrize(
    ("trials", "plan", "text"),
    [
        (WIDE, {}, "0.33 [0.17, 0.49]"),
        (NARROW, {}, "−0.012 [−0.022, −0.002]"),
        (NARROW, {"margin": 0.025}, "−0.012 [−0.022, −0.002]"),
        (BESIDE_ZERO, {}, "0.199 [0.003, 0.395]"),
        (BESIDE_MARGIN, {"margin": 0.4957}, "−0.3000 [−0.4960, −0.1040]"),
        (NARROW, {"measure": Measure.RD}, "−0.012 [−0.022, −0.002]"),
    ],
)
def test_an_estimate_is_printed_alike_in_sentence_table_figure_and_report(
    trials: dict[int, tuple[float, float]], plan: dict[str, Any], text: str
) -> None:
    found = analysed(trials, test="z", **plan)
    latest, line = found.latest, found.latest.results.pooled
    estimate, _, limits = text.partition(" ")
    assert f"{estimate}, 95% CI {limits}" in result(found)
    table = pooled_table("Made up", [latest])
    cells = [printed(table.column_at(0, at), cell) for at, cell in enumerate(table.rows[0])]
    assert {estimate, limits} <= set(cells)
    assert text in words(forest_plot(forest_of(latest.inputs, latest.results))).values()
    assert latest.scale.text(line.estimate, line.ci).replace("-", "−").endswith(text)


def test_ratios_are_told_from_one_and_from_their_margin() -> None:
    scale = EffectScale("log OR", Measure.OR, "OR", True, as_ratio=True, margins=(log(1.25),))
    for low, high, text in (
        (0.84, 0.96, "OR 0.90 [0.84, 0.96]"),
        (0.84, 0.998, "OR 0.916 [0.840, 0.998]"),
        (0.978, 0.998, "OR 0.988 [0.978, 0.998]"),
        (0.801, 1.4, "OR 1.059 [0.801, 1.400]"),
    ):
        limits = log(low), log(high)
        assert scale.text(sum(limits) / 2, limits) == text
        assert Notation.RATIO.text(sum(limits) / 2, *limits, log(1.25)) == text.removeprefix("OR ")
    assert scale.margin_text(log(1.25)) == "OR 0.80"
    assert (Notation.RATIO.margin(log(1.25)), Notation.PLAIN.margin(0.025)) == ("0.80", "0.025")
    assert Notation.PLAIN.limit(0.025) == "−0.025"
