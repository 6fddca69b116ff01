"""Signs and directions: an effect against its own arms, and both against the report's words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from review.extraction.conversion import (
    arm_mean_sd,
    is_eta_squared,
    logged_ratio,
    metric_name,
    printed_ratio,
)
from review.extraction.evidence import Evidence, did_better, scored_higher, towards
from review.extraction.plausibility.contrasts import CLEAR, ordered
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import half_unit
from review.extraction.vocabulary import Level

CLEAR_ADJUSTED: Final = 0.20
"""The same for adjusted effects: covariates may turn a small difference."""

SURE_OF_CHANGE: Final = 2.0
"""Standard errors of a mean change beyond which it is no chance that it goes the wrong way."""

NOBODY: Final = frozenset({"neither", "none", "no difference", "both"})
"""What `favours` says where the report sees no difference."""

_Place: TypeAlias = tuple[int, str, str, str, str]


def sign_findings(items: Sequence[Evidence]) -> Iterator[Finding]:
    """Yield contradictions of sign or direction, by place."""
    by_place: dict[_Place, list[Evidence]] = defaultdict(list)
    for item in items:
        if item.level is not Level.ASSOCIATION:
            key = (item.study_id, item.instrument, item.rater, item.timepoint, item.analysis_set)
            by_place[key].append(item)
    for group in by_place.values():
        arms = {item.arm.arm_id: item for item in group if item.level is Level.ARM}
        for arm in arms.values():
            yield from _change(arm)
        for a, b in ordered(list(arms.values())):
            yield from _words(a, b)
        for item in group:
            if item.level is Level.CONTRAST:
                yield from _against_arms(item, arms)
                yield from _against_words(item)


@dataclass(frozen=True, slots=True)
class _Difference:
    """How an arm stands to another by their own numbers."""

    higher: float
    """Positive where the first scored higher or had more events; as a standardized difference,
    a log ratio, or in points where no SD is known."""
    least: float
    """Its size from which the sign says something."""
    told: str


def _of_scores(a: Evidence, b: Evidence) -> _Difference | None:
    x, y = a.numbers, b.numbers
    one, two = arm_mean_sd(x), arm_mean_sd(y)
    if x.metric or y.metric:
        return None
    if one is not None and two is not None:
        pair = (one.mean, two.mean, math.sqrt((one.sd**2 + two.sd**2) / 2), "means")
    elif x.mean is not None and y.mean is not None:
        pair = (x.mean, y.mean, 0.0, "means")
    elif x.mean_change is not None and y.mean_change is not None:
        sds = [sd for sd in (x.sd_change, y.sd_change) if sd is not None]
        pair = (x.mean_change, y.mean_change, max(sds, default=0.0), "mean changes")
    else:
        return None
    m1, m2, sd, what = pair
    unit = sd or 1.0
    least = max(CLEAR if sd else 0.0, (half_unit(m1) + half_unit(m2)) / unit)
    return _Difference((m1 - m2) / unit, least, f"the {what} {m1:g} and {m2:g}")


def _of_events(a: Evidence, b: Evidence) -> _Difference | None:
    x, y = a.numbers, b.numbers
    if x.events is None or y.events is None:
        return None
    if x.person_years is not None and y.person_years is not None:
        r1, r2 = (x.events + 0.5) / x.person_years, (y.events + 0.5) / y.person_years
        told = (
            f"the events, {x.events} in {x.person_years:g} and {y.events} in {y.person_years:g} "
            "person-years,"
        )
        return _Difference(math.log(r1 / r2), CLEAR, told)
    if not x.n or not y.n:
        return None
    r1, r2 = (x.events + 0.5) / (x.n + 1), (y.events + 0.5) / (y.n + 1)
    told = f"the events, {x.events} of {x.n} and {y.events} of {y.n},"
    return _Difference(math.log(r1 / r2), CLEAR, told)


def _against_arms(item: Evidence, arms: dict[int, Evidence]) -> Iterator[Finding]:
    """A reported effect whose sign is opposite to the arms' own numbers."""
    x = item.numbers
    assert item.versus is not None
    a, b = arms.get(item.arm.arm_id), arms.get(item.versus.arm_id)
    sign = scored_higher(item)
    if a is None or b is None or sign is None:
        return
    ratio = printed_ratio(x) is not None or logged_ratio(x) is not None
    own = (_of_events(a, b) or _of_scores(a, b)) if ratio else (
        _of_scores(a, b) or _of_events(a, b)
    )  # fmt: skip
    effect = _effect(item)
    if own is None or effect is None:
        return
    value, told = effect
    least = max(own.least, CLEAR_ADJUSTED if x.adjusted else 0.0)
    floor = CLEAR_ADJUSTED if x.adjusted else CLEAR
    small = abs(value) < floor and (ratio or _is_standardized(item))
    if abs(own.higher) < least or small or sign * value * own.higher >= 0:
        return
    labels = (item.arm.label, item.versus.label)
    by_effect, by_own = labels if sign * value > 0 else labels[::-1]
    if item.higher_is_better is None:
        said = f"{told} says that {by_effect} scored higher, but {own.told} that {by_own} did"
    else:
        if not item.higher_is_better:
            by_effect, by_own = by_own, by_effect
        said = f"{told} favours {by_effect}, but {own.told} favour {by_own}"
    message = f"{said}: one of them has the wrong sign, or the arms are swapped"
    yield about(
        item, Kind.SIGN_CONFLICT, message, impossible=True, beside=(a, b),
        estimate=x.estimate, t=x.t,
        **_meaning(item),
        own=round(own.higher, 6),
    )  # fmt: skip


def _meaning(item: Evidence) -> dict[str, Any]:
    """Return what a positive estimate means, where that is not the default."""
    return {} if item.numbers.positive is None else {"positive": item.numbers.positive.value}


def _is_standardized(item: Evidence) -> bool:
    name = metric_name(item.numbers)
    return item.numbers.estimate is None or name not in ("MD", "MEAN DIFFERENCE")


def _effect(item: Evidence) -> tuple[float, str] | None:
    """Return a signed effect of a contrast, and what to call it; None where it has no sign."""
    x = item.numbers
    if is_eta_squared(x):
        return None
    if x.estimate is not None:
        name = x.metric or "estimate"
        if printed_ratio(x) is not None:
            if x.estimate <= 0:
                return None
            return math.log(x.estimate), f"the reported {name} {x.estimate:g}"
        return x.estimate, f"the reported {name} {x.estimate:g}"
    if x.t is not None and x.t < 0:
        return x.t, f"t {x.t:g}"
    return None


def _words(a: Evidence, b: Evidence) -> Iterator[Finding]:
    """The arms' own numbers against the arm that the report says did better."""
    if a.higher_is_better is None:
        return
    own = _of_scores(a, b) or _of_events(a, b)
    if own is None or own.higher == 0:
        return
    better, worse = (a, b) if (own.higher > 0) == a.higher_is_better else (b, a)
    for said in dict.fromkeys(x.favours for x in (a, b) if x.favours):
        if said != worse.arm.label:
            continue
        way = "higher" if a.higher_is_better else "lower"
        message = f"the report favours {said}, but {own.told} {better.arm.label} ({way} is better)"
        numbers: dict[str, Any] = {"mean": a.numbers.mean, "other_mean": b.numbers.mean}
        if a.numbers.events is not None and a.numbers.mean is None:
            numbers = {"events": a.numbers.events, "other_events": b.numbers.events}
        yield about(a, Kind.DIRECTION, message, beside=(b,), favours=said, **numbers)


def _against_words(item: Evidence) -> Iterator[Finding]:
    """An effect or a t against the arm that the report says did better."""
    x = item.numbers
    assert item.versus is not None
    said = item.favours
    if said is None or said.casefold() in NOBODY:
        return
    labels = (item.arm.label, item.versus.label)
    if said not in labels:
        message = (
            f"the report favours {said!r}, which is neither {labels[0]} nor {labels[1]}: an F or p "
            "without the arm that did better has no direction and is not used"
        )
        yield about(item, Kind.FAVOURS_UNKNOWN, message, favours=said)
        return
    way, better = towards(item), did_better(item)
    if x.estimate is not None:
        effect = _effect(item)
        if effect is None or better is None or effect[0] == 0:
            return
        shown = labels[0] if better * effect[0] > 0 else labels[1]
        if shown != said:
            message = f"the report favours {said}, but {effect[1]} favours {shown}"
            yield about(
                item, Kind.DIRECTION, message, favours=said, estimate=x.estimate,
                **_meaning(item),
            )  # fmt: skip
    elif x.t is not None and way is not None and x.t * way < 0:
        other = labels[1] if said == labels[0] else labels[0]
        taken = (
            f"the words are followed, as for a t printed without its sign; enter {-x.t:g} if "
            "that is so"
            if x.t > 0
            else "its sign is followed, not the words"
        )
        message = f"the report favours {said}, but t {x.t:g} favours {other}: {taken}"
        yield about(item, Kind.DIRECTION, message, favours=said, t=x.t)


def _change(item: Evidence) -> Iterator[Finding]:
    """A mean change of the wrong sign: against both means, or against the instrument."""
    x = item.numbers
    change = x.mean_change
    if change is None or change == 0:
        return
    if x.mean is not None and x.baseline_mean is not None:
        expected = x.mean - x.baseline_mean
        slack = half_unit(x.mean) + half_unit(x.baseline_mean) + half_unit(change)
        if expected * change < 0 and abs(expected) > slack:
            message = (
                f"mean change {change:g}, but from {x.baseline_mean:g} to {x.mean:g} it is "
                f"{expected:.4g}"
            )
            yield about(
                item, Kind.CHANGE_DIRECTION, message, impossible=True,
                mean_change=change, mean=x.mean, baseline_mean=x.baseline_mean,
            )  # fmt: skip
            return
    if item.higher_is_better is None or (change > 0) == item.higher_is_better:
        return
    sd = x.sd_change if x.sd_change is not None else x.baseline_sd
    if sd and x.n and abs(change) < SURE_OF_CHANGE * sd / math.sqrt(x.n):
        return
    way = "higher" if item.higher_is_better else "lower"
    message = (
        f"a mean change of {change:+g} is a worsening, as {way} is better on "
        f"{item.instrument_name}: was an improvement entered without its sign?"
    )
    yield about(item, Kind.CHANGE_DIRECTION, message, mean_change=change, sd=sd, n=x.n)
