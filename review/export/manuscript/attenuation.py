"""What methods say of effects corrected for the unreliability of their instruments."""

from __future__ import annotations

from typing import Final

from review.export.manuscript.document import Cite, Spans, filled, joined
from review.export.manuscript.facts import Facts
from review.export.manuscript.sentences import words
from review.measures import AnalysisKind, Measure
from review.protocol.attenuation import reliabilities
from review.protocol.rules import Plan

OF_DIFFERENCES: Final = (
    "For {titles}: differences were divided by the root of the reliability of their instrument, "
    "and variances by the reliability, which counts as known {cite} ({by})."
)
OF_CORRELATIONS: Final = (
    "For {titles}: correlations were divided by the root of the product of the reliabilities of "
    "both measures, and variances by that product, which counts as known {cite} ({by})."
)
OF_FISHERS_Z: Final = (
    "For {titles}: correlations were divided by the root of the product of the reliabilities of "
    "both measures before Fisher’s transformation, with variances by the delta method; "
    "reliabilities count as known {cite} ({by})."
)


def attenuation_methods(facts: Facts) -> Spans:
    """Return by which reliabilities each plan corrects; nothing where none does."""
    told: dict[tuple[str, str], list[str]] = {}
    for analysis in facts.analyses:
        plan = analysis.plan
        if plan.reliability:
            told.setdefault((_how(plan), _by(facts, plan)), []).append(f"“{plan.title}”")
    found = [
        filled(how, titles=words(titles), cite=Cite("wiernik2020"), by=by)
        for (how, by), titles in told.items()
    ]
    return joined([span for one in found for span in (*one, " ")][:-1]) if found else ()


def _how(plan: Plan) -> str:
    if plan.kind is not AnalysisKind.ASSOCIATION:
        return OF_DIFFERENCES
    return OF_FISHERS_Z if plan.measure is Measure.ZCOR else OF_CORRELATIONS


def _by(facts: Facts, plan: Plan) -> str:
    own, of_predictor, stated = reliabilities(plan.reliability)
    return "; ".join(
        (
            *(f"each trial’s {name.replace('_', ' ')}" for name in (*own, *of_predictor)),
            *(f"{facts.instruments.get(name, name)} {value:g}" for name, value in stated.items()),
        )
    )
