"""RefWorks' tagged format: ``T1 title``, entries that begin with ``RT``.

Source of the tags: "RefWorks Tagged Format" (ProQuest/Clarivate).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Aside, Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.tagged import Block, numbered

_TAGS: Final = frozenset(re.findall(r"\w+", """
    RT SR ID A1 A2 A3 A4 A5 A6 T1 T2 T3 JF JO YR FD VO IS SP OP K1 AB NO ED PB PP SN AV AD AN LA
    CL SF OT LK DO CN CR DB DS IP RD RL ST SL UL LL WT WV WP PMID PMCID
    U1 U2 U3 U4 U5 U6 U7 U8 U9 U10 U11 U12 U13 U14 U15
"""))  # fmt: skip
_TAG: Final = re.compile(r"([A-Z]{1,5}\d{0,2})(?:\s(.*))?$")


_TEXTS: Final = ("AB", "NO")


def read_refworks(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the entries of a RefWorks tagged file in order; ``RT`` begins each."""
    names = names if names is not None else Names()
    block: Block | None = None
    for number, line in numbered(text):
        found = _TAG.match(line)
        tag = found.group(1) if found and found.group(1) in _TAGS else None
        if tag and found and block is not None and block.goes_on_with(line, found, _TEXTS):
            tag = None
        if tag == "RT":
            if block is not None:
                yield names.of(block, _entry)
            block = Block(number)
        if block is None:
            if line.strip():
                yield Aside(number, line.strip()[:200])
            continue
        block.lines.append(line)
        if tag is not None and found is not None:
            block.add(tag, (found.group(2) or "").strip())
        elif line.strip():
            block.go_on(line.strip())
    if block is not None:
        yield names.of(block, _entry)


def _entry(block: Block) -> Entry:
    year, remarks = fields.year_of(block.all("YR", "FD"))
    pmid = fields.first(block.all("PMID"))
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=block.single("RT"),
        title=block.single("T1"),
        abstract=block.single("AB"),
        authors=fields.authors_of(block.all("A1")) or fields.authors_of(block.all("A2")),
        year=year,
        journal=block.single("JF", "JO", "T2"),
        volume=block.single("VO"),
        issue=block.single("IS"),
        pages=fields.pages_of(block.single("SP"), block.single("OP")),
        doi=next((doi for v in block.all("DO", "LK", "UL") if (doi := fields.doi_in(v))), None),
        pmid=pmid if fields.is_pmid(pmid) else fields.pmid_in(fields.first(block.all("AN"))),
        accession=block.single("AN"),
        issn=fields.issn_of(block.all("SN")),
        url=fields.first(block.all("LK", "UL")),
        language=block.single("LA"),
        keywords=fields.keywords_of(block.all("K1")),
        remarks=(*block.remarks, *remarks, *block.repeated("DO")),
    )
