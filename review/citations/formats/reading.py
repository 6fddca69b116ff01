"""A citation file from bytes to entries, with everything that could not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from review.canonical import MAX_TEXT
from review.citations.formats.columns import plain
from review.citations.formats.csv import read_workbook, sheet_of
from review.citations.formats.detection import format_of
from review.citations.formats.entry import Aside, Entry, Rejected
from review.citations.formats.fields import NOTHING
from review.citations.formats.markup import unescaped, without_tags
from review.citations.formats.mojibake import encoded_once, holds_mojibake
from review.citations.formats.names import Names
from review.citations.formats.notices import each_once, of_title
from review.citations.formats.registry import FORMATS, Text
from review.citations.formats.ris import read_ris, ris_blocks
from review.citations.formats.said import Said
from review.citations.formats.spool import Spool
from review.citations.vocabulary import Format
from review.errors import FileError, Problem
from review.tabular.decoding import decoded
from review.tabular.workbook import is_workbook

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_KEPT_OF_A_REJECT: Final = 20_000
_SHOWN: Final = 20
"""Rejects that the error of a file without records lists."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a file held, in its order."""

    format: Format
    encoding: str
    items: Spool
    """Entries and rejects, read from disk where they are many."""
    asides: tuple[Aside, ...]
    names: Names = field(default_factory=Names)
    """What the file calls its fields, and which of them were read."""
    said: Said = field(default_factory=Said)
    notes: tuple[str, ...] = ()
    """What was guessed or passed over, in sentences."""
    columns_told: Mapping[str, str] = field(default_factory=dict)
    """Our fields and the file's columns for them, as the person who imports it named them."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What could be read."""
        return tuple(item for item in self.items if isinstance(item, Entry))

    @property
    def rejects(self) -> tuple[Rejected, ...]:
        """What could not."""
        return tuple(self.said.rejects)


class NoRecordError(FileError):
    """A file of a known format without one entry that can be kept."""

    read = 0
    """Entries that the file holds; all were rejected."""


def read_citations(
    data: bytes,
    *,
    file: str,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
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
        For tables: our field to the file's column.
    remembered : mapping or None
        The same of an earlier file, taken where this one has those columns.
    sheet : str or None
        For workbooks: which of several sheets.

    Returns
    -------
    Reading
        Entries and rejects in order; their sum is what the file held.

    Raises
    ------
    FileError
        For files of no known format and for files without one readable entry.
    """
    told, names, notes = dict(columns or {}), Names(), list[str]()
    if is_workbook(data):
        kind, called = Format.XLSX, "xlsx"
        grid = sheet_of(data, file=file, sheet=sheet, columns=told)
        notes += [str(remark) for remark in grid.remarks]
        _recall(told, remembered, [cell for row in grid.rows[:20] for cell in row.cells], notes)
        found = read_workbook(grid, file=file, columns=told, names=names)
    else:
        blocks = None if encoding or columns or holds_mojibake(data) else ris_blocks(data)
        if blocks is not None:
            kind, called = Format.RIS, "utf-8"
            found = (item for part, line in blocks for item in read_ris(part, names, first=line))
        else:
            read = decoded(data, file=file, encoding=encoding)
            text, said_twice = encoded_once(read.text) if encoding is None else (read.text, ())
            notes += said_twice
            kind = Format.CSV if columns else format_of(text, file=file, tables=remembered)
            called = read.encoding
            if kind is Format.CSV:
                _recall(told, remembered, re.split(r"[,;\t|\n]", text[:20_000]), notes)
            read_text = FORMATS[kind].read
            assert read_text is not None, "a workbook is no text"
            found = read_text(Text(text, file, told, names))
    items, said, asides = Spool(), Said(), list[Aside]()
    for item in found:
        if isinstance(item, Aside):
            asides.append(item)
        else:
            kept = _storable(item)
            items.add(kept)
            said.see(kept)
    if not items.stored:
        error = NoRecordError(file, _why_nothing(kind, said.rejects, asides))
        error.read = len(items)
        raise error
    return Reading(kind, called, items, tuple(asides), names, said, tuple(notes), told)


def _recall(
    told: dict[str, str],
    remembered: Mapping[str, str] | None,
    cells: Sequence[str],
    notes: list[str],
) -> None:
    """Take the columns that a person named for an earlier file of the source, where they are."""
    present = {plain(cell.strip('"')) for cell in cells}
    again = {
        field: name
        for field, name in (remembered or {}).items()
        if field not in told and plain(name) in present
    }
    if again:
        told.update(again)
        said = ", ".join(f"{field}={name}" for field, name in again.items())
        notes.append(f"columns as named for an earlier file of this source: {said}")


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
    entry = _tidied(item)
    if not (entry.title or entry.doi or entry.pmid or entry.accession or entry.url):
        if not entry.abstract:
            reason = "neither a title nor an identifier (DOI, PMID, number, address)"
            return Rejected(item.line, reason, item.raw[:_KEPT_OF_A_REJECT])
        entry = entry._replace(remarks=(*entry.remarks, "no title and no identifier"))
    return entry


_NOT_SAID: Final = re.compile(
    r"\W*(?:no (?:abstract|authors?|author names?|titles?|keywords?)(?: (?:is|are))?"
    r"(?: (?:available|listed|provided|supplied|found))?|abstract (?:is )?not available"
    r"|author names? not available)\W*",
    re.IGNORECASE,
)
"""What Scopus, PubMed and others write in the place of an abstract or a name that they have not."""

_LONGEST_NOTHING: Final = 40


def _is_nothing(value: str) -> bool:
    if value in NOTHING:
        return True
    return len(value) <= _LONGEST_NOTHING and _NOT_SAID.fullmatch(value) is not None


def _not_said(entry: Entry) -> bool:
    return any(text is not None and _is_nothing(text) for text in (entry.title, entry.abstract))


_TEXT_FIELDS: Final = (
    "kind", "title", "abstract", "journal", "volume", "issue", "pages", "accession", "issn", "url",
    "language",
)  # fmt: skip
_texts_of: Final = attrgetter(*_TEXT_FIELDS)
_MARKED_UP: Final = ("title", "abstract", "journal", "keywords")


def _tidied(entry: Entry) -> Entry:
    """Return an entry without tags of HTML, values that say "missing", and with what titles say."""
    changes: dict[str, Any] = {}
    if not NOTHING.isdisjoint(_texts_of(entry)) or _not_said(entry):
        for name in _TEXT_FIELDS:
            value = getattr(entry, name)
            if value and _is_nothing(value):
                changes[name] = None
    for name in ("authors", "keywords"):
        values = getattr(entry, name)
        if not NOTHING.isdisjoint(values) or any(value[0] == "[" for value in values):
            changes[name] = tuple(value for value in values if not _is_nothing(value))
    if "<" in entry.raw or "&" in entry.raw or ("\\" in entry.raw and "\\u003" in entry.raw):
        for name in _MARKED_UP:
            value = changes.get(name, getattr(entry, name))
            if isinstance(value, str):
                changes[name] = without_tags(unescaped(value)) or None
            elif value:
                changes[name] = tuple(
                    text for word in value if (text := without_tags(unescaped(word)))
                )
    said = list(of_title(changes.get("title", entry.title)))
    if said:
        changes["notices"] = each_once([*entry.notices, *said])
    return entry._replace(**changes) if changes else entry


def _any_unstorable(entry: Entry) -> bool:
    """Whether escapes such as JSON's made a character that the raw text does not show."""
    escapes = "\\" in entry.raw and "\\u" in entry.raw
    if not escapes and not ("&" in entry.raw and "&#" in entry.raw):
        return False
    return any(_UNSTORABLE.search(str(value)) for value in entry)


def _why_nothing(
    kind: Format, rejected: Sequence[Rejected], asides: Sequence[Aside]
) -> list[Problem]:
    problems = [Problem(item.line, None, item.reason) for item in rejected[:_SHOWN]]
    if len(rejected) > _SHOWN:
        problems.append(Problem(None, None, f"and {len(rejected) - _SHOWN} more like these"))
    if not problems:
        line = asides[0].line if asides else 1
        problems.append(Problem(line, None, f"read as {kind}, but there is no record in it"))
    return problems
