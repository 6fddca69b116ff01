"""RIS, in the dialects that databases and reference managers write.

Source of the tags: "RIS Format Specifications" (Research Information Systems, 2001, and the
2011 revision); what Ovid, Embase.com, the Cochrane Library, Web of Science, Scopus, EBSCO,
EndNote, RefWorks, Covidence, Rayyan and EPPI-Reviewer make of them was read off their exports.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from string import ascii_uppercase, digits
from typing import Final

from review.citations.formats.entry import Aside, Entry, Item, Rejected
from review.citations.formats.markup import unescaped
from review.citations.formats.names import Names
from review.citations.formats.notes import notes_on
from review.citations.formats.ris_entry import ris_entry
from review.citations.formats.ris_lines import (
    BARE_END,
    END,
    START,
    STRICT,
    TEXTS,
    end_with_text,
    is_text,
    separator_of,
    spelling_of,
    tag_of,
    type_of,
)
from review.citations.formats.tagged import Block, numbered, tagged_lines

_PLAIN_TAGS: Final = frozenset(
    first + second
    for first in ascii_uppercase
    for second in ascii_uppercase + digits
    if first + second not in ("TY", "ER")
)

_BETWEEN: Final = re.compile(
    r"\s*(?:<?\d+[.>)]?|Record\s+#?\d+(?:\s+of\s+\d+)?|-{3,}|={3,}"
    r"|(?:Provider|Content|Database):\s.*)?\s*$"
)
"""What stands between records of Ovid's and others' files and says nothing."""


def ris_blocks(data: bytes) -> Iterator[tuple[str, int]] | None:
    """Return a large RIS file in UTF-8 as texts of whole entries with their first lines.

    So that memory holds a part of it; None for every other file, which is read as a whole.
    """
    head = data[:_BLOCK].removeprefix(b"\xef\xbb\xbf")
    if len(data) < 2 * _BLOCK or _FIRST_TYPE.match(head) is None:
        return None
    decoder = getincrementaldecoder("utf-8")()
    try:
        for place in range(0, len(data), _BLOCK):
            decoder.decode(data[place : place + _BLOCK], place + _BLOCK >= len(data))
    except UnicodeDecodeError:
        return None
    return _blocks(data)


def _blocks(data: bytes) -> Iterator[tuple[str, int]]:
    place = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    line = 1
    while place < len(data):
        ends = _ENDS.search(data, place + _BLOCK)
        end = ends.end() if ends is not None else len(data)
        text = data[place:end].decode("utf-8")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        yield text.replace("\ufeff", ""), line
        line += text.count("\n")
        place = end


_BLOCK: Final = 1 << 22
"""Bytes of a block, at the least."""

_FIRST_TYPE: Final = re.compile(rb"\s*(?:\d+\.\s*)?TY  - [A-Z]{3,6}\s*[\r\n]")
_ENDS: Final = re.compile(rb"[\r\n]ER  -[ \t]*(?:\r\n|\n|\r(?!\n))")


def read_ris(text: str, names: Names | None = None, *, first: int = 1) -> Iterator[Item]:
    """Yield the entries of a RIS file in order; its first line has the number `first`.

    An entry begins at ``TY``, and ends at ``ER`` or, with a remark, at the next ``TY``. In a file
    without any ``TY`` entries begin at their first tag and end at ``ER``. A line without a tag
    goes on with the value before it. Fields that stand outside any entry belong to the next one
    when a ``TY`` follows at once (some programs do not write ``TY`` first); otherwise they are a
    reject if they hold a title or an identifier, and else an aside.
    """
    names = names if names is not None else Names()
    spelled = spelling_of(text)
    if spelled is not None:
        yield from _read(text, first, names, spelled=spelled)
        return
    if is_untyped(text):
        yield from _read(text, first, names, untyped=True)
        return
    place, line = 0, first
    for found in _PLAIN.finditer(text):
        between = text[place : found.start()]
        if not between or all(_BETWEEN.match(part) for part in between.split("\n")):
            line += between.count("\n")
            yield names.of(_plain_block(found, line), ris_entry)
            line += found.group().count("\n")
        else:
            yield from _read(text[place : found.end()], line, names)
            line += text.count("\n", place, found.end())
        place = found.end()
    if place < len(text):
        yield from _read(text[place:], line, names)


_PLAIN: Final = re.compile(
    r"^TY  -[ \t]*([A-Z]+)[ \t]*\n((?:(?!TY|ER)[A-Z][A-Z0-9]  - [^\n]*\n)*)ER  -[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
"""A record of full tags from TY to ER, a value a line: nine records in ten, read at once."""

_FIELD: Final = re.compile(r"^(..)  - (.*)$", re.MULTILINE)


def _plain_block(found: re.Match[str], line: int) -> Block:
    block = Block(line, [found.group()])
    values = block.values
    values["TY"] = [found.group(1)]
    text = found.group(2)
    entities = "&" in text
    for tag, value in _FIELD.findall(text):
        value = unescaped(value.strip()) if entities else value.strip()
        if tag in values:
            values[tag].append(value)
        else:
            values[tag] = [value]
    return block


def _read(
    text: str,
    first: int,
    names: Names,
    *,
    untyped: bool = False,
    spelled: Callable[[str], str] | None = None,
) -> Iterator[Item]:
    """Yield the entries of a text line by line; its first line has the number `first`.

    `spelled` gives a line as it reads where the file spells its tags in another way.
    """
    block: Block | None = None
    begun = loose = False
    blank_before = True
    for number, written, next_written in _with_next(text, first):
        line = written if spelled is None else spelled(written)
        following = next_written if spelled is None else spelled(next_written)
        if (
            begun
            and block is not None
            and line[2:6] == "  - "
            and line[:2] in _PLAIN_TAGS
            and (block.last not in TEXTS or block.last == "N1" == line[:2])
        ):
            block.lines.append(written)  # nine lines in ten, and the import's speed
            block.add(line[:2], line[6:].strip())
            blank_before = False
            continue
        if begun and block is not None and (said := end_with_text(line, block, following)):
            block.lines.append(written)
            block.add("ER", said)
            yield names.of(block, ris_entry)
            block, begun = None, False
            if type_of(said, None, following) is None:
                continue
            line = said
        kind = type_of(line, block if begun else None, following)
        if kind is not None:
            if block is not None and begun:
                block.remarks.append("ER is missing; the next TY ended the record")
                yield names.of(block, ris_entry)
                block = None
            if block is None:
                block = Block(number)
            elif not block.values:
                yield from _aside(block)
                block = Block(number)
            begun = True
            loose = STRICT.match(line.lstrip()) is None
            block.lines.append(written)
            block.add("TY", kind)
        elif END.match(line) or (
            BARE_END.match(line) and (not following.strip() or START.match(following))
        ):
            if block is None:
                yield Aside(number, written.strip())
                continue
            block.lines.append(written)
            yield names.of(block, ris_entry) if begun else _orphan(block)
            block, begun = None, False
        elif block is None:
            if not _BETWEEN.match(line):
                block = Block(number, [written])
                tag = tag_of(line)
                if tag is not None:
                    block.add(*tag)
                    begun, loose = untyped, STRICT.match(line) is None
        else:
            block.lines.append(written)
            _take(block, line, following, begun=begun, loose=loose, blank_before=blank_before)
        blank_before = not line.strip()
    if block is not None and begun:
        block.remarks.append("ER is missing; the file ended")
        yield names.of(block, ris_entry)
    elif block is not None:
        yield from [_orphan(block)] if _says_what(block) else _aside(block)


_ANY_TYPE: Final = re.compile(r"^[ \t]{0,3}TY {0,3}-", re.MULTILINE)
_ENTRY_ENDS: Final = re.compile(r"^[A-Z][A-Z0-9]  - .*\n(?:.*\n){0,5}?ER  -[ \t]*$", re.MULTILINE)


def is_untyped(text: str) -> bool:
    """Whether a text is RIS whose entries have no ``TY``, as CiteSource writes it."""
    if "ER  -" not in text or _ANY_TYPE.search(text) is not None:
        return False
    ends = _ENTRY_ENDS.finditer(text)
    return next(ends, None) is not None and next(ends, None) is not None


def _with_next(text: str, line: int) -> Iterator[tuple[int, str, str]]:
    """Yield the lines of a text with their numbers and the line that follows each."""
    lines = numbered(text, line)
    number, current = next(lines)
    for following_number, following in lines:
        yield number, current, following
        number, current = following_number, following
    yield number, current, ""


def _take(
    block: Block, line: str, following: str, *, begun: bool, loose: bool, blank_before: bool
) -> None:
    tag = tag_of(line, loose=loose)
    if tag is not None and begun and block.last in TEXTS and tag[0] in ("TY", "ER"):
        block.remarks.append(f"a line that begins {line.strip()[:30]!r} was taken as text")
        tag = None
    if tag is not None and begun and block.last in TEXTS:
        text, doubtful = is_text(block, tag, line, following, loose=loose)
        if doubtful:
            what = f"text of {block.last}" if text else "a field"
            block.remarks.append(f"a line that begins {line.strip()[:30]!r} was taken as {what}")
        if text:
            tag = None
    if tag is not None:
        block.add(*tag)
        return
    text_of_line = line.strip()
    if not text_of_line or (blank_before and _BETWEEN.match(line)):
        return
    if begun:
        block.go_on(text_of_line, separator=separator_of(block, text_of_line))
        block.indented = block.indented and line[:1] in " \t"


_MEANINGFUL: Final = ("TI", "T1", "CT", "AU", "A1", "DO", "AB", "N2", "PM")


def _says_what(block: Block) -> bool:
    """Whether fields outside any entry may be a work's: a title, a name, an identifier."""
    return any(block.values.get(tag) for tag in _MEANINGFUL)


def _orphan(block: Block) -> Rejected | Aside:
    if not _says_what(block) and block.values:
        return Aside(block.line, " ".join(block.raw.split())[:200])
    return Rejected(block.line, "fields without a TY line before them", block.raw)


def _aside(block: Block) -> Iterator[Aside]:
    text = " ".join(block.raw.split())
    if text:
        yield Aside(block.line, text[:200])


_KINDS: Final = {
    "journal article": "JOUR",
    "article": "JOUR",
    "article-journal": "JOUR",
    "book": "BOOK",
    "book section": "CHAP",
    "chapter": "CHAP",
    "inproceedings": "CPAPER",
    "conference abstract": "CPAPER",
    "conference paper": "CPAPER",
    "conference proceedings": "CONF",
    "paper-conference": "CPAPER",
    "thesis": "THES",
    "phdthesis": "THES",
    "report": "RPRT",
    "techreport": "RPRT",
}


def write_ris(entries: Iterable[Entry], notes: Sequence[Sequence[str]] = ()) -> str:
    """Return entries as RIS; the notes on each go into ``N1`` lines.

    What `read_ris` makes of the text has the same fields as `entries` had; types of other
    formats become the RIS type that is nearest, or GEN.
    """
    return "\n".join(
        _lines(entry, notes[place] if notes else ()) for place, entry in enumerate(entries)
    )


def _lines(entry: Entry, notes: Sequence[str]) -> str:
    kind = entry.kind or "GEN"
    kind = _KINDS.get(kind.lower(), kind if re.fullmatch(r"[A-Z]{3,7}", kind) else "GEN")
    first_page, last_page = split_pages(entry.pages)
    pairs: list[tuple[str, str | None]] = [
        ("TI", entry.title),
        *(("AU", author) for author in entry.authors),
        ("PY", str(entry.year) if entry.year else None),
        ("JF", entry.journal),
        ("VL", entry.volume),
        ("IS", entry.issue),
        ("SP", first_page),
        ("EP", last_page),
        ("AB", entry.abstract),
        ("DO", entry.doi),
        ("PM", entry.pmid),
        ("AN", entry.accession),
        ("SN", entry.issn),
        ("LA", entry.language),
        *(("KW", word) for word in entry.keywords),
        ("UR", entry.url),
        *(("N1", note) for note in notes_on(entry, notes)),
    ]
    return f"TY  - {kind}\n{tagged_lines(pairs, '  - ')}ER  - \n"


def split_pages(pages: str | None) -> tuple[str | None, str | None]:
    """Return first and last page of ``193-194``."""
    if pages is None or pages.count("-") != 1:
        return pages, None
    start, end = pages.split("-")
    return (start, end) if start and end else (pages, None)
