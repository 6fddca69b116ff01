"""What is said of a file is seen, whatever stands in the file."""

from __future__ import annotations

import pickle
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from review.citations.formats.reading import read_citations
from review.errors import FileError, InvalidDataError, Problem, seen
from review.extraction.files import read_rows
from review.protocol.files import mapping_of

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
TURNED = "\u202eevil\u2066\u200f"
TURNS = {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"}
ALLOWED = {"\n", "\t", "\u200c", "\u200d"}


def _unseen(text: str) -> list[str]:
    controls = [c for c in text if c not in ALLOWED and unicodedata.category(c) in ("Cc", "Cs")]
    return controls + [c for c in text if unicodedata.bidirectional(c) in TURNS]


@given(st.text())
def test_nothing_that_is_obeyed_is_left_and_the_rest_is_as_it_was(text: str) -> None:
    shown = seen(text)
    assert _unseen(shown) == []
    assert seen(shown) == shown
    kept = [c for c in text if c.isprintable() or c in ALLOWED]
    rest = iter(shown)
    assert all(c in rest for c in kept)  # in their order


def test_letters_of_every_script_are_left_alone() -> None:
    for words in ("Ärger über Größe", "نمی‌خواهم", "हिन्‍दी", "ไทย", "中文 標題", "עברית", "a\nb\tc"):
        assert seen(words) == words


def test_errors_of_readers_quote_files_harmlessly() -> None:
    told = []
    for reader, data in (
        (lambda d: read_citations(d, file=f"{ESCAPE}.ris"), f"{ESCAPE}\n{TURNED}"),
        (lambda d: read_rows(d, file="x.csv"), f"study,{ESCAPE}{TURNED},mean\na,b,{ESCAPE}"),
        (lambda d: mapping_of(d.decode(), source=TURNED), f"a: [1\n{TURNED}: &{ESCAPE} x"),
    ):  # fmt: skip
        try:
            reader(data.encode())
        except FileError as error:
            told += [str(error), *(str(problem) for problem in error.problems)]
            told += [str(pickle.loads(pickle.dumps(error)))]
    told.append(str(InvalidDataError(f"{ESCAPE}{TURNED} is no verdict")))
    told.append(str(Problem(1, f"a{ESCAPE}", f"b{TURNED}", f"sheet {ESCAPE}")))
    assert len(told) > 8
    assert [_unseen(text) for text in told] == [[] for _ in told]
    assert any("\\x1b[2J" in text for text in told)
