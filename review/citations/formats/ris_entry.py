"""What the fields of one RIS record say: title, names, journal, pages, identifiers."""

from __future__ import annotations

import re
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Entry, Item
from review.citations.formats.markup import without_tags
from review.citations.formats.notes import said_in
from review.citations.formats.notices import each_once, of_types
from review.citations.formats.ris_lines import TYPES
from review.citations.formats.spaces import squeezed
from review.citations.formats.tagged import Block

_SHORTEST_ACCESSION: Final = 5
"""Digits; a shorter ``ID`` is the running number of an export."""


_JOURNAL_TAGS: Final = ("JF", "T2", "JO", "JA", "J2", "J1", "BT", "C3", "T3")


def ris_entry(block: Block) -> Item:
    """Return the entry that the fields of a record make."""
    has = block.values
    kind, title = _kind_and_title(block)
    year, year_remarks = fields.year_of(block.all("PY", "Y1", "YR", "DA"))
    doi = _doi(block)
    pmid = _pmid(block)
    pages = fields.pages_of(block.single("SP", "PG"), block.single("EP"), _article(block))
    accession = None if _ACCESSIONS.isdisjoint(has) else block.single("AN", "U2", "UT", "ID")
    if accession is not None and accession.isdigit() and len(accession) < _SHORTEST_ACCESSION:
        accession = None
    authors = _authors(block)
    if not authors and kind in ("BOOK", "EDBOOK", "CONF", "SER", "CHAP"):
        authors = fields.authors_of(block.all("A2", "ED", "A3"))
    notices, labels = said_in(block.all("N1"))
    kinds = [kind, *block.all("M3")] if kind not in TYPES or "M3" in has else ()
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=(_said_kind(block) if "M3" in has else None) or kind,
        title=title,
        abstract=_abstract(block),
        authors=authors,
        year=year,
        journal=_journal(block, kind),
        volume=block.single("VL", "VO"),
        issue=block.single("IS", "CP", "NO"),
        pages=None if pages and len(pages) > _LONGEST_PAGE and fields.is_doi(pages) else pages,
        doi=doi,
        pmid=pmid,
        accession=None if accession == pmid else accession,
        issn=fields.issn_of(block.all("SN")) if "SN" in has else None,
        url=None if has.keys().isdisjoint(_ADDRESSES) else fields.first(block.all(*_ADDRESSES)),
        language=block.single("LA"),
        keywords=fields.keywords_of(block.all("KW", "DE")),
        remarks=(
            *block.remarks,
            *year_remarks,
            *(block.repeated("DO") if "DO" in has else ()),
            *(fields.no_doi(has.get("DO", ()), doi) if doi is None else ()),
        ),
        notices=each_once([*of_types(kinds, "type"), *notices]) if kinds or notices else (),
        labels=labels,
    )


_ACCESSIONS: Final = frozenset({"AN", "U2", "UT", "ID"})


_ADDRESSES: Final = ("UR", "LK", "L2", "L1")


_LONGEST_PAGE: Final = 8
"""Characters; a DOI has more."""


_MOST_WORDS: Final = 4
"""Words that a type has at the most, such as "Journal Article (Electronic Only)"."""


def _kind_and_title(block: Block) -> tuple[str | None, str | None]:
    """Return the type and the title; Publish or Perish writes the title after TY."""
    kind = block.single("TY")
    title = block.single("TI", "T1", "CT", *(("BT",) if kind in ("BOOK", "EDBOOK") else ()))
    if title is None or title[0] in "[nN":
        title = fields.title_of([title, block.single("TT")])
    first, _, rest = (kind or "").partition(" ")
    if rest and title is None and first in TYPES:
        block.remarks.append("words behind the type were taken for the title")
        return first, rest.strip()
    if kind is None or len(kind.split()) <= _MOST_WORDS:
        return kind, title
    block.remarks.append("TY holds words that are no type; they were taken for the title")
    if title is None or not title[0].isalnum():
        return None, f"{kind}{title or ''}"
    return None, title if title.startswith(kind) else f"{kind}: {title}"


def _said_kind(block: Block) -> str | None:
    """Return Embase's type of publication (M3) where it tells more than TY, which is JOUR."""
    said = fields.first(block.all("M3")) or ""
    return said if said.lower() in _TELLING_KINDS else None


_TELLING_KINDS: Final = frozenset(
    {"conference abstract", "conference paper", "conference review", "erratum", "preprint"}
)


def _authors(block: Block) -> tuple[str, ...]:
    """Return the names under AU and A1 in the order of the file, each once, or full names (FA)."""
    full = fields.authors_of(block.all("FA")) if "FA" in block.values else ()
    tags = [tag for tag in block.values if tag in ("AU", "A1")]
    return full or tuple(dict.fromkeys(fields.authors_of(block.all(*tags))))


def _abstract(block: Block) -> str | None:
    """Return the abstract; what AB and N2 both hold, but for spaces or its end, counts once."""
    said = block.all("AB", "N2")
    if len(said) == 1:
        return squeezed(said[0]) or None
    texts = list(dict.fromkeys(filter(None, map(squeezed, said))))
    found = [
        text
        for text in texts
        if not any(other != text and other.startswith(text.rstrip(".… ")) for other in texts)
    ]
    return " ".join(found) or None


def _journal(block: Block, kind: str | None) -> str | None:
    if kind in ("CHAP", "CONF", "CPAPER"):
        return block.single("T2", "BT", "C3", *_JOURNAL_TAGS)
    other = "C3" if kind == "JOUR" else "T2"
    return block.single(*_JOURNAL_TAGS[:-2]) or block.single(other, "SO")


def _article(block: Block) -> str | None:
    """Return EndNote's article number (C7)."""
    return fields.first(block.all("C7")) if "C7" in block.values else None


_OTHER_DOIS: Final = frozenset(
    ("M3", "L3", "N1", "AN", "ID", "C1", "C2", "C7", "M1", "SP", "UR", "L2", "LK", "L1")
)
"""Tags under which a DOI may stand beside DO."""


def _doi(block: Block) -> str | None:
    for value in block.all("DO", "DI"):
        doi = fields.doi_in(value)
        if doi:
            return doi
    if block.asked is None and block.values.keys().isdisjoint(_OTHER_DOIS):
        return None
    for value in block.all("M3", "L3", "N1", "AN", "ID", "C1", "C2", "C7", "M1", "SP"):
        if fields.is_doi(value):
            return fields.doi_in(value)
    return fields.first(fields.doi_of_url(value) for value in block.all("UR", "L2", "LK", "L1"))


_NUMBERS: Final = frozenset(
    ("PM", "AN", "C5", "ID", "C2", "C3", "XR", "N1", "U1", "C1", "UR", "L2")
)
"""Tags under which a PMID may stand."""


def _pmid(block: Block) -> str | None:
    if block.asked is None and block.values.keys().isdisjoint(_NUMBERS):
        return None
    medline = any(
        name in value.lower()
        for value in block.all("DB", "DP", "N1")[:6]
        for name in ("medline", "pubmed", "nlm")
    )
    for tag in ("PM", "AN", "C5", "ID"):
        for value in block.all(tag):
            digits = value.removeprefix("MEDLINE:").strip()
            sure = tag == "PM" or value.startswith("MEDLINE:")
            if fields.is_pmid(digits) and (sure or (medline and len(digits) >= 6)):
                return digits.lstrip("0") or None
    if any("scopus" in value.lower() for value in block.all("DB")):
        numbers = [value for value in block.all("C2") if fields.is_pmid(value)]
        if numbers:
            return numbers[0].lstrip("0") or None
    for value in block.all("C3", "XR"):  # CENTRAL: "PUBMED 30651217,EMBASE 627291234"
        if pmid := fields.pmid_in(value):
            return pmid
    for value in block.all("N1", "U1", "AN", "ID", "C1", "UR", "L2"):
        value = without_tags(value)
        if _OWN_PMID.match(value) and (pmid := fields.pmid_in(value)):
            return pmid
    return None


_OWN_PMID: Final = re.compile(
    r"\s*(?:https?://|PMID|PubMed)\S*(?:\s*[:=]?\s*\d+)?\s*$", re.IGNORECASE
)
"""A value that is nothing but a PMID; PsycINFO's lists of cited works name PMIDs of others."""
