"""A change report in half a page: what moved, two lines of numbers, who moved it, what to know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from review.canonical import decimals_for, interval, number
from review.living.reports.attribution import Explanation
from review.living.reports.bayes import moved_posterior
from review.living.reports.changes import ChangeReport
from review.living.reports.heterogeneity import moved_heterogeneity
from review.living.reports.joint import moved_outcomes
from review.living.reports.levels import moved_variances
from review.living.reports.networks import moved_furthest
from review.living.reports.notices import HEADINGS, NO_NOTICES, NoticeKind, Notices
from review.living.reports.pages import Section
from review.living.reports.sentence import conclusion_word
from review.living.reports.shares import Share
from review.living.runs.results import MarginReading, PooledLine
from review.living.runs.scales import EffectScale
from review.wording import capitalised, counted

MOST_MOVERS: Final = 3
"""Events that are named as having moved a result; the others are counted."""

MOST_NOTICES: Final = 3
"""Reasons of one kind that are named."""

SMALLEST: Final = 0.005
"""A change below this rounds to nothing in two decimals."""


def brief(
    report: ChangeReport,
    explanation: Explanation | None = None,
    notices: Notices = NO_NOTICES,
) -> list[Section]:
    """Return a change report in half a page."""
    found = [what_moved(report, notices), _numbers(report, withheld=notices.withheld)]
    moved = [*_movers(explanation, report.scales[1]), *report.because, *_happened(report)]
    moved += moved_furthest(*report.networks, report.scales)
    moved += moved_outcomes(report.joint, report.scales)
    moved += moved_variances(report.levels)
    moved += moved_heterogeneity(report.heterogeneity)
    moved += moved_posterior(report.posterior, report.scales)
    moved += _noticed(explanation)
    if moved:
        found.append(Section("Who moved it", tuple(moved)))
    return [*found, *beside_what_moved(notices).sections(most=MOST_NOTICES, brief=True)]


def beside_what_moved(notices: Notices) -> Notices:
    """Return the notices that `what_moved` has not told."""
    return Notices(tuple(n for n in notices.items if n.kind is not NoticeKind.WITHHELD))


def what_moved(report: ChangeReport, notices: Notices) -> Section:
    """Return what moved; a headline that is withheld says so before any number."""
    withheld = notices.sentences(NoticeKind.WITHHELD)
    if withheld:
        withheld = (f"{HEADINGS[NoticeKind.WITHHELD]}:", *withheld)
    said = report.unconcluded if notices.withheld else report.sentence
    beside = (f"{capitalised(notices.headline)}.",) if notices.headline else ()
    return Section("What moved", (*withheld, said, report.direction, *beside))


def _numbers(report: ChangeReport, *, withheld: bool) -> Section:
    """Return one line before and one after, in a table that fits 80 columns."""
    old_scale, scale = report.scales
    level = f"{report.after.level * 100:g}% interval"
    first = next(iter(report.readings), None)
    margin = first.margin if first is not None else None
    conclusion = (
        "conclusion" if margin is None else f"conclusion, margin {scale.margin_text(margin)}"
    )
    headers = ("", scale.counts, scale.shown, level, conclusion)
    rows = []
    if report.before is not None:
        was = first.before if first is not None else None
        rows.append(("before", *_line(report, report.before, old_scale, was)))
    now = first.after if first is not None else None
    rows.append(("now", *_line(report, report.after, scale, now, withheld=withheld)))
    return Section("Before and after", (), headers, tuple(rows))


def _line(
    report: ChangeReport,
    line: PooledLine,
    scale: EffectScale,
    reading: MarginReading | None,
    *,
    withheld: bool = False,
) -> tuple[str, str, str, str]:
    natural = line.natural
    estimate, limits = scale.number(line.estimate, line.ci), scale.interval(line.ci)
    if natural is not None:
        decimals = decimals_for(natural.ci)
        estimate = f"{estimate} ({natural.scale} {number(natural.estimate, decimals)})"
        limits = f"{limits} ({natural.scale} {interval(natural.ci, decimals)})"
    word = None
    if reading is not None:
        word = conclusion_word(report.kind, reading.conclusion, withheld=withheld)
    return str(line.k), estimate, limits, word or ""


def _happened(report: ChangeReport) -> Iterator[str]:
    """Yield why trials went, and what was corrected or planned anew, from what to what."""
    for item in report.removed[:MOST_MOVERS]:
        yield f"{item.study} was removed: {item.reason}."
    changes = (*report.corrected, *report.plan_changes, *report.sensitivity, *report.engine)
    for change in changes[:MOST_MOVERS]:
        yield f"{capitalised(change.where)}: {change.words}."
    rest = sum(max(0, len(of) - MOST_MOVERS) for of in (report.removed, changes))
    if rest:
        yield f"And {counted(rest, 'other value or trial', 'other values or trials')}."


def _movers(explanation: Explanation | None, scale: EffectScale) -> Iterator[str]:
    if explanation is None or explanation.shares is None:
        return
    ranked = sorted(explanation.shares.shares, key=lambda share: -abs(share.estimate))
    for share in ranked[:MOST_MOVERS]:
        yield f"{capitalised(share.what)}: {_moved(share, scale)}."
    if len(ranked) > MOST_MOVERS:
        rest = len(ranked) - MOST_MOVERS
        smaller = "with a smaller effect" if rest == 1 else "each with a smaller effect"
        yield f"And {counted(rest, 'other change')}, {smaller}."
    if len(ranked) > 1:
        yield f"All together: {_moved(explanation.shares.total, scale)}."


def _moved(share: Share, scale: EffectScale) -> str:
    """Return what an event did to the estimate and to the limit that decides."""
    if abs(share.estimate) < SMALLEST and abs(share.lower) < SMALLEST:
        return "it changed next to nothing"
    limit = "upper" if scale.as_ratio and scale.sign < 0 else "lower"
    return (
        f"the estimate {_direction(share.estimate, scale)}, "
        f"the {limit} limit {_direction(share.lower, scale)}"
    )


def _direction(change: float, scale: EffectScale) -> str:
    if abs(change) < SMALLEST:
        return "stayed"
    if scale.as_ratio:
        return f"{'rose' if change * scale.sign > 0 else 'fell'} ({scale.shift(change)})"
    return f"{'rose' if change > 0 else 'fell'} by {abs(change):.2f}"


def _noticed(explanation: Explanation | None) -> Iterator[str]:
    """Yield the signals of the plan that fired, each kind once, in words."""
    kinds = dict.fromkeys(s.kind for s in explanation.signals) if explanation else {}
    if kinds:
        yield f"Worth a look, by the thresholds of the plan: {'; '.join(kinds)}."
