"""CSV and TSV with a header, whatever the source calls its columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.citations.formats import fields
from review.citations.formats.entry import Entry, Item, Rejected
from review.errors import FileError, InvalidDataError, Problem
from review.tabular.formulas import guarded, unguarded
from review.tabular.separated import one_row

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (
        "title", "article title", "document title", "primary title", "study title",
        "public title", "scientific title", "original title", "ti", "t1", "reference title",
    ),
    "authors": (
        "authors", "author", "author s", "author names", "author full names", "author name", "au",
        "af", "a1", "contributors", "primary authors", "authors raw affiliation",
    ),
    "year": (
        "year", "publication year", "published year", "pub year", "pubyear", "py", "yr",
        "year of publication", "date of publication", "publication date", "date", "issued",
        "start date",
    ),
    "journal": (
        "journal", "source title", "publication title", "journal book", "journal title",
        "source", "secondary title", "publication name", "container title", "so", "jf", "t2",
        "periodical", "parent title", "venue", "journal name",
    ),
    "volume": ("volume", "vol", "vl"),
    "issue": ("issue", "number", "is", "ip", "issue number"),
    "pages": ("pages", "page", "pagination", "pg", "page range", "page s", "article pages"),
    "start": (
        "page start", "start page", "first page", "beginning page", "bp", "sp", "startpage",
    ),
    "end": ("page end", "end page", "last page", "ending page", "ep", "endpage"),
    "article": ("art no", "article number", "ar", "article no"),
    "citation": ("citation",),
    "abstract": ("abstract", "abstract note", "abstracts", "ab", "n2", "notes abstract"),
    "doi": ("doi", "di", "do", "dois", "digital object identifier", "doi link"),
    "pmid": (
        "pmid", "pubmed id", "medline pmid", "pubmed", "pm", "pubmedid", "pubmed id number",
    ),
    "accession": (
        "accession number", "accession", "eid", "ut unique wos id", "ut", "an", "nct number",
        "trialid", "pui", "unique id", "publication id", "cochrane id",
    ),
    "issn": ("issn", "sn", "issn isbn", "print issn", "eissn", "isbn"),
    "url": ("url", "link", "urls", "embase link", "plink", "study url", "web address", "ur"),
    "language": (
        "language", "language of original document", "languages", "la", "article language",
    ),
    "keywords": (
        "keywords", "author keywords", "keyword", "index keywords", "mesh terms", "de", "kw",
        "manual tags", "subjects", "subject terms", "keywords plus", "conditions",
    ),
    "kind": (
        "document type", "publication type", "item type", "type", "pt", "doctype", "type of work",
        "reference type", "dt", "type of reference", "ty",
    ),
}  # fmt: skip
"""Column names in lower case, of Covidence, Rayyan, Scopus, Embase, Web of Science, PubMed,
Zotero, Dimensions, EBSCO, ASReview, ClinicalTrials.gov and ICTRP; the first present counts."""

COLUMNS: Final = tuple(_NAMES)
"""What ``--column FIELD=NAME`` can name."""

_FIELD_OF: Final = {name: field for field, names in _NAMES.items() for name in names}
NAMES_OF_COLUMNS: Final = tuple(name for names in _NAMES.values() for name in names)
"""The names of columns that are known, in lower case."""

_DELIMITERS: Final = (",", "\t", ";", "|")
_MANY: Final = frozenset({"keywords", "issn", "authors"})
_LOST: Final = 200
"""Rows that may be given up before the file is said to be no CSV."""


@dataclass(frozen=True, slots=True)
class _Header:
    line: int
    """Lines before the first row."""
    delimiter: str
    width: int
    places: Mapping[str, tuple[int, ...]]
    ours: bool
    """Whether `write_csv` wrote the file, apostrophes before formulas included."""


def known_columns(first_lines: Sequence[str]) -> int:
    """Return how many of our fields the best header among some lines names."""
    header = _best_header(first_lines, {})
    return len(header.places) if header is not None else 0


def read_csv(text: str, *, file: str, columns: Mapping[str, str] | None = None) -> Iterator[Item]:
    """Yield the rows of a CSV or TSV file as entries, in order.

    The header may stand below a few lines of preamble. `columns` maps our fields (`COLUMNS`) to
    the file's names where they differ from what we know. A row with more cells than the header,
    or with fewer and no title, is a reject, and so is one whose quotes do not close; reading goes
    on with the line after it. Empty rows are passed over.

    Raises FileError when no column holds titles, and for files with more than a few such rows.
    """
    lines = text.split("\n")
    header = _header(lines, file, columns or {})
    place, lost = header.line, 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        cells, used = one_row(lines, place, header.delimiter)
        raw = "\n".join(lines[place : place + used])
        if cells is None:
            lost += 1
            if lost > _LOST:
                reason = f"more than {_LOST} rows have quotes that do not match; it is no CSV"
                raise FileError(file, [Problem(place + 1, None, reason)])
            yield Rejected(place + 1, "the quotes of this row do not match", raw)
        elif any(cell.strip() for cell in cells):
            yield _item(cells, header, place + 1, raw)
        place += used


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", name.lower()).split())


def _best_header(lines: Sequence[str], columns: Mapping[str, str]) -> _Header | None:
    best: _Header | None = None
    for number, line in enumerate(lines[:20]):
        for delimiter in _DELIMITERS:
            if delimiter not in line and number > 0 and best is not None:
                continue
            cells, used = one_row(lines, number, delimiter)
            places = _places(cells or [], columns)
            if len(places) > (len(best.places) if best else 0):
                ours = tuple(cells or ()) == _WRITTEN
                best = _Header(number + used, delimiter, len(cells or ()), places, ours)
    return best


def _places(cells: Sequence[str], columns: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    names = [_plain(cell) for cell in cells]
    places: dict[str, tuple[int, ...]] = {}
    for field, candidates in _NAMES.items():
        wanted = (_plain(columns[field]),) if field in columns else candidates
        found = [names.index(name) for name in wanted if name in names]
        if found:
            places[field] = tuple(found)
    return places


def _header(lines: Sequence[str], file: str, columns: Mapping[str, str]) -> _Header:
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        raise InvalidDataError(
            f"there is no field {', '.join(unknown)}; there are: {', '.join(COLUMNS)}"
        )
    header = _best_header(lines, columns)
    missing = [field for field in columns if header is None or field not in header.places]
    if header is None or "title" not in header.places or missing:
        shown = ", ".join(cell.strip() for cell in re.split(r"[,;\t|]", lines[0])[:30])
        what = ", ".join(missing) or "title"
        reason = (
            f"no column for {what}; the header has: {shown[:500]}; "
            f"say which with --column {what.split(', ')[0]}=NAME"
        )
        raise FileError(file, [Problem(1, None, reason)])
    return header


def _item(cells: list[str], header: _Header, line: int, raw: str) -> Item:
    remarks: list[str] = []
    if header.ours:
        cells = [unguarded(cell) for cell in cells]
    if len(cells) > header.width:
        if any(cell.strip() for cell in cells[header.width :]):
            reason = f"{len(cells)} cells where the header has {header.width}"
            return Rejected(line, reason, raw)
    elif len(cells) < header.width:
        remarks.append(f"{len(cells)} cells where the header has {header.width}")

    def values(field: str) -> list[str]:
        places = header.places.get(field, ())
        return [cells[place] for place in places if place < len(cells)]

    def one(field: str) -> str | None:
        return fields.first(values(field))

    if remarks and one("title") is None:
        return Rejected(line, remarks[0], raw)
    year, year_remarks = fields.year_of(values("year")[:1])
    if year is None:
        year, year_remarks = fields.year_of(values("year"))
    cited = _CITED.search(one("citation") or "")
    volume, issue, pages = cited.groups() if cited is not None else (None, None, None)
    pmid = one("pmid")
    digits = re.sub(r"\.0$", "", pmid or "").strip()
    return Entry(
        line=line,
        raw=raw,
        kind=one("kind"),
        title=one("title"),
        abstract=one("abstract"),
        authors=fields.authors_of([_best_names(values("authors"))]),
        year=year,
        journal=one("journal"),
        volume=one("volume") or volume,
        issue=one("issue") or issue,
        pages=fields.pages_of(one("pages") or one("start"), one("end"), one("article")) or pages,
        doi=fields.doi_in(one("doi")),
        pmid=(digits.lstrip("0") or None) if fields.is_pmid(digits) else fields.pmid_in(one("url")),
        accession=one("accession"),
        issn=fields.issn_of(values("issn")),
        url=one("url"),
        language=one("language"),
        keywords=_keywords(values("keywords")),
        remarks=(*remarks, *year_remarks),
    )


_CITED: Final = re.compile(r";\s*([\w-]+)(?:\(([^()]+)\))?:\s*([\w-]+)")
"""Volume, issue and pages in PubMed's ``J Dist. 2019 May;3(2):11-19.``"""


def _best_names(values: list[str]) -> str | None:
    full = [re.sub(r"\s*\(\d{6,}\)", "", value) for value in values if value.strip()]
    return full[0] if full else None


def _keywords(values: list[str]) -> tuple[str, ...]:
    parts = [
        part
        for value in values
        for part in (value.split(",") if "," in value and ";" not in value else [value])
    ]
    return fields.keywords_of(parts)


_WRITTEN: Final = (
    "kind", "title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid",
    "accession", "issn", "url", "language", "keywords", "abstract", "labels",
)  # fmt: skip


def write_csv(entries: Iterable[Entry], labels: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as CSV with a header; the labels of each go into the column ``labels``.

    Text that a spreadsheet would take for a formula gets an apostrophe before it, which
    `read_csv` takes away again from files with this header, and from no others.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_WRITTEN)
    for place, entry in enumerate(entries):
        row = (
            entry.kind or "GEN", entry.title, "; ".join(entry.authors) + _alone(entry.authors),
            entry.year, entry.journal, entry.volume, entry.issue, entry.pages, entry.doi,
            entry.pmid, entry.accession, entry.issn, entry.url, entry.language,
            "; ".join(entry.keywords) + _alone(entry.keywords), entry.abstract,
            "; ".join(labels[place]) if labels else "",
        )  # fmt: skip
        writer.writerow([guarded(v) if isinstance(v, str) else v for v in row])
    return out.getvalue()


def _alone(values: tuple[str, ...]) -> str:
    """Return the semicolon that says that commas in an only value separate nothing."""
    return ";" if len(values) == 1 and ("," in values[0] or " and " in values[0]) else ""
