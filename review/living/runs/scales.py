"""What the numbers of an analysis are called, and how they read on a natural scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from review.canonical import (
    LARGEST_PLAIN,
    MOST_DECIMALS,
    decimals_for,
    fixed,
    own_decimals,
    power_of_ten,
)
from review.extraction.conversion import scale_of
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Interval, RunResults
from review.living.runs.sizes import natural_of, size_of
from review.measures import PER_TIME, Family, Measure, measure_named
from review.natural import Natural
from review.protocol.directions import since_before
from review.protocol.rules import Plan

_LOG: Final = "log "

LARGEST_LOGARITHM: Final = 709.0
"""e to this power is the last that a double holds."""


@dataclass(frozen=True, slots=True)
class EffectScale:
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
    sign: int = 1
    """Of ratios: 1 where higher is better or trials differ in that, -1 where lower is better."""
    as_ratio: bool = False
    """Whether numbers are shown as ratios, intervention to comparator, as they were measured."""
    favoured: str = ""
    """The intervention, whose advantage is positive inside; nothing where no two sides meet."""
    margins: tuple[float, ...] = ()
    """The margins of the plan."""
    natural: Natural | None = None
    """The scale that people read its numbers on, where that is neither theirs nor a ratio."""

    @property
    def shown(self) -> str:
        """What the numbers are called that people see: ``RR`` for what is pooled as log RR."""
        if not self.as_ratio or self.ratio is None:
            return self.name
        return self.ratio if self.name.startswith(_LOG) else self.name

    @property
    def none(self) -> float:
        """The number that people see for no effect."""
        return 1.0 if self.as_ratio else 0.0

    def value(self, number: float) -> float:
        """Return a number of a run as people see it: a ratio as measured, infinite if too large."""
        if not self.as_ratio:
            return number
        log = self.sign * number
        return math.exp(log) if log < LARGEST_LOGARITHM else math.inf

    def pair(self, limits: Interval) -> Interval:
        """Return limits of a run as people see them, the lower first."""
        low, high = sorted(self.value(limit) for limit in limits)
        return low, high

    def decimals(self, limits: Interval | None) -> int:
        """Return the decimals of an estimate with these limits, as `decimals_for` has them.

        They are read against no effect and the margins of the plan.
        """
        if limits is None:
            return 2
        marks = (self.none, *(self.value(-margin) for margin in self.margins))
        return decimals_for(self.pair(limits), marks)

    def number(
        self, number: float | None, limits: Interval | None = None, *, decimals: int | None = None
    ) -> str:
        """Return a number for print; nothing for None.

        Decimals are given, or those of its limits; two for a number without limits.
        """
        if number is None:
            return ""
        decimals = self.decimals(limits) if decimals is None else decimals
        shown, least = self.value(number), 10.0**-decimals
        if self.as_ratio and shown < least / 2:
            return f"<{least:.{decimals}f}"
        if math.isinf(shown):
            return "∞"
        if self.as_ratio and shown >= LARGEST_PLAIN:
            return power_of_ten(math.log(shown))
        return fixed(shown, decimals)

    def interval(self, limits: Interval | None, *, decimals: int | None = None) -> str:
        """Return limits for print, with the decimals that they need; nothing for None."""
        if limits is None:
            return ""
        decimals = self.decimals(limits) if decimals is None else decimals
        if not self.as_ratio:
            return f"[{fixed(limits[0], decimals)}, {fixed(limits[1], decimals)}]"
        ends = limits if self.sign > 0 else limits[::-1]
        return f"[{', '.join(self.number(end, decimals=decimals) for end in ends)}]"

    def slope_decimals(self, slope: float | None, limits: Interval | None) -> int:
        """Return the decimals that show two digits of a slope and of both its limits.

        What counts is how far each is from no change, of ratios from 1.
        """
        ends = (slope, *(limits or ()))
        away = [abs(self.value(x) - self.none) for x in ends if x is not None]
        smallest = min((x for x in away if 0 < x < math.inf), default=1.0)
        return min(max(2, 1 - math.floor(math.log10(smallest))), MOST_DECIMALS)

    def text(self, estimate: float, limits: Interval) -> str:
        """Return an estimate with its interval: of ratios ``RR 0.51 [0.22, 1.19]``.

        Of other transformed numbers what they are transformed back to stands behind, in brackets.
        """
        named = f"{self.shown} " if self.as_ratio else ""
        return f"{named}{self.alone(estimate, limits)}"

    def alone(self, estimate: float, limits: Interval) -> str:
        """Return the same without a name: ``0.51 [0.22, 1.19]``, ``0.31 [0.2, 0.4] (r 0.30 …)``."""
        told, back = self.beside(estimate, limits), ""
        if told:
            back = f" ({self.read_as} {told})"
        return f"{self.number(estimate, limits)} {self.interval(limits)}{back}"

    @property
    def read_as(self) -> str:
        """What numbers are transformed back to: ``r``, ``rate per 100 person-years``; or nothing.

        Natural numbers stand beside those of a run: means of these are no means of those.
        """
        if self.natural is None:
            return ""
        timed = self.measure is not None and self.measure.facts.family is Family.RATE_OF_ONE
        return f"{self.natural.name} {PER_TIME}" if timed else self.natural.name

    def of_trial(self, trial: TrialInput) -> EffectScale:
        """Return the same of one trial, whose own size may lead back to what was observed."""
        if self.natural is None or self.measure is None or self.measure.facts.by_size is None:
            return self
        own = self.measure.facts.read_at(size_of(self.measure, trial))
        return self if own is None else replace(self, natural=own)

    def back(self, limits: Interval | None) -> Interval | None:
        """Return limits transformed back; None where there are none, or no natural scale."""
        if limits is None or self.natural is None:
            return None
        return self.natural.back(limits[0]), self.natural.back(limits[1])

    def beside(self, estimate: float | None, limits: Interval | None) -> str:
        """Return ``0.30 [0.21, 0.38]`` on the natural scale; nothing where there is none."""
        ends = self.back(limits)
        if estimate is None or ends is None or self.natural is None:
            return ""
        decimals = decimals_for(ends)
        told = ", ".join(fixed(end, decimals) for end in ends)
        return f"{fixed(self.natural.back(estimate), decimals)} [{told}]"

    def margin(self, margin: float) -> float:
        """Return a margin as people see it: of ratios the ratio that is just not acceptable."""
        return self.value(-margin) if self.as_ratio else margin

    def margin_text(self, margin: float) -> str:
        """Return ``0.50``, of ratios ``RR 1.35``, with all digits that were chosen."""
        shown = self.margin(margin)
        text = fixed(shown, own_decimals(shown))
        return f"{self.shown} {text}" if self.as_ratio else text

    def shift(self, change: float, decimals: int = 2) -> str:
        """Return a change of a number: of ratios the factor, ``×1.10``."""
        if not self.as_ratio:
            return f"{change:+.{decimals}f}"
        return f"×{math.exp(min(self.sign * change, LARGEST_LOGARITHM)):.{decimals}f}"

    @property
    def better(self) -> str:
        """On which side of no effect the intervention did better: ``above`` or ``below``."""
        return "below" if self.sign < 0 else "above"

    def direction(self, plan: Plan) -> str:
        """Return what the sides of no effect mean, as a sentence."""
        if not self.as_ratio or not (self.favoured or plan.within_arms):
            return plan.direction
        name, _, kind = self.shown.partition(", ")
        if plan.within_arms:
            return f"{name} {self.better} 1: {since_before(plan)}."
        called = f"{name} ({kind})" if kind else name
        return f"{called} {self.better} 1 favours {self.favoured}."


def scale_of_run(inputs: RunInputs) -> EffectScale:
    """Return the scale of an analysis: its measure, or of ready estimates their common metric.

    The plan's own word for the effect comes before either.
    """
    plan = inputs.plan
    metric = _metric(inputs) if plan.measure is Measure.GEN else None
    measure = plan.measure if plan.measure is not Measure.GEN else _named(metric)
    name = metric if measure is None else measure.scale
    ratio = name.removeprefix(_LOG) if name and name.startswith(_LOG) else None
    standardized = metric is not None and "STANDARDI" in metric.upper()
    effect = plan.effect or ""
    contrast = plan.compares
    natural = None if measure is None else natural_of(measure, inputs.trials)
    return EffectScale(
        name=plan.effect or name or "effect",
        measure=measure,
        ratio=ratio,
        free_of_units=standardized or (measure is not None and measure.unit_free),
        counts="trials" if contrast else "arms",
        sign=(sign_of(inputs) if ratio is not None and (contrast or plan.within_arms) else None)
        or 1,
        as_ratio=ratio is not None and not effect.casefold().startswith("log"),
        favoured=plan.intervention.label if contrast else "",
        margins=plan.margins,
        natural=None if effect.casefold().startswith("log") else natural,
    )


def as_shown(inputs: RunInputs, results: RunResults) -> dict[str, object]:
    """Return a pooled line as people see it, for scripts: ratios as measured, and I² from Q."""
    scale, line = scale_of_run(inputs), results.pooled
    return {
        "scale": scale.shown,
        "estimate": scale.value(line.estimate),
        "ci": scale.pair(line.ci),
        "I2_Q": line.I2_q,
        "margins": [
            None if reading.margin is None else scale.margin(reading.margin)
            for reading in results.readings
        ],
        "direction": scale.direction(inputs.plan),
    }


def sign_of(inputs: RunInputs) -> int | None:
    """Return 1 where higher is better in all trials, -1 where lower is, None where they differ.

    Runs hold effects that are positive where the intervention does better; times this sign they
    are intervention minus comparator of what was measured.
    """
    ways = {way for trial in inputs.trials for way in _ways(trial)}
    if len(ways) > 1:
        return None
    return -1 if ways == {False} else 1


def _ways(trial: TrialInput) -> set[bool]:
    if not trial.parts:
        return {trial.higher_is_better}
    return {way for part in trial.parts for way in _ways(part)}


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
    measure = measure_named((metric or "").removeprefix(_LOG).upper())
    return None if measure is Measure.GEN else measure
