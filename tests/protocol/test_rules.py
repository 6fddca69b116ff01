"""Plans and protocol files: frozen, checked, and the same after a round trip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from pydantic import ValidationError

from review.config import shipped
from review.conventions import AddTo
from review.db import Database
from review.errors import AlreadyExistsError, FileError, InvalidDataError, NotFoundError
from review.extraction.seeds import seed_called, seeds
from review.history.actions import Attribution, writing
from review.measures import OF_COUNTS, Measure
from review.protocol import actions
from review.protocol.files import plan_text, read_plan, read_protocol
from review.protocol.parts import ArmRule, ZeroCellRule
from review.protocol.queries import current_versions, plan_of, review_called
from review.protocol.rules import Plan, names_in
from review.protocol.specs import AnalysisSpec, ReviewSpec
from review.protocol.values import MethodName, TestName
from review.protocol.vocabulary import DeliveryMode
from review.synthesis import Method, Test
from tests.conftest import NOW
from tests.faults import TABLES
from tests.living.job.test_repool import plan
from tests.living.joint import joint_plan


def test_the_names_of_methods_and_tests_are_the_engines() -> None:
    of_effects = {method.value for method in Method}
    assert set(get_args(MethodName)) == of_effects | set(OF_COUNTS)
    assert not of_effects & set(OF_COUNTS)
    assert set(get_args(TestName)) == {test.value for test in Test}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"margin": 0}, "greater than 0"),
        ({"margin": None, "other_margins": [0.25]}, "other_margins need a margin"),
        ({"intervention": {"label": "x"}}, "delivery_mode, treatment, or both"),
        ({"measure": "PFT"}, "of this kind pools one of"),
        ({"method": "MAGIC"}, "Input should be"),
        ({"level": 1.0}, "less than 1"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_plan_that_cannot_be_right_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**changes)


def test_a_single_arm_has_a_value_of_no_effect_only_where_it_pools_change() -> None:
    assert plan().has_null
    for measure, has_null, words in (
        ("SMCC", True, "Positive values: better after than before, in video."),
        ("PLO", False, "Values are those of video."),
    ):
        alone = plan(measure=measure, kind="single_arm", margin=None)
        assert alone.has_null is has_null
        assert alone.direction == words


def test_each_of_several_outcomes_is_read_from_its_own_or_the_plans() -> None:
    two = joint_plan(outcomes=[{"label": "client"}, {"label": "symptoms", "outcome": "bdi"}])
    assert two.outcome_of("symptoms") == "bdi"
    assert two.outcome_of("client") == two.outcome_of(None) == "alliance"
    assert two.measured == ("alliance", "bdi")


def test_effects_depend_on_instruments_where_they_are_corrected_or_linked() -> None:
    assert not plan().by_instrument
    assert plan(reliability=["0.9"]).by_instrument
    scores = [f"{name} = 5.6 (0.9); Authors 2001" for name in ("wai", "haq")]
    linked = plan(measure="MD", target_instrument="wai", reference_scores=scores)
    assert linked.by_instrument


def test_a_plan_survives_its_yaml(tmp_path: Path) -> None:
    made = plan(other_margins=[0.3, 0.25], raters=["client"], title="Ümlaut: ja")
    path = tmp_path / "plan.yaml"
    path.write_text(plan_text(made), encoding="utf-8")
    assert read_plan(path) == made
    assert read_plan(path).sha256 == made.sha256
    assert made.margins == (0.5, 0.25, 0.3)


def test_equal_plans_have_equal_hashes_and_others_do_not() -> None:
    assert plan().sha256 == plan().sha256
    assert plan().sha256 != plan(margin=0.4).sha256


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- a\n- b\n", "name: value"),
        ("review: {slug: x\n", "line"),
        ("review: {slug: BAD SLUG, title: t}\n", "review.slug"),
        ("review: {slug: x}\n", "review.title"),
    ],
)
def test_a_bad_protocol_file_is_told_where(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "protocol.yaml"
    path.write_text(content)
    with pytest.raises(FileError, match=words):
        read_protocol(path)


def test_every_shipped_seed_is_a_valid_protocol_with_sources() -> None:
    found = seeds()
    assert [seed.name for seed in found] == ["cbt-delivery", "founding"]
    assert all(seed.protocol.sources and seed.rows for seed in found)
    assert shipped("seeds").is_dir()


def test_the_founding_review_never_has_the_papers_trial_data() -> None:
    seed = seed_called("founding")
    assert not any(row.row.numbers.given for row in seed.rows)
    printed = {(p.outcome, p.label): p for p in seed.protocol.published}
    alliance = printed["alliance", "Norwood et al. 2018"]
    assert (alliance.estimate, alliance.ci_low, alliance.ci_high) == (-0.30, -0.67, 0.07)
    symptoms = printed["symptoms", "Norwood et al. 2018"]
    assert (symptoms.estimate, symptoms.ci_low, symptoms.ci_high) == (-0.03, -0.45, 0.40)
    plans = {a.slug: a.plan for a in seed.protocol.analyses}
    assert plans["alliance"].margins == (0.5, 0.25, 0.3)


def test_revising_needs_a_difference_and_names_must_be_new(
    database: Database, by: Attribution
) -> None:
    with writing(database, by) as session:
        review = actions.take_protocol(
            session, seed_called("founding").protocol, owner="ada", now=NOW
        )
        same = plan_of(current_versions(session, review)[0])
        spec = AnalysisSpec(slug="alliance", plan=same)
        with pytest.raises(InvalidDataError, match="nothing to revise"):
            actions.revise_analysis(session, review, spec, now=NOW)
        with pytest.raises(AlreadyExistsError) as told:
            actions.plan_analysis(session, review, spec, now=NOW)
        assert str(told.value.remedy) == "change it with: review analysis revise"
        with pytest.raises(NotFoundError, match="no analysis 'other'"):
            actions.revise_analysis(session, review, AnalysisSpec(slug="other", plan=same), now=NOW)
        wrong = Plan.model_validate({**same.model_dump(), "instruments": ["bdi-ii"]})
        with pytest.raises(InvalidDataError, match="measures 'symptoms'"):
            actions.revise_analysis(
                session, review, AnalysisSpec(slug="alliance", plan=wrong), now=NOW
            )
        with pytest.raises(AlreadyExistsError):
            actions.new_review(session, ReviewSpec(slug="founding", title="x"), owner="ada")


def test_the_review_must_be_said_only_where_there_are_several(
    database: Database, by: Attribution
) -> None:
    with database.reading() as session, pytest.raises(NotFoundError, match="review seed load"):
        review_called(session, None)
    with writing(database, by) as session:
        actions.new_review(session, ReviewSpec(slug="one", title="x"), owner="ada")
        assert review_called(session, None).slug == "one"
        actions.new_review(session, ReviewSpec(slug="two", title="x"), owner="ada")
        with pytest.raises(InvalidDataError, match=r"--review SLUG \(one, two\)"):
            review_called(session, None)


def test_a_protocol_plans_subgroups_by_diagnosis(database: Database, by: Attribution) -> None:
    file = read_protocol(TABLES / "protocol_subgroup_diagnosis.yaml")
    with writing(database, by) as session:
        review = actions.take_protocol(session, file, owner="ada", now=NOW)
        planned = [plan_of(version) for version in current_versions(session, review)]
    assert [one.subgroups for one in planned] == [("diagnosis",)] * 2
    assert [one.names for one in planned] == [("diagnosis", "year")] * 2


def test_choices_that_are_not_made_are_neither_stored_nor_hashed() -> None:
    bare, chosen = plan(), plan(where=("year>=2010",))
    assert "where" not in bare.model_dump(mode="json")
    assert "where" not in bare.content
    assert chosen.where == ("year >= 2010",)
    assert chosen.sha256 != bare.sha256
    assert chosen.sha256 == plan(where=("year   >=  2010",)).sha256


def test_the_prediction_interval_is_a_choice_that_older_plans_do_not_know() -> None:
    bare, chosen = plan(), plan(prediction="k-2")
    assert "prediction" not in bare.content
    assert chosen.content["prediction"] == "k-2"
    assert chosen.sha256 != bare.sha256
    assert plan(prediction="test").sha256 == bare.sha256
    for refused in ({"method": "EE"}, {"method": "MH", "measure": "OR", "test": "z"}):
        with pytest.raises(ValidationError, match="prediction chooses"):
            plan(prediction="HK", **refused)


class Arm(NamedTuple):
    delivery_mode: DeliveryMode | None
    treatment: str


PHONE = {"label": "phone", "delivery_mode": ["telephone"]}
NETWORK = {"kind": "network", "other_treatments": [PHONE]}
ASSOCIATION = {"kind": "association", "measure": "ZCOR", "predicts": "symptoms", "margin": None}
SINGLE = {"kind": "single_arm", "measure": "PLO", "margin": None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"predicts": "symptoms"}, "an association, and only that, names the outcome"),
        ({**ASSOCIATION, "predicts": None}, "an association, and only that, names the outcome"),
        ({**SINGLE, "margin": 0.5}, "only a contrast or a network is read against a margin"),
        ({"other_treatments": [PHONE]}, "other_treatments are of a network: set kind"),
        ({"kind": "network"}, "a network names other_treatments beside"),
        (
            {**NETWORK, "other_treatments": [PHONE, {**PHONE, "delivery_mode": ["text"]}]},
            "two treatments of the network are called phone",
        ),
        ({**NETWORK, "several_arms": "split"}, "leave several_arms and several_results as"),
        ({**NETWORK, "several_results": "aggregate"}, "leave several_arms and several_results as"),
        ({**NETWORK, "measure": "OR", "method": "MH"}, "method MH is not of it"),
        ({**NETWORK, "where": ["intervention.sessions >= 8"]}, "no two sides"),
        (
            {**NETWORK, "subgroups": ["diagnosis"], "sequential": {}},
            "error, sequential: of analyses of one comparison",
        ),
        ({**NETWORK, "subgroups": ["comparator.setting"]}, "no two sides"),
        ({"method": "MH"}, "method MH pools IRD, IRR, OR, RD, RR, not SMD"),
        ({"method": "PETO", "measure": "OR"}, "method PETO pools PETO, not OR"),
        ({"method": "MH", "measure": "OR", "test": "adhoc"}, "method MH goes with test z"),
        ({"method": "MH", "measure": "OR", "moderators": ["year"]}, "beside MH"),
        (
            {"method": "MH", "measure": "OR", "zero_cells": {}},
            "zero_cells: .* MH, which adds nothing",
        ),
        (
            {"measure": "IRR", "zero_cells": {"by_arm": True}},
            "by_arm is of events of two groups: OR",
        ),
        ({"zero_cells": {}}, "zero_cells is of measures of counts: .*OR"),
        ({"moderators": ["1"]}, '"1" names no characteristic'),
        ({"moderators": ["year +"]}, "moderators"),
        ({"moderators": ["risk-of-bias +"]}, "a name with a hyphen stands in backticks"),
        ({"where": ["side = intervention"]}, "say which arms enter, not a condition"),
    ],
)
def test_choices_that_do_not_go_together_are_refused(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**changes)


def test_what_each_kind_of_analysis_compares_and_says_of_its_direction() -> None:
    contrast, network = plan(), plan(**NETWORK)
    association, single = plan(**ASSOCIATION), plan(**SINGLE)
    kinds = (contrast, network, association, single)
    assert [one.compares for one in kinds] == [True, True, False, False]
    assert [rule.label for rule in contrast.treatments] == ["in person", "video"]
    assert [rule.label for rule in network.treatments] == ["in person", "phone", "video"]
    assert [rule.label for rule in single.treatments] == ["video"]
    assert [one.direction for one in kinds] == [
        "Positive values favour video.",
        "Positive values favour video.",
        "Positive values: better alliance goes with better symptoms.",
        "Values are those of video.",
    ]
    assert single.comparator.label == "in person"
    assert single.margins == ()
    assert plan(measure="OR", method="MH").test == "z"
    assert plan(measure="OR", zero_cells={}).zero_cells == ZeroCellRule(add=0.5, to=AddTo.ONLY0)


def test_each_of_several_outcomes_has_its_plan_alone_with_what_it_does_not_say_itself() -> None:
    raters = [
        {"label": "of clients", "raters": ["client"]},
        {"label": "of both", "outcome": "bond"},
    ]
    joint = plan(model="multivariate", outcomes=raters, timepoints=["post"])
    assert (joint.test, joint.is_joint, joint.measured) == ("t", True, ("alliance", "bond"))
    clients, both = map(joint.of_outcome, joint.outcomes)
    assert [one.outcome for one in (clients, both)] == ["alliance", "bond"]
    assert [one.raters for one in (clients, both)] == [("client",), ()]
    assert [one.title for one in (clients, both)] == ["of clients", "of both"]
    assert {one.timepoints for one in (joint, clients, both)} == {("post",)}
    assert [one.is_joint for one in (clients, both)] == [False, False]
    nested = plan(random=["study / result"])
    assert (nested.test, nested.of_several) == ("t", True)
    assert (joint.of_several, clients.of_several) == (True, False)
    assert clients == Plan.model_validate(clients.model_dump())
    assert plan().measured == ("alliance",)


def test_a_bare_plan_is_the_same_main_analysis_with_nothing_beside_it() -> None:
    full = plan(variants=["fixed"], subgroups=["diagnosis"], moderators=["year"])
    assert full.bare == plan()


def test_an_arm_is_of_a_side_where_it_matches_every_list() -> None:
    side = ArmRule(label="x", delivery_mode=(DeliveryMode.TELEPHONE,), treatment=("CBT", "ACT"))
    any_mode = ArmRule(label="x", treatment=("CBT",))
    phone, video = DeliveryMode.TELEPHONE, DeliveryMode.VIDEOCONFERENCE
    arms = [Arm(phone, "ACT"), Arm(video, "CBT"), Arm(phone, "CFT"), Arm(None, "CBT")]
    assert [side.matches(arm) for arm in arms] == [True, False, False, False]
    assert [any_mode.matches(arm) for arm in arms] == [False, True, False, True]


def test_all_characteristics_that_a_plan_speaks_of_are_named_once() -> None:
    made = plan(
        subgroups=["diagnosis"],
        moderators=["~ year * diagnosis", "log(year)"],
        where=["year >= 2000", "country = DE"],
    )
    assert made.moderators == ("year * diagnosis", "log(year)")
    assert made.characteristics == ("diagnosis", "year")
    assert made.names == ("diagnosis", "year", "country")
    assert names_in(made.content) == made.names
    assert names_in(plan().content) == plan().names == plan(subgroups=[]).characteristics == ()


def test_a_page_says_why_a_plan_does_not_take_each_measure_of_a_file() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plan-a-review.md").read_text("utf-8")
    table = page.partition("## Measures of a file and of a plan")[2].partition("\n## ")[0]
    told = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    ]
    assert sorted(told) == sorted(m.value for m in Measure if not m.facts.planned)
