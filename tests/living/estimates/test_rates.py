"""Incidence rates in planned analyses, against metafor 3.8-1 and lme4 on three data sets."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.counts import pool_tables
from review.living.estimates.effects import trial_effects
from review.living.estimates.zero_cells import rule_words, zero_cell_lines, zero_cell_trials
from review.living.inputs.columns import why_no_effect
from review.living.runs.contents import RunInputs, TrialInput
from review.protocol.rules import Plan
from tests.living.estimates.test_counts import plan, pooled, side, trials

BY_METAFOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "rates" / "rates.json").read_text(encoding="utf-8")
)
INVERSE = ("IRR", "IRD", "IRSD")
ALONE = ("IR", "IRLN", "IRS", "IRFT")
MIXED = ("UM.FS", "UM.RS", "CM.EL")


def of_rates(rows: Any, *, alone: bool = False, **more: Any) -> tuple[TrialInput, ...]:
    return tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "intervention": side(events=int(x1), person_years=t1),
                "comparator": () if alone else side(events=int(x2), person_years=t2),
                "side": "Aspirin" if alone else None,
                **more,
            }
        )
        for i, (x1, t1, x2, t2) in enumerate(rows, 1)
    )


def planned(measure: str, method: str = "REML", **more: Any) -> Plan:
    kind = "single_arm" if measure in ALONE else "contrast"
    return plan(measure, method=method, test="z", kind=kind, **more)


@pytest.mark.parametrize("name", BY_METAFOR)
def test_inverse_variance_follows_metafor(name: str) -> None:
    expected = BY_METAFOR[name]
    for measure in (*INVERSE, *ALONE):
        given = of_rates(expected["counts"], alone=measure in ALONE)
        line = pooled(planned(measure), given).pooled
        by_r = expected["fits"][measure]
        found = (line.estimate, line.se, line.tau2)
        assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["tau2"]), rel=1e-6)
        assert (line.natural is not None) is (measure in ("IRLN", "IRS", "IRFT")), measure


@pytest.mark.parametrize("name", BY_METAFOR)
@pytest.mark.parametrize("measure", ["IRR", "IRD"])
def test_mantel_haenszel_follows_metafor(name: str, measure: str) -> None:
    expected = BY_METAFOR[name]
    given = of_rates(expected["counts"])
    line = pooled(planned(measure, "MH"), given).pooled
    by_r = expected["fits"][f"MH {measure}"]
    found = (line.estimate, line.se, line.Q)
    assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["Q"]), rel=1e-9)
    clustered = tuple(
        one.model_copy(update={"cluster_size": 15.0, "icc": 0.03}) if i % 2 == 0 else one
        for i, one in enumerate(given)
    )
    line = pooled(planned(measure, "MH"), clustered).pooled
    by_r = expected["fits"][f"clusters {measure}"]
    assert (line.estimate, line.se) == pytest.approx((by_r["estimate"], by_r["se"]), rel=1e-9)
    assert "events and person-time divided by the design effect (Cochrane" in line.notes[-1]


@pytest.mark.parametrize("name", BY_METAFOR)
def test_mixed_models_of_events_in_time_follow_lme4(name: str) -> None:
    """Estimates to 1e-3 of their standard errors, these to 1 %, as far as lme4 goes."""
    expected = BY_METAFOR[name]
    given = of_rates(expected["counts"])
    for method in MIXED:
        line = pooled(planned("IRR", method), given).pooled
        by_r = expected["fits"].get(method)
        if by_r is None:
            continue
        assert line.estimate == pytest.approx(by_r["estimate"], abs=1e-3 * line.se), method
        assert line.se == pytest.approx(by_r["se"], rel=1e-2), method
        assert line.tau2 == pytest.approx(by_r["tau2"], abs=1e-4), method
    alone = pooled(planned("IRLN", "UM.RS"), of_rates(expected["counts"], alone=True)).pooled
    by_r = expected["fits"]["UM.RS alone"]
    assert (alone.estimate, alone.tau2) == pytest.approx((by_r["estimate"], by_r["tau2"]), rel=1e-4)
    assert alone.natural is not None
    assert alone.natural.scale == "rate per 100 person-years"


def test_the_grid_of_reference_values_has_not_shrunk() -> None:
    """lme4's search of UM.FS and UM.RS does not end for placebo."""
    found = {name: len(one["fits"]) for name, one in BY_METAFOR.items()}
    assert found == {"warfarin": 15, "catheters": 15, "placebo": 13}


WARFARIN = ((9, 413, 19, 398), (8, 263, 20, 241), (3, 487, 18, 483))


def test_fewer_events_are_better_where_lower_is_better() -> None:
    worse = pooled(planned("IRR"), of_rates(WARFARIN, higher_is_better=False)).pooled
    better = pooled(planned("IRR"), of_rates(WARFARIN)).pooled
    assert (worse.estimate, worse.ci) == (-better.estimate, (-better.ci[1], -better.ci[0]))
    assert worse.estimate > 0


@pytest.mark.parametrize("method", ["REML", "MH", "UM.FS", "CM.EL"])
def test_a_ratio_does_not_know_the_unit_of_time(method: str) -> None:
    months = [(a, 12 * t, c, 12 * u) for a, t, c, u in WARFARIN]
    one, other = (pooled(planned("IRR", method), of_rates(x)).pooled for x in (WARFARIN, months))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-7)
    assert one.se == pytest.approx(other.se, rel=1e-5)


def test_one_trial_has_its_own_rates() -> None:
    """Closed form: log (9/413)/(19/398), variance 1/9 + 1/19; 100 person-years for differences."""
    one = of_rates(WARFARIN[:1])
    for method in ("REML", "MH", "CM.EL", "UM.FS"):
        line = pooled(planned("IRR", method), one).pooled
        assert line.estimate == pytest.approx(math.log(9 / 413 / (19 / 398)), abs=1e-7)
        assert line.se == pytest.approx((1 / 9 + 1 / 19) ** 0.5, rel=1e-5)
    line = pooled(planned("IRD", "MH"), one).pooled
    assert line.estimate == pytest.approx(100 * (9 / 413 - 19 / 398))
    assert line.notes[0].startswith("Events as counted, Aspirin against Control, per 100 person-")


def test_events_of_clusters_are_counted_whole_and_time_is_not() -> None:
    one, *rest = of_rates(WARFARIN)
    clustered = one.model_copy(update={"cluster_size": 12.0, "icc": 0.05})
    line = pooled(planned("IRR", "CM.EL"), (clustered, *rest)).pooled
    by_hand = of_rates([(6, 413 / 1.55, 12, 398 / 1.55), *WARFARIN[1:]])
    assert line.estimate == pooled(planned("IRR", "CM.EL"), by_hand).pooled.estimate
    assert "divided by the design effect, to whole events (Cochrane" in line.notes[-1]


def test_arms_without_events_are_named_and_pooled_otherwise_beside() -> None:
    rows = [*WARFARIN, (0, 90, 4, 88), (0, 50, 0, 51)]
    inputs = RunInputs(plan=planned("IRR"), trials=of_rates(rows), left_out=())
    assert rule_words(inputs.plan) == (
        "to the events of each arm of the trials that have an arm without events 0.5 is added; "
        "trials without events in both arms are kept"
    )
    named = {one.study: (one.added, one.without) for one in zero_cell_trials(inputs)}
    assert named == {"Trial 4": (0.5, None), "Trial 5": (0.5, "no events in either arm")}
    by_mh, without = zero_cell_lines(inputs)
    assert by_mh.estimate == pool_tables(planned("IRR", "MH"), inputs.trials).estimate
    assert (without.variant, without.k) == ("drop00", 4)
    dropping = planned("IRR", zero_cells={"drop00": True})
    assert why_no_effect(dropping, inputs.trials[4]) == (
        "no events in either arm: the plan leaves such trials out (drop00)"
    )
    assert [line.k for line in zero_cell_lines(inputs)] == [4, 4]


def test_a_shared_comparator_has_its_covariance() -> None:
    """Closed form: two log ratios share 1/x of the comparator (Gleser & Olkin 2009)."""
    part = of_rates([(9, 413, 19, 398), (12, 400, 19, 398)])
    whole = part[0].model_copy(
        update={
            "intervention": (*part[0].intervention, *part[1].intervention),
            "parts": part,
            "joined": "covariance",
        }
    )
    for measure, shared in (("IRR", 1 / 19), ("IRD", 19 / 3.98**2), ("IRSD", 1 / (4 * 3.98))):
        chosen = planned(measure, several_arms="covariance")
        each = trial_effects(RunInputs(plan=chosen, trials=part, left_out=()))
        found = trial_effects(RunInputs(plan=chosen, trials=(whole,), left_out=()))
        a, b = each.vi
        variance = (a * b - shared**2) / (a + b - 2 * shared)
        assert found.vi[0] == pytest.approx(variance, rel=1e-9), measure
    none = of_rates([(9, 413, 0, 398), (12, 400, 0, 398)])
    unknown = whole.model_copy(update={"parts": none, "comparator": none[0].comparator})
    with pytest.raises(InvalidDataError, match="shared comparator is not known"):
        trial_effects(
            RunInputs(
                plan=planned("IRR", several_arms="covariance"), trials=(unknown,), left_out=()
            )
        )


def test_what_gives_no_rate_is_said() -> None:
    without = of_rates(WARFARIN[:1])[0].model_copy(update={"comparator": side(n=40, events=3)})
    with pytest.raises(InvalidDataError, match="no counts of events and person-years for both"):
        pool_tables(planned("IRR", "MH"), (without,))
    with pytest.raises(ValidationError, match="pools IRR, OR, not IRD"):
        planned("IRD", "UM.FS")
    with pytest.raises(ValidationError, match="pools one of"):
        plan("IRR", method="REML", kind="single_arm")


def test_a_run_of_before_person_time_reads_back_as_it_was_stored() -> None:
    from review.living.runs.contents import as_stored, hashed

    of_persons = ReportedNumbers(n=20, events=3)
    assert "person_years" not in as_stored(of_persons)
    assert "person_years" not in hashed(of_persons)
    assert as_stored(of_persons._replace(person_years=9.5))["person_years"] == 9.5
