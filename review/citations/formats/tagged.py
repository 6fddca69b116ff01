"""Tags with values, as RIS, RefWorks, NBIB, refer and Web of Science files carry them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from review.citations.formats.markup import escaped, unescaped
from review.citations.formats.spaces import squeezed


@dataclass(slots=True)
class Block:
    """The lines of one entry while they are read, and the values of its tags."""

    line: int
    lines: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    last: str | None = None
    """The tag that a continuation line belongs to."""
    indented: bool = True
    """Whether all lines that went on with the last value were indented."""
    asked: set[str] | None = None
    """Tags whose values were asked for, where somebody wants to know."""
    _more: list[str] = field(default_factory=list)
    """Continuation lines of the last value, with their separators; joined when it ends."""

    def add(self, tag: str, value: str) -> None:
        """Begin a value."""
        if self._more:
            self.end_value()
        if "&" in value:
            value = unescaped(value)
        self.values.setdefault(tag, []).append(value)
        self.last = tag
        self.indented = True

    @property
    def wrapped(self) -> bool:
        """Whether the last value has gone on for more than a line."""
        return bool(self._more)

    @property
    def last_line(self) -> str:
        """The last line of the value that a line without a tag would go on with."""
        if self._more:
            return self._more[-1]
        return self.values[self.last][-1] if self.last is not None else ""

    def goes_on_with(self, line: str, tag: re.Match[str], texts: Sequence[str]) -> bool:
        """Whether a line that begins like a tag goes on with a wrapped text; a remark says so.

        `tag` holds the tag and its value; `texts` are the tags of running text.
        """
        name, value = tag.group(1), tag.group(2) or ""
        if self.last not in texts or name == self.last:
            return False
        text = len(value.split()) > 1 and reads_on(self.last_line, value.strip())
        if text:
            said = f"a line that begins {line.strip()[:30]!r} was taken as text of {self.last}"
            self.remarks.append(said)
        return text

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
            self._more += (separator, unescaped(text))

    @property
    def raw(self) -> str:
        """The lines as the file has them, without blank ones at the end."""
        return "\n".join(self.lines).rstrip("\n")

    def all(self, *tags: str) -> list[str]:
        """Return the values of tags, in the order of `tags`."""
        if self._more:
            self.end_value()
        if self.asked is not None:
            self.asked.update(tags)
        values = self.values
        if len(tags) == 1:
            return values.get(tags[0]) or []
        return [value for tag in tags if tag in values for value in values[tag]]

    def repeated(self, *tags: str) -> list[str]:
        """Return a remark for each tag that has several different values, where it can have one."""
        return [
            f"{tag} stands {len(found)} times; perhaps two records became one"
            for tag in tags
            if len(values := self.values.get(tag, ())) > 1
            and len(found := {squeezed(value) for value in values} - {""}) > 1
        ]

    def single(self, *tags: str) -> str | None:
        """Return the first value there is, and remark on further different ones of its tag."""
        if self._more:
            self.end_value()
        if self.asked is not None:
            self.asked.update(tags)
        for tag in tags:
            values = self.values.get(tag)
            if values is None:
                continue
            if len(values) == 1:
                if text := squeezed(values[0]):
                    return text
                continue
            found = [text for value in values if (text := squeezed(value))]
            if not found:
                continue
            if len(found) > 1 and any(other != found[0] for other in found):
                left = "; ".join(other[:80] for other in found[1:] if other != found[0])
                self.remarks.append(f"{tag} repeated, the first kept: {left}")
            return found[0]
        return None


def reads_on(before: str, text: str) -> bool:
    """Whether `text` goes on in small letters with a sentence that the line before has not ended.

    Examples
    --------
    >>> reads_on("We compared nurses with", "ad hoc controls"), reads_on("It helped.", "eng")
    (True, False)
    """
    return bool(before) and before.rstrip()[-1:] not in _ENDS and text[:1].islower()


_ENDS: Final = frozenset(".!?:;)]}\"'”’»")


def numbered(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers, without a list of all of them."""
    number, place = first - 1, 0
    while place <= len(text):
        end = text.find("\n", min(place + _SLICE, len(text)))
        end = len(text) if end < 0 else end
        for line in text[place:end].split("\n"):
            number += 1
            yield number, line
        place = end + 1


_SLICE: Final = 1 << 20
"""Characters that are cut into lines at once."""


def tagged_lines(pairs: Sequence[tuple[str, str | None]], form: str) -> str:
    """Return ``TAG<form>value`` lines, one each, for the pairs that have a value."""
    return "".join(
        f"{tag}{form}{escaped(' '.join(value.split()))}\n" for tag, value in pairs if value
    )
