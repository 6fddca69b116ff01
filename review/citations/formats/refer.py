"""EndNote's refer format (.enw): ``%T title``.

Source of the tags: EndNote's "Tagged EndNote import format" and refer(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Aside, Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.tagged import Block, numbered

_TAG: Final = re.compile(r"%([0-9A-Z@!#$&()*+<>?\[\]^~=])(?:[ \t]+(.*)|$)")


_FIRST: Final = re.compile(r"\s*%T\s(?![\s\S]*^%0)", re.MULTILINE)
"""A file whose entries begin with their title, and that has no ``%0``."""

_TEXTS: Final = ("X", "Z")


def read_refer(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the entries of a refer file in order.

    ``%0`` begins an entry; where the file has none, or an entry lacks it, a blank line followed
    by a tag that the entry has already and that does not repeat does.
    """
    names = names if names is not None else Names()
    block: Block | None = None
    blank = True
    by_title = _FIRST.match(text) is not None
    for number, line in numbered(text):
        found = _TAG.match(line)
        if found is not None and block is not None and block.goes_on_with(line, found, _TEXTS):
            found = None
        if found is not None:
            tag, value = found.group(1), (found.group(2) or "").strip()
            begins = tag == "0" if block is None or "0" in block.values else blank
            if by_title and block is not None and tag == "T" and "0" not in block.values:
                begins = begins or "T" in block.values
            if block is None or begins or (blank and tag in "0TA" and tag in block.values):
                if block is not None:
                    yield names.of(block, _entry)
                block = Block(number)
            block.lines.append(line)
            block.add(tag, value)
        elif block is not None:
            block.lines.append(line)
            if line.strip():
                block.go_on(line.strip(), separator="\n" if block.last in ("K", "@") else " ")
        elif line.strip():
            yield Aside(number, line.strip()[:200])
        blank = not line.strip()
    if block is not None:
        yield names.of(block, _entry)


def _entry(block: Block) -> Entry:
    year, remarks = fields.year_of([*block.all("D")[:1], *block.all("8")[:1]])
    kind = block.single("0")
    pmid = _pmid(block)
    accession = block.single("M")
    is_part = kind is not None and kind.lower() in ("book section", "conference proceedings")
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=kind,
        title=block.single("T", "!"),
        abstract=fields.one_line(" ".join(block.all("X"))),
        authors=fields.authors_of(block.all("A")) or fields.authors_of(block.all("E")),
        year=year,
        journal=block.single("B", "J") if is_part else block.single("J", "B"),
        volume=block.single("V"),
        issue=block.single("N"),
        pages=fields.pages_of(block.single("P")),
        doi=_doi(block),
        pmid=pmid,
        accession=None if accession == pmid else accession,
        issn=fields.issn_of(block.all("@")),
        url=fields.first(block.all("U")),
        language=block.single("G"),
        keywords=fields.keywords_of(block.all("K")),
        remarks=(*block.remarks, *remarks, *block.repeated("X", "R")),
    )


def _doi(block: Block) -> str | None:
    for value in block.all("R"):
        if doi := fields.doi_in(value):
            return doi
    return fields.first(fields.doi_of_url(value) for value in block.all("U"))


def _pmid(block: Block) -> str | None:
    provider = " ".join(block.all("W", "~")).lower()
    for value in block.all("M"):
        if fields.is_pmid(value) and any(n in provider for n in ("nlm", "medline", "pubmed")):
            return value.lstrip("0") or None
    return fields.pmid_in(fields.first(block.all("U")))
