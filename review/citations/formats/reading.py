"""A citation file from bytes to entries, with everything that could not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.canonical import MAX_TEXT
from review.citations.formats.bibtex import read_bibtex, write_bibtex
from review.citations.formats.ciw import read_ciw
from review.citations.formats.csl_json import read_csl_json, write_csl_json
from review.citations.formats.csv import read_csv, write_csv
from review.citations.formats.detection import format_of
from review.citations.formats.endnote_xml import read_endnote_xml
from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.nbib import read_nbib, write_nbib
from review.citations.formats.pubmed_xml import read_pubmed_xml
from review.citations.formats.refer import read_refer
from review.citations.formats.refworks import read_refworks
from review.citations.formats.ris import read_ris, write_ris
from review.citations.formats.sheets import workbook_text
from review.citations.vocabulary import Format
from review.errors import FileError, Problem
from review.tabular.decoding import decoded
from review.tabular.workbook import is_workbook

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_KEPT_OF_A_REJECT: Final = 20_000
_SHOWN: Final = 20
"""Rejects that the error of a file without records lists."""

WRITERS: Final[Mapping[Format, Callable[[Sequence[Entry], Sequence[Sequence[str]]], str]]] = {
    Format.RIS: write_ris,
    Format.NBIB: write_nbib,
    Format.BIBTEX: write_bibtex,
    Format.CSL_JSON: write_csl_json,
    Format.CSV: write_csv,
}
"""The formats that records are written in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a file held, in its order."""

    format: Format
    encoding: str
    items: tuple[Entry | Rejected, ...]
    asides: tuple[Aside, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What could be read."""
        return tuple(item for item in self.items if isinstance(item, Entry))

    @property
    def rejects(self) -> tuple[Rejected, ...]:
        """What could not."""
        return tuple(item for item in self.items if isinstance(item, Rejected))


def read_citations(
    data: bytes,
    *,
    file: str,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Reading:
    """Read a citation file of any format.

    Parameters
    ----------
    data : bytes
        The file.
    file : str
        Its name, for messages.
    encoding : str or None
        Where the file does not say and guessing fails.
    columns : mapping or None
        For CSV and XLSX: our field to the file's column.
    sheet : str or None
        Which sheet of a workbook with several.

    Returns
    -------
    Reading
        Entries and rejects in order; their sum is what the file held.

    Raises
    ------
    FileError
        For files of no known format and for files without one readable entry.
    """
    said: list[Aside] = []
    if is_workbook(data):
        text, said = workbook_text(data, file=file, sheet=sheet)
    else:
        text = decoded(data, file=file, encoding=encoding)
    kind = Format.CSV if columns or is_workbook(data) else format_of(text.text, file=file)
    items: list[Entry | Rejected] = []
    asides: list[Aside] = said
    for item in _items(kind, text.text, file, columns):
        if isinstance(item, Aside):
            asides.append(item)
        else:
            items.append(_storable(item))
    if not any(isinstance(item, Entry) for item in items):
        raise FileError(file, _why_nothing(kind, items, asides))
    return Reading(kind, text.encoding, tuple(items), tuple(asides))


def _items(kind: Format, text: str, file: str, columns: Mapping[str, str] | None) -> Iterator[Item]:
    match kind:
        case Format.RIS:
            return read_ris(text)
        case Format.NBIB:
            return read_nbib(text)
        case Format.PUBMED_XML:
            return read_pubmed_xml(text, file=file)
        case Format.ENDNOTE_XML:
            return read_endnote_xml(text, file=file)
        case Format.REFER:
            return read_refer(text)
        case Format.REFWORKS:
            return read_refworks(text)
        case Format.CIW:
            return read_ciw(text)
        case Format.BIBTEX:
            return read_bibtex(text)
        case Format.CSL_JSON:
            return read_csl_json(text, file=file)
        case Format.CSV:
            return read_csv(text, file=file, columns=columns)


def _storable(item: Entry | Rejected) -> Entry | Rejected:
    if isinstance(item, Rejected):
        raw = _UNSTORABLE.sub("\ufffd", item.raw[:_KEPT_OF_A_REJECT])
        return Rejected(item.line, _UNSTORABLE.sub("\ufffd", item.reason), raw)
    if len(item.raw) > MAX_TEXT:
        reason = f"an entry of {len(item.raw):,} characters; at most {MAX_TEXT:,} are kept"
        return Rejected(item.line, reason, item.raw[:_KEPT_OF_A_REJECT])
    plain = item.raw.isascii() and "\x00" not in item.raw
    if (not plain and _UNSTORABLE.search(item.raw)) or _any_unstorable(item):
        reason = "the entry holds a NUL or half a character; check the file's encoding"
        return Rejected(item.line, reason, _UNSTORABLE.sub("\ufffd", item.raw[:_KEPT_OF_A_REJECT]))
    return item


def _any_unstorable(entry: Entry) -> bool:
    """Whether escapes such as JSON's made a character that the raw text does not show."""
    if "\\u" not in entry.raw and "&#" not in entry.raw:
        return False
    values = (getattr(entry, name) for name in Entry.__slots__)
    return any(_UNSTORABLE.search(str(value)) for value in values)


def _why_nothing(
    kind: Format, rejected: Sequence[Entry | Rejected], asides: Sequence[Aside]
) -> list[Problem]:
    problems = [
        Problem(item.line, None, item.reason)
        for item in rejected[:_SHOWN]
        if isinstance(item, Rejected)
    ]
    if len(rejected) > _SHOWN:
        problems.append(Problem(None, None, f"and {len(rejected) - _SHOWN} more like these"))
    if not problems:
        line = asides[0].line if asides else 1
        problems.append(Problem(line, None, f"read as {kind}, but there is no record in it"))
    return problems
