"""What the numbers of an analysis are called, and how they read on a natural scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from review.effects import Measure
from review.extraction.conversion import scale_of
from review.living.snapshot import Natural, PooledLine, RunInputs, TrialInput
from review.protocol.vocabulary import AnalysisKind

_LOG: Final = "log "

_FREE_OF_UNITS: Final = frozenset(
    {
        "SMD", "SMDH", "SMD1", "SMCC", "SMCR", "SMCRH", "SMCCD", "SMCRD", "OR2D", "OR2DN", "ZCOR",
        "OR", "RR", "ROM", "HR", "IRR", "PETO",
    }
)  # fmt: skip
"""Differences in SDs, Fisher z, logarithms of ratios: numbers for which one prior serves."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale that the effects of an analysis are on."""

    name: str
    """``log OR``, ``SMD``, or what the plan calls its effect."""
    measure: Measure | None
    """The measure that the numbers are of; None for ready estimates of a metric of their own."""
    ratio: str | None
    """What the exponential of a number is: ``OR``; None for what is no logarithm of a ratio."""
    free_of_units: bool
    counts: str = "trials"
    """What k is the number of; of associations and single arms it is arms."""


def scale_of_run(inputs: RunInputs) -> Scale:
    """Return the scale of an analysis: its measure, or of ready estimates their common metric.

    The plan's own word for the effect comes before either.
    """
    plan = inputs.plan
    metric = _metric(inputs) if plan.measure is Measure.GEN else None
    measure = plan.measure if plan.measure is not Measure.GEN else _named(metric)
    name = metric if measure is None else measure.scale
    ratio = name.removeprefix(_LOG) if name and name.startswith(_LOG) else None
    standardized = metric is not None and "STANDARDI" in metric.upper()
    return Scale(
        name=plan.effect or name or "effect",
        measure=measure,
        ratio=ratio,
        free_of_units=standardized or (measure is not None and measure.value in _FREE_OF_UNITS),
        counts="trials" if plan.kind is AnalysisKind.CONTRAST else "arms",
    )


def natural_of(scale: Scale, line: PooledLine) -> Natural | None:
    """Return a pooled line as people read it: of ratios the ratio, of correlations r."""
    if line.natural is not None or scale.ratio is None:
        return line.natural
    low, high = line.ci
    try:
        limits = math.exp(low), math.exp(high)
        return Natural(scale=scale.ratio, estimate=math.exp(line.estimate), ci=limits)
    except OverflowError:
        return None  # a ratio that no float holds says nothing that its logarithm does not


def _metric(inputs: RunInputs) -> str | None:
    """Return the metric of the ready estimates, as written; all of one run have the same."""
    return next((name for trial in inputs.trials for name in _metrics(trial)), None)


def _metrics(trial: TrialInput) -> list[str]:
    given = (*trial.intervention, *trial.comparator)
    reported = (trial.contrast,) if trial.contrast is not None else given
    found = []
    for item in reported:
        scale, written = scale_of(item.numbers), item.numbers.metric or ""
        if scale is not None:
            found.append(written if scale == written.upper() else scale)
    return found


def _named(metric: str | None) -> Measure | None:
    name = (metric or "").removeprefix(_LOG).upper()
    return next((m for m in Measure if m.value == name and m is not Measure.GEN), None)
