"""Tables as Markdown: the pipe tables of pandoc and Quarto, with captions to refer to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from review.export.tables.cells import writable
from review.export.tables.model import Alignment, Column, Table
from review.export.tables.printing import NumberStyle, headed, printed
from review.files import replace_file

WIDEST: Final = 40
"""Dashes of a column at the most: pandoc takes them for its share of the width."""

# All that pandoc or CommonMark could take for markup inside a line; `:` and `.` only where they
# make a link, an emoji or an ellipsis, and hyphens where they make a dash.
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>$~^|#@&\"']|:(?=\S)|\.(?=\.)|(?<=www)\.|-(?=-)")
_RULES: Final = {Alignment.LEFT: ":{}-", Alignment.CENTER: ":{}:", Alignment.RIGHT: "-{}:"}


def escaped(text: str) -> str:
    r"""Text in which Markdown finds no markup; line breaks become spaces.

    Examples
    --------
    >>> print(escaped("[−0.67, 0.07] < *all*"))
    \[−0.67, 0.07\] \< \*all\*
    """
    line = re.sub(r"[ \t\r\n]+", " ", writable(text)).strip()
    return _MARKUP.sub(r"\\\g<0>", line)


def render_markdown(table: Table, label: str, style: NumberStyle = NumberStyle.APA) -> str:
    """The table as Markdown.

    Parameters
    ----------
    table : Table
        Spanners are put before the headers below them (``CBT: n``), since pipe tables have none.
    label : str
        Quarto refers to the table as ``@tbl-<label>``; letters, digits and hyphens are kept.
    style : NumberStyle
        Of all numbers.

    Returns
    -------
    str
        The table, its caption, and its notes; letters of notes are raised (``^a^``).
    """
    heads = [_head(table, column, style) for column in table.columns]
    rows = [
        [
            escaped(printed(table.column_at(r, c), cell, style))
            + _mark(table.marks(r, table.keys[c]))
            for c, cell in enumerate(row)
        ]
        for r, row in enumerate(table.rows)
    ]
    widths = [min(WIDEST, max(len(line[c]) for line in [heads, *rows])) for c in range(len(heads))]
    rules = [
        _RULES[column.side].format("-" * max(1, width - 2))
        for column, width in zip(table.columns, widths, strict=True)
    ]
    label = re.sub(r"[^A-Za-z0-9-]+", "-", label)
    lines = [_line(heads), _line(rules), *map(_line, rows), ""]
    lines += [f": {escaped(table.title)} {{#tbl-{label}}}", ""]
    return "\n".join([*lines, *_notes(table)])


def write_markdown(table: Table, path: str | Path, *, style: NumberStyle = NumberStyle.APA) -> Path:
    """Write `render_markdown` as UTF-8, labelled by the file's stem; an old file is replaced."""
    return replace_file(path, render_markdown(table, Path(path).stem, style).encode())


def _head(table: Table, column: Column, style: NumberStyle) -> str:
    symbol, rest = headed(column, style)
    words = (f"*{symbol}*" if symbol else "") + (" " if symbol and rest else "") + escaped(rest)
    above = table.above(column.key)
    before = f"{escaped(above)}: " if above else ""
    return before + words + _mark(table.marks(None, column.key))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _mark(letters: str) -> str:
    return f"^{letters}^" if letters else ""


def _notes(table: Table) -> list[str]:
    notes = [f"*Note.* {escaped(' '.join(table.general))}"] if any(table.general) else []
    notes += [f"^{letter}^ {escaped(note.text)}" for letter, note in table.marked]
    if table.source is not None:
        notes.append(f"*Source.* {escaped(table.source)}")
    return [line for note in notes for line in (note, "")]
