"""Whether two records are one: the rules, each with a name that outputs print.

The order of evidence is that of Rathbone et al. 2015 (doi 10.1186/2046-4053-4-6) and of ASySD
(Hair et al. 2023, doi 10.1186/s12915-023-01686-z): identifiers, then title with year, journal,
volume, pages and authors. A person decides wherever two of these speak against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import fuzz

from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.dedupe.journals import Agreement, same_journal
from review.citations.vocabulary import Band

RULES: Final = "2026.1"
"""Version of the rules, stored with each run."""

_SAME_TITLE: Final = 0.97
"""Ratio of letters; below it two titles differ by more than a sign or a slip."""

_LIKE_TITLE: Final = 0.85
_RELATED_TITLE: Final = 0.6
_CONTAINED: Final = 30
"""Letters that a title cut short must have in common with the whole one."""

_HALF: Final = 0.5
_MOST: Final = 0.8
_NEAR_YEARS: Final = 1
"""Online first and in print."""

_FAR_YEARS: Final = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two records have in common, and what follows."""

    band: Band
    score: float
    rule: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Evidence:
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

    @property
    def located(self) -> bool:
        """Whether volume and first page are the same, with years that fit."""
        return (
            self.page is Agreement.SAME
            and self.volume is Agreement.SAME
            and (self.years is None or self.years <= _NEAR_YEARS)
        )

    @property
    def located_elsewhere(self) -> bool:
        """Whether pages or volume say that these are two places."""
        return self.page is Agreement.DIFFERENT or self.volume is Agreement.DIFFERENT

    @property
    def long_titles(self) -> bool:
        return self.one.has_long_title and self.other.has_long_title

    @property
    def same_title(self) -> bool:
        return self.title >= _SAME_TITLE

    @property
    def no_title(self) -> bool:
        return not self.one.title or not self.other.title

    @property
    def score(self) -> float:
        """Agreement in one number from 0 to 1, to order a person's queue by."""
        known = {Agreement.SAME: 1.0, Agreement.DIFFERENT: 0.0, Agreement.UNKNOWN: 0.5}
        identifier = max(known[self.doi], known[self.pmid])
        year = 0.5 if self.years is None else max(0.0, 1.0 - self.years / _FAR_YEARS)
        parts = (
            (0.5, self.title),
            (0.15, self.shared if self.one.names and self.other.names else 0.5),
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
        }


def compare(one: Fingerprint, other: Fingerprint) -> Comparison | None:
    """Return what two records have in common; None when they are different.

    Certain pairs agree in an identifier or in the title and what surrounds it, and nothing
    speaks against them. Different DOIs, different PMIDs, a notice (erratum, retraction, reply)
    before one title, other part numbers, a preprint, or a conference paper beside an article
    make a pair that would be certain a possible one, with the reason as its rule.
    """
    title = _title_ratio(one, other)
    same_number = bool(
        (one.doi and one.doi == other.doi)
        or (one.pmid and one.pmid == other.pmid)
        or (one.accession and one.accession == other.accession)
    )
    contained = _is_contained(one.bare_title, other.bare_title)
    if title < _RELATED_TITLE and not same_number and not contained:
        return None
    found = _evidence(one, other, title, contained)
    rule = _certain(found)
    if rule is not None:
        against = _against(found)
        band = Band.CERTAIN if against is None else Band.POSSIBLE
        words = rule if against is None else f"{rule}, but {against}"
        score = max(found.score, 0.99) if band is Band.CERTAIN else found.score
        return Comparison(band, score, words, found.said())
    rule = _possible(found)
    return Comparison(Band.POSSIBLE, found.score, rule, found.said()) if rule else None


def _title_ratio(one: Fingerprint, other: Fingerprint) -> float:
    if not one.title or not other.title:
        return 0.0
    if one.bare_title == other.bare_title:
        return 1.0
    whole = fuzz.ratio(one.bare_title, other.bare_title) / 100
    if _LIKE_TITLE <= whole < 1.0:
        # "anti-oxidant" and "antioxidant": where words end is not a difference.
        joined = fuzz.ratio(one.bare_title.replace(" ", ""), other.bare_title.replace(" ", ""))
        whole = max(whole, joined / 100)
    return whole


def _is_contained(one: str, other: str) -> bool:
    short, full = sorted((one, other), key=len)
    return len(short) >= _CONTAINED and short != full and full.startswith(short)


def _agree(one: str | None, other: str | None) -> Agreement:
    if not one or not other:
        return Agreement.UNKNOWN
    return Agreement.SAME if one == other else Agreement.DIFFERENT


def _same_page(one: str | None, other: str | None) -> Agreement:
    """Compare first pages; ``S12`` and ``12`` are one, sources keep or drop the letter."""
    found = _agree(one, other)
    if found is Agreement.DIFFERENT and one and other:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return _agree(one.strip(letters).lstrip("0"), other.strip(letters).lstrip("0"))
    return found


def _evidence(one: Fingerprint, other: Fingerprint, title: float, contained: bool) -> _Evidence:
    mine, theirs = one.surnames, other.surnames
    common = len(mine & theirs)
    by_author = [any(words & theirs for words in (name,)) for name in one.names]
    by_other = [any(words & mine for words in (name,)) for name in other.names]
    hits, counts = (sum(by_author), sum(by_other)), (len(one.names), len(other.names))
    shares = [h / c for h, c in zip(hits, counts, strict=True) if c]
    return _Evidence(
        one=one,
        other=other,
        doi=_agree(one.doi, other.doi),
        pmid=_agree(one.pmid, other.pmid),
        accession=_agree(one.accession, other.accession),
        title=title,
        contained=contained,
        years=None if one.year is None or other.year is None else abs(one.year - other.year),
        journal=same_journal(one.journal, other.journal),
        page=_same_page(one.page, other.page),
        volume=_agree(one.volume, other.volume),
        first_author=_first_author(one, other),
        shared=max(shares) if common and len(shares) > 1 else 0.0,
        all_shared=min(shares) if common and len(shares) > 1 else 0.0,
    )


def _first_author(one: Fingerprint, other: Fingerprint) -> Agreement:
    if not one.names or not other.names:
        return Agreement.UNKNOWN
    mine, theirs = one.names[0], other.names[0]
    if mine & theirs:
        return Agreement.SAME
    alike = max(fuzz.ratio(a, b) for a in mine for b in theirs) / 100
    joined = fuzz.ratio("".join(sorted(mine)), "".join(sorted(theirs))) / 100
    return Agreement.SAME if max(alike, joined) >= _LIKE_TITLE else Agreement.DIFFERENT


def _certain(e: _Evidence) -> str | None:
    """Return the rule by which a pair is one work, were nothing against it."""
    fits = e.title >= _LIKE_TITLE or e.contained or e.no_title
    if e.doi is Agreement.SAME and fits:
        return "same DOI"
    if e.pmid is Agreement.SAME and fits:
        return "same PMID"
    if e.accession is Agreement.SAME and e.same_title and e.years in (0, None):
        return "same accession number and title"
    authors_fit = e.first_author is not Agreement.DIFFERENT
    if e.same_title and e.located and authors_fit:
        return "same title, volume and first page"
    if (
        (e.title >= _LIKE_TITLE or e.contained)
        and e.located
        and e.first_author is Agreement.SAME
        and e.journal is Agreement.SAME
    ):
        return "like title; same first author, journal, volume and first page"
    if not (e.same_title and e.long_titles) or e.located_elsewhere:
        return None
    if e.years == 0 and e.shared >= _HALF and e.first_author is Agreement.SAME:
        if e.journal is Agreement.SAME:
            return "same title, first author, journal and year"
        if e.journal is Agreement.UNKNOWN and e.title == 1.0 and e.all_shared == 1.0:
            return "same title, authors and year; one does not say where"
    if e.years == _NEAR_YEARS and e.all_shared >= _MOST and e.journal is Agreement.SAME:
        return "same title, authors and journal, a year apart"
    return None


def _against(e: _Evidence) -> str | None:
    """Return what speaks against a link without a person."""
    one, other = e.one, e.other
    if e.doi is Agreement.DIFFERENT:
        return "the DOIs differ"
    if e.pmid is Agreement.DIFFERENT:
        return "the PMIDs differ"
    if one.notice != other.notice:
        return f"one is a notice ({one.notice or other.notice})"
    if not e.no_title and one.part != other.part:
        return "the part numbers differ"
    identified = e.doi is Agreement.SAME or e.pmid is Agreement.SAME
    if not e.no_title and one.numbers != other.numbers and not (identified or e.located):
        return "the numbers in the titles differ"
    if one.preprint != other.preprint:
        return "one is a preprint"
    if one.conference != other.conference and not (identified or e.located):
        return "one is a conference paper"
    if identified and e.first_author is Agreement.DIFFERENT and e.shared == 0 and e.title < 1.0:
        return "no author is the same"
    return None


def _possible(e: _Evidence) -> str | None:
    """Return why a person should look at a pair, if there is a reason."""
    one, other = e.one, e.other
    known_author = e.first_author is Agreement.SAME or e.shared >= _HALF
    no_authors = e.first_author is Agreement.UNKNOWN
    if e.doi is Agreement.SAME or e.pmid is Agreement.SAME:
        name = "DOI" if e.doi is Agreement.SAME else "PMID"
        if known_author or no_authors or e.title >= _RELATED_TITLE:
            return f"same {name}, but the titles differ"
        return None
    near = e.years is None or e.years <= _FAR_YEARS
    if e.same_title and one.notice != other.notice and (known_author or no_authors):
        return f"one is a notice ({one.notice or other.notice}) of the same title"
    if e.same_title and e.long_titles and (known_author or (no_authors and near)):
        return f"same title, but {_doubt(e)}"
    if e.same_title and known_author and near and not e.located_elsewhere:
        return "same short title and author"
    if e.located and known_author and e.title >= _RELATED_TITLE:
        return "same volume, first page and author; the titles differ"
    if not near or not known_author or not e.long_titles:
        return None
    if one.part != other.part and e.title >= _LIKE_TITLE:
        return "parts of one series"
    if e.title >= _LIKE_TITLE and (e.years is None or e.years <= _NEAR_YEARS):
        return "like title and author"
    if e.contained and (e.years is None or e.years <= _NEAR_YEARS):
        return "one title is the other cut short, same author"
    return None


def _doubt(e: _Evidence) -> str:
    against = _against(e)
    if against is not None:
        return against
    if e.years is None:
        return "a year is missing"
    if e.years > _NEAR_YEARS:
        return f"{e.years} years apart"
    if e.journal is Agreement.DIFFERENT:
        return "the journals differ"
    if e.located_elsewhere:
        return "volume or pages differ"
    return "too little else to be sure"
