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
from review.export.manuscript.printer import Printer
from review.export.manuscript.results import conclusion_sentence, estimate
from review.export.manuscript.sentences import capped, count
from review.export.tables.printing import NumberStyle
from review.wording import counted

MOST_ANALYSES: Final = 6
"""Analyses that an abstract tells; the results tell all."""

FURTHER: Final = "further analyses"


def subtitle(facts: Facts) -> str:
    """Return version, date and last search, which PRISMA-LSR asks for beside the title."""
    if facts.version is not None:
        version = f"version {facts.version}"
    elif facts.versions:
        version = f"working version after version {facts.versions[-1]}"
    else:
        version = "working version, none released yet"
    kind = "Living systematic review" if facts.mode_stated else "Systematic review"
    searched = f"; last search {facts.searched}" if facts.searched else ""
    return f"{kind}, {version}; results of {facts.date:%Y-%m-%d}{searched}"


def abstract(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return the abstract: what was asked, how it was looked for, what was found."""
    told = [
        ("Objective", (facts.question,)),
        ("Methods", _methods(facts)),
        ("Results", sentences(*_found(facts, style))),
    ]
    return [
        Heading(1, "Abstract"),
        *(Paragraph(joined([f"{lead}. ", *text])) for lead, text in told if text),
    ]


def _methods(facts: Facts) -> Spans:
    sources = list(dict.fromkeys(search.source for search in facts.searches))
    searched = (
        f"Sources searched, last on {facts.searched}: {capped(sources)}."
        if sources
        else "The sources searched are for the authors to report."
    )
    models = list(dict.fromkeys(a.plan.method for a in facts.analyses))
    pooled = "were" if facts.analysed else "are to be"
    model = f"Trials {pooled} pooled by planned analyses ({capped(models)})."
    return sentences((searched,), (model,))


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
    k = printer.integer(analysed.latest.results.pooled.k, "pooled", "k")
    return filled(
        "{title}: {estimate} ({k}). {conclusion}",
        title=analysed.plan.title,
        estimate=estimate(analysed, printer),
        k=count(k, "trial in a network", "trials in a network")
        if analysed.latest.results.network is not None
        else count(k, "effect"),
        conclusion=sentences(*conclusion_sentence(analysed, printer)),
    )
