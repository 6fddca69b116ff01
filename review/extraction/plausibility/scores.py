"""Means and numbers of participants against what the instrument and the trial allow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from review.extraction.evidence import ArmSide, Evidence
from review.extraction.plausibility.finding import Finding, Kind, about
from review.extraction.plausibility.rounding import digits, half_unit
from review.extraction.vocabulary import Level

LEAST_DIGITS: Final = 3
"""Significant digits that a mean shares with the one before treatment until that is no chance."""

LEAST_SHARE: Final = 0.3
"""Of the randomised that are analysed; a trial that loses more is asked about."""


def score_findings(items: Sequence[Evidence]) -> Iterator[Finding]:
    """Yield doubts about single means and sizes."""
    for item in items:
        yield from _range(item)
        yield from _grim(item)
        yield from _repeated(item)
        yield from _size(item, "n", item.numbers.n, item.arm)
        if item.versus is not None:
            yield from _size(item, "versus_n", item.numbers.versus_n, item.versus)


def _range(item: Evidence) -> Iterator[Finding]:
    if item.numbers.metric is not None or item.level is not Level.ARM:
        return
    for name in ("mean", "baseline_mean", "median"):
        value = getattr(item.numbers, name)
        if value is None:
            continue
        low, high = item.scale.lowest, item.scale.highest
        if low is not None and value < low:
            bound = f"below the lowest score of {item.instrument_name} ({low:g})"
        elif high is not None and value > high:
            bound = f"above the highest score of {item.instrument_name} ({high:g})"
        else:
            continue
        yield about(
            item, Kind.MEAN_OUT_OF_RANGE, f"{name} {value:g} is {bound}", impossible=True,
            **{name: value, "lowest": low, "highest": high},
        )  # fmt: skip


def _repeated(item: Evidence) -> Iterator[Finding]:
    """The mean before treatment in the column of the mean after it."""
    x = item.numbers
    mean = x.mean
    if x.metric is not None or mean is None or mean != x.baseline_mean:
        return
    if x.mean_change == 0 or digits(mean) < LEAST_DIGITS:
        return
    message = f"the mean {mean:g} is the mean before treatment, to the last digit"
    yield about(item, Kind.MEAN_AS_BASELINE, message, mean=mean, baseline_mean=x.baseline_mean)


def _grim(item: Evidence) -> Iterator[Finding]:
    """GRIM (Brown & Heathers 2017): a mean of n scores in steps is a multiple of step/n."""
    step, n = item.scale.step, item.numbers.n
    if step is None or n is None or item.numbers.metric is not None or item.level is not Level.ARM:
        return
    for name in ("mean", "baseline_mean"):
        mean = getattr(item.numbers, name)
        if mean is None:
            continue
        slack = half_unit(mean)
        offset = (item.scale.lowest or 0.0) % step
        unit = step / n
        nearest = math.floor((mean - offset) / unit + 0.5) * unit + offset
        if abs(nearest - mean) > slack * (1 + 1e-9):
            message = (
                f"{name} {mean:g} cannot be the mean of {n} scores in steps of {step:g}; the "
                f"nearest is {nearest:.6g}"
            )
            yield about(
                item, Kind.MEAN_IMPOSSIBLE, message, impossible=True, **{name: mean}, n=n, step=step
            )


def _size(item: Evidence, name: str, n: int | None, arm: ArmSide) -> Iterator[Finding]:
    randomised = arm.n_randomised
    if n is None or not randomised:
        return
    told: dict[str, Any] = {name: n, "n_randomised": randomised}
    if n > randomised:
        message = f"{n} analysed of {randomised} randomised to {arm.label}"
        yield about(item, Kind.N_ABOVE_RANDOMISED, message, impossible=True, **told)
    elif n < LEAST_SHARE * randomised:
        message = f"only {n} analysed of {randomised} randomised to {arm.label}"
        yield about(item, Kind.N_FAR_BELOW_RANDOMISED, message, **told)
