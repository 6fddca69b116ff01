"""From a path to a read file, before any database is opened."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from review.extraction.formats.registry import FORMATS
from review.extraction.formats.source import SourceTable
from review.extraction.vocabulary import Format
from review.tabular.reading import bytes_of

MAX_BYTES: Final = 256 * 1024 * 1024
"""Of another program's file."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read and can be taken."""

    file: str
    sha256: str
    table: SourceTable


def read_file(path: Path, format_: Format, *, sheet: str | None = None) -> ReadFile:
    """Read a file of a format; raise FileError with every problem, or InvalidDataError."""
    data = bytes_of(path, most=MAX_BYTES)
    table = FORMATS[format_].read(data, file=str(path), sheet=sheet)
    return ReadFile(str(path), sha256(data).hexdigest(), table)
