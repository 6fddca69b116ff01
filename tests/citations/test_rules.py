"""What batches brought, counted."""

from __future__ import annotations

from review.citations.rules import (
    BatchCount,
    Identified,
    PairState,
    heading,
    pair_state,
    warning_of,
)
from review.citations.vocabulary import Band, Verdict


def test_what_batches_brought_adds_up() -> None:
    first = BatchCount(1, 1, None, "Ovid", "a.ris", 10, 1, 9, 0)
    second = BatchCount(2, None, None, "by hand", "b.ris", 7, 2, 5, 3)
    found = Identified((first, second))
    assert (found.read, found.rejected, found.identified, found.duplicates) == (17, 3, 14, 3)
    assert (first.in_scope, second.in_scope, found.in_scope) == (9, 2, 11)


def test_a_verdict_counts_before_the_band_of_a_pair() -> None:
    for band in Band:
        assert pair_state(band, Verdict.DUPLICATE) is PairState.LINKED
        assert pair_state(band, Verdict.DIFFERENT) is PairState.DIFFERENT
        assert pair_state(band, Verdict.UNDECIDED) is PairState.OPEN
        alone = PairState.LINKED if band is Band.CERTAIN else PairState.OPEN
        assert pair_state(band, None) is alone


def test_a_title_stands_behind_its_gravest_warning() -> None:
    assert warning_of([]) is None
    assert warning_of([("corrected", "see p. 3")]) is None
    grave = warning_of([("corrected", "see p. 3"), ("retracted", "by the editor")])
    assert heading("A trial", grave) == "[RETRACTED] A trial"
    assert heading(None, None) == "no title"
