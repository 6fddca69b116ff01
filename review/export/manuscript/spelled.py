"""A document, and its figures, in the English that a review chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from review.export.manuscript.document import (
    Block,
    FigureBlock,
    Heading,
    Manuscript,
    Paragraph,
    TableBlock,
)
from review.export.spelling import Spelling

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text


def spelled(document: Manuscript, spelling: Spelling) -> Manuscript:
    """Return a document in a spelling; its list of references stays as the works are called."""
    return replace(
        document,
        title=spelling.text(document.title),
        subtitle=spelling.text(document.subtitle),
        blocks=tuple(_block(block, spelling) for block in document.blocks),
        english=spelling.english,
    )


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
            return Heading(level, spelling.text(text))
        case Paragraph(spans):
            return Paragraph(tuple(spelling.text(s) if isinstance(s, str) else s for s in spans))
        case FigureBlock():
            title, told = spelling.text(block.title), spelling.text(block.alternative)
            return replace(block, title=title, alternative=told)
        case TableBlock(name, table):
            return TableBlock(name, spelling.table(table))
        case _:
            return block
