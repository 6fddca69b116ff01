"""Conditions on signalling questions, in the notation of the published tables: ``1.2 N/PN``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from review.extraction.appraisal.vocabulary import Answer


@dataclass(frozen=True, slots=True)
class Term:
    """One question answered in one of some ways."""

    question: str
    answers: frozenset[Answer]

    def holds(self, answers: Mapping[str, Answer]) -> bool:
        """Whether it was answered so; a question that was not asked is not applicable."""
        return answers.get(self.question, Answer.NOT_APPLICABLE) in self.answers


@dataclass(frozen=True, slots=True)
class Condition:
    """Alternatives, each a list of terms that must hold together."""

    alternatives: tuple[tuple[Term, ...], ...]

    def holds(self, answers: Mapping[str, Answer]) -> bool:
        """Whether one of the alternatives holds."""
        return any(all(term.holds(answers) for term in terms) for terms in self.alternatives)

    @property
    def questions(self) -> frozenset[str]:
        """The questions it asks about."""
        return frozenset(term.question for terms in self.alternatives for term in terms)


@lru_cache(maxsize=4096)
def parse_answers(text: str) -> frozenset[Answer]:
    """Return the answers of ``Y/PY/NI``; raise ValueError for others."""
    try:
        return frozenset(Answer(part.strip().upper()) for part in text.split("/"))
    except ValueError:
        known = "/".join(Answer)
        raise ValueError(f'"{text}" is not a list of answers such as {known}') from None


def _term(text: str) -> Term:
    question, _, answers = text.strip().partition(" ")
    if not answers:
        raise ValueError(f'"{text}" is not a question and its answers, such as "1.2 N/PN"')
    return Term(question, parse_answers(answers))


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """Return the condition that a tool's file states.

    Parameters
    ----------
    text : str
        Terms such as ``1.2 N/PN``; a comma joins those that must hold together, and binds more
        strongly than ``or``.

    Returns
    -------
    Condition

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> condition = parse_condition("1.2 NI, 1.3 Y/PY or 1.2 N/PN")
    >>> condition.holds({"1.2": Answer("PN"), "1.3": Answer("N")})
    True
    >>> condition.holds({"1.2": Answer("NI"), "1.3": Answer("N")})
    False
    """
    return Condition(
        tuple(
            tuple(_term(part) for part in alternative.split(","))
            for alternative in text.split(" or ")
        )
    )
