"""The change report against cases worked out by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.changes import compare
from review.living.reports.differences import ValueChange
from review.living.runs.contents import Alternative, ArmInput, Characteristic, RunInputs
from review.living.runs.results import RunResults
from review.protocol.vocabulary import Variant
from tests.living.estimates.test_effects import arm, inputs


def run(trials: dict[int, tuple[float, float]], **plan: object) -> tuple[RunInputs, RunResults]:
    """A run of generic effects: study id to (estimate, variance)."""
    base = inputs("GEN", contrast=arm(estimate=0.0, variance=1.0))
    planned = base.plan.model_copy(update=plan)
    metric = {} if planned.measure.value == "GEN" else {"metric": planned.measure.value}
    made = tuple(
        base.trials[0].model_copy(
            update={
                "study_id": i,
                "study": f"Synthetic {i}",
                "contrast": arm(estimate=y, variance=v, **metric),
            }
        )
        for i, (y, v) in sorted(trials.items())  # as a selection is ordered
    )
    given_inputs = RunInputs(plan=planned, trials=made, left_out=())
    (results,) = pool_inputs([(given_inputs, trial_effects(given_inputs))])
    return given_inputs, results


def test_a_first_run_has_no_before() -> None:
    report = compare(None, run({1: (0.5, 0.01), 2: (0.5, 0.01)}))
    assert report.before is None
    assert report.sentence.startswith("2 trials of a against b: 0.50 [")


def test_a_trial_judged_anew_is_told_and_is_no_change_of_the_primary_analysis() -> None:
    inputs, results = run({1: (0.1, 0.04), 2: (0.2, 0.04)})
    before, after = (
        inputs.model_copy(
            update={
                "alternatives": (
                    Alternative(variant=Variant.LOW_RISK_ONLY, label="low risk", trials=low),
                )
            }
        )
        for low in ((), inputs.trials[:1])
    )
    report = compare((before, results), (after, results))
    assert report.sensitivity == (ValueChange("Synthetic 1", "low risk", "not in", "in"),)
    assert "With 1 trial in or out of a sensitivity analysis (2 trials)" in report.sentence
    assert compare((after, results), (after, results)).sensitivity == ()


def test_a_corrected_year_is_told_where_a_moderator_takes_it() -> None:
    for by, told in (["year"], ["year"]), ([], []):
        inputs, results = run({1: (0.1, 0.04), 2: (0.2, 0.04)})
        plan = inputs.plan.model_copy(update={"moderators": tuple(by)})
        first, second = inputs.trials
        dated = (
            inputs.model_copy(
                update={"plan": plan, "trials": (first.model_copy(update={"year": y}), second)}
            )
            for y in (1998, 1999)
        )
        before, after = ((each, results) for each in dated)
        assert [change.what for change in compare(before, after).corrected] == told


def test_what_only_a_changed_plan_takes_of_a_trial_is_no_correction() -> None:
    inputs, results = run({1: (0.1, 0.04), 2: (0.2, 0.04)})
    first, second = inputs.trials

    def planned(by: tuple[str, ...], country: str | None) -> tuple[RunInputs, RunResults]:
        told = (Characteristic(name="country", value=country),) if by else ()
        trials = (first.model_copy(update={"characteristics": told}), second)
        plan = inputs.plan.model_copy(update={"subgroups": by})
        return inputs.model_copy(update={"plan": plan, "trials": trials}), results

    taken = compare(planned((), None), planned(("country",), "Norway"))
    assert (taken.corrected, [c.what for c in taken.plan_changes]) == ((), ["subgroups"])
    assert "corrected" not in taken.sentence
    entered = compare(planned(("country",), None), planned(("country",), "Norway"))
    assert [(c.what, c.new) for c in entered.corrected] == [("country", "Norway")]


def test_added_removed_and_corrected_are_told_apart() -> None:
    before = run({1: (0.1, 0.04), 2: (0.2, 0.04), 3: (0.3, 0.04)})
    after = run({1: (0.1, 0.04), 2: (0.25, 0.04), 4: (0.4, 0.04)})
    report = compare(before, after)
    assert report.added == ("Synthetic 4",)
    assert [item.study for item in report.removed] == ["Synthetic 3"]
    (corrected,) = report.corrected
    assert (corrected.where, corrected.old, corrected.new) == ("Synthetic 2", "0.2", "0.25")
    assert "1 trial added, 1 trial removed and 1 trial corrected" in report.sentence


def test_the_class_of_each_margin_is_compared() -> None:
    before = run({1: (-0.4, 0.04), 2: (-0.1, 0.04)}, margin=0.5, other_margins=(0.25,))
    after = run(dict.fromkeys(range(1, 9), (-0.1, 0.004)), margin=0.5, other_margins=(0.25,))
    report = compare(before, after)
    flips = {r.margin: (r.before, r.after, r.flipped) for r in report.readings}
    assert set(flips) == {0.5, 0.25}
    assert all(flipped for *_, flipped in flips.values())
    assert "changed from inconclusive (margin 0.50) to noninferior" in report.sentence


effects = st.dictionaries(
    st.integers(1, 9),
    st.tuples(st.floats(-2, 2), st.floats(0.01, 2)),
    min_size=1,
    max_size=6,
)


@given(effects, effects)
def test_every_difference_of_inputs_is_told_and_nothing_else(
    old: dict[int, tuple[float, float]], new: dict[int, tuple[float, float]]
) -> None:
    report = compare(run(old), run(new))
    assert set(report.added) == {f"Synthetic {i}" for i in new.keys() - old.keys()}
    assert {r.study for r in report.removed} == {f"Synthetic {i}" for i in old.keys() - new.keys()}
    changed = {f"Synthetic {i}" for i in old.keys() & new.keys() if old[i] != new[i]}
    assert {c.where for c in report.corrected} == changed
    assert (run(old)[0].fingerprint == run(new)[0].fingerprint) == (old == new)


def test_an_arm_that_changes_sides_is_told() -> None:
    left, right = arm("left", n=20, mean=5.0, sd=1.0), arm("right", n=20, mean=4.0, sd=1.0)

    def run_of(first: ArmInput, second: ArmInput) -> tuple[RunInputs, RunResults]:
        made = inputs("SMD", intervention=(first,), comparator=(second,))
        return made, pool_inputs([(made, trial_effects(made))])[0]

    report = compare(run_of(left, right), run_of(right, left))
    assert {(c.what, c.old, c.new) for c in report.corrected} == {
        ("arm left", "intervention", "comparator"),
        ("arm right", "comparator", "intervention"),
    }
    assert "1 trial corrected (1 trial)" in report.sentence


def test_a_reversed_contrast_is_told() -> None:
    before = run({1: (0.5, 0.04)})
    trial = before[0].trials[0].model_copy(update={"contrast_reversed": True})
    made = before[0].model_copy(update={"trials": (trial,)})
    report = compare(before, (made, pool_inputs([(made, trial_effects(made))])[0]))
    assert [(c.what, c.old, c.new) for c in report.corrected] == [
        ("contrast_reversed", "False", "True")
    ]


def test_a_margin_that_changes_is_not_a_conclusion_that_changes() -> None:
    trials = {1: (-0.4, 0.04), 2: (-0.1, 0.04)}
    report = compare(run(trials, margin=0.5), run(trials, margin=0.4))
    assert "the margin changed from 0.50 to 0.40, the conclusion is still" in report.sentence
    assert not report.flipped


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert compare(None, run({1: (-0.001, 0.04)})).sentence.startswith(
        "1 trial of a against b: 0.00 ["
    )
