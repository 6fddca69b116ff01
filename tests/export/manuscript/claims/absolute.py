# ruff: noqa: E501 - a pattern is one line
"""What is claimed of risks and of numbers needed to treat, from what the trials reported."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from scipy import stats

from review.measures import OF_COUNTS
from tests.export.manuscript.claims.reading import NUMBER, Read, claim, number, same

ONE_WAY: Final = rf"no difference|(?P<name>NNT[BH]) (?P<n>{NUMBER}) \((?P<first>{NUMBER}|∞) to (?P<last>{NUMBER}|∞)\)"
PAST_INFINITY: Final = (
    rf"(?P<name>NNT[BH]) (?P<n>{NUMBER}) \((?P<other>NNT[BH]) (?P<first>{NUMBER}|∞) "
    rf"to ∞ to (?P<same>NNT[BH]) (?P<last>{NUMBER}|∞)\)"
)
AT_A_RISK: Final = (
    r"At a (risk|share of responders) of # per 1,000 with (.+?), that with (.+?) was #"
    r"(?:, | \()\d+% CI \[#, #\]; "
)


def _odds(risk: float, log_ratio: float) -> float:
    return 1 / (1 + (1 / risk - 1) * math.exp(-log_ratio))


WAYS: Final[dict[str, Callable[[float, float], float]]] = {
    "OR": _odds, "PETO": _odds,
    "RR": lambda risk, log_ratio: min(1.0, math.exp(math.log(risk) + log_ratio)),
    "RD": lambda risk, difference: min(1.0, max(0.0, risk + difference)),
    "SMD": lambda risk, smd: float(stats.norm.cdf(stats.norm.ppf(risk) + smd)),
}  # fmt: skip
"""What a risk becomes, by each measure's own definition."""


def _better(read: Read) -> dict[str, bool]:
    rows = read.all("select slug, higher_is_better from instrument where review_id = :r")
    return {slug: bool(better) for slug, better in rows}


def _summed(arms: list[dict[str, Any]]) -> tuple[int, int]:
    """Return events and persons of one side of a trial."""
    return sum(a["numbers"]["events"] for a in arms), sum(a["numbers"]["n"] for a in arms)


def _measured(read: Read, measure: str) -> float:
    """Return the pooled effect, intervention against comparator, as the trials counted events.

    What the run holds is turned by the instruments' direction, and the trials' own reports show
    whether that is right: of each trial one side had more events, or higher scores.
    """
    better, line = _better(read), read.results["pooled"]
    reported = []
    for trial, effect in zip(read.inputs["trials"], read.results["effects"], strict=True):
        way = 1 if better[trial["instrument"]] else -1
        one, other = trial["intervention"], trial["comparator"]
        if measure == "SMD":
            if one:
                (a,), (c,) = one, other
                apart = way * (a["numbers"]["mean"] - c["numbers"]["mean"])
                assert np.sign(effect["yi"]) == np.sign(apart)
            continue
        (a, n), (c, m) = _summed(one), _summed(other)
        reported.append((a, n, c, m))
        if 0 not in (a, n - a, c, m - c) and measure != "PETO":
            raw = {
                "OR": math.log(a * (m - c) / (c * (n - a))), "RR": math.log(a * m / (c * n)),
                "RD": a / n - c / m,
            }[measure]  # fmt: skip
            assert way * effect["yi"] == pytest.approx(raw)
    ways = {better[t["instrument"]] for t in read.inputs["trials"]}
    if measure == "SMD":
        return float(line["estimate"])
    (way,) = (1 if one else -1 for one in ways)
    a, n, c, m = np.array(reported, dtype=float).T
    both, method = n + m, line["method"]
    if method == "MH":
        if measure == "OR":
            found = math.log((a * (m - c) / both).sum() / (c * (n - a) / both).sum())
        elif measure == "RR":
            found = math.log((a * m / both).sum() / (c * n / both).sum())
        else:
            found = ((a * m - c * n) / both).sum() / (n * m / both).sum()
        assert way * line["estimate"] == pytest.approx(found)
    elif method == "PETO":
        events = a + c
        spread = events * (both - events) * n * m / (both**2 * (both - 1))
        assert way * line["estimate"] == pytest.approx((a - events * n / both).sum() / spread.sum())
    elif method in OF_COUNTS:  # between the trials, in the direction of all events together
        crude = math.log(a.sum() / n.sum()) - math.log(c.sum() / m.sum())
        assert abs(crude) < 0.1 or np.sign(way * line["estimate"]) == np.sign(crude)
    return float(way * line["estimate"])


@claim(rf"{AT_A_RISK}({ONE_WAY})\.")
def _at_risk(read: Read, m: re.Match[str]) -> None:
    plan, line = read.inputs["plan"], read.results["pooled"]
    assert (m[3], m[4]) == (plan["comparator"]["label"], plan["intervention"]["label"])
    measure = plan["measure"]
    assert (m[1] == "share of responders") is (measure == "SMD")
    baseline = number(m[2]) / 1000
    assert baseline in plan["baseline_risks"]
    effect = _measured(read, measure)
    way = 1 if math.copysign(1, effect) == math.copysign(1, line["estimate"]) else -1
    risk = WAYS[measure](baseline, effect)
    low, high = sorted(WAYS[measure](baseline, way * limit) for limit in line["ci"])
    for text, value in zip((m[5], m[6], m[7]), (risk, low, high), strict=True):
        same(text, 1000 * value)
    wanted = measure == "SMD" or set(_better(read).values()) == {True}

    def persons(text: str, there: float) -> None:
        more = abs(there - baseline)
        assert number(text) == math.ceil(round(1 / more, 9)) if more else text == "∞"

    def name(there: float) -> str:
        return "NNTB" if (there > baseline) is wanted else "NNTH"

    if m["name"] is None:
        assert risk == baseline
        return
    assert m["name"] == name(risk)
    persons(m["n"], risk)
    told = m.groupdict()
    assert ("other" in told) is (low < baseline < high)
    if (
        "other" in told
    ):  # Altman 1998: from the other side over infinity to the side of the estimate
        far, near = (low, high) if risk > baseline else (high, low)
        assert (m["other"], m["same"]) == (name(far), name(near))
        assert m["same"] == m["name"] != m["other"]
    else:
        near, far = sorted((low, high), key=lambda there: abs(there - baseline))
    persons(m["first"], far)
    persons(m["last"], near)


@claim(rf"{AT_A_RISK}({PAST_INFINITY})\.")
def _past_infinity(read: Read, m: re.Match[str]) -> None:
    """The interval of the difference holds none, so that of the number needed holds infinity."""
    _at_risk(read, m)


@claim(r"No risks: corrected effects are in SDs of true scores, not of scores\.")
def _no_risks(read: Read, m: re.Match[str]) -> None:
    assert read.inputs["plan"]["reliability"]
    assert m


def _rate_at(read: Read, baseline: float, effect: float) -> float:
    """Return the intervention's events per person-year, by the definition of the measure."""
    if read.inputs["plan"]["measure"] == "IRR":
        return baseline * math.exp(effect)
    return max(0.0, baseline + effect / 100)  # differences are stored per 100 person-years


@claim(
    r"At a rate of # per 100 person-years with (.+?), that with (.+?) was #(?:, | \()\d+% CI \[#, #\]; "
    rf"((?:{ONE_WAY})(?: person-years)?|(?:{PAST_INFINITY.replace('?P<', '?P<past_')}) person-years)\."
)
def _at_rate(read: Read, m: re.Match[str]) -> None:
    plan, line = read.inputs["plan"], read.results["pooled"]
    assert (m[2], m[3]) == (plan["comparator"]["label"], plan["intervention"]["label"])
    baseline = number(m[1]) / 100
    assert baseline in plan["baseline_rates"]
    (better,) = set(_better(read).values())
    way = 1 if better else -1
    rate, *limits = (
        _rate_at(read, baseline, way * effect) for effect in (line["estimate"], *line["ci"])
    )
    low, high = sorted(limits)
    for text, value in zip((m[4], m[5], m[6]), (rate, low, high), strict=True):
        same(text, 100 * value)
    told = {name.removeprefix("past_"): x for name, x in m.groupdict().items() if x is not None}
    through = low < baseline < high
    assert ("other" in told) is through

    def name(there: float) -> str:
        return "NNTB" if (there > baseline) is better else "NNTH"

    def years(text: str, there: float) -> None:
        more = abs(there - baseline)
        assert number(text) == math.ceil(round(1 / more, 9)) if more else text == "∞"

    assert told["name"] == name(rate)
    years(told["n"], rate)
    if through:
        far, near = (low, high) if rate > baseline else (high, low)
        assert (told["other"], told["same"]) == (name(far), name(near))
    else:
        near, far = sorted((low, high), key=lambda there: abs(there - baseline))
    years(told["first"], far)
    years(told["last"], near)
