"""Brackets of sentences: never one behind another, never one within another."""

from __future__ import annotations

import pytest

from review.export.manuscript.brackets import tidied
from review.export.manuscript.document import Cite, Reference, Span, plain

TABLE = Reference("table", "T1", aside=True)
FIGURE = Reference("figure", "F1", aside=True)


@pytest.mark.parametrize(
    ("spans", "text"),
    [
        (("Left out were 2", TABLE, "."), "Left out were 2 (T1)."),
        (("Five were", TABLE, FIGURE, "."), "Five were (T1; F1)."),
        (("from 3 (90 people)", FIGURE, "."), "from 3 (90 people; F1)."),
        (("plot", FIGURE, " (t = 2)."), "plot (F1; t = 2)."),
        (("(A, B and 3 more", TABLE, ")."), "(A, B and 3 more; T1)."),
        (("C (to do) (no results)", TABLE, "."), "C (to do; no results; T1)."),
        (("a list: 1) one", TABLE, " and 2) two."), "a list: 1) one (T1) and 2) two."),
        (("an open (bracket", TABLE, "."), "an open (bracket (T1)."),
        (("by Egger ", Cite("egger"), " (x)", TABLE), "by Egger egger (x; T1)"),
    ],
)
def test_an_aside_stands_in_one_pair_of_brackets(spans: tuple[Span, ...], text: str) -> None:
    found = tidied(spans)
    assert plain(found) == text
    assert not any(isinstance(span, Reference) and span.aside for span in found)
