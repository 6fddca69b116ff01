"""What several outcomes say beside the one that their plan decides on: tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from review.canonical import number, p_value
from review.living.reports.pages import Section
from review.living.runs.joint import (
    DifferenceLine,
    JointLine,
    OutcomeLine,
    RobustLine,
    stated_words,
)
from review.living.runs.results import RunResults
from review.living.runs.scales import EffectScale
from review.wording import counted

STRUCTURES: Final = {
    "UN": "a variance of each outcome and a correlation of each two",
    "CS": "one variance of all outcomes and one correlation",
    "HCS": "a variance of each outcome and one correlation",
    "DIAG": "a variance of each outcome and no correlation",
    "ID": "one variance of all outcomes and no correlation",
    "AR": "one variance, and a correlation that falls with each step in time",
    "HAR": "a variance at each time, and a correlation that falls with each step",
    "CAR": "one variance, and a correlation that falls with the time between",
}
"""How true effects of the outcomes of a trial go together."""

NOT_OF_OUTCOMES: Final = (
    "is of analyses of one outcome, and this takes several together; plan the outcome as an "
    "analysis beside it"
)
"""Why a figure or a report does not speak of several outcomes."""

SMALLEST: Final = 0.005
"""A move below this rounds to nothing in two decimals."""


def size_words(line: JointLine) -> str:
    """Return ``9 trials, 15 effects, 2 outcomes``."""
    return (
        f"{counted(line.trials, 'trial')}, {counted(line.effects, 'effect')}, "
        f"{counted(len(line.outcomes), 'outcome')}"
    )


def model_sentence(line: JointLine) -> str:
    """Return what the model supposes: structure and assumed correlation."""
    stated = stated_words(line.stated)
    return (
        f"True effects: {STRUCTURES[line.structure]}; sampling errors of one trial are assumed to "
        f"correlate by {line.rho:g}{f', {stated}' if stated else ''}."
    )


def equal_sentence(line: JointLine) -> str:
    """Return the test of whether all outcomes have one mean; nothing of a single outcome."""
    if line.equal_stat is None:
        return ""
    if line.equal_ddf is None:
        told = f"chi² {line.equal_stat:.2f} on {line.equal_df}"
    else:
        told = f"F {line.equal_stat:.2f} on {line.equal_df} and {line.equal_ddf:g}"
    return f"Whether all outcomes have one mean: {told}, p {p_value(line.equal_p)}."


def robust_words(line: RobustLine | None) -> str:
    """Return a robust p, or why there is none."""
    if line is None:
        return "too few trials"
    if line.p is None:
        return f"withheld, df {line.df:.1f}"
    return f"{p_value(line.p)}, df {line.df:.1f}"


def joint_sections(results: RunResults, scale: EffectScale) -> list[Section]:
    """Return the tables of several outcomes; none of another analysis."""
    line = results.joint
    if line is None:
        return []
    missing = [f"No trial has {', '.join(line.without)}."] if line.without else []
    told = [f"{size_words(line)}. {model_sentence(line)}", *missing]
    found = [
        Section(
            "Outcomes together, and each alone",
            tuple(told),
            ("outcome", "k", "together", "new trial", "tau²", "robust p", "alone"),
            tuple(_outcome(one, scale) for one in line.outcomes),
        )
    ]
    if line.differences:
        found.append(
            Section(
                "Differences of outcomes",
                (equal_sentence(line),),
                ("difference", "trials with both", scale.shown, "interval", "p", "robust p"),
                tuple(_difference(one, scale) for one in line.differences),
            )
        )
    if line.correlations:
        pairs = tuple(
            (f"{c.first} and {c.second}", number(c.value) if c.value is not None else "not known")
            for c in line.correlations
        )
        found.append(Section("Correlations of true effects", (), ("outcomes", "r"), pairs))
    if line.assumed:
        first = line.differences[0]
        rows = tuple(
            (
                f"{one.rho:g}",
                _both(one.estimate, one.ci, scale),
                _both(one.difference, one.difference_ci, scale),
            )
            for one in line.assumed
        )
        headers = ("correlation", line.deciding.label, f"{first.label} - {first.versus}")
        beside = (f"The correlation of sampling errors is assumed ({line.rho:g}); by others:",)
        found.append(Section("Had another correlation been assumed", beside, headers, rows))
    return found


def _outcome(one: OutcomeLine, scale: EffectScale) -> tuple[str, ...]:
    return (
        one.label,
        str(one.k),
        _both(one.estimate, one.ci, scale),
        scale.interval(one.pi),
        "" if one.tau2 is None else number(one.tau2, 3),
        robust_words(one.robust),
        _both(one.alone, one.alone_ci, scale),
    )


def _difference(one: DifferenceLine, scale: EffectScale) -> tuple[str, ...]:
    return (
        f"{one.label} - {one.versus}",
        str(one.both),
        scale.number(one.estimate, one.ci),
        scale.interval(one.ci),
        p_value(one.p),
        robust_words(one.robust),
    )


def _both(estimate: float | None, ci: tuple[float, float] | None, scale: EffectScale) -> str:
    if estimate is None or ci is None:
        return ""
    return f"{scale.number(estimate, ci)} {scale.interval(ci)}"


Pair = tuple[JointLine | None, JointLine | None]
"""Several outcomes before and after; None of other analyses, and before a first run."""


def _moved(pair: Pair, scales: tuple[EffectScale, EffectScale]) -> Iterator[tuple[str, ...]]:
    """Yield what moved of outcomes and differences: called, before, after, by how much."""
    before, after = pair
    assert before is not None
    assert after is not None
    was = {one.label: one for one in before.outcomes}
    apart = {(one.label, one.versus): one for one in before.differences}
    for now in after.outcomes:
        old = was.get(now.label)
        if old is not None and abs(now.estimate - old.estimate) >= SMALLEST:
            yield _row(now.label, old, now, scales)
    for one in after.differences:
        old_ = apart.get((one.label, one.versus))
        if old_ is not None and abs(one.estimate - old_.estimate) >= SMALLEST:
            yield _row(f"{one.label} - {one.versus}", old_, one, scales)


def _row(
    called: str,
    old: OutcomeLine | DifferenceLine,
    now: OutcomeLine | DifferenceLine,
    scales: tuple[EffectScale, EffectScale],
) -> tuple[str, ...]:
    return (
        called,
        _both(old.estimate, old.ci, scales[0]),
        _both(now.estimate, now.ci, scales[1]),
        scales[1].shift(now.estimate - old.estimate),
    )


def _joined(before: JointLine, after: JointLine) -> Iterator[str]:
    was, now = ([one.label for one in line.outcomes] for line in (before, after))
    new, gone = [n for n in now if n not in was], [n for n in was if n not in now]
    if new:
        yield f"New among the outcomes: {', '.join(new)}."
    if gone:
        yield f"No longer among the outcomes: {', '.join(gone)}."


def moved_outcomes(pair: Pair, scales: tuple[EffectScale, EffectScale]) -> Iterator[str]:
    """Yield in a sentence which outcome or difference moved; nothing of other analyses."""
    before, after = pair
    if before is None or after is None:
        return
    yield from _joined(before, after)
    rows = list(_moved(pair, scales))
    if not rows:
        yield "No outcome and no difference of outcomes moved."
        return
    told = "; ".join(f"{called} from {was} to {now}" for called, was, now, _ in rows)
    yield f"Of the outcomes moved: {told}."


def moved_outcomes_section(pair: Pair, scales: tuple[EffectScale, EffectScale]) -> list[Section]:
    """Return which outcomes and differences moved; none of other analyses."""
    before, after = pair
    if before is None or after is None:
        return []
    rows = tuple(_moved(pair, scales))
    told = (*_joined(before, after), *(() if rows else ("None moved.",)))
    headers = ("outcome", "before", "after", "moved") if rows else ()
    return [Section("Outcomes taken together", told, headers, rows)]
