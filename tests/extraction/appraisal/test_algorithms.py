"""The RoB 2 algorithms against the published decision trees, on every path.

The trees below are worked out by hand from the figures of the guidance of 22 August 2019 and the
templates of 18 March 2021 (riskofbias.info), question by question as an assessor walks them; Y
stands for Y and PY, N for N and PN, ? for no information.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from review.extraction.appraisal.catalogue import SHIPPED, shipped_tool
from review.extraction.appraisal.rules import asked, proposed, worst
from review.extraction.appraisal.tool import Domain, Tool
from review.extraction.appraisal.vocabulary import Answer

LOW, SOME, HIGH = "low", "some_concerns", "high"

RANDOMISATION = {
    "1.2": {
        "Y": {"1.1": {"Y?": {"1.3": {"N?": LOW, "Y": SOME}}, "N": SOME}},
        "?": {"1.3": {"N?": SOME, "Y": HIGH}},
        "N": HIGH,
    }
}
DEVIATIONS_TRIAL_CONTEXT = {
    "2.3": {
        "N": LOW,
        "?": SOME,
        "Y": {"2.4": {"N": SOME, "Y?": {"2.5": {"Y": SOME, "N?": HIGH}}}},
    }
}
DEVIATIONS = {
    "2.1": {
        "N": {"2.2": {"N": LOW, "Y?": DEVIATIONS_TRIAL_CONTEXT}},
        "Y?": DEVIATIONS_TRIAL_CONTEXT,
    }
}
ANALYSIS = {"2.6": {"Y": LOW, "N?": {"2.7": {"N": SOME, "Y?": HIGH}}}}
ADHERING_ANALYSIS = {"2.6": {"Y": SOME, "N?": HIGH}}
ADHERING_FAILURES = {
    "2.4": {"N-": {"2.5": {"N-": LOW, "Y?": ADHERING_ANALYSIS}}, "Y?": ADHERING_ANALYSIS}
}
ADHERING_BALANCE = {"2.3": {"Y-": ADHERING_FAILURES, "N?": ADHERING_ANALYSIS}}
ADHERING = {
    "2.1": {"N": {"2.2": {"N": ADHERING_FAILURES, "Y?": ADHERING_BALANCE}}, "Y?": ADHERING_BALANCE}
}
MISSING_EVIDENCE = {
    "3.2": {"Y": LOW, "N": {"3.3": {"N": LOW, "Y?": {"3.4": {"N": SOME, "Y?": HIGH}}}}}
}
MISSING = {"3.1": {"Y": LOW, "N?": MISSING_EVIDENCE}}
LIKELY = {"4.5": {"N": SOME, "Y?": HIGH}}


def measurement(best: str, awareness: list[str]) -> dict[str, Any]:
    """From awareness on; `best` is Low where 4.2 is no, Some concerns without information."""
    tree: dict[str, Any] = {"4.4": {"N": best, "Y?": LIKELY}}
    for question in reversed(awareness):
        tree = {question: {"N": best, "Y?": tree}}
    return tree


def measurement_tree(awareness: list[str]) -> dict[str, Any]:
    differed = {"Y": HIGH, "N": measurement(LOW, awareness), "?": measurement(SOME, awareness)}
    return {"4.1": {"Y": HIGH, "N?": {"4.2": differed}}}


REPORTED = {
    "5.2": {
        "Y": HIGH,
        "N": {"5.3": {"Y": HIGH, "N": {"5.1": {"Y": LOW, "N?": SOME}}, "?": SOME}},
        "?": {"5.3": {"Y": HIGH, "N?": SOME}},
    }
}
REPORTED_CROSSOVER = {
    "5.4": {
        "Y": HIGH,
        "N": REPORTED,
        "?": {"5.2": {"Y": HIGH, "N?": {"5.3": {"Y": HIGH, "N?": SOME}}}},
    }
}


def renamed(tree: Any, names: dict[str, str]) -> Any:
    if not isinstance(tree, dict):
        return tree
    return {names.get(k, k): renamed(v, names) for k, v in tree.items()}


CLUSTER_RANDOMISATION = renamed(RANDOMISATION, {f"1.{i}": f"1a.{i}" for i in (1, 2, 3)})
RECRUITMENT = {
    "1b.1": {
        "Y": LOW,
        "N?": {
            "1b.2": {
                "Y": HIGH,
                "N": {"1b.3": {"N?": LOW, "Y": SOME}},
                "?": {"1b.3": {"N?": SOME, "Y": HIGH}},
            }
        },
    }
}
CLUSTER_CARERS = {"2.2": {"N": LOW, "Y?": DEVIATIONS_TRIAL_CONTEXT}}
CLUSTER_DEVIATIONS = {
    "2.1a": {
        "N": CLUSTER_CARERS,
        "Y?": {"2.1b": {"N": CLUSTER_CARERS, "Y?": DEVIATIONS_TRIAL_CONTEXT}},
    }
}
CLUSTER_MISSING = {
    "3.1a": {"Y": {"3.1b": {"Y": LOW, "N?": MISSING_EVIDENCE}}, "N?": MISSING_EVIDENCE}
}
CARRYOVER = {
    "S.3": {
        "N": HIGH,
        "?": None,
        "Y": {"S.1": {"Y": LOW, "N?": {"S.2": {"Y": LOW, "N?": SOME}}}},
    }
}

PARALLEL: dict[str, list[Any]] = {
    "D1": [RANDOMISATION],
    "D2": [DEVIATIONS, ANALYSIS],
    "D3": [MISSING],
    "D4": [measurement_tree(["4.3"])],
    "D5": [REPORTED],
}
TREES: dict[str, dict[str, list[Any]]] = {
    "rob2-parallel": PARALLEL,
    "rob2-parallel-adhering": {**PARALLEL, "D2": [ADHERING]},
    "rob2-cluster": {
        "D1a": [CLUSTER_RANDOMISATION],
        "D1b": [RECRUITMENT],
        "D2": [CLUSTER_DEVIATIONS, ANALYSIS],
        "D3": [CLUSTER_MISSING],
        "D4": [measurement_tree(["4.3a", "4.3b"])],
        "D5": [REPORTED],
    },
    "rob2-crossover": {**PARALLEL, "DS": [CARRYOVER], "D5": [REPORTED_CROSSOVER]},
}
ORDER = [LOW, SOME, HIGH]
PATHS = {  # of answers Y, N and NI, and NA where the form offers it
    ("rob2-parallel", "D1"): 27,
    ("rob2-parallel", "D2"): 511,
    ("rob2-parallel", "D3"): 17,
    ("rob2-parallel", "D4"): 65,
    ("rob2-parallel", "D5"): 27,
    ("rob2-cluster", "D1b"): 21,
    ("rob2-crossover", "DS"): 21,
    ("rob2-crossover", "D5"): 81,
}
SIGN = {Answer.YES: "Y", Answer.NO: "N", Answer.NO_INFORMATION: "?", Answer.NOT_APPLICABLE: "-"}


def walk(tree: Any, answers: dict[str, Answer]) -> str | None:
    while isinstance(tree, dict):
        ((question, branches),) = tree.items()
        sign = SIGN[answers[question]]
        (tree,) = [branch for signs, branch in branches.items() if sign in signs]
    return tree if tree is None else str(tree)


def paths(domain: Domain) -> Iterator[dict[str, Answer]]:
    """Every complete set of answers that the form allows."""

    def further(place: int, answers: dict[str, Answer]) -> Iterator[dict[str, Answer]]:
        if place == len(domain.questions):
            yield answers
            return
        question = domain.questions[place]
        if question not in asked(domain, answers):
            yield from further(place + 1, answers)
            return
        for answer in SIGN:
            if answer in question.allowed:
                yield from further(place + 1, {**answers, question.number: answer})

    yield from further(0, {})


CASES = [(slug, key) for slug, trees in TREES.items() for key in trees]


def domain_of(slug: str, key: str) -> tuple[Tool, Domain]:
    tool = shipped_tool(slug)
    domain = tool.domain(key)
    assert domain is not None
    return tool, domain


@pytest.mark.parametrize(("slug", "key"), CASES)
def test_every_path_ends_where_the_published_tree_ends(slug: str, key: str) -> None:
    tool, domain = domain_of(slug, key)
    found = list(paths(domain))
    for answers in found:
        ends = [walk(tree, answers) for tree in TREES[slug][key]]
        known = [end for end in ends if end is not None]
        expected = None if None in ends else max(known, key=ORDER.index)
        assert proposed(tool, domain, answers) == expected, answers
    assert len(found) == PATHS.get((slug, key), len(found))
    assert len(found) >= 15


def test_every_domain_of_every_variant_of_rob_2_has_its_tree() -> None:
    variants = [slug for slug in SHIPPED if shipped_tool(slug).family == "rob2"]
    assert sorted(variants) == sorted(TREES)
    for slug in variants:
        assert {domain.key for domain in shipped_tool(slug).domains} == set(TREES[slug])
    assert len(CASES) == 22


@pytest.mark.parametrize(("slug", "key"), CASES)
def test_probably_counts_as_the_answer_itself(slug: str, key: str) -> None:
    tool, domain = domain_of(slug, key)
    chance = random.Random(2019)
    milder = {Answer.YES: Answer.PROBABLY_YES, Answer.NO: Answer.PROBABLY_NO}
    for answers in paths(domain):
        mild = {n: milder.get(a, a) if chance.random() < 0.5 else a for n, a in answers.items()}
        assert proposed(tool, domain, mild) == proposed(tool, domain, answers)
        assert asked(domain, mild) == asked(domain, answers)


def numbers_asked(slug: str, key: str, **given: str) -> list[str]:
    _, domain = domain_of(slug, key)
    answers = {name[1:].replace("_", "."): Answer(value) for name, value in given.items()}
    return [question.number for question in asked(domain, answers)]


def test_questions_are_asked_as_the_form_says() -> None:
    parallel = "rob2-parallel"
    assert numbers_asked(parallel, "D2", q2_1="N", q2_2="PN") == ["2.1", "2.2", "2.6"]
    assert numbers_asked(parallel, "D2", q2_1="N", q2_2="NI", q2_3="NI", q2_6="NI") == [
        "2.1", "2.2", "2.3", "2.6", "2.7",
    ]  # fmt: skip
    assert numbers_asked(parallel, "D2", q2_1="Y", q2_3="PY", q2_4="NI")[2:5] == [
        "2.3", "2.4", "2.5",
    ]  # fmt: skip
    assert numbers_asked(parallel, "D4", q4_1="NI", q4_2="Y") == ["4.1", "4.2"]
    assert numbers_asked(parallel, "D4", q4_1="NI", q4_2="NI", q4_3="NI", q4_4="PN") == [
        "4.1", "4.2", "4.3", "4.4",
    ]  # fmt: skip
    assert numbers_asked(parallel, "D3", q3_1="PN", q3_2="Y") == ["3.1", "3.2"]
    assert numbers_asked("robins-i", "D1", q1_1="PN") == ["1.1"]
    assert numbers_asked("robins-i", "D1", q1_1="Y", q1_2="Y", q1_3="Y") == [
        "1.1", "1.2", "1.3", "1.7",
    ]  # fmt: skip
    assert numbers_asked("robins-i", "D1", q1_1="Y", q1_2="N", q1_4="PY") == [
        "1.1", "1.2", "1.4", "1.5", "1.6",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "domains", "overall"),
    [
        ("rob2-parallel", [LOW] * 5, LOW),
        ("rob2-parallel", [LOW, SOME, LOW, LOW, LOW], SOME),
        ("rob2-parallel", [SOME] * 5, SOME),
        ("rob2-parallel", [LOW, LOW, LOW, HIGH, SOME], HIGH),
        ("rob2-parallel", ["no_information", LOW, LOW, LOW, LOW], None),
        ("rob2-parallel", ["no_information", LOW, LOW, LOW, HIGH], HIGH),
        ("robins-i", ["low"] * 7, "low"),
        ("robins-i", ["low"] * 6 + ["moderate"], "moderate"),
        ("robins-i", ["serious", "moderate"] + ["low"] * 5, "serious"),
        ("robins-i", ["serious", "critical"] + ["low"] * 5, "critical"),
        ("robins-i", ["no_information", "moderate"] + ["low"] * 5, None),
        ("robins-i", ["no_information", "serious"] + ["low"] * 5, "serious"),
        ("robins-i", ["no_information"] * 7, None),
    ],
)
def test_the_overall_judgement_is_the_worst_domain_where_nothing_unknown_could_be_worse(
    slug: str, domains: list[str], overall: str | None
) -> None:
    assert worst(shipped_tool(slug), domains) == overall


def test_robins_i_proposes_no_domain_judgement() -> None:
    tool = shipped_tool("robins-i")
    assert all(
        proposed(tool, domain, answers) is None
        for domain in tool.domains
        for answers in paths(domain)
    )
