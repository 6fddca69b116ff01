"""GRADE: the certainty of a body of evidence, from where it starts and what moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.errors import InvalidDataError
from review.extraction.appraisal.vocabulary import Certainty, Consideration, Design

LOWERS: Final = (
    Consideration.RISK_OF_BIAS,
    Consideration.INCONSISTENCY,
    Consideration.INDIRECTNESS,
    Consideration.IMPRECISION,
    Consideration.PUBLICATION_BIAS,
)
RAISES: Final = (
    Consideration.LARGE_EFFECT,
    Consideration.DOSE_RESPONSE,
    Consideration.PLAUSIBLE_CONFOUNDING,
)

MOST_DOWN: Final = {
    # Three levels with ROBINS-I (Schünemann 2019, doi 10.1016/j.jclinepi.2018.01.012).
    Consideration.RISK_OF_BIAS: 3,
    Consideration.INCONSISTENCY: 2,
    Consideration.INDIRECTNESS: 2,
    # Extremely serious: three levels (Zeng 2022, doi 10.1016/j.jclinepi.2022.07.014).
    Consideration.IMPRECISION: 3,
    # Likely, or very likely (Balshem 2011, doi 10.1016/j.jclinepi.2010.07.015).
    Consideration.PUBLICATION_BIAS: 2,
}
MOST_UP: Final = {
    Consideration.LARGE_EFFECT: 2,
    Consideration.DOSE_RESPONSE: 1,
    Consideration.PLAUSIBLE_CONFOUNDING: 1,
}

_ORDER: Final = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class Step:
    """Levels up (positive) or down (negative) for one consideration, with the reason."""

    levels: int
    reason: str | None = None


def certainty(start: Certainty, steps: Mapping[Consideration, Step]) -> Certainty:
    """Return the certainty that follows from where the evidence starts and what moves it.

    Parameters
    ----------
    start : Certainty
        High for randomised trials.
    steps : mapping of Consideration to Step
        What is missing moves nothing.

    Returns
    -------
    Certainty
        Never above high or below very low (Balshem 2011, doi 10.1016/j.jclinepi.2010.07.015).

    Examples
    --------
    >>> certainty(Certainty.HIGH, {Consideration.IMPRECISION: Step(-2, "19 participants")}).value
    'low'
    """
    place = _ORDER.index(start) + sum(step.levels for step in steps.values())
    return _ORDER[min(max(place, 0), len(_ORDER) - 1)]


def start_of(design: Design, *, robins_i: bool = False) -> Certainty:
    """Return where a body of evidence starts.

    Non-randomised studies start low, or high where their risk of bias is judged with ROBINS-I,
    which weighs confounding and selection itself (Schünemann 2019,
    doi 10.1016/j.jclinepi.2018.01.012).
    """
    return Certainty.HIGH if design is Design.RANDOMISED or robins_i else Certainty.LOW


def problems_of(design: Design, steps: Mapping[Consideration, Step]) -> list[str]:
    """Return what is wrong with some steps, each a sentence."""
    problems = []
    for consideration, step in steps.items():
        name = consideration.value.replace("_", " ")
        if consideration in MOST_DOWN:
            if not -MOST_DOWN[consideration] <= step.levels <= 0:
                problems.append(f"{name} lowers by 0 to {MOST_DOWN[consideration]} levels")
        elif not 0 <= step.levels <= MOST_UP[consideration]:
            problems.append(f"{name} raises by 0 to {MOST_UP[consideration]} levels")
        if step.levels and not step.reason:
            problems.append(f"{name} moves the certainty and needs a reason")
    raising = [c for c in RAISES if c in steps and steps[c].levels]
    if raising and design is Design.RANDOMISED:
        problems.append("only evidence from non-randomised studies is rated up (Guyatt 2011)")
    return problems


def check_steps(design: Design, steps: Mapping[Consideration, Step]) -> None:
    """Raise InvalidDataError with every problem of some steps."""
    problems = problems_of(design, steps)
    if problems:
        raise InvalidDataError("; ".join(problems))


def sentence(start: Certainty, steps: Mapping[Consideration, Step]) -> str:
    """Return the certainty with its reasons, as a summary of findings gives it in a footnote.

    Examples
    --------
    >>> sentence(Certainty.HIGH, {Consideration.IMPRECISION: Step(-1, "wide interval")})
    'moderate certainty: down 1 for imprecision (wide interval)'
    """
    level = certainty(start, steps).value.replace("_", " ")
    moved: Sequence[str] = [
        f"{'up' if step.levels > 0 else 'down'} {abs(step.levels)} for "
        f"{consideration.value.replace('_', ' ')} ({step.reason})"
        for consideration in (*LOWERS, *RAISES)
        if (step := steps.get(consideration)) is not None and step.levels
    ]
    return f"{level} certainty: {'; '.join(moved) or 'nothing moves it'}"
