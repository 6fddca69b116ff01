"""Subgroups and meta-regressions before and after, for a change report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.canonical import number, p_value
from review.living.reports.pages import Section
from review.living.runs.results import Interval, ModeratorLine
from review.living.runs.scales import EffectScale
from review.synthesis.design import INTERCEPT

_Cell = tuple[str, str, str]
"""Trials, estimate, interval."""


def moderator_sections(
    before: Sequence[ModeratorLine] | None,
    after: Sequence[ModeratorLine],
    scales: tuple[EffectScale, EffectScale],
) -> list[Section]:
    """Return each planned subgroup analysis and meta-regression, before and after.

    Parameters
    ----------
    before : sequence of ModeratorLine or None
        None where there is no earlier run.
    after : sequence of ModeratorLine
    scales : of the earlier and of the later run.
    """
    was = {(line.kind, line.moderator): line for line in before or ()}
    return [_section(was.get((line.kind, line.moderator)), line, scales) for line in after]


def _section(
    old: ModeratorLine | None, now: ModeratorLine, scales: tuple[EffectScale, EffectScale]
) -> Section:
    earlier = dict(_rows(old, scales[0])) if old is not None else {}
    names = ("k", "estimate", "interval")
    headers = ("", *(f"{name} before" for name in names), *names) if old else ("", *names)
    rows = tuple(
        (label, *(earlier.get(label, ("", "", "")) if old else ()), *cells)
        for label, cells in _rows(now, scales[1])
    )
    told = [*([now.note] if now.note else ()), *_tests(old, now)]
    gone = [label for label in earlier if label not in dict(_rows(now, scales[1]))]
    if gone:
        told.append(f"No longer there: {'; '.join(gone)}.")
    heading = f"{now.kind.capitalize()} by {now.moderator}"
    return Section(heading, tuple(told), headers if rows else (), rows)


def _tests(old: ModeratorLine | None, now: ModeratorLine) -> Iterator[str]:
    """Yield each test with what it was before."""
    was = dict(_named_tests(old)) if old is not None else {}
    for name, told in _named_tests(now):
        before = f" (before: {was[name]})" if was.get(name, told) != told else ""
        yield f"{name}: {told}{before}."


def _named_tests(line: ModeratorLine) -> Iterator[tuple[str, str]]:
    if line.stat is not None and line.df is not None and line.p is not None:
        yield "Test", _test(line.stat, line.df, line.ddf, line.p)
    for one in (*line.tests, *([line.alike] if line.alike is not None else ())):
        yield f"Test of {one.term}", _test(one.stat, one.df, one.ddf, one.p)


def _test(stat: float, df: int, ddf: float | None, p: float) -> str:
    called, on = ("χ²", f"{df}") if ddf is None else ("F", f"{df} and {ddf:g}")
    return f"{called} {number(stat)} on {on}, p {p_value(p)}"


def _rows(line: ModeratorLine, scale: EffectScale) -> Iterator[tuple[str, _Cell]]:
    """Yield each level or coefficient; of a network then the other treatments beside it."""
    levels = line.kind == "subgroups"
    named = [(part.label, part, levels or part.label == INTERCEPT) for part in line.lines]
    if line.at_mean is not None:
        named.append((f"at {line.at_mean.label} (mean)", line.at_mean, True))
    for label, part, is_effect in named:
        yield label, _cell(scale, part.k, part.estimate, part.ci, is_effect=is_effect)
        for other in part.others:
            told = _cell(scale, part.k, other.estimate, other.ci, is_effect=True)
            yield f"{label}: {other.treatment}", told
    for part in line.by_treatment:
        yield part.label, _cell(scale, part.k, part.estimate, part.ci, is_effect=False)


def _cell(
    scale: EffectScale, k: int, estimate: float | None, ci: Interval | None, *, is_effect: bool
) -> _Cell:
    decimals = scale.decimals(ci) if is_effect else scale.slope_decimals(estimate, ci)
    shown = scale.number(estimate, decimals=decimals)
    return str(k), shown, scale.interval(ci, decimals=decimals)
