"""From bytes to text: marks of byte order, encodings, line ends."""

from __future__ import annotations

import codecs
import contextlib
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from review.errors import FileError, Problem
from review.tabular.grid import Remark
from review.wording import counted

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
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip; unpack it"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
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
    other characters are good UTF-8, line by line where whole lines are not, and else as what they
    look like, Windows-1252 in the first place; `encoding` then says "guessed". Damaged bytes become
    U+FFFD.

    Raises FileError for archives, PDFs, empty files and unknown encodings.
    """
    if not data.strip():
        raise FileError(file, [Problem(None, None, "the file is empty")])
    if len(data) > MAX_BYTES:
        reason = f"{len(data):,} bytes; at most {MAX_BYTES:,} are read, split the file"
        raise FileError(file, [Problem(None, None, reason)])
    if data.startswith(tuple(magic for magic, _ in _MAGIC)):
        raise FileError(file, [Problem(None, None, f"this is {not_text(data)}")])
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
    if (
        encoding is None
        and named is not None
        and b"\x00" not in data[:4]
        and _MULTIBYTE.search(data)
    ):
        with contextlib.suppress(UnicodeDecodeError):  # a declaration that stayed when it was saved
            return data.decode("utf-8"), "utf-8"
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
    unmarked = _unmarked(data)
    if unmarked is not None:
        return unmarked
    found = _XML_ENCODING.match(data.lstrip()[:300])
    if found is None or found.group(1).lower().replace(b"_", b"-") in (b"utf-8", b"utf8"):
        return None
    name = found.group(1).decode("ascii")
    # A declared UTF-16 without its marks is a file that was converted and kept its first line.
    return None if name.lower().startswith("utf-16") else name


def _unmarked(data: bytes) -> str | None:
    """Return which UTF-16 a text without its mark is in: every other byte of Latin text is 0."""
    if data[:2] == b"<\x00" or data[1:4:2] == b"\x00\x00":
        return "utf-16-le"
    if data[:2] == b"\x00<" or data[0:3:2] == b"\x00\x00":
        return "utf-16-be"
    return None


def _guessed(data: bytes) -> tuple[str, str]:
    """Return the text of bytes that are not UTF-8 throughout, and what was taken to be what.

    Files that were joined from parts in two encodings are read line by line: what is good UTF-8 as
    that, the rest as guessed.
    """
    if len(_MULTIBYTE.findall(data)) == 0:
        name = _encoding_of(data)
        return data.decode(name, "replace"), f"{name} (guessed)"
    lines = data.splitlines(keepends=True)
    foreign = [place for place, line in enumerate(lines) if not _is_utf8(line)]
    bad = b"".join(lines[place] for place in foreign)
    good = sum(len(_MULTIBYTE.findall(line)) for line in lines)
    if good == 0 or len(_MULTIBYTE.findall(bad)) * 2 > len(_HIGH.findall(bad)):
        # bytes that were lost within what is UTF-8 otherwise
        text = data.decode("utf-8", "replace")
        if len(_MULTIBYTE.findall(data)) >= text.count("\ufffd"):
            return text, "utf-8 (with damaged bytes)"
    name = _encoding_of(bad)
    if len(foreign) == sum(1 for line in lines if _HIGH.search(line)):
        return data.decode(name, "replace"), f"{name} (guessed)"
    parts = [line.decode("utf-8", "replace") for line in lines]
    for place in foreign:
        parts[place] = lines[place].decode(name, "replace")
    return "".join(parts), f"utf-8 and, in {counted(len(foreign), 'line')}, {name} (guessed)"


_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_WESTERN: Final = ("cp1252", "mac_roman", "cp1250")
_OTHERS: Final = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1253",
    "cp1255", "cp1256")  # fmt: skip
_ENOUGH: Final = 8
"""Bytes beyond ASCII; fewer tell nothing, and Windows-1252 is what most of such files are in."""

_SAMPLE: Final = 65_536
"""Bytes of the lines that are looked at."""


def _encoding_of(data: bytes) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8."""
    if b"\n" not in data and b"\r" in data:
        return "mac_roman"
    lines = [line for line in data.splitlines() if _HIGH.search(line)]
    sample = b"\n".join(lines)[:_SAMPLE]
    high = sum(len(run) for run in _HIGH.findall(sample))
    if high < _ENOUGH:
        return "cp1252"
    letters = len(re.findall(rb"[A-Za-z\x80-\xff]", sample))
    scripts = sum(_share(line) > _FOREIGN for line in lines) * 2 > len(lines)
    from charset_normalizer import from_bytes

    wanted = _OTHERS if scripts or high > _FOREIGN * letters else _WESTERN
    best = from_bytes(sample, cp_isolation=list(wanted)).best()
    western = sample.decode("cp1252", "replace")
    if wanted is _WESTERN and (best is None or best.encoding != "mac_roman"):
        return _western(western)
    return "cp1252" if best is None or str(best) == western else str(best.encoding)


def _western(text: str) -> str:
    """Return the likelier of Windows-1252, as which a text was read, and Windows-1250.

    Their letters differ little, so that French looks like Czech by its frequencies. Signs that
    are no letters within words tell, such as Polish ``pracuj¹cych`` and ``¿ó³ty``, or the ``ø`` of
    Czech beside ``ì`` and ``è``, which no language of Western Europe has together.
    """
    if len(_CENTRAL.findall(text)) >= _SIGNS_ENOUGH:
        return "cp1250"
    czech = "ø" in text and ("ì" in text or "è" in text)
    hungarian = len(re.findall(r"õ(?!es?\b)", text)) >= _SIGNS_ENOUGH and "ã" not in text
    return "cp1250" if czech or hungarian else "cp1252"


_CENTRAL: Final = re.compile(r"(?<=[A-Za-zÀ-ÿ])[¹³¿£¯¾¼](?=[a-zà-ÿ])")
_SIGNS_ENOUGH: Final = 2


_FOREIGN: Final = 0.3
"""The share of letters beyond ASCII from which a text is in another script than the Latin one."""


def _share(line: bytes) -> float:
    """Return the share of the letters of a line, its tag apart, that are beyond ASCII."""
    letters: list[bytes] = re.findall(rb"[A-Za-z\x80-\xff]", line[6:] or line)
    return sum(letter > b"\x7f" for letter in letters) / max(1, len(letters))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def text_as_typed(data: bytes, *, file: str) -> tuple[str, tuple[Remark, ...]]:
    """Return the text of a table with its own line ends, and what was guessed of its encoding.

    UTF-8 and UTF-16, with or without a mark, are certain; any other is a guess, which is said with
    an example. Raises FileError for what is no text, and for damaged bytes with their lines.
    """
    if len(data) > MAX_BYTES:
        raise FileError(file, [Problem(None, None, f"{len(data):,} bytes are too many")])
    what = not_text(data)
    if what is not None:
        raise FileError(file, [Problem(None, None, f"this is {what}")])
    text, name = _text(data, file, None)
    if name in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        if "\ufffd" in text and not _has_replacement(data, name):
            raise FileError(file, _damaged(text, f"bytes that are no {name.upper()}"))
        return text.removeprefix("\ufeff"), _lost(text)
    guess = name.removesuffix(" (guessed)")
    if "damaged" in name:
        return _refuse_damaged(data, file)
    if "\ufffd" in text:
        raise FileError(
            file, _damaged(text, f"bytes that are neither UTF-8 nor {_CALLED.get(guess, guess)}")
        )
    foreign = {n for n, line in enumerate(data.splitlines(), start=1) if not _is_utf8(line)}
    lines = enumerate(text.splitlines(), start=1)
    words = (word for n, line in lines if n in foreign for word in re.split(r"[\s,;]+", line))
    example = next((word for word in words if not word.isascii()), "")[:40].strip('"')
    called = _CALLED.get(guess, guess)
    reason = (
        f'it is not UTF-8 and was read as {called}, a guess: is "{example}" right? If not, save it '
        "as CSV UTF-8"
    )
    return text, (Remark(None, None, reason),)


def _lost(text: str) -> tuple[Remark, ...]:
    """Say where the sign for "not readable" stands: it was lost before the file came to us."""
    if "\ufffd" not in text:
        return ()
    lines = [str(n) for n, line in enumerate(text.splitlines(), start=1) if "\ufffd" in line]
    shown = ", ".join(lines[:_SHOWN]) + (" and more" if len(lines) > _SHOWN else "")
    reason = f"characters were lost (\ufffd) when this file was saved, in line {shown}"
    return (Remark(int(lines[0]), None, reason),)


_CALLED: Final = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}


def _has_replacement(data: bytes, name: str) -> bool:
    """Whether U+FFFD stands in the bytes themselves: it was lost before the file came to us."""
    return "\ufffd".encode(name) in data


def _refuse_damaged(data: bytes, file: str) -> NoReturn:
    text = data.decode("utf-8", "replace")
    raise FileError(file, _damaged(text, "bytes that are no UTF-8, as the rest of the file is"))


def _damaged(text: str, what: str) -> list[Problem]:
    lines = [n for n, line in enumerate(text.splitlines(), start=1) if "\ufffd" in line]
    return [Problem(n, None, f"{what}; save the file as CSV UTF-8") for n in lines[:_SHOWN]]


_SHOWN: Final = 20
"""Lines with damaged bytes that are listed."""


def not_text(data: bytes) -> str | None:
    """Return what bytes are that are no text, as the end of "this is"; None for text."""
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "a workbook protected by a password; save it without one"
        if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
            return "an old Excel file (.xls); save it as .xlsx or CSV UTF-8"
        return "an old Office file; save it as .xlsx or CSV UTF-8"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        return "a web page (HTML), whatever its name; open it in Excel and save it as .xlsx"
    if head.startswith(b"<?xml"):
        if b"urn:schemas-microsoft-com:office:spreadsheet" in head:
            return "a spreadsheet in XML (Excel 2003); save it as .xlsx or CSV UTF-8"
        return "XML, and no table"
    if head.startswith(b"{\\rtf"):
        return "a text document (RTF)"
    return next((what for magic, what in _MAGIC if data.startswith(magic)), None)


def _zipped(data: bytes) -> str:
    if b"opendocument.spreadsheet" in data:
        return "an OpenDocument spreadsheet (.ods); save it as .xlsx or CSV UTF-8"
    if b"xl/workbook.bin" in data:
        return "a binary workbook (.xlsb); save it as .xlsx or CSV UTF-8"
    if b"word/document.xml" in data:
        return "a Word document; save its table as .xlsx or CSV UTF-8"
    if b"Index/Document.iwa" in data or b"Index/Tables/" in data:
        return "an Apple Numbers document; export it as .xlsx or CSV"
    return "a ZIP archive, and no Excel workbook in it; unpack it"
