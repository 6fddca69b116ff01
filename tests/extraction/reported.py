"""Evidence with its reported numbers given by name, as tests read best."""

from __future__ import annotations

from typing import Any

from review.extraction.evidence import Evidence
from review.extraction.formats.source import Values
from review.extraction.numbers import ReportedNumbers
from review.extraction.vocabulary import Positive


def evidence_with(**given: Any) -> Evidence:
    """Return evidence; what is a field of `ReportedNumbers` goes there."""
    numbers = {n: given.pop(n) for n in ReportedNumbers._fields if n in given}
    return Evidence(**given, numbers=ReportedNumbers(**numbers))


def changed(item: Evidence, **given: Any) -> Evidence:
    """Return evidence with some values in place of its own."""
    numbers = {n: given.pop(n) for n in ReportedNumbers._fields if n in given}
    return item._replace(**given, numbers=item.numbers._replace(**numbers))


def values_with(
    metric: str | None = None,
    positive: Positive | None = None,
    *,
    weeks: float | None = None,
    **given: Any,
) -> Values:
    """Return the values of a result of another program's file."""
    return Values(ReportedNumbers(metric=metric, positive=positive, **given), weeks)
