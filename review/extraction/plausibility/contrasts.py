"""Differences between arms: size, direction, baseline, and the tests that reports print."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from review.effects.quantiles import t_from_p
from review.extraction.conversion import arm_mean_sd, contrast_effect, printed_ratio, two_sided
from review.extraction.designs import design_of
from review.extraction.evidence import ArmSide, Evidence, scored_higher
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import half_unit
from review.extraction.vocabulary import ArmRole, Level, Randomised
from review.measures import Measure

CLEAR: Final = 0.05
"""Standardized difference from which a sign says something."""

UNBALANCED: Final = 5.0
"""Ratio of arms' sizes that is asked about."""

BASELINE_Z, BASELINE_G = 3.0, 0.5
"""Baseline differences are due to chance after randomisation: both must be exceeded."""

SLACK: Final = 0.10
"""Relative disagreement of statistics that rounding and small corrections explain."""

BASELINE: Final = frozenset({"baseline", "pre", "pretreatment", "pre-treatment", "intake"})

_Place: TypeAlias = tuple[int, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms of a study on one instrument, rater, timepoint and set, standardized."""

    item: Evidence
    other: Evidence
    d: float
    """Cohen's d of item minus other, higher scores positive."""
    se: float
    difference: float


def contrast_findings(items: Sequence[Evidence]) -> Iterator[Finding]:
    """Yield doubts about differences between arms."""
    for group in by_place(items):
        arms = [item for item in group if item.level is Level.ARM]
        contrasts = [item for item in group if item.level is Level.CONTRAST]
        here = [p for a, b in ordered(arms) if (p := pair_of(a, b)) is not None]
        for a, b in ordered(arms):
            yield from _sizes(a, b)
            yield from _baseline(a, b)
        yield from _control_twice(contrasts)
        found = {(p.item.arm.arm_id, p.other.arm.arm_id): p for p in here}
        for contrast in contrasts:
            yield from _reported(contrast, found)
            yield from _interval(contrast)
        for arm in arms:
            yield from _interval_of_mean(arm)


def by_place(items: Sequence[Evidence]) -> list[list[Evidence]]:
    """Return results of one study, instrument, rater, timepoint and set together."""
    found: dict[_Place, list[Evidence]] = defaultdict(list)
    for item in items:
        key = (item.study_id, item.instrument, item.rater, item.timepoint, item.analysis_set)
        found[key].append(item)
    return list(found.values())


def _rank(arm: ArmSide) -> tuple[int, str, str]:
    """Interventions first, then by treatment: the same order in every study."""
    role = {ArmRole.INTERVENTION: 0, None: 1, ArmRole.ACTIVE_CONTROL: 2}.get(arm.role, 3)
    return role, arm.treatment, arm.delivery_mode or ""


def ordered(arms: Sequence[Evidence]) -> Iterator[tuple[Evidence, Evidence]]:
    """Yield every two arms, interventions first."""
    yield from itertools.combinations(sorted(arms, key=lambda item: _rank(item.arm)), 2)


def is_baseline(item: Evidence) -> bool:
    """Whether a result is of before treatment."""
    return item.weeks == 0 or item.timepoint.casefold() in BASELINE


def pair_of(a: Evidence, b: Evidence) -> Pair | None:
    """Return two arms' means standardized by their SDs; None where they do not give that."""
    x, y = a.numbers, b.numbers
    one = arm_mean_sd(x, standardizes=True, design=design_of(a))
    two = arm_mean_sd(y, standardizes=True, design=design_of(b))
    if one is None or two is None or x.n is None or y.n is None or x.metric or y.metric:
        return None
    df = x.n + y.n - 2
    if df < 1:
        return None
    pooled = math.sqrt(((x.n - 1) * one.sd**2 + (y.n - 1) * two.sd**2) / df)
    if pooled == 0:
        return None
    difference = one.mean - two.mean
    d = difference / pooled
    se = math.sqrt(1 / x.n + 1 / y.n + d**2 / (2 * (x.n + y.n)))
    return Pair(a, b, d, se, difference)


def _sizes(a: Evidence, b: Evidence) -> Iterator[Finding]:
    x, y = a.numbers, b.numbers
    if x.n is None or y.n is None or max(x.n, y.n) <= UNBALANCED * min(x.n, y.n):
        return
    larger, smaller = (a, b) if x.n > y.n else (b, a)
    message = f"n {larger.numbers.n} beside n {smaller.numbers.n} in {smaller.arm.label}"
    yield about(
        larger,
        Kind.ARMS_UNEQUAL,
        message,
        beside=(smaller,),
        n=larger.numbers.n,
        other_n=smaller.numbers.n,
    )


def _baseline(a: Evidence, b: Evidence) -> Iterator[Finding]:
    x, y = a.numbers, b.numbers
    if a.design.randomised is Randomised.NOT_RANDOMISED or x.n is None or y.n is None:
        return
    if is_baseline(a):
        told = (x.mean, x.sd, y.mean, y.sd)
    else:
        told = (x.baseline_mean, x.baseline_sd, y.baseline_mean, y.baseline_sd)
    m1, s1, m2, s2 = told
    if m1 is None or s1 is None or m2 is None or s2 is None or x.n + y.n < 4:
        return
    pooled = math.sqrt(((x.n - 1) * s1**2 + (y.n - 1) * s2**2) / (x.n + y.n - 2))
    if pooled == 0:
        return
    d = (m1 - m2) / pooled
    z = d / math.sqrt(1 / x.n + 1 / y.n)
    if abs(z) > BASELINE_Z and abs(d) > BASELINE_G:
        message = (
            f"baseline means {m1:g} and {m2:g} ({b.arm.label}) are {abs(d):.2f} SD apart, "
            f"{abs(z):.1f} standard errors: the arms were drawn by lot"
        )
        yield about(
            a,
            Kind.BASELINE_IMBALANCE,
            message,
            beside=(b,),
            mean=m1,
            other_mean=m2,
            sd=s1,
            other_sd=s2,
        )


def _control_twice(contrasts: Sequence[Evidence]) -> Iterator[Finding]:
    seen: dict[int, Evidence] = {}
    for item in contrasts:
        for side in (item.arm, item.versus):
            if side is None:
                continue
            if side.arm_id in seen:
                message = (
                    f"participants of {side.label} are also in the contrast "
                    f"{seen[side.arm_id].place}; pooled together they would count twice"
                )
                yield about(
                    item, Kind.CONTROL_TWICE, message, arm=side.label,
                    estimate=item.numbers.estimate,
                    other_estimate=seen[side.arm_id].numbers.estimate,
                )  # fmt: skip
            else:
                seen[side.arm_id] = item


def _reported(item: Evidence, pairs: Mapping[tuple[int, int], Pair]) -> Iterator[Finding]:
    """A contrast's own statistics against its arms' means, SDs and sizes."""
    x = item.numbers
    assert item.versus is not None
    design = design_of(item)
    if design.adjusted or design.clusters is not None or design.paired:
        return
    ids = (item.arm.arm_id, item.versus.arm_id)
    pair, sign = pairs.get(ids), 1.0
    if pair is None:
        pair, sign = pairs.get((ids[1], ids[0])), -1.0
    if pair is None:
        return
    both = (pair.item, pair.other)
    low, high = _t_range(pair)
    if sign < 0:
        low, high = -high, -low
    middle = (low + high) / 2
    told: dict[str, Any] = {"t_of_means": round(middle, 4)}
    if x.t is not None:
        wide = SLACK * abs(x.t) + half_unit(x.t) + 0.05
        if not low - wide <= x.t <= high + wide:
            message = f"t {x.t:g}, but means, SDs and sizes give {middle:.3g}"
            yield about(item, Kind.TEST_MISMATCH, message, beside=both, t=x.t, **told)
    if x.p is not None:
        yield from _p_against_t(item, pair, max(0.0, _least(low, high)), max(-low, high), told)
    if x.p_below is not None and x.p_below < 1:
        df = float(_df(pair))
        needed = t_from_p(two_sided(x, x.p_below), df)
        if max(-low, high) < needed * (1 - SLACK):
            message = f"p < {x.p_below:g} needs |t| {needed:.3g}; the means give {middle:.3g}"
            yield about(item, Kind.TEST_MISMATCH, message, beside=both, p_below=x.p_below, **told)
    effect = contrast_effect(x, Measure.SMD, design=design) if x.estimate is not None else None
    turn = scored_higher(item)
    if effect is not None and turn is not None:
        d = turn * sign * pair.d
        opposite = (
            effect.estimate * d < 0 and min(abs(effect.estimate), abs(d)) >= CLEAR
        )  # a doubt of its own: see `signs`
        if not opposite and abs(effect.estimate - d) > 2 * SLACK * abs(d) + 0.1:
            message = f"estimate {x.estimate:g}, but means, SDs and sizes give d {d:.3g}"
            yield about(
                item,
                Kind.TEST_MISMATCH,
                message,
                beside=both,
                estimate=x.estimate,
                d_of_means=round(d, 4),
            )


def _df(pair: Pair) -> int:
    assert pair.item.numbers.n is not None
    assert pair.other.numbers.n is not None
    return pair.item.numbers.n + pair.other.numbers.n - 2


def _least(low: float, high: float) -> float:
    """The smallest absolute value of an interval."""
    return 0.0 if low <= 0 <= high else min(abs(low), abs(high))


def _t_range(pair: Pair) -> tuple[float, float]:
    """The t that means and SDs allow before they were rounded."""
    a, b = pair.item, pair.other
    assert a.numbers.n is not None
    assert b.numbers.n is not None
    slack = sum(half_unit(x.numbers.mean) for x in (a, b) if x.numbers.mean is not None)
    root = math.sqrt(1 / a.numbers.n + 1 / b.numbers.n)
    sd = pair.difference / pair.d if pair.d else 1.0
    spare = max((half_unit(x.numbers.sd) for x in (a, b) if x.numbers.sd is not None), default=0.0)
    narrow, wide = max(sd - spare, sd / 2), sd + spare
    ends = [
        (pair.difference + sign * slack) / (spread * root)
        for sign in (-1, 1)
        for spread in (narrow, wide)
    ]
    return min(ends), max(ends)


def _p_against_t(
    item: Evidence, pair: Pair, least: float, most: float, told: Mapping[str, Any]
) -> Iterator[Finding]:
    x = item.numbers
    assert x.p is not None
    df = float(_df(pair))
    p = two_sided(x, x.p)
    slack = min(half_unit(x.p), 0.005) * (2 if x.p_sides == 1 else 1) if p != 0 else 0.0005
    top = t_from_p(max(p - slack, 1e-300), df)
    bottom = t_from_p(min(p + slack, 1.0), df)
    if bottom * (1 - SLACK) - 0.05 > most or top * (1 + SLACK) + 0.05 < least:
        message = (
            f"p {x.p:g} belongs to |t| {t_from_p(max(p, 1e-300), df):.3g}, but means, SDs "
            f"and sizes give {told['t_of_means']:.3g}"
        )
        both = (pair.item, pair.other)
        yield about(item, Kind.TEST_MISMATCH, message, beside=both, p=x.p, **told)


def _interval_of_mean(item: Evidence) -> Iterator[Finding]:
    """A mean in the middle of its interval: else it is of another scale, or a slip of the pen."""
    x = item.numbers
    mean = x.mean if x.mean is not None else x.mean_change
    low, high = x.ci_low, x.ci_high
    if mean is None or low is None or high is None or x.estimate is not None:
        return
    told: dict[str, Any] = {"mean": mean, "ci_low": low, "ci_high": high}
    slack = half_unit(mean) + max(half_unit(low), half_unit(high))
    if not low - slack <= mean <= high + slack:
        message = f"the mean {mean:g} lies outside its interval {low:g} to {high:g}"
        yield about(item, Kind.INTERVAL_MISMATCH, message, impossible=True, **told)
    elif abs((low + high) / 2 - mean) > SLACK * (high - low) / 2 + slack:
        message = f"the mean {mean:g} is not in the middle of its interval {low:g} to {high:g}"
        yield about(item, Kind.INTERVAL_MISMATCH, message, **told)


def _interval(item: Evidence) -> Iterator[Finding]:
    """An estimate against its own interval, SE and ratio scale."""
    y, low, high = item.numbers.estimate, item.numbers.ci_low, item.numbers.ci_high
    ratio = printed_ratio(item.numbers) is not None
    if ratio and any(x is not None and x <= 0 for x in (y, low, high)):
        message = "a ratio is above zero; was its logarithm entered?"
        yield about(
            item, Kind.NOT_A_RATIO, message, impossible=True, estimate=y, ci_low=low, ci_high=high
        )
        return
    if y is None or low is None or high is None:
        return
    told: dict[str, Any] = {"estimate": y, "ci_low": low, "ci_high": high}
    slack = half_unit(y) + max(half_unit(low), half_unit(high))
    if not low - slack <= y <= high + slack:
        message = f"the estimate {y:g} lies outside its interval {low:g} to {high:g}"
        yield about(item, Kind.INTERVAL_MISMATCH, message, impossible=True, **told)
        return
    if ratio:
        slack = math.log1p(slack / low)
        y, low, high = math.log(y), math.log(low), math.log(high)
    half = (high - low) / 2
    if abs((low + high) / 2 - y) > SLACK * half + slack:
        message = (
            f"the estimate {item.numbers.estimate:g} is not in the middle of its interval "
            f"{item.numbers.ci_low:g} to {item.numbers.ci_high:g}"
        )
        yield about(item, Kind.INTERVAL_MISMATCH, message, **told)
    if item.numbers.se is not None and not ratio:
        level = item.numbers.ci_level if item.numbers.ci_level is not None else 0.95
        implied = half / _normal(level)
        if abs(item.numbers.se - implied) > SLACK * implied + slack + half_unit(item.numbers.se):
            message = f"se {item.numbers.se:g}, but the interval implies {implied:.3g}"
            yield about(item, Kind.INTERVAL_MISMATCH, message, se=item.numbers.se, **told)


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
