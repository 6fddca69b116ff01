"""From a path to a read file, before any database is opened."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from review.errors import InvalidDataError
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.source import Format, SourceTable


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read and can be taken."""

    file: str
    sha256: str
    table: SourceTable


def read_file(path: Path, format_: Format) -> ReadFile:
    """Read a file of a format; raise FileError with every problem, or InvalidDataError."""
    data = bytes_of(path)
    table = FORMATS[format_].read(data, file=str(path))
    return ReadFile(str(path), sha256(data).hexdigest(), table)


def bytes_of(path: Path) -> bytes:
    """Return a file's bytes; raise InvalidDataError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
