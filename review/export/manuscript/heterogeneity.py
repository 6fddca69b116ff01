"""What methods and results say of location-scale models, each number with its origin."""

from __future__ import annotations

from review.export.manuscript.document import Cite, Reference, Spans, filled
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import capped, words
from review.formula import parse
from review.living.reports.heterogeneity import SHOWN, by_words
from review.living.runs.heterogeneity import HeterogeneityLine
from review.protocol.characteristics import in_words, value_in_words

TABLE = "heterogeneity"
"""The table that has every level and coefficient."""


def heterogeneity_methods(facts: Facts) -> Spans:
    """Return what heterogeneity was planned to depend on; nothing where none was."""
    asked = [text for one in facts.analyses for text in one.plan.heterogeneity]
    if not asked:
        return ()
    named = [
        in_words(text) if text in parse(text).names else f"the formula “{text}”"
        for text in dict.fromkeys(asked)
    ]
    return filled(
        "Whether heterogeneity depends on {what} was planned to be tested by location-scale models "
        "{cite}, in which the mean effect and the logarithm of τ² depend on the same, by the "
        "likelihood ratio against one τ² for all trials.",
        what=words(named), cite=Cite("viechtbauer2022"),
    )  # fmt: skip


def heterogeneity_sentences(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return a sentence for each planned model: tau² of levels or ends, and the test."""
    lines = list(enumerate(analysed.latest.results.heterogeneity))
    found = [_sentence(i, line, printer) for i, line in lines if line.p is not None]
    found += [
        (f"Heterogeneity by {by_words(line)} was not modelled: {line.note}.",)
        for _, line in lines
        if line.p is None
    ]
    return found


def _sentence(i: int, line: HeterogeneityLine, printer: Printer) -> Spans:
    assert line.stat is not None
    assert line.df is not None
    assert line.p is not None
    assert line.same_tau2 is not None
    here = ("heterogeneity", i)
    parts = [
        filled(
            "{tau2} in {label}",
            tau2=printer.number(term.tau2, *here, "terms", place, "tau2", decimals=3),
            label=value_in_words(line.formula, term.label),
        )
        for place, term in enumerate(line.terms)
        if term.tau2 is not None
    ] + [
        filled(
            "{tau2} at {label}",
            tau2=printer.number(one.tau2, *here, "at", place, "tau2", decimals=3),
            label=one.label,
        )
        for place, one in enumerate(line.at)
    ]
    shown = "differed" if line.by_level else "changed"
    verdict = f"τ² {shown}" if line.p < SHOWN else f"that τ² {shown} was not shown"
    return filled(
        "Heterogeneity by {what} ({k} trials): {parts}{verdict} (χ²({df}) = {stat}, {p}); one for "
        "all trials would be {same}{table}.",
        what=by_words(line),
        k=printer.integer(line.k, *here, "k"),
        verdict=verdict,
        df=printer.integer(line.df, *here, "df"),
        stat=printer.number(line.stat, *here, "stat"),
        p=printer.p(line.p, *here, "p"),
        parts=filled("τ² {told}; ", told=capped(parts, "; ", TABLE)) if parts else (),
        same=printer.number(line.same_tau2, *here, "same_tau2", decimals=3),
        table=Reference("table", TABLE, aside=True),
    )
