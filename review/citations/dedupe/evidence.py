"""What two records have in common, field by field; no rule decides here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from review.citations.dedupe.fingerprint import Fingerprint, words_of
from review.citations.dedupe.journals import Agreement, same_journal

SAME_TITLE: Final = 0.97
"""Ratio of letters; below it two titles differ by more than a sign or a slip."""

LIKE_TITLE: Final = 0.85
RELATED_TITLE: Final = 0.6
_CONTAINED: Final = 30
"""Letters that a title cut short must have in common with the whole one."""

_SHORTEST_WORD: Final = 4
"""Letters; a letter changed in a shorter word is another word, as in ``type a`` and ``type b``."""

_SMALL: Final = frozenset(
    {"a", "an", "and", "as", "at", "by", "de", "der", "die", "du", "et", "for", "from", "in",
     "into", "la", "le", "of", "on", "the", "to", "und", "using", "with"}
)  # fmt: skip
_DIGIT: Final = re.compile(r"\d")
_OPPOSITES: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("symptomatic", "asymptomatic"), ("typical", "atypical"), ("septic", "aseptic"),
        ("morbidity", "mobility"), ("moral", "morale"), ("natal", "neonatal"),
    )
)  # fmt: skip
"""Words a letter apart that make two works of one title."""

NEAR_YEARS: Final = 1
"""Online first and in print."""

FAR_YEARS: Final = 3

MOST: Final = 0.8
"""Share of authors that is most of them; lists are cut, and names are spelt in many ways."""

_LIKE_NAME: Final = 0.85
_ABSTRACT: Final = 240
"""Letters of two abstracts that are compared; databases cut, head and sign the rest."""

_SAME_ABSTRACT: Final = 0.85
_OTHER_ABSTRACT: Final = 0.6
_SHORTEST_ABSTRACT: Final = 80
_HEADING: Final = re.compile(
    r"^(?:(?:background|introduction|context|aims?|objectives?|purpose|rationale|hypothesis|"
    r"importance|summary|abstract|study|question|the|of|and|design)\s+){1,5}"
)
_MOST_PAGES: Final = 40
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Evidence:
    """Two records and how far each of their fields agrees."""

    one: Fingerprint
    other: Fingerprint
    doi: Agreement
    pmid: Agreement
    accession: Agreement
    title: float
    contained: bool
    """Whether one title is the other cut short."""
    years: int | None
    journal: Agreement
    page: Agreement
    volume: Agreement
    first_author: Agreement
    shared: float
    """Share of the shorter list of authors that both have; 0 where one has none."""
    all_shared: float
    """Share of the longer list."""

    @cached_property
    def abstract(self) -> Agreement:
        """Whether the abstracts begin alike; compared only where a rule asks."""
        return _same_abstract(self.one.abstract, self.other.abstract)

    @cached_property
    def slips_only(self) -> bool:
        """Whether each word in which the titles differ is one word, spelt in two ways."""
        return _slips_only(self.one.bare_title, self.other.bare_title)

    @property
    def near_titles(self) -> bool:
        """Whether the titles may be of one work: but for slips, cut short, or missing."""
        if self.no_title or self.slips_only or self.contained:
            return True
        one, other = self.one.bare_title, self.other.bare_title
        return fuzz.partial_ratio(one, other) / 100 >= SAME_TITLE and not self.exchanged

    @cached_property
    def exchanged(self) -> bool:
        """Whether other words stand in the places of some: another drug, another group."""
        mine, theirs = _only_in_one(self.one.bare_title, self.other.bare_title)
        return len(mine) == len(theirs) and not self.slips_only

    @property
    def same_text(self) -> bool:
        """Whether title, authors and abstract are the same."""
        return (
            self.same_title
            and self.shared >= MOST
            and self.first_author is Agreement.SAME
            and self.abstract is Agreement.SAME
        )

    @property
    def identified(self) -> bool:
        """Whether an identifier of works is the same."""
        return self.doi is Agreement.SAME or self.pmid is Agreement.SAME

    @property
    def located(self) -> bool:
        """Whether volume and first page are the same, with years that fit."""
        return (
            self.page is Agreement.SAME
            and self.volume is Agreement.SAME
            and (self.years is None or self.years <= NEAR_YEARS)
        )

    @property
    def located_elsewhere(self) -> bool:
        """Whether pages or volume say that these are two places."""
        return self.page is Agreement.DIFFERENT or self.volume is Agreement.DIFFERENT

    @property
    def has_authors(self) -> bool:
        """Whether both say who wrote them."""
        return bool(self.one.names and self.other.names)

    @property
    def long_titles(self) -> bool:
        """Whether two works would rarely share such a title."""
        return self.one.has_long_title and self.other.has_long_title

    @property
    def same_title(self) -> bool:
        """Whether the titles differ by no more than a slip."""
        return self.title >= SAME_TITLE and self.slips_only

    @property
    def no_title(self) -> bool:
        """Whether one of them has no title."""
        return not self.one.title or not self.other.title

    @property
    def score(self) -> float:
        """Agreement in one number from 0 to 1, to order a person's queue by."""
        known = {Agreement.SAME: 1.0, Agreement.DIFFERENT: 0.0, Agreement.UNKNOWN: 0.5}
        identifier = max(known[self.doi], known[self.pmid])
        year = 0.5 if self.years is None else max(0.0, 1.0 - self.years / FAR_YEARS)
        parts = (
            (0.5, self.title),
            (0.15, self.shared if self.has_authors else 0.5),
            (0.1, identifier),
            (0.1, known[self.journal]),
            (0.1, known[self.page]),
            (0.05, year),
        )
        return round(sum(weight * value for weight, value in parts), 4)

    def said(self) -> dict[str, Any]:
        """Return the evidence as it is stored and printed."""
        return {
            "doi": self.doi.value,
            "pmid": self.pmid.value,
            "title": round(self.title, 3),
            "authors": round(self.shared, 3),
            "first_author": self.first_author.value,
            "years_apart": self.years,
            "journal": self.journal.value,
            "volume": self.volume.value,
            "first_page": self.page.value,
            "abstract": self.abstract.value,
        }


def evidence_of(one: Fingerprint, other: Fingerprint) -> Evidence | None:
    """Return what two records have in common; None where nothing could make them one.

    That is where neither an identifier, nor the title, nor volume and page agree.
    """
    title = _title_ratio(one, other)
    same_number = bool(
        (one.doi and one.doi == other.doi)
        or (one.pmid and one.pmid == other.pmid)
        or (one.accession and one.accession == other.accession)
    )
    contained = _is_contained(one.bare_title, other.bare_title)
    page, volume = _same_page(one.page, other.page), _agree(one.volume, other.volume)
    placed = page is Agreement.SAME and volume is Agreement.SAME and one.year == other.year
    if title < RELATED_TITLE and not (same_number or contained or placed):
        return None
    shared, all_shared = _shares(one, other)
    return Evidence(
        one=one,
        other=other,
        doi=_agree(one.doi, other.doi),
        pmid=_agree(one.pmid, other.pmid),
        accession=_agree(one.accession, other.accession),
        title=title,
        contained=contained,
        years=None if one.year is None or other.year is None else abs(one.year - other.year),
        journal=same_journal(one.journal, other.journal),
        page=page,
        volume=volume,
        first_author=_first_author(one, other),
        shared=shared,
        all_shared=all_shared,
    )


def _title_ratio(one: Fingerprint, other: Fingerprint) -> float:
    if not one.title or not other.title:
        return 0.0
    if one.bare_title == other.bare_title:
        return 1.0
    whole = fuzz.ratio(one.bare_title, other.bare_title) / 100
    if LIKE_TITLE <= whole < 1.0:
        # "anti-oxidant" and "antioxidant": where words end is not a difference.
        joined = fuzz.ratio(one.bare_title.replace(" ", ""), other.bare_title.replace(" ", ""))
        whole = max(whole, joined / 100)
    return whole


def _slips_only(one: str, other: str) -> bool:
    """Whether two titles have the same words but for slips, ``men`` and ``women`` being none.

    Examples
    --------
    >>> _slips_only("a trial of behavior therapy", "a trail of behaviour therapy")
    True
    >>> _slips_only("sleep hygiene in men", "sleep hygiene in women")
    False
    """
    if one == other or one.replace(" ", "") == other.replace(" ", ""):
        return True
    mine, theirs = _only_in_one(one, other)
    if not mine or not theirs:
        return all(word in _SMALL for word in (*mine, *theirs))
    if len(mine) != len(theirs):
        return _is_slip("".join(mine), "".join(theirs))
    return all(_is_slip(a, b) for a, b in zip(mine, theirs, strict=True))


def _only_in_one(one: str, other: str) -> tuple[list[str], list[str]]:
    left, right = one.split(), other.split()
    return [w for w in left if w not in right], [w for w in right if w not in left]


def _is_slip(one: str, other: str) -> bool:
    """Whether a letter more, less, changed or out of place makes one word of two."""
    is_small = one in _SMALL or other in _SMALL
    if min(len(one), len(other)) < _SHORTEST_WORD and not is_small:
        return False
    if frozenset((one, other)) in _OPPOSITES:
        return False
    if _DIGIT.findall(one) != _DIGIT.findall(other):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _is_contained(one: str, other: str) -> bool:
    short, full = sorted((one, other), key=len)
    if len(short) < _CONTAINED or len(short) == len(full) or short[:10] != full[:10]:
        return False
    return OSA.distance(short, full[: len(short)], score_cutoff=1) <= 1


def _agree(one: str | None, other: str | None) -> Agreement:
    if not one or not other:
        return Agreement.UNKNOWN
    return Agreement.SAME if one == other else Agreement.DIFFERENT


def _same_page(one: str | None, other: str | None) -> Agreement:
    """Compare first pages; ``S12`` and ``12`` are one, sources keep or drop the letter."""
    found = _agree(one, other)
    if found is Agreement.DIFFERENT and one and other:
        if _is_count(one, other) or _is_count(other, one):
            return Agreement.UNKNOWN
        return _agree(one.strip(_LETTERS).lstrip("0"), other.strip(_LETTERS).lstrip("0"))
    return found


def _is_count(page: str, number: str) -> bool:
    """Whether a small number stands beside an article number: Web of Science counts the pages."""
    return number.startswith("e") and page.isdigit() and int(page) <= _MOST_PAGES


def _shares(one: Fingerprint, other: Fingerprint) -> tuple[float, float]:
    """Return the shares of the shorter and of the longer list of authors that both have."""
    if not one.names or not other.names:
        return 0.0, 0.0
    mine, theirs = one.surnames, other.surnames
    left = [name for name in one.names if not name & theirs]
    right = [name for name in other.names if not name & mine]
    if left and right:
        # Another spelling: "Monnier-Benoit" and "Monnierbenoit", "Mueller" and "Muller".
        joined = ["".join(sorted(name)) for name in right]
        kept = [n for n in left if not any(_like(n, name) for name in joined)]
        spelt = min(len(left) - len(kept), len(right))
    else:
        spelt = 0
    hits = (len(one.names) - len(left) + spelt, len(other.names) - len(right) + spelt)
    shares = sorted(
        hit / count for hit, count in zip(hits, (len(one.names), len(other.names)), strict=True)
    )
    return shares[1], shares[0]


def _like(name: frozenset[str], joined: str) -> bool:
    return fuzz.ratio("".join(sorted(name)), joined) / 100 >= _LIKE_NAME


def _first_author(one: Fingerprint, other: Fingerprint) -> Agreement:
    if not one.names or not other.names:
        return Agreement.UNKNOWN
    mine, theirs = one.names[0], other.names[0]
    if mine & theirs:
        return Agreement.SAME
    alike = max(fuzz.ratio(a, b) for a in mine for b in theirs) / 100
    joined = fuzz.ratio("".join(sorted(mine)), "".join(sorted(theirs))) / 100
    return Agreement.SAME if max(alike, joined) >= _LIKE_NAME else Agreement.DIFFERENT


def _same_abstract(one: str, other: str) -> Agreement:
    """Compare how two abstracts begin, without headings such as ``OBJECTIVE:``."""
    mine, theirs = (_HEADING.sub("", words_of(text))[:_ABSTRACT] for text in (one, other))
    if min(len(mine), len(theirs)) < _SHORTEST_ABSTRACT:
        return Agreement.UNKNOWN
    length = min(len(mine), len(theirs))
    alike = fuzz.ratio(mine[:length], theirs[:length]) / 100
    if alike >= _SAME_ABSTRACT:
        return Agreement.SAME
    return Agreement.DIFFERENT if alike < _OTHER_ABSTRACT else Agreement.UNKNOWN
