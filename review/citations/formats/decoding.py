"""From bytes to text: marks of byte order, encodings, line ends."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

from review.errors import FileError, Problem

MAX_BYTES: Final = 1024 * 1024 * 1024
"""A search of a million records is smaller; a larger file is another file."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP archive (or XLSX, DOCX); unpack it, or save it as CSV"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as CSV"),
    (b"SQLite format 3", "an SQLite database"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
)
_XML_ENCODING: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_MULTIBYTE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, with LF as the only line end."""

    text: str
    encoding: str
    """As it was read, such as ``utf-8`` or ``cp1252 (guessed)``."""


def decoded(data: bytes, *, file: str, encoding: str | None = None) -> Decoded:
    """Return the text of a file.

    A byte order mark decides, then the encoding given, then an XML declaration, then whether the
    bytes are UTF-8. What is none of these is taken as UTF-8 with damaged bytes where most of its
    other characters are good UTF-8, as Mac Roman where lines end with CR alone, else as
    Windows-1252; `encoding` then says "guessed". Damaged bytes become U+FFFD.

    Raises FileError for archives, PDFs, empty files and unknown encodings.
    """
    if not data.strip():
        raise FileError(file, [Problem(None, None, "the file is empty")])
    if len(data) > MAX_BYTES:
        reason = f"{len(data):,} bytes; at most {MAX_BYTES:,} are read, split the file"
        raise FileError(file, [Problem(None, None, reason)])
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise FileError(file, [Problem(None, None, f"this is {what}")])
    text, name = _text(data, file, encoding)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\ufeff" in text:
        text = text.replace("\ufeff", "")
    return Decoded(text, name)


def _text(data: bytes, file: str, encoding: str | None) -> tuple[str, str]:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name
    named = encoding or _declared(data)
    if named is not None:
        try:
            return data.decode(named, "replace"), codecs.lookup(named).name
        except (LookupError, ValueError, UnicodeError):
            reason = f"there is no encoding {named!r}; say which with --encoding"
            raise FileError(file, [Problem(None, None, reason)]) from None
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _guessed(data)


def _declared(data: bytes) -> str | None:
    if data[:2] in (b"<\x00", b"\x00<") or data[1:4:2] == b"\x00\x00":
        return "utf-16-le" if data[1] == 0 else "utf-16-be"
    found = _XML_ENCODING.match(data.lstrip()[:300])
    if found is None or found.group(1).lower().replace(b"_", b"-") in (b"utf-8", b"utf8"):
        return None
    name = found.group(1).decode("ascii")
    # A declared UTF-16 without its marks is a file that was converted and kept its first line.
    return None if name.lower().startswith("utf-16") else name


def _guessed(data: bytes) -> tuple[str, str]:
    text = data.decode("utf-8", "replace")
    good, bad = len(_MULTIBYTE.findall(data)), text.count("\ufffd")
    if good >= bad:
        return text, "utf-8 (with damaged bytes)"
    if b"\n" not in data and b"\r" in data:
        return data.decode("mac_roman", "replace"), "mac_roman (guessed)"
    return data.decode("cp1252", "replace"), "cp1252 (guessed)"
