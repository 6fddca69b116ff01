"""What location-scale models say of tau²: tables of a run, and what moved between two runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from review.canonical import interval, number, p_value
from review.living.reports.pages import Section
from review.living.runs.heterogeneity import HeterogeneityLine, ScaleTerm
from review.living.runs.scales import EffectScale
from review.protocol.characteristics import in_words, value_in_words
from review.synthesis.design import INTERCEPT
from review.wording import capitalised

Lines = Sequence[HeterogeneityLine]

SHOWN = 0.05
"""Two-sided level of the test whether tau² depends on something."""


def by_words(line: HeterogeneityLine) -> str:
    """Return what tau² may depend on: ``diagnosis``, ``year * diagnosis``."""
    return in_words(line.formula) if line.by_level or line.at else line.formula


def verdict(line: HeterogeneityLine) -> str:
    """Return what the test says, with one tau² beside; the reason where there is no test."""
    if line.p is None:
        return f"{line.note}."
    shown = "differs" if line.by_level else "changes"
    told = f"tau² {shown}" if line.p < SHOWN else f"that tau² {shown} was not shown"
    return (
        f"{told} (likelihood ratio chi² {number(line.stat)}, df {line.df}, p {p_value(line.p)}; "
        f"one for all: {number(line.same_tau2, 3)})"
    )


def heterogeneity_sections(lines: Lines, scale: EffectScale) -> list[Section]:
    """Return a table for each planned location-scale model."""
    return [_section(line, scale) for line in lines]


def _section(line: HeterogeneityLine, scale: EffectScale) -> Section:
    heading = f"Heterogeneity by {by_words(line)}"
    if line.p is None:
        return Section(heading, (verdict(line), *line.beside))
    said = verdict(line)
    ends = [f"At {one.label}: tau² {number(one.tau2, 3)}." for one in line.at]
    told = (f"{capitalised(said)}.", *ends, *line.beside)
    if line.by_level:
        headers: tuple[str, ...] = ("level", "k", scale.shown, "interval", "tau²", "interval")
        rows = tuple(_level(line, term, scale) for term in line.terms)
    else:
        headers = ("term", "of the mean", "interval", "of log tau²", "interval", "p", "tau² times")
        rows = tuple(_slope(term, scale) for _, term in line.printed)
    return Section(heading, told, headers, rows)


def _level(line: HeterogeneityLine, term: ScaleTerm, scale: EffectScale) -> tuple[str, ...]:
    return (
        value_in_words(line.formula, term.label),
        str(term.k),
        scale.number(term.estimate, term.ci),
        scale.interval(term.ci),
        number(term.tau2, 3),
        "" if term.tau2_ci is None else interval(term.tau2_ci, 3),
    )


def _slope(term: ScaleTerm, scale: EffectScale) -> tuple[str, ...]:
    decimals = scale.slope_decimals(term.estimate, term.ci)
    first = (
        term.label,
        scale.number(term.estimate, decimals=decimals),
        scale.interval(term.ci, decimals=decimals),
    )
    if term.coefficient is None or term.coefficient_ci is None:
        return (*first, "", "", "", "")
    return (
        *first,
        number(term.coefficient, 3),
        interval(term.coefficient_ci, 3),
        p_value(term.coefficient_p),
        "" if term.label == INTERCEPT else number(math.exp(term.coefficient), 3),
    )


def moved_heterogeneity(pair: tuple[Lines, Lines]) -> Iterator[str]:
    """Yield a sentence for each model of both runs whose test is another one now."""
    before = {line.formula: line for line in pair[0]}
    for now in pair[1]:
        was = before.get(now.formula)
        if was is None or _said(was) == _said(now):
            continue
        yield f"Heterogeneity by {by_words(now)}: {_said(now)}; before: {_said(was)}."


def _said(line: HeterogeneityLine) -> str:
    """Return levels and test in a clause, as a change report compares them."""
    if line.p is None:
        return f"no model ({line.note})"
    levels = ", ".join(
        f"{value_in_words(line.formula, term.label)} {number(term.tau2, 3)}"
        for term in line.terms
        if term.tau2 is not None
    )
    ends = ", ".join(f"{number(one.tau2, 3)} at {one.label}" for one in line.at)
    told = levels or ends
    return f"tau² {told}, p {p_value(line.p)}" if told else f"test p {p_value(line.p)}"


def moved_heterogeneity_section(pair: tuple[Lines, Lines]) -> list[Section]:
    """Return what moved of the heterogeneity; none where nothing of it was computed twice."""
    told = tuple(moved_heterogeneity(pair))
    return [Section("What heterogeneity depends on", told)] if told else []
