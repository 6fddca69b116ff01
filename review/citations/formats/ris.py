"""RIS, in the dialects that databases and reference managers write.

Source of the tags: "RIS Format Specifications" (Research Information Systems, 2001, and the
2011 revision); what Ovid, Embase.com, the Cochrane Library, Web of Science, Scopus, EBSCO,
EndNote, RefWorks, Covidence, Rayyan and EPPI-Reviewer make of them was read off their exports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_uppercase, digits
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.tagged import Block, numbered, tagged_lines

_TAG: Final = re.compile(r"([A-Z][A-Z0-9])  ?-(?:[ \t](.*)|$|(?=\S)(.*))")
"""Two characters, one or two spaces, a hyphen; the space after it is missing in some files."""

_STRICT: Final = re.compile(r"[A-Z][A-Z0-9]  -")
_START: Final = re.compile(r"\s{0,3}TY {0,3}-\s*([A-Za-z]*)\s*$")
_END: Final = re.compile(r"\s{0,3}ER {0,3}-\s*$")

_LOOSE: Final = frozenset(re.findall(r"\w\w", """
    A1 A2 A3 AB AD AN AU C1 C2 CY DA DB DO DP ED EP ET ID IS JA JF JO KW LA LK M1 M3 N1 N2
    PB PY RN SE SN SP ST T1 T2 T3 TI UR VL VO Y1 Y2
"""))  # fmt: skip
"""Tags that are taken with one space too; a wrapped line that begins ``CT - guided`` is text."""

_PLAIN_TAGS: Final = frozenset(
    first + second
    for first in ascii_uppercase
    for second in ascii_uppercase + digits
    if first + second not in ("TY", "ER")
)

_BETWEEN: Final = re.compile(r"\s*(?:<?\d+[.>)]?|Record\s+\d+(?:\s+of\s+\d+)?|-{3,}|={3,})?\s*$")
"""What stands between records of Ovid's and others' files and says nothing."""

_SHORTEST_ACCESSION: Final = 5
"""Digits; a shorter ``ID`` is the running number of an export."""

_JOURNAL_TAGS: Final = ("JF", "T2", "JO", "JA", "J2", "J1", "BT", "C3", "T3")


def read_ris(text: str) -> Iterator[Item]:
    """Yield the entries of a RIS file in order.

    An entry begins at ``TY``, and ends at ``ER`` or, with a remark, at the next ``TY``. A line
    without a tag goes on with the value before it. Fields that stand outside any entry are
    rejected when an ``ER`` or the end of the file closes them, and belong to the next entry when
    a ``TY`` follows at once (some programs do not write ``TY`` first).
    """
    block: Block | None = None
    begun = loose = False
    blank_before = True
    for number, line in numbered(text):
        if begun and block is not None and line[2:6] == "  - " and line[:2] in _PLAIN_TAGS:
            block.lines.append(line)  # nine lines in ten, and the import's speed
            block.add(line[:2], line[6:].strip())
            blank_before = False
        elif _START.match(line):
            if block is not None and begun:
                block.remarks.append("ER is missing; the next TY ended the record")
                yield _item(block)
                block = None
            if block is None:
                block = Block(number)
            elif not block.values:
                yield from _aside(block)
                block = Block(number)
            begun = True
            found = _START.match(line)
            loose = _STRICT.match(line.lstrip()) is None
            block.lines.append(line)
            block.add("TY", found.group(1) if found else "")
        elif _END.match(line):
            if block is None:
                block = Block(number)
            block.lines.append(line)
            yield _item(block) if begun else _orphan(block)
            block, begun = None, False
        elif block is None:
            if not _BETWEEN.match(line):
                block = Block(number, [line])
                tag = _tag(line)
                if tag is not None:
                    block.add(*tag)
        else:
            block.lines.append(line)
            _take(block, line, begun=begun, loose=loose, blank_before=blank_before)
        blank_before = not line.strip()
    if block is not None and begun:
        block.remarks.append("ER is missing; the file ended")
        yield _item(block)
    elif block is not None:
        yield from [_orphan(block)] if block.values else _aside(block)


def _take(block: Block, line: str, *, begun: bool, loose: bool, blank_before: bool) -> None:
    tag = _tag(line, loose=loose)
    if tag is not None:
        block.add(*tag)
        return
    text = line.strip()
    if not text or (blank_before and _BETWEEN.match(line)):
        return
    if begun:
        block.go_on(text)


def _tag(line: str, *, loose: bool = False) -> tuple[str, str] | None:
    """Return tag and value of a line; `loose` where its record writes one space everywhere."""
    found = _TAG.match(line)
    if found is None and line[:1] in (" ", "\t"):
        # Some word processors indent; only the full two-space form is taken for a tag there.
        stripped = line.lstrip()
        found = _TAG.match(stripped) if _STRICT.match(stripped) else None
        line = stripped
    if found is None:
        return None
    tag = found.group(1)
    if not loose and not _STRICT.match(line) and tag not in _LOOSE:
        return None
    return tag, (found.group(2) or found.group(3) or "").strip()


def _orphan(block: Block) -> Rejected:
    what = "fields without a TY line before them" if block.values else "ER without a record"
    return Rejected(block.line, what, block.raw)


def _aside(block: Block) -> Iterator[Aside]:
    text = " ".join(block.raw.split())
    if text:
        yield Aside(block.line, text[:200])


def _item(block: Block) -> Item:
    kind = block.single("TY")
    year, year_remarks = fields.year_of(block.all("PY", "Y1", "YR", "DA"))
    doi = _doi(block)
    pmid = _pmid(block)
    accession = block.single("AN", "U2", "UT", "ID")
    if accession is not None and accession.isdigit() and len(accession) < _SHORTEST_ACCESSION:
        accession = None
    authors = fields.authors_of(block.all("AU", "A1"))
    if not authors and kind in ("BOOK", "EDBOOK", "CONF", "SER", "CHAP"):
        authors = fields.authors_of(block.all("A2", "ED", "A3"))
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=_said_kind(block) or kind,
        title=block.single("TI", "T1", "CT", *(("BT",) if kind in ("BOOK", "EDBOOK") else ())),
        abstract=_abstract(block),
        authors=authors,
        year=year,
        journal=_journal(block, kind),
        volume=block.single("VL", "VO"),
        issue=block.single("IS", "CP"),
        pages=fields.pages_of(block.single("SP", "PG"), block.single("EP"), _article(block)),
        doi=doi,
        pmid=pmid,
        accession=None if accession == pmid else accession,
        issn=fields.issn_of(block.all("SN")),
        url=fields.first(block.all("UR", "LK", "L2", "L1")),
        language=block.single("LA"),
        keywords=fields.keywords_of(block.all("KW", "DE")),
        remarks=(*block.remarks, *year_remarks),
    )


def _said_kind(block: Block) -> str | None:
    """Return Embase's type of publication (M3) where it tells more than TY, which is JOUR."""
    said = fields.first(block.all("M3")) or ""
    return said if said.lower() in _TELLING_KINDS else None


_TELLING_KINDS: Final = frozenset(
    {"conference abstract", "conference paper", "conference review", "erratum", "preprint"}
)


def _abstract(block: Block) -> str | None:
    found = dict.fromkeys(text for value in block.all("AB", "N2") if (text := value.strip()))
    return " ".join(found) or None


def _journal(block: Block, kind: str | None) -> str | None:
    if kind in ("CHAP", "CONF", "CPAPER"):
        return block.single("T2", "BT", "C3", *_JOURNAL_TAGS)
    return block.single(*_JOURNAL_TAGS[:-2]) or block.single("C3" if kind == "JOUR" else "T2")


def _article(block: Block) -> str | None:
    """Return EndNote's article number (C7)."""
    return fields.first(block.all("C7"))


def _doi(block: Block) -> str | None:
    for value in block.all("DO", "DI"):
        doi = fields.doi_in(value)
        if doi:
            return doi
    for value in block.all("M3", "L3", "N1", "AN", "ID", "C1", "C2"):
        if fields.is_doi(value):
            return fields.doi_in(value)
    for value in block.all("UR", "L2", "LK", "L1"):
        if "doi.org/" in value.lower():
            return fields.doi_in(value)
    return None


def _pmid(block: Block) -> str | None:
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
        if _OWN_PMID.match(value) and (pmid := fields.pmid_in(value)):
            return pmid
    return None


_OWN_PMID: Final = re.compile(
    r"\s*(?:https?://|PMID|PubMed)\S*(?:\s*[:=]?\s*\d+)?\s*$", re.IGNORECASE
)
"""A value that is nothing but a PMID; PsycINFO's lists of cited works name PMIDs of others."""


_KINDS: Final = {
    "journal article": "JOUR",
    "article": "JOUR",
    "article-journal": "JOUR",
    "book": "BOOK",
    "book section": "CHAP",
    "chapter": "CHAP",
    "inproceedings": "CPAPER",
    "conference abstract": "CPAPER",
    "conference paper": "CPAPER",
    "conference proceedings": "CONF",
    "paper-conference": "CPAPER",
    "thesis": "THES",
    "phdthesis": "THES",
    "report": "RPRT",
    "techreport": "RPRT",
}


def write_ris(entries: Iterable[Entry], labels: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as RIS; the labels of each go into ``N1`` lines.

    What `read_ris` makes of the text has the same fields as `entries` had; types of other
    formats become the RIS type that is nearest, or GEN.
    """
    return "\n".join(
        _lines(entry, labels[place] if labels else ()) for place, entry in enumerate(entries)
    )


def _lines(entry: Entry, labels: Sequence[str]) -> str:
    kind = entry.kind or "GEN"
    kind = _KINDS.get(kind.lower(), kind if re.fullmatch(r"[A-Z]{3,7}", kind) else "GEN")
    first_page, last_page = split_pages(entry.pages)
    pairs: list[tuple[str, str | None]] = [
        ("TI", entry.title),
        *(("AU", author) for author in entry.authors),
        ("PY", str(entry.year) if entry.year else None),
        ("JF", entry.journal),
        ("VL", entry.volume),
        ("IS", entry.issue),
        ("SP", first_page),
        ("EP", last_page),
        ("AB", entry.abstract),
        ("DO", entry.doi),
        ("PM", entry.pmid),
        ("AN", entry.accession),
        ("SN", entry.issn),
        ("LA", entry.language),
        *(("KW", word) for word in entry.keywords),
        ("UR", entry.url),
        *(("N1", label) for label in labels),
    ]
    return f"TY  - {kind}\n{tagged_lines(pairs, '  - ')}ER  - \n"


def split_pages(pages: str | None) -> tuple[str | None, str | None]:
    """Return first and last page of ``193-194``."""
    if pages is None or pages.count("-") != 1:
        return pages, None
    start, end = pages.split("-")
    return (start, end) if start and end else (pages, None)
