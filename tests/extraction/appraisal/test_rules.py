"""What makes an appraisal complete, what several amount to, and where GRADE ends up."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from review.errors import FileError, InvalidDataError, NotFoundError
from review.extraction.appraisal.catalogue import SHIPPED, read_tool, shipped_tool, tool_text
from review.extraction.appraisal.conditions import parse_condition
from review.extraction.appraisal.form import Answered, Appraisal, Form, Stated, Target
from review.extraction.appraisal.grade import (
    Step,
    certainty,
    check_steps,
    problems_of,
    sentence,
    start_of,
)
from review.extraction.appraisal.rules import (
    Cast,
    Settled,
    complete,
    differences,
    judgement_of,
    judgements_of,
    proposed,
    seen_by,
    shows_others,
    standing,
)
from review.extraction.appraisal.tool import Domain
from review.extraction.appraisal.vocabulary import (
    Answer,
    Certainty,
    Consideration,
    Design,
    Kind,
    State,
)
from tests.extraction.appraisal.samples import ALLIANCE, form

TOOL = shipped_tool("rob2-parallel")


def made(given: Form) -> Appraisal:
    appraisal, problems = complete(TOOL, given)
    assert problems == []
    assert appraisal is not None
    return appraisal


def wrong(given: Form) -> str:
    appraisal, problems = complete(TOOL, given)
    assert appraisal is None
    return "\n".join(map(str, problems))


def test_a_clean_form_is_low_throughout() -> None:
    low = dict.fromkeys(["D1", "D2", "D3", "D4", "D5", "Overall"], "low")
    assert judgements_of(made(form())) == low


def test_an_unanswered_question_is_named() -> None:
    assert "question 1.2 has no answer" in wrong(form(q1_2=None))
    assert "question 2.3 has no answer" in wrong(form(q2_1="NI"))


def test_a_question_that_is_not_asked_takes_no_answer_but_na() -> None:
    assert "question 2.7 is asked only if 2.6 N/PN/NI" in wrong(form(q2_7="N"))
    assert "2.7" not in made(form(q2_7="NA")).answers


def test_an_answer_that_the_question_does_not_offer_is_refused() -> None:
    assert "question 3.2 takes Y/PY/PN/N, not NI" in wrong(form(q3_1="N", q3_2="NI"))
    assert "question 1.1 takes Y/PY/PN/N/NI, not NA" in wrong(form(q1_1="NA"))


def test_leaving_the_algorithm_needs_support() -> None:
    assert "the algorithm proposes low; say in the support" in wrong(
        form(domains={"D4": Stated("high")})
    )
    judged = made(form(domains={"D4": Stated("high", "the scale was changed midway")}))
    assert judged.domains["D4"].proposed == "low"
    assert (judged.overall.judgement, judged.overall.proposed) == ("high", "high")


def test_stating_what_the_algorithm_proposes_needs_none() -> None:
    assert made(form(domains={"D4": Stated("low")})) == made(form())


def test_several_concerns_may_be_raised_to_high_with_a_reason() -> None:
    concerned: dict[str, Any] = {"q1_2": "NI", "q5_1": "NI"}
    assert made(form(**concerned)).overall.judgement == "some_concerns"
    assert "Overall: the algorithm proposes some_concerns" in wrong(
        form(overall=Stated("high"), **concerned)
    )
    raised = made(form(overall=Stated("high", "two domains, same direction"), **concerned))
    assert raised.overall.judgement == "high"


def test_a_domain_without_answers_must_be_stated_with_its_source() -> None:
    bare = Form(ALLIANCE, {}, {d.key: Stated("low", "from the review") for d in TOOL.domains})
    assert made(bare).overall.judgement == "low"
    assert wrong(Form(ALLIANCE)) == "nothing is filled in; answer it, or take its lines out"
    partly = Form(ALLIANCE, {}, {"D2": Stated("low", "from the review")})
    assert "D1: its questions have no answers; answer them, or state" in wrong(partly)
    unsupported = Form(ALLIANCE, {}, {d.key: Stated("low") for d in TOOL.domains})
    assert "D1: no algorithm judges it" in wrong(unsupported)


def test_an_unknown_domain_question_or_judgement_is_named() -> None:
    unknown = Form(
        ALLIANCE,
        {"9.9": Answered(Answer.YES)},
        {"D9": Stated("low"), "D1": Stated("terrible", "x")},
    )
    said = wrong(unknown)
    assert "question 9.9 is not in rob2-parallel" in said
    assert "domain D9 is not in rob2-parallel" in said
    assert "'terrible' is not on the scale" in said


NUMBERS = itertools.count(1)


def by(person: str, appraisal: Appraisal, kind: Kind = Kind.ASSESSOR) -> Cast:
    return Cast(next(NUMBERS), person, kind, appraisal)


def test_what_appraisals_amount_to() -> None:
    low, high = made(form()), made(form(q1_2="N"))
    other_answer = made(form(q1_1="NI"))
    assert standing([]) == (State.AWAITING, None)
    assert standing([by("ada", low)]) == (State.AWAITING, None)
    assert standing([by("ada", low)], required=1) == (State.SINGLE, low)
    assert standing([by("ada", low), by("ben", high)]) == (State.CONFLICT, None)
    assert standing([by("ada", low), by("ben", other_answer)]) == (State.AGREED, low)
    assert standing([by("ada", high), by("ada", low), by("ben", low)]) == (State.AGREED, low)
    settled = [by("ada", low), by("ben", high), by("ada", high, Kind.CONSENSUS)]
    assert standing(settled) == (State.CONSENSUS, high)


def test_assessors_are_blind_until_all_have_judged() -> None:
    low, high = made(form()), made(form(q1_2="N"))
    assert not shows_others([by("ada", low)])
    assert not shows_others([by("ada", low), by("ada", high)])
    assert shows_others([by("ada", low), by("ben", high)])
    assert not shows_others([by("ada", low), by("ben", low)], required=3)


def test_who_judged_alone_sees_that_alone_until_all_have_or_a_consensus_ends_it() -> None:
    low, high = made(form()), made(form(q1_2="N"))
    alone = [by("ada", low)]
    assert seen_by(alone, "ada") == alone
    assert seen_by(alone, "ben") == []
    both = [*alone, by("ben", high)]
    assert seen_by(both, "cleo") == both
    assert seen_by(both, "ben", required=3) == both[1:]
    settled = [*alone, by("cleo", high, Kind.CONSENSUS)]
    assert seen_by(settled, "ben") == settled


def test_a_domain_without_an_algorithm_proposes_nothing() -> None:
    bare = Domain(key="D1", name="Judged unaided")
    assert proposed(TOOL, bare, {}) is None
    assert proposed(TOOL, bare, {"1.1": Answer.YES}) is None


def test_the_narrowest_judgement_that_holds_a_result_counts() -> None:
    targets = [
        Target("Day", "mood", "bdi", "post"), Target("Day", "mood", "bdi"),
        Target("Day", "mood", None, "post"), Target("Day", "mood"), Target("Day"),
    ]  # fmt: skip
    at = {"study": "Day", "outcome": "mood", "instrument": "bdi", "timepoint": "post"}
    for kept in range(len(targets)):
        settled = {t: Settled(t, 1, "t", "1", "low", "Low", State.AGREED) for t in targets[kept:]}
        found = judgement_of(settled, **at)
        assert found is not None
        assert found.target == targets[kept]
        assert judgement_of(settled, **{**at, "study": "Soto"}) is None


def test_differences_name_each_cell_and_who_said_what() -> None:
    low, aware = made(form()), made(form(q2_1="Y", q2_3="NI"))
    found = {d.cell: dict(d.values) for d in differences([by("ada", low), by("ben", aware)])}
    assert found == {
        "2.1": {"ada": "N", "ben": "Y"},
        "2.3": {"ada": None, "ben": "NI"},
        "D2": {"ada": "low", "ben": "some_concerns"},
        "Overall": {"ada": "low", "ben": "some_concerns"},
    }
    assert differences([by("ada", low)]) == []


def test_conditions_bind_commas_before_or() -> None:
    condition = parse_condition("1 Y/PY, 2 NI or 3 NA")
    yes, no, unknown = Answer.YES, Answer.NO, Answer.NO_INFORMATION
    assert condition.holds({"1": yes, "2": unknown, "3": no})
    assert not condition.holds({"1": yes, "2": no, "3": no})
    assert condition.holds({"1": no}), "3 was not asked"
    with pytest.raises(ValueError, match="not a list of answers"):
        parse_condition("1 maybe")
    with pytest.raises(ValueError, match="not a question and its answers"):
        parse_condition("1")


OWN = """
slug: therapy-fidelity
family: therapy-fidelity
version: "1"
title: Fidelity of therapy
source: our protocol
about: study
scale:
  - {value: good, label: Good, symbol: "+", colour: green}
  - {value: poor, label: Poor, symbol: "×", colour: vermillion}
domains:
  - key: F1
    name: Training
    questions:
      - {number: "1", text: Therapists were trained}
    algorithm:
      - - {when: 1 Y/PY, then: good}
        - {when: 1 N/PN/NI, then: poor}
"""


def tool_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tool.yaml"
    path.write_text(text)
    return path


def test_a_tool_of_ones_own_is_read(tmp_path: Path) -> None:
    tool = read_tool(tool_file(tmp_path, OWN))
    assert tool.slug == "therapy-fidelity"
    assert tool.value_called(" POOR ") == "poor"
    assert tool.value_called("terrible") is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("then: poor", "then: awful", "'awful' in domain F1 is not on the scale"),
        ("when: 1 Y/PY", "when: 2 Y/PY", "uses 2, not asked"),
        ("when: 1 Y/PY", "when: 1 Yes", "is not a list of answers"),
        ("colour: green", "colour: puce", "colour"),
        ("key: F1", "key: Overall", "none is called Overall"),
        ("about: study", "about: arm", "about"),
        ('number: "1", text', 'number: "1", only_if: 2 Y, text', "does not come before it"),
        ("slug: therapy-fidelity\nfamily", "extends: rob9\nfamily", "there is no tool 'rob9'"),
        ("scale:", "scale: [", r"line \d+"),
    ],
)
def test_a_tool_that_cannot_be_right_is_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in OWN
    with pytest.raises(FileError, match=words):
        read_tool(tool_file(tmp_path, OWN.replace(old, new)))


def test_a_tool_may_extend_a_shipped_one(tmp_path: Path) -> None:
    text = (
        'extends: rob2-cluster\nslug: rob2-ours\nversion: "1"\ntitle: Ours\n'
        "domains:\n"
        "  - {key: D5, name: Reporting, questions: []}\n"
        "  - {key: D6, name: Allegiance, after: D1b}\n"
    )
    tool = read_tool(tool_file(tmp_path, text))
    assert [d.key for d in tool.domains] == ["D1a", "D1b", "D6", "D2", "D3", "D4", "D5"]
    assert tool.scale == TOOL.scale
    assert tool.domains[-1].name == "Reporting"


def test_the_shipped_tools_can_be_printed_and_unknown_ones_are_named(tmp_path: Path) -> None:
    for slug in SHIPPED:
        assert read_tool(tool_file(tmp_path, tool_text(slug))) == shipped_tool(slug)
        assert "riskofbias.info" in shipped_tool(slug).source
    for reader in (shipped_tool, tool_text):
        with pytest.raises(NotFoundError, match="rob2-parallel"):
            reader("rob1")


DOWN = Consideration


@pytest.mark.parametrize(
    ("start", "levels", "end"),
    [
        (Certainty.HIGH, {}, Certainty.HIGH),
        (Certainty.HIGH, {DOWN.IMPRECISION: -1}, Certainty.MODERATE),
        (Certainty.HIGH, {DOWN.IMPRECISION: -2, DOWN.RISK_OF_BIAS: -1}, Certainty.VERY_LOW),
        (Certainty.HIGH, dict.fromkeys(list(DOWN)[:5], -1), Certainty.VERY_LOW),
        (Certainty.LOW, {DOWN.LARGE_EFFECT: 2}, Certainty.HIGH),
        (Certainty.LOW, {DOWN.LARGE_EFFECT: 1}, Certainty.MODERATE),
        (Certainty.LOW, {DOWN.LARGE_EFFECT: 2, DOWN.DOSE_RESPONSE: 1}, Certainty.HIGH),
        (Certainty.LOW, {DOWN.INDIRECTNESS: -1}, Certainty.VERY_LOW),
    ],
)
def test_certainty_starts_somewhere_and_moves_by_levels(
    start: Certainty, levels: dict[Consideration, int], end: Certainty
) -> None:
    assert certainty(start, {c: Step(n, "because") for c, n in levels.items()}) is end


def test_where_evidence_starts() -> None:
    assert start_of(Design.RANDOMISED) is Certainty.HIGH
    assert start_of(Design.NONRANDOMISED) is Certainty.LOW
    assert start_of(Design.NONRANDOMISED, robins_i=True) is Certainty.HIGH


@pytest.mark.parametrize(
    ("design", "steps", "words"),
    [
        (Design.RANDOMISED, {DOWN.IMPRECISION: Step(-1)}, "imprecision .* needs a reason"),
        (Design.RANDOMISED, {DOWN.IMPRECISION: Step(1, "x")}, "lowers by 0 to 3"),
        (Design.RANDOMISED, {DOWN.PUBLICATION_BIAS: Step(-3, "x")}, "lowers by 0 to 2"),
        (Design.RANDOMISED, {DOWN.INCONSISTENCY: Step(-3, "x")}, "lowers by 0 to 2"),
        (Design.RANDOMISED, {DOWN.LARGE_EFFECT: Step(1, "x")}, "only evidence from non-random"),
        (Design.NONRANDOMISED, {DOWN.DOSE_RESPONSE: Step(2, "x")}, "raises by 0 to 1"),
    ],
)
def test_steps_that_grade_does_not_have(
    design: Design, steps: dict[Consideration, Step], words: str
) -> None:
    (problem,) = problems_of(design, steps)
    assert re.search(words, problem)


def test_the_sentence_lists_domains_in_grades_order() -> None:
    steps = {DOWN.IMPRECISION: Step(-1, "few"), DOWN.RISK_OF_BIAS: Step(-1, "unblinded")}
    assert sentence(Certainty.HIGH, steps) == (
        "low certainty: down 1 for risk of bias (unblinded); down 1 for imprecision (few)"
    )
    assert sentence(Certainty.HIGH, {DOWN.IMPRECISION: Step(0)}) == (
        "high certainty: nothing moves it"
    )


def test_invalid_steps_are_raised_together() -> None:
    with pytest.raises(InvalidDataError, match=r"imprecision.*; publication bias"):
        check_steps(
            Design.RANDOMISED,
            {DOWN.IMPRECISION: Step(-1), DOWN.PUBLICATION_BIAS: Step(-1)},
        )
