"""What reaches a terminal: words, and the styles of our own tables; nothing else that it obeys.

Titles, names and notes come from files and from other people. A pipe or a file gets them as they
are; a terminal would act on some of their signs, so that these are written out (`review.errors`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO, cast

from review.errors import seen

_STYLE: Final = re.compile("(\x1b\\[[0-9;]*m)")
"""Bold and colours, as tables have them; the cells of tables hold none (`output`)."""


class _Terminal:
    """A stream to a terminal that writes out what nobody would see."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text; its styles are kept."""
        if text.isprintable():
            return self.stream.write(text)
        parts = _STYLE.split(text)
        return self.stream.write("".join(p if n % 2 else seen(p) for n, p in enumerate(parts)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def only_words() -> Iterator[None]:
    """Let nothing but words reach standard output and standard error where they are terminals."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (
        cast(TextIO, _Terminal(stream)) if stream.isatty() else stream for stream in before
    )
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def drawable(stream: TextIO) -> TextIO:
    """Return the terminal itself, for what moves its cursor: a progress bar, a screen of cards."""
    return stream.stream if isinstance(stream, _Terminal) else stream
