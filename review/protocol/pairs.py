"""Correlations of sampling errors that a plan states of two outcomes, or of two instruments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

from review.protocol.frozen import Slug
from review.protocol.joint import JointOutcome


def pair_of(text: str) -> tuple[str, str, float]:
    """Return the two names and their correlation; ValueError with a sentence for another text.

    Examples
    --------
    >>> pair_of("client's view / therapist's view = 0.4")
    ("client's view", "therapist's view", 0.4)
    """
    names, sign, value = text.rpartition("=")
    first, stroke, second = (part.strip() for part in names.partition("/"))
    try:
        found = float(value)
    except ValueError:
        found = 2.0
    if not sign or not stroke or not first or not second or not -1 < found < 1:
        raise ValueError(
            f"{text!r} states no correlation; write client's view / therapist's view = 0.4"
        )
    return first, second, found


def pair_as_written(text: str) -> str:
    """Return a stated correlation with its signs set apart; raises as `pair_of`.

    Examples
    --------
    >>> pair_as_written("wai/haq=.4")
    'wai / haq = 0.4'
    """
    first, second, value = pair_of(text)
    return f"{first} / {second} = {value:g}"


class _Stated(Protocol):
    """What of a plan says which errors correlate."""

    @property
    def correlations(self) -> Sequence[str]: ...

    @property
    def random(self) -> Sequence[str]: ...

    @property
    def outcomes(self) -> Sequence[JointOutcome]: ...

    @property
    def instruments(self) -> Sequence[Slug]: ...


def pairs_problem(plan: _Stated) -> str | None:
    """Return why a plan cannot state the correlations that it states; None where it can."""
    if not plan.correlations:
        return None
    if not plan.random and not plan.outcomes:
        return (
            "correlations are of several outcomes or of random effects; rho is of several results"
        )
    if any(one.time is not None for one in plan.outcomes):
        return "correlations of outcomes go by rho and the time between where outcomes have a time"
    known = [one.label for one in plan.outcomes] or list(plan.instruments)
    pairs = [pair_of(text)[:2] for text in plan.correlations]
    for names in pairs:
        unknown = next((name for name in names if known and name not in known), None)
        if unknown is not None:
            return f"correlations name {unknown}, and the plan has {', '.join(known)}"
        if names[0] == names[1]:
            return f"correlations are of two, not of {names[0]} with itself"
    if len({frozenset(names) for names in pairs}) < len(pairs):
        return "correlations state one pair twice"
    return None


def stated(texts: Sequence[str]) -> dict[frozenset[str], float]:
    """Return stated correlations by their two names.

    Examples
    --------
    >>> stated(["a / b = 0.4"])[frozenset("ab")]
    0.4
    """
    return {frozenset(pair_of(text)[:2]): pair_of(text)[2] for text in texts}


def of_each_two(
    names: Sequence[str], texts: Sequence[str], rho: float
) -> dict[tuple[object, object], float]:
    """Return the correlation of each two of some names: as stated, else `rho`.

    Examples
    --------
    >>> of_each_two(["a", "b", "c"], ["b / a = 0.4"], 0.6)
    {('a', 'b'): 0.4, ('a', 'c'): 0.6, ('b', 'c'): 0.6}
    """
    known, once = stated(texts), list(dict.fromkeys(names))
    return {two: known.get(frozenset(two), rho) for two in combinations(once, 2)}
