"""The formats of citation files: of each its sign, its reader, its writer and its name in print.

A new format is its reader's module, its name in `Format`, and an entry here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from review.citations.formats.bibtex import read_bibtex, write_bibtex
from review.citations.formats.ciw import read_ciw
from review.citations.formats.csl_json import read_csl_json, write_csl_json
from review.citations.formats.csv import read_csv, write_csv
from review.citations.formats.endnote_xml import read_endnote_xml
from review.citations.formats.entry import Entry, Item
from review.citations.formats.ictrp_xml import read_ictrp_xml
from review.citations.formats.names import Names
from review.citations.formats.nbib import read_nbib, write_nbib
from review.citations.formats.ovid import LABELLED, read_ovid
from review.citations.formats.pubmed_xml import read_pubmed_xml
from review.citations.formats.refer import read_refer
from review.citations.formats.refworks import read_refworks
from review.citations.formats.ris import read_ris, write_ris
from review.citations.formats.ris_lines import ODD_START
from review.citations.vocabulary import Format

Writer = Callable[[Sequence[Entry], Sequence[Sequence[str]]], str]


class Text(NamedTuple):
    """A file on its way to a reader."""

    text: str
    file: str
    columns: Mapping[str, str]
    """Of tables: our field to the file's column, as a person named it."""
    names: Names


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What is known of a format of citation files."""

    kind: Format
    words: str
    """As people call it."""
    read: Callable[[Text], Iterator[Item]] | None
    """None for what is no text."""
    signs: tuple[re.Pattern[str], ...] = ()
    """How its entries begin: in a text the format counts whose sign comes first."""
    xml: re.Pattern[str] | None = None
    """What its XML says near the beginning."""
    write: Writer | None = None
    """None where records are not written so."""


def _lines(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_ALL: Final = (
    FileFormat(
        Format.RIS,
        "RIS",
        lambda source: read_ris(source.text, source.names),
        (_lines(r"^[ \t]{0,3}TY(?:  -[ \t]*.*| {0,3}-[ \t]*[A-Za-z]*[ \t]*)$"), ODD_START),
        write=write_ris,
    ),
    FileFormat(
        Format.OVID,
        "Ovid",
        lambda source: read_ovid(source.text, source.names),
        (_lines(r"^<\d+>[ \t]*\n(?:[ \t]*\n)*(?!TY {0,3}-)[A-Z][A-Z0-9]  - "), LABELLED),
    ),
    FileFormat(
        Format.NBIB,
        "NBIB",
        lambda source: read_nbib(source.text, source.names),
        (_lines(r"^(?:PMID|PMC|PMCR|OWN|STAT|OID) {0,2}- ?"),),
        write=write_nbib,
    ),
    FileFormat(
        Format.CIW,
        "Web of Science",
        lambda source: read_ciw(source.text, source.names),
        (_lines(r"^PT [A-Z][ \t]*$"),),
    ),
    FileFormat(
        Format.REFWORKS,
        "RefWorks",
        lambda source: read_refworks(source.text, source.names),
        (_lines(r"^RT [A-Z][A-Za-z ,()]+$"),),
    ),
    FileFormat(
        Format.BIBTEX,
        "BibTeX",
        lambda source: read_bibtex(source.text, source.names),
        (_lines(r"^[ \t]*@[ \t]*[A-Za-z]+[ \t]*[{(]"),),
        write=write_bibtex,
    ),
    FileFormat(
        Format.REFER,
        "refer (.enw)",
        lambda source: read_refer(source.text, source.names),
        (_lines(r"^%[0TA] "),),
    ),
    FileFormat(
        Format.PUBMED_XML,
        "PubMed XML",
        lambda source: read_pubmed_xml(source.text, file=source.file, names=source.names),
        xml=re.compile(r"<Pubmed(?:Book)?Article|<PubmedArticleSet"),
    ),
    FileFormat(
        Format.ICTRP_XML,
        "ICTRP XML",
        lambda source: read_ictrp_xml(source.text, file=source.file),
        xml=re.compile(r"<Trials_downloaded_from_ICTRP|<Trial>\s*<Internal_Number>"),
    ),
    FileFormat(
        Format.ENDNOTE_XML,
        "EndNote XML",
        lambda source: read_endnote_xml(source.text, file=source.file, names=source.names),
        xml=re.compile(r"<(?:ref-type|REFERENCE_TYPE|titles|contributors)\b"),
    ),
    FileFormat(
        Format.CSL_JSON,
        "CSL-JSON",
        lambda source: read_csl_json(source.text, file=source.file, names=source.names),
        write=write_csl_json,
    ),
    FileFormat(
        Format.CSV,
        "CSV or TSV",
        lambda source: read_csv(
            source.text, file=source.file, columns=source.columns, names=source.names
        ),
        write=write_csv,
    ),
    FileFormat(Format.XLSX, "XLSX", None),
)

FORMATS: Final = {one.kind: one for one in _ALL}
"""In the order in which signs at one place decide."""

WRITERS: Final = {kind: one.write for kind, one in FORMATS.items() if one.write is not None}
"""The formats that records are written in."""

KNOWN: Final = ", ".join(one.words for one in _ALL)
"""All formats, as a sentence lists them."""
