"""What was read of a large file, kept on disk until it is stored."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any, Final

from review.citations.formats.entry import Entry, Rejected

_CHUNK: Final = 500
"""Items that are written and read at once."""


class Spool:
    """Entries and rejects in the order of their file; as many as 1,000 in memory, more on disk.

    Only this process writes and reads its temporary file, which has no name.
    """

    def __init__(self) -> None:
        self.stored = 0
        self.rejected = 0
        self._last: list[Entry | Rejected] = []
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        """How many items there are."""
        return self.stored + self.rejected

    def add(self, item: Entry | Rejected) -> None:
        """Keep one more item."""
        if isinstance(item, Entry):
            self.stored += 1
        else:
            self.rejected += 1
        self._last.append(item)
        if len(self._last) >= 2 * _CHUNK:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the spool
                weakref.finalize(self, self._file.close)
            pickle.dump([tuple(item) for item in self._last[:_CHUNK]], self._file, protocol=5)
            del self._last[:_CHUNK]

    def __iter__(self) -> Iterator[Entry | Rejected]:
        """Yield the items in order."""
        if self._file is not None:
            end = self._file.tell()
            place = 0
            while place < end:
                self._file.seek(place)
                chunk = pickle.load(self._file)
                place = self._file.tell()
                self._file.seek(end)
                yield from map(_item, chunk)
        yield from self._last


def _item(values: tuple[Any, ...]) -> Entry | Rejected:
    return Entry._make(values) if len(values) > len(Rejected._fields) else Rejected._make(values)
