"""Large files: what is read part by part is what is read at once, and little of it is held."""

from __future__ import annotations

import pytest

from review.citations.formats.entry import Entry
from review.citations.formats.reading import read_citations
from review.citations.formats.ris import read_ris, ris_blocks
from review.citations.formats.spool import Spool

RECORDS = 3_000
ABSTRACT = "Nurses on nights sleep badly – größer; we randomised them to a leaflet. " * 45


def text_of(count: int, *, unended: int | None = None) -> str:
    return "".join(
        f"TY  - JOUR\nTI  - Trial number {n}\nAB  - {ABSTRACT}\nPY  - 2019\n"
        + ("" if n == unended else "ER  - \n\n")
        for n in range(count)
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_blocks_say_what_the_whole_says(end: str, mark: bytes) -> None:
    text = text_of(RECORDS, unended=1_234)
    data = mark + text.replace("\n", end).encode()
    assert ris_blocks(data) is not None
    reading = read_citations(data, file="x.ris")
    whole = [item for item in read_ris(text) if isinstance(item, Entry)]
    assert len(reading.items) == reading.items.stored == RECORDS
    for one, other in zip(reading.items, whole, strict=True):
        assert isinstance(one, Entry)
        assert (one.line, one.title, one.remarks) == (other.line, other.title, other.remarks)
        assert (one.raw, one.abstract) == (other.raw, other.abstract)
    assert [remark.line for remark in reading.said.remarks.values()] == [whole[1_234].line]


def test_a_large_file_that_is_not_utf_8_is_read_as_a_whole() -> None:
    data = text_of(RECORDS).encode("cp1252")
    assert ris_blocks(data) is None
    reading = read_citations(data, file="x.ris")
    assert (reading.encoding, reading.items.stored) == ("cp1252 (guessed)", RECORDS)


def test_a_spool_gives_what_was_put_in_again_and_again() -> None:
    entries = [entry for entry in read_ris(text_of(2_345)) if isinstance(entry, Entry)]
    spool = Spool()
    for entry in entries:
        spool.add(entry)
    assert list(spool) == entries
    assert list(spool) == entries
    assert (len(spool), spool.stored, spool.rejected) == (2_345, 2_345, 0)
