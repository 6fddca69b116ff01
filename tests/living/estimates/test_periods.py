"""Crossover trials: the correlation of periods in every measure, against metafor's of pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.runs.contents import RunInputs, TrialInput
from tests.living.estimates.test_counts import plan, side, trials

BY_METAFOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "periods" / "periods.json").read_text(encoding="utf-8")
)


def crossed(one: dict[str, Any], other: dict[str, Any]) -> TrialInput:
    return trials()[0].model_copy(
        update={"intervention": side(**one), "comparator": side(**other), "crossover": True}
    )


def effects_of(measure: str, trial: TrialInput, **more: Any) -> TrialEffects:
    chosen = plan(measure, method="REML", **more)
    return trial_effects(RunInputs(plan=chosen, trials=(trial,), left_out=()))


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "AS"])
@pytest.mark.parametrize("name", BY_METAFOR["pairs"])
def test_events_of_two_periods_are_metafors_of_pairs(name: str, measure: str) -> None:
    told = BY_METAFOR["pairs"][name]
    n, x1, x2, r = told["n"], int(told["x1"]), int(told["x2"]), told["phi"]
    yi, vi = told["fits"][measure]
    reported = crossed({"n": n, "events": x1, "correlation": r}, {"n": n, "events": x2})
    assumed = crossed({"n": n, "events": x1}, {"n": n, "events": x2})
    for trial, more in ((reported, {}), (assumed, {"crossover_correlation": r})):
        found = effects_of(measure, trial, **more)
        assert found.yi[0] == pytest.approx(yi, rel=1e-9, abs=1e-12)
        assert found.vi[0] == pytest.approx(vi, rel=1e-9)
    assert "assumed correlation of the periods" in found.recipes[0]


@pytest.mark.parametrize("row", range(len(BY_METAFOR["means"])))
def test_ratios_of_means_of_two_periods_are_metafors_of_pairs(row: int) -> None:
    """The variances; metafor 3.8 has no correction of the ratio itself."""
    told = BY_METAFOR["means"][row]
    trial = crossed(
        {"n": told["n"], "mean": told["m1"], "sd": told["sd1"], "correlation": told["r"]},
        {"n": told["n"], "mean": told["m2"], "sd": told["sd2"]},
    )
    assert effects_of("ROM", trial).vi[0] == pytest.approx(told["vi"], rel=1e-9)


@pytest.mark.parametrize("measure", ["SMDH", "PETO", "IRR", "IRD"])
def test_a_measure_that_takes_no_correlation_says_so(measure: str) -> None:
    """The same variance as of parallel arms, and the recipe tells that a known r goes unused."""
    one: dict[str, Any] = {"n": 40, "correlation": 0.6}
    one |= {"mean": 5.0, "sd": 2.0} if measure == "SMDH" else {"events": 12}
    one |= {"person_years": 30.0} if measure.startswith("IR") else {}
    other = {**one, "correlation": None}
    crossing = effects_of(measure, crossed(one, other))
    apart = effects_of(measure, crossed(one, other).model_copy(update={"crossover": False}))
    assert crossing.vi.tolist() == apart.vi.tolist()
    told = f"(conservative): {measure} takes no correlation of the periods"
    assert told in crossing.recipes[0]
    unknown = effects_of(measure, crossed(other, other)).recipes[0]
    assert "taken as independent (conservative)" in unknown
    assert "takes no correlation" not in unknown


def test_the_grid_of_reference_values_has_not_shrunk() -> None:
    assert list(BY_METAFOR["pairs"]) == ["approval", "wheeze", "bacteria"]
    assert len(BY_METAFOR["means"]) == 5


@pytest.mark.parametrize(
    ("measure", "events", "r"),
    [("OR", (0, 5), 0.4), ("RR", (20, 5), 0.4), ("OR", (4, 5), None), ("PETO", (4, 5), 0.4)],
)
def test_periods_that_cannot_be_correlated_count_as_independent(
    measure: str, events: tuple[int, int], r: float | None
) -> None:
    one, other = ({"n": 20, "events": x} for x in events)
    found = effects_of(measure, crossed({**one, "correlation": r}, other))
    apart = effects_of(measure, crossed(one, other).model_copy(update={"crossover": False}))
    assert found.vi[0] == apart.vi[0]
    assert "taken as independent (conservative)" in found.recipes[0]
