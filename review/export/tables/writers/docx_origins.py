"""Origins inside a Word document: a hidden bookmark at each number, and a list of what they say.

Word and LibreOffice keep both when they save the document. Word hides bookmarks whose names begin
with an underscore; names have 40 characters at the most, so that they hold the run and a digest,
and the list (a custom XML part) the origins in full. A table that is copied into another document
takes its bookmarks along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from itertools import count
from typing import Any, Final
from zipfile import ZipFile

from lxml import etree

from review.errors import InvalidDataError
from review.export.tables.writers.docx_styles import element

_LIST: Final = "{urn:living-review:origins}origins"
_ENTRY: Final = "{urn:living-review:origins}origin"
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml"
_NAME: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}name"
_BOOKMARK: Final = re.compile(r"_o([0-9a-f]{12})_([0-9a-f]{12})_\d+")
_LARGEST: Final = 100_000_000
"""Bytes; a document that unpacks to more is not read."""


class Marks:
    """The bookmarks of a document, and its list of origins."""

    def __init__(self, document: Any) -> None:
        names = document.element.xpath(".//w:bookmarkStart/@w:name")
        self._ids = count(len(names) + 1)
        self._list = _list_of(document)
        self._numbers = sum(1 for name in names if _BOOKMARK.fullmatch(name))
        self._listed = {digest_of(entry.get("at", "")) for entry in self._list}

    def mark(self, item: Any, name: str) -> None:
        """Set a bookmark around a run, or around what a paragraph (or its XML) has so far."""
        mark = {"w:id": str(next(self._ids))}
        found = getattr(item, "_element", item)
        parts = [found]
        if found.tag.endswith("}p"):
            parts = [part for part in found if not part.tag.endswith("}pPr")]
        parts[0].addprevious(element("w:bookmarkStart", mark | {"w:name": name}))
        parts[-1].addnext(element("w:bookmarkEnd", mark))

    def mark_number(self, item: Any, origin: str) -> None:
        """Say where the number of a run, or of a whole paragraph, stands."""
        digest = digest_of(origin)
        if digest not in self._listed:
            self._listed.add(digest)
            etree.SubElement(self._list, _ENTRY, {"at": origin})
        self._numbers += 1
        self.mark(item, f"_o{origin.partition('/')[0]}_{digest}_{self._numbers}")


def digest_of(origin: str) -> str:
    """Return what a bookmark's name says of an origin beside its run: 12 hexadecimal digits."""
    return sha256(origin.encode()).hexdigest()[:12]


def docx_origins(content: bytes, name: str) -> list[str]:
    """Return the origins of a Word document's numbers, in the order of the document.

    A number whose origin the list no longer has (its table came from another document) gives its
    run and the digest of its origin: ``1f0c5a2b9e77/#3b5d5c3712955``.

    Parameters
    ----------
    content
        The bytes of the file.
    name
        Of the file, for messages.

    Raises
    ------
    InvalidDataError
        For what is no Word document, or is larger than any table of ours.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                raise InvalidDataError(f"{name} unpacks to more than {_LARGEST:,} bytes.")
            parts = {
                part: archive.read(part)
                for part in archive.namelist()
                if re.fullmatch(r"word/document\.xml|customXml/[^/]+\.xml", part)
            }
        body = parts.pop("word/document.xml")
        listed = dict(entry for part in parts.values() for entry in _entries(part))
        marks = _bookmarks(body)
    except InvalidDataError:
        raise
    except Exception:  # whatever a damaged or hostile file makes of its readers
        raise InvalidDataError(f"{name} is not a Word document that can be read.") from None
    return [listed.get(digest, f"{run}/#{digest}") for run, digest in marks]


def _bookmarks(body: bytes) -> list[tuple[str, str]]:
    names = (mark.get(_NAME, "") for mark in _parsed(body).iter("{*}bookmarkStart"))
    return [(m[1], m[2]) for name in names if (m := _BOOKMARK.fullmatch(name))]


def _entries(part: bytes) -> Iterator[tuple[str, str]]:
    root = _parsed(part)
    if root.tag == _LIST:
        for entry in root.iter(_ENTRY):
            at = entry.get("at", "")
            yield digest_of(at), at


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    return etree.fromstring(content, parser)


def _list_of(document: Any) -> Any:
    """Return the document's list of origins; it is made where there is none."""
    from docx.opc.packuri import PackURI
    from docx.opc.part import XmlPart
    from docx.oxml import parse_xml

    for relation in document.part.rels.values():
        part = relation.target_part if relation.reltype == _RELATION else None
        if isinstance(part, XmlPart) and part.element.tag == _LIST:
            return part.element
    made = parse_xml('<origins xmlns="urn:living-review:origins"/>')
    name = PackURI("/customXml/origins.xml")
    document.part.relate_to(
        XmlPart(name, "application/xml", made, document.part.package), _RELATION
    )
    return made
