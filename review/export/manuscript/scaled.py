"""Estimates and limits as sentences show them: ratios as they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from review.export.manuscript.document import Number, Spans, joined
from review.export.manuscript.printer import Printer
from review.export.tables.printing import NumberStyle
from review.living.runs.results import Interval
from review.living.runs.scales import EffectScale


class Setting(NamedTuple):
    """What stands between an estimate and its interval, between others, and behind the last."""

    first: str
    others: str
    last: str


SETTINGS: Final[Mapping[NumberStyle, Setting]] = {
    NumberStyle.APA: Setting(", ", ", ", ""),
    NumberStyle.AMA: Setting(" (", "; ", ")"),
    NumberStyle.COCHRANE: Setting(", ", "; ", ""),
}
"""AMA Manual of Style, 11th ed., 19.5: ``1.3 (95% CI, 1.1-1.5; P = .02)``; Cochrane Style Manual:
``1.3, 95% CI 1.1 to 1.5; P = 0.02``."""


def with_limits(printer: Printer, estimate: Number, *beside: Spans) -> Spans:
    """Return an estimate with what stands beside it, its interval first, as the style sets them."""
    setting = SETTINGS[printer.style]
    told: list[Spans] = [(estimate,)]
    for place, part in enumerate(part for part in beside if part):
        told.append((setting.others if place else setting.first, *part))
    return joined([*(span for part in told for span in part), setting.last])


def estimate_of(
    value: float,
    limits: Interval | None,
    scale: EffectScale,
    printer: Printer,
    *path: str | int,
    decimals: int | None = None,
    name: str = "estimate",
) -> Number:
    """Return an estimate with these decimals or those of its limits.

    A ratio is computed from the number that stands at the path, by `name` if that is no estimate.
    """
    if decimals is None:
        decimals = scale.decimals(limits)
    where = () if name == "estimate" and scale.as_ratio else (name,)
    end = ("ratio",) if scale.as_ratio else ()
    return printer.number(scale.value(value), *path, *where, *end, decimals=decimals)


def limits_of(
    limits: Interval,
    scale: EffectScale,
    printer: Printer,
    *path: str | int,
    level: float,
    decimals: int | None = None,
    name: str = "CI",
) -> Spans:
    """Return limits by a name, with these decimals or those that they need.

    Those of a ratio are computed from those that stand at the path.
    """
    if decimals is None:
        decimals = scale.decimals(limits)
    if not scale.as_ratio:
        return printer.limits(limits, *path, level=level, decimals=decimals, name=name)
    *before, last = path
    return printer.limits(
        scale.pair(limits), *before, f"ratio_{last}", level=level, decimals=decimals,
        none=scale.none, name=name,
    )  # fmt: skip
