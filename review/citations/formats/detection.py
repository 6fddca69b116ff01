"""Which format a text is in, by what it says and not by the name of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from review.citations.formats.csv import known_columns
from review.citations.formats.registry import FORMATS, KNOWN
from review.citations.formats.ris import is_untyped
from review.citations.vocabulary import Format
from review.errors import FileError, Problem
from review.tabular.separated import DELIMITERS

_LOOKED_AT: Final = 400_000
"""Characters at the beginning that decide; a preamble is shorter."""

_RIS_FIELDS: Final = re.compile(r"^[A-Z][A-Z0-9]  - ", re.MULTILINE)
_TITLE_AND_NAMES: Final = 2


def format_of(text: str, *, file: str, tables: Mapping[str, str] | None = None) -> Format:
    """Return the format of a text; raise FileError with a reason when it is none that we know.

    `tables` are columns that a person named for tables of the source before.

    XML and JSON are told by how they begin. Of the tagged formats, that counts whose sign of a
    new entry comes first in the text. What has none is CSV if a line near the top names columns
    that we know.
    """
    head = text[:_LOOKED_AT]
    begins = head.lstrip()
    if re.match(r"<[^\d\s]", begins):
        return _xml(head, file)
    if begins.startswith("{\\rtf"):
        reason = "this is a text document (RTF); save it as plain text"
        raise FileError(file, [Problem(1, None, reason)])
    if (begins.startswith("{") and not begins.startswith("{Reference Type}")) or re.match(
        r"\[\s*[{\]]", begins
    ):
        return Format.CSL_JSON
    first = [
        (found.start(), place, kind)
        for place, (kind, one) in enumerate(FORMATS.items())
        for sign in one.signs
        if (found := sign.search(head)) is not None
    ]
    columns = known_columns(head.split("\n")[:30], tables or {})
    if first:
        at, _, kind = min(first)
        in_table = columns > _TITLE_AND_NAMES and head.count("\n", 0, at) > 0
        if not in_table:
            return kind
    if is_untyped(text):
        return Format.RIS
    alone = known_columns(begins.split("\n", 1)[:1], tables or {}) > 0 and "\n" in begins.strip()
    if columns >= _TITLE_AND_NAMES or alone:
        return Format.CSV
    if _RIS_FIELDS.search(head):
        return Format.RIS
    if first:
        return min(first)[2]
    raise FileError(file, [Problem(1, None, _seems(begins))])


_OTHER_TEXTS: Final = (
    (
        r"1[:.] (?:.+\n){1,4}(?:.*\n){0,60}?.*(?:PMID: ?\d+|doi: ?10\.)",
        "PubMed's text for reading; save it with the format PubMed (.nbib)",
    ),
    (r"(?:PMID:?\s*)?\d{5,8}(?:[\s,;]+\d{5,8})+\s*$", "a list of PMIDs without their records"),
    (r"Scopus\s+EXPORT DATE", "Scopus's plain text; export RIS or CSV"),
    (r"Record #1 of \d+\s+[A-Z]{2,3}:", "the plain text of the Cochrane Library; export RIS"),
    (r"(?:.*\n){0,9}?EudraCT Number:", "the text of the EU Clinical Trials Register; use ICTRP's"),
    (r"\{Reference Type\}:", "NoteExpress's format; export RIS, EndNote or BibTeX"),
    (r"(?:LDR|=LDR|leader)\b", "MARC, of a library catalogue"),
)
"""How texts begin that are no list of records, what they are, and what to do."""


def _seems(begins: str) -> str:
    """Return why a text is refused: what it seems to be, or a table whose columns nobody named."""
    for sign, what in _OTHER_TEXTS:
        if re.match(sign, begins[:_LOOKED_AT]):
            return f"it seems to be {what}"
    first, _, rest = begins.partition("\n")
    sign = max(DELIMITERS, key=first.count)
    count = first.count(sign)
    if count and rest.split("\n", 1)[0].count(sign) >= count:
        cells = [cell.strip(' "') for cell in first.split(sign)]
        return (
            f"it seems to be a table, and none of its columns is one that we know: "
            f"{', '.join(cells)[:300]}; say which are which, with --column title={cells[0]!r} and "
            "so on"
        )
    return (
        f"no format of citations that we know (it begins: {' '.join(begins.split())[:80]!r}); "
        f"known are {KNOWN}"
    )


_OTHER_XML: Final = (
    (r"<(?:\w+:)?(?:leader|datafield)\b|loc\.gov/MARC21", "MARCXML, of a library catalogue"),
    (r"<modsCollection|<mods[\s>]|loc\.gov/mods", "MODS, of a library catalogue"),
    (r"<rdf:RDF", "RDF, as Zotero exports it"),
    (r"<feed[\s>]|<rss[\s>]", "a feed of news"),
    (
        r"<clinical_study|<search_results|<study>",
        "the XML of ClinicalTrials.gov; export CSV or RIS",
    ),
    (r"<(?:pmc-)?article(?:set)?[\s>]", "full texts (JATS) and no list of records"),
    (r"<TEI[\s>]", "TEI, a full text"),
    (r"<eSearchResult|<eSummaryResult", "a reply of PubMed without the records"),
    (r"<(?:office|ss):|<Workbook[\s>]|<worksheet", "a spreadsheet saved as XML"),
)


def _xml(head: str, file: str) -> Format:
    for kind, one in FORMATS.items():
        if one.xml is not None and one.xml.search(head):
            return kind
    if re.search(r"<(?:!DOCTYPE\s+)?html|^\s*<(?:table|head|meta)\b", head, re.IGNORECASE):
        reason = "this is a web page, perhaps of a sign-in; export the records and save that file"
    else:
        seems = next((what for sign, what in _OTHER_XML if re.search(sign, head)), None)
        reason = "this XML is neither PubMed's nor EndNote's nor ICTRP's"
        if seems is not None:
            reason += f"; it seems to be {seems}"
    raise FileError(file, [Problem(1, None, reason)])
