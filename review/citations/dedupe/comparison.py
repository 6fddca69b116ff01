"""Whether two records are one: the rules, each with a name that outputs print.

The order of evidence is that of Rathbone et al. 2015 (doi 10.1186/2046-4053-4-6) and of ASySD
(Hair et al. 2023, doi 10.1186/s12915-023-01686-z): identifiers, then title with year, journal,
volume, pages and authors. A person decides wherever two of these speak against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from review.citations.dedupe.evidence import (
    FAR_YEARS,
    LIKE_TITLE,
    MOST,
    NEAR_YEARS,
    RELATED_TITLE,
    Evidence,
    evidence_of,
)
from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.dedupe.journals import Agreement
from review.citations.vocabulary import Band

RULES: Final = "2026.3"
"""Version of the rules, stored with each run."""

_HALF: Final = 0.5
_PLACES: Final = ("the first pages differ", "the volumes differ")
_FIRST_OF_NONE: Final = "1"
"""First page of a work that is numbered from 1, before it has a place in a volume."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two records have in common, and what follows."""

    band: Band
    score: float
    rule: str
    evidence: dict[str, Any]


def compare(one: Fingerprint, other: Fingerprint) -> Comparison | None:
    """Return what two records have in common; None when they are different.

    Certain pairs agree in an identifier or in the title and what surrounds it, and nothing
    speaks against them. Other DOIs or PMIDs, a notice (erratum, retraction, reply) before one
    title, other part numbers, a preprint, or pages, years and authors that contradict the
    identifier they share make a pair that would be certain a possible one, with the reason as
    its rule.
    """
    found = evidence_of(one, other)
    if found is None:
        return None
    rule = _certain(found)
    if rule is not None:
        against = _against(found)
        band = Band.CERTAIN if against is None else Band.POSSIBLE
        words = rule if against is None else f"{rule}, but {against}"
        score = max(found.score, 0.99) if band is Band.CERTAIN else found.score
        return Comparison(band, score, words, found.said())
    rule = None if _are_two(found) else _possible(found)
    return Comparison(Band.POSSIBLE, found.score, rule, found.said()) if rule else None


def contradiction(one: Fingerprint, other: Fingerprint, *, places: bool = True) -> str | None:
    """Return why two records can not be of one group, be it through others; None if they can.

    Without `places`, pages and volumes that differ are no reason.
    """
    if one.doi and other.doi and one.doi != other.doi:
        return "have different DOIs"
    if one.pmid and other.pmid and one.pmid != other.pmid:
        return "have different PMIDs"
    found = evidence_of(one, other)
    if found is None:
        return None if not one.title or not other.title else "have titles that differ"
    against = _against(found)
    if against in _PLACES and not places:
        against = None
    elif against is None and places:
        against = _elsewhere(found)
    if against is None and not (found.identified or found.located or found.near_titles):
        against = "the titles differ"
    return f"contradict each other ({against})" if against else None


def _certain(e: Evidence) -> str | None:
    """Return the rule by which a pair is one work, were nothing against it."""
    fits = e.title >= LIKE_TITLE or e.contained or e.no_title
    if e.doi is Agreement.SAME and fits:
        return "same DOI"
    if e.pmid is Agreement.SAME and fits:
        return "same PMID"
    if e.accession is Agreement.SAME and e.same_title and e.years in (0, None):
        return "same accession number and title"
    if e.same_title and e.located and e.first_author is not Agreement.DIFFERENT:
        return "same title, volume and first page"
    if e.first_author is not Agreement.SAME:
        return None
    return _certain_by_author(e)


def _certain_by_author(e: Evidence) -> str | None:
    """Return the rule for a pair with one first author, without identifiers."""
    like = e.title >= LIKE_TITLE or e.contained
    sure = e.slips_only or e.contained or e.abstract is Agreement.SAME
    same_journal = e.journal is Agreement.SAME
    if like and sure and e.located and same_journal:
        return "like title; same first author, journal, volume and first page"
    if not e.long_titles or e.years is None or e.years > NEAR_YEARS:
        return None
    if e.same_title and e.page is Agreement.SAME and e.years == 0 and e.shared >= MOST:
        # A volume that differs here is an issue or a year in its field.
        return "same title, authors, year and first page"
    if e.same_text and same_journal and e.years == 0:
        return "same title, authors, journal, year and abstract"
    if e.located_elsewhere or e.journal is Agreement.DIFFERENT:
        return None
    if e.same_title and same_journal:
        if e.years == 0 and e.shared >= MOST:
            return "same title, authors, journal and year"
        if e.all_shared >= MOST:
            return "same title, authors and journal, a year apart"
    if e.same_title and e.years == 0 and e.title == 1.0 and e.all_shared == 1.0:
        return "same title, authors and year; one does not say where"
    if e.years == 0 and same_journal and e.all_shared >= MOST:
        if e.title >= LIKE_TITLE and e.slips_only:
            return "same title but for a slip, same authors, journal and year"
        if like and e.abstract is Agreement.SAME:
            return "like title; same authors, journal, year and abstract"
    return None


def _against(e: Evidence) -> str | None:
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
    if not e.no_title and one.numbers != other.numbers and not (e.identified or e.located):
        return "the numbers in the titles differ"
    if one.preprint != other.preprint:
        return "one is a preprint"
    if one.conference != other.conference and _may_be_abstract_of(e):
        return "one is a conference paper"
    if e.identified or e.accession is Agreement.SAME:
        return _contradicts_identifier(e)
    return None


def _may_be_abstract_of(e: Evidence) -> bool:
    """Whether one may be the abstract of a talk, and the other the article that it became.

    Databases call one record a conference abstract, an article and a meeting; so the type alone
    says nothing where the place or the text is the same.
    """
    if e.identified or e.page is Agreement.SAME or e.abstract is Agreement.SAME:
        return False
    in_volume = e.journal is Agreement.SAME and e.volume is Agreement.SAME
    return not in_volume or e.abstract is Agreement.DIFFERENT


def _contradicts_identifier(e: Evidence) -> str | None:
    """Return which fields contradict an identifier that both records have.

    Supplements, issues and letters with their replies share one DOI; indexes copy a wrong one.
    """
    if e.has_authors and e.shared < MOST and not (e.shared >= _HALF and _is_one_place(e)):
        if e.shared == 0 and e.first_author is Agreement.DIFFERENT:
            return "no author is the same"
        if e.first_author is Agreement.DIFFERENT or e.shared < _HALF or e.title < 1.0:
            return "the authors differ"
        if not _is_one_place(e):
            return "the co-authors differ"
    if e.years is not None and e.years > NEAR_YEARS:
        return f"they are {e.years} years apart"
    elsewhere = _elsewhere(e)
    if elsewhere is not None:
        return elsewhere
    if e.no_title or e.slips_only or e.abstract is Agreement.SAME:
        return None
    says_more = e.contained or (e.page is Agreement.SAME and not e.exchanged)
    if says_more and e.abstract is not Agreement.DIFFERENT:
        return None
    return "the titles differ in more than a slip"


def _is_one_place(e: Evidence) -> bool:
    return e.page is Agreement.SAME and e.title == 1.0


def _elsewhere(e: Evidence) -> str | None:
    """Return that pages or volumes differ, unless all else says that this is another numbering."""
    if e.same_text and (e.identified or (e.journal is Agreement.SAME and e.years == 0)):
        return None  # a count of pages or the number of an article stands for a page
    if e.page is Agreement.DIFFERENT:
        unplaced = _FIRST_OF_NONE in (e.one.page, e.other.page)
        if e.same_title and e.identified and e.shared >= MOST and unplaced:
            return None
        return _PLACES[0]
    if e.volume is Agreement.DIFFERENT and e.page is not Agreement.SAME:
        return _PLACES[1]
    return None


_ENOUGH: Final = 3
"""Points against a pair from which nobody need be asked."""


def _are_two(e: Evidence) -> bool:
    """Whether so much says that two records are two publications that nobody need be asked.

    Another text tells most; other identifiers, places, years, and another drug or group in the
    title add to it. One text, one place for one title, a notice and its article, parts of a series,
    and a shared identifier with a title that is like are questions whatever else differs.
    """
    other_text = e.abstract is Agreement.DIFFERENT
    if e.accession is Agreement.SAME or e.pmid is Agreement.SAME or e.abstract is Agreement.SAME:
        return False
    if e.doi is Agreement.SAME:  # supplements have one for all of their abstracts
        other_title = e.title < LIKE_TITLE and not e.contained and not e.no_title
        return other_title and other_text and e.page is Agreement.DIFFERENT
    if e.one.notice != e.other.notice or e.one.part != e.other.part:
        return False
    if e.same_title and e.journal is Agreement.SAME and e.volume is Agreement.SAME:
        return False
    registered = Agreement.DIFFERENT in (e.doi, e.pmid)
    later = e.years is not None and e.years > NEAR_YEARS
    elsewhere = (e.journal, e.volume, e.page).count(Agreement.DIFFERENT)
    points = 2 * other_text + registered + later + e.exchanged + elsewhere
    return points >= _ENOUGH and (registered or later or other_text)


def _possible(e: Evidence) -> str | None:
    """Return why a person should look at a pair, if there is a reason."""
    one, other = e.one, e.other
    known_author = e.first_author is Agreement.SAME or e.shared >= _HALF
    no_authors = e.first_author is Agreement.UNKNOWN
    if e.identified:
        name = "DOI" if e.doi is Agreement.SAME else "PMID"
        if known_author or no_authors or e.title >= RELATED_TITLE:
            return f"same {name}, but the titles differ"
        return None
    near = e.years is None or e.years <= FAR_YEARS
    if e.same_title and one.notice != other.notice and (known_author or no_authors):
        return f"one is a notice ({one.notice or other.notice}) of the same title"
    if e.same_title and e.long_titles and (known_author or (no_authors and near)):
        return f"same title, but {_doubt(e)}"
    if e.same_title and known_author and near and not e.located_elsewhere:
        return "same short title and author"
    other_text = e.abstract is Agreement.DIFFERENT
    if e.located and known_author and e.title >= RELATED_TITLE and not other_text:
        return "same volume, first page and author; the titles differ"
    if e.located and known_author and e.journal is Agreement.SAME and _is_translated(e):
        return "same author, journal, volume and first page; one title may be a translation"
    if not near or not known_author or not e.long_titles:
        return None
    if one.part != other.part and e.title >= LIKE_TITLE:
        return "parts of one series"
    if e.located_elsewhere and not e.slips_only:
        return None
    if e.title >= LIKE_TITLE and (e.years is None or e.years <= NEAR_YEARS):
        return "like title and author"
    if e.contained and (e.years is None or e.years <= NEAR_YEARS):
        return "one title is the other cut short, same author"
    return None


def _is_translated(e: Evidence) -> bool:
    """Whether one title may be the other in another language; PubMed puts it in brackets."""
    return e.one.translated != e.other.translated or e.abstract is Agreement.SAME


def _doubt(e: Evidence) -> str:
    against = _against(e)
    if against is not None:
        return against
    if e.years is None:
        return "a year is missing"
    if e.years > NEAR_YEARS:
        return f"{e.years} years apart"
    if e.journal is Agreement.DIFFERENT:
        return "the journals differ"
    if e.located_elsewhere:
        return "volume or pages differ"
    return "too little else to be sure"
