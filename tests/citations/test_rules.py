"""What batches brought, counted."""

from __future__ import annotations

from review.citations.rules import BatchCount, Identified


def test_what_batches_brought_adds_up() -> None:
    first = BatchCount(1, 1, None, "Ovid", "a.ris", 10, 1, 9, 0)
    second = BatchCount(2, None, None, "by hand", "b.ris", 7, 2, 5, 3)
    found = Identified((first, second))
    assert (found.read, found.rejected, found.identified, found.duplicates) == (17, 3, 14, 3)
    assert (first.in_scope, second.in_scope, found.in_scope) == (9, 2, 11)
