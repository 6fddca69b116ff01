"""Citation files: bytes and the name that a person knows them by."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.errors import FileError, Problem
from review.tabular.decoding import MAX_BYTES
from review.tabular.reading import bytes_of, text_of

_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class CitationFile:
    """The bytes of a file, with its name (without the folder) and their SHA-256."""

    name: str
    data: bytes
    sha256: str


def open_citations(path: Path) -> CitationFile:
    """Return a file's bytes; raise FileError for what is no file or too large to be one."""
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "there is no such file"
            raise FileError(str(path), [Problem(None, None, what)])
        size = path.stat().st_size
        if size > MAX_BYTES:
            reason = f"{size:,} bytes; at most {MAX_BYTES:,} are read, split the file"
            raise FileError(str(path), [Problem(None, None, reason)])
        data = path.read_bytes()
    except OSError as error:
        raise FileError(str(path), [Problem(None, None, str(error.strerror))]) from None
    return CitationFile(path.name, data, hashlib.sha256(data).hexdigest())


def citation_file(data: bytes, *, name: str) -> CitationFile:
    """Return a file that came over the network, under the name that its sender gave it."""
    return CitationFile(called(name), data, hashlib.sha256(data).hexdigest())


def called(name: str) -> str:
    r"""Return what a file is called: no folders, nothing that a terminal or a page would obey.

    Examples
    --------
    >>> called("../../etc/passwd"), called("C:\\papers\\a\u202efdp.ris"), called(" ")
    ('passwd', 'afdp.ris', 'file')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    if len(plain) > _LONGEST_NAME:
        stem, dot, kind = plain.rpartition(".")
        end = f"{dot}{kind}" if dot and len(kind) < 10 else ""
        plain = f"{(stem if end else plain)[: _LONGEST_NAME - len(end) - 1]}…{end}"
    return plain or "file"


def strategy_of(data: bytes, *, name: str) -> str:
    """Return a search strategy as its file has it; raise FileError, InvalidDataError."""
    text = text_of(data, file=name)
    if not text.strip():
        raise FileError(name, [Problem(None, None, "the file is empty")])
    return text.replace("\r\n", "\n").replace("\r", "\n")


def strategy_text(path: Path) -> str:
    """Return a search strategy as its file has it; raise FileError, InvalidDataError."""
    return strategy_of(bytes_of(path), name=str(path))
