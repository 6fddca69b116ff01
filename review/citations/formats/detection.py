"""Which format a text is in, by what it says and not by the name of its file."""

from __future__ import annotations

import re
from typing import Final

from review.citations.formats.csv import known_columns
from review.citations.vocabulary import Format
from review.errors import FileError, Problem

_LOOKED_AT: Final = 400_000
"""Characters at the beginning that decide; a preamble is shorter."""

_SIGNS: Final = (
    (Format.RIS, re.compile(r"^[ \t]{0,3}TY {0,3}-[ \t]*[A-Za-z]*[ \t]*$", re.MULTILINE)),
    (Format.NBIB, re.compile(r"^(?:PMID|PMC|PMCR|OWN|STAT|OID) {0,2}- ?", re.MULTILINE)),
    (Format.CIW, re.compile(r"^PT [A-Z][ \t]*$", re.MULTILINE)),
    (Format.REFWORKS, re.compile(r"^RT [A-Z][A-Za-z ,()]+$", re.MULTILINE)),
    (Format.BIBTEX, re.compile(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", re.MULTILINE)),
    (Format.REFER, re.compile(r"^%[0TA] ", re.MULTILINE)),
)
_RIS_FIELDS: Final = re.compile(r"^[A-Z][A-Z0-9]  - ", re.MULTILINE)
_TITLE_AND_NAMES: Final = 2


def format_of(text: str, *, file: str) -> Format:
    """Return the format of a text; raise FileError with a reason when it is none that we know.

    XML and JSON are told by how they begin. Of the tagged formats, that counts whose sign of a
    new entry comes first in the text. What has none is CSV if a line near the top names columns
    that we know.
    """
    head = text[:_LOOKED_AT]
    begins = head.lstrip()
    if begins.startswith("<"):
        return _xml(head, file)
    if begins.startswith("{") or re.match(r"\[\s*[{\]]", begins):
        return Format.CSL_JSON
    first = [
        (found.start(), place, kind)
        for place, (kind, sign) in enumerate(_SIGNS)
        if (found := sign.search(head)) is not None
    ]
    columns = known_columns(head.split("\n")[:30])
    if first:
        at, _, kind = min(first)
        in_table = columns > _TITLE_AND_NAMES and head.count("\n", 0, at) > 0
        if not in_table:
            return kind
    if columns >= _TITLE_AND_NAMES or (columns and "\n" in begins.strip()):
        return Format.CSV
    if _RIS_FIELDS.search(head):
        return Format.RIS
    if first:
        return min(first)[2]
    shown = " ".join(begins.split())[:80]
    reason = (
        f"no format of citations that we know (it begins: {shown!r}); known are RIS, NBIB, "
        "PubMed XML, EndNote XML, refer (.enw), RefWorks, Web of Science, BibTeX, CSL-JSON, CSV"
    )
    raise FileError(file, [Problem(1, None, reason)])


def _xml(head: str, file: str) -> Format:
    if re.search(r"<Pubmed(?:Book)?Article|<PubmedArticleSet", head):
        return Format.PUBMED_XML
    if re.search(r"<(?:records?|RECORDS?)[\s>]", head):
        return Format.ENDNOTE_XML
    if re.search(r"<(?:!DOCTYPE\s+)?html", head, re.IGNORECASE):
        reason = "this is a web page, perhaps of a sign-in; export the records and save that file"
    else:
        reason = "this XML is neither PubMed's nor EndNote's"
    raise FileError(file, [Problem(1, None, reason)])
