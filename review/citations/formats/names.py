"""What a file calls its fields, which of them are read, and which stay in the raw entry alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from review.citations.formats.tagged import Block

_Made = TypeVar("_Made")
_EXAMPLE: Final = 60
"""Characters of a value that are shown of it."""


@dataclass(slots=True)
class Names:
    """Tags, columns or elements of a file, each with the first value that it has."""

    read: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    """For tables: our field of each column that is read."""
    _known: set[str] = field(default_factory=set)
    """Names that were noted."""

    def of(self, block: Block, make: Callable[[Block], _Made]) -> _Made:
        """Return what `make` makes of a block, and note which of its tags it asked for."""
        if block.values.keys() <= self._known:
            return make(block)
        new = block.values.keys() - self._known
        block.asked = set()
        made = make(block)
        for tag in block.values:
            if tag in new and any(block.values[tag]):
                self._note(tag, block.values[tag][0], read=tag in block.asked)
        return made

    def see(self, values: Mapping[str, str | None], read: Iterable[str]) -> None:
        """Note the fields of an entry, of which those in `read` are taken."""
        if values.keys() <= self._known:
            return
        known = frozenset(read)
        for name, value in values.items():
            if value and name not in self._known:
                self._note(name, value, read=name in known)

    def _note(self, name: str, value: str, *, read: bool) -> None:
        example = " ".join(value.split())
        shown = example if len(example) <= _EXAMPLE else f"{example[: _EXAMPLE - 1]}…"
        (self.read if read else self.ignored)[name] = shown
        self._known.add(name)
