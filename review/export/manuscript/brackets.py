"""Brackets of sentences: one pair where two would follow one another, and none within another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from review.export.manuscript.document import Cite, Reference, Span, Spans, joined

HOLD: Final = 0xF0000
"""Where the letters begin that stand for spans which are no text; Unicode leaves them free."""


def tidied(spans: Sequence[Span]) -> Spans:
    """Return the spans of a paragraph with its asides in brackets, as print sets them.

    An aside within brackets stands behind a semicolon, and one that follows brackets joins them:
    ``(a, b and 3 more; Table 1)``, ``(6,466 participants; Figure 1)``.

    Examples
    --------
    >>> table = Reference("table", "pooled", aside=True)
    >>> tidied(("from 3 trials (90 people)", table, "."))
    ('from 3 trials (90 people; ', Reference(kind='table', name='pooled', aside=False), ').')
    """
    text = "".join(s if isinstance(s, str) else chr(HOLD + n) for n, s in enumerate(spans))
    within = {at for low, high in _pairs(text).items() for at in range(low, high)}
    made = ""
    for at, letter in enumerate(text):
        span = _behind(letter, spans)
        aside = isinstance(span, Reference) and span.aside
        made += letter if not aside else f"; {letter}" if at in within else f" ({letter})"
    return joined([_bare(_behind(letter, spans)) for letter in _merged(made, spans)])


def _behind(letter: str, spans: Sequence[Span]) -> Span:
    place = ord(letter) - HOLD
    return spans[place] if 0 <= place < len(spans) else letter


def _bare(span: Span) -> Span:
    return replace(span, aside=False) if isinstance(span, Reference) else span


def _pairs(text: str) -> dict[int, int]:
    """Return where brackets close, by where they open; what has no counterpart is passed over."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for at, letter in enumerate(text):
        if letter == "(":
            opened.append(at)
        elif letter == ")" and opened:
            found[opened.pop()] = at
    return found


def _merged(text: str, spans: Sequence[Span]) -> str:
    """Return text with neighbouring brackets made one where either holds a reference of ours."""
    pairs = _pairs(text)
    for low, high in sorted(pairs.items()):
        then = pairs.get(high + 2)
        if then is None or text[high + 1] != " ":
            continue
        held = (_behind(letter, spans) for letter in text[low:high] + text[high + 2 : then])
        if any(isinstance(span, Reference | Cite) for span in held):
            return _merged(f"{text[:high]}; {text[high + 3 :]}", spans)
    return text
