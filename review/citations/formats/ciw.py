"""Web of Science's tagged export (.ciw, savedrecs.txt).

Source of the tags: "Web of Science Core Collection Field Tags" (Clarivate).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from review.citations.formats import fields, notices
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.names import Names
from review.citations.formats.tagged import Block, numbered

_TAG: Final = re.compile(r"([A-Z][A-Z0-9])(?: (.*))?$")
_ONE_A_LINE: Final = frozenset({"AU", "AF", "BA", "BF", "BE", "ED", "CR", "C1", "CA", "GP"})
"""Tags whose further lines are further values; the lines of others are one text."""


def read_ciw(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the entries of a Web of Science file in order.

    ``PT`` begins an entry and ``ER`` ends it; a missing ``ER`` is remarked on. The header lines
    ``FN`` and ``VR`` and the end ``EF`` belong to no entry.
    """
    names = names if names is not None else Names()
    block: Block | None = None
    for number, line in numbered(text):
        found = _TAG.match(line)
        tag = found.group(1) if found else None
        if tag in ("FN", "VR", "EF") and (block is None or tag == "EF"):
            continue
        if tag == "PT":
            if block is not None:
                block.remarks.append("ER is missing; the next PT ended the record")
                yield names.of(block, _item)
            block = Block(number)
        elif tag == "ER" and not (found and found.group(2)):
            if block is not None:
                block.lines.append(line)
                yield names.of(block, _item)
            block = None
            continue
        elif block is None:
            if tag is not None:
                block = Block(number)
            elif line.strip():
                yield Aside(number, line.strip()[:200])
        if block is None:
            continue
        block.lines.append(line)
        if found is not None and tag is not None:
            block.add(tag, (found.group(2) or "").strip())
        elif line.strip() and block.last is not None:
            one_a_line = block.last in _ONE_A_LINE
            block.go_on(line.strip(), separator="\n" if one_a_line else " ")
    if block is not None:
        block.remarks.append("ER is missing; the file ended")
        yield names.of(block, _item)


def _item(block: Block) -> Item:
    if "PT" not in block.values:
        return Rejected(block.line, "fields without a PT line before them", block.raw)
    year, remarks = fields.year_of(
        [*block.all("PY")[:1], *([] if block.all("PY") else block.all("EY", "PD", "EA"))]
    )
    pmid = fields.first(block.all("PM"))
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=block.single("DT", "PT"),
        title=block.single("TI", "FT"),
        abstract=block.single("AB"),
        authors=_names(block),
        year=year,
        journal=block.single("SO", "JI", "J9"),
        volume=block.single("VL"),
        issue=block.single("IS"),
        pages=fields.pages_of(block.single("BP", "PS"), block.single("EP"), block.single("AR")),
        doi=fields.doi_in(block.single("DI", "D2")),
        pmid=pmid.lstrip("0") if fields.is_pmid(pmid) and pmid else None,
        accession=block.single("UT"),
        issn=fields.issn_of(block.all("SN", "EI", "BN")),
        url=None,
        language=block.single("LA"),
        keywords=fields.keywords_of(block.all("DE", "ID")),
        remarks=(*block.remarks, *remarks, *block.repeated("DI")),
        notices=notices.each_once(
            notices.of_types([part for said in block.all("DT") for part in said.split(";")], "DT")
        ),
    )


def _names(block: Block) -> tuple[str, ...]:
    full = block.all("AF") or block.all("AU") or block.all("BF", "BA") or block.all("ED", "BE")
    return fields.authors_of([*full, *block.all("CA", "GP")])
