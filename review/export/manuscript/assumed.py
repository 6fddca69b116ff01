"""What methods say of correlations that a plan assumes where reports do not give them."""

from __future__ import annotations

from typing import Final

from review.export.manuscript.document import Spans, filled, joined, listed
from review.export.manuscript.facts import Analysed, Planned, printer_of
from review.export.tables.printing import NumberStyle

ASSUMED: Final = {
    "icc": "an intracluster correlation of {r} for cluster trials that do not report it",
    "crossover_correlation": "a correlation of {r} for crossover trials that do not report it",
    "change_correlation": (
        "a correlation of {r} between scores before and after for arms that do not report it"
    ),
}
"""By the plan's choice."""


def assumed(analysis: Analysed | Planned, style: NumberStyle) -> Spans:
    """Return which correlations a plan assumes; nothing where it assumes none."""
    plan, printer = analysis.plan, printer_of(analysis, style)
    told = [
        filled(words, r=printer.chosen(value, "plan", name))
        for name, words in ASSUMED.items()
        if (value := getattr(plan, name)) is not None
    ]
    were = "were" if isinstance(analysis, Analysed) else "are to be"
    return joined([f"Assumed {were} ", *listed(told)]) if told else ()
