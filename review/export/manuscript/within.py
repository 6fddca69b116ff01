"""What methods say of changes within arms, which nothing is compared with."""

from __future__ import annotations

from review.export.manuscript.document import Cite, Spans, filled
from review.export.manuscript.facts import Facts
from review.export.manuscript.sentences import words


def within_methods(facts: Facts) -> Spans:
    """Return what speaks against reading a change as an effect; nothing where none is pooled."""
    titles = [f"“{a.plan.title}”" for a in facts.analyses if a.plan.within_arms]
    if not titles:
        return ()
    return filled(
        "In {titles} nothing is compared: changes hold the course of the disorder without "
        "treatment and regression to the mean beside what the treatment does {cite}.",
        titles=words(titles),
        cite=Cite("cuijpers2017"),
    )
