"""NBIB (MEDLINE text), as PubMed, PMC and ERIC write it.

Source of the tags: "MEDLINE/PubMed Data Element (Field) Descriptions", National Library of
Medicine (https://www.nlm.nih.gov/bsd/mms/medlineelements.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from review.citations.formats import fields, notices
from review.citations.formats.entry import Aside, Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.notes import notes_on, said_in
from review.citations.formats.tagged import Block, numbered, tagged_lines

_TAG: Final = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(.*)$")
"""Up to four characters, padded with spaces, then a hyphen; text follows after a space."""

_TAGS: Final = frozenset(re.findall(r"\w+", """
    AB AD AID AIDS AU AUID BTI CDAT CI CIN CN COI CON CP CRDT CRF CRI CTDT CTI DA DCOM DDIN DE DEP
    DOI DP DRDT DRIN ECF ECI EDAT EFR EIN EN EP ETYP FAU FED FIR FPS GN GR GS IP IR IRAD IS ISBN
    JID JT LA LID LR MH MHDA MID OAB OABL OCI OID OT OTO OWN PB PG PHST PL PMC PMCR PMID PN PRIN
    PROF PS PST PT PUBM RF RIN RN ROF RPF RPI SB SFM SI SN SO SPIN STAT TA TI TT UIN UOF UR URL VI
    VTI YR PDAT
"""))  # fmt: skip
"""Tags of PubMed, PMC and ERIC; other capitals before a hyphen are text, such as CBT-based."""

_ONCE: Final = frozenset({"PMID", "TI", "DP", "JT", "TA", "VI", "STAT", "OWN"})
"""Tags that a record has once at most: a second one, after a blank line, is the next record's."""

_DOI_MARK: Final = re.compile(r"\s*\[doi\]\s*$", re.IGNORECASE)
_NAMED_MARK: Final = re.compile(r"\[(\w+)\]\s*$")


def read_nbib(text: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the entries of an NBIB file in order.

    ``PMID`` begins an entry, or the tag that is the file's first, or after a blank line one that
    the entry has already and can have only once; other blank lines are within it. Indented lines
    go on with the value before them. Other lines without a tag are asides.
    """
    names = names if names is not None else Names()
    block: Block | None = None
    first_tag: str | None = None
    asides: list[Aside] = []
    blank = True
    for number, line in numbered(text):
        if not line.strip():
            blank = True
            if block is not None:
                block.lines.append(line)
            continue
        found = _TAG.match(line)
        if found is not None and (line[4:5] == "-" or found.group(1) in _TAGS):
            tag, value = found.group(1), found.group(2).strip()
            first_tag = first_tag or tag
            if block is None or _begins(block, tag, first_tag, blank=blank):
                yield from [names.of(block, _entry)] if block is not None else []
                yield from asides
                block, asides = Block(number), []
            block.lines.append(line)
            block.add(tag, value)
        elif block is not None and (line[0] in " \t" or not blank or _is_open(block)):
            block.lines.append(line)
            if line[0] not in " \t":
                block.remarks.append(f"line {number} was taken as text: {line.strip()[:80]}")
            block.go_on(line.strip())
        else:
            asides.append(Aside(number, line.strip()[:200]))
        blank = False
    yield from [names.of(block, _entry)] if block is not None else []
    yield from asides


def _is_open(block: Block) -> bool:
    """Whether a paragraph after a blank line goes on with the abstract of a record without end."""
    return block.last in ("AB", "OAB") and "SO" not in block.values


def _begins(block: Block, tag: str, first_tag: str, *, blank: bool) -> bool:
    """Whether a tag begins the next entry."""
    if tag == "PMID" and "PMID" in block.values:
        return True
    if not blank:
        return False
    if tag in ("PMID", first_tag):
        return True
    if tag == "OWN":
        return len(block.values) > 1
    if tag in ("PMC", "PMCR"):
        return not block.values.keys().isdisjoint(("PMC", "PMCR", "SO"))
    return tag in _ONCE and tag in block.values


def _entry(block: Block) -> Entry:
    year, remarks = fields.year_of([*block.all("DP")[:1], *block.all("DEP", "PDAT", "YR")[:1]])
    names = fields.authors_of(block.all("FAU")) or fields.authors_of(block.all("AU"))
    title = fields.one_line(" ".join(block.all("TI")))
    pmid = (block.single("PMID") or "").lstrip("0")
    noted, labels = said_in(block.all("GN"))
    return Entry(
        line=block.line,
        raw=block.raw,
        kind=fields.first(block.all("PT")),
        title=fields.title_of([title, *block.all("TT", "BTI", "CTI")]),
        abstract=fields.one_line(" ".join(dict.fromkeys(block.all("AB")))) or _other(block),
        authors=(*names, *fields.authors_of(block.all("CN"), one_each=True)),
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
        remarks=(*block.remarks, *remarks, *block.repeated("TI", "AB", "PG", "VI", "IP", "DP")),
        notices=notices.each_once(
            [
                *noted,
                *notices.of_types(block.all("PT"), "PT"),
                *(
                    notices.Notice(kind, f"{tag}: {fields.one_line(said)}")
                    for tag, kind in notices.MEDLINE.items()
                    for said in block.all(tag)
                    if said.strip()
                ),
            ]
        ),
        labels=labels,
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


def write_nbib(entries: Iterable[Entry], notes: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as NBIB; the notes on each go into ``GN`` (general note) lines.

    What `read_nbib` makes of the text has the same fields as `entries` had.
    """
    return "\n".join(
        _lines(entry, notes[place] if notes else ()) for place, entry in enumerate(entries)
    )


def _lines(entry: Entry, notes: Sequence[str]) -> str:
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
        *(("GN", note) for note in notes_on(entry, notes)),
    ]
    padded = [(f"{tag:<4}", value) for tag, value in pairs]
    own = tagged_lines([("PMID", entry.pmid)], "- ") or "OWN - living-review\n"
    return own + tagged_lines(padded, "- ")
