"""EndNote XML, of EndNote 8 and later, of Bookends and others, and of EndNote 7 in capitals.

Source of the elements: EndNote's RSXML document type (RSXML.dtd).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from review.citations.formats import fields
from review.citations.formats.entry import Entry, Item
from review.citations.formats.names import Names
from review.citations.formats.notes import said_in
from review.citations.formats.notices import each_once, of_types
from review.citations.formats.xml import Cut, entries_in, first_text, text_of, texts

_OLD_KINDS: Final = {"0": "Journal Article", "1": "Book", "2": "Thesis", "3": "Conference"}


def read_endnote_xml(text: str, *, file: str, names: Names | None = None) -> Iterator[Item]:
    """Yield the records of an EndNote XML file in order."""
    for cut in entries_in(text, ("record", "RECORD"), file=file):
        if not isinstance(cut, Cut):
            yield cut
            continue
        if names is not None:
            names.see({str(part.tag): text_of(part) for part in cut.element}, _READ)
        yield _entry(cut) if cut.element.tag == "record" else _old_entry(cut)


_READ: Final = frozenset({
    "ref-type", "contributors", "titles", "periodical", "alt-periodical", "pages", "volume",
    "number", "issue", "custom7", "electronic-pages", "keywords", "dates", "isbn", "accession-num",
    "electronic-resource-num", "abstract", "urls", "language", "remote-database-provider",
    "remote-database-name", "notes", "research-notes", "work-type",
    "REFERENCE_TYPE", "AUTHORS", "TITLE", "SECONDARY_TITLE", "YEAR", "VOLUME", "NUMBER", "PAGES",
    "ELECTRONIC_RESOURCE_NUM", "DOI", "ACCESSION_NUMBER", "ISBN", "URL", "KEYWORDS", "ABSTRACT",
})  # fmt: skip


def _entry(cut: Cut) -> Entry:
    record = cut.element
    kind = record.find("ref-type")
    number = first_text(record, "accession-num")
    pmid = _pmid(record, number)
    year, remarks = fields.year_of([first_text(record, "dates/year"), *_when_no_year(record)])
    notices, labels = said_in([*texts(record, "notes"), *texts(record, "research-notes")])
    return Entry(
        line=cut.line,
        raw=cut.raw,
        kind=(kind.get("name") if kind is not None else None) or first_text(record, "ref-type"),
        title=first_text(record, "titles/title", "titles/short-title"),
        abstract=first_text(record, "abstract"),
        authors=_names(record),
        year=year,
        journal=first_text(
            record,
            "titles/secondary-title",
            "periodical/full-title",
            "periodical/abbr-1",
            "titles/alt-title",
            "alt-periodical/full-title",
        ),
        volume=first_text(record, "volume"),
        issue=first_text(record, "number", "issue"),
        pages=fields.pages_of(
            first_text(record, "pages"), None, first_text(record, "custom7", "electronic-pages")
        ),
        doi=_doi(record),
        pmid=pmid,
        accession=None if number == pmid else number,
        issn=fields.issn_of(_raw_parts(record, "isbn")),
        url=_url(record),
        language=first_text(record, "language"),
        keywords=fields.keywords_of(_raw_parts(record, "keywords/keyword")),
        remarks=(*cut.remarks, *remarks),
        notices=each_once([*of_types(texts(record, "work-type"), "work-type"), *notices]),
        labels=labels,
    )


def _when_no_year(record: etree._Element) -> list[str | None]:
    if first_text(record, "dates/year") is not None:
        return []
    return [first_text(record, "dates/pub-dates/date")]


def _names(record: etree._Element) -> tuple[str, ...]:
    return fields.authors_of(texts(record, "contributors/authors/author")) or fields.authors_of(
        texts(record, "contributors/secondary-authors/author")
    )


def _raw_parts(record: etree._Element, path: str) -> list[str]:
    """Return texts with their line ends: EndNote puts several ISSNs or keywords into one."""
    found = ["".join(map(str, element.itertext())) for element in record.iterfind(path)]
    return [part for text in found for part in text.replace("\r", "\n").split("\n")]


def _doi(record: etree._Element) -> str | None:
    doi = fields.doi_in(first_text(record, "electronic-resource-num"))
    if doi is not None:
        return doi
    for url in texts(record, "urls//url"):
        if (doi := fields.doi_of_url(url)) is not None:
            return doi
    for value in texts(record, "accession-num"):
        if fields.is_doi(value):
            return fields.doi_in(value)
    return None


def _pmid(record: etree._Element, number: str | None) -> str | None:
    provider = " ".join(
        [*texts(record, "remote-database-provider"), *texts(record, "remote-database-name")]
    ).lower()
    urls = [pmid for url in texts(record, "urls//url") if (pmid := fields.pmid_in(url))]
    if fields.is_pmid(number) and number is not None:
        named = any(name in provider for name in ("nlm", "medline", "pubmed"))
        if named or number.lstrip("0") in urls:
            return number.lstrip("0") or None
    return urls[0] if len(set(urls)) == 1 else None


def _url(record: etree._Element) -> str | None:
    return first_text(
        record, "urls/related-urls/url", "urls/web-urls/url", "urls/text-urls/url", "urls/url"
    )


def _old_entry(cut: Cut) -> Entry:
    record = cut.element
    year, remarks = fields.year_of([first_text(record, "YEAR")])
    kind = first_text(record, "REFERENCE_TYPE")
    return Entry(
        line=cut.line,
        raw=cut.raw,
        kind=_OLD_KINDS.get(kind or "", kind),
        title=first_text(record, "TITLE"),
        abstract=first_text(record, "ABSTRACT"),
        authors=fields.authors_of(texts(record, "AUTHORS/AUTHOR")),
        year=year,
        journal=first_text(record, "SECONDARY_TITLE"),
        volume=first_text(record, "VOLUME"),
        issue=first_text(record, "NUMBER"),
        pages=fields.pages_of(first_text(record, "PAGES")),
        doi=fields.doi_in(first_text(record, "ELECTRONIC_RESOURCE_NUM", "DOI")),
        accession=first_text(record, "ACCESSION_NUMBER"),
        issn=fields.issn_of(_raw_parts(record, "ISBN")),
        url=first_text(record, "URL"),
        keywords=fields.keywords_of(_raw_parts(record, "KEYWORDS/KEYWORD")),
        remarks=(*cut.remarks, *remarks),
    )
