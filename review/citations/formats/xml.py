"""Entries of an XML file, cut out of its text and parsed one by one.

So each entry keeps its text and line, a damaged one costs no other, and memory holds one at a
time. lxml's limits stand (256 levels, 10 MB a text); a file that declares entities is refused
whole, because that is how a small file becomes a huge one (OWASP ASVS 5.0, 1.5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import Final

from lxml import etree

from review.canonical import MAX_TEXT
from review.citations.formats.entry import Rejected
from review.errors import FileError, Problem


@dataclass(frozen=True, slots=True)
class Cut:
    """One entry's element, with where it stood and how it was written."""

    line: int
    raw: str
    element: etree._Element
    remarks: tuple[str, ...] = ()
    """What had to be mended before it could be read."""


def entries_in(text: str, names: tuple[str, ...], *, file: str) -> Iterator[Cut | Rejected]:
    """Yield the elements of `names` in order, and as rejects those that are not well formed.

    Raises FileError for a file that declares entities.
    """
    declared = re.search(r"<!ENTITY", text)
    if declared is not None:
        line = text.count("\n", 0, declared.start()) + 1
        reason = "the file declares XML entities; no bibliographic export does, and it was not read"
        raise FileError(file, [Problem(line, None, reason)])
    text = _without_comments(text)
    pattern = "|".join(names)
    opening = re.compile(rf"<({pattern})(?=[\s>/])")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    place, line, counted = 0, 1, 0
    found = opening.search(text)
    while found is not None:
        start = found.start()
        line += text.count("\n", counted, start)
        counted = start
        following = opening.search(text, found.end())
        stop = following.start() if following is not None else len(text)
        closing = f"</{found.group(1)}>"
        end = text.find(closing, start, stop)
        if end < 0:
            reason = f"the element does not end: {closing} is missing"
            yield Rejected(line, reason, text[start:stop])
            place = stop
        else:
            place = end + len(closing)
            yield _parsed(text[start:place], line, parser)
        found = following
    yield from _cut_off(text, place, line + text.count("\n", counted))


def _without_comments(text: str) -> str:
    """Return text with comments blanked out, so that places and lines stay."""
    parts: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) >= 0:
        end = text.find("-->", start)
        if end < 0:
            break
        parts += (text[place:start], re.sub(r"[^\n]", " ", text[start : end + 3]))
        place = end + 3
    return "".join([*parts, text[place:]]) if parts else text


def _parsed(raw: str, line: int, parser: etree.XMLParser) -> Cut | Rejected:
    if len(raw) > MAX_TEXT:
        return Rejected(line, f"an entry of {len(raw):,} characters", raw[:1_000])
    mended, remarks = raw, tuple[str, ...]()
    for _ in range(2):
        try:
            return _cut(raw, mended, line, parser, remarks)
        except etree.XMLSyntaxError as error:
            within, message = (error.lineno or 1) - 1, error.msg
        if not remarks:
            mended, remarks = _mended(raw)
    return Rejected(line + within, f"not well-formed XML: {message}", raw)


def _cut(
    raw: str, text: str, line: int, parser: etree.XMLParser, remarks: tuple[str, ...] = ()
) -> Cut | Rejected:
    # As bytes: lxml refuses text with characters that XML forbids in words of its own.
    element = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if any(isinstance(node, etree._Entity) for node in element.iter(etree.Entity)):
        if not remarks:
            mended, remarks = _mended(raw)
            if remarks:
                return _cut(raw, mended, line, parser, remarks)
        return Rejected(line, "the entry refers to an entity that is not declared", raw)
    return Cut(line, raw, element, remarks)


_CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_REFERENCE: Final = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)
_BARE_AMPERSAND: Final = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][\w.-]*;)")
_NAMED: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]*;)")


def _mended(raw: str) -> tuple[str, tuple[str, ...]]:
    """Return an entry without what some programs write and XML forbids, and what it was."""
    remarks = []
    text = _CONTROL_REFERENCE.sub(" ", _CONTROL.sub(" ", raw))
    if text != raw:
        remarks.append("control characters were taken out")
    with_entities = _NAMED.sub(lambda found: html5.get(found.group(1), found.group()), text)
    if with_entities != text:
        remarks.append("entities of HTML were read as characters")
    mended = _BARE_AMPERSAND.sub("&amp;", with_entities)
    if mended != with_entities:
        remarks.append("a bare & was taken for text")
    return mended, tuple(remarks)


def _cut_off(text: str, place: int, line: int) -> Iterator[Rejected]:
    root = re.search(r"<(?![?!])([A-Za-z][\w.-]*)", text)
    if root is None or place == 0:
        return
    closing = f"</{root.group(1)}>"
    tail = text[place:]
    if closing not in tail and not text[:place].rstrip().endswith(closing):
        reason = f"the file ends without {closing}: it was cut off, and entries may be missing"
        yield Rejected(line, reason, tail.strip()[:1_000])


def text_of(element: etree._Element | None) -> str | None:
    """Return the text of an element and all in it, on one line; None for nothing."""
    if element is None:
        return None
    return " ".join("".join(map(str, element.itertext())).split()) or None


def texts(element: etree._Element, path: str) -> list[str]:
    """Return the texts of the elements at a path."""
    return [text for found in element.iterfind(path) if (text := text_of(found)) is not None]


def first_text(element: etree._Element, *paths: str) -> str | None:
    """Return the first text at the first path that has one."""
    for path in paths:
        for text in texts(element, path):
            return text
    return None
