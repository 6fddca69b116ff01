"""What `review extract selection` says was chosen is what a run uses, for plans of every kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from review.db import Database
from review.extraction.evidence import Allocation, ArmSide, Evidence, Facts
from review.extraction.vocabulary import Level, Randomised
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.work import Found, Made, Task, Unfit, work_off
from review.living.reports.omissions import KnownStudy
from review.living.reports.selected import Chosen, chosen_by, chosen_of
from review.living.runs.queries import run_numbered, snapshot_of
from review.protocol.actions import plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, DeliveryMode, Rater
from tests.conftest import NOW
from tests.extraction.reported import evidence_with
from tests.living.test_cbt_delivery import load
from tests.tiers import WHOLE

CBT, IPT, WAITING = "CBT", "IPT", "waiting list"
LISTS: dict[str, list[Any]] = {
    "instruments": ["wai", "bdi"],
    "raters": [Rater.CLIENT, Rater.THERAPIST],
    "timepoints": ["post", "follow-up"],
    "analysis_sets": [AnalysisSet.ITT, AnalysisSet.PER_PROTOCOL],
}
MEASURES = {
    "contrast": ("SMD", "MD", "OR", "RD", "GEN"),
    "association": ("ZCOR",),
    "single_arm": ("MN", "MNLN", "PLO", "PR", "PAS", "GEN", "SMCC", "SMCR", "ROMC", "VRC"),
}


def planned(r: Random) -> Plan:
    """A plan of any kind; its lists leave nothing open most of the time."""
    kind = r.choice(sorted(MEASURES))
    given: dict[str, Any] = {"title": "t", "outcome": "alliance", "kind": kind}
    given["measure"] = r.choice(MEASURES[kind])
    given["intervention"] = {"label": "treated", "treatment": r.choice(([CBT], [CBT, IPT]))}
    if r.random() < 0.2:
        given["intervention"]["delivery_mode"] = ["videoconference", "telephone"]
    if kind != "single_arm":
        others = r.choice(([WAITING], [WAITING, IPT], [CBT, WAITING]))
        given["comparator"] = {"label": "others", "treatment": others}
    if kind == "association":
        given["predicts"] = "symptoms"
    for name, values in LISTS.items():
        if r.random() < 0.9:  # without its list a plan is ambiguous soon
            given[name] = r.sample(values, r.choice((1, 2, 2, 2, 2)))
    if kind == "contrast":
        given["several_arms"] = r.choice(("combine", "split", "covariance"))
        given["several_results"] = r.choice(("choose", "aggregate"))
        given["icc"] = r.choice((None, 0.1))
        given["scores"] = r.choice(("endpoint", "endpoint", "change"))
    if given["measure"] in ("OR", "PLO", "PR") and r.random() < 0.5:
        given["zero_cells"] = {"add": r.choice((0, 0.5)), "drop00": r.random() < 0.5}
    if r.random() < 0.2:
        given["where"] = [r.choice(("year > 2002", "timepoint == post", "setting == clinic"))]
    return Plan.model_validate(given)


def numbers(r: Random, level: Level) -> dict[str, Any]:
    """What a report gives of a result: not all, and not always enough."""
    n, other = r.randint(2, 60), r.randint(2, 60)
    given: dict[str, Any] = {"n": n, "clusters_analysed": r.choice((None, None, None, True))}
    if level is Level.ARM:
        given |= {"mean": r.randint(0, 20), "sd": r.choice((1.0, 2.5)), "events": r.randint(0, 2)}
        given |= {"estimate": 0.2, "se": r.choice((0.1, 0.3)), "mean_change": 1.0, "sd_change": 2.0}
        given |= {"baseline_sd": r.choice((1.5, 2.0)), "correlation": r.choice((None, 0.6))}
        given["adjusted"] = r.choice((None, None, None, True))
    elif level is Level.CONTRAST:
        given |= {"versus_n": other, "metric": r.choice(("SMD", "MD", "OR", "OR", None))}
        given |= {"estimate": r.choice((0.3, 0.8)), "se": 0.1, "t": r.choice((None, None, 1.5))}
    else:
        given |= {"metric": "r", "estimate": r.choice((-0.4, 0.1)), "with_instrument": "scl"}
        given["with_outcome"] = r.choice(("symptoms", "symptoms", "dropout"))
        given["with_higher_is_better"] = None if r.random() < 0.03 else False
    return {name: None if r.random() < 0.08 else value for name, value in given.items()}


def study(r: Random, number: int) -> list[Evidence]:
    """A study's results, each about something of its own."""
    modes = (None, DeliveryMode.VIDEOCONFERENCE, DeliveryMode.TELEPHONE)
    treatments = r.choice(([CBT, WAITING], [CBT, CBT, WAITING], [CBT, IPT, WAITING]))
    arms = [
        ArmSide(10 * number + i, f"arm {i}", treatment, r.choice(modes))
        for i, treatment in enumerate(treatments)
    ]
    design = Allocation(
        r.choice((None, None, None, Randomised.CLUSTER, Randomised.CROSSOVER)),
        r.choice((None, 10.0)),
        r.choice((None, 0.05)),
    )
    setting = {arm: {"setting": r.choice(("clinic", "clinic", "home"))} for arm in arms}
    excluded = "retracted" if r.random() < 0.05 else None
    found: dict[str, Evidence] = {}
    for _ in range(r.choice((1, 1, 2, 3))):
        instrument, rater, timepoint, analysis_set = (r.choice(of) for of in LISTS.values())
        outcome = "symptoms" if r.random() < 0.1 else "alliance"
        levels = r.choice(([Level.ARM], [Level.ARM], [Level.CONTRAST], list(Level)))
        better = None if r.random() < 0.02 else instrument == "wai"
        for level in levels:
            for arm in arms:
                if r.random() < 0.1 or (level is Level.CONTRAST and arm is arms[-1]):
                    continue
                item = evidence_with(
                    result_id=100 * number + len(found), entry_kind="single", study_id=number,
                    study=f"Generated {number}", year=2000 + number, excluded_because=excluded,
                    outcome=outcome, instrument=instrument, instrument_name=instrument.upper(),
                    higher_is_better=better, rater=rater, timepoint=timepoint,
                    analysis_set=analysis_set, arm=arm, level=level, design=design,
                    versus=arms[-1] if level is Level.CONTRAST else None,
                    facts=Facts({}, setting[arm], setting[arms[-1]], {}, frozenset({"setting"})),
                    **numbers(r, level),
                )  # fmt: skip
                found.setdefault(f"{outcome} {item.place}", item)
    return list(found.values())


def known(items: Sequence[Evidence]) -> list[KnownStudy]:
    arms: dict[int, dict[ArmSide, None]] = defaultdict(dict)
    for item in items:
        arms[item.study_id] |= {arm: None for arm in (item.arm, item.versus) if arm is not None}
    seen = {item.study_id: item for item in items}
    return [
        KnownStudy(i, item.study, item.excluded_because, "extracted by one person", tuple(arms[i]))
        for i, item in seen.items()
    ]


def agree(plan: Plan, items: Sequence[Evidence], run: Found, rows: Sequence[Chosen]) -> None:
    """Hold a run against what selection says of the same plan and results."""
    if isinstance(run, Unfit):
        assert any(row.stops for row in rows), run.reason
        return
    assert not any(row.stops for row in rows)
    trials = run.inputs.trials if isinstance(run, Made) else ()
    assert {trial.study: sorted(trial.result_ids) for trial in trials} == {
        row.study: list(row.results) for row in rows if row.results
    }
    used = [result for row in rows for result in row.results]
    assert len(used) == len(set(used)), "a result counts once"
    of_outcome = [item for item in items if item.outcome == plan.outcome]
    entered = {item.study_id for item in of_outcome if item.result_id in used}
    for item in of_outcome:
        if item.result_id not in used:
            named = (item.study, f"{item.study}, ")
            why = [
                text
                for row in rows
                if row.study == named[0] or row.study.startswith(named[1])
                for text in row.left_out
            ]
            assert why, "a study that is left out has a reason"
            if item.study_id in entered:
                told = f"{item.place}: "
                assert any(
                    told in text or text.startswith(f"{item.arm.label}: ") for text in why
                ), item.place


@settings(max_examples=300 if WHOLE else 60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_run_uses_what_selection_says_was_chosen_and_the_rest_has_a_reason(seed: int) -> None:
    r = Random(seed)
    plan = planned(r)
    items = [item for i in range(1, r.randint(2, 5)) for item in study(r, i)]
    (run,) = work_off([Task(1, plan.model_dump(mode="json"), tuple(items), None, False)])
    event(f"{plan.kind.value}: {type(run).__name__}")
    agree(plan, items, run, chosen_by(plan, items, known(items)))


def test_selection_and_runs_of_the_shipped_review_agree_arms_alone_too(
    database: Database, by: Attribution
) -> None:
    load(database, by, None)
    alone = Plan.model_validate(
        {
            "title": "CBT face to face alone",
            "kind": "single_arm",
            "outcome": "depression",
            "intervention": {"label": "face-to-face CBT", "treatment": ["F2F CBT"]},
            "measure": "GEN",
        }
    )
    with writing(database, by) as session:
        review = review_called(session, None)
        plan_analysis(session, review, AnalysisSpec(slug="alone", plan=alone), now=NOW)
    assert repool(database, actor="t").failed == []
    with database.reading() as session:
        review = review_called(session, None)
        for slug, kind in (("any-cbt", AnalysisKind.CONTRAST), ("alone", AnalysisKind.SINGLE_ARM)):
            inputs, _ = snapshot_of(run_numbered(session, review, slug, None))
            assert inputs.plan.kind is kind
            rows = chosen_of(session, review, slug)
            assert {row.study: set(row.results) for row in rows if row.chosen} == {
                trial.study: trial.result_ids for trial in inputs.trials
            }
            assert len(inputs.trials) > 40
