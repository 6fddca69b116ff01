"""NBIB (MEDLINE text), as PubMed, PMC and ERIC write it.

Source of the tags: "MEDLINE/PubMed Data Element (Field) Descriptions", National Library of
Medicine (https://www.nlm.nih.gov/bsd/mms/medlineelements.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Aside, Entry, Item
from review.citations.formats.tagged import Block, numbered, tagged_lines

_TAG: Final = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(.*)$")
"""Up to four characters, padded with spaces, then a hyphen; text follows after a space."""

_DOI_MARK: Final = re.compile(r"\s*\[doi\]\s*$", re.IGNORECASE)
_NAMED_MARK: Final = re.compile(r"\[(\w+)\]\s*$")


def read_nbib(text: str) -> Iterator[Item]:
    """Yield the entries of an NBIB file in order.

    Entries are separated by blank lines; a further ``PMID`` begins one too. Indented lines go on
    with the value before them, also after a blank line. Other lines without a tag are asides.
    """
    block: Block | None = None
    blank = True
    for number, line in numbered(text):
        if not line.strip():
            blank = True
            if block is not None:
                block.lines.append(line)
            continue
        found = _TAG.match(line)
        if found is None:
            if block is not None and line[0] in " \t":
                block.lines.append(line)
                block.go_on(line.strip())
            elif block is not None and not blank:
                block.lines.append(line)
                block.remarks.append(f"line {number} was not understood: {line.strip()[:80]}")
            else:
                if block is not None:
                    yield _entry(block)
                    block = None
                yield Aside(number, line.strip()[:200])
                continue
        else:
            tag, value = found.group(1), found.group(2).strip()
            if block is None or blank or (tag == "PMID" and "PMID" in block.values):
                if block is not None:
                    yield _entry(block)
                block = Block(number)
            block.lines.append(line)
            block.add(tag, value)
        blank = False
    if block is not None:
        yield _entry(block)


def _entry(block: Block) -> Entry:
    year, remarks = fields.year_of([*block.all("DP")[:1], *block.all("DEP", "PDAT", "YR")[:1]])
    names = fields.authors_of(block.all("FAU")) or fields.authors_of(block.all("AU"))
    titles = [v for v in block.all("TI") if v.strip()] or [
        v for v in block.all("BTI", "CTI", "TT") if v.strip()
    ][:1]
    pmid = (block.single("PMID") or "").lstrip("0")
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=fields.first(block.all("PT")),
        title=fields.one_line(" ".join(titles)),
        abstract=fields.one_line(" ".join(dict.fromkeys(block.all("AB")))) or _other(block),
        authors=(*names, *fields.authors_of(block.all("CN"))),
        year=year,
        journal=fields.first(block.all("JT", "TA", "BTI")),
        volume=fields.first(block.all("VI")),
        issue=fields.first(block.all("IP")),
        pages=fields.pages_of(fields.first(block.all("PG")), None, _identifier(block, "pii")),
        doi=_doi(block),
        pmid=pmid if fields.is_pmid(pmid) else None,
        accession=fields.first(block.all("PMC", "PMCR", "OID")),
        issn=fields.issn_of(block.all("IS", "ISBN")),
        url=fields.first(block.all("URL", "UR", "4099")),
        language=fields.many_in_one(block.all("LA")),
        keywords=fields.keywords_of(block.all("MH", "OT", "DE")),
        remarks=(*block.remarks, *remarks),
    )


def _other(block: Block) -> str | None:
    return fields.one_line(" ".join(block.all("OAB")))


def _identifier(block: Block, name: str) -> str | None:
    """Return the article identifier of a kind, as ``e338 [pii]``, where it looks like a page."""
    for value in block.all("LID", "AID"):
        mark = _NAMED_MARK.search(value)
        if mark is not None and mark.group(1) == name:
            text = value[: mark.start()].strip()
            return text if re.fullmatch(r"e?\d{1,7}", text) else None
    return None


def _doi(block: Block) -> str | None:
    values = block.all("LID", "AID", "DOI")
    for value in values:
        if _DOI_MARK.search(value):
            return fields.doi_in(_DOI_MARK.sub("", value))
    for value in values:
        if fields.is_doi(value):
            return fields.doi_in(value)
    found = re.search(r"doi:\s*(\S+)", " ".join(block.all("SO")), re.IGNORECASE)
    return fields.doi_in(found.group(1)) if found else None


def write_nbib(entries: Iterable[Entry], labels: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as NBIB; the labels of each go into ``GN`` (general note) lines.

    What `read_nbib` makes of the text has the same fields as `entries` had.
    """
    return "\n".join(
        _lines(entry, labels[place] if labels else ()) for place, entry in enumerate(entries)
    )


def _lines(entry: Entry, labels: Sequence[str]) -> str:
    pairs: list[tuple[str, str | None]] = [
        *(("IS", issn) for issn in (entry.issn or "").split("; ")),
        ("VI", entry.volume),
        ("IP", entry.issue),
        ("DP", str(entry.year) if entry.year else None),
        ("TI", entry.title),
        ("PG", entry.pages),
        ("LID", f"{entry.doi} [doi]" if entry.doi else None),
        ("AB", entry.abstract),
        *(("FAU", author) for author in entry.authors),
        ("LA", entry.language),
        ("PT", entry.kind),
        ("JT", entry.journal),
        ("OID", entry.accession),
        ("URL", entry.url),
        *(("OT", word) for word in entry.keywords),
        *(("GN", label) for label in labels),
    ]
    padded = [(f"{tag:<4}", value) for tag, value in pairs]
    own = tagged_lines([("PMID", entry.pmid)], "- ") or "OWN - living-review\n"
    return own + tagged_lines(padded, "- ")
