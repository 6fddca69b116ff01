"""A contrast's own statistics against one another, and what of its analysis is not said."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review.effects.quantiles import t_from_p
from review.extraction.conversion import (
    CHANGE_DIFFERENCE,
    MEAN_DIFFERENCE,
    logged_ratio,
    metric_name,
    printed_ratio,
    two_sided,
    useless_metric,
    variance_of,
)
from review.extraction.designs import arms_sd, design_of, is_adjusted
from review.extraction.evidence import Evidence
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import half_unit
from review.extraction.vocabulary import Level, Randomised

SLACK: Final = 0.05
"""Relative disagreement of two tests that other degrees of freedom explain (Welch, mixed model)."""

SPREAD: Final = 0.10
"""Relative disagreement of two SDs that unequal arms and few decimals explain."""

LARGE_SAMPLE: Final = 1e6
"""Degrees of freedom of a p whose sizes are not known: as of a normal test."""


def statistic_findings(items: Sequence[Evidence]) -> Iterator[Finding]:
    """Yield doubts about tests that do not fit one another, and analyses that are not said."""
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for item in items:
        by_study[item.study_id].append(item)
    for of_study in by_study.values():
        arms = {side.arm_id for i in of_study for side in (i.arm, i.versus) if side is not None}
        for item in of_study:
            if item.level is Level.CONTRAST:
                yield from _among_themselves(item)
                yield from _unsaid(item, arms=len(arms))
                yield from _against_the_arms(item, of_study)


@dataclass(frozen=True, slots=True)
class _Range:
    """The absolute t that a statistic allows before it was rounded."""

    called: str
    low: float
    high: float

    def fits(self, other: _Range) -> bool:
        """Whether the two can be of one test."""
        slack = SLACK * max(self.low, other.low) + 0.05
        return self.low <= other.high + slack and other.low <= self.high + slack

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def _ranges(item: Evidence) -> Iterator[_Range]:
    x = item.numbers
    if x.t is not None:
        slack = half_unit(x.t)
        yield _Range(f"t {x.t:g}", max(0.0, abs(x.t) - slack), abs(x.t) + slack)
    if x.f is not None and (x.df1 is None or x.df1 == 1):
        slack = half_unit(x.f)
        low, high = max(0.0, x.f - slack), x.f + slack
        yield _Range(f"F {x.f:g}", math.sqrt(low), math.sqrt(high))
    if x.p is not None and x.p > 0:
        sizes = x.n is not None and x.versus_n is not None
        df = float((x.n or 0) + (x.versus_n or 0) - 2) if sizes else LARGE_SAMPLE
        p, wide = two_sided(x, x.p), half_unit(x.p) * (2 if x.p_sides == 1 else 1)
        if df >= 1:  # of a normal test, or of Student's
            yield _Range(
                f"p {x.p:g}",
                t_from_p(min(1.0, p + wide), LARGE_SAMPLE),
                t_from_p(max(1e-300, p - wide), df),
            )
    if useless_metric(metric_name(x)):
        return
    ratio = printed_ratio(x) is not None
    found = variance_of(x) if x.estimate is not None and not ratio else None
    if found is not None and x.estimate is not None and x.se is not None and found[0] > 0:
        y, se = abs(x.estimate), math.sqrt(found[0])
        spare = half_unit(x.se)
        low = max(0.0, y - half_unit(x.estimate)) / (se + spare)
        high = (y + half_unit(x.estimate)) / (se - spare if se > 2 * spare else se / 2)
        yield _Range("estimate over SE", low, high)
    else:
        yield from _of_interval(item)


def _of_interval(item: Evidence) -> Iterator[_Range]:
    """What an interval of the level that is said makes of its estimate: 90 % limits show here."""
    x = item.numbers
    from scipy.special import ndtri

    if x.estimate is None or x.ci_low is None or x.ci_high is None:
        return
    numbers = (x.estimate, x.ci_low, x.ci_high)
    if logged_ratio(x) is None and printed_ratio(x) is not None:
        if min(numbers) <= 0:
            return
        y, low, high = (math.log(value) for value in numbers)
        slack = [half_unit(value) / value for value in numbers]
    else:
        y, low, high = numbers
        slack = [half_unit(value) for value in numbers]
    level = x.ci_level if x.ci_level is not None else 0.95
    limit, half = float(ndtri((1 + level) / 2)), (high - low) / 2
    spare = (slack[1] + slack[2]) / 2
    if half <= 2 * spare:
        return  # rounded too far to tell
    sizes = x.n is not None and x.versus_n is not None
    df = float((x.n or 0) + (x.versus_n or 0) - 2) if sizes else LARGE_SAMPLE
    wide = t_from_p(1 - level, max(df, 1.0))  # of a normal interval, or of Student's
    yield _Range(
        f"the estimate in its {100 * level:g} % interval",
        max(0.0, abs(y) - slack[0]) * limit / (half + spare),
        (abs(y) + slack[0]) * wide / (half - spare),
    )


def _among_themselves(item: Evidence) -> Iterator[Finding]:
    """Every two statistics of one contrast: one test cannot give both."""
    x = item.numbers
    given = list(_ranges(item))
    told: dict[str, Any] = {
        "t": x.t, "f": x.f, "p": x.p, "estimate": x.estimate, "se": x.se,
    }  # fmt: skip
    for one, other in itertools.combinations(given, 2):
        if not one.fits(other):
            asked = [
                words
                for words, may in (
                    ("is F of several arms (df1)", x.f is not None),
                    ("is p one-sided (p_sides)", x.p is not None and x.p_sides is None),
                    ("is the interval of another level (ci_level)", "interval" in other.called),
                )
                if may
            ]
            message = (
                f"{one.called} is |t| {one.middle:.3g}, {other.called} is |t| {other.middle:.3g}: "
                "they are not of one test"
            )
            if asked:
                message += f"; {', or '.join(asked)}?"
            yield about(item, Kind.TEST_MISMATCH, message, **told)
            return


def _unsaid(item: Evidence, *, arms: int) -> Iterator[Finding]:
    """What the analysis behind a statistic did, where the effect depends on it."""
    if (
        item.numbers.f is not None
        and item.numbers.df1 is None
        and arms > 2
        and item.numbers.t is None
    ):
        message = (
            f"the trial has {arms} arms: is F {item.numbers.f:g} of these two alone? Say so in df1"
        )
        yield about(item, Kind.F_UNSAID, message, f=item.numbers.f, arms=arms)
    statistic = any(
        x is not None
        for x in (
            item.numbers.se,
            item.numbers.variance,
            item.numbers.ci_low,
            item.numbers.t,
            item.numbers.f,
            item.numbers.p,
        )
    )
    clustered = item.design.randomised is Randomised.CLUSTER
    if clustered and statistic and item.clusters_analysed is None:
        message = (
            "randomised by clusters: whether SE, interval, t or p take account of them is not said "
            "(clusters_analysed); they are taken not to, and the variance is inflated"
        )
        yield about(
            item,
            Kind.CLUSTERS_UNSAID,
            message,
            se=item.numbers.se,
            t=item.numbers.t,
            p=item.numbers.p,
        )


def _against_the_arms(item: Evidence, of_study: Sequence[Evidence]) -> Iterator[Finding]:
    """The SD that a difference's SE holds against the SD of scores: an adjustment shows there."""
    x = item.numbers
    design = design_of(item)
    if is_adjusted(item) or design.clusters is not None or design.paired or x.se is None:
        return
    name = metric_name(x)
    if name not in MEAN_DIFFERENCE | CHANGE_DIFFERENCE or logged_ratio(x):
        return
    if x.n is None or x.versus_n is None:
        return
    arms = arms_sd(item, of_study)
    sd = x.sd if x.sd is not None else arms.gives["sd"] if arms is not None else None
    implied = x.se / math.sqrt(1 / x.n + 1 / x.versus_n)
    if not sd or abs(implied - sd) <= SPREAD * sd + half_unit(sd):
        return
    if half_unit(x.se) / x.se > SPREAD / 2:
        return  # rounded too far to tell
    why = (
        "is it adjusted for covariates (adjusted)?"
        if implied < sd
        else "does it take account of clusters (clusters_analysed), or are the sizes others?"
    )
    message = f"se {x.se:g} holds an SD of {implied:.3g}, where scores have {sd:.3g}: {why}"
    yield about(item, Kind.SPREAD_MISMATCH, message, se=x.se, sd=round(sd, 6))
