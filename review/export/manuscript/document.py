"""A document as every writer takes it: headings, sentences with live numbers, tables, figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Final, Literal

from review.errors import InvalidDataError
from review.export.tables.model import Table
from review.figures.numbers import with_minus
from review.protocol.vocabulary import English

NO_BREAK: Final = "\u00a0"

Value = int | float | tuple[float, float]


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a sentence, with its digits as printed and the place where it stands.

    Attributes
    ----------
    name : str
        What `numbers.json` calls it: the same from run to run, ``multimedia/pooled/estimate``.
    text : str
        Rounded, in the style of the document.
    value : int, float or pair of float
        All digits.
    origin : str
        As ``review trace`` takes it (`review.export.tracing.origins`).
    """

    name: str
    text: str
    value: Value
    origin: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of a table or figure, by its name."""

    kind: Literal["table", "figure"]
    name: str
    aside: bool = False
    """In parentheses behind a word, and not at all in a document that does not have it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A symbol that print sets in italics: *k*, *p*."""

    text: str


@dataclass(frozen=True, slots=True)
class Cite:
    """A citation of a work in the reference list, by its key."""

    key: str


Span = str | Number | Reference | Term | Cite
Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the highest below the title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    spans: Spans

    @property
    def text(self) -> str:
        """What it says, without origins; references and citations by their names."""
        return plain(self.spans)


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table, numbered in order."""

    name: str
    table: Table


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure, numbered in order; `png` has 300 dpi."""

    name: str
    title: str
    alternative: str
    """The alternative text: what somebody who cannot see the figure is told."""
    png: bytes


@dataclass(frozen=True, slots=True)
class Work:
    """An entry of the reference list."""

    key: str
    mention: str
    """How the text mentions it: ``Viechtbauer, 2005``."""
    entry: str


@dataclass(frozen=True, slots=True)
class ReferenceList:
    """The works that the text cites."""

    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of a list that the text does not refer to one by one."""

    lines: tuple[str, ...]


Block = Heading | Paragraph | TableBlock | FigureBlock | ReferenceList | Entries


SUPPLEMENTARY: Final = "S"
"""What stands before the numbers of a supplement's tables and figures."""


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A whole document; `date` is that of its newest run, ``2026-11-23``."""

    title: str
    date: str
    blocks: tuple[Block, ...]
    subtitle: str = ""
    mark: str = ""
    """What stands before the numbers of tables and figures: ``S`` in a supplement."""
    elsewhere: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What another document calls a table or figure, by kind and name: ``Table S1``."""
    english: English = English.GB
    """The language of the document."""

    @property
    def numbers(self) -> dict[str, Number]:
        """Every number of the text by its name.

        Raises InvalidDataError if one name is printed in two ways.
        """
        found: dict[str, Number] = {}
        for number in self._numbers():
            if found.setdefault(number.name, number) != number:
                raise InvalidDataError(
                    f"{number.name} is printed as {found[number.name].text} and as {number.text}."
                )
        return found

    def _numbers(self) -> Iterator[Number]:
        for block in self.blocks:
            if isinstance(block, Paragraph):
                yield from (span for span in block.spans if isinstance(span, Number))

    def ordinals(self, kind: Literal["table", "figure"]) -> dict[str, int]:
        """Return the number of each table, or figure, by name."""
        wanted = TableBlock if kind == "table" else FigureBlock
        names = [block.name for block in self.blocks if isinstance(block, wanted)]
        return {name: place for place, name in enumerate(names, start=1)}


def filled(template: str, /, **parts: Span | Sequence[Span]) -> Spans:
    """Return a sentence: a template whose named braces are replaced by spans.

    Examples
    --------
    >>> filled("in {k} trials", k=Term("k"))
    ('in ', Term(text='k'), ' trials')
    """
    spans: list[Span] = []
    for text, name, _, _ in Formatter().parse(template):
        spans.append(text)
        if name is not None:
            part = parts[name]
            spans += [part] if isinstance(part, Span) else part
    return joined(spans)


def joined(spans: Sequence[Span]) -> Spans:
    """Return spans with neighbouring texts made one, and empty ones gone."""
    made: list[Span] = []
    for span in spans:
        if isinstance(span, str) and made and isinstance(made[-1], str):
            made[-1] += span
        elif span != "":
            made.append(span)
    return tuple(made)


def sentences(*parts: Spans) -> Spans:
    """Return sentences one after another with a space between; empty ones are left out."""
    spans: list[Span] = []
    for part in parts:
        if part:
            spans += [" ", *part] if spans else part
    return joined(spans)


def listed(items: Sequence[Spans], *, word: str = "and", comma: str = ", ") -> Spans:
    """Return ``one, two and three``."""
    spans: list[Span] = []
    for place, item in enumerate(items):
        if place:
            spans.append(f" {word} " if place == len(items) - 1 else comma)
        spans += item
    return joined(spans)


_TIED: Final = re.compile(
    r"(?<=[\d%\w)]) (?=[=<>] )|(?<=[=<>]) (?=[−\d.])|(?<=%) (?=CI\b)|(?<=\bCI) (?=\[)"
)
"""Spaces at which a line must not break: around signs of equality, before CI and its bracket."""

_BEFORE_NUMBER: Final = re.compile(r"(?<=[=<>]) $")
_AFTER_NUMBER: Final = re.compile(r"^ (?=[a-z])(?!(?:and|or|to|of|as|by|in|for|at|from|with)\b)")


def typeset(spans: Sequence[Span]) -> Spans:
    """Return spans with real minus signs, and with no-break spaces between what belongs together.

    A number stays with its noun, a symbol with its sign and value, ``95%`` with ``CI``.

    Examples
    --------
    >>> found = typeset((Term("k"), " = ", Number("k", "3", 3, "ledger/k"), " trials, -0.5"))
    >>> found[1] == f"{NO_BREAK}={NO_BREAK}", found[3] == f"{NO_BREAK}trials, −0.5"
    (True, True)
    """
    made: list[Span] = []
    for span in joined(spans):
        if isinstance(span, Number):
            span = replace(span, text=span.text.replace(" ", NO_BREAK))
        if not isinstance(span, str):
            made.append(span)
            continue
        text = _TIED.sub(NO_BREAK, with_minus(span))
        if made and isinstance(made[-1], Number):
            text = _AFTER_NUMBER.sub(NO_BREAK, text)
        if made and isinstance(made[-1], Term):
            text = re.sub(r"^ (?=[=<>]|$)", NO_BREAK, text)
        made.append(_BEFORE_NUMBER.sub(NO_BREAK, text))
    return tuple(made)


def plain(spans: Sequence[Span]) -> str:
    """Return what spans say as text alone."""
    return "".join(_said(span) for span in spans)


def _said(span: Span) -> str:
    match span:
        case str():
            return span
        case Reference(name=name, aside=aside):
            return f" ({name})" if aside else name
        case Cite(key=key):
            return key
        case _:
            return span.text
