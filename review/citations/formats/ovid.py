"""Ovid's Reprint/Medline format: ``UI  - 12345``, records that begin ``<1>``.

Source of the tags: "MEDLINE fields" of Ovid's database guides, and exports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from review.citations.formats import fields, notices
from review.citations.formats.entry import Aside, Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.tagged import Block, numbered

_BEGIN: Final = re.compile(r"<\d+>\s*$")
_TAG: Final = re.compile(r"([A-Z][A-Z0-9])  - ?(.*)$")
_SOURCE: Final = re.compile(
    r"(?P<journal>.*?)\.\s+(?P<volume>[\w-]+)?(?:\((?P<issue>[^()]+)\))?:\s*(?P<pages>[^,]+?),"
)
"""``Journal of Sleep.  3(2):11-9, 2019 Jan.``"""


LABELLED: Final = re.compile(
    r"^<\d+>[ \t]*\n(?:[ \t]*\n)*[A-Z][A-Za-z /&()-]{1,60}\n[ \t]+\S", re.MULTILINE
)
"""The beginning of a record whose fields have their names on lines of their own."""

_LABEL: Final = re.compile(r"[A-Z][A-Za-z /&(),-]{1,60}:?$")
_TAGS: Final = {
    "unique identifier": "UI", "accession number": "AN", "title": "TI", "original title": "OT",
    "author": "AU", "authors": "AU", "authors full name": "FA", "corporate author": "CA",
    "source": "SO", "journal name": "JN", "volume": "VO", "issue part": "IP", "page": "PG",
    "year of publication": "YR", "date of publication": "DP", "abstract": "AB",
    "digital object identifier": "DO", "doi": "DO", "issn print": "IS", "issn electronic": "IS",
    "issn": "IS", "language": "LG", "publication type": "PT", "database": "DB",
    "mesh subject headings": "MH", "subject headings": "SH", "keyword heading": "KW",
    "heading word": "HW", "institution": "IN", "status": "ST",
}  # fmt: skip
"""Names of Ovid's fields in lower case; others are tags as they are."""

_ONE_A_LINE: Final = frozenset({"AU", "FA", "MH", "SH", "KW"})


def read_ovid(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the records of an Ovid file in order.

    Lines without a tag go on with the one before. Where fields have names on lines of their own,
    all that is indented below one is its value.
    """
    names = names if names is not None else Names()
    block: Block | None = None
    labelled = LABELLED.search(text) is not None
    for number, line in numbered(text):
        if _BEGIN.match(line):
            if block is not None and block.values:
                yield names.of(block, _entry)
            block = Block(number, [line])
            continue
        if block is None:
            if line.strip():
                yield Aside(number, line.strip()[:200])
            continue
        block.lines.append(line)
        if labelled and (named := _LABEL.match(line)):
            name = " ".join(re.sub(r"[^a-z ]+", " ", named.group().lower()).split())
            block.add(_TAGS.get(name, named.group().rstrip(":")), "")
            continue
        found = _TAG.match(line)
        if found is not None:
            block.add(found.group(1), found.group(2).strip())
        elif line.strip():
            one_a_line = labelled and block.last in _ONE_A_LINE
            block.go_on(line.strip(), separator="\n" if one_a_line else " ")
    if block is not None and block.values:
        yield names.of(block, _entry)


def _entry(block: Block) -> Entry:
    source = _SOURCE.match(fields.first(block.all("SO")) or "")
    said = source.groupdict() if source is not None else {}
    year, remarks = fields.year_of([*block.all("YR", "DP")[:1], *block.all("SO")[:1]])
    number = fields.first(block.all("UI", "AN"))
    medline = any("medline" in value.lower() for value in block.all("DB"))
    pmid = number.lstrip("0") if number and medline and fields.is_pmid(number) else None
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=fields.first(block.all("PT")),
        title=fields.title_of([*block.all("TI"), *block.all("OT", "TT")]),
        abstract=fields.one_line(" ".join(block.all("AB"))),
        authors=fields.authors_of(block.all("FA") or block.all("AU"))
        + fields.authors_of(block.all("CA"), one_each=True),
        year=year,
        journal=fields.first([*block.all("JN", "JT"), said.get("journal")]),
        volume=fields.first([*block.all("VO", "VI"), said.get("volume")]),
        issue=fields.first([*block.all("IP"), said.get("issue")]),
        pages=fields.pages_of(fields.first([*block.all("PG"), said.get("pages")])),
        doi=fields.first(fields.doi_in(value) for value in block.all("DO", "DI")),
        pmid=pmid,
        accession=None if pmid else number,
        issn=fields.issn_of(block.all("IS")),
        language=fields.many_in_one(block.all("LG")),
        keywords=fields.keywords_of(block.all("MH", "KW", "SH", "HW")),
        remarks=(*block.remarks, *remarks, *block.repeated("TI", "AB", "SO", "DO")),
        notices=notices.each_once(notices.of_types(block.all("PT"), "PT")),
    )
