"""Effects unlike those of other trials: of means, of contrasts, of arms' own estimates."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from review.extraction.conversion import (
    COHEN,
    STANDARDIZED,
    contrast_effect,
    metric_name,
    printed_ratio,
    variance_of,
)
from review.extraction.designs import design_of
from review.extraction.evidence import ArmSide, Evidence, did_better
from review.extraction.plausibility.contrasts import by_place, is_baseline, ordered, pair_of
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.vocabulary import ArmRole, Level
from review.measures import Measure

LARGE: Final = 2.5
"""|g| beyond which an effect is asked about (issue: effects beyond |g| 2.5)."""

LEAST_OTHERS: Final = 5
"""Effects of other studies that a comparison with them needs."""

OUTLYING: Final = 3.5
"""Robust standardized distance from the other studies (Iglewicz & Hoaglin 1993)."""

NOTEWORTHY: Final = 0.8
"""Distance from the median of the others on the scale of g, below which none is asked about."""


@dataclass(frozen=True, slots=True)
class _Effect:
    item: Evidence
    y: float
    """On the scale of g, positive where the first arm did better if that is known."""
    se: float
    told: Mapping[str, Any]
    scale: str = ""
    """The metric of arms' own estimates, which are compared among themselves."""
    standardized: bool = True

    @property
    def words(self) -> str:
        """What the effect is, in a sentence."""
        what = "a standardized difference" if self.standardized else "a difference of estimates"
        return f"{what} of {self.y:.2f}"


def unusual_findings(
    items: Sequence[Evidence], only: Collection[int] | None = None
) -> Iterator[Finding]:
    """Yield doubts about effects (of some studies) that are very large, or unlike the others'."""
    outcomes = {item.outcome for item in items if only is None or item.study_id in only}
    items = [item for item in items if item.outcome in outcomes]
    groups: dict[tuple[str, ...], list[_Effect]] = defaultdict(list)
    for group in by_place(items):
        arms = [item for item in group if item.level is Level.ARM and not is_baseline(item)]
        for a, b in ordered(arms):
            found = _of_means(a, b) or _of_estimates(a, b)
            if found is not None:
                groups[(*_group(a, a.arm, b.arm), found.scale)].append(found)
    for item in items:
        if (
            item.level is Level.CONTRAST
            and item.versus is not None
            and item.numbers.estimate is not None
        ):
            effect = contrast_effect(item.numbers, Measure.SMD, design=design_of(item))
            if effect is not None:
                better = did_better(item)
                groups[(*_group(item, item.arm, item.versus), "")].append(
                    _Effect(
                        item,
                        (better or 1.0) * effect.estimate,
                        math.sqrt(effect.variance),
                        {"estimate": item.numbers.estimate, "se": item.numbers.se},
                    )
                )
    for effects in groups.values():
        for effect_ in effects:
            if only is not None and effect_.item.study_id not in only:
                continue
            doubt = _outlying(effect_, effects)
            if doubt is not None:
                yield doubt


def _of_means(a: Evidence, b: Evidence) -> _Effect | None:
    pair = pair_of(a, b)
    if pair is None:
        return None
    x, y = a.numbers, b.numbers
    told = {"mean": x.mean, "sd": x.sd, "n": x.n,
            "other_mean": y.mean, "other_sd": y.sd, "other_n": y.n}  # fmt: skip
    return _Effect(a, _sign(a) * pair.d, pair.se, told)


def _of_estimates(a: Evidence, b: Evidence) -> _Effect | None:
    """Return the difference of two arms' own estimates, as a pooling of estimates takes it."""
    x, y = a.numbers, b.numbers
    metric = metric_name(x)
    if x.estimate is None or y.estimate is None or not metric or metric != metric_name(y):
        return None
    one, two = variance_of(x), variance_of(y)
    if one is None or two is None or printed_ratio(x) is not None:
        return None
    told = {"estimate": x.estimate, "variance": one[0],
            "other_estimate": y.estimate, "other_variance": two[0]}  # fmt: skip
    standardized = "STANDARDI" in metric or metric in STANDARDIZED | COHEN
    scale = metric if standardized else f"{metric} of {a.instrument}"
    return _Effect(
        a, _sign(a) * (x.estimate - y.estimate), math.sqrt(one[0] + two[0]), told, scale,
        standardized=standardized,
    )  # fmt: skip


def _sign(item: Evidence) -> float:
    return -1.0 if item.higher_is_better is False else 1.0


def _group(item: Evidence, one: ArmSide, other: ArmSide) -> tuple[str, ...]:
    return (item.outcome, *(str(part) for arm in (one, other) for part in _kind_of(arm)))


def _kind_of(arm: ArmSide) -> tuple[str, ...]:
    if arm.role is not None:
        return ("intervention",) if arm.role is ArmRole.INTERVENTION else ("control",)
    return arm.treatment, arm.delivery_mode or ""


def _outlying(effect: _Effect, group: Sequence[_Effect]) -> Finding | None:
    item = effect.item
    if effect.standardized and abs(effect.y) > LARGE:
        return about(item, Kind.EFFECT_LARGE, effect.words, **effect.told)
    others = [e for e in group if e.item.study_id != item.study_id]
    if len(others) < LEAST_OTHERS:
        return None
    centre = median(e.y for e in others)
    scatter = 1.4826 * median(abs(e.y - centre) for e in others)
    beyond = max(0.0, scatter**2 - median(e.se**2 for e in others))
    z = (effect.y - centre) / math.sqrt(effect.se**2 + beyond)
    noteworthy = NOTEWORTHY if effect.standardized else scatter
    if abs(z) > OUTLYING and abs(effect.y - centre) > noteworthy:
        message = (
            f"{effect.words}, where {len(others)} others have "
            f"{centre:.2f} (median): {abs(z):.1f} standard errors away"
        )
        return about(item, Kind.EFFECT_UNLIKE_OTHERS, message, **effect.told)
    return None
