"""Standard errors, variances and standard deviations in one another's column."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from statistics import median
from typing import Any, Final

from review.extraction.conversion import (
    COHEN,
    MEAN_DIFFERENCE,
    STANDARDIZED,
    logged_ratio,
    metric_name,
    scale_of,
    variance_of,
)
from review.extraction.evidence import Evidence
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import half_unit
from review.extraction.vocabulary import Level

MARGIN: Final = math.log(2)
"""By how much another reading of a spread must fit better: a factor of two (log scale)."""

FAR: Final = math.log(4)
"""Ratio to the others' median SD beyond which a spread is asked about without an explanation."""

OUTLYING: Final = 3.5
"""Robust standardized distance of a log SD from the others (Iglewicz & Hoaglin 1993)."""

LEAST_SPREADS: Final = 8
"""Spreads of an instrument from which their own scatter says what is far."""

LEAST_OTHERS: Final = 3
"""Spreads of other results of the instrument that a comparison needs."""

PRECISE: Final = 0.5
"""Share of the variance that sizes and effect imply, below which an estimate is too precise."""


def spread_findings(
    items: Sequence[Evidence], only: Collection[int] | None = None
) -> Iterator[Finding]:
    """Yield doubts about SD, SE and variance (of some studies), each beside its instrument's."""
    own = items if only is None else [item for item in items if item.study_id in only]
    instruments = {item.instrument for item in own}
    by_instrument: dict[str, list[Evidence]] = defaultdict(list)
    for item in items:
        if item.level is Level.ARM and item.instrument in instruments:
            by_instrument[item.instrument].append(item)
    for group in by_instrument.values():
        yield from _among(group, only)
    for item in own:
        if item.level is Level.CONTRAST:
            yield from _of_difference(item, by_instrument[item.instrument])
    for item in own:
        yield from _alone(item)
        yield from _of_estimate(item)


def _of_difference(item: Evidence, arms: Sequence[Evidence]) -> Iterator[Finding]:
    """The SD that a mean difference's SE holds, beside the SDs of other studies' arms.

    Clusters and covariates move it, but not four-fold: that is another unit, or a standardized one.
    """
    x = item.numbers
    if metric_name(x) not in MEAN_DIFFERENCE or logged_ratio(x) is not None:
        return
    found = variance_of(x)
    if found is None or found[0] <= 0 or not x.n or not x.versus_n:
        return
    own = math.log(found[0] / (1 / x.n + 1 / x.versus_n)) / 2
    others = sorted(
        math.log(sd)
        for arm in arms
        if arm.study_id != item.study_id and (sd := _sd(arm)) is not None
    )
    usual = _median_without(others, ())
    if usual is None or abs(own - usual) <= FAR:
        return
    what = "is it standardized (metric SMD)" if own < usual else "is its SE an SD"
    message = (
        f"the spread of {x.metric} {x.estimate:g} holds an SD of {math.exp(own):.3g}, where "
        f"other results with {item.instrument_name} have {math.exp(usual):.3g} (median): {what}?"
    )
    yield about(
        item, Kind.SD_UNLIKE_OTHERS, message,
        estimate=x.estimate, sd=round(math.exp(own), 6), n=x.n, versus_n=x.versus_n,
    )  # fmt: skip


def _sd(item: Evidence) -> float | None:
    """Return the SD that a row implies."""
    x = item.numbers
    if x.sd is not None:
        return x.sd if x.sd > 0 else None
    if x.se is not None and x.n is not None and x.mean is not None:
        return x.se * math.sqrt(x.n)
    return None


def _among(group: Sequence[Evidence], only: Collection[int] | None) -> Iterator[Finding]:
    spreads = [(item, math.log(sd)) for item in group if (sd := _sd(item)) is not None]
    ranked = sorted(log for _, log in spreads)
    scatter = _scatter(ranked)
    of_study: dict[int, list[float]] = defaultdict(list)
    for item, own in spreads:
        of_study[item.study_id].append(own)
    for item, own in spreads:
        if only is not None and item.study_id not in only:
            continue
        usual = _median_without(ranked, of_study[item.study_id])
        if usual is None:
            usual = _median_without(ranked, [own])
        if usual is None:
            continue
        found = _explained(item, own, usual) or _unexplained(item, own, usual, scatter)
        if found is not None:
            yield found


def _median_without(ranked: Sequence[float], left_out: Sequence[float]) -> float | None:
    """Return the median of sorted values but some; None where fewer than three are left.

    Only the middle is looked at, so that a review of thousands of results is checked in seconds.
    """
    count = len(ranked) - len(left_out)
    if count < LEAST_OTHERS:
        return None
    start = max(0, count // 2 - len(left_out) - 1)
    gone = Counter(bisect_left(ranked, value) for value in left_out)
    places = sorted(place + k for place, times in gone.items() for k in range(times))
    skipped = bisect_left(places, start)
    kept: list[float] = []
    position, rank = start, start - skipped
    while rank <= count // 2:
        if skipped < len(places) and places[skipped] == position:
            skipped += 1
        else:
            kept.append(ranked[position])
            rank += 1
        position += 1
    return kept[-1] if count % 2 else (kept[-1] + kept[-2]) / 2


def _explained(item: Evidence, own: float, usual: float) -> Finding | None:
    """Return the doubt whose reading fits the other results better by a factor of two."""
    x = item.numbers
    away = abs(own - usual)
    if x.sd is not None:
        readings = [(Kind.VARIANCE_AS_SD, own / 2, "a variance")]
        if x.n is not None:
            readings.append((Kind.SE_AS_SD, own + math.log(x.n) / 2, "a standard error"))
    else:
        assert x.se is not None
        readings = [(Kind.SD_AS_SE, math.log(x.se), "a standard deviation")]
    kind, reading, what = min(readings, key=lambda r: abs(r[1] - usual))
    if abs(reading - usual) + MARGIN >= away:
        return None
    column, value = ("sd", x.sd) if x.sd is not None else ("se", x.se)
    assert value is not None
    message = (
        f"{column} {value:g} looks like {what}: read so, the SD is {math.exp(reading):.3g}, and "
        f"other results with {item.instrument_name} have {math.exp(usual):.3g} (median)"
    )
    return about(
        item, kind, message,
        **dict[str, Any]({column: value, "n": x.n, "sd_read_so": round(math.exp(reading), 6)}),
    )  # fmt: skip


def _scatter(ranked: Sequence[float]) -> float | None:
    """Return the robust SD of sorted log SDs; None where there are too few to tell."""
    if len(ranked) < LEAST_SPREADS:
        return None
    centre = median(ranked)
    return 1.4826 * median(abs(value - centre) for value in ranked)


def _unexplained(item: Evidence, own: float, usual: float, scatter: float | None) -> Finding | None:
    x = item.numbers
    far = FAR
    if scatter is not None and x.n is not None and x.n > 1:
        # a log SD of n normal scores has about the variance 1/(2(n - 1))
        far = min(FAR, max(MARGIN, OUTLYING * math.sqrt(scatter**2 + 1 / (2 * (x.n - 1)))))
    if abs(own - usual) <= far:
        return None
    message = (
        f"an SD of {math.exp(own):.3g}, where other results with {item.instrument_name} have "
        f"{math.exp(usual):.3g} (median)"
    )
    return about(item, Kind.SD_UNLIKE_OTHERS, message, sd=round(math.exp(own), 6), n=x.n)


def _alone(item: Evidence) -> Iterator[Finding]:
    x = item.numbers
    for name in ("sd", "baseline_sd", "sd_change"):
        if getattr(x, name) == 0:
            yield about(
                item,
                Kind.SD_ZERO,
                f"{name} is 0: every participant alike?",
                **dict[str, Any]({name: 0.0}),
            )
    for mean_name, sd_name in (("mean", "sd"), ("baseline_mean", "baseline_sd")):
        mean, sd = getattr(x, mean_name), getattr(x, sd_name)
        if mean is not None and sd is not None and x.metric is None:
            yield from _beyond_bounds(item, mean_name, mean, sd_name, sd)
    if (
        x.sd is not None and x.mean is not None and x.n is not None
        and 0 < x.sd < 0.02 * abs(x.mean) and x.n > 30
    ):  # fmt: skip
        message = f"sd {x.sd:g} is under 2 % of the mean {x.mean:g} with {x.n} persons"
        yield about(item, Kind.SE_AS_SD, message, sd=x.sd, mean=x.mean, n=x.n)


def _beyond_bounds(
    item: Evidence, mean_name: str, mean: float, sd_name: str, sd: float
) -> Iterator[Finding]:
    """The greatest SD of n scores between bounds: all at an end, sqrt((m-a)(b-m)n/(n-1))."""
    x = item.numbers
    low, high = item.scale.lowest, item.scale.highest
    if low is None or high is None or x.n is None or x.n < 2 or not low <= mean <= high:
        return
    slack = half_unit(mean)
    inside = max((mean + slack - low) * (high - mean + slack), 0.0)
    greatest = math.sqrt(inside * x.n / (x.n - 1))
    if sd - half_unit(sd) > greatest:
        message = (
            f"{sd_name} {sd:g} cannot be: scores from {low:g} to {high:g} with mean {mean:g} have "
            f"an SD of {greatest:.3g} at most"
        )
        numbers: dict[str, Any] = {
            mean_name: mean,
            sd_name: sd,
            "n": x.n,
            "lowest": low,
            "highest": high,
        }
        yield about(item, Kind.SD_IMPOSSIBLE, message, impossible=True, **numbers)


def _implied_variance(item: Evidence) -> float | None:
    """Return the sampling variance that sizes and effect imply, of standardized measures.

    Of one arm's standardized change with a correlation of 0.5 of the occasions, (1 + d²/2)/n; of
    two arms, 1/n1 + 1/n2 + d²/(2(n1 + n2)); of a log odds ratio at least 4/n1 + 4/n2; of a
    correlation (1 - r²)²/(n - 1) (Borenstein et al. 2009, chapters 4 to 6).
    """
    x = item.numbers
    if x.estimate is None or x.n is None:
        return None
    name = (x.metric or "").strip().upper()
    y, n = x.estimate, x.n
    standardized = name in STANDARDIZED | COHEN or "STANDARDI" in name
    if item.level is Level.ASSOCIATION:
        known = name in ("R", "COR", "PARTIAL R", "PCOR") and n > 3 and abs(y) < 1
        return (1 - y**2) ** 2 / (n - 1) if known else None
    if item.level is Level.ARM:
        return (1 + y**2 / 2) / n if standardized else None
    if x.versus_n is None:
        return None
    if standardized:
        return 1 / n + 1 / x.versus_n + y**2 / (2 * (n + x.versus_n))
    return 4 / n + 4 / x.versus_n if scale_of(x) == "log OR" else None


def _of_estimate(item: Evidence) -> Iterator[Finding]:
    x = item.numbers
    implied = _implied_variance(item)
    if implied is None:
        return
    # one arm's change: the part of the effect's size varies with its own SD, so 1/n is the least
    least = 1 / x.n if item.level is Level.ARM and x.n else implied
    told: dict[str, Any] = {"estimate": x.estimate, "n": x.n, "versus_n": x.versus_n}
    if x.se is not None and x.se**2 < PRECISE * least:
        like = 0.2 < x.se / implied < 5
        message = f"se {x.se:g}: sizes and effect imply {math.sqrt(implied):.3g}" + (
            f"; as a variance it would fit ({implied:.3g})" if like else ""
        )
        kind = Kind.VARIANCE_AS_SE if like else Kind.TOO_PRECISE
        yield about(item, kind, message, se=x.se, **told)
    if x.variance is not None and x.variance > 4 * implied:
        if 0.4 < x.variance / math.sqrt(implied) < 2.5:
            message = (
                f"variance {x.variance:g}: sizes and effect imply {implied:.3g}; as a standard "
                f"error it would fit ({math.sqrt(implied):.3g})"
            )
            yield about(item, Kind.SE_AS_VARIANCE, message, variance=x.variance, **told)
    elif x.variance is not None and x.variance < PRECISE * least:
        message = f"variance {x.variance:g}: sizes and effect imply {implied:.3g}"
        yield about(item, Kind.TOO_PRECISE, message, variance=x.variance, **told)
