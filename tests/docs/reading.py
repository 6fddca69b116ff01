"""What of a page is run: its blocks of code, and what comments in its source say of them.

A page is Markdown. Its blocks are run in their order, in one shell, in an empty folder:

- ``sh``: commands; each must succeed.
- ``console``: commands after ``$``, each with the output shown below it. ``…`` stands for any text;
  an output that begins with ``Error`` wants a command that fails.
- ``python``: a program; it must end without an error.

Comments of the page's source (``<!-- … -->``), which no reader sees, stand before the block that
they speak of:

- ``start: delivery`` (or ``practice``) begins with that database of the tests, as its owner;
- ``run`` and lines of commands: what the page takes for granted, such as files that it names;
- ``file: plan.yaml``: the next block is the text of that file;
- ``shows: 0.58 [-0.17, 1.33]``: what the block before printed has these words;
- ``not run: it takes minutes``: the next block is not run, and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PIECE: Final = re.compile(
    r"^(?P<fence>```+)[ ]*(?P<kind>[^\n`]*)\n(?P<code>.*?)^(?P=fence)[ ]*$|<!--(?P<said>.*?)-->",
    re.MULTILINE | re.DOTALL,
)
RUN: Final = ("sh", "console", "python")


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of a page: a block by its language, or a comment by its first word."""

    kind: str
    text: str
    line: int
    file: str | None = None
    """The file that a block is the text of."""
    left_out: str | None = None
    """Why a block is not run."""


def steps(page: Path) -> Iterator[Step]:
    """Yield the blocks and comments of a page.

    Raises
    ------
    ValueError
        A comment that speaks of a block that does not follow.
    """
    source = page.read_text(encoding="utf-8")
    about: dict[str, str] = {}
    for found in _PIECE.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        if found["said"] is None:
            kind = found["kind"].split(" ")[0]
            yield Step(
                kind, found["code"], line + 1, about.pop("file", None), about.pop("not run", None)
            )
            continue
        word, _, rest = found["said"].strip().partition("\n" if "\n" in found["said"] else ":")
        word, rest = word.strip().rstrip(":"), rest.strip()
        if word.startswith(("shows:", "run:")):
            word, _, rest = word.partition(":")
        if word in ("file", "not run"):
            if word in about:
                raise ValueError(f"{page.name}:{line}: two comments about one block: {word}")
            about[word] = rest
        elif word in ("start", "run", "shows"):
            yield Step(word, rest, line)
        else:
            raise ValueError(f"{page.name}:{line}: no comment of ours: {found['said'].strip()!r}")
    if about:
        raise ValueError(f"{page.name}: no block follows the comment {about}")


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block, with the output shown for it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    if parts[0].strip():
        raise ValueError(f"a console block begins with a command after $: {parts[0]!r}")
    for part in parts[1:]:
        lines = part.splitlines()
        length = 1
        while lines[length - 1].endswith("\\"):
            length += 1
        yield "\n".join(lines[:length]), "\n".join(lines[length:])
