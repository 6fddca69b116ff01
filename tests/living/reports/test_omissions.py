"""Who could enter an analysis and does not: named by study, with reason and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.effects import Measure
from review.errors import InvalidDataError
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.vocabulary import Level
from review.living.inputs.select import select
from review.living.reports.notices import Notice, NoticeKind, Notices
from review.living.reports.omissions import KnownStudy, in_part, taken, unmatched, without_results
from review.living.reports.selected import chosen_by
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, DeliveryMode, Rater
from review.wording import looks_like
from tests.extraction.reported import evidence_with

VIDEO, ROOM, PHONE = (
    DeliveryMode.VIDEOCONFERENCE, DeliveryMode.FACE_TO_FACE, DeliveryMode.TELEPHONE,
)  # fmt: skip


def plan(**given: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "t",
            "outcome": "mood",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            **given,
        }
    )


def arm(study: int, mode: DeliveryMode | None, treatment: str = "CBT") -> ArmSide:
    number = list(DeliveryMode).index(mode) if mode else 50
    return ArmSide(100 * study + number, mode.value if mode else "unknown", treatment, mode)


def result(study: int, of: ArmSide, number: int = 1, **given: Any) -> Evidence:
    return evidence_with(
        result_id=of.arm_id * 100 + number, entry_kind="single", study_id=study,
        study=f"Synthetic {study}", year=2020,
        excluded_because=given.pop("excluded_because", None),
        outcome=given.pop("outcome", "mood"), instrument=given.pop("instrument", "bdi"),
        instrument_name="BDI", higher_is_better=given.pop("higher_is_better", False),
        rater=given.pop("rater", Rater.SELF), timepoint=given.pop("timepoint", "post"),
        analysis_set=AnalysisSet.ITT, arm=of, versus=given.pop("versus", None),
        level=given.pop("level", Level.ARM),
        **{"n": 40, "mean": 12.0, "sd": 8.0, **given},
    )  # fmt: skip


def both(study: int, **given: Any) -> list[Evidence]:
    return [result(study, arm(study, mode), **given) for mode in (VIDEO, ROOM)]


def known(study: int, *arms: ArmSide, **given: Any) -> KnownStudy:
    given = {"excluded_because": None, "state": "extracted by one person", **given}
    return KnownStudy(study, f"Synthetic {study}", arms=arms, **given)


def left_out(chosen: Plan, *items: Evidence) -> Notice:
    trials, notices = taken(chosen, items)
    assert trials == []
    (notice,) = notices
    return notice


def test_a_timepoint_that_looks_like_the_planned_one_is_said_to() -> None:
    told = left_out(plan(timepoints=["post", "mid"]), *both(1, timepoint="Post-treatment"))
    assert told.sentence == (
        "Synthetic 1: timepoint Post-treatment, the plan wants post or mid. Is it post? then "
        "rename it; or add it to the plan's timepoints."
    )


def test_each_value_that_keeps_a_result_out_is_named() -> None:
    chosen = plan(timepoints=["post"], raters=["client"], instruments=["phq-9"])
    told = left_out(chosen, *both(1, timepoint="3 months"))
    for part in ("instrument bdi", "rater self", "timepoint 3 months", "phq-9", "client", "post"):
        assert part in told.what
    assert (
        told.remedy == "add it to the plan's instruments, raters or timepoints, if it should count"
    )


def test_of_several_results_the_nearest_ones_are_told() -> None:
    near, far = both(1, timepoint="6 months"), both(1, timepoint="1 year", rater=Rater.CLINICIAN)
    told = left_out(plan(timepoints=["post"], raters=["self"]), *near, *far)
    assert told.what == "timepoint 6 months, the plan wants post"


def test_sides_that_have_no_place_in_common_are_told_with_what_they_have() -> None:
    items = [result(1, arm(1, VIDEO)), result(1, arm(1, ROOM), timepoint="end of treatment")]
    told = left_out(plan(), *items)
    assert told.what == "its two sides have no result of one instrument, rater, timepoint and set"
    assert "end of treatment" in (told.detail or "")


def test_an_arm_without_a_delivery_mode_is_asked_about() -> None:
    told = left_out(plan(), result(1, arm(1, VIDEO)), result(1, arm(1, None)))
    assert told.kind is NoticeKind.LEFT_OUT
    assert told.remedy == "enter the delivery mode of unknown"


def test_a_treatment_that_looks_like_the_planned_one_is_asked_about() -> None:
    chosen = plan(comparator={"label": "CBT", "treatment": ["Video-CBT"]})
    told = left_out(chosen, *(result(1, arm(1, m, "video CBT")) for m in (VIDEO, ROOM)))
    assert "the same as Video-CBT" in (told.remedy or "")


def test_a_trial_of_something_else_is_named_but_is_not_left_out() -> None:
    told = left_out(plan(), result(1, arm(1, VIDEO)), result(1, arm(1, PHONE)))
    assert told.kind is NoticeKind.ANOTHER_QUESTION
    assert (
        told.detail
        == "its arms: videoconference (CBT, videoconference); telephone (CBT, telephone)"
    )
    assert Notices((told,)).headline == ""


def test_what_stops_the_analysis_names_its_study_and_the_others_are_told_all_the_same() -> None:
    silent = both(1, higher_is_better=None)
    trials, notices = taken(plan(), [*silent, *both(2), *both(3, excluded_because="retracted")])
    assert [t.study for t in trials] == ["Synthetic 2"]
    assert [(n.kind, n.study) for n in notices] == [
        (NoticeKind.STOPPED, "Synthetic 1"),
        (NoticeKind.LEFT_OUT, "Synthetic 3"),
    ]
    assert "whether higher is better" in notices[0].what
    assert notices[1].what == "excluded: retracted"


def test_studies_without_results_are_told_unless_their_arms_ask_something_else() -> None:
    items = [
        result(3, arm(3, VIDEO), outcome="moods"),
        result(4, arm(4, VIDEO), outcome="alliance"),
    ]
    studies = [
        known(1, state="awaiting extraction"),
        known(2, arm(2, PHONE)),
        known(3, arm(3, VIDEO), arm(3, ROOM)),
        known(4, arm(4, VIDEO), arm(4, ROOM)),
        known(5, excluded_because="a protocol"),
        known(6, state="being entered twice (1 of 2 finished)"),
    ]
    told = {n.study: n for n in without_results(plan(), items, studies)}
    assert set(told) == {f"Synthetic {i}" for i in (1, 3, 4, 6)}
    assert told["Synthetic 1"].what == "no results entered (awaiting extraction)"
    assert told["Synthetic 3"].what == "its results are of outcome moods, the plan wants mood"
    assert told["Synthetic 4"].kind is NoticeKind.NO_RESULT
    assert "review extract compare" in (told["Synthetic 6"].remedy or "")


def test_an_arm_that_an_entered_trial_leaves_behind_is_named() -> None:
    third = arm(1, VIDEO)._replace(arm_id=199, label="Video ACT", treatment="ACT")
    items = [*both(1), result(1, third, sd=None)]
    trials, _ = taken(plan(), items)
    studies = [known(1, arm(1, VIDEO), arm(1, ROOM), third)]
    (told,) = in_part(plan(), trials, items, studies)
    assert told.kind is NoticeKind.IN_PART
    assert told.what.startswith("without Video ACT (ACT, videoconference)")
    (told,) = in_part(plan(), trials, items[:2], studies)
    assert "no result of mood is entered of it" in told.what


def test_a_result_passed_over_for_its_name_is_named_where_it_would_come_first() -> None:
    chosen = plan(timepoints=["post", "mid"])
    items = [*both(1, timepoint="mid"), *both(1, timepoint="Post-treatment", number=2)]
    trials, _ = taken(chosen, items)
    (told,) = in_part(chosen, trials, items, [known(1, arm(1, VIDEO), arm(1, ROOM))])
    assert told.what == (
        "another result counts than the one of timepoint Post-treatment, which looks like post"
    )
    late = [*both(1, timepoint="post"), *both(1, timepoint="Mid-treatment", number=2)]
    trials, _ = taken(chosen, late)
    assert not list(in_part(chosen, trials, late, [known(1, arm(1, VIDEO), arm(1, ROOM))]))


def test_what_the_plan_asks_for_and_no_study_has_is_told_with_what_there_is() -> None:
    chosen = plan(
        intervention={"label": "m", "treatment": ["Multimedia-CBT"]},
        comparator={"label": "phone", "delivery_mode": ["telephone"]},
        timepoints=["pst"],
        instruments=["bdi", "phq-9"],
    )
    studies = [known(1, arm(1, VIDEO, "multimedia CBT"), arm(1, ROOM, "waiting"))]
    told = [n.what for n in unmatched(chosen, both(1), studies)]
    assert told == [
        (
            "no study has treatment “Multimedia-CBT”; there are: multimedia CBT, waiting"
            "; did you mean multimedia CBT?"
        ),
        "no study has delivery mode “telephone”; there are: videoconference, face to face",
        "no study has instrument “phq-9”; there are: bdi",
        "no study has timepoint “pst”; there are: post; did you mean post?",
    ]
    assert not list(unmatched(chosen, [], []))  # a plan comes before its trials


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Post-treatment", "post", True),
        ("follow up", "Follow-up", True),
        ("ＢＤＩ", "bdi", True),
        ("3 months", "6 months", False),
        ("wai-c", "wai-t", False),
        ("phq-9", "phq-8", False),
        ("post", "mid", False),
        ("", "post", False),
    ],
)
def test_names_look_alike_but_never_where_their_digits_differ(
    one: str, other: str, alike: bool
) -> None:
    assert looks_like(one, other) is alike
    assert looks_like(other, one) is alike


TIMES, INSTRUMENTS = ("post", "Post-treatment", "mid"), ("bdi", "phq-9")
MODES = (VIDEO, ROOM, PHONE, None)


@st.composite
def evidence(draw: st.DrawFn) -> list[Evidence]:
    """Up to six studies: arms of any mode, results of arms, contrasts and associations."""
    items: list[Evidence] = []
    for study in range(1, draw(st.integers(1, 6)) + 1):
        gone = draw(st.sampled_from([None, None, None, "retracted"]))
        arms = [
            arm(study, m) for m in draw(st.lists(st.sampled_from(MODES), unique=True, max_size=3))
        ]
        for number in range(draw(st.integers(0, 4)) if arms else 0):
            of = draw(st.sampled_from(arms))
            others = [a for a in arms if a != of]
            level = draw(st.sampled_from(list(Level))) if others else Level.ARM
            given: dict[str, Any] = {
                "timepoint": draw(st.sampled_from(TIMES)),
                "instrument": draw(st.sampled_from(INSTRUMENTS)),
                "outcome": draw(st.sampled_from(["mood", "mood", "alliance"])),
                "higher_is_better": draw(st.sampled_from([False, False, False, None])),
                "n": draw(st.sampled_from([None, 40])),
                "sd": draw(st.sampled_from([None, 8.0])),
                "events": draw(st.sampled_from([None, 7])),
                "excluded_because": gone,
                "level": level,
            }
            if level is Level.CONTRAST:
                metric = draw(st.sampled_from(["SMD", "MD"]))
                versus = draw(st.sampled_from(others))
                given |= {"versus": versus, "versus_n": 40, "mean": None}
                given |= {"estimate": 0.3, "se": 0.2, "metric": metric}
            elif level is Level.ASSOCIATION:
                given |= {"with_instrument": "wai", "with_outcome": "alliance", "mean": None}
                given |= {"with_higher_is_better": True, "estimate": 0.3, "metric": "r"}
            items.append(result(study, of, number, **given))
    return items


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    kind = draw(st.sampled_from(list(AnalysisKind)))
    measures = {
        AnalysisKind.CONTRAST: [Measure.SMD, Measure.MD, Measure.OR, Measure.GEN],
        AnalysisKind.ASSOCIATION: [Measure.ZCOR],
        AnalysisKind.SINGLE_ARM: [Measure.MN, Measure.PLO, Measure.PLN, Measure.SMCC, Measure.ROMC],
        AnalysisKind.NETWORK: [Measure.SMD, Measure.MD, Measure.OR, Measure.GEN],
    }[kind]
    network = kind is AnalysisKind.NETWORK
    wanted = st.lists(st.sampled_from([VIDEO, ROOM, PHONE]), min_size=1, max_size=2, unique=True)
    return plan(
        kind=kind,
        measure=draw(st.sampled_from(measures)),
        predicts="alliance" if kind is AnalysisKind.ASSOCIATION else None,
        intervention={"label": "one", "delivery_mode": draw(wanted)},
        comparator={"label": "other", "delivery_mode": draw(wanted)},
        timepoints=draw(st.lists(st.sampled_from(TIMES), unique=True)),
        instruments=draw(st.lists(st.sampled_from(INSTRUMENTS), unique=True)),
        several_results=draw(st.sampled_from(["choose"] if network else ["choose", "aggregate"])),
        other_treatments=[{"label": "third", "delivery_mode": draw(wanted)}] if network else [],
    )


@given(plans(), evidence())
def test_selection_shows_what_a_run_takes_and_accounts_for_every_study(
    chosen: Plan, items: list[Evidence]
) -> None:
    studies = [
        known(n, *{a for i in items if i.study_id == n for a in (i.arm, i.versus) if a})
        for n in {i.study_id for i in items}
    ]
    rows = chosen_by(chosen, items, studies)
    shown = sorted(row.study for row in rows if row.chosen)
    try:
        run = select(chosen, items)
    except InvalidDataError:
        assert any(row.stops for row in rows)
        run = None
    else:
        assert not any(row.stops for row in rows)
        assert run is not None
        names = [trial.study for trial in run.trials]
        assert shown == sorted(set(names) if chosen.kind is AnalysisKind.NETWORK else names)
    trials, notices = taken(chosen, items)
    entered, told = {t.study_id for t in trials}, {n.study for n in notices}
    for study in {i.study_id for i in items if i.outcome == chosen.outcome}:
        assert (study in entered) != (f"Synthetic {study}" in told)
    assert run is None or {t.study_id for t in run.trials} == entered
    for row in rows:
        assert row.chosen or row.left_out
    for notice in notices:
        assert notice.sentence.endswith((".", "?"))
        assert notice.remedy or notice.kind is NoticeKind.STOPPED
