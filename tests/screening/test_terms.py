"""What is marked in a text: words, stems, phrases; and the text stays what it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from review.screening.guidance.vocabulary import TermKind
from review.screening.terms import Groups, marked, pattern_of

IN, OUT, OTHER = TermKind.INCLUDE, TermKind.EXCLUDE, TermKind.OTHER
GROUPS: Groups = (
    (IN, ("random*", "controlled trial", "RCT")),
    (OUT, ("rat", "case report")),
    (OTHER, ("trial",)),
)


def found(text: str, groups: Groups = GROUPS) -> list[tuple[str, TermKind]]:
    return [(piece.text, piece.kind) for piece in marked(text, groups) if piece.kind is not None]


def test_words_stems_and_phrases() -> None:
    assert found("A randomised controlled-trial of rats, no ratio; two RCTs, one trial.") == [
        ("randomised", IN), ("controlled-trial", IN), ("rats", OUT), ("RCTs", IN), ("trial", OTHER),
    ]  # fmt: skip
    assert found("quasi-random, CASE  REPORTS") == [("random", IN), ("CASE  REPORTS", OUT)]
    assert found("nothing here") == []
    assert marked("nothing", ()) == [("nothing", None)]


def test_signs_of_a_pattern_are_letters_of_a_term() -> None:
    assert found("(c++) and c", ((IN, ("(c++)",)),)) == [("(c++)", IN)]
    pattern = pattern_of(["a.b"])
    assert pattern is not None
    assert pattern.search("axb") is None


@given(
    st.text(max_size=200),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=2, max_size=12), max_size=6),
)
def test_the_pieces_are_the_text(text: str, terms: list[str]) -> None:
    groups: Groups = ((IN, tuple(" ".join(t.split()) for t in terms if t.strip(" *"))),)
    groups = ((IN, tuple(t for t in groups[0][1] if len(t.strip("*")) > 1)),)
    assert "".join(piece.text for piece in marked(text, groups)) == text


def test_a_long_text_is_marked_in_a_moment() -> None:
    text = "random " * 400 + "a" * 40_000
    assert len(found(text, ((IN, ("a*** a**", "random*")),))) == 400
