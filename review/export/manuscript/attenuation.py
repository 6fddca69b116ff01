"""What methods say of effects corrected for the unreliability of their instruments."""

from __future__ import annotations

from review.export.manuscript.document import Cite, Spans, filled, joined
from review.export.manuscript.facts import Facts
from review.export.manuscript.sentences import words
from review.protocol.attenuation import reliabilities
from review.protocol.rules import Plan


def attenuation_methods(facts: Facts) -> Spans:
    """Return by which reliabilities each plan corrects; nothing where none does."""
    told: dict[str, list[str]] = {}
    for analysis in facts.analyses:
        if analysis.plan.reliability:
            told.setdefault(_by(facts, analysis.plan), []).append(f"“{analysis.plan.title}”")
    found = [
        filled(
            "For {titles}: differences were divided by the root of the reliability of "
            "their instrument, and variances by the reliability, which counts as known {cite} "
            "({by}).",
            titles=words(titles), cite=Cite("wiernik2020"), by=by,
        )
        for by, titles in told.items()
    ]  # fmt: skip
    return joined([span for one in found for span in (*one, " ")][:-1]) if found else ()


def _by(facts: Facts, plan: Plan) -> str:
    own, stated = reliabilities(plan.reliability)
    return "; ".join(
        (
            *(f"each trial’s {name.replace('_', ' ')}" for name in own),
            *(f"{facts.instruments.get(name, name)} {value:g}" for name, value in stated.items()),
        )
    )
