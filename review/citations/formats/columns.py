"""What sources of tables call the fields of a record, and where a header has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (
        "title", "article title", "document title", "primary title", "study title",
        "public title", "scientific title", "original title", "ti", "t1", "reference title",
        "item title", "title primary", "display name", "brief title", "official title", "titles",
    ),
    "authors": (
        "authors", "author", "author s", "author names", "author full names", "author name", "au",
        "af", "a1", "contributors", "primary authors", "authors raw affiliation", "first authors",
        "authors primary", "authorships author display name", "authorships raw author name",
        "creators", "creator", "author list", "author string",
    ),
    "year": (
        "year", "publication year", "published year", "pub year", "pubyear", "py", "yr",
        "year of publication", "date of publication", "publication date", "date", "issued",
        "start date", "date registration3", "date registration", "first posted",
        "study first posted", "cover date", "published", "y1", "date published", "pubdate",
    ),
    "journal": (
        "journal", "source title", "publication title", "journal book", "journal title",
        "source", "secondary title", "publication name", "container title", "so", "jf", "t2",
        "periodical", "parent title", "venue", "journal name", "publication", "periodical full",
        "primary location source display name", "host venue display name", "alternate title3",
        "periodical abbrev", "source register", "journal full title", "pubtitle",
    ),
    "volume": ("volume", "vol", "vl", "vo", "journal volume", "biblio volume", "volume number"),
    "issue": (
        "issue", "number", "is", "ip", "issue number", "journal issue", "biblio issue",
    ),
    "pages": (
        "pages", "page", "pagination", "pg", "page range", "page s", "article pages",
        "page info", "medlinepgn",
    ),
    "start": (
        "page start", "start page", "first page", "beginning page", "bp", "sp", "startpage",
        "biblio first page",
    ),
    "end": (
        "page end", "end page", "last page", "ending page", "ep", "endpage", "biblio last page",
        "other pages",
    ),
    "article": ("art no", "article number", "ar", "article no"),
    "citation": ("citation",),
    "abstract": (
        "abstract", "abstract note", "abstracts", "ab", "n2", "notes abstract", "brief summary",
        "summary", "abstract text",
    ),
    "doi": (
        "doi", "di", "do", "dois", "digital object identifier", "doi link", "item doi", "ids doi",
        "digitalobjectidentifier", "externalids doi", "external ids doi",
    ),
    "pmid": (
        "pmid", "pubmed id", "medline pmid", "pubmed", "pm", "pubmedid", "pubmed id number",
        "ids pmid", "externalids pubmed", "external ids pub med", "extra", "pmid pubmed id",
    ),
    "accession": (
        "accession number", "accession", "eid", "ut unique wos id", "ut", "an", "nct number",
        "nct id",
        "trialid", "isrctn", "drks id", "ctri number", "trial id", "pui", "unique id",
        "publication id", "central id", "cochrane id", "lens id", "storeid", "ui", "reference id",
        "id",
    ),
    "issn": (
        "issn", "sn", "issn isbn", "print issn", "eissn", "isbn", "issns",
        "primary location source issn l", "primary location source issn",
    ),
    "url": (
        "url", "link", "urls", "embase link", "plink", "study url", "web address", "ur",
        "open url link", "full text link", "primary location landing page url", "articleurl",
        "documenturl", "source url", "external url", "fulltext url",
    ),
    "language": (
        "language", "language of original document", "languages", "la", "article language",
    ),
    "keywords": (
        "keywords", "author keywords", "keyword", "index keywords", "mesh terms", "de", "kw",
        "manual tags", "subjects", "subject terms", "keywords plus", "conditions", "descriptors",
        "emtree medical index terms", "emtree drug index terms", "keywords display name",
        "descriptor s", "automatic tags",
    ),
    "kind": (
        "document type", "publication type", "item type", "type", "pt", "doctype", "type of work",
        "reference type", "source type", "dt", "type of reference", "ty", "content type",
        "documenttype",
    ),
    "notes": ("labels", "notes", "note", "custom notes", "n1"),
    "decision": (
        "asreview label", "label included", "included", "asreview included", "final included",
    ),
    "retracted": ("is retracted", "retracted"),
    "condition": ("conditions", "condition"),
    "intervention": ("interventions", "intervention"),
    "outcome": (
        "primary outcome measures", "primary outcome", "secondary outcome measures",
        "secondary outcome", "other outcome measures",
    ),
    "design": ("study design",),
}  # fmt: skip
"""Column names in lower case, of Covidence, Rayyan, Scopus, Embase, Web of Science, PubMed,
Zotero, Dimensions, EBSCO, ASReview, rispy, RefWorks, Google Scholar (Publish or Perish), OpenAlex,
Springer, ClinicalTrials.gov and ICTRP; the first present counts."""

COLUMNS: Final = tuple(_NAMES)
"""What ``--column FIELD=NAME`` can name."""

NAMES: Final = frozenset(name for names in _NAMES.values() for name in names)
"""All names of columns that we know, in lower case."""

_OF_A_WORK: Final = frozenset({"title", "authors", "year", "journal", "abstract", "doi", "pmid"})
_REGISTRY: Final = frozenset({"nct number", "trialid"})
_GLUED: Final = "item title"
"""Springer's name for titles; its file runs the names of authors together."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns of a table are."""

    cells: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    """Our fields, and the columns that hold them, the best first."""

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.cells)

    @property
    def is_registry(self) -> bool:
        """Whether the rows are registrations of trials."""
        return any(plain(cell) in _REGISTRY for cell in self.cells)

    @property
    def runs_names_together(self) -> bool:
        """Whether the file is Springer's, where ``Anna AlmBo Bok`` are two authors."""
        return any(plain(cell) == _GLUED for cell in self.cells)

    @property
    def strength(self) -> int:
        """How many of our fields it names, those without which there is no record twice."""
        return len(self.places) + len(_OF_A_WORK & self.places.keys())


def plain(name: str) -> str:
    """Return a column's name in lower case, with single spaces for all that is no letter or digit.

    Examples
    --------
    >>> plain("Covidence #"), plain("ids.pmid"), plain("Título")
    ('covidence', 'ids pmid', 'título')
    """
    return " ".join(re.sub(r"[\W_]+", " ", name.casefold()).split())


def header_of(cells: Sequence[str], columns: Mapping[str, str]) -> Header:
    """Return where our fields are in a row of names; `columns` are names that a person told."""
    names = [plain(cell) for cell in cells]
    places: dict[str, tuple[int, ...]] = {}
    for field, candidates in _NAMES.items():
        wanted = (plain(columns[field]),) if field in columns else candidates
        found = [names.index(name) for name in wanted if name in names]
        if found:
            places[field] = tuple(found)
    return Header(tuple(cell.strip() for cell in cells), places)
