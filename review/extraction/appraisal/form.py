"""What an assessor hands in, and what it becomes once it is complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from review.extraction.appraisal.vocabulary import Answer


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged: a study, or of a study the results of an outcome.

    Instrument and timepoint narrow a result down; None stands for all of them.
    """

    study: str
    outcome: str | None = None
    instrument: str | None = None
    timepoint: str | None = None

    def __str__(self) -> str:
        """``Day 2002 (alliance, wai, post)``."""
        parts = [p for p in (self.outcome, self.instrument, self.timepoint) if p]
        return f"{self.study} ({', '.join(parts)})" if parts else self.study


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer and what supports it."""

    answer: Answer
    support: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A judgement as handed in; None leaves it to the algorithm."""

    judgement: str | None = None
    support: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form as handed in."""

    target: Target
    answers: Mapping[str, Answered] = field(default_factory=dict)
    domains: Mapping[str, Stated] = field(default_factory=dict)
    overall: Stated = Stated()
    lines: Mapping[str | None, int] = field(default_factory=dict, compare=False)
    """Where the file has each question and domain; None is where the form begins."""

    def line_of(self, cell: str | None) -> int | None:
        """Return the line of a question or domain, else that of the form; None without a file."""
        return self.lines.get(cell, self.lines.get(None))


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing missing or wrong in a form; without a cell it is the form as a whole."""

    cell: str | None
    reason: str

    def __str__(self) -> str:
        """``question 1.2 has no answer``."""
        return self.reason


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, and what the algorithm proposed; None where it proposes nothing."""

    judgement: str
    proposed: str | None
    support: str | None = None


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A complete appraisal of one target."""

    target: Target
    answers: Mapping[str, Answered]
    domains: Mapping[str, Judged]
    overall: Judged
