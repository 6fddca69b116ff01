"""Rows of tables as entries."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Final

from review.citations.formats import fields
from review.citations.formats.columns import Header
from review.citations.formats.entry import Entry, Rejected
from review.citations.formats.ictrp_xml import KIND, summary_of
from review.citations.formats.labels import of_column
from review.citations.formats.markup import unescaped
from review.citations.formats.notes import said_in
from review.citations.formats.notices import Notice, each_once, of_types
from review.citations.vocabulary import NoticeKind


def entry_of_row(
    cells: Sequence[str], header: Header, line: int, raw: str, said: Sequence[str] = ()
) -> Entry | Rejected:
    """Return a row as an entry, with what was `said` of it among its remarks.

    One with more cells than the header, or with fewer and no title, is a reject.
    """
    remarks = list(said)
    if len(cells) != header.width:
        remark = f"{len(cells)} cells where the header has {header.width}"
        if any(cell.strip() for cell in cells[header.width :]):
            return Rejected(line, remark, raw)
        if len(cells) < header.width:
            remarks.append(remark)

    def values(field: str) -> list[str]:
        places = header.places.get(field, ())
        return [unescaped(cells[place]) for place in places if place < len(cells)]

    def one(field: str) -> str | None:
        return fields.first(values(field))

    if len(cells) < header.width and one("title") is None:
        return Rejected(line, remarks[-1], raw)
    years = [value for value in values("year") if value.strip() not in fields.NOTHING]
    year, year_remarks = fields.year_of(years[:1])
    if year is None:
        year, year_remarks = fields.year_of(years)
    cited = _CITED.search(one("citation") or "")
    volume, issue, pages = cited.groups() if cited is not None else (None, None, None)
    journal = one("journal")
    source = _EMBASE.match(journal or "")
    if source is not None and one("volume") is None:
        journal, volume, issue = source["journal"], source["volume"], source["issue"]
        pages = source["pages"]
        if year is None:
            year, year_remarks = int(source["year"]), ()
    kind, abstract = one("kind"), one("abstract")
    if header.is_registry:
        kind, abstract = kind or KIND, _registration(one, values, abstract)
    authors = _authors(values("authors"))
    if header.runs_names_together and authors:
        authors, doubts = _taken_apart(authors)
        remarks += doubts
    pmid, accession = one("pmid"), one("accession")
    digits = re.sub(r"\.0$", "", pmid or "").strip()
    notices, labels = said_in(values("notes"))
    doi = fields.doi_in(one("doi")) or fields.first(map(fields.doi_of_url, values("url")))
    retracted = (one("retracted") or "").lower() in ("true", "1", "yes")
    return Entry(
        line=line,
        raw=raw,
        kind=kind,
        title=one("title"),
        abstract=abstract,
        authors=authors,
        year=year,
        journal=journal,
        volume=one("volume") or volume,
        issue=one("issue") or issue,
        pages=fields.pages_of(one("pages") or one("start"), one("end"), one("article")) or pages,
        doi=doi,
        pmid=(digits.lstrip("0") or None)
        if fields.is_pmid(digits)
        else fields.pmid_in(pmid) or fields.pmid_in(one("url")),
        accession=None if accession and _RUNNING.fullmatch(accession) else accession,
        issn=fields.issn_of(values("issn")),
        url=one("url"),
        language=one("language"),
        keywords=_keywords(values("keywords")),
        remarks=(*remarks, *year_remarks, *fields.no_doi(values("doi"), doi)),
        notices=each_once(
            [
                *of_types([kind], "type"),
                *([Notice(NoticeKind.RETRACTED, "column: retracted")] if retracted else []),
                *notices,
            ]
        ),
        labels=(*labels, *of_column(one("decision"))),
    )


_RUNNING: Final = re.compile(r"\d{1,4}")
"""A running number of the table, which names nothing elsewhere."""

_CITED: Final = re.compile(r";\s*([\w-]+)(?:\(([^()]+)\))?:\s*([\w-]+)")
"""Volume, issue and pages in PubMed's ``J Dist. 2019 May;3(2):11-19.``"""

_EMBASE: Final = re.compile(
    r"(?P<journal>.+?) \((?P<year>\d{4})\)(?: (?P<volume>[\w-]+)?(?::(?P<issue>[\w -]+?))?)?"
    r"(?: \((?P<pages>[^()]+)\))?(?:\.|$| Article Number)"
)
"""``J Sleep (2014) 3:3 (152-160). Date of Publication: 2014``, as Embase's CSV has it."""


def _authors(values: Sequence[str]) -> tuple[str, ...]:
    full = [re.sub(r"\s*\(\d{6,}\)", "", value) for value in values if value.strip()]
    if not full:
        return ()
    listed = full[0].strip()
    if listed.startswith("[") and listed.endswith("]"):  # a list of Python or JSON
        try:
            found = ast.literal_eval(listed)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(name, str) for name in found):
            return fields.authors_of(found, one_each=True)
    return fields.authors_of([listed])


_SEAM: Final = re.compile(r"(?<=[a-zß-öø-ÿ.])(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bO’)(?=[A-ZÀ-ÖØ-Þ])")


def _taken_apart(authors: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """Return names that a file runs together one by one, with a remark where it was done."""
    apart = tuple(
        name for author in authors for part in _SEAM.split(author) if (name := part.strip())
    )
    if apart == authors:
        return authors, []
    return apart, ["the file runs names together; they were taken apart at capitals"]


def _keywords(values: Sequence[str]) -> tuple[str, ...]:
    parts = [
        part
        for value in values
        for part in (value.split(",") if "," in value and ";" not in value else [value])
    ]
    return fields.keywords_of(parts)


def _registration(
    one: Callable[[str], str | None], values: Callable[[str], list[str]], abstract: str | None
) -> str | None:
    return summary_of(
        {
            "Conditions": _listed(one("condition")),
            "Interventions": _listed(one("intervention")),
            "Outcomes": _listed("|".join(value for value in values("outcome") if value.strip())),
            "Design": _listed(one("design")),
        },
        begins=abstract,
    )


def _listed(value: str | None) -> str | None:
    return "; ".join(part.strip() for part in value.split("|")) if value else None
