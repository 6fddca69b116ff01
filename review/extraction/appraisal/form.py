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
