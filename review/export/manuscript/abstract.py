"""The head of the document: its version and dates, and an abstract from the same facts."""

from __future__ import annotations

from typing import Final

from review.export.manuscript.document import (
    Block,
    Heading,
    Paragraph,
    Spans,
    filled,
    joined,
    sentences,
)
from review.export.manuscript.facts import Analysed, Facts, printer_of
from review.export.manuscript.news import in_brief
from review.export.manuscript.printer import Printer
from review.export.manuscript.results import conclusion_sentence, entered_words, estimate
from review.export.manuscript.sentences import capped, count, words
from review.export.tables.printing import NumberStyle
from review.living.estimates.counts import of_time
from review.measures import MIXED
from review.protocol.rules import Plan
from review.wording import capitalised, counted

MOST_ANALYSES: Final = 6
"""Analyses that an abstract tells; the results tell all."""

FURTHER: Final = "further analyses"


IN_SHORT: Final = {
    "EE": "a common-effect model",
    "MH": "the Mantel-Haenszel method",
    "PETO": "Peto’s method",
    **dict.fromkeys(MIXED, "a mixed-effects logistic model"),
}
OTHERWISE: Final = "a random-effects model ({})"
"""What an abstract says of a method; the methods section says more."""


def title(facts: Facts) -> str:
    """Return the title with kind, version and last search, which PRISMA-LSR asks for there."""
    kind = "living systematic review" if facts.mode_stated else "systematic review"
    named = [] if kind in facts.title.casefold() else [kind]
    searched = f", searched to {facts.searched}" if facts.searched else ""
    return f"{facts.title}: {', '.join([*named, _numbered(facts)])}{searched}"


def subtitle(facts: Facts) -> str:
    """Return version, date and last search, which stand below the title."""
    return dated(facts)


def dated(facts: Facts) -> str:
    """Return version and dates as a sentence without its full stop."""
    searched = f"; last search {facts.searched}" if facts.searched else ""
    return f"{capitalised(_numbered(facts))}; results of {facts.date:%Y-%m-%d}{searched}"


def _numbered(facts: Facts) -> str:
    """Return ``version 1.0``; a search after it belongs to no version yet."""
    if facts.version is not None:
        return f"version {facts.version}"
    return "working version" + (f" after version {facts.versions[-1]}" if facts.versions else "")


def abstract(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return the abstract: what was asked, how it was looked for, what was found."""
    told = [
        ("Objective", (facts.question or "The objective is for the authors to state.",)),
        ("Methods", _methods(facts)),
        ("Results", sentences(*_found(facts, style))),
        ("Version", _version(facts)),
    ]
    return [
        Heading(1, "Abstract"),
        *(Paragraph(joined([f"{lead}. ", *text])) for lead, text in told if text),
    ]


def _methods(facts: Facts) -> Spans:
    sources = list(dict.fromkeys(search.source for search in facts.searches))
    searched = (
        filled("Sources searched, last on {day}: {s}.", day=facts.searched or "", s=capped(sources))
        if sources
        else ("The sources searched are for the authors to report.",)
    )
    models = [_in_short(a.plan) for a in facts.analyses]
    pooled = "pooled" if facts.analysed else "are to pool"
    model = f"Planned analyses {pooled} effects by {words(list(dict.fromkeys(models)))}."
    return sentences(searched, (model,))


def _in_short(plan: Plan) -> str:
    if plan.method in MIXED and of_time(plan.measure):
        return "a mixed-effects Poisson model"
    return IN_SHORT.get(plan.method, OTHERWISE.format(plan.method))


def _version(facts: Facts) -> Spans:
    """Return version and dates, and what is new in it, as PRISMA-LSR asks of an abstract."""
    return sentences((f"{dated(facts)}.",), *in_brief(facts))


def _found(facts: Facts, style: NumberStyle) -> list[Spans]:
    printer = Printer(style, "extraction")
    n = printer.integer(facts.extracted.studies, "studies")
    found = [filled("The review holds {n}.", n=count(n, "study", "studies"))]
    found += [_one(a, printer_of(a, style)) for a in facts.analysed[:MOST_ANALYSES]]
    rest = len(facts.analysed) - MOST_ANALYSES
    if rest > 0:
        found.append((f"The results tell of {counted(rest, 'further analysis', FURTHER)}.",))
    if facts.planned:
        planned = counted(len(facts.planned), "planned analysis", "planned analyses")
        found.append((f"No trial has contributed to {planned} yet.",))
    return found


def _one(analysed: Analysed, printer: Printer) -> Spans:
    results = analysed.latest.results
    lone, network = results.pooled.k == 1, results.network is not None
    joint = results.joint is not None
    k = printer.integer(results.pooled.k, "pooled", "k")
    told = filled(
        "For “{title}” the {pooled}{estimate}, from {trials}.",
        title=analysed.plan.title,
        pooled="" if lone else "pooled ",
        estimate=estimate(analysed, printer, pooled=True),
        trials=count(k, "trial in a network", "trials in a network")
        if network
        else count(k, "trial of several outcomes", "trials of several outcomes")
        if joint
        else entered_words(analysed, printer),
    )
    return sentences(told, *conclusion_sentence(analysed, printer))
