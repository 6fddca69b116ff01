"""What is marked of two texts is what differs, and nothing of them is lost."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from review.citations.differences import differences

TEXTS = st.text(alphabet="ab c.-IÄß中\n", max_size=40)


@given(TEXTS, TEXTS)
@example("", "x")
def test_the_pieces_make_the_texts_and_what_is_not_marked_is_in_both(one: str, other: str) -> None:
    left, right = differences(one, other)
    assert "".join(piece.text for piece in left) == one
    assert "".join(piece.text for piece in right) == other
    same = ["".join(p.text for p in side if not p.differs) for side in (left, right)]
    assert same[0] == same[1]
    assert (one == other) == (not any(p.differs for p in (*left, *right)))
    assert all(piece.text for piece in (*left, *right))


def test_a_letter_in_a_word_is_marked_alone_and_other_words_whole() -> None:
    left, right = differences("A trail of therapy by video", "A trial of therapy by telephone")
    assert [p.text for p in right if p.differs][-1] == "telephone"
    assert "video" in [p.text for p in left if p.differs]
    assert max(len(p.text) for p in left if p.differs) == len("video")
