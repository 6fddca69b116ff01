"""Files that were damaged in every way: no crash, nothing empty, nothing merged, all counted."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from review.citations.formats.entry import Entry
from review.citations.formats.reading import Reading, read_citations
from review.citations.formats.registry import WRITERS
from review.citations.vocabulary import Format
from review.errors import FileError
from tests.citations.formats.test_reading import OF_EACH
from tests.tiers import WHOLE

MUTANTS = 10_000 if WHOLE else 220
RECORDS = 6


def marked(number: int) -> Entry:
    """A record whose title, name and DOI say which one it is."""
    return Entry(
        line=0,
        raw="",
        kind="JOUR",
        title=f"Trial mark{number}mark of sleep in nurses: größer & <0.05",
        abstract=f"We randomised nurses. Of mark{number}mark it is the abstract; it goes on.",
        authors=(f"Alm{number}, Anna", "Bok, Bo"),
        year=2000 + number,
        journal="Journal of Sleep",
        volume="3",
        issue="2",
        pages=f"{number}1-{number}9",
        doi=f"10.5555/mark{number}mark",
        keywords=("sleep", "nurses"),
    )


TEXTS = {
    **{kind: WRITERS[kind]([marked(n) for n in range(RECORDS)], ()) for kind in WRITERS},
    **{kind: text for kind, text in OF_EACH.items() if kind not in WRITERS},
}


def _truncated(text: str, draw: random.Random) -> str:
    return text[: draw.randrange(1, len(text))]


def _spliced(text: str, draw: random.Random) -> str:
    start, end = sorted(draw.choices(range(len(text)), k=2))
    place = draw.randrange(len(text))
    return text[:place] + text[start : min(end, start + 300)] + text[place:]


def _cut_out(text: str, draw: random.Random) -> str:
    place = draw.randrange(len(text))
    return text[:place] + text[place + draw.randrange(1, 60) :]


def _without_lines(text: str, draw: random.Random) -> str:
    return "\n".join(line for line in text.split("\n") if draw.random() > 0.08)


def _swapped_lines(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(3):
        one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _noise(text: str, draw: random.Random) -> str:
    signs = "\x00\x0b{}\"'<>&;,\t@%#-=\u202e\ufffd\n"
    for _ in range(draw.randrange(1, 12)):
        place = draw.randrange(len(text))
        text = text[:place] + draw.choice(signs) + text[place + 1 :]
    return text


def _same(text: str, draw: random.Random) -> str:
    del draw
    return text


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    _truncated, _spliced, _cut_out, _without_lines, _swapped_lines, _noise, _same,
)  # fmt: skip
MOVING = frozenset({_spliced, _swapped_lines})
"""What puts text of one record into another, where no reader can know it."""

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "gb18030", "utf-16-le")


def mutants() -> list[tuple[int, Format]]:
    kinds = sorted(TEXTS)
    return [(number, kinds[number % len(kinds)]) for number in range(MUTANTS)]


@pytest.mark.parametrize("part", range(4))
def test_damage_never_crashes_empties_or_merges(part: int) -> None:
    read = 0
    for number, kind in mutants()[part::4]:
        draw = random.Random(number)
        text = TEXTS[kind]
        done = [draw.choice(MUTATIONS) for _ in range(draw.randrange(1, 3))]
        for mutate in done:
            text = mutate(text or " ", draw)
        encoding = draw.choice(ENCODINGS)
        if draw.random() < 0.2:
            text = text.replace("\n", draw.choice(("\r\n", "\r")))
        data = text.encode(encoding, "replace")
        reading = _read(data)
        if isinstance(reading, FileError):
            assert reading.problems
            continue
        read += 1
        assert len(reading.items) == reading.items.stored + reading.items.rejected
        assert len(reading.entries) == reading.items.stored
        assert len(reading.rejects) == reading.items.rejected
        for entry in reading.entries:
            named = (entry.title, entry.doi, entry.pmid, entry.accession, entry.url, entry.abstract)
            assert any(named), (number, kind)
            if MOVING.isdisjoint(done):
                _one_work(entry, number)
    assert read > 0


def _read(data: bytes) -> Reading | FileError:
    try:
        return read_citations(data, file="x")
    except FileError as error:
        return error


def _one_work(entry: Entry, number: int) -> None:
    """A record that has the fields of two works says that something was wrong with it."""
    fields = (entry.title, entry.abstract, entry.doi)
    marks = {mark for field in fields if field for mark in re.findall(r"mark(\d)mark", field)}
    if len(marks) > 1:
        assert entry.remarks, (number, entry)
