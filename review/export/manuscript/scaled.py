"""Estimates and limits as sentences show them: ratios as they were measured."""

from __future__ import annotations

from review.export.manuscript.document import Number, Spans
from review.export.manuscript.printer import Printer
from review.living.runs.results import Interval
from review.living.runs.scales import EffectScale


def estimate_of(
    value: float, scale: EffectScale, printer: Printer, *path: str | int, decimals: int = 2
) -> Number:
    """Return an estimate; a ratio is computed from the number that stands at the path."""
    name = "ratio" if scale.as_ratio else "estimate"
    return printer.number(scale.value(value), *path, name, decimals=decimals)


def limits_of(
    limits: Interval,
    scale: EffectScale,
    printer: Printer,
    *path: str | int,
    level: float,
    decimals: int = 2,
    name: str = "CI",
) -> Spans:
    """Return limits by a name; those of a ratio are computed from those that stand at the path."""
    if not scale.as_ratio:
        return printer.limits(limits, *path, level=level, decimals=decimals, name=name)
    *before, last = path
    return printer.limits(
        scale.pair(limits), *before, f"ratio_{last}", level=level, decimals=decimals,
        none=scale.none, name=name,
    )  # fmt: skip
