"""What a stored record would be if its entry were read today."""

from __future__ import annotations

from typing import Any, Final

from review.citations.formats.reading import read_citations
from review.citations.models import Record
from review.errors import FileError

_COMPARED: Final = (
    "title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid", "abstract",
)  # fmt: skip


def read_otherwise(record: Record) -> dict[str, Any]:
    """Return the fields that would be others, as they would be.

    Records keep what the version that imported them understood, such as a DOI that was cut; they
    also keep the entry's text. Nothing is said of a text that alone is no file, such as a row of a
    table.
    """
    try:
        reading = read_citations(record.raw.encode("utf-8", "replace"), file="entry")
    except FileError:
        return {}
    entries = reading.entries
    if reading.format is not record.batch.format or not len(entries) == len(reading.items) == 1:
        return {}
    today = entries[0]._asdict() | {"authors": list(entries[0].authors)}
    return {name: today[name] for name in _COMPARED if today[name] != getattr(record, name)}
