"""Plans on degenerate data: every run is strict JSON, or a sentence says why there is none."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import pytest

from review.canonical import canonical_json
from review.errors import ReviewError
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.estimates.zero_cells import zero_cell_lines
from review.living.reports.attribution import explain
from review.living.reports.changes import compare
from review.living.reports.sections import pooled_lines, tell
from review.living.reports.zero_cells import zero_cell_notices
from review.living.runs.contents import Alternative, RunInputs, TrialInput
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant
from tests.living.estimates.test_counts import plan, side, trials
from tests.living.estimates.test_sensitivity import ALL

MEANS: dict[str, list[tuple[float, float, int]]] = {
    "one": [(0.3, 1.0, 20)],
    "two": [(0.3, 1.0, 20), (-0.2, 2.0, 9)],
    "equal": [(0.3, 1.0, 20)] * 5,
    "zero": [(0.0, 1.0, 20)] * 4,
    "huge": [(1e9, 1e-6, 20), (-1e9, 1e-6, 30), (0.0, 1e-6, 4)],
    "still": [(0.3, 0.0, 20), (0.1, 1.0, 20)],
    "small": [(0.3, 1.0, 2), (0.5, 1.2, 2), (0.1, 0.7, 2)],
}
COUNTS = {
    "one": [(1, 10, 2, 10)],
    "no events": [(0, 10, 0, 10), (0, 20, 0, 30)],
    "one sided": [(0, 10, 3, 10), (0, 20, 4, 30)],
    "all events": [(10, 10, 10, 10), (20, 20, 20, 20)],
    "mixed": [(0, 10, 0, 10), (0, 20, 3, 30), (9, 9, 2, 9), (5, 400, 2, 40)],
}


def numbered(position: int, sides: tuple[Any, Any]) -> TrialInput:
    return trials()[0].model_copy(
        update={
            "study_id": position,
            "study": f"Trial {position}",
            "year": 2000 + position % 2,
            "intervention": sides[0],
            "comparator": sides[1],
        }
    )


def of_means(name: str) -> tuple[TrialInput, ...]:
    return tuple(
        numbered(i, (side(n=n, mean=m, sd=sd), side(n=n, mean=0.0, sd=sd)))
        for i, (m, sd, n) in enumerate(MEANS[name], 1)
    )


def of_counts(name: str) -> tuple[TrialInput, ...]:
    return tuple(
        numbered(i, (side(n=n1, events=a), side(n=n2, events=c)))
        for i, (a, n1, c, n2) in enumerate(COUNTS[name], 1)
    )


def made(chosen: Plan, given: tuple[TrialInput, ...]) -> str | None:
    """Return the run's JSON, or None where a sentence says why there is none."""
    every = tuple(
        Alternative(variant=variant, label="all", trials=given)
        for variant in (Variant.AGGREGATED, Variant.THREE_LEVEL)
        if variant in chosen.variants
    )
    inputs = RunInputs(plan=chosen, trials=given, left_out=(), alternatives=every)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            (results,) = pool_inputs([(inputs, trial_effects(inputs))])
        except ReviewError:
            return None
        snapshot = (inputs, results)
        report = compare(None, snapshot)
        tell(report, explain(None, snapshot, outlook=False))
        told = [notice.sentence for notice in zero_cell_notices(inputs)]
        told += pooled_lines(results.pooled, scale_of_run(inputs)).values()
        assert not any(word in text.split() for text in told for word in ("nan", "inf", "None"))
        lines = [line.model_dump(mode="json") for line in zero_cell_lines(inputs)]
    for line in results.variants:
        assert line.estimate is not None or line.note, line
    if results.pooled.p is None:
        assert results.pooled.stat is None
        assert results.pooled.notes
    return canonical_json([results.model_dump(mode="json"), lines])


MODELS = tuple(product(("REML", "DL", "EE", "SJ"), ("z", "t", "knha", "adhoc")))


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("measure", ["MD", "SMD", "ROM"])
def test_means(name: str, measure: str) -> None:
    for method, test in MODELS:
        chosen = plan(
            measure, method=method, test=test, margin=0.5, variants=ALL, subgroups=["year"],
            moderators=["year"],
        )  # fmt: skip
        made(chosen, of_means(name))


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "AS", "PETO"])
def test_counts(name: str, measure: str) -> None:
    for (method, test), to in product(MODELS[::3], ("only0", "all", "if0all", None)):
        rule = {} if to is None else {"zero_cells": {"to": to}}
        made(plan(measure, method=method, test=test, variants=ALL[:6], **rule), of_counts(name))
    if measure != "AS":
        made(plan(measure), of_counts(name))
