"""What an estimate is of: the metric as reports write it, and the scale that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from review.extraction.numbers import ReportedNumbers
from review.measures import Measure

STANDARDIZED: Final = frozenset(Measure.SMD.facts.metrics)
COHEN: Final = frozenset({"D", "COHEN D", "COHEN'S D", "COHENS D"})
GLASS: Final = frozenset({"DELTA", "GLASS DELTA", "GLASS' DELTA", "GLASS'S DELTA", "GLASSS DELTA"})
MEAN_DIFFERENCE: Final = frozenset(Measure.MD.facts.metrics)
CHANGE_DIFFERENCE: Final = frozenset(
    {
        "MD OF CHANGE", "MEAN DIFFERENCE OF CHANGE", "MEAN DIFFERENCE IN CHANGE", "MD IN CHANGE",
        "DIFFERENCE IN CHANGE", "DIFFERENCE OF CHANGE", "DIFFERENCE IN MEAN CHANGE",
    }
)  # fmt: skip
"""Of the arms' mean changes from baseline: its SD is of change, not of scores."""
MEDIAN_DIFFERENCE: Final = frozenset(
    {"MEDIAN DIFFERENCE", "DIFFERENCE OF MEDIANS", "DIFFERENCE IN MEDIANS", "HODGES-LEHMANN"}
)
ETA_SQUARED: Final = frozenset({"ETA SQUARED", "ETA-SQUARED", "ETA2", "ETA²", "Η²"})
PARTIAL_ETA_SQUARED: Final = frozenset(f"PARTIAL {name}" for name in ETA_SQUARED)
CORRELATIONS: Final = frozenset({"R", "POINT-BISERIAL R", "POINT BISERIAL R"})
RATIOS: Final[Mapping[str, Measure]] = {
    name: measure for measure in Measure if measure.facts.ratio for name in measure.facts.metrics
}
"""Metrics of ratios as they are printed; with ``log`` or ``ln`` before, of their logarithms."""

LOPSIDED: Final = 0.10
"""The part of an interval's width by which its middle may miss the estimate: t intervals and Wald
intervals of logarithms are symmetric, so more is another scale or a slip of the pen."""


_SHORT: Final[Mapping[str, str]] = {
    **dict.fromkeys(sorted(STANDARDIZED), "SMD"),
    **dict.fromkeys(sorted(COHEN), "d"),
    **dict.fromkeys(sorted(MEAN_DIFFERENCE), "MD"),
    **{name: measure.value for name, measure in RATIOS.items()},
    **{f"LOG {name}": f"log {measure.value}" for name, measure in RATIOS.items()},
    "R": "r",
    "MEAN DIFF": "MD", "DIFFERENCE": "MD", "DIFF": "MD", "DIFFERENCE IN MEANS": "MD",
    "STD MEAN DIFF": "SMD", "EFFECT SIZE": "d or SMD",
}  # fmt: skip
"""Metrics by the name that a reader would know them by, with what is often meant by others."""

KNOWN: Final = frozenset(
    {
        *STANDARDIZED, *COHEN, *MEAN_DIFFERENCE, *CHANGE_DIFFERENCE, *ETA_SQUARED,
        *PARTIAL_ETA_SQUARED, *CORRELATIONS, *RATIOS, *(m.value for m in Measure), "B",
    }
)  # fmt: skip
"""Metrics that effects are computed from, in capitals."""


def useless_metric(name: str) -> str | None:
    """Return why a known metric, in capitals, gives no effect at all; None for others."""
    if name in GLASS:
        return (
            "Glass's delta is standardized by one arm's SD: enter means and SDs of both arms, or "
            "the difference with its SE"
        )
    if name in MEDIAN_DIFFERENCE:
        return (
            "a difference of medians is no difference of means: enter the arms' medians with "
            "quartiles or ranges"
        )
    return None


def unknown_metric(metric: str) -> str | None:
    """Return why no effect is computed from a metric, with what may be meant; None for a known one.

    A pooling of ready estimates (GEN) takes any metric; this is about all other measures.
    """
    name = " ".join(metric.upper().replace("’", "'").split())
    plain = name.removeprefix("LOG ").removeprefix("LOG-").removeprefix("LN ")
    if name in KNOWN or plain in RATIOS:
        return None
    useless = useless_metric(name)
    if useless is not None:
        return useless
    near = _SHORT.get(name)
    if near is None:
        likely = get_close_matches(name, sorted(_SHORT), n=1, cutoff=0.75)
        near = _SHORT[likely[0]] if likely else None
    meant = f"; is it {near}?" if near else ""
    return (
        f"no effect is computed from metric {metric!r}{meant} "
        "(known: MD, MD of change, SMD, d, eta squared, r, OR, RR, HR, ROM, IRR, log OR and the "
        "like)"
    )


def metric_name(x: ReportedNumbers) -> str:
    """Return a metric as the lists here spell it: in capitals, with single blanks."""
    return " ".join((x.metric or "").upper().replace("’", "'").split())


def is_eta_squared(x: ReportedNumbers) -> bool:
    """Whether an estimate is a share of variance, which has no direction of its own."""
    return metric_name(x) in ETA_SQUARED | PARTIAL_ETA_SQUARED


def printed_ratio(x: ReportedNumbers) -> Measure | None:
    """Return the measure of which an estimate is a ratio as printed, if it is one."""
    return RATIOS.get(metric_name(x))


def logged_ratio(x: ReportedNumbers) -> Measure | None:
    """Return the measure of which an estimate is the logarithm, if it is one."""
    name = metric_name(x)
    start = next((s for s in ("LOG ", "LOG-", "LN ") if name.startswith(s)), None)
    return RATIOS.get(name.removeprefix(start)) if start else None


def scale_of(x: ReportedNumbers) -> str | None:
    """Return the scale that an estimate is pooled on: ``log OR``, else its metric as written."""
    ratio = printed_ratio(x) or logged_ratio(x)
    if ratio is not None:
        return f"log {ratio.value}"
    name = metric_name(x)
    return "SMD" if name in STANDARDIZED else "MD" if name in MEAN_DIFFERENCE else name or None


def lopsided(x: ReportedNumbers) -> str | None:
    """Return why an interval cannot be of its estimate: it is not symmetric on the scale it has.

    Limits count as rounded by half of their last digit; an interval beside an SE or a variance is
    not looked at, because it is not used.
    """
    ratio = printed_ratio(x) is not None
    if x.estimate is None or x.ci_low is None or x.ci_high is None:
        return None
    if not ratio and (x.variance is not None or x.se is not None):
        return None
    numbers = (x.estimate, x.ci_low, x.ci_high)
    told = f"the estimate {x.estimate:g} with its interval {x.ci_low:g} to {x.ci_high:g}"
    if ratio and min(numbers) <= 0:
        return f"{told} is no {x.metric}: a ratio is above zero (its logarithm is 'log {x.metric}')"
    y, low, high = (math.log(value) for value in numbers) if ratio else numbers
    slack = [_half_digit(value) / (value if ratio else 1.0) for value in numbers]
    rounding = slack[0] + (slack[1] + slack[2]) / 2
    if abs((low + high) / 2 - y) <= max(LOPSIDED * (high - low), rounding):
        return None
    scale = "on the log scale" if ratio else "around it; is it a ratio, or of another scale?"
    return f"{told} is not symmetric {scale}"


def _half_digit(value: float) -> float:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** min(0, int(exponent))
