"""An appraisal as it stands in the fields of a page, and what follows from it while it is typed.

A field is named by what it holds and where: ``answer-1.1``, ``why-1.1`` and ``quote-1.1`` of a
question; ``judgement-D1``, ``because-D1`` and ``cited-D1`` of a domain or of ``Overall``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from review.extraction.appraisal.form import Answered, Appraisal, Form, Stated, Target
from review.extraction.appraisal.rules import OVERALL, answer_problems, proposed, worst
from review.extraction.appraisal.tool import Domain, Tool
from review.extraction.appraisal.vocabulary import Answer

REASON: Final = "reason"
"""The field of how a consensus was reached."""

LONGEST: Final = 20_000
"""Signs that a field may hold."""

_QUOTED: Final = re.compile(r"Quote: “([^”]*)”(?: Comment: (.*))?", re.DOTALL)


def support_of(comment: str, quote: str) -> str | None:
    """Return what supports a judgement in one text, as tables of risk of bias print it.

    Examples
    --------
    >>> support_of("Central service.", "sealed envelopes")
    'Quote: “sealed envelopes” Comment: Central service.'
    """
    told, cited = comment.strip(), quote.strip().translate({0x201C: "‘", 0x201D: "’"})
    if not cited:
        return told or None
    return f"Quote: “{cited}”" + (f" Comment: {told}" if told else "")


def parts_of(support: str | None) -> tuple[str, str]:
    """Return comment and quote of a support, as `support_of` joined them."""
    found = _QUOTED.fullmatch(support or "")
    return (found[2] or "", found[1]) if found else (support or "", "")


def names_of(tool: Tool) -> frozenset[str]:
    """Return the names of all fields of a tool's page."""
    numbers = [question.number for domain in tool.domains for question in domain.questions]
    keys = [*(domain.key for domain in tool.domains), OVERALL]
    return frozenset(
        [f"{what}-{number}" for number in numbers for what in ("answer", "why", "quote")]
        + [f"{what}-{key}" for key in keys for what in ("judgement", "because", "cited")]
        + [REASON]
    )


def kept(tool: Tool, fields: Mapping[str, object]) -> dict[str, str]:
    """Return what stands in a page's fields: those that are filled in, by name."""
    return {
        name: value[:LONGEST]
        for name in sorted(names_of(tool))
        if isinstance(value := fields.get(name), str) and value.strip()
    }


def answered(domain: Domain, given: Mapping[str, str]) -> dict[str, Answer]:
    """Return the answers of a domain, those to questions that are asked, given those before.

    An answer to a question that is asked no longer stays in its field and does not count.
    """
    answers: dict[str, Answer] = {}
    for question in domain.questions:
        if question.condition is not None and not question.condition.holds(answers):
            continue
        text = given.get(f"answer-{question.number}", "")
        if text in tuple(Answer):
            answers[question.number] = Answer(text)
    return answers


def form_of(tool: Tool, target: Target, given: Mapping[str, str]) -> Form:
    """Return the form that a page's fields make."""
    answers = {
        number: Answered(answer, _support(given, "why", "quote", number))
        for domain in tool.domains
        for number, answer in answered(domain, given).items()
    }
    stated = {
        key: Stated(given.get(f"judgement-{key}") or None, _support(given, "because", "cited", key))
        for key in (*(domain.key for domain in tool.domains), OVERALL)
    }
    overall = stated.pop(OVERALL)
    named = {key: one for key, one in stated.items() if one != Stated()}
    return Form(target, answers, named, overall)


def _support(given: Mapping[str, str], comment: str, quote: str, cell: str) -> str | None:
    return support_of(given.get(f"{comment}-{cell}", ""), given.get(f"{quote}-{cell}", ""))


def fields_of(appraisal: Appraisal) -> dict[str, str]:
    """Return the fields of a page that say what an appraisal says; `form_of` reads them back.

    A judgement that is the algorithm's is left to it.
    """
    found: dict[str, str] = {}
    for number, one in appraisal.answers.items():
        found[f"answer-{number}"] = one.answer.value
        found[f"why-{number}"], found[f"quote-{number}"] = parts_of(one.support)
    for key, judged in {**appraisal.domains, OVERALL: appraisal.overall}.items():
        if judged.judgement != judged.proposed:
            found[f"judgement-{key}"] = judged.judgement
        found[f"because-{key}"], found[f"cited-{key}"] = parts_of(judged.support)
    return {name: text for name, text in found.items() if text}


def shared_fields(appraisals: Iterable[Appraisal]) -> dict[str, str]:
    """Return the fields in which appraisals say the same, to begin a consensus from.

    Comments and quotes that differ are joined where the answer or judgement is the same.
    """
    every = [fields_of(one) for one in appraisals]
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for fields in every for name in fields):
        what, _, cell = name.partition("-")
        chief = f"answer-{cell}" if what in ("answer", "why", "quote") else f"judgement-{cell}"
        if len({fields.get(chief) for fields in every}) == 1:
            texts = dict.fromkeys(fields[name] for fields in every if name in fields)
            found[name] = " / ".join(texts)
    return found


@dataclass(frozen=True, slots=True)
class DomainReading:
    """What follows from the answers of a domain so far."""

    key: str
    asked: tuple[str, ...]
    """Questions that are asked, given the answers."""
    unanswered: tuple[str, ...]
    proposed: str | None
    """The algorithm's judgement; None before all that is asked is answered, or without one."""
    judged: str | None
    """What the domain would be: what is stated, else what is proposed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What follows from what stands in the fields."""

    domains: tuple[DomainReading, ...]
    proposed: str | None
    """The overall judgement that follows from those of the domains."""
    judged: str | None

    @property
    def unanswered(self) -> int:
        """How many questions that are asked have no answer."""
        return sum(len(domain.unanswered) for domain in self.domains)


def reading_of(tool: Tool, given: Mapping[str, str]) -> Reading:
    """Return what follows from the fields of a page as they are: `rules.proposed`, live."""
    domains = tuple(_read_domains(tool, given))
    whole = worst(tool, [domain.judged for domain in domains])
    return Reading(domains, whole, given.get(f"judgement-{OVERALL}") or whole)


def _read_domains(tool: Tool, given: Mapping[str, str]) -> Iterator[DomainReading]:
    for domain in tool.domains:
        answers = answered(domain, given)
        wrong = answer_problems(domain, answers)
        asked = tuple(
            question.number
            for question in domain.questions
            if question.condition is None or question.condition.holds(answers)
        )
        proposal = proposed(tool, domain, answers) if answers and not wrong else None
        yield DomainReading(
            key=domain.key,
            asked=asked,
            unanswered=tuple(number for number in asked if number not in answers),
            proposed=proposal,
            judged=given.get(f"judgement-{domain.key}") or proposal,
        )
