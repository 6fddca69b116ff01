"""What stands in the fields of a page, the form it makes, and what follows from it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from review.extraction.appraisal.catalogue import SHIPPED, guidance_on, shipped_tool
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.rules import OVERALL, complete, judgements_of
from review.extraction.appraisal.tool import Question, Tool
from review.extraction.appraisal.typed import (
    fields_of,
    form_of,
    kept,
    parts_of,
    reading_of,
    shared_fields,
    support_of,
)
from review.extraction.appraisal.vocabulary import Answer

TARGET = Target("Day (2002)", "alliance")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="“”\r"), max_size=40).map(str.strip)


@st.composite
def typed(draw: st.DrawFn) -> tuple[Tool, dict[str, str]]:
    """A tool, and any answers in its fields, to questions that are not asked too."""
    tool = shipped_tool(draw(st.sampled_from(SHIPPED)))
    fields: dict[str, str] = {}
    for domain in tool.domains:
        for question in domain.questions:
            answer = draw(st.sampled_from(["", *sorted(question.allowed)]))
            fields[f"answer-{question.number}"] = answer
            fields[f"why-{question.number}"] = draw(TEXT)
        if draw(st.booleans()):
            fields[f"judgement-{domain.key}"] = draw(
                st.sampled_from([step.value for step in tool.scale])
            )
        fields[f"because-{domain.key}"] = draw(TEXT)
        fields[f"cited-{domain.key}"] = draw(TEXT)
    return tool, kept(tool, fields)


@settings(max_examples=60, deadline=None)
@given(typed())
def test_what_is_shown_while_typing_is_what_is_stored(told: tuple[Tool, dict[str, str]]) -> None:
    tool, fields = told
    reading = reading_of(tool, fields)
    appraisal, flaws = complete(tool, form_of(tool, TARGET, fields))
    flawed = {flaw.cell for flaw in flaws}
    for domain in reading.domains:
        if domain.unanswered and len(domain.unanswered) < len(domain.asked):
            assert flawed & {domain.key, *domain.unanswered} or None in flawed
    if appraisal is None:
        return
    judged = {domain.key: domain.judged for domain in reading.domains} | {OVERALL: reading.judged}
    assert judged == judgements_of(appraisal)
    for domain in reading.domains:
        assert domain.proposed == appraisal.domains[domain.key].proposed
    again, flaws = complete(tool, form_of(tool, TARGET, fields_of(appraisal)))
    assert again == appraisal, flaws


@given(TEXT, TEXT)
def test_comment_and_quote_are_one_text_and_two_again(comment: str, quote: str) -> None:
    support = support_of(comment, quote)
    assert parts_of(support) == (comment, quote)
    assert (support is None) == (not comment and not quote)


def test_answers_to_questions_not_asked_any_more_stay_and_do_not_count() -> None:
    tool = shipped_tool("rob2-parallel")
    fields = {"answer-3.1": "N", "answer-3.2": "N", "answer-3.3": "Y", "answer-3.4": "Y"}
    assert reading_of(tool, fields).domains[2].proposed == "high"
    fields["answer-3.1"] = "Y"
    read = reading_of(tool, fields).domains[2]
    assert (read.asked, read.proposed) == (("3.1",), "low")
    assert kept(tool, fields) == fields
    assert list(form_of(tool, TARGET, fields).answers) == ["3.1"]


def test_nothing_is_proposed_before_all_that_is_asked_is_answered() -> None:
    tool = shipped_tool("rob2-parallel-adhering")
    assert all(domain.proposed is None for domain in reading_of(tool, {}).domains)
    begun = reading_of(tool, {"answer-2.1": "N", "answer-2.2": "N"}).domains[1]
    assert (begun.proposed, begun.unanswered) == (None, ("2.4", "2.5"))


def test_fields_of_other_pages_are_left_out() -> None:
    tool = shipped_tool("rob2-parallel")
    assert kept(tool, {"answer-1.1": "Y", "answer-9.9": "Y", "token": "t", "why-1.1": " "}) == {
        "answer-1.1": "Y"
    }


def test_a_consensus_begins_with_what_is_said_alike() -> None:
    tool = shipped_tool("rob2-parallel")
    base = {
        f"answer-{n}": a
        for n, a in {
            "1.1": "Y", "1.2": "PY", "1.3": "N", "2.1": "N", "2.2": "N", "2.6": "Y", "3.1": "Y",
            "4.1": "N", "4.2": "N", "4.3": "N", "5.1": "Y", "5.2": "N", "5.3": "N",
        }.items()
    }  # fmt: skip
    both = []
    for changed in ({"why-1.1": "a"}, {"why-1.1": "b", "answer-1.2": "NI", "why-1.2": "c"}):
        appraisal, flaws = complete(tool, form_of(tool, TARGET, base | changed))
        assert appraisal is not None, flaws
        both.append(appraisal)
    shared = shared_fields(both)
    assert shared["answer-1.1"] == "Y"
    assert shared["why-1.1"] == "a / b"
    assert "answer-1.2" not in shared
    assert "why-1.2" not in shared


def test_every_question_that_is_shipped_has_guidance() -> None:
    missing = [
        (slug, question.number)
        for slug in SHIPPED
        for domain in shipped_tool(slug).domains
        for question in domain.questions
        if not guidance_on(question)
    ]
    assert missing == []


def test_guidance_of_ones_own_tool_comes_first_and_unset_guidance_is_no_part_of_a_tool() -> None:
    question = shipped_tool("rob2-parallel").domains[0].questions[0]
    own = Question(number="1.1", text=question.text, guidance="as our protocol says")
    assert guidance_on(own) == "as our protocol says"
    assert "guidance" not in question.model_dump(mode="json")
    assert own.model_dump(mode="json")["guidance"] == "as our protocol says"
    assert Answer.YES in own.allowed
