"""Instruments put on one scale pool as metafor pools the scores that were on it all along."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.export.contents.absolute import Absolute, absolute_of
from review.export.reproduction.reported import PLANNED, reported_table
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.variants import with_alternatives
from review.living.runs.contents import ArmInput, RunInputs, Source, TrialInput
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from tests.reference import reference

ONE, OTHER = "one = 12 (4); Invented 2001, table 2", "other = 55.5 (10); Invented 2002"
TIMES = 10 / 4
"""What a point of the first is on the second."""


def plan(**more: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "Effect",
            "outcome": "outcome",
            "intervention": {"label": "New", "treatment": ["a"]},
            "comparator": {"label": "Old", "treatment": ["b"]},
            "measure": "MD",
            "test": "z",
            "target_instrument": "one",
            "reference_scores": (ONE, OTHER),
            **more,
        }
    )


_ids = count(1)


def arm(name: str, **numbers: Any) -> ArmInput:
    source = Source(result_id=next(_ids), entry_kind="single", report=None, page=None)
    return ArmInput(arm=name, numbers=ReportedNumbers(**numbers), source=source)


def trial(i: int, **given: Any) -> TrialInput:
    return TrialInput(
        **{
            "study_id": i,
            "study": f"Trial {i:02}",
            "year": None,
            "instrument": "one",
            "higher_is_better": True,
            "rater": "not_reported",
            "timepoint": "post",
            "analysis_set": "not_reported",
            **given,
        }
    )


def of_arms(i: int, row: Sequence[float], *, reverse: bool) -> TrialInput:
    """A trial; each second one as the other instrument had measured it, which may run reversed."""
    n1, a, sa, n2, b, sb = row
    better: dict[str, Any] = {}
    if i % 2 == 0:
        way = -1 if reverse else 1
        a, b = (55.5 + way * TIMES * (m - 12) for m in (a, b))
        sa, sb = TIMES * sa, TIMES * sb
        better = {"instrument": "other", "higher_is_better": not reverse}
    return trial(
        i,
        intervention=(arm("a", n=int(n1), mean=a, sd=sa),),
        comparator=(arm("b", n=int(n2), mean=b, sd=sb),),
        **better,
    )


def run(chosen: Plan, trials: Sequence[TrialInput]) -> tuple[RunInputs, RunResults]:
    inputs = RunInputs(plan=chosen, trials=tuple(trials), left_out=())
    inputs = with_alternatives(inputs, (), {})
    (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    return inputs, found


def rows_of(dataset: str) -> list[list[float]]:
    names = ("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")
    with reference(dataset).data.open(encoding="utf-8", newline="") as file:
        return [
            [float(row[name]) for name in names]
            for row in csv.DictReader(file)
            if all(row[name] not in ("", "NA") for name in names)
        ]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("method", ["DL", "PM", "ML"])
@pytest.mark.parametrize(
    ("dataset", "measure"), [("normand1999", "MD"), ("gibson2002", "MD"), ("raudenbush1985", "GEN")]
)
def test_linked_differences_pool_as_metafor_pools_them_on_one_scale(
    dataset: str, measure: str, method: str, reverse: bool
) -> None:
    """Of three data sets, half as another instrument had measured them, to 1e-6."""
    (analysis,) = (a for a in reference(dataset).analyses if a.measure == measure)
    theirs = next(x for x in analysis.pool if (x["method"], x["test"]) == (method, "z"))
    if measure == "MD":
        trials = [of_arms(i, row, reverse=reverse) for i, row in enumerate(rows_of(dataset), 1)]
    else:
        trials = [
            trial(
                i,
                instrument="one" if i % 2 else "other",
                higher_is_better=i % 2 == 1 or not reverse,
                contrast=arm(
                    "a",
                    estimate=y * (1 if i % 2 else -TIMES if reverse else TIMES),
                    variance=v * (1 if i % 2 else TIMES**2),
                    metric="MD",
                ),
            )
            for i, (y, v) in enumerate(zip(analysis.yi, analysis.vi, strict=True), 1)
        ]
    _, found = run(plan(method=method), trials)
    line = found.pooled
    assert line.k == analysis.yi.size
    assert line.estimate == pytest.approx(theirs["estimate"], rel=1e-6)
    assert line.se == pytest.approx(theirs["se"], rel=1e-6)
    assert line.tau2 == pytest.approx(theirs["tau2"], rel=1e-5)
    assert pytest.approx(theirs["Q"], rel=1e-6) == line.Q


ROWS = ((20, 14, 4, 20, 10, 4), (30, 13, 5, 32, 12, 4), (25, 15, 4, 24, 12, 5))


def test_what_was_linked_is_said_and_pooled_without_it() -> None:
    trials = [of_arms(i, row, reverse=True) for i, row in enumerate(ROWS, 1)]
    third = "third = 1 (2); Invented 2003"
    chosen = plan(reference_scores=(ONE, OTHER, third), variants=["without_linked"])
    inputs, found = run(chosen, trials)
    assert [e.yi for e in found.effects] == pytest.approx([4, 1, 3])
    assert "on the scale of one by reference SDs: times 0.4" in found.effects[1].recipe
    assert "on the scale" not in found.effects[0].recipe
    assert found.pooled.notes[-2:] == (
        (
            "Put on the scale of one (SD 4, Invented 2001, table 2) by the ratio of reference SDs, "
            "which count as known: Trial 02 (other, times 0.4: its SD 10, Invented 2002)."
        ),
        "No trial used the reference scores of third.",
    )
    (line,) = found.variants
    alone = run(plan(), [trials[0], trials[2]])[1].pooled
    assert (line.label, line.k) == ("measured by one only", 2)
    assert line.estimate == pytest.approx(alone.estimate, rel=1e-12)
    table = reported_table([("linked", inputs)])
    names = [column.key for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    assert {r["study"]: r["to_target"] for r in rows if r["selection"] == PLANNED} == {
        "Trial 01": 1.0, "Trial 02": 0.4, "Trial 03": 1.0,
    }  # fmt: skip


def test_crossover_and_averaged_results_are_linked_before_they_are_joined() -> None:
    one = of_arms(1, ROWS[0], reverse=False)
    other = of_arms(2, ROWS[0], reverse=True)
    both = trial(1, parts=(one, other.model_copy(update={"study_id": 1})), joined="aggregate")
    _, found = run(plan(rho=1 - 1e-12), [both])
    assert found.effects[0].yi == pytest.approx(4)
    assert found.effects[0].vi == pytest.approx(run(plan(), [one])[1].effects[0].vi)
    crossed = [t.model_copy(update={"crossover": True}) for t in (one, other)]
    effects = run(plan(crossover_correlation=0.5), crossed)[1].effects
    assert effects[0].vi == pytest.approx(effects[1].vi)
    assert effects[0].vi == pytest.approx(4**2 / 20)


def test_none_of_the_target_is_said() -> None:
    linked = of_arms(2, ROWS[1], reverse=False)
    inputs, found = run(plan(), [linked, linked.model_copy(update={"study_id": 4})])
    assert found.pooled.notes[-1] == (
        "No trial was measured by one itself: all differences were linked."
    )
    assert absolute_of(inputs, found) == ("Not re-expressed: no trial was measured by one itself.")


def test_an_instrument_without_reference_scores_stops_the_analysis_by_name() -> None:
    strange = of_arms(1, ROWS[0], reverse=False).model_copy(update={"instrument": "haq"})
    with pytest.raises(InvalidDataError, match="Trial 01 was measured by haq, of which the plan"):
        run(plan(), [strange])


def test_another_instrument_is_another_run() -> None:
    trials = [of_arms(i, row, reverse=False) for i, row in enumerate(ROWS, 1)]
    moved = [trials[0].model_copy(update={"instrument": "other"}), *trials[1:]]

    def fingerprint(chosen: Plan, some: Sequence[TrialInput]) -> str:
        return RunInputs(plan=chosen, trials=tuple(some), left_out=()).fingerprint

    corrected = plan(
        measure="SMD", reliability=["one = 0.8"], target_instrument=None, reference_scores=()
    )
    for chosen in (plan(), corrected):
        assert fingerprint(chosen, trials) != fingerprint(chosen, moved)
    plain = plan(target_instrument=None, reference_scores=())
    assert fingerprint(plain, trials) == fingerprint(plain, moved)


def test_points_of_the_target_in_the_summary_of_findings() -> None:
    trials = [of_arms(i, row, reverse=False) for i, row in enumerate(ROWS, 1)]
    inputs, found = run(plan(), trials)
    points = absolute_of(inputs, found)
    assert isinstance(points, Absolute)
    assert points.unit == "one"
    assert points.difference == pytest.approx(found.pooled.estimate)
    assert points.comparator == pytest.approx((20 * 10 + 24 * 12) / 44)
    assert points.basis.endswith("Differences of the other trials were put on its scale.")
    inputs, found = run(plan(measure="SMD", reference_scores=(ONE,)), trials)
    points = absolute_of(inputs, found)
    assert isinstance(points, Absolute)
    assert points.difference == pytest.approx(4 * found.pooled.estimate)
    assert points.basis.startswith("Points: the SMD times the SD 4 of Invented 2001, table 2.")
    corrected = plan(measure="SMD", reference_scores=(ONE,), reliability=["one = 0.8"])
    told = absolute_of(*run(corrected, trials))
    assert isinstance(told, str)
    assert "true scores" in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference_scores": (ONE, "other = 5; A")}, "gives no reference scores"),
        ({"reference_scores": (ONE, "other = 5 (0); A")}, "SD above 0"),
        ({"reference_scores": (ONE, "other = 5 (1)")}, "and their source"),
        ({"reference_scores": (ONE, OTHER, OTHER)}, "reference scores of other are given twice"),
        ({"reference_scores": (OTHER,)}, "target_instrument one needs its own reference_scores"),
        ({"reference_scores": (ONE,)}, "name the instruments to link"),
        ({"target_instrument": None}, "reference_scores need target_instrument"),
        ({"measure": "ROM"}, "of a contrast of mean differences"),
        ({"measure": "SMD"}, "are those of target_instrument alone"),
        ({"several_arms": "covariance"}, "combine or split"),
        (
            {"target_instrument": None, "reference_scores": (), "variants": ["without_linked"]},
            "variant without_linked is of mean differences",
        ),
        (
            {
                "model": "multivariate",
                "outcomes": [
                    {"label": "Client", "raters": ["client"]},
                    {"label": "Therapist", "raters": ["therapist"]},
                ],
            },
            "of analyses of one outcome",
        ),
    ],
)
def test_a_plan_refuses_what_it_cannot_link(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**changes)


def test_plans_without_any_are_the_same_as_before() -> None:
    plain = plan(target_instrument=None, reference_scores=())
    for stored in (plain.model_dump(mode="json"), plain.content):
        assert not {"target_instrument", "reference_scores"} & set(stored)
    spaced = plan(reference_scores=(" one=12.0  ( 4.00 ) ;Invented 2001, table 2", OTHER))
    assert spaced.reference_scores == (ONE, OTHER)
