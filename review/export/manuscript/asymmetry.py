"""What methods and results say of funnel plots and of the test of their asymmetry."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from review.export.manuscript.document import (
    Cite,
    Number,
    Reference,
    Spans,
    Term,
    filled,
    sentences,
)
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import words
from review.living.estimates.asymmetry import FEWEST_FOR_TEST, Asymmetry, asymmetry_of
from review.protocol.asymmetry import PredictorName, predictor_words

SHOWN: Final = 0.05
"""Two-sided level of a test of asymmetry."""


def small_study_methods(facts: Facts) -> Spans:
    """Return how small-study effects were looked at; nothing where all analyses are too small."""
    if not any(a.latest.results.pooled.k >= FEWEST_FOR_TEST for a in facts.analysed):
        return ()
    told = f"analyses of {FEWEST_FOR_TEST} trials or more"
    usual = filled(
        "Small-study effects were looked at in contour-enhanced funnel plots of {told} {peters}, "
        "and their asymmetry was tested by the regression of Egger and colleagues {egger}.",
        told=told, peters=Cite("peters2008"), egger=Cite("egger1997"),
    )  # fmt: skip
    return sentences(usual, *_by_another(facts))


def _by_another(facts: Facts) -> list[Spans]:
    """Return which plans regress on something else than the standard error."""
    titles: dict[PredictorName, list[str]] = {}
    for analysis in facts.analyses:
        if analysis.plan.asymmetry != "sei":
            titles.setdefault(analysis.plan.asymmetry, []).append(f"“{analysis.plan.title}”")
    return [
        filled(
            "For {titles} the plan has that regression on the {predictor}{cite}, instead of the "
            "standard error.",
            titles=words(named), predictor=predictor_words(name), cite=_source(name),
        )
        for name, named in titles.items()
    ]  # fmt: skip


def _source(predictor: PredictorName) -> Spans:
    """Return who proposed a predictor, where somebody did for this regression."""
    return (" ", Cite("pustejovsky2019")) if predictor == "sqrtninv" else ()


def asymmetry_sentences(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return Egger's test of the effects, which stands in no run: it is computed from its own."""
    found = asymmetry_of(analysed.latest.inputs, analysed.latest.results)
    if not isinstance(found, Asymmetry):
        return []
    stat = printer.number(found.stat, "effects")
    return [
        filled(
            "Egger’s test{by} {egger} {said} of the funnel plot{figure} ({what} {t}({df}) = "
            "{stat}, {p}).",
            by=found.by,
            egger=Cite("egger1997"),
            said="showed an asymmetry" if found.p < SHOWN else "did not show an asymmetry",
            figure=Reference("figure", f"funnel_{analysed.slug}", aside=True),
            what="slope" if found.by else "intercept",
            t=Term("t"),
            df=f"{found.ddf:g}",
            stat=replace(stat, name=f"{printer.name}/egger/stat"),
            p=_renamed(printer.p(found.p, "effects"), f"{printer.name}/egger/p"),
        )
    ]


def _renamed(spans: Spans, name: str) -> Spans:
    return tuple(replace(s, name=name) if isinstance(s, Number) else s for s in spans)
