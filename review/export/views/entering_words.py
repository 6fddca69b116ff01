"""What stands under the cells of a form in words: conversions, what is lacking, which way is best.

Signs and directions are of the numbers as typed: which arm scored higher, and whether its
instrument says that higher is better.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.canonical import fixed
from review.export.views.row import number_words
from review.extraction.conversion import (
    Step,
    arm_mean_sd,
    logged_ratio,
    printed_ratio,
)
from review.extraction.designs import design_of
from review.extraction.evidence import Evidence, did_better
from review.extraction.numbers import ABOUT, called
from review.extraction.trace import conversions, lacks
from review.extraction.vocabulary import ArmRole, Level

ROOT: Final = "SD = SE √n"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What follows from numbers as typed, with its recipe."""

    row: str
    fields: tuple[str, ...]
    words: str
    recipe: str
    approximate: bool


@dataclass(frozen=True, slots=True)
class Lack:
    """What a result lacks to give an effect."""

    row: str
    words: str


@dataclass(frozen=True, slots=True)
class Direction:
    """Which arm did better by the numbers of a block, in a sentence."""

    rows: tuple[str, str]
    sentence: str
    against: str | None
    """Where the report's words say otherwise."""


def conversions_of(items: Sequence[Evidence], rows: Mapping[int, str]) -> Iterator[Conversion]:
    """Yield what follows from the numbers of some results."""
    for item in items:
        if item.result_id in rows:
            for step in conversions(item, _beside(item, items)):
                fields = tuple(name for name in step.gives if name in ABOUT)
                yield Conversion(
                    rows[item.result_id], fields, words_of(step), step.recipe, step.approximate
                )


def lacks_of(items: Sequence[Evidence], rows: Mapping[int, str]) -> Iterator[Lack]:
    """Yield what results lack to be standardized."""
    for item in items:
        words = lacks(item, _beside(item, items))
        if words is not None and item.result_id in rows:
            yield Lack(rows[item.result_id], words)


def _beside(item: Evidence, items: Sequence[Evidence]) -> list[Evidence]:
    return [other for other in items if other.study_id == item.study_id]


def words_of(step: Step) -> str:
    """Return a conversion in a line: ``SD 8.49 = SE 1.2 × √50``."""
    gives = ", ".join(f"{_heading(name)} {value:.4g}" for name, value in step.gives.items())
    about = "≈" if step.approximate else "="
    if step.recipe.startswith(ROOT) and {"se", "n"} <= step.reported.keys():
        se, n = (number_words(step.reported[name]) for name in ("se", "n"))
        return f"{gives} {about} SE {se} × √{n}"
    given = ", ".join(f"{_heading(n)} {number_words(v)}" for n, v in step.reported.items())
    assumed = ", ".join(f"{_heading(n)} {number_words(v)}" for n, v in step.assumptions.items())
    from_ = f" from {given}" if given else ""
    return f"{gives}{from_}" + (f", assuming {assumed}" if assumed else "")


def _heading(name: str) -> str:
    about = ABOUT.get(name)
    return (about.heading or called(name)) if about is not None else name.replace("_", " ")


def directions_of(items: Sequence[Evidence], rows: Mapping[int, str]) -> Iterator[Direction]:
    """Yield for each two arms of a block, and for each contrast, which of them did better."""
    arms = [item for item in items if item.level is Level.ARM]
    places = {_place(item): None for item in arms}
    for place in places:
        here = [item for item in arms if _place(item) == place]
        for one, other in itertools.islice(itertools.combinations(sorted(here, key=_rank), 2), 3):
            yield from _of_arms(one, other, rows)
    for item in items:
        if item.level is Level.CONTRAST:
            yield from _of_contrast(item, rows)


def _rank(item: Evidence) -> int:
    """Interventions first, then as on the form."""
    return {ArmRole.INTERVENTION: 0, None: 1}.get(item.arm.role, 2)


def _place(item: Evidence) -> tuple[str, str, str, str]:
    return item.instrument, item.rater, item.timepoint, item.analysis_set


def _score(item: Evidence) -> float | None:
    """Return the mean of an arm, or its mean change where it has no mean; no share of events."""
    found = arm_mean_sd(item.numbers, standardizes=True, design=design_of(item))
    if found is not None:
        return found.mean
    x = item.numbers
    return x.mean if x.mean is not None else x.mean_change


def _is_change(item: Evidence) -> bool:
    return item.numbers.mean is None and item.numbers.median is None


def _of_arms(one: Evidence, other: Evidence, rows: Mapping[int, str]) -> Iterator[Direction]:
    if one.result_id not in rows or other.result_id not in rows:
        return
    x, y = one.numbers, other.numbers
    scores = _score(one), _score(other)
    if scores[0] is not None and scores[1] is not None:
        if _is_change(one) is not _is_change(other):
            return
        difference = scores[0] - scores[1]
        amount = f"{abs(difference):.4g}"
    elif x.events is not None and y.events is not None and x.n and y.n:
        difference = x.events / x.n - y.events / y.n
        amount = f"{fixed(100 * abs(difference), 1)} percentage points of events"
    else:
        return
    sentence = _sentence(one, one.arm.label, other.arm.label, difference, amount)
    said = {label for label in (one.favours, other.favours) if label is not None}
    better = _better(one, difference)
    labels = {1: one.arm.label, -1: other.arm.label, 0: None}
    against = _against(said, labels.get(better) if better is not None else None)
    yield Direction((rows[one.result_id], rows[other.result_id]), sentence, against)


def _of_contrast(item: Evidence, rows: Mapping[int, str]) -> Iterator[Direction]:
    if item.versus is None or item.result_id not in rows:
        return
    x, better = item.numbers, did_better(item)
    ratio = printed_ratio(x)
    if x.estimate is None:
        return
    measured = x.estimate - 1.0 if ratio is not None and not logged_ratio(x) else x.estimate
    way = 0 if measured == 0 else (1 if measured > 0 else -1)
    row = rows[item.result_id]
    if way == 0 or better is None:
        sentence = f"{_scale(item)}; {item.arm.label} and {item.versus.label} do not differ"
        if way == 0:
            yield Direction((row, row), f"{sentence}.", None)
        return
    did = item.arm.label if way * better > 0 else item.versus.label
    sentence = (
        f"{_scale(item)}; the estimate {number_words(x.estimate)} says that {did} did better."
    )
    said = {item.favours} if item.favours is not None else set()
    yield Direction((row, row), sentence, _against(said, did))


def _scale(item: Evidence) -> str:
    if item.numbers.positive == "better":
        return "A positive estimate means better, as reported"
    if item.higher_is_better is None:
        return f"{item.instrument_name} does not say which way is better"
    return "Higher is better" if item.higher_is_better else "Higher is worse"


def _better(item: Evidence, difference: float) -> int | None:
    """Return 1 where a difference says that the first did better, -1 the other, 0 neither."""
    if difference == 0:
        return 0
    if item.higher_is_better is None:
        return None
    return 1 if (difference > 0) == item.higher_is_better else -1


def _sentence(item: Evidence, one: str, other: str, difference: float, amount: str) -> str:
    better = _better(item, difference)
    if difference == 0:
        return f"{_scale(item)}; {one} and {other} do not differ."
    way = "higher" if difference > 0 else "lower"
    start = f"{_scale(item)}; {one} is {amount} {way} than {other}"
    if better is None:
        return f"{start}."
    return f"{start}: that is {'better' if better > 0 else 'worse'}."


def _against(said: set[str], did: str | None) -> str | None:
    told = sorted(label for label in said if label.casefold() != "neither")
    if not told or did is None or told == [did]:
        return None
    return f"the report says that {' and '.join(told)} did better"
