"""Every choice of a plan is asked, explained, and comes back from a form as it was."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from review.protocol.choices import CHOICES, Asked
from review.protocol.parts import ArmRule, PriorRules, SequentialRules, SignalRules, ZeroCellRule
from review.protocol.plan_texts import PlanProblems, plan_from, texts_of
from review.protocol.rules import Plan
from review.protocol.values import MethodName, TestName
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, DeliveryMode, Rater, Variant

PARTS: dict[str, type[BaseModel]] = {
    "intervention": ArmRule,
    "comparator": ArmRule,
    "signals": SignalRules,
    "sequential": SequentialRules,
    "zero_cells": ZeroCellRule,
    "bayes": PriorRules,
}


def test_every_field_of_a_plan_is_asked() -> None:
    wanted = {name for name in Plan.model_fields if name not in ("intervention", "comparator")}
    wanted -= {"signals"}
    wanted |= {f"{part}.{name}" for part, model in PARTS.items() for name in model.model_fields}
    assert set(CHOICES) == wanted


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("kind", [one.value for one in AnalysisKind]),
        ("method", list(get_args(MethodName))),
        ("test", list(get_args(TestName))),
        ("variants", [one.value for one in Variant]),
        ("intervention.delivery_mode", [one.value for one in DeliveryMode]),
    ],
)
def test_every_answer_is_offered(name: str, values: list[str]) -> None:
    assert {option.value for option in CHOICES[name].options} == set(values)


_SLUG = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True)
_LINE = st.from_regex(r"[A-Za-z][A-Za-z0-9 ,.()-]{0,20}[A-Za-z0-9)]", fullmatch=True)
_SHARE = st.floats(0.01, 0.9)


def _some(choices: type[StrEnum]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(choices)), unique=True, max_size=3)


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    def side() -> dict[str, Any]:
        return {
            "label": draw(_LINE),
            "delivery_mode": draw(_some(DeliveryMode)),
            "treatment": draw(st.lists(_LINE, min_size=1, max_size=3)),
        }

    margin = draw(st.none() | st.floats(0.01, 5))
    network = draw(st.booleans())
    values: dict[str, Any] = {
        "title": draw(_LINE),
        "outcome": draw(_SLUG),
        "intervention": side(),
        "comparator": side(),
        "instruments": draw(st.lists(_SLUG, max_size=3)),
        "raters": draw(_some(Rater)),
        "timepoints": draw(st.lists(_LINE, max_size=2)),
        "analysis_sets": draw(_some(AnalysisSet)),
        "measure": draw(st.sampled_from(["SMD", "MD", "OR", "RR", "GEN"])),
        "method": draw(st.sampled_from(["REML", "DL", "EE", "PM"])),
        "test": draw(st.sampled_from(["adhoc", "knha", "z"])),
        "level": draw(st.floats(0.6, 0.999)),
        "margin": margin,
        "other_margins": draw(st.lists(st.floats(0.01, 5), max_size=3)) if margin else [],
        "rho": draw(_SHARE),
        "icc": draw(st.none() | _SHARE),
        "variants": draw(_some(Variant)),
        "moderators": draw(st.sampled_from([[], ["year"], ["year * diagnosis"]])),
        "where": draw(st.sampled_from([[], ["year >= 2010"]])),
        "signals": {"shift": draw(_SHARE), "weight": draw(st.floats(1, 90))},
        "sequential": draw(st.none() | st.just({"alpha": 0.025, "delta": 0.3})),
    }
    if network:
        others = st.lists(st.just(None), min_size=1, max_size=3)
        named = [{**side(), "label": f"Other {i}"} for i, _ in enumerate(draw(others))]
        labels = {name: {**values[name], "label": name} for name in ("intervention", "comparator")}
        for name in ("variants", "moderators", "sequential"):
            del values[name]
        values = {**values, **labels, "kind": "network", "other_treatments": named}
        return Plan.model_validate(values)
    if values["measure"] == "MD" and draw(st.booleans()):
        values["target_instrument"] = "wai"
        values["reference_scores"] = ["wai = 5.6 (0.9); Invented 2001", "cals = 60 (7.2); Other"]
    else:
        values["variants"] = [one for one in values["variants"] if one != Variant.WITHOUT_LINKED]
    values["asymmetry"] = draw(st.sampled_from(["sei", "ninv", "sqrtninv"]))
    if values["measure"] == "SMD":
        values["vtype"] = draw(st.sampled_from(["LS", "LS2", "UB", "H0"]))
        values["correct"] = draw(st.booleans())
    if values["measure"] in ("OR", "RR"):
        rules = ({"add": 0.25, "to": "all", "drop00": True}, {"by_arm": True}, None)
        values["zero_cells"] = draw(st.sampled_from(rules))
    return Plan.model_validate(values)


@given(_plans())
def test_a_plan_comes_back_from_its_form(plan: Plan) -> None:
    assert plan_from(texts_of(plan)) == plan


def test_all_that_is_wrong_is_said_beside_its_question() -> None:
    texts = {
        name: choice.default
        for name, choice in CHOICES.items()
        if choice.asked is not Asked.SEVERAL
    }
    wrong = {
        **texts,
        "level": "two",
        "outcome": "Two words",
        "margin": "-1",
        "intervention.label": "",
    }
    with pytest.raises(PlanProblems) as found:
        plan_from(wrong)
    assert {"title", "level", "outcome", "margin", "intervention.label"} <= set(found.value.errors)
    assert found.value.errors["level"] == '"two" is not a number.'


def test_what_concerns_no_single_question_is_said_of_the_plan() -> None:
    plan = Plan.model_validate(
        {
            "title": "T",
            "outcome": "o",
            "intervention": {"label": "a", "treatment": ["a"]},
            "comparator": {"label": "b", "treatment": ["b"]},
        }
    )
    with pytest.raises(PlanProblems) as found:
        plan_from({**texts_of(plan), "method": "MH"})
    assert "pools" in found.value.errors["plan"]
    with pytest.raises(ValidationError):
        Plan.model_validate({**plan.model_dump(), "method": "MH"})
