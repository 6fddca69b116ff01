"""Tags with values, as RIS, RefWorks, NBIB, refer and Web of Science files carry them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Block:
    """The lines of one entry while they are read, and the values of its tags."""

    line: int
    lines: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    last: str | None = None
    """The tag that a continuation line belongs to."""
    _more: list[str] = field(default_factory=list)
    """Continuation lines of the last value, with their separators; joined when it ends."""

    def add(self, tag: str, value: str) -> None:
        """Begin a value."""
        if self._more:
            self.end_value()
        self.values.setdefault(tag, []).append(value)
        self.last = tag

    def end_value(self) -> None:
        """Join the continuation lines to the value they go on with."""
        if self.last is not None and self._more:
            values = self.values[self.last]
            start = 0 if values[-1] else 1
            values[-1] = values[-1] + "".join(self._more[start:])
            self._more.clear()

    def go_on(self, text: str, *, separator: str = " ") -> None:
        """Add a line without a tag to the value before it, if there is one."""
        if self.last is not None:
            self._more += (separator, text)

    @property
    def raw(self) -> str:
        """The lines as the file has them, without blank ones at the end."""
        return "\n".join(self.lines).rstrip("\n")

    def all(self, *tags: str) -> list[str]:
        """Return the values of tags, in the order of `tags`."""
        self.end_value()
        return [value for tag in tags for value in self.values.get(tag, ())]

    def single(self, *tags: str) -> str | None:
        """Return the first value there is, and remark on further different ones of its tag."""
        self.end_value()
        for tag in tags:
            found = [
                text for value in self.values.get(tag, ()) if (text := " ".join(value.split()))
            ]
            if not found:
                continue
            if any(other != found[0] for other in found[1:]):
                left = "; ".join(other[:80] for other in found[1:] if other != found[0])
                self.remarks.append(f"{tag} repeated, the first kept: {left}")
            return found[0]
        return None


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers from 1."""
    return enumerate(text.split("\n"), start=1)


def tagged_lines(pairs: Sequence[tuple[str, str | None]], form: str) -> str:
    """Return ``TAG<form>value`` lines, one each, for the pairs that have a value."""
    return "".join(f"{tag}{form}{' '.join(value.split())}\n" for tag, value in pairs if value)
