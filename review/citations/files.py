"""Citation files on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from review.errors import FileError, Problem
from review.tabular.decoding import MAX_BYTES
from review.tabular.reading import plain_text


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


def strategy_text(path: Path) -> str:
    """Return a search strategy as its file has it; raise FileError, InvalidDataError."""
    text = plain_text(path)
    if not text.strip():
        raise FileError(str(path), [Problem(None, None, "the file is empty")])
    return text.replace("\r\n", "\n").replace("\r", "\n")
