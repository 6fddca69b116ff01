"""What methods say of instruments that were put on the scale of one of them."""

from __future__ import annotations

from review.export.manuscript.document import Cite, Spans, filled, joined
from review.export.manuscript.facts import Facts
from review.export.manuscript.sentences import words
from review.protocol.linking import Reference, links, references
from review.protocol.rules import Plan


def linking_methods(facts: Facts) -> Spans:
    """Return by which reference scores each plan links instruments; nothing where none does."""
    told: dict[tuple[str, str], list[str]] = {}
    for analysis in facts.analyses:
        if links(analysis.plan):
            told.setdefault(_by(facts, analysis.plan), []).append(f"“{analysis.plan.title}”")
    found = [
        filled(
            "For {titles}: differences were put in points of {target} by linear linking {cite}, "
            "multiplied by the ratio of SDs in reference samples, which count as known ({by}).",
            titles=words(titles), target=target, cite=Cite("kolen2014"), by=by,
        )
        for (target, by), titles in told.items()
    ]  # fmt: skip
    return joined([span for one in found for span in (*one, " ")][:-1]) if found else ()


def _by(facts: Facts, plan: Plan) -> tuple[str, str]:
    def called(name: str) -> str:
        return facts.instruments.get(name, name)

    def told(one: Reference) -> str:
        return f"{called(one.instrument)} {one.sd:g}, {one.source}"

    return called(str(plan.target_instrument)), "; ".join(map(told, references(plan).values()))
