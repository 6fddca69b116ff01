"""Which report a PDF is: by its DOI, its title, or the name of its file. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from review.citations.dedupe.fingerprint import title_words, words_of
from review.citations.formats.doi import doi_in

_DOI: Final = re.compile(r"\b10\.\d{4,9}/\S+")
_SHORTEST_TITLE: Final = 25
"""Letters; a shorter title may stand in any text."""

_SAME: Final = 0.92
"""Ratio of letters from which a title of a file is a record's."""

_SAID: Final = ("its DOI stands in it", "its title stands in it", "the name of the file")


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What a PDF says of itself."""

    name: str
    title: str = ""
    """As its properties have it."""
    text: str = ""
    """Of its first pages, with what its properties say."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A report whose PDF is sought."""

    record: int
    title: str | None
    doi: str | None
    first_author: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Match:
    """A report that a PDF may be, and why; `rank` is 0 for the best reason."""

    record: int
    why: str
    rank: int


def matches(facts: PdfFacts, sought: Sequence[Sought]) -> list[Match]:
    """Return the reports that a PDF may be, the likeliest first.

    Only those with the best reason are returned: where it is one, it is proposed; where it is
    several, a person chooses.
    """
    text, dois = words_of(facts.text), _dois(facts.text)
    name = words_of(re.sub(r"\.pdf$", "", facts.name, flags=re.IGNORECASE).replace("_", " "))
    plain = re.sub(r"[^a-z0-9]", "", facts.name.casefold())
    found: list[Match] = []
    for one in sought:
        rank = _rank(one, facts, text, dois, name, plain)
        if rank is not None:
            found.append(Match(one.record, _SAID[rank], rank))
    best = min((match.rank for match in found), default=0)
    return [match for match in found if match.rank == best]


def _dois(text: str) -> set[str]:
    return {doi for part in _DOI.findall(text) if (doi := doi_in(part)) is not None}


def _rank(
    one: Sought, facts: PdfFacts, text: str, dois: set[str], name: str, plain: str
) -> int | None:
    if one.doi and one.doi.lower() in dois:
        return 0
    title = title_words(one.title)
    long = len(title) >= _SHORTEST_TITLE
    if long and title in text:
        return 1
    if long and facts.title and fuzz.ratio(title, words_of(facts.title)) / 100 >= _SAME:
        return 1
    if one.doi and re.sub(r"[^a-z0-9]", "", one.doi.lower()) in plain:
        return 2
    if long and len(name) >= _SHORTEST_TITLE and (title.startswith(name) or title in name):
        return 2
    words, surname = name.split(), _surname(one.first_author or "")
    if surname and one.year and {str(one.year), *surname.split()} <= set(words):
        return 2
    return 2 if words in (["record", str(one.record)], [str(one.record)]) else None


def _surname(author: str) -> str:
    """Return a surname in words: of ``Doe, J.`` and of ``Jane Doe``."""
    head, comma, _ = author.partition(",")
    return words_of(head) if comma else (words_of(author).split() or [""])[-1]
