"""What a reader makes of a file: entries, rejects and notes."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from review.citations.formats.labels import Label
from review.citations.formats.notices import Notice


class Entry(NamedTuple):
    """One entry of a citation file, in the fields that all formats share.

    Absent is None (or an empty tuple), never an empty text. `line` is where the entry begins in
    the file, from 1; `raw` is its text there; `remarks` say what was not understood.
    """

    line: int
    raw: str
    kind: str | None = None
    title: str | None = None
    abstract: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    accession: str | None = None
    issn: str | None = None
    url: str | None = None
    language: str | None = None
    keywords: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    """What the file says of retractions, corrections and concerns."""
    labels: tuple[Label, ...] = ()
    """What the file says that was decided with other tools."""


class Rejected(NamedTuple):
    """An entry that could not be read, where, and why."""

    line: int
    reason: str
    raw: str


class Aside(NamedTuple):
    """Text of the file that belongs to no entry, such as an export's header line."""

    line: int
    text: str


Item: TypeAlias = Entry | Rejected | Aside
"""What readers yield, in the order of the file."""
