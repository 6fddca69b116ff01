"""A document, and its figures, in the English that a review chose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from review.export.manuscript.document import (
    NO_BREAK,
    Block,
    FigureBlock,
    Heading,
    Manuscript,
    Paragraph,
    TableBlock,
)
from review.export.spelling import Spelling
from review.protocol.vocabulary import English

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

DATE: Final = re.compile(r"(?<![\w/.-])(\d{4})-(\d\d)-(\d\d)(?![\w-])")
"""A day as the ledger has it."""

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

LAST_DAY: Final = 31


def spelled(document: Manuscript, spelling: Spelling) -> Manuscript:
    """Return a document in a spelling; its list of references stays as the works are called."""
    return replace(
        document,
        title=_told(document.title, spelling),
        subtitle=_told(document.subtitle, spelling),
        blocks=tuple(_block(block, spelling) for block in document.blocks),
        english=spelling.english,
    )


def dated(text: str, english: English) -> str:
    """Return a text with its dates as prose has them, day and month on one line.

    Examples
    --------
    >>> dated("searched to 2026-11-27", English.GB).replace(NO_BREAK, " ")
    'searched to 27 November 2026'
    >>> dated("searched to 2026-11-27", English.US).replace(NO_BREAK, " ")
    'searched to November 27, 2026'
    """

    def written(found: re.Match[str]) -> str:
        year, month, day = map(int, found.groups())
        if not (0 < month < len(MONTHS) + 1 and 0 < day <= LAST_DAY):
            return found[0]
        called = MONTHS[month - 1]
        if english is English.US:
            return f"{called}{NO_BREAK}{day}, {year}"
        return f"{day}{NO_BREAK}{called} {year}"

    return DATE.sub(written, text)


def _told(text: str, spelling: Spelling) -> str:
    return dated(spelling.text(text), spelling.english)


def spell(figure: Figure, spelling: Spelling) -> Figure:
    """Spell the words of a figure, which is the same afterwards but for them.

    Labels of ticks are numbers and names; asking for them makes all that an axis could have.
    """
    for drawn in _texts(figure):
        was = drawn.get_text()
        now = spelling.text(was)
        if now != was:
            drawn.set_text(now)
    return figure


def _texts(figure: Figure) -> Iterator[Text]:
    yield from figure.texts
    for axes in figure.axes:
        yield from (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label)
        legend = axes.get_legend()
        if legend is not None:
            yield from (*legend.get_texts(), legend.get_title())


def _block(block: Block, spelling: Spelling) -> Block:
    match block:
        case Heading(level, text):
            return Heading(level, _told(text, spelling))
        case Paragraph(spans):
            return Paragraph(tuple(_told(s, spelling) if isinstance(s, str) else s for s in spans))
        case FigureBlock():
            title, told = _told(block.title, spelling), _told(block.alternative, spelling)
            return replace(block, title=title, alternative=told)
        case TableBlock(name, table):
            shown = spelling.table(table)
            return TableBlock(name, replace(shown, title=dated(shown.title, spelling.english)))
        case _:
            return block
